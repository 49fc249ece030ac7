//! What is said of a session.

use domain::TemplateId;

/// One thing that sticks out of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A template comes more or less often than in the nearest normal session.
    Count {
        /// Which one; `None` for all those over the limit together.
        template_id: Option<TemplateId>,
        /// How often it came, rounded above 8.
        count: u32,
        /// How often it comes in the nearest normal session.
        usual: u32,
        /// Whether it was in any session that was learnt.
        is_known: bool,
    },
    /// A template followed another one that it never followed.
    Order {
        /// The first; `None` for the beginning of the session.
        before: Option<TemplateId>,
        /// The second; `None` for the end.
        after: Option<TemplateId>,
    },
}

/// How unusual a session is.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionVerdict {
    /// The chance that a normal session is as unusual as this one, 1e-15 to 1.
    pub probability: f64,
    /// 0 to 1: of normal sessions the share `f ^ (2 * score)` reaches it, where `f` is
    /// [`SessionModel::false_alarms`](crate::SessionModel::false_alarms). With one in 2,000, 0.5 means one in 2,000
    /// and 1 one in four millions.
    pub score: f64,
    /// Whether the score is 0.5 or more.
    pub is_unusual: bool,
    /// Weighted distance to the nearest count vector.
    pub distance: f64,
    /// The chance of that distance.
    pub of_counts: f64,
    /// The chance of that order.
    pub of_order: f64,
    /// Records of the session.
    pub records: usize,
    /// Records that nine in ten sessions have.
    pub usual_records: (u64, u64),
    /// What sticks out, most of all first; empty when it is not unusual.
    pub parts: Vec<Part>,
}

/// The score of a probability; 0.5 at the promised rate.
pub(super) fn score_of(probability: f64, false_alarms: f64) -> f64 {
    let promised = false_alarms.clamp(1e-9, 0.5).ln();
    (0.5 * probability.clamp(1e-15, 1.0).ln() / promised).clamp(0.0, 1.0)
}
