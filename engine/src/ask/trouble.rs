//! What is known of incidents, for questions about the trouble at hand.

use domain::{Incident, IncidentState, NANOS_PER_MINUTE, PageRequest, ProjectId};
use inference::{IncidentNote, IncidentNotes};
use query::{Intent, Interpretation, OpenIncident};
use store::{IncidentFilter, IncidentStore};

use super::facts::Found;
use super::thin::is_general;
use crate::{Error, Inner};

/// Incidents that are told one by one.
const TOLD: usize = 3;
/// Ended incidents that are looked at, the latest first.
const LOOKED_AT: usize = 50;
/// How long an ended incident is still what "it" means, nanoseconds.
const RECENT_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;
/// How long ago the time of a question may have ended that is about now, nanoseconds.
const NOW_NS: i64 = 5 * NANOS_PER_MINUTE;

impl Inner {
    /// The trouble at hand, the latest first: incidents that are open, or else those that were resolved within a day. Blocks.
    pub(super) fn troubles(&self, project_id: ProjectId) -> Result<Vec<OpenIncident>, Error> {
        let mut incidents = self.alerts.open_incidents(project_id)?;
        if incidents.is_empty() {
            incidents = self.lately_resolved(project_id)?;
        }
        incidents.sort_by_key(|it| std::cmp::Reverse(it.opened_at_ns));
        Ok(incidents
            .into_iter()
            .map(|incident| OpenIncident {
                started_at_ns: incident.started_at_ns,
                services: incident.services,
            })
            .collect())
    }

    /// Incidents that were resolved within a day, the last one first. Blocks.
    fn lately_resolved(&self, project_id: ProjectId) -> Result<Vec<Incident>, Error> {
        let filter = IncidentFilter {
            states: vec![IncidentState::Resolved],
        };
        let since_ns = self.clock.now_ns().saturating_sub(RECENT_NS);
        let page = self
            .store
            .incidents(project_id, &filter, &PageRequest::first(LOOKED_AT))?;
        let mut found: Vec<Incident> = page
            .items
            .into_iter()
            .map(|stored| stored.incident)
            .filter(|it| it.resolved_at_ns.is_some_and(|at_ns| at_ns >= since_ns))
            .collect();
        found.sort_by_key(|it| std::cmp::Reverse(it.resolved_at_ns));
        Ok(found)
    }

    /// The first of these incidents, with what their summaries say. Blocks.
    fn notes(&self, project_id: ProjectId, open: &[Incident]) -> Result<Vec<IncidentNote>, Error> {
        let mut notes = Vec::new();
        for incident in open.iter().take(TOLD) {
            let mut told = note(incident);
            let stored = self.store.incident(project_id, incident.id)?;
            if let Some(summary) = stored.and_then(|it| it.incident.summary) {
                told.title = summary.headline;
            }
            notes.push(told);
        }
        Ok(notes)
    }

    /// Adds which incidents are open, where a question asks about the trouble at hand. Blocks.
    pub(super) fn tell_incidents(
        &self,
        project_id: ProjectId,
        found: &mut Found,
    ) -> Result<(), Error> {
        let understood = &found.understood;
        let asked = understood.widened_from.unwrap_or(understood.range);
        let is_about_now = asked.end_ns >= self.clock.now_ns().saturating_sub(NOW_NS)
            || understood.is_of_trouble && understood.range_is_default;
        let asks = understood.is_of_trouble || asks_in_general(understood);
        let may_tell = asks || asks_why_of_it(understood);
        if !may_tell || !is_about_now || !found.facts.more.missing.is_empty() {
            return Ok(());
        }
        let latest = found.samples.iter().map(|it| it.timestamp_ns).max();
        if let Some(trend) = &mut found.facts.more.trend {
            trend.latest_at_ns = latest;
        }
        let services = &understood.services;
        let (mut open, others): (Vec<_>, Vec<_>) = self
            .alerts
            .open_incidents(project_id)?
            .into_iter()
            .partition(|it| concerns(it, services));
        open.sort_by_key(|it| std::cmp::Reverse(it.opened_at_ns));
        if open.is_empty() && !asks {
            return Ok(());
        }
        let last = match open.is_empty() {
            true => self
                .lately_resolved(project_id)?
                .into_iter()
                .find(|it| concerns(it, services)),
            false => None,
        };
        found.facts.more.incidents = Some(IncidentNotes {
            open_count: open.len(),
            open: self.notes(project_id, &open)?,
            last: last.as_ref().map(note),
            of: services.clone(),
            other_count: others.len(),
        });
        Ok(())
    }
}

/// "why is checkout failing?", "why?", and not "why do mails bounce?"
fn asks_why_of_it(understood: &Interpretation) -> bool {
    let is_plain = understood.terms.is_empty()
        && understood.attributes.is_empty()
        && understood.status_codes.is_empty()
        && is_general(&understood.retrieval_text);
    understood.intent == Intent::Why && (is_plain || !understood.services.is_empty())
}

/// "what is going on?"
fn asks_in_general(understood: &Interpretation) -> bool {
    understood.intent == Intent::Summary && understood.retrieval_text.is_empty()
}

fn concerns(incident: &Incident, services: &[String]) -> bool {
    services.is_empty()
        || incident.services.is_empty()
        || incident.services.iter().any(|it| services.contains(it))
}

fn note(incident: &Incident) -> IncidentNote {
    IncidentNote {
        number: incident.number,
        title: match &incident.summary {
            Some(summary) => summary.headline.clone(),
            None => incident.title.clone(),
        },
        severity: incident.severity.as_str().to_owned(),
        started_at_ns: incident.started_at_ns,
        resolved_at_ns: incident.resolved_at_ns,
        is_taken: incident.state == IncidentState::Acknowledged,
    }
}
