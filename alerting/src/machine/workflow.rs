//! Workflows: who is told when, until somebody takes the incident.

use domain::{IncidentId, IncidentState, NotificationKind, TimelineKind};

use super::state::{Run, Tracked};
use super::turn::Turn;
use crate::format_policy_duration;
use crate::policy::{PolicyId, Step, Verb};

impl Turn<'_> {
    /// Begins a policy's workflow in an open incident, once per opening.
    pub fn start_run(
        &mut self,
        id: IncidentId,
        policy_id: PolicyId,
        policy_name: &str,
        steps: Vec<Step>,
        facts: Vec<(String, String)>,
    ) {
        let now = self.now;
        let Some(tracked) = self.state.incidents.get_mut(&id) else {
            return;
        };
        if steps.is_empty() || tracked.runs.iter().any(|run| run.policy_id == policy_id) {
            return;
        }
        let mut run = Run {
            policy_id,
            policy_name: policy_name.to_owned(),
            steps,
            next: 0,
            due_at_ns: None,
            began_at_ns: now,
            facts,
        };
        run.due_at_ns = due(&run, now, tracked.incident.state);
        tracked.runs.push(run);
    }

    pub fn run_due_steps(&mut self) {
        let ids: Vec<IncidentId> = self.state.incidents.keys().copied().collect();
        for id in ids {
            let runs = self
                .state
                .incidents
                .get(&id)
                .map_or(0, |tracked| tracked.runs.len());
            for run in 0..runs {
                while self.run_step_if_due(id, run) {}
            }
        }
    }

    fn run_step_if_due(&mut self, id: IncidentId, index: usize) -> bool {
        let now = self.now;
        let Some(tracked) = self
            .state
            .incidents
            .get_mut(&id)
            .filter(|tracked| tracked.is_open())
        else {
            return false;
        };
        let state = tracked.incident.state;
        let Some(run) = tracked.runs.get_mut(index) else {
            return false;
        };
        if run.due_at_ns.is_none_or(|due| due > now) {
            return false;
        }
        let position = run.next;
        let Some(step) = run.steps.get(position).cloned() else {
            run.due_at_ns = None;
            return false;
        };
        let late = now > run.began_at_ns;
        run.next += 1;
        run.due_at_ns = due(run, now, state);
        if step.verb == Verb::Wait {
            return true;
        }
        let kind = if late {
            NotificationKind::Escalated
        } else {
            NotificationKind::Opened
        };
        if late {
            let waited = format_policy_duration(now.saturating_sub(run.began_at_ns));
            let text = format!(
                "nobody took it within {waited}: telling {}",
                step.receivers.join(", ")
            );
            self.timeline(id, TimelineKind::Escalated, text, None);
        }
        for receiver in &step.receivers {
            let page = step.is_page(receiver);
            self.trigger(id, receiver, kind, Some((index, position)), page);
        }
        true
    }

    /// A step reached nobody: the next one begins now; after the last one the default receivers are told.
    pub fn fail_over(&mut self, id: IncidentId, (index, position): (usize, usize)) {
        let now = self.now;
        let Some(tracked) = self.state.incidents.get_mut(&id) else {
            return;
        };
        let Some(run) = tracked.runs.get_mut(index) else {
            return;
        };
        if run.next != position + 1 {
            return;
        }
        while run
            .steps
            .get(run.next)
            .is_some_and(|step| step.verb == Verb::Wait)
        {
            run.next += 1;
        }
        if let Some(step) = run.steps.get(run.next) {
            run.due_at_ns = Some(now);
            let text = format!(
                "nobody was reached; going on to {} at once",
                step.receivers.join(", ")
            );
            self.timeline(id, TimelineKind::Escalated, text, None);
            return;
        }
        run.due_at_ns = None;
        let receivers = self.machine.settings.default_receivers.clone();
        let fresh: Vec<String> = receivers
            .into_iter()
            .filter(|receiver| !self.was_triggered(id, receiver))
            .collect();
        if fresh.is_empty() {
            let text = "there is no further step and nobody else to tell".to_owned();
            self.timeline(id, TimelineKind::NotifyFailed, text, None);
            return;
        }
        let text = format!("last resort: telling {}", fresh.join(", "));
        self.timeline(id, TimelineKind::Escalated, text, None);
        for receiver in fresh {
            self.trigger(id, &receiver, NotificationKind::Escalated, None, true);
        }
    }

    fn was_triggered(&self, id: IncidentId, receiver: &str) -> bool {
        self.state
            .incidents
            .get(&id)
            .is_some_and(|tracked: &Tracked| {
                tracked.deliveries.values().any(|sent| {
                    sent.receiver == receiver
                        && sent.is_trigger()
                        && sent.generation == tracked.generation
                })
            })
    }
}

/// When the next step begins: counted from now, the start of the step before it. An acknowledged incident
/// only gets what is told at once.
fn due(run: &Run, now: i64, state: IncidentState) -> Option<i64> {
    let step = run.steps.get(run.next)?;
    if state == IncidentState::Acknowledged && step.after_ns > 0 {
        return None;
    }
    Some(now.saturating_add(step.after_ns))
}

/// The acknowledgement does not count any more: what is left of every workflow goes on from now.
pub(crate) fn resume(tracked: &mut Tracked, now: i64) {
    let state = tracked.incident.state;
    for run in &mut tracked.runs {
        run.due_at_ns = due(run, now, state);
    }
}
