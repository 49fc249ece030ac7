//! What the machine remembers between two inputs.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AnomalyId, AnomalyKind, DeliveryId, Incident, IncidentId, IncidentSeverity, IncidentState,
    NotificationKind, Severity, TemplateId,
};
use serde::{Deserialize, Serialize};

use crate::StateError;
use crate::policy::{PolicyId, Step};

/// Grows when the shape changes in a way that older programs cannot read.
const VERSION: u64 = 1;

/// The state of one project: pending and firing alerts, incidents that are open or were just resolved, active
/// anomalies. A few kilobytes per open incident; store it as one document.
///
/// All timers are absolute instants, so a restart changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    version: u64,
    /// The latest instant seen.
    pub(crate) clock_ns: i64,
    pub(crate) wake_at_ns: Option<i64>,
    pub(crate) next_number: i64,
    pub(crate) alerts: BTreeMap<String, Alert>,
    /// Verdicts of conditions without `group_by` in policies that also have grouped ones.
    pub(crate) shared: BTreeMap<PolicyId, BTreeMap<usize, Verdict>>,
    pub(crate) incidents: BTreeMap<IncidentId, Tracked>,
    pub(crate) anomalies: BTreeMap<AnomalyId, ActiveAnomaly>,
}

/// One series of one policy that is pending, firing or recovering.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alert {
    pub policy_id: PolicyId,
    pub labels: BTreeMap<String, String>,
    /// By index of the condition.
    pub verdicts: BTreeMap<usize, Verdict>,
    pub phase: Phase,
    pub services: Vec<String>,
    pub template_ids: Vec<TemplateId>,
    pub started_at_ns: Option<i64>,
    pub join: Option<IncidentId>,
    pub incident_id: Option<IncidentId>,
    /// Set when a person resolved the incident while the condition still held.
    pub held_until_ns: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Some conditions hold, not enough of them.
    Idle,
    /// Holds, but not long enough yet.
    Pending { since_ns: i64 },
    /// Part of an incident.
    Firing { since_ns: i64 },
    /// Clear, but not long enough yet.
    Recovering { since_ns: i64, clear_since_ns: i64 },
}

impl Phase {
    pub fn is_live(self) -> bool {
        matches!(self, Self::Firing { .. } | Self::Recovering { .. })
    }
}

/// What the latest evaluation said of one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub holds: bool,
    #[serde(with = "exact")]
    pub value: Option<f64>,
    pub reason: String,
    pub no_data_since_ns: Option<i64>,
}

/// An anomaly that is not over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ActiveAnomaly {
    pub kind: AnomalyKind,
    pub service: Option<String>,
    pub severity: Severity,
    #[serde(with = "exact::plain")]
    pub score: f64,
    pub reason: String,
    pub template_id: Option<TemplateId>,
    pub started_at_ns: i64,
    /// When the machine heard of it.
    pub opened_at_ns: i64,
    pub incident_id: Option<IncidentId>,
    /// Its incident was resolved by a person while it lasted.
    pub dismissed: bool,
}

/// An incident and what is under way for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracked {
    pub incident: Incident,
    /// Dedup keys that lead here while it is open.
    pub keys: BTreeSet<String>,
    pub runs: Vec<Run>,
    pub deliveries: BTreeMap<DeliveryId, Sent>,
    /// Counts re-openings.
    pub generation: u32,
    /// Counts messages, for their ids.
    pub sequence: u32,
    /// Opened and escalated messages of this generation.
    pub triggers: u32,
    pub timeline_lines: u32,
    pub quiet_since_ns: Option<i64>,
    pub summarised_at_ns: Option<i64>,
    pub summarise_due_ns: Option<i64>,
    /// How severe it was when it was acknowledged.
    pub acknowledged_severity: IncidentSeverity,
    /// When the latest alert or anomaly joined; 0 in states of versions that did not note it.
    #[serde(default)]
    pub symptom_at_ns: i64,
    /// Incidents that somebody parted from this one.
    #[serde(default)]
    pub apart: BTreeSet<IncidentId>,
}

impl Tracked {
    pub fn is_open(&self) -> bool {
        self.incident.state != IncidentState::Resolved
    }
}

/// A workflow under way: the steps are those of the moment it began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub policy_id: PolicyId,
    pub policy_name: String,
    pub steps: Vec<Step>,
    /// Index of the next step.
    pub next: usize,
    /// When it begins; `None` when the run is over or stands still.
    pub due_at_ns: Option<i64>,
    pub began_at_ns: i64,
    /// Annotations and labels of the policy, rendered.
    pub facts: Vec<(String, String)>,
}

/// A message that was queued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub receiver: String,
    pub kind: NotificationKind,
    pub generation: u32,
    /// Run and step it belongs to; `None` for the last resort and for acknowledgements and resolutions.
    pub origin: Option<(usize, usize)>,
    pub page: bool,
    pub severity: IncidentSeverity,
    pub status: SentStatus,
    /// A temporary failure was already written to the timeline.
    pub complained: bool,
    pub at_ns: i64,
}

impl Sent {
    /// Whether it tells of the incident (and is not an acknowledgement or a resolution).
    pub fn is_trigger(&self) -> bool {
        matches!(
            self.kind,
            NotificationKind::Opened | NotificationKind::Escalated
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SentStatus {
    Pending,
    Delivered,
    Failed,
    Cancelled,
}

impl State {
    /// An empty state; the first incident gets `first_number` (at least 1).
    #[must_use]
    pub fn new(first_number: i64) -> Self {
        Self {
            version: VERSION,
            clock_ns: i64::MIN,
            wake_at_ns: None,
            next_number: first_number.max(1),
            alerts: BTreeMap::new(),
            shared: BTreeMap::new(),
            incidents: BTreeMap::new(),
            anomalies: BTreeMap::new(),
        }
    }

    /// The document to store.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("the state has text keys only and no failing serialiser")
    }

    /// Reads a stored document.
    ///
    /// # Errors
    /// Fails on another version and on anything that is not a state.
    pub fn from_json(text: &str) -> Result<Self, StateError> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
        }
        let malformed = |error: serde_json::Error| StateError::Malformed(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(malformed)?;
        if head.version != VERSION {
            return Err(StateError::Version {
                found: head.version,
                supported: VERSION,
            });
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// An incident that is open, acknowledged or was resolved a short while ago. Without summary.
    #[must_use]
    pub fn incident(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id).map(|tracked| &tracked.incident)
    }

    /// Incidents that are not resolved, for correlation.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents
            .values()
            .filter(|tracked| tracked.is_open())
            .map(|tracked| &tracked.incident)
    }

    /// When the latest alert or anomaly became part of an incident, unix nanoseconds.
    #[must_use]
    pub fn last_symptom_at_ns(&self, id: IncidentId) -> Option<i64> {
        let tracked = self.incidents.get(&id)?;
        Some(tracked.symptom_at_ns.max(tracked.incident.opened_at_ns))
    }

    /// Anomalies that are not over.
    pub fn active_anomalies(&self) -> impl Iterator<Item = AnomalyId> {
        self.anomalies.keys().copied()
    }

    /// Whether a message was taken back ([`crate::Effect::CancelDelivery`]): it must not be sent any more.
    #[must_use]
    pub fn is_cancelled(&self, delivery_id: DeliveryId) -> bool {
        self.incidents.values().any(|tracked| {
            tracked
                .deliveries
                .get(&delivery_id)
                .is_some_and(|sent| sent.status == SentStatus::Cancelled)
        })
    }

    /// When the machine wants the next [`crate::Input::Tick`], unix nanoseconds; send one at once after a start
    /// when this has passed.
    #[must_use]
    pub fn next_wake_ns(&self) -> Option<i64> {
        self.wake_at_ns
    }

    /// Alerts by phase: (pending, firing, recovering), for `/metrics`.
    #[must_use]
    pub fn alert_counts(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Phase) -> bool| {
            self.alerts
                .values()
                .filter(|alert| wanted(&alert.phase))
                .count()
        };
        (
            count(|phase| matches!(phase, Phase::Pending { .. })),
            count(|phase| matches!(phase, Phase::Firing { .. })),
            count(|phase| matches!(phase, Phase::Recovering { .. })),
        )
    }

    /// Moves every timer by `delta_ns`: the machine's clock was set back.
    pub(crate) fn shift(&mut self, delta_ns: i64) {
        let shift = |at: &mut i64| *at = at.saturating_add(delta_ns);
        for alert in self.alerts.values_mut() {
            match &mut alert.phase {
                Phase::Idle => {}
                Phase::Pending { since_ns } | Phase::Firing { since_ns } => shift(since_ns),
                Phase::Recovering {
                    since_ns,
                    clear_since_ns,
                } => {
                    shift(since_ns);
                    shift(clear_since_ns);
                }
            }
            alert.held_until_ns.iter_mut().for_each(shift);
            let verdicts = alert.verdicts.values_mut();
            verdicts
                .filter_map(|v| v.no_data_since_ns.as_mut())
                .for_each(shift);
        }
        let shared = self.shared.values_mut().flat_map(BTreeMap::values_mut);
        shared
            .filter_map(|v| v.no_data_since_ns.as_mut())
            .for_each(shift);
        for tracked in self.incidents.values_mut() {
            tracked.runs.iter_mut().for_each(|run| {
                shift(&mut run.began_at_ns);
                run.due_at_ns.iter_mut().for_each(shift);
            });
            tracked.quiet_since_ns.iter_mut().for_each(shift);
            tracked.summarised_at_ns.iter_mut().for_each(shift);
            tracked.summarise_due_ns.iter_mut().for_each(shift);
            shift(&mut tracked.symptom_at_ns);
            tracked.incident.resolved_at_ns.iter_mut().for_each(shift);
        }
        self.anomalies
            .values_mut()
            .for_each(|anomaly| shift(&mut anomaly.opened_at_ns));
        self.wake_at_ns.iter_mut().for_each(shift);
    }
}

/// Numbers as text: `serde_json` reads numbers back with an error in the last digit, and a restart must not
/// change anything.
mod exact {
    /// The same for a number that is always there.
    pub mod plain {
        use serde::{Deserializer, Serializer};

        pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
            super::serialize(&Some(*value), serializer)
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
            Ok(super::deserialize(deserializer)?.unwrap_or_default())
        }
    }

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value
            .map(|value| format!("{value:?}"))
            .serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}
