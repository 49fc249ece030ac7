//! What people say of anomalies: kept with the project, and heard from the next anomaly on.

use anomaly::{Feedback, Opinion, Verdict};
use domain::{Anomaly, AnomalyId, ErrorKind, IncidentId, ProjectId};
use store::{AlertStateWrite, AlertStore, AlertTransaction, AnomalyStore, IncidentStore};

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// The name of the document.
const DOCUMENT: &str = "feedback";
/// How often it is tried again when somebody else was faster.
const TRIES: usize = 8;
/// Most anomalies of an incident that one verdict is about.
const MOST: usize = 200;

/// What came of a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedbackOutcome {
    /// The anomaly.
    pub anomaly_id: AnomalyId,
    /// What was said.
    pub verdict: Verdict,
    /// How often anomalies like it were called useful.
    pub useful: u32,
    /// How often noise.
    pub noise: u32,
    /// What is added to the score of the next ones like it, -0.4 to 0.15.
    pub shift: f64,
}

/// What came of a verdict about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncidentVerdict {
    /// The incident's number.
    pub number: i64,
    /// Anomalies that were told, 200 at most; 0 when only rules speak for the incident, which learn nothing.
    pub anomalies: usize,
}

impl Engine {
    /// Notes whether an anomaly was worth knowing; a later verdict of the same one replaces it. It moves the score of
    /// anomalies like it from now on, within bounds.
    ///
    /// # Errors
    /// An unknown id is [`Error::NotFound`]; fails when the store does.
    pub async fn anomaly_feedback(
        &self,
        project_id: ProjectId,
        anomaly_id: AnomalyId,
        verdict: Verdict,
        by: String,
    ) -> Result<FeedbackOutcome, Error> {
        let inner = self.inner();
        blocking(move || inner.note_feedback(project_id, anomaly_id, verdict, &by)).await
    }

    /// Notes the same of every anomaly of an incident.
    ///
    /// # Errors
    /// An unknown id is [`Error::NotFound`]; fails when the store does.
    pub async fn incident_feedback(
        &self,
        project_id: ProjectId,
        incident_id: IncidentId,
        verdict: Verdict,
        by: String,
    ) -> Result<IncidentVerdict, Error> {
        let inner = self.inner();
        blocking(move || inner.note_incident_feedback(project_id, incident_id, verdict, &by)).await
    }
}

impl Inner {
    /// All that was said in a project. Blocks.
    pub(crate) fn feedback(&self, project_id: ProjectId) -> Result<Feedback, Error> {
        Ok(self.load_feedback(project_id)?.0)
    }

    fn load_feedback(&self, project_id: ProjectId) -> Result<(Feedback, i64), Error> {
        let Some(stored) = self.store.alert_state(project_id, DOCUMENT)? else {
            return Ok((Feedback::default(), 0));
        };
        let feedback = serde_json::from_str(&stored.document)
            .map_err(|error| Error::Internal(format!("the feedback cannot be read: {error}")))?;
        Ok((feedback, stored.version))
    }

    fn note_feedback(
        &self,
        project_id: ProjectId,
        anomaly_id: AnomalyId,
        verdict: Verdict,
        by: &str,
    ) -> Result<FeedbackOutcome, Error> {
        let found = self.store.anomalies_by_ids(project_id, &[anomaly_id])?;
        let Some(anomaly) = found.first() else {
            return Err(Error::NotFound(format!("anomaly {anomaly_id}")));
        };
        let opinions = self.say(project_id, std::slice::from_ref(anomaly), verdict, by)?;
        let opinion = opinions.first().copied().unwrap_or_default();
        Ok(FeedbackOutcome {
            anomaly_id,
            verdict,
            useful: opinion.useful,
            noise: opinion.noise,
            shift: opinion.shift(),
        })
    }

    fn note_incident_feedback(
        &self,
        project_id: ProjectId,
        incident_id: IncidentId,
        verdict: Verdict,
        by: &str,
    ) -> Result<IncidentVerdict, Error> {
        let Some(stored) = self.store.incident(project_id, incident_id)? else {
            return Err(Error::NotFound(format!("incident {incident_id}")));
        };
        let ids = &stored.incident.anomaly_ids;
        let found = self
            .store
            .anomalies_by_ids(project_id, &ids[..ids.len().min(MOST)])?;
        if !found.is_empty() {
            self.say(project_id, &found, verdict, by)?;
        }
        Ok(IncidentVerdict {
            number: stored.incident.number,
            anomalies: found.len(),
        })
    }

    /// Writes a verdict about anomalies; what is now thought of those like each.
    fn say(
        &self,
        project_id: ProjectId,
        anomalies: &[Anomaly],
        verdict: Verdict,
        by: &str,
    ) -> Result<Vec<Opinion>, Error> {
        for _ in 0..TRIES {
            let (mut feedback, version) = self.load_feedback(project_id)?;
            let now_ns = self.clock.now_ns();
            let opinions = anomalies
                .iter()
                .map(|anomaly| feedback.say(anomaly, verdict, by, now_ns))
                .collect();
            let mut transaction = AlertTransaction::new(project_id);
            transaction.states.push(AlertStateWrite {
                name: DOCUMENT.into(),
                expected_version: version,
                document: serde_json::to_string(&feedback)
                    .map_err(|error| Error::Internal(error.to_string()))?,
            });
            match self.store.apply_alerts(&transaction, now_ns) {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                outcome => {
                    outcome?;
                    return Ok(opinions);
                }
            }
        }
        Err(Error::Conflict(
            "the feedback changes faster than it can be written".into(),
        ))
    }
}

#[cfg(test)]
mod tests;
