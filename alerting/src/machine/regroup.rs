//! Two incidents that are one, and one that is two.

use std::collections::BTreeSet;

use domain::{Anomaly, AnomalyId, IncidentId, IncidentState, TemplateId, TimelineKind};

use super::alerts::merge;
use super::anomalies::{
    MAX_ANOMALIES_PER_INCIDENT, MAX_SERVICES_PER_INCIDENT, MAX_TEMPLATES_PER_INCIDENT, severity_of,
};
use super::ids;
use super::incidents::{Opening, stand_still};
use super::state::ActiveAnomaly;
use super::turn::Turn;

const MAX_REASON: usize = 300;
const MAX_TITLE: usize = 200;
/// Incidents that one incident is kept apart from.
const MAX_APART: usize = 100;

/// What a split takes out of an incident, and what it leaves.
pub(crate) struct Split {
    pub incident_id: IncidentId,
    pub moved: Vec<Anomaly>,
    pub kept_services: Vec<String>,
    pub kept_templates: Vec<TemplateId>,
    pub reason: String,
    pub by: Option<String>,
}

impl Turn<'_> {
    /// Everything of `from` becomes part of `into`, and `from` ends. Both must be open. Without a person (`by`) it is only
    /// done where nobody has taken either and nobody parted them before.
    pub fn merge_incidents(
        &mut self,
        from: IncidentId,
        into: IncidentId,
        reason: &str,
        by: Option<&str>,
    ) {
        let (Some(source), Some(target)) = (
            self.state.incidents.get(&from),
            self.state.incidents.get(&into),
        ) else {
            return;
        };
        let is_free = |state| state == IncidentState::Open;
        let may = by.is_some()
            || is_free(source.incident.state)
                && is_free(target.incident.state)
                && !source.apart.contains(&into)
                && !target.apart.contains(&from);
        if from == into || !source.is_open() || !target.is_open() || !may {
            return;
        }
        let reason: String = reason.chars().take(MAX_REASON).collect();
        let (source, keys, apart) = (
            source.incident.clone(),
            source.keys.clone(),
            source.apart.clone(),
        );
        let number = target.incident.number;
        self.hand_over(from, into);
        if let Some(target) = self.touch(into) {
            target.keys.extend(keys);
            target.apart.extend(apart);
            target.apart.remove(&from);
            let incident = &mut target.incident;
            merge(
                &mut incident.anomaly_ids,
                source.anomaly_ids,
                MAX_ANOMALIES_PER_INCIDENT,
            );
            merge(
                &mut incident.services,
                source.services,
                MAX_SERVICES_PER_INCIDENT,
            );
            merge(
                &mut incident.template_ids,
                source.template_ids,
                MAX_TEMPLATES_PER_INCIDENT,
            );
            incident.started_at_ns = incident.started_at_ns.min(source.started_at_ns);
            incident.severity = incident.severity.max(source.severity);
        }
        let text = format!(
            "merged with #{} ({}): {reason}",
            source.number, source.title
        );
        self.timeline(into, TimelineKind::Comment, text, by);
        self.end_merged(from, format!("merged into #{number}: {reason}"), by);
        self.reopen_if_outgrown(into, None);
        self.ensure_run(into);
        self.want_summary(into);
    }

    /// What still speaks for one incident speaks for the other from here on.
    fn hand_over(&mut self, from: IncidentId, into: IncidentId) {
        for alert in self.state.alerts.values_mut() {
            for place in [&mut alert.incident_id, &mut alert.join] {
                if *place == Some(from) {
                    *place = Some(into);
                }
            }
        }
        for anomaly in self.state.anomalies.values_mut() {
            if anomaly.incident_id == Some(from) {
                anomaly.incident_id = Some(into);
            }
        }
    }

    fn end_merged(&mut self, id: IncidentId, text: String, by: Option<&str>) {
        let now = self.now;
        let Some(tracked) = self.touch(id) else {
            return;
        };
        // Triggers find the other one.
        tracked.keys.clear();
        tracked.incident.state = IncidentState::Resolved;
        tracked.incident.resolved_at_ns = Some(now);
        tracked.incident.resolved_by = Some(by.unwrap_or("a merge").to_owned());
        tracked.quiet_since_ns = None;
        stand_still(tracked);
        self.timeline(id, TimelineKind::Resolved, text, by);
        self.cancel_pending(id, |_| true);
        self.announce(id, domain::NotificationKind::Resolved);
    }

    /// Some anomalies of an incident become one of their own, which never merges with it by itself again.
    pub fn split_incident(&mut self, split: Split) {
        let id = split.incident_id;
        let moved: BTreeSet<AnomalyId> = split.moved.iter().map(|a| a.id).collect();
        let Some(tracked) = self.state.incidents.get(&id).filter(|t| t.is_open()) else {
            return;
        };
        let own = &tracked.incident.anomaly_ids;
        let taken = own.iter().filter(|id| moved.contains(id)).count();
        let Some(first) = split.moved.iter().min_by_key(|a| a.started_at_ns) else {
            return;
        };
        if taken == 0 || taken == own.len() {
            return;
        }
        let number = tracked.incident.number;
        let reason: String = split.reason.chars().take(MAX_REASON).collect();
        let severity = split.moved.iter().map(|a| severity_of(&active(a))).max();
        let mut services: Vec<String> = Vec::new();
        let mut templates: Vec<TemplateId> = Vec::new();
        for anomaly in &split.moved {
            merge(
                &mut services,
                anomaly.service.clone().into_iter().collect(),
                MAX_SERVICES_PER_INCIDENT,
            );
            merge(
                &mut templates,
                anomaly.template_id.into_iter().collect(),
                MAX_TEMPLATES_PER_INCIDENT,
            );
        }
        let other = self.open_apart(Opening {
            dedup_key: ids::bounded(format!("split:{}", first.id)),
            title: first.reason.chars().take(MAX_TITLE).collect(),
            severity: severity.unwrap_or_default(),
            policy: None,
            services,
            template_ids: templates,
            started_at_ns: first.started_at_ns,
            reason: reason.clone(),
            join: None,
            previous: None,
        });
        for anomaly in self
            .state
            .anomalies
            .iter_mut()
            .filter(|(id, _)| moved.contains(id))
        {
            anomaly.1.incident_id = Some(other);
        }
        let by = split.by.as_deref();
        if let Some(tracked) = self.touch(other) {
            let ids = split.moved.iter().map(|a| a.id).collect();
            merge(
                &mut tracked.incident.anomaly_ids,
                ids,
                MAX_ANOMALIES_PER_INCIDENT,
            );
            tracked.apart.insert(id);
        }
        self.timeline(
            other,
            TimelineKind::Comment,
            format!("split off #{number}: {reason}"),
            by,
        );
        let new_number = self
            .state
            .incidents
            .get(&other)
            .map_or(0, |t| t.incident.number);
        if let Some(tracked) = self.touch(id) {
            tracked
                .incident
                .anomaly_ids
                .retain(|id| !moved.contains(id));
            tracked.incident.services = split.kept_services;
            tracked.incident.template_ids = split.kept_templates;
            tracked.apart.insert(other);
            while tracked.apart.len() > MAX_APART {
                tracked.apart.pop_first();
            }
        }
        let text = format!("{taken} anomalies split off into #{new_number}: {reason}");
        self.timeline(id, TimelineKind::Comment, text, by);
        self.ensure_run(other);
        self.want_summary(id);
        self.want_summary(other);
    }
}

/// An anomaly as the severity rule looks at it.
fn active(anomaly: &Anomaly) -> ActiveAnomaly {
    ActiveAnomaly {
        kind: anomaly.kind,
        service: anomaly.service.clone(),
        severity: anomaly.severity,
        score: anomaly.score,
        reason: String::new(),
        template_id: anomaly.template_id,
        started_at_ns: anomaly.started_at_ns,
        opened_at_ns: anomaly.detected_at_ns,
        incident_id: None,
        dismissed: false,
    }
}
