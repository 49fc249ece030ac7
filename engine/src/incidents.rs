//! Incidents for people: lists, details, taking and ending them, summaries.

use std::sync::Arc;

use alerting::Input;
use domain::{
    Anomaly, Incident, IncidentId, IncidentState, PageRequest, ProjectId, Summary, SummaryAuthor,
    TimeRange, TimelineEntry, TimelineKind,
};
use store::{AnomalyFilter, AnomalyStore, Expected, IncidentFilter, IncidentStore, IncidentWrite};

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// How often writing a summary is tried when the incident changes meanwhile.
const TRIES: usize = 5;

/// An incident with everything around it.
#[derive(Debug, Clone)]
pub struct IncidentView {
    /// The incident.
    pub incident: Incident,
    /// Its timeline, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Its anomalies.
    pub anomalies: Vec<Anomaly>,
}

impl Engine {
    /// Incidents, newest first; of any state when `states` is empty.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn incidents(
        &self,
        project_id: ProjectId,
        states: Vec<IncidentState>,
        limit: usize,
    ) -> Result<Vec<Incident>, Error> {
        let inner = self.inner();
        blocking(move || {
            let page = inner.store.incidents(
                project_id,
                &IncidentFilter { states },
                &PageRequest::first(limit),
            )?;
            Ok::<_, Error>(
                page.items
                    .into_iter()
                    .map(|stored| stored.incident)
                    .collect(),
            )
        })
        .await
    }

    /// One incident.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is [`Error::NotFound`].
    pub async fn incident(
        &self,
        project_id: ProjectId,
        id: IncidentId,
    ) -> Result<IncidentView, Error> {
        let inner = self.inner();
        blocking(move || {
            let incident = inner.stored_incident(project_id, id)?;
            let timeline = inner.store.timeline(project_id, id)?;
            let anomalies = inner
                .store
                .anomalies_by_ids(project_id, &incident.anomaly_ids)?;
            Ok::<_, Error>(IncidentView {
                incident,
                timeline,
                anomalies,
            })
        })
        .await
    }

    /// Anomalies, newest first.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn anomalies(
        &self,
        project_id: ProjectId,
        limit: usize,
    ) -> Result<Vec<Anomaly>, Error> {
        let inner = self.inner();
        blocking(move || {
            let page = inner.store.anomalies(
                project_id,
                &AnomalyFilter::in_range(TimeRange::ALL),
                &PageRequest::first(limit),
            )?;
            Ok::<_, Error>(page.items)
        })
        .await
    }

    /// Takes an incident: escalation stops.
    ///
    /// # Errors
    /// An unknown id is [`Error::NotFound`], an incident that is over is [`Error::Conflict`].
    pub async fn acknowledge(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        by: String,
    ) -> Result<Incident, Error> {
        self.act(
            project_id,
            id,
            Input::Acknowledge {
                incident_id: id,
                by,
            },
        )
        .await
    }

    /// Ends an incident.
    ///
    /// # Errors
    /// An unknown id is [`Error::NotFound`], an incident that is over is [`Error::Conflict`].
    pub async fn resolve(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        by: String,
    ) -> Result<Incident, Error> {
        self.act(
            project_id,
            id,
            Input::Resolve {
                incident_id: id,
                by,
            },
        )
        .await
    }

    async fn act(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        input: Input,
    ) -> Result<Incident, Error> {
        let inner = self.inner();
        blocking(move || {
            let incident = inner.stored_incident(project_id, id)?;
            if incident.state == IncidentState::Resolved {
                return Err(Error::Conflict(format!(
                    "incident {} is resolved",
                    incident.number
                )));
            }
            inner.alerts.feed(project_id, &[input])?;
            inner.stored_incident(project_id, id)
        })
        .await
    }

    /// The summary of an incident, written by rules now if there is none yet.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is [`Error::NotFound`].
    pub async fn summary(&self, project_id: ProjectId, id: IncidentId) -> Result<Summary, Error> {
        let inner = self.inner();
        blocking(move || {
            let incident = inner.stored_incident(project_id, id)?;
            match incident.summary.clone() {
                Some(summary) => Ok::<_, Error>(summary),
                None => Ok(inner.draft(project_id, &incident)?.1),
            }
        })
        .await
    }
}

impl Inner {
    pub(crate) fn stored_incident(
        &self,
        project_id: ProjectId,
        id: IncidentId,
    ) -> Result<Incident, Error> {
        self.store
            .incident(project_id, id)?
            .map(|stored| stored.incident)
            .ok_or_else(|| Error::NotFound(format!("incident {id}")))
    }

    /// Writes the summary anew: by rules at once, then phrased by the model when there is one.
    pub(crate) async fn summarise(
        self: &Arc<Self>,
        project_id: ProjectId,
        id: IncidentId,
    ) -> Result<Summary, Error> {
        let worker = Arc::clone(self);
        let (facts, draft) = blocking(move || {
            let incident = worker.stored_incident(project_id, id)?;
            let (facts, draft) = worker.draft(project_id, &incident)?;
            worker.save_summary(project_id, id, &draft)?;
            Ok::<_, Error>((facts, draft))
        })
        .await?;
        let Some(generator) = self.narrator.generator() else {
            return Ok(draft);
        };
        let budget = inference::PhraseBudget::new(uuid::Uuid::new_v4().as_u64_pair().0);
        let phrased = inference::phrase_summary(
            generator.as_ref(),
            &facts,
            draft,
            &budget,
            self.tasks_stop.clone(),
        )
        .await;
        let worker = Arc::clone(self);
        let written = phrased.clone();
        blocking(move || worker.save_summary(project_id, id, &written)).await?;
        Ok(phrased)
    }

    fn save_summary(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        summary: &Summary,
    ) -> Result<(), Error> {
        let author = match &summary.author {
            SummaryAuthor::Rules => "the rules".to_owned(),
            SummaryAuthor::Model { name } => format!("{name}, checked"),
            SummaryAuthor::RulesAfterRejection { name, reason } => {
                format!("the rules; the text of {name} was dropped: {reason}")
            }
        };
        for _ in 0..TRIES {
            let Some(stored) = self.store.incident(project_id, id)? else {
                return Err(Error::NotFound(format!("incident {id}")));
            };
            let mut incident = stored.incident;
            let is_first = incident.summary.is_none();
            incident.summary = Some(summary.clone());
            let line = TimelineEntry {
                at_ns: self.clock.now_ns(),
                kind: TimelineKind::Summarised,
                text: format!("summary written by {author}"),
                actor: None,
            };
            // Repeated rewriting by rules would only fill the timeline.
            let lines = if is_first || summary.author != SummaryAuthor::Rules {
                vec![line]
            } else {
                Vec::new()
            };
            let write = IncidentWrite {
                incident,
                expected: Expected::Version(stored.version),
            };
            match self.store.write_incident(&write, &lines) {
                Err(error) if error.kind() == domain::ErrorKind::Conflict => {}
                outcome => return Ok(outcome.map(|_| ())?),
            }
        }
        Err(Error::Conflict(format!(
            "incident {id} changes faster than its summary can be written"
        )))
    }
}
