//! What is sent to people.

use serde::{Deserialize, Serialize};

use crate::{DeliveryId, IncidentId, IncidentSeverity, IncidentState, ProjectId, Suspect};

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationKind {
    /// The incident was opened.
    Opened,
    /// Nobody took it in time; the next step begins.
    Escalated,
    /// Somebody took it.
    Acknowledged,
    /// It is over.
    Resolved,
    /// A person pressed "test".
    Test,
}

impl NotificationKind {
    /// The snake_case word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Escalated => "escalated",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

/// One message to one receiver, in no channel's format yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// The same on every retry: the idempotency key.
    pub id: DeliveryId,
    /// The tenant.
    pub project_id: ProjectId,
    /// The incident it is about.
    pub incident_id: IncidentId,
    /// Its number for people.
    pub incident_number: i64,
    /// The configured receiver, for example `slack:#ops` or `pagerduty:service-id`.
    pub receiver: String,
    /// Why it is sent.
    pub kind: NotificationKind,
    /// The state of the incident at the time.
    pub state: IncidentState,
    /// How urgent.
    pub severity: IncidentSeverity,
    /// One line.
    pub headline: String,
    /// The story in a few sentences, with `[n]` marks; empty when there is none yet.
    pub summary: String,
    /// Name and value pairs: counts, thresholds, services.
    pub facts: Vec<(String, String)>,
    /// Root-cause candidates, most likely first.
    pub suspects: Vec<Suspect>,
    /// What to do next.
    pub next_steps: Vec<String>,
    /// Address of the incident's page.
    pub link: Option<String>,
    /// What a paging service deduplicates by (at most 255 characters).
    pub dedup_key: String,
    /// When the incident began, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// Anomalies of the incident, which people may call useful or noise; 0 when only rules speak for it.
    #[serde(default)]
    pub anomalies: usize,
}
