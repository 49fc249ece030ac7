//! The state machine: evaluations, anomalies, people and receipts in; incidents, timelines and messages out.

use std::collections::BTreeMap;

use domain::{ProjectId, Severity};

use crate::policy::{Policy, PolicyId};

mod alerts;
mod anomalies;
mod deliveries;
mod evaluate;
mod facts;
mod fire;
mod ids;
mod incidents;
mod io;
mod regroup;
mod state;
mod turn;
mod workflow;

pub use io::{Effect, Evaluation, Input, Reading};
pub use state::State;

/// The name of the built-in policy: incidents out of anomalies that no policy speaks of.
pub const DEFAULT_POLICY: &str = "default";
/// Opened and escalated messages per incident between two resolutions; further ones are dropped with a timeline
/// line. Acknowledgements and resolutions are always told.
pub const MAX_TRIGGERS_PER_INCIDENT: u32 = 50;
/// Open incidents per project; what would open more is collected in one incident per policy.
pub const MAX_OPEN_INCIDENTS: usize = 500;
/// Series of one policy that are pending or firing at once; further ones share one alert.
pub const MAX_SERIES_PER_POLICY: usize = 1_000;

/// When an anomaly that no policy speaks of opens an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyGate {
    /// False: only policies open incidents.
    pub enabled: bool,
    /// At least this score, 0 to 1.
    pub min_score: f64,
    /// At least this log severity, for anomalies of logs.
    pub min_severity: Severity,
    /// At least this score for anomalies of warnings, where the severity asked for is higher: a thousand failed logins are
    /// warnings.
    pub min_warning_score: f64,
    /// At least this score for anomalies without a log severity (metrics).
    pub min_metric_score: f64,
}

impl Default for AnomalyGate {
    fn default() -> Self {
        Self {
            enabled: true,
            min_score: 0.7,
            min_severity: Severity::Error,
            min_warning_score: 0.8,
            min_metric_score: 0.9,
        }
    }
}

/// What the operator sets for a project. Durations are nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Told by the built-in policy, and the last resort when every step of a workflow failed for good.
    pub default_receivers: Vec<String>,
    /// When an anomaly alone opens an incident.
    pub gate: AnomalyGate,
    /// How long an incident with anomalies must be quiet before it resolves by itself; 10 minutes.
    pub quiet_for_ns: i64,
    /// A trigger this soon after the resolution re-opens the incident instead of a new one; 10 minutes.
    pub reopen_grace_ns: i64,
    /// When a person resolves an incident whose condition still holds, it is re-opened after this; 30 minutes.
    pub hold_after_resolve_ns: i64,
    /// An anomaly that nobody ended is taken as ended after this; 24 hours.
    pub anomaly_lifetime_ns: i64,
}

impl Default for Settings {
    fn default() -> Self {
        const MINUTE: i64 = domain::NANOS_PER_MINUTE;
        Self {
            default_receivers: Vec::new(),
            gate: AnomalyGate::default(),
            quiet_for_ns: 10 * MINUTE,
            reopen_grace_ns: 10 * MINUTE,
            hold_after_resolve_ns: 30 * MINUTE,
            anomaly_lifetime_ns: 24 * 60 * MINUTE,
        }
    }
}

/// The rules of one project: policies and settings. Holds no state; make a new one when a policy changes.
#[derive(Debug, Clone)]
pub struct Machine {
    project_id: ProjectId,
    policies: BTreeMap<PolicyId, Policy>,
    settings: Settings,
}

impl Machine {
    /// The rules out of the policies that are switched on. Of two policies with one id the first counts
    /// (see [`crate::duplicate_policies`]).
    #[must_use]
    pub fn new(project_id: ProjectId, policies: Vec<Policy>, settings: Settings) -> Self {
        let mut by_id = BTreeMap::new();
        for policy in policies.into_iter().filter(|policy| policy.enabled) {
            by_id.entry(policy.id.clone()).or_insert(policy);
        }
        Self {
            project_id,
            policies: by_id,
            settings,
        }
    }

    /// The policies that the engine has to evaluate, by id.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.values()
    }

    /// One policy.
    #[must_use]
    pub fn policy(&self, id: &PolicyId) -> Option<&Policy> {
        self.policies.get(id)
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Takes one input at an instant (unix nanoseconds) and says what to do. Deterministic: the same state, input
    /// and instant give the same effects with the same ids, so a step that was not committed can be repeated.
    ///
    /// Effects come incident documents first. Store state and effects in one transaction. An input about an
    /// incident or delivery that is not known has no effect.
    pub fn step(&self, state: &mut State, input: Input, now_ns: i64) -> Vec<Effect> {
        turn::Turn::begin(self, state, now_ns).take(input)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
