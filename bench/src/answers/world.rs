//! A made-up shop whose records are known one by one, so that the right answer to a question is a count over a list.
//!
//! The zone of the questions is chosen so that it is between 15:00 and 16:00 there: "today", "this morning" and
//! "yesterday afternoon" then always have the same shape. Nothing is written in the ten minutes after the edge of a
//! window that questions name ("the last hour"), so that an answer does not depend on how long the asking takes.

use serde_json::{Map, Value, json};

use super::random::Random;

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 86_400;
/// Edges of windows that questions name, seconds back from now.
const EDGES: [i64; 10] = [
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
];
/// Nothing is written for so long after an edge.
const QUIET: i64 = 10 * MINUTE;
/// How far back the records reach.
const REACH: i64 = 8 * DAY;
/// Within this time everything is written, before it only some things.
const BUSY: i64 = 30 * HOUR;

const USERS: [&str; 7] = ["anna", "bob", "carol", "dave", "erin", "root", "admin"];
const ADDRESSES: [&str; 6] = [
    "203.0.113.9",
    "203.0.113.77",
    "198.51.100.4",
    "198.51.100.23",
    "192.0.2.15",
    "192.0.2.200",
];
const PATHS: [&str; 5] = ["/", "/cart", "/checkout", "/search", "/account/orders"];
const HOSTS: [&str; 3] = ["web-01", "web-02", "web-03"];
const REGIONS: [&str; 3] = ["eu-west", "us-east", "ap-south"];

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Request,
    SlowQuery,
    Login,
    LoginFailed,
    Declined,
    Captured,
    DatabaseTimeout,
    OutOfMemory,
    Started,
    CacheMiss,
    Disk,
    Bounced,
    Heartbeat,
    RateLimited,
    Upstream,
    Job,
    Certificate,
    NullPointer,
    Lag,
}

/// One record.
#[derive(Debug, Clone)]
pub struct Line {
    /// Unix seconds.
    pub at: i64,
    pub service: &'static str,
    pub level: &'static str,
    pub kind: Kind,
    pub body: String,
    /// Status code, time taken (milliseconds), user, address, path, host, region, where it has one.
    pub status: u16,
    pub took_ms: i64,
    pub user: &'static str,
    pub address: &'static str,
    pub path: &'static str,
    pub host: &'static str,
    pub region: &'static str,
    pub order: u32,
}

/// The shop.
pub struct World {
    /// Unix seconds of the moment it was made up.
    pub now: i64,
    /// Hours of the zone east of UTC.
    pub offset_hours: i64,
    pub lines: Vec<Line>,
    /// When checkout-api was deployed, unix seconds.
    pub deployed_at: i64,
    /// When inventory ran out of memory, unix seconds.
    pub crashed_at: i64,
}

impl World {
    /// The story of a seed, told at a moment.
    pub fn new(seed: u64, now: i64) -> Self {
        let utc_hour = now.rem_euclid(DAY) / HOUR;
        let offset_hours = (15 - utc_hour + 12).rem_euclid(24) - 12;
        let mut world = Self {
            now,
            offset_hours,
            lines: Vec::new(),
            deployed_at: 0,
            crashed_at: 0,
        };
        world.deployed_at = world.local(0, 12, 40);
        world.crashed_at = world.local(0, 10, 20) + 11;
        let mut random = Random::new(seed);
        let first = (now - REACH).div_euclid(MINUTE) * MINUTE;
        let mut minute = first;
        while minute < now - MINUTE {
            world.minute(minute, &mut random);
            minute += MINUTE;
        }
        world.accident(&mut random);
        let now = world.now;
        world.lines.retain(|line| !is_quiet(now - line.at));
        world.lines.sort_by_key(|line| line.at);
        world
    }

    /// The IANA name of the zone.
    pub fn zone(&self) -> String {
        // The sign of these names is that of POSIX: west is positive.
        match self.offset_hours {
            0 => "Etc/GMT".to_owned(),
            hours if hours > 0 => format!("Etc/GMT-{hours}"),
            hours => format!("Etc/GMT+{}", -hours),
        }
    }

    /// A wall-clock time some days before today, unix seconds.
    pub fn local(&self, days_back: i64, hour: i64, minute: i64) -> i64 {
        let midnight = (self.now + self.offset_hours * HOUR).div_euclid(DAY) * DAY;
        midnight - self.offset_hours * HOUR - days_back * DAY + hour * HOUR + minute * MINUTE
    }

    /// The weekday some days before today, 0 is Monday.
    pub fn weekday(&self, days_back: i64) -> usize {
        let days = (self.now + self.offset_hours * HOUR).div_euclid(DAY) - days_back;
        // 1970-01-01 was a Thursday.
        usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// The records as NDJSON.
    pub fn ndjson(&self) -> Vec<String> {
        self.lines.iter().map(Line::json).collect()
    }

    fn minute(&mut self, at: i64, random: &mut Random) {
        let age = self.now - at;
        let is_busy = age < BUSY;
        let rate = |busy: f64, before: f64| if is_busy { busy } else { before };
        let trouble = at >= self.local(0, 13, 0) && at < self.local(0, 13, 40);
        let deployed = at >= self.deployed_at;
        let plan = [
            (Kind::Request, rate(4.0, 0.02)),
            (Kind::SlowQuery, rate(0.15, 0.005)),
            (Kind::Login, rate(0.3, 0.004)),
            (Kind::LoginFailed, rate(0.22, 0.01)),
            (
                Kind::Declined,
                if trouble { 1.4 } else { rate(0.08, 0.006) },
            ),
            (Kind::Captured, rate(0.5, 0.01)),
            (
                Kind::DatabaseTimeout,
                if trouble { 1.1 } else { rate(0.03, 0.002) },
            ),
            (Kind::CacheMiss, rate(0.6, 0.0)),
            (Kind::Disk, rate(0.05, 0.0)),
            (Kind::Bounced, rate(0.06, 0.001)),
            (Kind::Heartbeat, rate(0.8, 0.0)),
            (Kind::RateLimited, rate(0.09, 0.0)),
            (Kind::Upstream, if trouble { 0.5 } else { rate(0.01, 0.0) }),
            (Kind::Job, rate(0.02, 0.002)),
            (Kind::Certificate, rate(0.01, 0.0)),
            (Kind::NullPointer, if deployed { 0.4 } else { 0.0 }),
        ];
        for (kind, rate) in plan {
            for _ in 0..random.poisson(rate) {
                let at = at + random.below(60) as i64;
                let line = self.line(kind, at, random);
                self.lines.push(line);
            }
        }
    }

    /// Inventory runs out of memory, starts again, and lags behind.
    fn accident(&mut self, random: &mut Random) {
        let at = self.crashed_at;
        let crash = self.line(Kind::OutOfMemory, at, random);
        let started = self.line(Kind::Started, at + 95, random);
        self.lines.extend([crash, started]);
        for step in 0..14 {
            let lag = self.line(Kind::Lag, at + 100 + step * 40, random);
            self.lines.push(lag);
        }
    }

    fn line(&self, kind: Kind, at: i64, random: &mut Random) -> Line {
        let mut line = Line::blank(kind, at);
        // The first ones come more often, so that there is a most frequent one.
        line.user = random.skewed(&USERS);
        line.address = random.skewed(&ADDRESSES);
        line.path = random.skewed(&PATHS);
        line.host = random.skewed(&HOSTS);
        line.region = random.skewed(&REGIONS);
        line.order = 10_000 + random.below(80_000) as u32;
        line.tell(random);
        line
    }
}

/// Whether nothing is written at this age.
fn is_quiet(age: i64) -> bool {
    EDGES.iter().any(|edge| age <= *edge && age > edge - QUIET)
}

impl Line {
    fn blank(kind: Kind, at: i64) -> Self {
        Self {
            at,
            service: "",
            level: "info",
            kind,
            body: String::new(),
            status: 0,
            took_ms: 0,
            user: "",
            address: "",
            path: "",
            host: "",
            region: "",
            order: 0,
        }
    }

    fn tell(&mut self, random: &mut Random) {
        let number = random.below(900) as i64 + 100;
        let (service, level, body) = match self.kind {
            Kind::Request => return self.request(random),
            Kind::SlowQuery => {
                self.took_ms = 800 + random.below(4_000) as i64;
                let body = format!("slow query took {} ms on table orders", self.took_ms);
                ("postgres-main", "warn", body)
            }
            Kind::Login => (
                "auth-service",
                "info",
                format!("user {} logged in from {}", self.user, self.address),
            ),
            Kind::LoginFailed => (
                "auth-service",
                "warn",
                format!(
                    "failed login for user {} from {}: wrong password",
                    self.user, self.address
                ),
            ),
            Kind::Declined => (
                "payments-worker",
                "error",
                format!(
                    "payment for order ORD-{} declined by bank: insufficient funds",
                    self.order
                ),
            ),
            Kind::Captured => (
                "payments-worker",
                "info",
                format!("payment for order ORD-{} captured", self.order),
            ),
            Kind::DatabaseTimeout => (
                "checkout-api",
                "error",
                "connection to database postgres-main timed out after 5000 ms".to_owned(),
            ),
            Kind::OutOfMemory => (
                "inventory",
                "fatal",
                format!("out of memory: killed process {number} (inventory)"),
            ),
            Kind::Started => (
                "inventory",
                "info",
                format!("service started version=3.2.1 pid={number}"),
            ),
            Kind::CacheMiss => (
                "search",
                "debug",
                format!("cache miss for key product:{number}"),
            ),
            Kind::Disk => (
                "postgres-main",
                "warn",
                format!(
                    "disk usage at {} % on /var/lib/postgresql",
                    80 + number % 19
                ),
            ),
            Kind::Bounced => (
                "mailer",
                "warn",
                format!("mail to customer{number}@example.com bounced: mailbox full"),
            ),
            Kind::Heartbeat => ("search", "debug", "heartbeat ok".to_owned()),
            Kind::RateLimited => (
                "web-frontend",
                "warn",
                format!("rate limit exceeded for client {}", self.address),
            ),
            Kind::Upstream => (
                "web-frontend",
                "error",
                "upstream checkout-api unavailable, circuit breaker open".to_owned(),
            ),
            Kind::Job => (
                "mailer",
                "info",
                format!("job newsletter finished, {number} mails sent"),
            ),
            Kind::Certificate => (
                "web-frontend",
                "warn",
                format!(
                    "certificate for shop.example.com expires in {} days",
                    3 + number % 5
                ),
            ),
            Kind::NullPointer => (
                "checkout-api",
                "error",
                "java.lang.NullPointerException in CartService.applyVoucher: voucher is null"
                    .to_owned(),
            ),
            Kind::Lag => (
                "inventory",
                "warn",
                format!(
                    "consumer lag is {} messages on topic stock-updates",
                    number * 10
                ),
            ),
        };
        (self.service, self.level, self.body) = (service, level, body);
    }

    fn request(&mut self, random: &mut Random) {
        self.service = "web-frontend";
        self.status = match random.below(100) {
            0..=1 => 500,
            2 => 503,
            3..=7 => 404,
            8 => 403,
            9..=12 => 302,
            _ => 200,
        };
        self.level = match self.status {
            500.. => "error",
            _ => "info",
        };
        self.took_ms = match random.below(40) {
            0 => 2_050 + random.below(3_000) as i64,
            1 | 2 => 1_010 + random.below(900) as i64,
            _ => 5 + random.below(400) as i64,
        };
        self.body = format!(
            "GET {} answered {} in {} ms",
            self.path, self.status, self.took_ms
        );
    }

    fn json(&self) -> String {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("timestamp", json!(self.at * 1_000));
        put("level", json!(self.level));
        put("service", json!(self.service));
        put("message", json!(self.body));
        if self.kind == Kind::Request {
            put("http.route", json!(self.path));
            put("status_code", json!(self.status));
            put("duration_ms", json!(self.took_ms));
            put("host", json!(self.host));
            put("region", json!(self.region));
        }
        Value::Object(object).to_string()
    }
}
