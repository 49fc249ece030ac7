//! Incidents: one per dedup key while it is open.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Incident, IncidentId, IncidentSeverity, IncidentState, NotificationKind, TemplateId,
    TimelineKind, format_duration,
};

use super::alerts::merge;
use super::anomalies::MAX_SERVICES_PER_INCIDENT;
use super::ids;
use super::state::Tracked;
use super::turn::Turn;
use super::{DEFAULT_POLICY, MAX_OPEN_INCIDENTS};
use crate::policy::Policy;

/// Dedup keys that lead to one incident.
const MAX_KEYS: usize = 1_000;
const MAX_TEMPLATES: usize = 200;
const MAX_ACTOR: usize = 200;

/// What would open an incident.
pub(crate) struct Opening<'p> {
    pub dedup_key: String,
    pub title: String,
    pub severity: IncidentSeverity,
    pub policy: Option<&'p Policy>,
    pub services: Vec<String>,
    pub template_ids: Vec<TemplateId>,
    pub started_at_ns: i64,
    pub reason: String,
    /// Where correlation says it belongs.
    pub join: Option<IncidentId>,
    /// The incident that a person resolved while this still held.
    pub previous: Option<IncidentId>,
}

impl Turn<'_> {
    pub fn is_open(&self, id: IncidentId) -> bool {
        self.state.incidents.get(&id).is_some_and(Tracked::is_open)
    }

    /// Open, or resolved so recently that it would be opened again.
    pub fn can_join(&self, id: IncidentId) -> bool {
        self.state
            .incidents
            .get(&id)
            .is_some_and(|tracked| tracked.is_open() || self.within_grace(tracked))
    }

    fn within_grace(&self, tracked: &Tracked) -> bool {
        let grace = self.machine.settings.reopen_grace_ns;
        let resolved_at = tracked.incident.resolved_at_ns;
        resolved_at.is_some_and(|at| self.now.saturating_sub(at) <= grace)
            && self.can_reopen(tracked)
    }

    /// Not while a later incident has its dedup key.
    fn can_reopen(&self, tracked: &Tracked) -> bool {
        !tracked.is_open()
            && self
                .find(&tracked.incident.dedup_key, Tracked::is_open)
                .is_none()
    }

    fn find(&self, key: &str, usable: impl Fn(&Tracked) -> bool) -> Option<IncidentId> {
        let mut incidents = self.state.incidents.iter();
        incidents
            .find(|(_, tracked)| tracked.keys.contains(key) && usable(tracked))
            .map(|(id, _)| *id)
    }

    /// The incident for a trigger: an open one with its key, the one correlation names, one that was just
    /// resolved, or a new one.
    pub fn ensure_incident(&mut self, mut opening: Opening<'_>) -> IncidentId {
        let found = self.find(&opening.dedup_key, Tracked::is_open);
        let found = found
            .or_else(|| opening.join.filter(|id| self.is_open(*id)))
            .or_else(|| self.find(&opening.dedup_key, |tracked| self.within_grace(tracked)))
            .or_else(|| opening.join.filter(|id| self.can_join(*id)))
            .or_else(|| {
                let previous = opening.previous?;
                self.can_reopen(self.state.incidents.get(&previous)?)
                    .then_some(previous)
            });
        if let Some(id) = found {
            self.reopen_if_resolved(id, &opening.reason);
            self.attach(id, &opening);
            return id;
        }
        let open = self
            .state
            .incidents
            .values()
            .filter(|tracked| tracked.is_open())
            .count();
        if open >= MAX_OPEN_INCIDENTS {
            let policy = opening
                .policy
                .map_or(DEFAULT_POLICY, |policy| policy.id.0.as_str());
            let collected = format!("overflow:{policy}");
            if let Some(id) = self.find(&collected, Tracked::is_open) {
                self.attach(id, &opening);
                return id;
            }
            let own = std::mem::replace(&mut opening.dedup_key, collected);
            opening.title = format!(
                "more than {MAX_OPEN_INCIDENTS} open incidents; {policy} is collected here"
            );
            let id = self.open(&opening);
            opening.dedup_key = own;
            self.attach(id, &opening);
            return id;
        }
        self.open(&opening)
    }

    /// A new incident, whatever else is open.
    pub fn open_apart(&mut self, opening: Opening<'_>) -> IncidentId {
        self.open(&opening)
    }

    fn open(&mut self, opening: &Opening<'_>) -> IncidentId {
        let number = self.state.next_number;
        self.state.next_number += 1;
        let project_id = self.machine.project_id;
        let id = ids::incident_id(project_id, number, &opening.dedup_key, self.now);
        let incident = Incident {
            id,
            project_id,
            number,
            state: IncidentState::Open,
            severity: opening.severity,
            title: opening.title.clone(),
            dedup_key: opening.dedup_key.clone(),
            policy: opening.policy.map(|policy| policy.id.0.clone()),
            services: opening.services.clone(),
            anomaly_ids: Vec::new(),
            template_ids: opening.template_ids.clone(),
            started_at_ns: opening.started_at_ns.min(self.now),
            opened_at_ns: self.now,
            updated_at_ns: self.now,
            acknowledged_at_ns: None,
            acknowledged_by: None,
            resolved_at_ns: None,
            resolved_by: None,
            summary: None,
        };
        let tracked = Tracked {
            incident,
            keys: BTreeSet::from([opening.dedup_key.clone()]),
            runs: Vec::new(),
            deliveries: BTreeMap::new(),
            generation: 0,
            sequence: 0,
            triggers: 0,
            timeline_lines: 0,
            quiet_since_ns: None,
            summarised_at_ns: None,
            summarise_due_ns: None,
            acknowledged_severity: IncidentSeverity::Info,
            symptom_at_ns: self.now,
            apart: BTreeSet::new(),
        };
        self.state.incidents.insert(id, tracked);
        self.opened.insert(id);
        let text = format!("opened: {}", opening.title);
        self.timeline(id, TimelineKind::Opened, text, None);
        self.want_summary(id);
        id
    }

    /// Adds a trigger to an incident that is open.
    fn attach(&mut self, id: IncidentId, opening: &Opening<'_>) {
        let now = self.now;
        let Some(tracked) = self.touch(id) else {
            return;
        };
        tracked.symptom_at_ns = now;
        if tracked.keys.len() < MAX_KEYS {
            tracked.keys.insert(opening.dedup_key.clone());
        }
        let incident = &mut tracked.incident;
        merge(
            &mut incident.services,
            opening.services.clone(),
            MAX_SERVICES_PER_INCIDENT,
        );
        merge(
            &mut incident.template_ids,
            opening.template_ids.clone(),
            MAX_TEMPLATES,
        );
        incident.started_at_ns = incident.started_at_ns.min(opening.started_at_ns);
        incident.severity = incident.severity.max(opening.severity);
        self.reopen_if_outgrown(id, opening.policy);
        self.want_summary(id);
    }

    /// Somebody took a smaller problem, or another one: what became worse since, or what a policy says whose people have
    /// not heard of anything yet, must reach people anew.
    pub fn reopen_if_outgrown(&mut self, id: IncidentId, policy: Option<&Policy>) {
        let now = self.now;
        let Some(tracked) = self.touch(id) else {
            return;
        };
        if tracked.incident.state != IncidentState::Acknowledged {
            return;
        }
        let is_worse = tracked.incident.severity > tracked.acknowledged_severity;
        let unheard = policy.filter(|policy| {
            !policy.workflow.is_empty() && tracked.runs.iter().all(|run| run.policy_id != policy.id)
        });
        if !is_worse && unheard.is_none() {
            return;
        }
        let incident = &mut tracked.incident;
        incident.state = IncidentState::Open;
        incident.acknowledged_at_ns = None;
        incident.acknowledged_by = None;
        super::workflow::resume(tracked, now);
        let text = match unheard {
            Some(policy) if !is_worse => format!(
                "open again: {} fired after it was acknowledged",
                policy.name
            ),
            _ => format!(
                "open again: it is {} now, it was {} when it was acknowledged",
                tracked.incident.severity.as_str(),
                tracked.acknowledged_severity.as_str()
            ),
        };
        self.timeline(id, TimelineKind::Opened, text, None);
        self.tell_again(id, is_worse);
    }

    pub fn reopen_if_resolved(&mut self, id: IncidentId, reason: &str) {
        if self.is_open(id) {
            return;
        }
        let now = self.now;
        let others = self
            .state
            .incidents
            .values()
            .filter(|tracked| tracked.is_open());
        let taken: BTreeSet<String> = others.flat_map(|tracked| tracked.keys.clone()).collect();
        let Some(tracked) = self.touch(id) else {
            return;
        };
        tracked.keys.retain(|key| !taken.contains(key));
        tracked.symptom_at_ns = now;
        let incident = &mut tracked.incident;
        incident.state = IncidentState::Open;
        incident.resolved_at_ns = None;
        incident.resolved_by = None;
        incident.acknowledged_at_ns = None;
        incident.acknowledged_by = None;
        tracked.generation += 1;
        tracked.triggers = 0;
        tracked.runs.clear();
        self.timeline(
            id,
            TimelineKind::Opened,
            format!("open again: {reason}"),
            None,
        );
        self.want_summary(id);
    }

    pub fn acknowledge(&mut self, id: IncidentId, by: &str) {
        let by: String = by.chars().take(MAX_ACTOR).collect();
        let now = self.now;
        let open = self
            .state
            .incidents
            .get(&id)
            .is_some_and(|t| t.incident.state == IncidentState::Open);
        if !open {
            return;
        }
        let Some(tracked) = self.touch(id) else {
            return;
        };
        tracked.incident.state = IncidentState::Acknowledged;
        tracked.incident.acknowledged_at_ns = Some(now);
        tracked.incident.acknowledged_by = Some(by.clone());
        tracked.acknowledged_severity = tracked.incident.severity;
        stand_still(tracked);
        self.timeline(
            id,
            TimelineKind::Acknowledged,
            format!("acknowledged by {by}"),
            Some(&by),
        );
        self.cancel_pending(id, |sent| {
            sent.page || sent.kind == NotificationKind::Escalated
        });
        self.announce(id, NotificationKind::Acknowledged);
    }

    /// Ends an incident: by a person, or (`None`) because nothing speaks for it any more.
    pub fn resolve(&mut self, id: IncidentId, by: Option<&str>) {
        let by: Option<String> = by.map(|by| by.chars().take(MAX_ACTOR).collect());
        let now = self.now;
        if !self.is_open(id) {
            return;
        }
        let Some(tracked) = self.touch(id) else {
            return;
        };
        tracked.incident.state = IncidentState::Resolved;
        tracked.incident.resolved_at_ns = Some(now);
        tracked.incident.resolved_by.clone_from(&by);
        tracked.quiet_since_ns = None;
        let lasted = format_duration(now.saturating_sub(tracked.incident.started_at_ns));
        stand_still(tracked);
        let text = match &by {
            Some(by) => format!("resolved by {by} after {lasted}"),
            None => format!("resolved by itself after {lasted}: all conditions are clear"),
        };
        self.timeline(id, TimelineKind::Resolved, text, by.as_deref());
        if by.is_some() {
            let machine = self.machine;
            self.hold_alerts(id, &machine.settings);
            self.dismiss_anomalies(id);
        }
        self.cancel_pending(id, |_| true);
        self.announce(id, NotificationKind::Resolved);
        self.want_summary(id);
    }
}

/// No further step of any workflow.
pub(crate) fn stand_still(tracked: &mut Tracked) {
    for run in &mut tracked.runs {
        run.due_at_ns = None;
    }
}
