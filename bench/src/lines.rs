//! The bench's own log lines: NDJSON of about 300 bytes in some hundred shapes with jittered variables.

use std::fmt::Write as _;

/// Bytes of a line on average.
pub const AVERAGE_BYTES: usize = 300;

/// Shapes of messages; `#` becomes a number, `@` an address, `$` a hexadecimal id.
const SHAPES: [&str; 24] = [
    "request completed path=/api/v2/orders/# status=200 bytes=# took #ms client=@",
    "request completed path=/api/v2/users/#/profile status=200 bytes=# took #ms client=@",
    "connection from @:# accepted, # of 512 slots in use",
    "connection to upstream payments at @:443 refused after # attempts",
    "slow query took #ms: SELECT id, state FROM orders WHERE customer_id = # LIMIT 50",
    "cache hit ratio #% over the last # lookups, # entries evicted",
    "user # logged in from @ with session $",
    "login failed for user # from @: wrong password (attempt # of 5)",
    "job $ finished in #ms, # rows written to warehouse partition #",
    "job $ retried, attempt #: lock wait timeout exceeded on shard #",
    "message $ published to topic orders.created partition # offset #",
    "consumer group billing rebalanced: # partitions assigned, lag #",
    "garbage collection paused the process for #ms, heap # MB of 4096 MB",
    "replica @ is # ms behind the primary, # segments waiting",
    "disk usage of /var/lib/data at #%, # GB free",
    "certificate for shop.example.com expires in # days",
    "feature flag new-checkout evaluated for customer # variant b in #us",
    "email $ queued for delivery through relay @, # recipients",
    "payment $ authorised, amount #.# EUR, card network response #ms",
    "payment $ declined by issuer with code #, order # released",
    "worker # picked up task $ from queue thumbnails, # tasks waiting",
    "health check of @:8080 passed in #ms, # consecutive successes",
    "snapshot $ uploaded: # objects, # MB in # s",
    "rate limit of client @ reached: # requests in 60 s, answered 429",
];
/// Who writes them.
const SERVICES: [&str; 12] = [
    "gateway",
    "orders",
    "payments",
    "users",
    "search",
    "billing",
    "mailer",
    "warehouse",
    "cache",
    "scheduler",
    "thumbnails",
    "auth",
];

/// A source of lines.
pub struct Lines {
    state: u64,
    /// How far back timestamps reach, milliseconds.
    spread_ms: u64,
}

impl Lines {
    /// A source with its own seed, whose timestamps lie within `spread` before now: seconds for services that
    /// send as they run, minutes or hours for a backfill of several files.
    pub fn new(seed: u64, spread: std::time::Duration) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            spread_ms: u64::try_from(spread.as_millis()).unwrap_or(u64::MAX).max(1),
        }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// `count` lines as one NDJSON body, stamped with the machine's time.
    #[expect(
        clippy::disallowed_methods,
        reason = "a measuring program outside the product, where time is not a parameter"
    )]
    pub fn batch(&mut self, count: usize) -> String {
        let now_ms = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_millis() as u64);
        let mut text = String::with_capacity(count * (AVERAGE_BYTES + 40));
        for _ in 0..count {
            let at_ms = now_ms.saturating_sub(self.next() % self.spread_ms);
            self.line(at_ms, &mut text);
        }
        text
    }

    fn line(&mut self, at_ms: u64, text: &mut String) {
        let number = (self.next() % SHAPES.len() as u64) as usize;
        let shape = SHAPES[number];
        // Most shapes belong to one service; the first few are written by all of them.
        let writer = match number {
            0..=3 => (self.next() % SERVICES.len() as u64) as usize,
            _ => number % SERVICES.len(),
        };
        let service = SERVICES[writer];
        let level = match self.next() % 100 {
            0..=1 => "error",
            2..=6 => "warn",
            7..=20 => "debug",
            _ => "info",
        };
        let _ = write!(
            text,
            "{{\"timestamp\":{at_ms},\"level\":\"{level}\",\"service\":\"{service}\",\"message\":\""
        );
        for character in shape.chars() {
            let value = self.next();
            let _ = match character {
                '#' => write!(text, "{}", value % 100_000),
                '@' => write!(
                    text,
                    "10.{}.{}.{}",
                    value % 250,
                    (value >> 8) % 250,
                    (value >> 16) % 250
                ),
                '$' => write!(text, "{value:016x}"),
                other => write!(text, "{other}"),
            };
        }
        let (trace, host) = (self.next(), self.next() % 40);
        let _ = writeln!(
            text,
            "\",\"trace_id\":\"{trace:016x}{trace:016x}\",\"host\":\"node-{host}.eu-central.internal\",\
             \"env\":\"production\",\"version\":\"4.18.{}\",\"thread\":\"worker-{}\"}}",
            host % 7,
            host % 16
        );
    }
}
