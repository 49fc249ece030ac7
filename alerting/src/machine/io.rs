//! What goes into the machine and what comes out.

use std::collections::BTreeMap;

use domain::{
    Anomaly, AnomalyId, DeliveryId, Incident, IncidentId, Notification, TemplateId, TimelineEntry,
};
use serde::{Deserialize, Serialize};

use crate::policy::PolicyId;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "input")]
pub enum Input {
    /// The engine computed the value of one condition. Send nothing when the data could not be read.
    Evaluation(Evaluation),
    /// A detector found something. The same anomaly may be sent again, for example with a later `join`.
    AnomalyOpened {
        /// The anomaly, with its id.
        anomaly: Box<Anomaly>,
        /// The incident it belongs to, when correlation found one.
        join: Option<IncidentId>,
    },
    /// A detector found something that belongs to an open incident.
    AnomalyJoins {
        /// The anomaly, with its id.
        anomaly: Box<Anomaly>,
        /// The incident.
        incident_id: IncidentId,
        /// Why it belongs there, in a few words; a line of the timeline tells it.
        reason: String,
    },
    /// Two open incidents are one: `from` ends, and all of it becomes part of `into`.
    Merge {
        /// The one that ends.
        from: IncidentId,
        /// The one that goes on.
        into: IncidentId,
        /// Why, in a few words.
        reason: String,
        /// Who wants it; `None` when correlation does.
        by: Option<String>,
    },
    /// Some anomalies of an open incident, not all, are an incident of their own.
    Split {
        /// The incident.
        incident_id: IncidentId,
        /// What leaves it.
        moved: Vec<Anomaly>,
        /// Services of what stays.
        kept_services: Vec<String>,
        /// Patterns of what stays.
        kept_templates: Vec<TemplateId>,
        /// Why, in a few words.
        reason: String,
        /// Who wants it.
        by: Option<String>,
    },
    /// A detector says that it is over.
    AnomalyEnded {
        /// The anomaly.
        anomaly_id: AnomalyId,
    },
    /// A person takes the incident.
    Acknowledge {
        /// The incident.
        incident_id: IncidentId,
        /// Who.
        by: String,
    },
    /// A person ends the incident.
    Resolve {
        /// The incident.
        incident_id: IncidentId,
        /// Who.
        by: String,
    },
    /// A channel accepted a message.
    Delivered {
        /// The message.
        delivery_id: DeliveryId,
    },
    /// A channel did not accept a message.
    DeliveryFailed {
        /// The message.
        delivery_id: DeliveryId,
        /// True when it will not be tried again.
        permanent: bool,
        /// Why, one line without secrets.
        reason: String,
    },
    /// Time went by. Send one when a wake-up is due, and after a start.
    Tick,
}

/// One complete round of one condition: every series that has data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The policy.
    pub policy_id: PolicyId,
    /// Index into its conditions.
    pub condition: usize,
    /// One per series or group. A series that fired and is missing here counts as 0 for log counts and as
    /// no data for metrics.
    pub readings: Vec<Reading>,
}

/// The value of one series.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// The `group_by` labels of the series; empty when the condition is not grouped.
    pub labels: BTreeMap<String, String>,
    /// The value; `None` when there was no data (for counts the same as 0).
    pub value: Option<f64>,
    /// One sentence with the numbers; `""`: the machine writes one.
    pub reason: String,
    /// When the first symptom was seen, unix nanoseconds.
    pub started_at_ns: Option<i64>,
    /// Services behind the value, most affected first.
    pub services: Vec<String>,
    /// Patterns behind the value.
    pub template_ids: Vec<TemplateId>,
    /// An open incident that this belongs to, when correlation found one.
    pub join: Option<IncidentId>,
}

/// Something to do. All of them may be done again after a crash; ids stay the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// Insert this incident. `summary` is always `None`.
    OpenIncident {
        /// The document.
        incident: Box<Incident>,
    },
    /// Replace this incident, but keep the summary that the store has: here it is always `None`.
    UpdateIncident {
        /// The document.
        incident: Box<Incident>,
    },
    /// Append to an incident's timeline.
    Timeline {
        /// The incident.
        incident_id: IncidentId,
        /// The line.
        entry: TimelineEntry,
    },
    /// Queue a message. Summary, suspects, next steps and link are empty: fill them in when it is sent.
    Notify {
        /// The skeleton; its id is the idempotency key.
        notification: Box<Notification>,
        /// Whether somebody is woken up: goes first, and its retry schedule is the tight one.
        page: bool,
    },
    /// Take a queued message out of the queue; if it was sent in the meantime, report that as usual.
    CancelDelivery {
        /// The message.
        delivery_id: DeliveryId,
    },
    /// Write the incident's summary anew.
    Summarise {
        /// The incident.
        incident_id: IncidentId,
    },
    /// Send a [`Input::Tick`] at this instant, instead of the wake-up asked for before.
    ScheduleWake {
        /// Unix nanoseconds, later than now.
        at_ns: i64,
    },
}
