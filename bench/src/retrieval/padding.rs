//! Made-up templates that make an index large.

use domain::{ProjectId, Severity, TemplateId};
use embeddings::{IndexPoint, index_text};

const WHO: [&str; 10] = [
    "cart",
    "ledger",
    "parcel",
    "coupon",
    "invoice",
    "warehouse",
    "search",
    "profile",
    "gateway",
    "media",
];
const WHAT: [&str; 10] = [
    "request", "session", "upload", "transfer", "lookup", "refund", "snapshot", "index", "export",
    "lease",
];
const HOW: [&str; 10] = [
    "failed",
    "finished",
    "timed out",
    "was refused",
    "started",
    "was retried",
    "was dropped",
    "is slow",
    "was queued",
    "was corrupted",
];
const WHERE: [&str; 10] = [
    "worker", "replica", "shard", "pool", "region", "bucket", "broker", "node", "socket", "queue",
];

/// So many templates with other words, and vectors that point anywhere.
pub fn points(project_id: ProjectId, count: usize, dimension: Option<usize>) -> Vec<IndexPoint> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    (0..count)
        .map(|number| {
            let word = |list: [&'static str; 10], place: usize| list[number / place % 10];
            let (who, how) = (word(WHO, 1_000), word(HOW, 1));
            let (what, place) = (word(WHAT, 10), word(WHERE, 100));
            let text = format!("{who} {what} {how} in {place} of group {}", number / 10_000);
            let service = format!("{who}-service");
            IndexPoint {
                project_id,
                // The ids of real templates are hashes; these are small and distinct.
                template_id: TemplateId(number as u64 + 1),
                text: index_text(&text, std::slice::from_ref(&service), ""),
                services: vec![service],
                severity: Severity::Info,
                vector: dimension.map(|dimension| random.unit(dimension)),
            }
        })
        .collect()
}

/// Xorshift (Marsaglia, 2003): the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    }

    fn unit(&mut self, dimension: usize) -> Vec<f32> {
        let mut vector: Vec<f32> = (0..dimension).map(|_| self.next()).collect();
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        vector
            .iter_mut()
            .for_each(|value| *value /= length.max(f32::MIN_POSITIVE));
        vector
    }
}
