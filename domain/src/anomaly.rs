//! Anomalies: what was unusual, by how much, and why we think so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AnomalyId, ProjectId, Severity, TemplateId};

/// What kind of unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// Far more records of a pattern than usual.
    Surge,
    /// Far fewer records than usual.
    Drop,
    /// A pattern that was never seen before.
    NewTemplate,
    /// A steady pattern that stopped.
    VanishedTemplate,
    /// A service's share of errors changed.
    LevelChange,
    /// The mix of patterns of a service is unlike its past (multivariate).
    UnusualMix,
    /// A metric left its expected range.
    Metric,
    /// Sessions (traces, requests, jobs) that went another way than sessions go.
    UnusualSession,
    /// The values in one place of a pattern are not what they were.
    ValueShift,
}

impl AnomalyKind {
    /// The snake_case word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Surge => "surge",
            Self::Drop => "drop",
            Self::NewTemplate => "new_template",
            Self::VanishedTemplate => "vanished_template",
            Self::LevelChange => "level_change",
            Self::UnusualMix => "unusual_mix",
            Self::Metric => "metric",
            Self::UnusualSession => "unusual_session",
            Self::ValueShift => "value_shift",
        }
    }
}

/// One detected anomaly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Its id; detectors leave it nil, the engine gives it.
    pub id: AnomalyId,
    /// The tenant.
    pub project_id: ProjectId,
    /// What kind.
    pub kind: AnomalyKind,
    /// The service it concerns, if one.
    pub service: Option<String>,
    /// The worst log severity involved.
    pub severity: Severity,
    /// The pattern it concerns, if one.
    pub template_id: Option<TemplateId>,
    /// The metric's name for [`AnomalyKind::Metric`].
    pub metric: Option<String>,
    /// The metric's labels; for [`AnomalyKind::UnusualSession`] and [`AnomalyKind::ValueShift`] what the
    /// detector saw: `session`, `records` (ids, with commas between), `slot`, `key`, `value`.
    pub labels: BTreeMap<String, String>,
    /// First minute or sample that was unusual, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// The data time at which it was noticed, unix nanoseconds UTC.
    pub detected_at_ns: i64,
    /// What was observed, in `unit`.
    pub observed: f64,
    /// What was expected, in `unit`.
    pub expected: f64,
    /// The range that would have been normal, in `unit`.
    pub expected_low: f64,
    /// The range that would have been normal, in `unit`.
    pub expected_high: f64,
    /// For example `records/min`, `share of errors`, or the metric's own unit (`""`).
    pub unit: String,
    /// 0 (barely) to 1 (certainly unusual).
    pub score: f64,
    /// One sentence for people, with the numbers.
    pub reason: String,
}
