//! One step: the input, then everything that is due.

use std::collections::BTreeSet;

use domain::{IncidentId, IncidentState, TimelineEntry, TimelineKind};

use super::regroup::Split;
use super::state::{Phase, SentStatus, State, Tracked};
use super::{Effect, Input, Machine};

/// A clock that was set back by more than this moves all timers along; less is waited out.
const CLOCK_TOLERANCE_NS: i64 = domain::NANOS_PER_MINUTE;
/// Timeline lines per incident; beyond, only state changes are written.
const MAX_TIMELINE_LINES: u32 = 500;
/// Summaries of one incident are at least this far apart.
const SUMMARY_INTERVAL_NS: i64 = domain::NANOS_PER_MINUTE;
/// How long a resolved incident is remembered for the receipt of a message that is still under way.
const RECEIPT_PATIENCE_NS: i64 = 24 * 60 * domain::NANOS_PER_MINUTE;

pub(crate) struct Turn<'a> {
    pub machine: &'a Machine,
    pub state: &'a mut State,
    pub now: i64,
    pub effects: Vec<Effect>,
    pub opened: BTreeSet<IncidentId>,
    pub touched: BTreeSet<IncidentId>,
}

impl<'a> Turn<'a> {
    pub fn begin(machine: &'a Machine, state: &'a mut State, now_ns: i64) -> Self {
        let behind = state.clock_ns.saturating_sub(now_ns);
        if state.clock_ns != i64::MIN && behind > CLOCK_TOLERANCE_NS {
            state.shift(-behind);
            state.clock_ns = now_ns;
        }
        state.clock_ns = state.clock_ns.max(now_ns);
        Self {
            machine,
            now: state.clock_ns,
            state,
            effects: Vec::new(),
            opened: BTreeSet::new(),
            touched: BTreeSet::new(),
        }
    }

    pub fn take(mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Evaluation(evaluation) => self.evaluation(evaluation),
            Input::AnomalyOpened { anomaly, join } => self.anomaly_opened(&anomaly, join, None),
            Input::AnomalyJoins {
                anomaly,
                incident_id,
                reason,
            } => self.anomaly_opened(&anomaly, Some(incident_id), Some(&reason)),
            Input::Merge {
                from,
                into,
                reason,
                by,
            } => self.merge_incidents(from, into, &reason, by.as_deref()),
            Input::Split {
                incident_id,
                moved,
                kept_services,
                kept_templates,
                reason,
                by,
            } => self.split_incident(Split {
                incident_id,
                moved,
                kept_services,
                kept_templates,
                reason,
                by,
            }),
            Input::AnomalyEnded { anomaly_id } => self.anomaly_ended(anomaly_id),
            Input::Acknowledge { incident_id, by } => self.acknowledge(incident_id, &by),
            Input::Resolve { incident_id, by } => self.resolve(incident_id, Some(&by)),
            Input::Delivered { delivery_id } => self.delivered(delivery_id),
            Input::DeliveryFailed {
                delivery_id,
                permanent,
                reason,
            } => {
                self.delivery_failed(delivery_id, permanent, &reason);
            }
            Input::Tick => {}
        }
        self.expire_anomalies();
        self.settle_alerts();
        self.resolve_what_is_quiet();
        self.run_due_steps();
        self.summarise_due();
        self.forget();
        self.finish()
    }

    /// The incident, which must be tracked, marked as changed.
    pub fn touch(&mut self, id: IncidentId) -> Option<&mut Tracked> {
        let tracked = self.state.incidents.get_mut(&id)?;
        tracked.incident.updated_at_ns = self.now;
        self.touched.insert(id);
        Some(tracked)
    }

    pub fn timeline(
        &mut self,
        id: IncidentId,
        kind: TimelineKind,
        text: String,
        actor: Option<&str>,
    ) {
        let Some(tracked) = self.state.incidents.get_mut(&id) else {
            return;
        };
        let is_state = matches!(
            kind,
            TimelineKind::Opened | TimelineKind::Acknowledged | TimelineKind::Resolved
        );
        if tracked.timeline_lines >= MAX_TIMELINE_LINES && !is_state {
            return;
        }
        tracked.timeline_lines += 1;
        let entry = TimelineEntry {
            at_ns: self.now,
            kind,
            text,
            actor: actor.map(str::to_owned),
        };
        self.effects.push(Effect::Timeline {
            incident_id: id,
            entry,
        });
    }

    /// Asks for a summary, at once or when the last one is a minute old.
    pub fn want_summary(&mut self, id: IncidentId) {
        let now = self.now;
        if let Some(tracked) = self.state.incidents.get_mut(&id) {
            let due = tracked
                .summarised_at_ns
                .map_or(now, |at| at.saturating_add(SUMMARY_INTERVAL_NS));
            tracked.summarise_due_ns.get_or_insert(due.max(now));
        }
    }

    fn summarise_due(&mut self) {
        for (id, tracked) in &mut self.state.incidents {
            if tracked.summarise_due_ns.is_some_and(|due| due <= self.now) {
                tracked.summarise_due_ns = None;
                tracked.summarised_at_ns = Some(self.now);
                self.effects.push(Effect::Summarise { incident_id: *id });
            }
        }
    }

    /// Incidents that something still speaks for.
    fn live_incidents(&self) -> BTreeSet<IncidentId> {
        let alerts = self
            .state
            .alerts
            .values()
            .filter(|alert| alert.phase.is_live());
        let anomalies = self
            .state
            .anomalies
            .values()
            .filter(|anomaly| !anomaly.dismissed);
        alerts
            .filter_map(|alert| alert.incident_id)
            .chain(anomalies.filter_map(|anomaly| anomaly.incident_id))
            .collect()
    }

    fn resolve_what_is_quiet(&mut self) {
        let live = self.live_incidents();
        let now = self.now;
        let quiet_for = self.machine.settings.quiet_for_ns;
        let mut over = Vec::new();
        for (id, tracked) in &mut self.state.incidents {
            if !tracked.is_open() || live.contains(id) {
                tracked.quiet_since_ns = None;
                continue;
            }
            let since = *tracked.quiet_since_ns.get_or_insert(now);
            if now >= since.saturating_add(quiet_needed(tracked, quiet_for)) {
                over.push(*id);
            }
        }
        for id in over {
            self.resolve(id, None);
        }
    }

    /// Resolved incidents leave the state when nothing can refer to them any more.
    fn forget(&mut self) {
        let settings = &self.machine.settings;
        let keep = settings.reopen_grace_ns.max(settings.hold_after_resolve_ns);
        let referred: BTreeSet<IncidentId> = self
            .state
            .alerts
            .values()
            .filter_map(|alert| alert.incident_id)
            .collect();
        let now = self.now;
        self.state.incidents.retain(|id, tracked| {
            let Some(resolved_at) = tracked
                .incident
                .resolved_at_ns
                .filter(|_| !tracked.is_open())
            else {
                return true;
            };
            let under_way = tracked
                .deliveries
                .values()
                .any(|sent| sent.status == SentStatus::Pending);
            let age = now.saturating_sub(resolved_at);
            age <= keep
                || tracked.summarise_due_ns.is_some()
                || referred.contains(id)
                || (under_way && age <= RECEIPT_PATIENCE_NS)
        });
    }

    /// Incident documents first, then the rest in order, then the next wake-up if it changed.
    fn finish(mut self) -> Vec<Effect> {
        let mut effects = Vec::with_capacity(self.effects.len() + self.touched.len() + 1);
        for id in self.opened.union(&self.touched) {
            if let Some(tracked) = self.state.incidents.get(id) {
                let incident = Box::new(tracked.incident.clone());
                effects.push(if self.opened.contains(id) {
                    Effect::OpenIncident { incident }
                } else {
                    Effect::UpdateIncident { incident }
                });
            }
        }
        effects.append(&mut self.effects);
        let wake = self.next_wake();
        if wake != self.state.wake_at_ns {
            self.state.wake_at_ns = wake;
            effects.extend(wake.map(|at_ns| Effect::ScheduleWake { at_ns }));
        }
        effects
    }

    /// The earliest timer.
    fn next_wake(&self) -> Option<i64> {
        let settings = &self.machine.settings;
        let mut wakes: Vec<i64> = Vec::new();
        for alert in self.state.alerts.values() {
            let Some(policy) = self.machine.policies.get(&alert.policy_id) else {
                continue;
            };
            match alert.phase {
                Phase::Pending { since_ns } if super::alerts::is_judged_here(policy) => {
                    wakes.push(since_ns.saturating_add(policy.for_ns));
                }
                Phase::Recovering { clear_since_ns, .. } => {
                    wakes.push(clear_since_ns.saturating_add(policy.keep_firing_for_ns));
                }
                _ => {}
            }
            if super::alerts::is_judged_here(policy) {
                wakes.extend(alert.held_until_ns);
            }
        }
        for tracked in self.state.incidents.values() {
            wakes.extend(tracked.summarise_due_ns);
            if tracked.is_open() {
                wakes.extend(tracked.runs.iter().filter_map(|run| run.due_at_ns));
                let needed = quiet_needed(tracked, settings.quiet_for_ns);
                wakes.extend(
                    tracked
                        .quiet_since_ns
                        .map(|since| since.saturating_add(needed)),
                );
            }
        }
        let anomalies = self.state.anomalies.values();
        wakes
            .extend(anomalies.map(|a| a.opened_at_ns.saturating_add(settings.anomaly_lifetime_ns)));
        wakes.into_iter().filter(|at| *at > self.now).min()
    }
}

/// How long an incident must be quiet: at once when only alerts spoke for it (they have `keep_firing_for`).
fn quiet_needed(tracked: &Tracked, quiet_for_ns: i64) -> i64 {
    debug_assert_ne!(tracked.incident.state, IncidentState::Resolved);
    if tracked.incident.anomaly_ids.is_empty() {
        0
    } else {
        quiet_for_ns
    }
}
