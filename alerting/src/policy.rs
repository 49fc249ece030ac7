//! Policies: when something counts as a problem, and who is told in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::IncidentSeverity;
use serde::{Deserialize, Serialize};

mod check;
mod compatibility;
mod condition;
mod explain;
mod hint;
mod node;
mod read;
mod read_condition;
mod read_workflow;
mod yaml;

pub use check::{PolicyProblem, duplicate_policies, unknown_receivers};
pub use compatibility::{Note, compatibility_notes};
pub use condition::{
    Absence, Aggregation, AnomalyCondition, Comparison, Condition, EventCondition, LogCount,
    MetricThreshold, NewTemplate, Op,
};
pub use read::parse_policies;

/// What names a policy: `id:` of its document, or its name in lowercase with dashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyId(pub String);

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One policy. All durations are nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its id, unique per project.
    pub id: PolicyId,
    /// Its name for people, at most 200 characters.
    pub name: String,
    /// False when it is written down but not evaluated.
    pub enabled: bool,
    /// How urgent its incidents are; `error` when the document does not say.
    pub severity: IncidentSeverity,
    /// Labels that every incident of it carries as facts.
    pub labels: BTreeMap<String, String>,
    /// Texts for people, for example `runbook_url`; may hold `{{ placeholders }}`.
    pub annotations: BTreeMap<String, String>,
    /// Title of its incidents; may hold `{{ placeholders }}`. `None`: name and series labels.
    pub title: Option<String>,
    /// How several conditions are joined.
    pub matches: Match,
    /// 1 to 20 conditions.
    pub conditions: Vec<Condition>,
    /// How often the engine evaluates it; 1 minute when the document does not say.
    pub every_ns: i64,
    /// How far behind now the engine evaluates, so that late data counts; 0 by default.
    pub delay_ns: i64,
    /// How long the conditions must hold before the alert fires (pending).
    pub for_ns: i64,
    /// How long the conditions must be clear before the alert ends (recovering).
    pub keep_firing_for_ns: i64,
    /// What a metric without data means.
    pub no_data: NoData,
    /// How long [`NoData::Keep`] keeps: after that, no data counts as clear. 1 hour by default.
    pub no_data_for_ns: i64,
    /// What makes two alerts one incident; may hold `{{ placeholders }}`. `None`: policy id and series labels.
    pub dedup_key: Option<String>,
    /// Who is told, in order; at most 50 steps.
    pub workflow: Vec<Step>,
    /// Line of its document, from 1; 0 when it was not read from a text.
    #[serde(default)]
    pub line: usize,
}

/// How several conditions are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Every condition must hold.
    #[default]
    All,
    /// One is enough.
    Any,
}

/// What a metric without data means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    /// The condition does not hold.
    Ok,
    /// The condition holds.
    Alert,
    /// The condition stays as it was, for at most `no_data_for`.
    #[default]
    Keep,
    /// The condition stays as it was, without end.
    Ignore,
}

/// One step of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    pub verb: Verb,
    /// Nanoseconds after the previous step began (after the incident was opened, for the first).
    pub after_ns: i64,
    /// Whether it was written as `escalate_after`.
    pub escalation: bool,
    /// Receivers `kind:name`; empty for [`Verb::Wait`].
    pub receivers: Vec<String>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Tell; nobody is expected to answer.
    Notify,
    /// Wake somebody up: when it cannot be delivered, the next step begins at once.
    Page,
    /// Do nothing until the next step.
    Wait,
}

impl Step {
    /// Whether a message of this step to a receiver is a page: said so, or a receiver that wakes people.
    pub(crate) fn is_page(&self, receiver: &str) -> bool {
        self.verb == Verb::Page || matches!(receiver.split(':').next(), Some("pagerduty" | "sms"))
    }
}

impl Policy {
    /// The canonical YAML: what `vigil policy fmt` prints. Reading it gives an equal policy.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        yaml::to_yaml(self)
    }

    /// What the policy does, for people: conditions, then `T+0 slack:#ops`, `T+10m pagerduty:...`.
    #[must_use]
    pub fn explain(&self) -> String {
        explain::explain(self)
    }

    /// Every receiver that the workflow names, sorted.
    #[must_use]
    pub fn receivers(&self) -> BTreeSet<&str> {
        self.workflow
            .iter()
            .flat_map(|step| step.receivers.iter().map(String::as_str))
            .collect()
    }
}

pub(crate) fn word_of<T: PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words
        .iter()
        .find(|(_, other)| *other == value)
        .map_or("", |(word, _)| *word)
}

#[cfg(test)]
mod tests;
