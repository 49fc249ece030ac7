//! The computed facts that texts are written from. Everything here comes from code and records.

mod evidence;
mod gather;
mod more;

use domain::{
    Anomaly, Evidence, IncidentSeverity, IncidentState, SimilarIncident, Suspect, TimeRange,
    TimelineEntry,
};
use serde::{Deserialize, Serialize};

pub use evidence::EvidenceBook;
pub use gather::{
    CountedPattern, affected_services, incident_window, telling_patterns, usual_window,
};
pub use more::{AnswerMore, Figure, IncidentNote, IncidentNotes, Trend};

/// How much one service is affected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceImpact {
    /// The service.
    pub service: String,
    /// Records in the window.
    pub records: u64,
    /// Records of severity error or fatal in the window.
    pub errors: u64,
    /// Errors that would have been usual in the same time, when known.
    pub expected_errors: Option<f64>,
}

/// The condition of a policy that opened an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFact {
    /// The policy's name.
    pub name: String,
    /// What held, for people: `http_errors was 240, above the threshold of 100 over 5 min`.
    pub condition: String,
}

/// What is known about an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryFacts {
    /// Its title, from code.
    pub title: String,
    /// How urgent it is.
    pub severity: IncidentSeverity,
    /// Where it stands.
    pub state: IncidentState,
    /// The first symptom, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// When it ended.
    pub resolved_at_ns: Option<i64>,
    /// When this is written, unix nanoseconds UTC.
    pub now_ns: i64,
    /// What the counts refer to.
    pub window: TimeRange,
    /// Affected services, most affected first.
    pub services: Vec<ServiceImpact>,
    /// The policy that opened it, if one did.
    pub policy: Option<PolicyFact>,
    /// What can be cited, numbered from 1 (see [`EvidenceBook`]); strongest first.
    pub evidence: Vec<Evidence>,
    /// The anomalies behind it. Those of kind new template mark their pattern as new.
    pub anomalies: Vec<Anomaly>,
    /// Root-cause candidates, most likely first; their `evidence` are numbers of `evidence`.
    pub suspects: Vec<Suspect>,
    /// What happened in and around it, any order.
    pub timeline: Vec<TimelineEntry>,
    /// Older incidents that look alike, most alike first.
    pub similar: Vec<SimilarIncident>,
}

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerIntent {
    /// What is there about this?
    Find,
    /// How many?
    Count,
    /// How many in a stretch of time, or of a hundred?
    Rate,
    /// What is the average, the greatest, the median of a number?
    Measure,
    /// Does it become more or less?
    Trend,
    /// What does it mean?
    Explain,
    /// When did it begin?
    First,
    /// When was it last?
    Last,
    /// Which are the most frequent?
    Top,
    /// How does this compare with another time?
    Compare,
    /// What is the cause?
    Why,
}

impl AnswerIntent {
    /// The snake_case word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Measure => "measure",
            Self::Trend => "trend",
            Self::Explain => "explain",
            Self::First => "first",
            Self::Last => "last",
            Self::Top => "top",
            Self::Compare => "compare",
            Self::Why => "why",
        }
    }
}

/// One part of how a question was understood, shown so that it can be corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// For example `service`.
    pub label: String,
    /// For example `checkout`.
    pub value: String,
}

/// A group and its count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupCount {
    /// The service, severity, text of the pattern, or start of the stretch of time.
    pub key: String,
    /// Records in it.
    pub count: u64,
    /// Records in it in the other time of a comparison.
    pub other: Option<u64>,
    /// The evidence that stands for it, when there is one.
    pub evidence: Option<u32>,
    /// The number that was measured of its records, in the unit of the answer's figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// What the values tell that are grouped by: addresses, users, paths, or an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueFacts {
    /// Different values.
    pub distinct: u64,
    /// Records that were read.
    pub read: u64,
    /// Records among them that name no value.
    pub without: u64,
    /// More records match than were read: numbers are lower bounds.
    pub is_cut: bool,
}

/// The same count in another stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// In words: `the day before`.
    pub label: String,
    /// The other time.
    pub range: TimeRange,
    /// Matching records in it.
    pub count: u64,
}

/// What is known for an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerFacts {
    /// The question as asked.
    pub question: String,
    /// What it asks for.
    pub intent: AnswerIntent,
    /// How it was understood.
    pub interpretation: Vec<Chip>,
    /// The time it is about.
    pub range: TimeRange,
    /// Nobody said that time.
    pub is_range_default: bool,
    /// The default time, when nothing was in it and `range` is where something is.
    pub widened_from: Option<TimeRange>,
    /// When nothing matches: the instant of the last record before `range` that does, else of the first after it.
    pub nearest_at_ns: Option<i64>,
    /// Words that were said like values and occur in none of the records.
    pub left_out: Vec<String>,
    /// When it was asked, unix nanoseconds UTC.
    pub now_ns: i64,
    /// Matching records; `None` when only patterns were searched.
    pub matching: Option<u64>,
    /// Matching records of severity error or fatal, when counted.
    pub errors: Option<u64>,
    /// What is grouped by: `service`, `severity`, `pattern`, a stretch of time (`minute`, `hour`, `day`), or the
    /// name of a value when there are `values`.
    pub grouped_by: Option<String>,
    /// Groups, largest first, stretches of time oldest first; all of them are said.
    pub groups: Vec<GroupCount>,
    /// Groups besides those.
    pub groups_left: usize,
    /// What is known of the values that are grouped by.
    pub values: Option<ValueFacts>,
    /// The other side of a comparison. The `expected` of each pattern is then its count there.
    pub comparison: Option<Comparison>,
    /// Patterns that did not occur in the other time of a comparison.
    pub new_patterns: Option<usize>,
    /// What can be cited, best first, numbered from 1.
    pub evidence: Vec<Evidence>,
    /// Root-cause candidates for "why" questions.
    pub suspects: Vec<Suspect>,
    /// Whether limits ended the counting: all counts are lower bounds.
    pub is_cut: bool,
    /// What only some answers have.
    #[serde(default)]
    pub more: AnswerMore,
}
