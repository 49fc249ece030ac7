//! What people say of anomalies: kept with the project, and heard from the next anomaly on.

use anomaly::{Feedback, Verdict};
use domain::{AnomalyId, ErrorKind, ProjectId};
use store::{AlertStateWrite, AlertStore, AlertTransaction, AnomalyStore};

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// The name of the document.
const DOCUMENT: &str = "feedback";
/// How often it is tried again when somebody else was faster.
const TRIES: usize = 8;

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
        for _ in 0..TRIES {
            let (mut feedback, version) = self.load_feedback(project_id)?;
            let now_ns = self.clock.now_ns();
            let opinion = feedback.say(anomaly, verdict, by, now_ns);
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
                    return Ok(FeedbackOutcome {
                        anomaly_id,
                        verdict,
                        useful: opinion.useful,
                        noise: opinion.noise,
                        shift: opinion.shift(),
                    });
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
