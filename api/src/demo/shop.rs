//! The demo's small shop: five services that write logs and metrics as such services do, and a deploy
//! that breaks one of them.
//!
//! The traffic is made up from a seed, minute by minute, so that a run can be repeated. Nothing in here
//! tells Vigil what is wrong: it sees only records, samples and one change event.

use std::collections::BTreeMap;

use domain::{
    ChangeEvent, ChangeKind, EventId, LogRecord, MetricKind, MetricPoint, NANOS_PER_MINUTE,
    NANOS_PER_SECOND, ProjectId, RecordId, Severity, TemplateId,
};

/// The shop's services.
pub const SERVICES: [&str; 5] = [
    "web-frontend",
    "checkout",
    "payments",
    "inventory",
    "postgres",
];
/// The service that the deploy breaks.
pub const BROKEN_SERVICE: &str = "checkout";
/// Orders a minute in a quiet hour.
const ORDERS_PER_MINUTE: f64 = 40.0;
/// Page views a minute in a quiet hour.
const VIEWS_PER_MINUTE: f64 = 70.0;
/// Share of orders that fail after the deploy.
const FAILING_SHARE: f64 = 0.72;

/// A minute of the shop's life.
#[derive(Debug, Default)]
pub struct Minute {
    /// Log records, in order of time.
    pub records: Vec<LogRecord>,
    /// Metric samples.
    pub points: Vec<MetricPoint>,
    /// Change events.
    pub events: Vec<ChangeEvent>,
}

/// The shop.
#[derive(Debug)]
pub struct Shop {
    project_id: ProjectId,
    random: Random,
    errors_total: f64,
    orders_total: f64,
    order_number: u64,
    /// From this instant on checkout runs the broken version.
    broken_from_ns: Option<i64>,
}

impl Shop {
    /// A shop in good health.
    #[must_use]
    pub fn new(project_id: ProjectId, seed: u64) -> Self {
        Self {
            project_id,
            random: Random(seed.max(1)),
            errors_total: 0.0,
            orders_total: 0.0,
            order_number: 48_000,
            broken_from_ns: None,
        }
    }

    /// Rolls out the version of checkout whose connection pool is too small.
    pub fn deploy_broken_checkout(&mut self, at_ns: i64) -> ChangeEvent {
        self.broken_from_ns = Some(at_ns);
        ChangeEvent {
            id: EventId(uuid::Uuid::nil()),
            project_id: self.project_id,
            kind: ChangeKind::Deploy,
            service: Some(BROKEN_SERVICE.into()),
            title: "checkout v2.14.0".into(),
            attributes:
                r#"{"version":"v2.14.0","previous":"v2.13.4","by":"ci","commit":"9f31c02"}"#.into(),
            timestamp_ns: at_ns,
        }
    }

    /// What happens in the minute that begins at `start_ns`.
    pub fn minute(&mut self, start_ns: i64) -> Minute {
        let mut minute = Minute::default();
        let views = self.random.around(VIEWS_PER_MINUTE);
        for _ in 0..views {
            let at_ns = start_ns
                + self.random.below(60) * NANOS_PER_SECOND
                + self.random.below(999) * 1_000_000;
            self.view(at_ns, &mut minute);
        }
        let orders = self.random.around(ORDERS_PER_MINUTE);
        let mut failed = 0;
        for _ in 0..orders {
            let at_ns = start_ns
                + self.random.below(58) * NANOS_PER_SECOND
                + self.random.below(999) * 1_000_000;
            let is_broken = self.broken_from_ns.is_some_and(|from_ns| at_ns >= from_ns);
            if is_broken && self.random.chance(FAILING_SHARE) {
                self.failed_order(at_ns, &mut minute);
                failed += 1;
            } else {
                self.order(at_ns, &mut minute);
            }
        }
        self.housekeeping(start_ns, &mut minute);
        self.orders_total += orders as f64;
        self.errors_total += f64::from(failed) + if self.random.chance(0.06) { 1.0 } else { 0.0 };
        self.metrics(
            start_ns + NANOS_PER_MINUTE - NANOS_PER_SECOND,
            failed,
            &mut minute,
        );
        minute.records.sort_by_key(|record| record.timestamp_ns);
        minute
    }

    fn view(&mut self, at_ns: i64, minute: &mut Minute) {
        let product = 100 + self.random.below(900);
        let address = format!("10.4.{}.{}", self.random.below(8), self.random.below(250));
        let elapsed = 4 + self.random.below(60);
        let body = format!("GET /products/{product} 200 {elapsed}ms client={address}");
        self.log(minute, at_ns, "web-frontend", Severity::Info, body, None);
        if self.random.chance(0.25) {
            let body = format!("cache miss for product {product}, loading from inventory");
            self.log(
                minute,
                at_ns + 2_000_000,
                "web-frontend",
                Severity::Debug,
                body,
                None,
            );
            let stock = self.random.below(400);
            let body = format!("stock lookup product={product} available={stock} took {elapsed}ms");
            self.log(
                minute,
                at_ns + 6_000_000,
                "inventory",
                Severity::Info,
                body,
                None,
            );
        }
    }

    fn order(&mut self, at_ns: i64, minute: &mut Minute) {
        self.order_number += 1;
        let order = self.order_number;
        let trace = self.trace();
        let customer = 10_000 + self.random.below(80_000);
        let cents = 900 + self.random.below(20_000);
        let elapsed = 80 + self.random.below(160);
        let steps = [
            (
                0,
                "web-frontend",
                format!("POST /checkout started order={order} customer={customer}"),
            ),
            (
                15,
                "checkout",
                format!("reserving stock for order {order}: {} items", 1 + order % 4),
            ),
            (
                40,
                "inventory",
                format!("reserved {} units for order {order}", 1 + order % 4),
            ),
            (
                70,
                "payments",
                format!(
                    "charge authorised order={order} amount={}.{:02} EUR",
                    cents / 100,
                    cents % 100
                ),
            ),
            (
                elapsed,
                "checkout",
                format!("order {order} completed in {elapsed}ms"),
            ),
            (
                elapsed + 4,
                "web-frontend",
                format!("POST /checkout 200 {}ms order={order}", elapsed + 4),
            ),
        ];
        for (offset_ms, service, body) in steps {
            self.log(
                minute,
                at_ns + offset_ms * 1_000_000,
                service,
                Severity::Info,
                body,
                Some(&trace),
            );
        }
        if self.random.chance(0.02) {
            let body = format!(
                "payment provider answered slowly: {}ms for order {order}",
                900 + self.random.below(700)
            );
            self.log(
                minute,
                at_ns + 60_000_000,
                "payments",
                Severity::Warn,
                body,
                Some(&trace),
            );
        }
    }

    fn failed_order(&mut self, at_ns: i64, minute: &mut Minute) {
        self.order_number += 1;
        let order = self.order_number;
        let trace = self.trace();
        let customer = 10_000 + self.random.below(80_000);
        let waited = 5_000 + self.random.below(40);
        let body = format!("POST /checkout started order={order} customer={customer}");
        self.log(
            minute,
            at_ns,
            "web-frontend",
            Severity::Info,
            body,
            Some(&trace),
        );
        let body = format!(
            "timed out after {waited}ms waiting for a connection from pool orders-db (size=2, in use=2, waiting={})",
            3 + self.random.below(30)
        );
        self.log(
            minute,
            at_ns + 500_000_000,
            "checkout",
            Severity::Error,
            body,
            Some(&trace),
        );
        let body = format!("order {order} failed: could not save order: connection pool exhausted");
        self.log(
            minute,
            at_ns + 501_000_000,
            "checkout",
            Severity::Error,
            body,
            Some(&trace),
        );
        let body = format!(
            "POST /checkout 503 {}ms order={order} upstream=checkout",
            waited + 6
        );
        self.log(
            minute,
            at_ns + 502_000_000,
            "web-frontend",
            Severity::Error,
            body,
            Some(&trace),
        );
        if self.random.chance(0.4) {
            let body = format!("releasing reservation of order {order}: checkout did not confirm");
            self.log(
                minute,
                at_ns + 550_000_000,
                "inventory",
                Severity::Warn,
                body,
                Some(&trace),
            );
        }
    }

    fn housekeeping(&mut self, start_ns: i64, minute: &mut Minute) {
        let at_ns = start_ns + 30 * NANOS_PER_SECOND;
        let buffers = 200 + self.random.below(900);
        let body = format!(
            "checkpoint complete: wrote {buffers} buffers; write=2.{} s, sync=0.0{} s",
            self.random.below(9),
            self.random.below(9)
        );
        self.log(minute, at_ns, "postgres", Severity::Info, body, None);
        for _ in 0..self.random.around(6.0) {
            let offset = self.random.below(55) * NANOS_PER_SECOND;
            let body = format!(
                "duration: {}.{} ms statement: SELECT id, state FROM orders WHERE customer_id = {}",
                2 + self.random.below(30),
                self.random.below(999),
                self.random.below(90_000)
            );
            self.log(
                minute,
                start_ns + offset,
                "postgres",
                Severity::Info,
                body,
                None,
            );
        }
        if self.random.chance(0.15) {
            let body = format!(
                "retrying webhook delivery {} (attempt 2 of 5)",
                self.random.below(99_999)
            );
            self.log(
                minute,
                at_ns + 4_000_000,
                "payments",
                Severity::Warn,
                body,
                None,
            );
        }
        if self.random.chance(0.1) {
            let body = format!(
                "card declined for order {}: insufficient funds",
                self.order_number
            );
            self.log(
                minute,
                at_ns + 9_000_000,
                "payments",
                Severity::Error,
                body,
                None,
            );
        }
        let body = format!(
            "inventory sync finished: {} products updated",
            20 + self.random.below(60)
        );
        self.log(
            minute,
            at_ns + 12_000_000,
            "inventory",
            Severity::Info,
            body,
            None,
        );
    }

    fn metrics(&mut self, at_ns: i64, failed: u32, minute: &mut Minute) {
        let failing = f64::from(failed);
        let latency = if failed > 0 { 4_800.0 } else { 170.0 } + self.random.below(40) as f64;
        let connections = 11.0 + self.random.below(6) as f64;
        let values = [
            (
                "http_errors",
                MetricKind::Counter,
                "web-frontend",
                self.errors_total,
            ),
            (
                "orders_total",
                MetricKind::Counter,
                "checkout",
                self.orders_total,
            ),
            (
                "checkout_latency_p95_ms",
                MetricKind::Gauge,
                "checkout",
                latency,
            ),
            (
                "checkout_pool_waiting",
                MetricKind::Gauge,
                "checkout",
                failing / 4.0,
            ),
            (
                "postgres_connections",
                MetricKind::Gauge,
                "postgres",
                connections,
            ),
        ];
        for (name, kind, service, value) in values {
            minute.points.push(MetricPoint {
                project_id: self.project_id,
                name: name.into(),
                kind,
                labels: BTreeMap::from([("service".to_owned(), service.to_owned())]),
                value,
                timestamp_ns: at_ns,
            });
        }
    }

    fn log(
        &mut self,
        minute: &mut Minute,
        at_ns: i64,
        service: &str,
        severity: Severity,
        body: String,
        trace_id: Option<&str>,
    ) {
        let replica = self.random.below(2);
        minute.records.push(LogRecord {
            id: RecordId(uuid::Uuid::nil()),
            project_id: self.project_id,
            timestamp_ns: at_ns,
            observed_at_ns: at_ns,
            severity,
            service: service.into(),
            body,
            attributes: format!(r#"{{"host":"{service}-{replica}","env":"production"}}"#),
            trace_id: trace_id.map(str::to_owned),
            span_id: None,
            template_id: TemplateId::default(),
        });
    }

    fn trace(&mut self) -> String {
        format!("{:016x}{:016x}", self.random.next(), self.random.next())
    }
}

/// A small random source (xorshift64*; Vigna 2016): the demo has to be repeatable, not unpredictable.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0 to `limit` - 1.
    fn below(&mut self, limit: u64) -> i64 {
        (self.next() % limit.max(1)).cast_signed()
    }

    fn chance(&mut self, share: f64) -> bool {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64 <= share
    }

    /// A count around a mean with about the spread of real traffic (Poisson by normal approximation).
    fn around(&mut self, mean: f64) -> u32 {
        let sum: f64 = (0..12)
            .map(|_| (self.next() >> 11) as f64 / (1_u64 << 53) as f64)
            .sum();
        let value = mean + (sum - 6.0) * mean.sqrt();
        value.round().max(0.0) as u32
    }
}
