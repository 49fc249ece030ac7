//! The draft of a post-mortem: everything that is known of an incident as Markdown, with the questions that only people
//! can answer left open.

mod response;
mod text;
mod timeline;

use domain::{Anomaly, Incident, IncidentId, ProjectId, Summary, TimelineEntry};
use jiff::tz::TimeZone;
use store::{AnomalyStore as _, IncidentStore as _};

use crate::incident_graph::IncidentGraph;
use crate::tasks::blocking;
use crate::{Engine, Error, Inner, zoned};

/// What a post-mortem is written from.
struct Case {
    incident: Incident,
    /// With the times of the zone.
    summary: Summary,
    timeline: Vec<TimelineEntry>,
    anomalies: Vec<Anomaly>,
    graph: IncidentGraph,
    url: String,
    /// The reader's.
    zone: TimeZone,
    now_ns: i64,
}

impl Case {
    /// An instant for the reader, with its date and zone.
    fn instant(&self, at_ns: i64) -> String {
        zoned::instant(at_ns, &self.zone)
    }

    /// When the incident ended, or now.
    fn end_ns(&self) -> i64 {
        self.incident.resolved_at_ns.unwrap_or(self.now_ns)
    }
}

impl Engine {
    /// The draft of a post-mortem of an incident, in Markdown, with the times of a reader's zone (an IANA name), of the
    /// house's zone when the reader says none. Written by rules out of the stored summary and timeline; a sentence that a
    /// model phrased is in it only as the checked summary has it.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is [`Error::NotFound`], an unknown zone [`Error::BadRequest`].
    pub async fn postmortem(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        time_zone: Option<&str>,
    ) -> Result<String, Error> {
        let inner = self.inner();
        let zone = inner.reader_zone(time_zone)?;
        blocking(move || Ok::<_, Error>(text::written(&inner.case(project_id, id, zone)?))).await
    }
}

impl Inner {
    fn case(&self, project_id: ProjectId, id: IncidentId, zone: TimeZone) -> Result<Case, Error> {
        let mut incident = self.stored_incident(project_id, id)?;
        let mut summary = match incident.summary.take() {
            Some(summary) => summary,
            None => self.draft(project_id, &incident)?.1,
        };
        zoned::in_zone(&mut summary, &zone);
        Ok(Case {
            timeline: self.store.timeline(project_id, id)?,
            anomalies: self
                .store
                .anomalies_by_ids(project_id, &incident.anomaly_ids)?,
            graph: self.incident_graph(project_id, &incident)?,
            url: format!("{}/incidents/{id}", self.config.public_url),
            now_ns: self.clock.now_ns(),
            incident,
            summary,
            zone,
        })
    }
}

#[cfg(test)]
mod tests;
