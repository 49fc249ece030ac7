//! Telling the alerting machine what was found, in order, many at a time: a storm of thousands of anomalies costs a few
//! transactions, not one each.

use std::collections::{HashMap, HashSet};

use alerting::Input;
use anomaly::{AnomalyKey, CorrelateContext, IncidentSketch, JoinDecision, Topology};
use domain::{Anomaly, AnomalyId, ErrorKind, ProjectId};
use store::AnomalyStore;

use super::{News, Watch};
use crate::alike::Meanings;
use crate::{Error, Inner};

/// News that are told in one transaction at most.
const BATCH: usize = 250;
/// Patterns, services of an incident that correlation looks at.
const SKETCHED: usize = 256;

/// What has been gathered for the next transaction.
struct Round<'a> {
    project_id: ProjectId,
    topology: &'a Topology,
    meanings: &'a Meanings,
    incidents: Vec<IncidentSketch>,
    inputs: Vec<Input>,
    opened: Vec<(AnomalyKey, AnomalyId)>,
    over: Vec<AnomalyKey>,
}

impl Inner {
    /// Tells the alerting machine what waits, in order; what cannot be told goes on waiting.
    pub(super) fn tell(&self, project_id: ProjectId, watch: &mut Watch) -> Result<(), Error> {
        while !watch.waiting.is_empty() {
            let some: Vec<News> = watch.waiting.iter().take(BATCH).cloned().collect();
            match self.tell_some(project_id, &some, &mut watch.open) {
                Err(error) if is_refused(&error) && some.len() > 1 => {
                    self.tell_singly(project_id, watch, some.len())?;
                }
                Err(error) if is_refused(&error) => {
                    note_refused(project_id, &error);
                    watch.waiting.pop_front();
                }
                outcome => {
                    outcome?;
                    watch.waiting.drain(..some.len());
                }
            }
        }
        Ok(())
    }

    /// One of them never will be told, and must not stop the others.
    fn tell_singly(
        &self,
        project_id: ProjectId,
        watch: &mut Watch,
        count: usize,
    ) -> Result<(), Error> {
        for _ in 0..count {
            let Some(news) = watch.waiting.front().cloned() else {
                break;
            };
            match self.tell_some(project_id, &[news], &mut watch.open) {
                Err(error) if is_refused(&error) => note_refused(project_id, &error),
                outcome => outcome?,
            }
            watch.waiting.pop_front();
        }
        Ok(())
    }

    /// Records the anomalies and tells the machine of them, each with the open incident that it belongs to. May be done
    /// again.
    fn tell_some(
        &self,
        project_id: ProjectId,
        news: &[News],
        open: &mut HashMap<AnomalyKey, AnomalyId>,
    ) -> Result<(), Error> {
        let anomalies = self.record_news(project_id, news)?;
        let topology = self.topology(project_id)?;
        let incidents = self.sketches(project_id)?;
        let meanings = self.meanings_of(project_id, &incidents, &anomalies);
        let mut anomalies = anomalies.into_iter();
        let mut round = Round {
            project_id,
            topology: &topology,
            meanings: &meanings,
            incidents,
            inputs: Vec::new(),
            opened: Vec::new(),
            over: Vec::new(),
        };
        for item in news {
            match item {
                News::Found(_) => {
                    let Some(anomaly) = anomalies.next() else {
                        continue;
                    };
                    let key = AnomalyKey::of(&anomaly);
                    round.opened.push((key, anomaly.id));
                    if self.relate(&mut round, anomaly) {
                        self.flush(&mut round, open)?;
                    }
                }
                News::Over(key) => {
                    let now = round.opened.iter().rev().find(|(own, _)| own == key);
                    let known = now.map(|(_, id)| *id).or_else(|| open.get(key).copied());
                    if let Some(anomaly_id) = known {
                        round.inputs.push(Input::AnomalyEnded { anomaly_id });
                        round.opened.retain(|(own, _)| own != key);
                        round.over.push(key.clone());
                    }
                }
                News::Forgotten(anomaly_id) => round.inputs.push(Input::AnomalyEnded {
                    anomaly_id: *anomaly_id,
                }),
            }
        }
        self.flush(&mut round, open)
    }

    /// Adds what the machine has to hear of an anomaly; says whether an incident may open, after which correlation must look
    /// again.
    fn relate(&self, round: &mut Round<'_>, anomaly: Anomaly) -> bool {
        let meanings = round.meanings;
        let similarity = |a, b| meanings.cosine(a, b);
        let context = CorrelateContext {
            similarity: &similarity,
            ..CorrelateContext::new(round.topology)
        };
        let decision = anomaly::correlate(&round.incidents, &anomaly, &context);
        let JoinDecision::Join {
            incident_id,
            reason,
            ..
        } = decision
        else {
            let may_open = self.alerts.may_open(round.project_id, &anomaly);
            round.inputs.push(Input::AnomalyOpened {
                anomaly: Box::new(anomaly),
                join: None,
            });
            return may_open;
        };
        let bridge = anomaly::bridge(&round.incidents, &anomaly, incident_id, &context);
        if let Some(own) = round.incidents.iter_mut().find(|i| i.id == incident_id) {
            widen(own, &anomaly);
        }
        round.inputs.push(Input::AnomalyJoins {
            anomaly: Box::new(anomaly),
            incident_id,
            reason,
        });
        let Some(bridge) = bridge else {
            return false;
        };
        round.inputs.push(Input::Merge {
            from: bridge.from,
            into: bridge.into,
            reason: bridge.reason,
            by: None,
        });
        true
    }

    fn flush(
        &self,
        round: &mut Round<'_>,
        open: &mut HashMap<AnomalyKey, AnomalyId>,
    ) -> Result<(), Error> {
        if round.inputs.is_empty() {
            return Ok(());
        }
        self.alerts.feed(round.project_id, &round.inputs)?;
        round.inputs.clear();
        for key in round.over.drain(..) {
            open.remove(&key);
        }
        open.extend(round.opened.drain(..));
        round.incidents = self.sketches(round.project_id)?;
        Ok(())
    }

    /// What patterns of anomalies and open incidents mean: those of one incident often say the same in other words.
    fn meanings_of(
        &self,
        project_id: ProjectId,
        incidents: &[IncidentSketch],
        anomalies: &[Anomaly],
    ) -> Meanings {
        let news: HashSet<_> = anomalies.iter().filter_map(|a| a.template_id).collect();
        let known = incidents
            .iter()
            .flat_map(|i| i.template_ids.iter().copied());
        let known: HashSet<_> = known.collect();
        if news.is_empty() || known.is_empty() {
            return Meanings::default();
        }
        self.meanings(project_id, &news.union(&known).copied().collect())
    }

    fn sketches(&self, project_id: ProjectId) -> Result<Vec<IncidentSketch>, Error> {
        let current = self.alerts.current_incidents(project_id)?;
        Ok(crate::correlate::sketches(&current))
    }

    /// Shifts the scores by what people said, records the anomalies and gives each its id.
    fn record_news(&self, project_id: ProjectId, news: &[News]) -> Result<Vec<Anomaly>, Error> {
        let found = news.iter().filter_map(|item| match item {
            News::Found(anomaly) => Some(anomaly.as_ref().clone()),
            _ => None,
        });
        let mut anomalies: Vec<Anomaly> = found.collect();
        if anomalies.is_empty() {
            return Ok(anomalies);
        }
        let feedback = self.feedback(project_id)?;
        for anomaly in &mut anomalies {
            feedback.apply(anomaly);
        }
        self.record(project_id, &mut anomalies)?;
        for anomaly in &anomalies {
            tracing::info!(
                project.id = %project_id, anomaly.kind = anomaly.kind.as_str(), score = anomaly.score,
                service.name = anomaly.service, "anomaly: {}", anomaly.reason
            );
        }
        Ok(anomalies)
    }

    /// Records anomalies and gives each its id: a new one, or that which it has had since it was first recorded.
    pub(super) fn record(
        &self,
        project_id: ProjectId,
        anomalies: &mut [Anomaly],
    ) -> Result<(), Error> {
        for anomaly in anomalies.iter_mut() {
            anomaly.project_id = project_id;
            let random = uuid::Uuid::new_v4();
            let mut tail = [0; 10];
            tail.copy_from_slice(&random.as_bytes()[6..]);
            anomaly.id = AnomalyId::from_parts(anomaly.detected_at_ns, tail);
        }
        let recorded = self.store.record_anomalies(project_id, anomalies)?;
        for (anomaly, recorded) in anomalies.iter_mut().zip(recorded) {
            anomaly.id = recorded.id;
            metrics::counter!("vigil_engine_anomalies_total", "kind" => anomaly.kind.as_str())
                .increment(u64::from(recorded.is_new));
        }
        Ok(())
    }
}

/// What an incident is once an anomaly joined it.
fn widen(incident: &mut IncidentSketch, anomaly: &Anomaly) {
    incident.started_at_ns = incident.started_at_ns.min(anomaly.started_at_ns);
    incident.last_symptom_at_ns = incident.last_symptom_at_ns.max(anomaly.detected_at_ns);
    if let Some(service) = &anomaly.service
        && incident.services.len() < SKETCHED
        && !incident.services.contains(service)
    {
        incident.services.push(service.clone());
    }
    if let Some(id) = anomaly.template_id
        && incident.template_ids.len() < SKETCHED
        && !incident.template_ids.contains(&id)
    {
        incident.template_ids.push(id);
    }
}

/// Whether trying again is of no use.
fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::BadRequest | ErrorKind::TooLarge)
}

fn note_refused(project_id: ProjectId, error: &Error) {
    tracing::error!(project.id = %project_id, %error, "an anomaly was refused");
    metrics::counter!("vigil_engine_anomalies_refused_total").increment(1);
}
