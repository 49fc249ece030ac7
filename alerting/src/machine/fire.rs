//! An alert that holds long enough becomes part of an incident.

use std::collections::BTreeMap;

use domain::TimelineKind;

use super::alerts::{merge, spaced};
use super::ids;
use super::incidents::Opening;
use super::state::{Alert, Phase};
use super::turn::Turn;
use crate::policy::{Condition, Policy};
use crate::template::{TemplateFacts, render};

const MAX_REASON: usize = 600;
const MAX_TITLE: usize = 200;
const MAX_EVIDENCE: usize = 50;
const MAX_ANNOTATION: usize = 500;
const MAX_KEY: usize = 2_000;

impl Turn<'_> {
    /// The condition holds long enough: the alert joins or opens an incident, and its policy's workflow begins.
    pub fn fire(&mut self, policy: &Policy, key: &str) {
        let Some(alert) = self.state.alerts.get(key).cloned() else {
            return;
        };
        let anomalies = self.anomalies_of(policy, &alert.labels);
        let join = alert
            .join
            .or_else(|| self.incident_of_anomalies(&anomalies));
        let (reason, value) = self.reason(policy, &alert);
        let labels = merged_labels(policy, &alert.labels);
        let facts = TemplateFacts {
            policy: &policy.name,
            severity: policy.severity.as_str(),
            labels: &labels,
            value,
            threshold: policy.conditions.first().map(|c| c.comparison().threshold),
        };
        let mut services = alert.services.clone();
        let labelled = labels.get("service").cloned();
        merge(&mut services, labelled.into_iter().collect(), MAX_EVIDENCE);
        let since = match alert.phase {
            Phase::Firing { since_ns } => since_ns,
            _ => self.now,
        };
        let id = self.ensure_incident(Opening {
            dedup_key: dedup_key(policy, &alert, &facts),
            title: title(policy, &alert, &facts),
            severity: policy.severity,
            policy: Some(policy),
            services,
            template_ids: alert.template_ids.clone(),
            started_at_ns: alert.started_at_ns.map_or(since, |at| at.min(since)),
            reason: reason.clone(),
            join,
            previous: alert.incident_id,
        });
        if let Some(alert) = self.state.alerts.get_mut(key) {
            alert.incident_id = Some(id);
            alert.held_until_ns = None;
        }
        let line = format!("{}: {reason}", policy.name);
        self.timeline(id, TimelineKind::Alert, line, None);
        for anomaly in anomalies {
            self.join_anomaly(id, anomaly);
        }
        let run_facts = run_facts(policy, &facts);
        let steps = policy.workflow.clone();
        self.start_run(id, policy.id.clone(), &policy.name, steps, run_facts);
        self.want_summary(id);
    }

    /// Why an alert holds, in words, and the value of its first condition that has one.
    pub fn reason(&self, policy: &Policy, alert: &Alert) -> (String, Option<f64>) {
        let mut reasons = Vec::new();
        let mut value = None;
        for (index, condition) in policy.conditions.iter().enumerate() {
            if let Condition::Anomaly(condition) = condition {
                let strongest = self
                    .matching_anomalies(condition, &alert.labels)
                    .max_by(|(_, a), (_, b)| a.score.total_cmp(&b.score));
                if let Some((_, anomaly)) = strongest {
                    value = value.or(Some(anomaly.score));
                    reasons.push(anomaly.reason.clone());
                }
                continue;
            }
            let shared = self
                .state
                .shared
                .get(&policy.id)
                .and_then(|v| v.get(&index));
            let verdict = alert.verdicts.get(&index).or(shared);
            if let Some(verdict) = verdict.filter(|verdict| verdict.holds) {
                value = value.or(verdict.value);
                reasons.push(verdict.reason.clone());
            }
        }
        (reasons.join("; ").chars().take(MAX_REASON).collect(), value)
    }
}

fn merged_labels(policy: &Policy, series: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut labels = policy.labels.clone();
    labels.extend(
        series
            .iter()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    labels
}

fn title(policy: &Policy, alert: &Alert, facts: &TemplateFacts<'_>) -> String {
    let template = policy.title.as_ref();
    let written = template.and_then(|template| render(template, facts, MAX_TITLE).ok());
    written
        .filter(|title| !title.trim().is_empty())
        .unwrap_or_else(|| {
            let series = spaced(&ids::label_text(&alert.labels));
            format!("{}{series}", policy.name)
                .chars()
                .take(MAX_TITLE)
                .collect()
        })
}

fn dedup_key(policy: &Policy, alert: &Alert, facts: &TemplateFacts<'_>) -> String {
    let template = policy.dedup_key.as_ref();
    let written = template.and_then(|template| render(template, facts, MAX_KEY).ok());
    written.filter(|key| !key.trim().is_empty()).map_or_else(
        || ids::default_dedup_key(&policy.id, &alert.labels),
        ids::bounded,
    )
}

/// What the policy adds to every message: annotations and labels.
fn run_facts(policy: &Policy, facts: &TemplateFacts<'_>) -> Vec<(String, String)> {
    let annotations = policy.annotations.iter();
    let mut pairs: Vec<(String, String)> = annotations
        .filter_map(|(name, text)| Some((name.clone(), render(text, facts, MAX_ANNOTATION).ok()?)))
        .collect();
    pairs.extend(policy.labels.clone());
    pairs
}
