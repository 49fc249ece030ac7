//! The data of the doors and of search: what a fleet of 16 services on 20 hosts logs, about 330 bytes a row as JSON.

mod texts;

#[cfg(test)]
mod tests;

use testkit::{Random, Row};

pub use texts::Texts;

/// Services, each with texts of its own.
pub const SERVICES: [&str; 16] = [
    "gateway",
    "checkout",
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
    "catalog",
    "shipping",
    "reports",
];
/// Machines, each with all services.
pub const HOSTS: u64 = 20;
/// The word that hardly any row has.
pub const RARE_WORD: &str = "xylophonist";

/// What the data look like.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The same seed gives the same rows.
    pub seed: u64,
    /// Whether each row has a random trace id, which nothing can compress.
    pub has_trace: bool,
    /// When the first row was written, unix nanoseconds.
    pub start_ns: i64,
    /// Between two rows, nanoseconds on average.
    pub step_ns: u64,
    /// Every so many rows one has [`RARE_WORD`]; 0 is never.
    pub rare_every: usize,
}

/// A source of rows.
pub struct Rows {
    shape: Shape,
    texts: Texts,
    random: Random,
    made: usize,
}

impl Rows {
    /// A source at its beginning.
    pub fn new(shape: Shape, texts: Texts) -> Self {
        let random = Random::new(shape.seed);
        Self {
            shape,
            texts,
            random,
            made: 0,
        }
    }

    /// The next rows, in the order of time but for some seconds of jitter within a fleet's clocks.
    pub fn take(&mut self, count: usize) -> Vec<Row> {
        (0..count).map(|_| self.row()).collect()
    }

    fn row(&mut self) -> Row {
        let service = self.random.below(SERVICES.len() as u64) as usize;
        let offset = self.made as u64 * self.shape.step_ns + self.random.below(self.shape.step_ns);
        let severity = match self.random.below(100) {
            0..=1 => "error",
            2..=6 => "warn",
            7..=20 => "debug",
            _ => "info",
        };
        let mut body = self.texts.next(service, &mut self.random);
        self.made += 1;
        if self.shape.rare_every > 0 && self.made.is_multiple_of(self.shape.rare_every) {
            body.push(' ');
            body.push_str(RARE_WORD);
        }
        let trace_id = self
            .shape
            .has_trace
            .then(|| format!("{:016x}{:016x}", self.random.draw(), self.random.draw()));
        Row {
            timestamp_ns: self.shape.start_ns + offset.cast_signed(),
            severity,
            service: SERVICES[service].into(),
            host: format!("node-{:02}.eu-central.internal", self.random.below(HOSTS)).into(),
            body,
            trace_id,
            attributes: vec![
                ("env".into(), "production".to_owned()),
                ("version".into(), format!("4.18.{}", service % 7)),
                ("thread".into(), format!("worker-{}", self.random.below(16))),
            ],
        }
    }
}
