//! Values of the engine become verdicts.

use std::collections::{BTreeMap, BTreeSet};

use super::MAX_SERIES_PER_POLICY;
use super::alerts::{alert_entry, earliest, is_shared, merge};
use super::ids;
use super::io::{Evaluation, Reading};
use super::state::Verdict;
use super::turn::Turn;
use crate::policy::{Condition, NoData, Policy};

const MAX_REASON: usize = 300;
const MAX_LABEL_VALUE: usize = 200;
const MAX_EVIDENCE: usize = 50;
const NO_DATA: &str = "no data";

impl Turn<'_> {
    pub fn evaluation(&mut self, evaluation: Evaluation) {
        let machine = self.machine;
        let Some(policy) = machine.policies.get(&evaluation.policy_id) else {
            return;
        };
        let Some(condition) = policy.conditions.get(evaluation.condition) else {
            return;
        };
        if matches!(condition, Condition::Anomaly(_)) {
            return;
        }
        let index = evaluation.condition;
        let mut readings = evaluation.readings;
        if readings.is_empty() && condition.group_by().is_empty() {
            readings.push(Reading::default());
        }
        if is_shared(policy, condition) {
            let reading = readings.into_iter().next().unwrap_or_default();
            let verdicts = self.state.shared.get(&policy.id);
            let before = verdicts.and_then(|verdicts| verdicts.get(&index));
            let verdict = judge(policy, condition, &reading, before, false, self.now);
            self.state
                .shared
                .entry(policy.id.clone())
                .or_default()
                .insert(index, verdict);
        } else {
            let mut seen = BTreeSet::new();
            for reading in readings {
                seen.insert(self.read_series(policy, index, condition, reading));
            }
            self.miss_series(policy, index, condition, &seen);
        }
        for key in self.keys_of(policy) {
            self.recheck(policy, &key);
        }
    }

    fn series_of(&self, policy: &Policy) -> usize {
        let alerts = self.state.alerts.values();
        alerts.filter(|alert| alert.policy_id == policy.id).count()
    }

    fn keys_of(&self, policy: &Policy) -> Vec<String> {
        let alerts = self
            .state
            .alerts
            .iter()
            .filter(|(_, alert)| alert.policy_id == policy.id);
        alerts.map(|(key, _)| key.clone()).collect()
    }

    /// Takes the value of one series; gives back the key of its alert.
    fn read_series(
        &mut self,
        policy: &Policy,
        index: usize,
        condition: &Condition,
        mut reading: Reading,
    ) -> String {
        for value in reading.labels.values_mut() {
            *value = value.chars().take(MAX_LABEL_VALUE).collect();
        }
        let mut key = ids::alert_key(&policy.id, &reading.labels);
        if !self.state.alerts.contains_key(&key) && self.series_of(policy) >= MAX_SERIES_PER_POLICY
        {
            let note = format!("more than {MAX_SERIES_PER_POLICY}");
            reading.labels = BTreeMap::from([("series".to_owned(), note)]);
            key = ids::alert_key(&policy.id, &reading.labels);
        }
        let known = self.state.alerts.get(&key);
        let firing = known.is_some_and(|alert| alert.phase.is_live());
        let before = known.and_then(|alert| alert.verdicts.get(&index));
        let verdict = judge(policy, condition, &reading, before, firing, self.now);
        if known.is_none() && !verdict.holds {
            return key;
        }
        let alert = alert_entry(self.state, policy, &key, &reading.labels);
        alert.verdicts.insert(index, verdict);
        alert.join = reading.join.or(alert.join);
        alert.started_at_ns = earliest(alert.started_at_ns, reading.started_at_ns);
        merge(&mut alert.services, reading.services, MAX_EVIDENCE);
        merge(&mut alert.template_ids, reading.template_ids, MAX_EVIDENCE);
        key
    }

    /// Series that are known but not in this round.
    fn miss_series(
        &mut self,
        policy: &Policy,
        index: usize,
        condition: &Condition,
        seen: &BTreeSet<String>,
    ) {
        for key in self.keys_of(policy) {
            if seen.contains(&key) {
                continue;
            }
            let Some(alert) = self.state.alerts.get_mut(&key) else {
                continue;
            };
            if let Some(before) = alert.verdicts.get(&index) {
                let firing = alert.phase.is_live();
                let nothing = Reading::default();
                let verdict = judge(policy, condition, &nothing, Some(before), firing, self.now);
                alert.verdicts.insert(index, verdict);
            }
        }
    }
}

fn judge(
    policy: &Policy,
    condition: &Condition,
    reading: &Reading,
    before: Option<&Verdict>,
    firing: bool,
    now: i64,
) -> Verdict {
    let value = match reading.value.filter(|value| value.is_finite()) {
        None if condition.missing_is_zero() => Some(0.0),
        value => value,
    };
    let Some(value) = value else {
        let since = before
            .and_then(|before| before.no_data_since_ns)
            .unwrap_or(now);
        let as_before = before.is_some_and(|before| before.holds);
        let holds = match policy.no_data {
            NoData::Ok => false,
            NoData::Alert => true,
            NoData::Keep => as_before && now.saturating_sub(since) < policy.no_data_for_ns,
            NoData::Ignore => as_before,
        };
        let reason = before
            .filter(|before| before.holds)
            .map_or(NO_DATA, |before| &before.reason);
        return Verdict {
            holds,
            value: None,
            reason: reason.to_owned(),
            no_data_since_ns: Some(since),
        };
    };
    let reason = if reading.reason.is_empty() {
        condition.sentence(value)
    } else {
        reading.reason.clone()
    };
    Verdict {
        holds: condition.holds(value, firing),
        value: Some(value),
        reason: reason.chars().take(MAX_REASON).collect(),
        no_data_since_ns: None,
    }
}
