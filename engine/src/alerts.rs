//! Feeding the alerting machine: state and effects in one transaction, one step at a time per project.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use alerting::{Condition, Effect, Input, Machine, State};
use domain::{
    Anomaly, AnomalyId, Clock, DeliveryId, Incident, IncidentId, Notification, ProjectId,
};
use serde::{Deserialize, Serialize};
use store::{
    AlertStateWrite, AlertStore, AlertTransaction, Expected, IncidentStore, IncidentWrite, NewJob,
    Store,
};
use tokio::sync::Notify;

use crate::Error;

/// The name of the machine's state document.
const STATE: &str = "machine";
/// How often a step is tried again when another one was faster.
const TRIES: usize = 8;
/// Attempts of a message before it is given up; with the retry schedule of `notify` that is hours.
const NOTIFY_ATTEMPTS: i64 = 40;
/// Attempts of a summary.
const SUMMARISE_ATTEMPTS: i64 = 5;
/// The kind of job that wakes somebody up.
pub(crate) const PAGE_JOB: &str = "page";
/// The kind of job that sends any other message.
pub(crate) const NOTIFY_JOB: &str = "notify";
/// The kind of job that writes a summary.
pub(crate) const SUMMARISE_JOB: &str = "summarise";

/// A message to send.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NotifyPayload {
    pub(crate) notification: Notification,
    pub(crate) is_page: bool,
}

/// A summary to write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SummarisePayload {
    pub(crate) incident_id: IncidentId,
    /// When it was asked for, unix nanoseconds UTC; 0 in jobs of versions that did not note it.
    #[serde(default)]
    pub(crate) requested_at_ns: i64,
}

/// An incident that is not resolved.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    pub(crate) incident: Incident,
    /// When the latest alert or anomaly joined it, unix nanoseconds UTC.
    pub(crate) last_symptom_at_ns: i64,
}

/// The alerting machine of every project, with its memory in the store.
pub(crate) struct Alerts {
    store: Store,
    clock: Arc<dyn Clock>,
    machines: RwLock<HashMap<ProjectId, Arc<Machine>>>,
    /// One step at a time per project in this process; across processes the state's version decides.
    steps: Mutex<HashMap<ProjectId, Arc<Mutex<()>>>>,
    /// When each project's machine wants to be woken.
    wakes: Mutex<HashMap<ProjectId, Option<i64>>>,
    /// Wake the dispatcher's loops, one each.
    pub(crate) pages_added: Notify,
    pub(crate) messages_added: Notify,
    pub(crate) summaries_added: Notify,
}

impl Alerts {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            machines: RwLock::default(),
            steps: Mutex::default(),
            wakes: Mutex::default(),
            pages_added: Notify::new(),
            messages_added: Notify::new(),
            summaries_added: Notify::new(),
        }
    }

    /// Takes new rules into use.
    pub(crate) fn set_machine(&self, project_id: ProjectId, machine: Machine) {
        if let Ok(mut machines) = self.machines.write() {
            machines.insert(project_id, Arc::new(machine));
        }
        // Whether something is due under the new rules is found by the next tick.
        self.forget_wake(project_id);
    }

    /// As before the first policies were read.
    #[cfg(test)]
    pub(crate) fn forget_machine(&self, project_id: ProjectId) {
        self.machines.write().unwrap().remove(&project_id);
    }

    /// The rules in force.
    pub(crate) fn machine(&self, project_id: ProjectId) -> Option<Arc<Machine>> {
        self.machines.read().ok()?.get(&project_id).cloned()
    }

    /// Incidents that are not resolved, as the machine knows them. Blocks.
    pub(crate) fn open_incidents(&self, project_id: ProjectId) -> Result<Vec<Incident>, Error> {
        let (state, _) = self.load(project_id)?;
        Ok(state.open_incidents().cloned().collect())
    }

    /// The same with the time of their latest symptom. Blocks.
    pub(crate) fn current_incidents(&self, project_id: ProjectId) -> Result<Vec<Current>, Error> {
        let (state, _) = self.load(project_id)?;
        Ok(state
            .open_incidents()
            .map(|incident| Current {
                incident: incident.clone(),
                last_symptom_at_ns: state
                    .last_symptom_at_ns(incident.id)
                    .unwrap_or(incident.opened_at_ns),
            })
            .collect())
    }

    /// Whether an anomaly that belongs to no incident may open one.
    pub(crate) fn may_open(&self, project_id: ProjectId, anomaly: &Anomaly) -> bool {
        let hears_anomalies = |machine: &Machine| {
            let mut conditions = machine.policies().flat_map(|policy| &policy.conditions);
            conditions.any(|condition| matches!(condition, Condition::Anomaly(_)))
        };
        self.machine(project_id).is_none_or(|machine| {
            machine.settings().gate.opens(anomaly) || hears_anomalies(&machine)
        })
    }

    /// Anomalies that the machine takes for not over. Blocks.
    pub(crate) fn active_anomalies(&self, project_id: ProjectId) -> Result<Vec<AnomalyId>, Error> {
        let (state, _) = self.load(project_id)?;
        Ok(state.active_anomalies().collect())
    }

    /// Whether the machine took a message back. Blocks.
    pub(crate) fn is_cancelled(
        &self,
        project_id: ProjectId,
        delivery_id: DeliveryId,
    ) -> Result<bool, Error> {
        let (state, _) = self.load(project_id)?;
        Ok(state.is_cancelled(delivery_id))
    }

    /// Gives inputs to the machine and commits what it says; the incidents that were opened or changed.
    /// Blocks.
    pub(crate) fn feed(
        &self,
        project_id: ProjectId,
        inputs: &[Input],
    ) -> Result<Vec<IncidentId>, Error> {
        let Some(machine) = self.machine(project_id) else {
            return Err(Error::Unavailable("policies are not loaded yet".into()));
        };
        let step = self
            .steps
            .lock()
            .map_err(|_| Error::Internal("a step of the alerting machine panicked".into()))?
            .entry(project_id)
            .or_default()
            .clone();
        let _one_at_a_time = step
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for _ in 0..TRIES {
            match self.step(&machine, project_id, inputs) {
                Err(Error::Conflict(reason)) => {
                    tracing::debug!(project.id = %project_id, reason, "another step was faster");
                }
                Ok(touched) => return Ok(touched),
                Err(error) => {
                    self.forget_wake(project_id);
                    return Err(error);
                }
            }
        }
        self.forget_wake(project_id);
        Err(Error::Conflict(
            "the incidents change faster than this step can be committed".into(),
        ))
    }

    fn load(&self, project_id: ProjectId) -> Result<(State, i64), Error> {
        match self.store.alert_state(project_id, STATE)? {
            Some(stored) => {
                let state = State::from_json(&stored.document)
                    .map_err(|error| Error::Internal(error.to_string()))?;
                Ok((state, stored.version))
            }
            None => Ok((State::new(1), 0)),
        }
    }

    fn step(
        &self,
        machine: &Machine,
        project_id: ProjectId,
        inputs: &[Input],
    ) -> Result<Vec<IncidentId>, Error> {
        let (mut state, version) = self.load(project_id)?;
        let before = state.clone();
        let now_ns = self.clock.now_ns();
        let effects: Vec<Effect> = inputs
            .iter()
            .flat_map(|input| machine.step(&mut state, input.clone(), now_ns))
            .collect();
        if effects.is_empty() && state == before {
            self.note_wake(project_id, &state);
            return Ok(Vec::new());
        }
        let mut transaction = AlertTransaction::new(project_id);
        transaction.states.push(AlertStateWrite {
            name: STATE.into(),
            expected_version: version,
            document: state.to_json(),
        });
        let touched = self.translate(project_id, effects, now_ns, &mut transaction)?;
        self.store.apply_alerts(&transaction, now_ns)?;
        // Only what is committed counts: the wake-up of a step that was not would be slept through.
        self.note_wake(project_id, &state);
        for (kind, added) in [
            (PAGE_JOB, &self.pages_added),
            (NOTIFY_JOB, &self.messages_added),
            (SUMMARISE_JOB, &self.summaries_added),
        ] {
            if transaction.jobs.iter().any(|job| job.kind == kind) {
                added.notify_one();
            }
        }
        Ok(touched)
    }

    /// What the machine waits for is not known: the next tick finds out.
    fn forget_wake(&self, project_id: ProjectId) {
        if let Ok(mut wakes) = self.wakes.lock() {
            wakes.remove(&project_id);
        }
    }

    fn note_wake(&self, project_id: ProjectId, state: &State) {
        if let Ok(mut wakes) = self.wakes.lock() {
            wakes.insert(project_id, state.next_wake_ns());
        }
    }

    /// Sends the machine its tick when it asked for one; the first time always. Blocks.
    pub(crate) fn tick(&self, project_id: ProjectId) -> Result<(), Error> {
        let is_due = self
            .wakes
            .lock()
            .is_ok_and(|wakes| match wakes.get(&project_id) {
                None => true,
                Some(None) => false,
                Some(Some(at_ns)) => *at_ns <= self.clock.now_ns(),
            });
        if is_due {
            self.feed(project_id, &[Input::Tick])?;
        }
        Ok(())
    }

    /// Turns effects into one transaction. Of several documents of one incident the last one counts.
    fn translate(
        &self,
        project_id: ProjectId,
        effects: Vec<Effect>,
        now_ns: i64,
        transaction: &mut AlertTransaction,
    ) -> Result<Vec<IncidentId>, Error> {
        let mut incidents: Vec<Incident> = Vec::new();
        for effect in effects {
            match effect {
                Effect::OpenIncident { incident } | Effect::UpdateIncident { incident } => {
                    match incidents.iter_mut().find(|known| known.id == incident.id) {
                        Some(known) => *known = *incident,
                        None => incidents.push(*incident),
                    }
                }
                Effect::Timeline { incident_id, entry } => {
                    transaction.timeline.push((incident_id, entry));
                }
                Effect::Notify { notification, page } => {
                    let delivery_id = notification.id;
                    transaction.jobs.push(job(
                        project_id,
                        if page { PAGE_JOB } else { NOTIFY_JOB },
                        delivery_id.to_string(),
                        &NotifyPayload {
                            notification: *notification,
                            is_page: page,
                        },
                        now_ns,
                        NOTIFY_ATTEMPTS,
                    )?);
                }
                Effect::Summarise { incident_id } => transaction.jobs.push(job(
                    project_id,
                    SUMMARISE_JOB,
                    // One that is being written may not know what this one is to tell of.
                    format!("{incident_id}:{now_ns}"),
                    &SummarisePayload {
                        incident_id,
                        requested_at_ns: now_ns,
                    },
                    now_ns,
                    SUMMARISE_ATTEMPTS,
                )?),
                // A cancelled message is dropped by the dispatcher: it asks the machine before it sends.
                Effect::CancelDelivery { .. } | Effect::ScheduleWake { .. } => {}
            }
        }
        for incident in &incidents {
            let own = incident.anomaly_ids.iter();
            transaction
                .anomalies
                .extend(own.map(|id| (*id, incident.id)));
        }
        transaction.anomalies.sort_unstable();
        transaction.anomalies.dedup();
        let touched = incidents.iter().map(|incident| incident.id).collect();
        for mut incident in incidents {
            // The machine never holds a summary; the one that is stored stays.
            match self.store.incident(project_id, incident.id)? {
                Some(stored) => incident.summary = stored.incident.summary,
                // The store gives the number: incidents of the past are numbered there as well.
                None => incident.number = 0,
            }
            transaction.incidents.push(IncidentWrite {
                incident,
                expected: Expected::Any,
            });
        }
        Ok(touched)
    }
}

fn job<T: Serialize>(
    project_id: ProjectId,
    kind: &str,
    dedup_key: String,
    payload: &T,
    now_ns: i64,
    max_attempts: i64,
) -> Result<NewJob, Error> {
    Ok(NewJob {
        project_id,
        kind: kind.into(),
        dedup_key: Some(dedup_key),
        payload: serde_json::to_string(payload)
            .map_err(|error| Error::Internal(format!("a job cannot be written: {error}")))?,
        run_at_ns: now_ns,
        max_attempts,
    })
}

#[cfg(test)]
pub(crate) mod tests;
