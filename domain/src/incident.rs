//! Incidents: related anomalies and alerts, with what is known about them.

use serde::{Deserialize, Serialize};

use crate::{AnomalyId, IncidentId, ProjectId, RecordId, Severity, TemplateId};

/// How urgent an incident is (PagerDuty's words).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum IncidentSeverity {
    /// Good to know.
    Info,
    /// Look at it in working hours.
    #[default]
    Warning,
    /// Something fails.
    Error,
    /// Wake somebody up.
    Critical,
}

impl IncidentSeverity {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentState {
    /// Nobody has taken it.
    #[default]
    Open,
    /// Somebody works on it; escalation stands still.
    Acknowledged,
    /// Over.
    Resolved,
}

impl IncidentState {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// The tenant.
    pub project_id: ProjectId,
    /// A short number for people, from 1, per project.
    pub number: i64,
    /// Where it stands.
    pub state: IncidentState,
    /// How urgent it is; from code only, never from a model.
    pub severity: IncidentSeverity,
    /// One line; from code only.
    pub title: String,
    /// What makes two triggers the same incident while it is open.
    pub dedup_key: String,
    /// The policy that opened it; `None` for incidents out of anomalies alone.
    pub policy: Option<String>,
    /// Affected services, most affected first.
    pub services: Vec<String>,
    /// Its anomalies, in the order they came.
    pub anomaly_ids: Vec<AnomalyId>,
    /// The patterns involved.
    pub template_ids: Vec<TemplateId>,
    /// When the first symptom was seen, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// When it was opened, unix nanoseconds UTC.
    pub opened_at_ns: i64,
    /// The latest change, unix nanoseconds UTC.
    pub updated_at_ns: i64,
    /// When somebody took it.
    pub acknowledged_at_ns: Option<i64>,
    /// Who took it.
    pub acknowledged_by: Option<String>,
    /// When it ended.
    pub resolved_at_ns: Option<i64>,
    /// Who ended it.
    pub resolved_by: Option<String>,
    /// The latest summary.
    pub summary: Option<Summary>,
}

/// What a line of the timeline is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// The incident was opened.
    Opened,
    /// An anomaly joined it.
    Anomaly,
    /// A deploy or other change near it.
    Change,
    /// A policy's condition began or stopped to hold.
    Alert,
    /// A message was accepted by a channel.
    Notified,
    /// A message could not be delivered.
    NotifyFailed,
    /// The next escalation step began.
    Escalated,
    /// Somebody took it.
    Acknowledged,
    /// It ended.
    Resolved,
    /// The summary was written anew.
    Summarised,
    /// A person wrote something.
    Comment,
}

/// One line of an incident's timeline; append-only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Unix nanoseconds UTC.
    pub at_ns: i64,
    /// What it is about.
    pub kind: TimelineKind,
    /// One line for people.
    pub text: String,
    /// Who, when a person did it.
    pub actor: Option<String>,
}

/// How sure a statement is: computed, never said by a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// One weak signal.
    Low,
    /// Several signals, or a strong one.
    Medium,
    /// Strong signals that agree.
    High,
}

impl Confidence {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A root-cause candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The service or change that is suspected.
    pub name: String,
    /// The service, if it is one or belongs to one.
    pub service: Option<String>,
    /// How sure, from `score`.
    pub confidence: Confidence,
    /// 0 to 1.
    pub score: f64,
    /// One sentence: why.
    pub reason: String,
    /// Numbers of the evidence that supports it.
    pub evidence: Vec<u32>,
    /// One sentence: what confirms it and what refutes it; empty in what older versions stored.
    #[serde(default)]
    pub check: String,
}

/// What a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// A pattern with its counts.
    Template,
    /// One record.
    Record,
    /// An anomaly.
    Anomaly,
    /// A change event.
    Change,
    /// A metric.
    Metric,
    /// A computed number.
    Fact,
    /// A pattern near to what was asked: it is shown beside an answer, and counted nowhere in it.
    Related,
}

/// Something that a sentence can cite as `[number]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// From 1, unique in its summary or answer.
    pub number: u32,
    /// What it is.
    pub kind: EvidenceKind,
    /// One line for people; from code and records, never from a model.
    pub text: String,
    /// The service it came from.
    pub service: Option<String>,
    /// The worst severity in it.
    pub severity: Severity,
    /// Records behind it.
    pub count: u64,
    /// Records that would have been usual in the same time, when known.
    pub expected: Option<f64>,
    /// The pattern, when it is one.
    pub template_id: Option<TemplateId>,
    /// Sample records.
    pub record_ids: Vec<RecordId>,
    /// First instant, unix nanoseconds UTC.
    pub first_at_ns: i64,
    /// Last instant, unix nanoseconds UTC.
    pub last_at_ns: i64,
}

/// A sentence and the evidence behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Without the `[n]` marks.
    pub text: String,
    /// Numbers of existing evidence.
    pub citations: Vec<u32>,
}

/// Who wrote a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SummaryAuthor {
    /// Code, out of the facts.
    Rules,
    /// A model phrased it and the verifier accepted it.
    Model {
        /// The model's name.
        name: String,
    },
    /// A model tried, its text was dropped, and code wrote what is shown.
    RulesAfterRejection {
        /// The model's name.
        name: String,
        /// Why its text was dropped.
        reason: String,
    },
}

/// An older incident that looks alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimilarIncident {
    /// Its id.
    pub id: IncidentId,
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// 0 to 1.
    pub similarity: f64,
    /// When it was opened.
    pub opened_at_ns: i64,
}

/// What is known about an incident, for a person who was just woken up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// One line.
    pub headline: String,
    /// Two to five sentences, each cited.
    pub what_happened: Vec<Sentence>,
    /// Who and what is affected, in numbers.
    pub impact: Vec<Sentence>,
    /// In order of time.
    pub timeline: Vec<TimelineEntry>,
    /// Most likely first.
    pub suspects: Vec<Suspect>,
    /// What to do next; from the catalogue of runbook steps, never from log text.
    pub next_steps: Vec<String>,
    /// Older incidents that look alike.
    pub similar: Vec<SimilarIncident>,
    /// What the sentences cite.
    pub evidence: Vec<Evidence>,
    /// Who wrote headline and sentences.
    pub author: SummaryAuthor,
    /// When it was written, unix nanoseconds UTC.
    pub written_at_ns: i64,
}
