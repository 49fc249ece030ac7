//! What must hold whatever happens.

use std::collections::{BTreeMap, BTreeSet};

use domain::{DeliveryId, IncidentId, IncidentState, NotificationKind, ProjectId};
use proptest::prelude::*;
use uuid::Uuid;

use super::state::SentStatus;
use super::tests::bench::{MINUTE, SECOND, START, anomaly, labels, messages};
use super::{Effect, Evaluation, Input, Machine, Reading, Settings, State};
use crate::policy::{PolicyId, parse_policies};

const POLICIES: &str = "
policy:
  name: Errors
  conditions: [{type: log_count, query: error, threshold: 10, window: 5m, group_by: service}]
  for: 1m
  keep_firing_for: 2m
  workflow:
    - notify: slack:#ops
    - escalate_after: 5m
      page: pagerduty:first
    - escalate_after: 10m
      page: [pagerduty:second, sms:boss]
---
policy:
  name: Odd
  severity: critical
  dedup_key: one-for-all
  conditions: [{type: anomaly, min_score: 0.5}]
  workflow:
    - page: pagerduty:first
    - escalate_after: 3m
      notify: email:all
";

#[derive(Debug, Clone)]
enum Op {
    Pass(i64),
    Values(f64, f64),
    Open(u8, u8),
    End(u8),
    Acknowledge(u8),
    Resolve(u8),
    Deliver(u8),
    Fail(u8, bool),
    DeliverAgain(u8),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1_i64..900).prop_map(Op::Pass),
        4 => (0_f64..25.0, 0_f64..25.0).prop_map(|(a, b)| Op::Values(a, b)),
        2 => (0_u8..6, 0_u8..3).prop_map(|(id, service)| Op::Open(id, service)),
        2 => (0_u8..6).prop_map(Op::End),
        1 => any::<u8>().prop_map(Op::Acknowledge),
        1 => any::<u8>().prop_map(Op::Resolve),
        3 => any::<u8>().prop_map(Op::Deliver),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(pick, permanent)| Op::Fail(pick, permanent)),
        1 => any::<u8>().prop_map(Op::DeliverAgain),
    ]
}

struct World {
    machine: Machine,
    state: State,
    now: i64,
    pending: Vec<DeliveryId>,
    done: Vec<DeliveryId>,
    seen: BTreeSet<DeliveryId>,
}

fn machine() -> Machine {
    let settings = Settings {
        default_receivers: vec!["console:last".into()],
        ..Settings::default()
    };
    Machine::new(
        ProjectId(Uuid::from_u128(7)),
        parse_policies("p", POLICIES).unwrap(),
        settings,
    )
}

impl World {
    fn new() -> Self {
        Self {
            machine: machine(),
            state: State::new(1),
            now: START,
            pending: Vec::new(),
            done: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    fn input(&mut self, op: &Op) -> Option<Input> {
        let services = ["checkout", "cart", "web"];
        let incident = |pick: u8| -> Option<IncidentId> {
            let ids: Vec<_> = self.state.incidents.keys().copied().collect();
            ids.get(usize::from(pick) % ids.len().max(1)).copied()
        };
        let of = |list: &[DeliveryId], pick: u8| {
            list.get(usize::from(pick) % list.len().max(1)).copied()
        };
        Some(match op {
            Op::Pass(seconds) => {
                self.now += seconds * SECOND;
                Input::Tick
            }
            Op::Values(a, b) => Input::Evaluation(Evaluation {
                policy_id: PolicyId("errors".into()),
                condition: 0,
                readings: [("checkout", a), ("cart", b)]
                    .map(|(service, value)| Reading {
                        labels: labels(service),
                        value: Some(*value),
                        ..Reading::default()
                    })
                    .to_vec(),
            }),
            Op::Open(id, service) => Input::AnomalyOpened {
                anomaly: Box::new(anomaly(
                    u128::from(*id) + 1,
                    services[usize::from(*service)],
                    self.now,
                )),
                join: if *id % 2 == 0 { incident(*id) } else { None },
            },
            Op::End(id) => Input::AnomalyEnded {
                anomaly_id: domain::AnomalyId(Uuid::from_u128(u128::from(*id) + 1)),
            },
            Op::Acknowledge(pick) => Input::Acknowledge {
                incident_id: incident(*pick)?,
                by: "ana".into(),
            },
            Op::Resolve(pick) => Input::Resolve {
                incident_id: incident(*pick)?,
                by: "ana".into(),
            },
            Op::Deliver(pick) => {
                let delivery_id = of(&self.pending, *pick)?;
                self.pending.retain(|id| *id != delivery_id);
                self.done.push(delivery_id);
                Input::Delivered { delivery_id }
            }
            Op::Fail(pick, permanent) => {
                let delivery_id = of(&self.pending, *pick)?;
                if *permanent {
                    self.pending.retain(|id| *id != delivery_id);
                }
                Input::DeliveryFailed {
                    delivery_id,
                    permanent: *permanent,
                    reason: "x".into(),
                }
            }
            Op::DeliverAgain(pick) => Input::Delivered {
                delivery_id: of(&self.done, *pick)?,
            },
        })
    }

    fn step(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.machine.step(&mut self.state, input, self.now);
        for (_, _, id) in messages(&effects) {
            assert!(self.seen.insert(id), "one id for two messages");
            self.pending.push(id);
        }
        effects
    }

    fn check(&self, before: &State, effects: &[Effect]) -> Result<(), TestCaseError> {
        let mut keys = BTreeSet::new();
        for tracked in self
            .state
            .incidents
            .values()
            .filter(|tracked| tracked.is_open())
        {
            for key in &tracked.keys {
                prop_assert!(keys.insert(key), "two open incidents for {key}");
            }
        }
        for effect in effects {
            match effect {
                Effect::ScheduleWake { at_ns } => prop_assert!(*at_ns > self.now),
                Effect::Notify { notification, .. } => {
                    self.check_message(before, notification.incident_id, notification.kind)?;
                }
                _ => {}
            }
        }
        let due = self
            .state
            .incidents
            .values()
            .flat_map(|tracked| &tracked.runs)
            .filter_map(|run| run.due_at_ns);
        for due in due {
            prop_assert!(
                due > self.now,
                "a step is overdue after a step of the machine"
            );
            prop_assert!(
                self.state.next_wake_ns().is_some_and(|wake| wake <= due),
                "nobody wakes us for it"
            );
        }
        Ok(())
    }

    /// An acknowledged incident gets no escalation; a resolved one nothing but its resolution.
    fn check_message(
        &self,
        before: &State,
        id: IncidentId,
        kind: NotificationKind,
    ) -> Result<(), TestCaseError> {
        let was = before.incident(id).map(|incident| incident.state);
        let is = self.state.incident(id).map(|incident| incident.state);
        if was == Some(IncidentState::Acknowledged) && is == Some(IncidentState::Acknowledged) {
            prop_assert_ne!(kind, NotificationKind::Escalated);
        }
        if is == Some(IncidentState::Resolved) {
            prop_assert_eq!(kind, NotificationKind::Resolved);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn invariants_hold_and_a_restart_or_a_lost_commit_changes_nothing(
        ops in proptest::collection::vec((op(), any::<bool>(), any::<bool>()), 1..80)
    ) {
        let mut world = World::new();
        for (op, restart, lost) in ops {
            let Some(input) = world.input(&op) else { continue };
            let before = world.state.clone();
            if lost {
                // The step ran, the process died before the commit: it is done again on the old state.
                let mut dead = world.state.clone();
                let first = world.machine.step(&mut dead, input.clone(), world.now);
                let mut again = world.state.clone();
                prop_assert_eq!(first, world.machine.step(&mut again, input.clone(), world.now));
            }
            if restart {
                world.state = State::from_json(&world.state.to_json()).unwrap();
                prop_assert_eq!(&world.state, &before);
                world.machine = machine();
            }
            let effects = world.step(input);
            world.check(&before, &effects)?;
        }
    }

    #[test]
    fn no_page_is_lost(
        ops in proptest::collection::vec((op(), any::<bool>()), 1..60)
    ) {
        let mut world = World::new();
        for (op, restart) in ops {
            // A permanent failure skips waiting, an acknowledgement stops it: here only what must reach the end.
            let Some(input) = world.input(&op) else { continue };
            if restart {
                world.state = State::from_json(&world.state.to_json()).unwrap();
            }
            world.step(input);
        }
        // Conditions stay as they are and nobody reacts: everything that is open is told to the last receiver, also
        // what comes back after an hour because a person resolved it while it still held.
        for _ in 0..160 {
            world.now += MINUTE;
            world.step(Input::Tick);
        }
        for tracked in world.state.incidents.values() {
            if tracked.incident.state != IncidentState::Open {
                continue;
            }
            prop_assert!(!tracked.runs.is_empty(), "an open incident without a workflow");
            for (index, run) in tracked.runs.iter().enumerate() {
                prop_assert_eq!(run.next, run.steps.len(), "steps were left out");
                for receiver in run.steps.iter().flat_map(|step| &step.receivers) {
                    let told = tracked.deliveries.values().any(|sent| {
                        sent.receiver == *receiver && sent.is_trigger() && sent.generation == tracked.generation
                            && sent.status != SentStatus::Cancelled
                    });
                    prop_assert!(told || tracked.triggers > 50, "{} of run {} was never told", receiver, index);
                }
            }
        }
    }

    #[test]
    fn whoever_was_told_hears_the_end(
        ops in proptest::collection::vec(op(), 1..60)
    ) {
        let mut world = World::new();
        let mut last: BTreeMap<(IncidentId, String), NotificationKind> = BTreeMap::new();
        let mut note = |effects: &[Effect]| {
            for effect in effects {
                if let Effect::Notify { notification, .. } = effect {
                    let key = (notification.incident_id, notification.receiver.clone());
                    last.insert(key, notification.kind);
                }
            }
        };
        for op in ops {
            let Some(input) = world.input(&op) else { continue };
            note(&world.step(input));
        }
        // Everything on its way arrives, then everything is resolved.
        while let Some(delivery_id) = world.pending.pop() {
            note(&world.step(Input::Delivered { delivery_id }));
        }
        let open: Vec<IncidentId> = world.state.open_incidents().map(|incident| incident.id).collect();
        for incident_id in open {
            note(&world.step(Input::Resolve { incident_id, by: "ana".into() }));
        }
        let tracked: Vec<_> = world.state.incidents.iter().map(|(id, t)| (*id, t.clone())).collect();
        for (id, tracked) in tracked {
            let delivered = tracked.deliveries.values().filter(|sent| {
                sent.is_trigger() && sent.generation == tracked.generation && sent.status == SentStatus::Delivered
            });
            for sent in delivered {
                prop_assert_eq!(last.get(&(id, sent.receiver.clone())), Some(&NotificationKind::Resolved));
            }
        }
    }
}
