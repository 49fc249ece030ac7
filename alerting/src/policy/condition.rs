//! Conditions: when something counts as a problem.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AnomalyKind, MetricKind, Severity};
use serde::{Deserialize, Serialize};

use super::{explain, word_of};

/// When something counts as a problem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Condition {
    /// A metric against a number.
    MetricThreshold(MetricThreshold),
    /// The number of log records that match a query against a number.
    LogCount(LogCount),
    /// Nothing came where something should: a dead man's switch.
    Absence(Absence),
    /// Patterns that were never seen before.
    NewTemplate(NewTemplate),
    /// What the detectors found; judged by the machine itself as anomalies come and go.
    Anomaly(AnomalyCondition),
    /// A change event, for example a deploy.
    Event(EventCondition),
}

/// See [`Condition::MetricThreshold`]. The engine's value: `agg` over `window` of each series or group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricThreshold {
    /// The metric's name.
    pub metric: String,
    /// Only series with exactly these labels.
    pub labels: BTreeMap<String, String>,
    /// `None`: by the metric's kind, see [`MetricThreshold::aggregation`].
    pub agg: Option<Aggregation>,
    /// How value and threshold are compared.
    pub op: Op,
    /// The number.
    pub threshold: f64,
    /// Once firing, the alert ends only when the value is on the good side of this.
    pub resolve_threshold: Option<f64>,
    /// How far back the value looks.
    pub window_ns: i64,
    /// One alert per combination of these labels; empty: all series together.
    pub group_by: Vec<String>,
}

impl MetricThreshold {
    /// The aggregation to use: what the policy says, else `increase` for counters, `sum` for deltas, `avg` for gauges.
    #[must_use]
    pub fn aggregation(&self, kind: MetricKind) -> Aggregation {
        self.agg.unwrap_or(match kind {
            MetricKind::Counter => Aggregation::Increase,
            MetricKind::Delta => Aggregation::Sum,
            MetricKind::Gauge => Aggregation::Avg,
        })
    }
}

/// How the samples of a window become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// How much a counter grew, restarts taken into account.
    Increase,
    /// The sum of the samples.
    Sum,
    /// Their mean.
    Avg,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The latest.
    Last,
    /// How many samples there are.
    Count,
}

impl Aggregation {
    /// Every aggregation with its word.
    pub(crate) const WORDS: [(&'static str, Self); 7] = [
        ("increase", Self::Increase),
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("max", Self::Max),
        ("min", Self::Min),
        ("last", Self::Last),
        ("count", Self::Count),
    ];

    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        word_of(&Self::WORDS, self)
    }
}

/// How a value is compared with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Greater.
    #[serde(rename = ">")]
    Greater,
    /// Greater or equal.
    #[serde(rename = ">=")]
    GreaterOrEqual,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// Less or equal.
    #[serde(rename = "<=")]
    LessOrEqual,
    /// Equal.
    #[serde(rename = "==")]
    Equal,
    /// Different.
    #[serde(rename = "!=")]
    NotEqual,
}

impl Op {
    pub(crate) const WORDS: [(&'static str, Self); 6] = [
        (">", Self::Greater),
        (">=", Self::GreaterOrEqual),
        ("<", Self::Less),
        ("<=", Self::LessOrEqual),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
    ];

    /// The sign, for example `>`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        word_of(&Self::WORDS, self)
    }

    /// Whether `value op threshold` holds; never for NaN.
    #[must_use]
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
            Self::Equal => value == threshold,
            Self::NotEqual => value != threshold && !value.is_nan(),
        }
    }
}

/// See [`Condition::LogCount`]. The engine's value: matching records in `window`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogCount {
    /// In the language of the search box; at most 2,000 characters.
    pub query: String,
    /// How count and threshold are compared.
    pub op: Op,
    /// The number.
    pub threshold: f64,
    /// Once firing, the alert ends only when the count is on the good side of this.
    pub resolve_threshold: Option<f64>,
    /// How far back the count looks.
    pub window_ns: i64,
    /// One alert per combination of these fields (`service`, `severity`); empty: all together.
    pub group_by: Vec<String>,
}

/// See [`Condition::Absence`]. The engine's value: matching records or samples in `window`; it holds at 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Absence {
    /// A search-box query, or
    pub query: Option<String>,
    /// a metric's name; exactly one of the two is set.
    pub metric: Option<String>,
    /// How long silence is normal.
    pub window_ns: i64,
}

/// See [`Condition::NewTemplate`]. The engine's value: records in `window` of templates first seen in `window`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewTemplate {
    /// Only records that match this search-box query.
    pub query: Option<String>,
    /// Only these services; empty: any.
    pub services: Vec<String>,
    /// Only templates at least this severe.
    pub min_severity: Option<Severity>,
    /// How many records of new templates there must be; 1 by default.
    pub min_count: u64,
    /// How far back "new" looks.
    pub window_ns: i64,
    /// One alert per combination of these fields; empty: all together.
    pub group_by: Vec<String>,
}

/// See [`Condition::Anomaly`]. One alert per service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnomalyCondition {
    /// Any of these kinds; empty: all.
    pub kinds: Vec<AnomalyKind>,
    /// At least this score, 0 to 1; 0.5 by default.
    pub min_score: f64,
    /// Any of these services; empty: all.
    pub services: Vec<String>,
    /// At least this severe.
    pub min_severity: Option<Severity>,
}

/// See [`Condition::Event`]. The engine's value: matching events within `within`; it holds from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventCondition {
    /// Any of these words (`deploy`, `config_change`, ...); at least one.
    pub events: Vec<String>,
    /// Any of these services; empty: all.
    pub services: Vec<String>,
    /// How far back to look.
    pub within_ns: i64,
}

/// What a condition's value is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// `value op threshold` means that the condition holds.
    pub op: Op,
    /// The number.
    pub threshold: f64,
    /// The number for an alert that already fires.
    pub resolve_threshold: Option<f64>,
}

impl Condition {
    /// The snake_case word of its type.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MetricThreshold(_) => "metric_threshold",
            Self::LogCount(_) => "log_count",
            Self::Absence(_) => "absence",
            Self::NewTemplate(_) => "new_template",
            Self::Anomaly(_) => "anomaly",
            Self::Event(_) => "event",
        }
    }

    /// How the engine's value is judged.
    #[must_use]
    pub fn comparison(&self) -> Comparison {
        let plain = |op, threshold| Comparison {
            op,
            threshold,
            resolve_threshold: None,
        };
        match self {
            Self::MetricThreshold(c) => Comparison {
                op: c.op,
                threshold: c.threshold,
                resolve_threshold: c.resolve_threshold,
            },
            Self::LogCount(c) => Comparison {
                op: c.op,
                threshold: c.threshold,
                resolve_threshold: c.resolve_threshold,
            },
            Self::Absence(_) => plain(Op::Less, 1.0),
            #[expect(clippy::cast_precision_loss, reason = "a count of log records")]
            Self::NewTemplate(c) => plain(Op::GreaterOrEqual, c.min_count as f64),
            Self::Anomaly(c) => plain(Op::GreaterOrEqual, c.min_score),
            Self::Event(_) => plain(Op::GreaterOrEqual, 1.0),
        }
    }

    /// Whether a value means that the condition holds. An alert that already fires needs a value on the
    /// good side of the resolve threshold to end (hysteresis).
    #[must_use]
    pub fn holds(&self, value: f64, already_firing: bool) -> bool {
        let comparison = self.comparison();
        let threshold = match comparison.resolve_threshold {
            Some(resolve) if already_firing => resolve,
            _ => comparison.threshold,
        };
        comparison.op.holds(value, threshold)
    }

    /// How far back its value looks, nanoseconds; 0 for anomalies.
    #[must_use]
    pub fn window_ns(&self) -> i64 {
        match self {
            Self::MetricThreshold(c) => c.window_ns,
            Self::LogCount(c) => c.window_ns,
            Self::Absence(c) => c.window_ns,
            Self::NewTemplate(c) => c.window_ns,
            Self::Anomaly(_) => 0,
            Self::Event(c) => c.within_ns,
        }
    }

    /// The labels that its alerts are split by; empty: one alert.
    #[must_use]
    pub fn group_by(&self) -> BTreeSet<&str> {
        match self {
            Self::MetricThreshold(c) => c.group_by.iter().map(String::as_str).collect(),
            Self::LogCount(c) => c.group_by.iter().map(String::as_str).collect(),
            Self::NewTemplate(c) => c.group_by.iter().map(String::as_str).collect(),
            Self::Anomaly(_) => BTreeSet::from(["service"]),
            Self::Absence(_) | Self::Event(_) => BTreeSet::new(),
        }
    }

    /// Whether a series that is missing from a round counts as 0 (counts) or as no data (metrics).
    pub(crate) fn missing_is_zero(&self) -> bool {
        !matches!(self, Self::MetricThreshold(_))
    }

    /// One line for people: `increase of http_errors over 5m > 100`.
    #[must_use]
    pub fn describe(&self) -> String {
        explain::describe(self)
    }

    /// One line for people about a value: `http_errors over 5m is 143, limit > 100`.
    #[must_use]
    pub fn sentence(&self, value: f64) -> String {
        explain::sentence(self, value)
    }
}
