//! Incidents for people: lists, details, taking and ending them, summaries.

use std::sync::Arc;

use alerting::Input;
use domain::{
    Anomaly, Incident, IncidentId, IncidentState, Page, PageRequest, ProjectId, Summary,
    SummaryAuthor, TimeRange, TimelineEntry, TimelineKind,
};
use store::{AnomalyFilter, AnomalyStore, Expected, IncidentFilter, IncidentStore, IncidentWrite};

use crate::narrator::Watched;
use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// How often writing a summary is tried when the incident changes meanwhile.
const TRIES: usize = 5;

/// What happens when the model has no time for a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// Somebody will ask again.
    TryAgain,
    /// Nobody will.
    LastTry,
}

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
    /// One page of incidents; of any state when `states` is empty.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn incidents(
        &self,
        project_id: ProjectId,
        states: Vec<IncidentState>,
        page: PageRequest,
    ) -> Result<Page<Incident>, Error> {
        let inner = self.inner();
        blocking(move || {
            let page = inner
                .store
                .incidents(project_id, &IncidentFilter { states }, &page)?;
            Ok::<_, Error>(Page {
                items: page
                    .items
                    .into_iter()
                    .map(|stored| stored.incident)
                    .collect(),
                next: page.next,
            })
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

    /// Writes the summary anew: phrased by the model when there is one, and by rules at once where nothing
    /// better is stored. What a model wrote stays until a model has written again or its text was rejected.
    ///
    /// # Errors
    /// Fails when the store fails, and with [`Wording::TryAgain`] when the model had no time: what is stored
    /// stays.
    pub(crate) async fn summarise(
        self: &Arc<Self>,
        project_id: ProjectId,
        id: IncidentId,
        wording: Wording,
    ) -> Result<Summary, Error> {
        let generator = self.generator_of(project_id).await;
        let worker = Arc::clone(self);
        let has_model = generator.is_some();
        let (facts, draft) = blocking(move || {
            let incident = worker.stored_incident(project_id, id)?;
            let (facts, draft) = worker.draft(project_id, &incident)?;
            let is_better = incident
                .summary
                .is_none_or(|known| known.author == SummaryAuthor::Rules);
            if is_better || !has_model {
                worker.save_summary(project_id, id, &draft)?;
            }
            Ok::<_, Error>((facts, draft))
        })
        .await?;
        let Some(generator) = generator else {
            return Ok(draft);
        };
        let mut budget = inference::PhraseBudget::new(uuid::Uuid::new_v4().as_u64_pair().0);
        budget.origin = inference::Origin {
            project_id: Some(project_id),
            incident_id: Some(id),
            requested_by: Some("system".to_owned()),
        };
        let watched = Watched::new(generator.as_ref());
        let phrased = inference::phrase_summary(
            &watched,
            &facts,
            draft.clone(),
            &budget,
            self.tasks_stop.clone(),
        )
        .await;
        let written = match (watched.passing_failure(), wording) {
            (None, _) => phrased,
            (Some(error), Wording::TryAgain) => return Err(Error::Unavailable(error)),
            // Newer facts in plain words are better than older ones in good words.
            (Some(_), Wording::LastTry) => draft,
        };
        let worker = Arc::clone(self);
        let saved = written.clone();
        blocking(move || worker.save_summary(project_id, id, &saved)).await?;
        Ok(written)
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
            // Repeated rewriting would only fill the timeline.
            let is_news = incident
                .summary
                .replace(summary.clone())
                .is_none_or(|before| !is_same_author(&before.author, &summary.author));
            let line = TimelineEntry {
                at_ns: self.clock.now_ns(),
                kind: TimelineKind::Summarised,
                text: format!("summary written by {author}"),
                actor: None,
            };
            let lines = if is_news { vec![line] } else { Vec::new() };
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

/// Whether two texts come from the same hand; why a model's text was dropped makes no other one of it.
fn is_same_author(a: &SummaryAuthor, b: &SummaryAuthor) -> bool {
    use SummaryAuthor::RulesAfterRejection;
    match (a, b) {
        (RulesAfterRejection { name: a, .. }, RulesAfterRejection { name: b, .. }) => a == b,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests;
