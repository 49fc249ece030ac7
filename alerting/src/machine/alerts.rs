//! Alerts: one per series of a policy; pending, firing, recovering.

use std::collections::BTreeMap;

use domain::{IncidentId, TimelineKind};

use super::Settings;
use super::ids;
use super::state::{Alert, Phase, State};
use super::turn::Turn;
use crate::policy::{Condition, Match, Policy};

/// Whether the machine knows the verdict of every condition at any time: policies of anomalies alone.
pub(crate) fn is_judged_here(policy: &Policy) -> bool {
    policy
        .conditions
        .iter()
        .all(|condition| matches!(condition, Condition::Anomaly(_)))
}

/// Whether a condition counts for every series of its policy.
pub(crate) fn is_shared(policy: &Policy, condition: &Condition) -> bool {
    policy.matches == Match::All
        && condition.group_by().is_empty()
        && policy
            .conditions
            .iter()
            .any(|other| !other.group_by().is_empty())
}

impl Turn<'_> {
    /// Moves an alert through its phases.
    pub fn recheck(&mut self, policy: &Policy, key: &str) {
        let now = self.now;
        let Some(alert) = self.state.alerts.get(key) else {
            return;
        };
        let holds = self.holds(policy, alert);
        let incident_is_open = alert
            .incident_id
            .and_then(|id| self.state.incidents.get(&id))
            .is_some_and(|tracked| tracked.is_open());
        let held = alert.held_until_ns.is_some_and(|until| now < until);
        let (next, fires) = match (alert.phase, holds) {
            (Phase::Idle, true) if policy.for_ns == 0 => (Phase::Firing { since_ns: now }, true),
            (Phase::Idle, true) => (Phase::Pending { since_ns: now }, false),
            (Phase::Pending { since_ns }, true) if now - since_ns >= policy.for_ns => {
                (Phase::Firing { since_ns }, true)
            }
            (Phase::Firing { since_ns } | Phase::Recovering { since_ns, .. }, true) => {
                (Phase::Firing { since_ns }, !incident_is_open && !held)
            }
            (Phase::Firing { since_ns }, false) if policy.keep_firing_for_ns > 0 => (
                Phase::Recovering {
                    since_ns,
                    clear_since_ns: now,
                },
                false,
            ),
            (Phase::Recovering { clear_since_ns, .. }, false)
                if now - clear_since_ns < policy.keep_firing_for_ns =>
            {
                (alert.phase, false)
            }
            (Phase::Firing { .. } | Phase::Recovering { .. }, false) => {
                self.recover(policy, key);
                return;
            }
            (phase @ Phase::Pending { .. }, true) => (phase, false),
            (Phase::Idle | Phase::Pending { .. }, false) => (Phase::Idle, false),
        };
        let keep = next != Phase::Idle || alert.verdicts.values().any(|verdict| verdict.holds);
        if !keep {
            self.state.alerts.remove(key);
            return;
        }
        if let Some(alert) = self.state.alerts.get_mut(key) {
            alert.phase = next;
        }
        if fires {
            self.fire(policy, key);
        }
    }

    fn holds(&self, policy: &Policy, alert: &Alert) -> bool {
        let one = |(index, condition): (usize, &Condition)| match condition {
            Condition::Anomaly(condition) => self
                .matching_anomalies(condition, &alert.labels)
                .next()
                .is_some(),
            _ if is_shared(policy, condition) => self
                .state
                .shared
                .get(&policy.id)
                .and_then(|verdicts| verdicts.get(&index))
                .is_some_and(|verdict| verdict.holds),
            _ => alert
                .verdicts
                .get(&index)
                .is_some_and(|verdict| verdict.holds),
        };
        let mut conditions = policy.conditions.iter().enumerate();
        match policy.matches {
            Match::All => conditions.all(one),
            Match::Any => conditions.any(one),
        }
    }

    fn recover(&mut self, policy: &Policy, key: &str) {
        let Some(alert) = self.state.alerts.remove(key) else {
            return;
        };
        let Some(id) = alert.incident_id else { return };
        let open = self
            .state
            .incidents
            .get(&id)
            .is_some_and(|tracked| tracked.is_open());
        if open {
            let series = spaced(&ids::label_text(&alert.labels));
            let text = format!("{}{series} is clear again", policy.name);
            self.timeline(id, TimelineKind::Alert, text, None);
        }
    }

    /// What needs no evaluation: alerts of policies that are gone, recoveries whose time is over, and policies of
    /// anomalies alone.
    pub fn settle_alerts(&mut self) {
        let machine = self.machine;
        let keys: Vec<String> = self.state.alerts.keys().cloned().collect();
        for key in keys {
            let Some(alert) = self.state.alerts.get(&key) else {
                continue;
            };
            match machine.policies.get(&alert.policy_id) {
                None => self.orphan(&key),
                Some(policy) if is_judged_here(policy) => self.recheck(policy, &key),
                Some(policy) if matches!(alert.phase, Phase::Recovering { .. }) => {
                    self.recheck(policy, &key);
                }
                Some(_) => {}
            }
        }
        self.state
            .shared
            .retain(|id, _| machine.policies.contains_key(id));
    }

    fn orphan(&mut self, key: &str) {
        let Some(alert) = self.state.alerts.remove(key) else {
            return;
        };
        if let Some(id) = alert.incident_id {
            let text = format!(
                "the policy '{}' was removed or switched off",
                alert.policy_id
            );
            self.timeline(id, TimelineKind::Alert, text, None);
        }
    }

    /// A person resolved the incident: what still holds is left in peace for a while.
    pub fn hold_alerts(&mut self, id: IncidentId, settings: &Settings) {
        let until = self.now.saturating_add(settings.hold_after_resolve_ns);
        for alert in self.state.alerts.values_mut() {
            if alert.incident_id == Some(id) && alert.phase.is_live() {
                alert.held_until_ns = Some(until);
            }
        }
    }
}

pub(crate) fn alert_entry<'a>(
    state: &'a mut State,
    policy: &Policy,
    key: &str,
    labels: &BTreeMap<String, String>,
) -> &'a mut Alert {
    state.alerts.entry(key.to_owned()).or_insert_with(|| Alert {
        policy_id: policy.id.clone(),
        labels: labels.clone(),
        verdicts: BTreeMap::new(),
        phase: Phase::Idle,
        services: Vec::new(),
        template_ids: Vec::new(),
        started_at_ns: None,
        join: None,
        incident_id: None,
        held_until_ns: None,
    })
}

pub(crate) fn spaced(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" {text}")
    }
}

pub(crate) fn earliest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Adds what is not there yet, up to a limit.
pub(crate) fn merge<T: PartialEq>(into: &mut Vec<T>, from: Vec<T>, limit: usize) {
    for item in from {
        if into.len() < limit && !into.contains(&item) {
            into.push(item);
        }
    }
}
