//! Anomalies: joining incidents, feeding policies, opening incidents by themselves.

use std::collections::BTreeMap;

use domain::{
    Anomaly, AnomalyId, AnomalyKind, IncidentId, IncidentSeverity, IncidentState, Severity,
    TemplateId, TimelineKind,
};

use super::alerts::{alert_entry, merge};
use super::ids;
use super::incidents::Opening;
use super::state::ActiveAnomaly;
use super::turn::Turn;
use super::{AnomalyGate, DEFAULT_POLICY};
use crate::policy::{AnomalyCondition, Condition, Policy, PolicyId, Step, Verb};

/// Anomalies that last at once; the oldest is taken as ended when there are more.
const MAX_ACTIVE: usize = 2_000;
const MAX_REASON: usize = 300;
const MAX_TITLE: usize = 200;
pub(crate) const MAX_ANOMALIES_PER_INCIDENT: usize = 500;
/// Services in which errors at once make an incident critical.
const WIDE_SERVICES: usize = 4;
pub(crate) const MAX_TEMPLATES_PER_INCIDENT: usize = 200;
pub(crate) const MAX_SERVICES_PER_INCIDENT: usize = 64;

impl AnomalyGate {
    /// Whether an anomaly that no policy speaks of opens an incident.
    #[must_use]
    pub fn opens(&self, anomaly: &Anomaly) -> bool {
        let is_silence = is_silence(anomaly.kind, anomaly.template_id);
        self.admits(anomaly.kind, anomaly.severity, anomaly.score, is_silence)
    }

    fn admits(&self, kind: AnomalyKind, severity: Severity, score: f64, is_silence: bool) -> bool {
        let enough = if kind == AnomalyKind::Metric {
            score >= self.min_metric_score
        } else {
            let is_bad = severity >= self.min_severity || is_silence;
            is_bad && score >= self.min_score
                || severity >= Severity::Warn && score >= self.min_warning_score
        };
        self.enabled && enough
    }
}

/// Whether a service or the whole project fell silent. What does not come has no severity, but a dead
/// service is as bad as one that writes errors.
fn is_silence(kind: AnomalyKind, template_id: Option<TemplateId>) -> bool {
    kind == AnomalyKind::Drop && template_id.is_none()
}

/// How urgent an incident is that only an anomaly speaks for. The rule: fatal records are critical; error records, or a
/// service that fell silent, are an error; everything else is a warning. Of several anomalies the worst counts, and errors
/// or silence in [`WIDE_SERVICES`] services at once are critical. A policy's severity is the operator's word.
pub(crate) fn severity_of(anomaly: &ActiveAnomaly) -> IncidentSeverity {
    match anomaly.severity {
        Severity::Fatal => IncidentSeverity::Critical,
        Severity::Error => IncidentSeverity::Error,
        _ if is_silence(anomaly.kind, anomaly.template_id) => IncidentSeverity::Error,
        _ => IncidentSeverity::Warning,
    }
}

fn fits(condition: &AnomalyCondition, anomaly: &ActiveAnomaly) -> bool {
    let service_fits = condition.services.is_empty()
        || anomaly
            .service
            .as_ref()
            .is_some_and(|service| condition.services.contains(service));
    (condition.kinds.is_empty() || condition.kinds.contains(&anomaly.kind))
        && anomaly.score >= condition.min_score
        && condition
            .min_severity
            .is_none_or(|severity| anomaly.severity >= severity)
        && service_fits
}

impl Turn<'_> {
    /// Active anomalies that a condition speaks of, in one series (a service).
    pub fn matching_anomalies<'s>(
        &'s self,
        condition: &'s AnomalyCondition,
        labels: &'s BTreeMap<String, String>,
    ) -> impl Iterator<Item = (&'s AnomalyId, &'s ActiveAnomaly)> {
        self.state.anomalies.iter().filter(move |(_, anomaly)| {
            anomaly.service.as_ref() == labels.get("service") && fits(condition, anomaly)
        })
    }

    /// The anomalies behind an alert of a policy that may still join an incident.
    pub fn anomalies_of(
        &self,
        policy: &Policy,
        labels: &BTreeMap<String, String>,
    ) -> Vec<AnomalyId> {
        let mut found = Vec::new();
        for condition in &policy.conditions {
            if let Condition::Anomaly(condition) = condition {
                let matching = self.matching_anomalies(condition, labels);
                let usable = matching
                    .filter(|(_, anomaly)| !anomaly.dismissed)
                    .map(|(id, _)| *id);
                merge(&mut found, usable.collect(), MAX_ACTIVE);
            }
        }
        found
    }

    pub fn incident_of_anomalies(&self, anomalies: &[AnomalyId]) -> Option<IncidentId> {
        anomalies
            .iter()
            .find_map(|id| self.state.anomalies.get(id)?.incident_id)
    }

    pub fn anomaly_opened(
        &mut self,
        anomaly: &Anomaly,
        join: Option<IncidentId>,
        why: Option<&str>,
    ) {
        let id = anomaly.id;
        let known = self.state.anomalies.get(&id);
        if known
            .is_some_and(|known| known.dismissed || known.incident_id.is_some() || join.is_none())
        {
            return;
        }
        if known.is_none() {
            self.remember(anomaly);
        }
        let join = join.filter(|join| self.can_join(*join));
        if let Some(incident_id) = join {
            self.reopen_if_resolved(incident_id, &anomaly.reason);
            self.join_anomaly_because(incident_id, id, why);
        }
        self.feed_policies(id, join);
        let Some(active) = self.state.anomalies.get(&id).cloned() else {
            return;
        };
        let opens = self.machine.settings.gate.admits(
            active.kind,
            active.severity,
            active.score,
            is_silence(active.kind, active.template_id),
        );
        if active.incident_id.is_none() && opens {
            self.open_for(id, &active, anomaly.metric.as_deref());
        } else if let Some(incident_id) = join {
            self.ensure_run(incident_id);
        }
    }

    fn remember(&mut self, anomaly: &Anomaly) {
        while self.state.anomalies.len() >= MAX_ACTIVE {
            let oldest = self
                .state
                .anomalies
                .iter()
                .min_by_key(|(id, a)| (a.opened_at_ns, **id));
            let Some(oldest) = oldest.map(|(id, _)| *id) else {
                break;
            };
            self.state.anomalies.remove(&oldest);
        }
        let active = ActiveAnomaly {
            kind: anomaly.kind,
            service: anomaly.service.clone(),
            severity: anomaly.severity,
            score: anomaly.score,
            reason: anomaly.reason.chars().take(MAX_REASON).collect(),
            template_id: anomaly.template_id,
            started_at_ns: anomaly.started_at_ns,
            opened_at_ns: self.now,
            incident_id: None,
            dismissed: false,
        };
        self.state.anomalies.insert(anomaly.id, active);
    }

    /// Wakes the alerts of policies with an anomaly condition that speaks of this one.
    fn feed_policies(&mut self, id: AnomalyId, join: Option<IncidentId>) {
        let machine = self.machine;
        for policy in machine.policies.values() {
            let Some(anomaly) = self.state.anomalies.get(&id) else {
                return;
            };
            let speaks_of = |condition: &Condition| match condition {
                Condition::Anomaly(condition) => fits(condition, anomaly),
                _ => false,
            };
            if !policy.conditions.iter().any(speaks_of) {
                continue;
            }
            let labels: BTreeMap<String, String> = anomaly
                .service
                .iter()
                .map(|service| ("service".to_owned(), service.clone()))
                .collect();
            let started_at = anomaly.started_at_ns;
            let key = ids::alert_key(&policy.id, &labels);
            let alert = alert_entry(self.state, policy, &key, &labels);
            alert.join = join.or(alert.join);
            alert.started_at_ns = Some(
                alert
                    .started_at_ns
                    .map_or(started_at, |at| at.min(started_at)),
            );
            let incident_id = alert.incident_id.filter(|_| alert.phase.is_live());
            self.recheck(policy, &key);
            if let Some(incident_id) = incident_id.filter(|id| self.is_open(*id)) {
                self.join_anomaly(incident_id, id);
            }
        }
    }

    /// The built-in policy.
    fn open_for(&mut self, id: AnomalyId, active: &ActiveAnomaly, metric: Option<&str>) {
        let subject = active
            .service
            .as_deref()
            .or(metric)
            .unwrap_or(active.kind.as_str());
        let title = match &active.service {
            Some(service) if !active.reason.contains(service.as_str()) => {
                format!("{service}: {}", active.reason)
            }
            _ => active.reason.clone(),
        };
        let incident_id = self.ensure_incident(Opening {
            dedup_key: ids::bounded(format!("anomaly:{subject}")),
            title: title.chars().take(MAX_TITLE).collect(),
            severity: severity_of(active),
            policy: None,
            services: active.service.iter().cloned().collect(),
            template_ids: active.template_id.into_iter().collect(),
            started_at_ns: active.started_at_ns,
            reason: active.reason.clone(),
            join: None,
            previous: None,
        });
        self.join_anomaly(incident_id, id);
        self.ensure_run(incident_id);
    }

    /// Starts a workflow in an incident that has none under way: that of the policy that opened it (it was
    /// resolved and is open again), else the built-in one.
    pub fn ensure_run(&mut self, id: IncidentId) {
        let Some(tracked) = self.state.incidents.get(&id) else {
            return;
        };
        if !tracked.runs.is_empty() {
            return;
        }
        let machine = self.machine;
        let opener = tracked.incident.policy.clone().map(PolicyId);
        if let Some(policy) = opener.and_then(|id| machine.policies.get(&id))
            && !policy.workflow.is_empty()
        {
            let steps = policy.workflow.clone();
            self.start_run(id, policy.id.clone(), &policy.name, steps, Vec::new());
            return;
        }
        let receivers = machine.settings.default_receivers.clone();
        if !receivers.is_empty() {
            let step = Step {
                verb: Verb::Notify,
                after_ns: 0,
                escalation: false,
                receivers,
            };
            let policy = PolicyId(DEFAULT_POLICY.to_owned());
            self.start_run(id, policy, "built-in policy", vec![step], Vec::new());
        }
    }

    /// Makes an anomaly part of an incident that is open.
    pub fn join_anomaly(&mut self, incident_id: IncidentId, id: AnomalyId) {
        self.join_anomaly_because(incident_id, id, None);
    }

    /// The same, and the timeline says why.
    fn join_anomaly_because(&mut self, incident_id: IncidentId, id: AnomalyId, why: Option<&str>) {
        let Some(active) = self.state.anomalies.get(&id).cloned() else {
            return;
        };
        if active.incident_id == Some(incident_id) {
            return;
        }
        let now = self.now;
        let Some(tracked) = self.touch(incident_id) else {
            return;
        };
        if tracked.incident.state == IncidentState::Resolved {
            return;
        }
        tracked.symptom_at_ns = now;
        let incident = &mut tracked.incident;
        merge(
            &mut incident.anomaly_ids,
            vec![id],
            MAX_ANOMALIES_PER_INCIDENT,
        );
        let templates = active.template_id.into_iter().collect();
        merge(
            &mut incident.template_ids,
            templates,
            MAX_TEMPLATES_PER_INCIDENT,
        );
        let services = active.service.clone().into_iter().collect();
        merge(&mut incident.services, services, MAX_SERVICES_PER_INCIDENT);
        incident.started_at_ns = incident.started_at_ns.min(active.started_at_ns);
        // A policy's severity is the operator's word; only incidents out of anomalies follow them.
        if incident.policy.is_none() {
            incident.severity = incident.severity.max(severity_of(&active));
        }
        if let Some(anomaly) = self.state.anomalies.get_mut(&id) {
            anomaly.incident_id = Some(incident_id);
        }
        let text = match why {
            Some(why) => format!("{} (joined: {why})", active.reason),
            None => active.reason,
        };
        self.timeline(incident_id, TimelineKind::Anomaly, text, None);
        self.widen(incident_id);
        self.reopen_if_outgrown(incident_id, None);
        self.want_summary(incident_id);
    }

    /// Trouble all over the place is critical, however it is called in each.
    fn widen(&mut self, incident_id: IncidentId) {
        let own = |anomaly: &&ActiveAnomaly| anomaly.incident_id == Some(incident_id);
        let ill = self.state.anomalies.values().filter(own);
        let ill = ill.filter(|anomaly| severity_of(anomaly) >= IncidentSeverity::Error);
        let services: std::collections::BTreeSet<&String> =
            ill.filter_map(|anomaly| anomaly.service.as_ref()).collect();
        let count = services.len();
        let Some(tracked) = self.touch(incident_id) else {
            return;
        };
        let incident = &mut tracked.incident;
        if incident.policy.is_some()
            || count < WIDE_SERVICES
            || incident.severity == IncidentSeverity::Critical
        {
            return;
        }
        incident.severity = IncidentSeverity::Critical;
        let text = format!("critical now: {count} services fail at the same time");
        self.timeline(incident_id, TimelineKind::Comment, text, None);
    }

    pub fn anomaly_ended(&mut self, id: AnomalyId) {
        let Some(anomaly) = self.state.anomalies.remove(&id) else {
            return;
        };
        if let Some(incident_id) = anomaly.incident_id.filter(|id| self.is_open(*id)) {
            let text = format!("over: {}", anomaly.reason);
            self.timeline(incident_id, TimelineKind::Anomaly, text, None);
        }
    }

    pub fn expire_anomalies(&mut self) {
        let oldest = self
            .now
            .saturating_sub(self.machine.settings.anomaly_lifetime_ns);
        let expired: Vec<AnomalyId> = self
            .state
            .anomalies
            .iter()
            .filter(|(_, anomaly)| anomaly.opened_at_ns <= oldest)
            .map(|(id, _)| *id)
            .collect();
        for id in expired {
            self.anomaly_ended(id);
        }
    }

    /// A person resolved the incident: its anomalies do not open it again.
    pub fn dismiss_anomalies(&mut self, id: IncidentId) {
        for anomaly in self.state.anomalies.values_mut() {
            if anomaly.incident_id == Some(id) {
                anomaly.dismissed = true;
            }
        }
    }
}
