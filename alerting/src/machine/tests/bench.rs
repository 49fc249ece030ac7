//! A machine with a state and a clock to drive by hand.

use std::collections::BTreeMap;

use domain::{
    Anomaly, AnomalyId, AnomalyKind, DeliveryId, IncidentId, IncidentState, NotificationKind,
    ProjectId, Severity,
};
use uuid::Uuid;

use crate::machine::{Effect, Evaluation, Input, Machine, Reading, Settings, State};
use crate::policy::{Policy, PolicyId, parse_policies};

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// 2026-11-23T10:00:00Z.
pub(crate) const START: i64 = 1_795_428_000 * SECOND;

pub(crate) const CHARTER: &str = "
policy:
  name: High error rate
  conditions:
    - {type: metric_threshold, metric: http_errors, threshold: 100, window: 5m}
  workflow:
    - notify: slack:#ops
    - escalate_after: 10m -> notify: pagerduty:service-id
";

/// A machine, its state and a clock; prints what happens.
pub(crate) struct Bench {
    pub machine: Machine,
    pub state: State,
    pub now: i64,
    pub log: Vec<Effect>,
}

impl Bench {
    pub fn new(yaml: &str) -> Self {
        Self::with(parse_policies("test", yaml).unwrap(), Settings::default())
    }

    pub fn with(policies: Vec<Policy>, settings: Settings) -> Self {
        let project = ProjectId(Uuid::from_u128(7));
        Self {
            machine: Machine::new(project, policies, settings),
            state: State::new(1),
            now: START,
            log: Vec::new(),
        }
    }

    pub fn step(&mut self, input: Input) -> Vec<Effect> {
        let mut replayed = State::from_json(&self.state.to_json()).unwrap();
        let effects = self.machine.step(&mut self.state, input.clone(), self.now);
        let again = self.machine.step(&mut replayed, input, self.now);
        assert_eq!(effects, again, "a restart changed what happens");
        assert_eq!(self.state, replayed);
        self.log.extend(effects.clone());
        effects
    }

    /// Lets time pass with a tick at the end.
    pub fn pass(&mut self, duration_ns: i64) -> Vec<Effect> {
        self.now += duration_ns;
        self.step(Input::Tick)
    }

    pub fn value(&mut self, value: f64) -> Vec<Effect> {
        self.series(&[("", value)])
    }

    /// One round of condition 0 of the only policy, with these services (`""`: no label).
    pub fn series(&mut self, values: &[(&str, f64)]) -> Vec<Effect> {
        self.round(0, values)
    }

    pub fn round(&mut self, condition: usize, values: &[(&str, f64)]) -> Vec<Effect> {
        let policy_id: PolicyId = self.machine.policies().next().unwrap().id.clone();
        let readings = values
            .iter()
            .map(|(service, value)| Reading {
                labels: labels(service),
                value: Some(*value),
                ..Reading::default()
            })
            .collect();
        self.step(Input::Evaluation(Evaluation {
            policy_id,
            condition,
            readings,
        }))
    }

    pub fn anomaly(
        &mut self,
        number: u128,
        service: &str,
        join: Option<IncidentId>,
    ) -> Vec<Effect> {
        let anomaly = Box::new(anomaly(number, service, self.now));
        self.step(Input::AnomalyOpened { anomaly, join })
    }

    pub fn end(&mut self, number: u128) -> Vec<Effect> {
        self.step(Input::AnomalyEnded {
            anomaly_id: AnomalyId(Uuid::from_u128(number)),
        })
    }

    pub fn only_incident(&self) -> IncidentId {
        assert_eq!(self.state.incidents.len(), 1);
        *self.state.incidents.keys().next().unwrap()
    }

    pub fn incident_state(&self) -> IncidentState {
        self.state.incident(self.only_incident()).unwrap().state
    }

    pub fn acknowledge(&mut self) -> Vec<Effect> {
        let incident_id = self.only_incident();
        self.step(Input::Acknowledge {
            incident_id,
            by: "ana".into(),
        })
    }

    pub fn resolve(&mut self) -> Vec<Effect> {
        let incident_id = self.only_incident();
        self.step(Input::Resolve {
            incident_id,
            by: "ana".into(),
        })
    }

    pub fn delivered(&mut self, delivery_id: DeliveryId) -> Vec<Effect> {
        self.step(Input::Delivered { delivery_id })
    }

    pub fn failed(&mut self, delivery_id: DeliveryId, permanent: bool) -> Vec<Effect> {
        self.step(Input::DeliveryFailed {
            delivery_id,
            permanent,
            reason: "no such channel".into(),
        })
    }
}

pub(crate) fn labels(service: &str) -> BTreeMap<String, String> {
    if service.is_empty() {
        return BTreeMap::new();
    }
    BTreeMap::from([("service".to_owned(), service.to_owned())])
}

pub(crate) fn anomaly(number: u128, service: &str, now: i64) -> Anomaly {
    Anomaly {
        id: AnomalyId(Uuid::from_u128(number)),
        project_id: ProjectId(Uuid::from_u128(7)),
        kind: AnomalyKind::Surge,
        service: Some(service.to_owned()),
        severity: Severity::Error,
        template_id: None,
        metric: None,
        labels: BTreeMap::new(),
        started_at_ns: now - MINUTE,
        detected_at_ns: now,
        observed: 120.0,
        expected: 2.0,
        expected_low: 0.0,
        expected_high: 6.0,
        unit: "records/min".into(),
        score: 0.9,
        reason: format!("{service} wrote 120 errors a minute, 2 are usual"),
    }
}

/// Messages among the effects: receiver and kind.
pub(crate) fn messages(effects: &[Effect]) -> Vec<(String, NotificationKind, DeliveryId)> {
    let message = |effect: &Effect| match effect {
        Effect::Notify { notification, .. } => Some((
            notification.receiver.clone(),
            notification.kind,
            notification.id,
        )),
        _ => None,
    };
    effects.iter().filter_map(message).collect()
}

pub(crate) fn told(effects: &[Effect]) -> Vec<String> {
    messages(effects)
        .iter()
        .map(|(receiver, kind, _)| format!("{} {receiver}", kind.as_str()))
        .collect()
}

pub(crate) fn id_of(effects: &[Effect], receiver: &str) -> DeliveryId {
    let all = messages(effects);
    all.iter()
        .find(|(name, _, _)| name == receiver)
        .map(|(_, _, id)| *id)
        .unwrap()
}

/// The story of effects, one line each.
pub(crate) fn story(effects: &[Effect]) -> String {
    let line = |effect: &Effect| match effect {
        Effect::OpenIncident { incident } => format!(
            "open #{} {} {} [{}]",
            incident.number,
            incident.severity.as_str(),
            incident.title,
            incident.dedup_key
        ),
        Effect::UpdateIncident { incident } => {
            format!("update #{} {}", incident.number, incident.state.as_str())
        }
        Effect::Timeline { entry, .. } => format!("  {}", entry.text),
        Effect::Notify { notification, page } => format!(
            "{} {} {}: {:?}",
            if *page { "page" } else { "notify" },
            notification.receiver,
            notification.kind.as_str(),
            notification.facts
        ),
        Effect::CancelDelivery { .. } => "cancel".to_owned(),
        Effect::Summarise { .. } => "summarise".to_owned(),
        Effect::ScheduleWake { at_ns } => format!("wake at +{}s", (at_ns - START) / SECOND),
    };
    effects.iter().map(line).collect::<Vec<_>>().join("\n")
}
