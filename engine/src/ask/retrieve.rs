//! Understanding a question against what the project has, and finding the patterns that it is about.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use domain::{ChangeKind, LogReader, ProjectId, TemplateId, TimeRange};
use query::{Deploy, Interpretation, OpenIncident, QuestionContext};
use store::{EventStore, LogStore};

use crate::{Error, Inner};

/// How long the list of services is believed.
const SERVICES_MEMORY: Duration = Duration::from_secs(15);
/// How far back deploys are known to questions.
const DEPLOYS_NS: i64 = 14 * 24 * 60 * domain::NANOS_PER_MINUTE;
/// Deploys that are known to questions.
const DEPLOYS: usize = 100;
/// A day: the default range of questions.
const DAY_NS: i64 = 24 * 60 * domain::NANOS_PER_MINUTE;
/// Patterns that are retrieved.
const HITS: usize = 40;
/// Patterns that a question is taken to be about, at most.
const RELEVANT: usize = 12;
/// Cosine from which a pattern found by meaning alone is taken to be meant (MiniLM: unrelated texts lie below).
const MEANT_SIMILARITY: f32 = 0.38;
/// A hit far below the best one is noise.
const LEAST_SHARE_OF_BEST: f32 = 0.45;

impl Inner {
    /// What a question means here and now. Blocks.
    pub(super) fn understand(
        &self,
        project_id: ProjectId,
        question: &str,
        zone: jiff::tz::TimeZone,
    ) -> Result<Interpretation, Error> {
        let mut context = self.question_context(project_id)?;
        context.time_zone = zone;
        Ok(query::understand(question, &context))
    }

    /// What questions and filters are read against. Blocks.
    pub(crate) fn question_context(&self, project_id: ProjectId) -> Result<QuestionContext, Error> {
        let now_ns = self.clock.now_ns();
        let mut context = QuestionContext::at(now_ns, jiff::tz::TimeZone::UTC);
        context.services = self.service_names(project_id)?;
        let range = TimeRange::last(now_ns.saturating_add(domain::NANOS_PER_MINUTE), DEPLOYS_NS);
        context.last_deploys = self
            .store
            .events(project_id, range, DEPLOYS)?
            .into_iter()
            .filter(|event| event.kind == ChangeKind::Deploy)
            .map(|event| Deploy {
                service: event.service,
                at_ns: event.timestamp_ns,
                title: event.title,
            })
            .collect();
        context.open_incident = self
            .alerts
            .open_incidents(project_id)?
            .into_iter()
            .max_by_key(|incident| incident.opened_at_ns)
            .map(|incident| OpenIncident {
                started_at_ns: incident.started_at_ns,
                services: incident.services,
            });
        // Who imported old files and names no time means the time of the files.
        context.default_range = self
            .store
            .bounds(project_id)?
            .filter(|bounds| bounds.end_ns < now_ns.saturating_sub(DAY_NS));
        Ok(context)
    }

    /// All services of a project. Blocks.
    pub(crate) fn service_names(&self, project_id: ProjectId) -> Result<Vec<String>, Error> {
        if let Ok(known) = self.service_memory.lock()
            && let Some((at, names)) = known.get(&project_id)
            && at.elapsed() < SERVICES_MEMORY
        {
            return Ok(names.clone());
        }
        let names: Vec<String> = self
            .store
            .services(project_id, TimeRange::ALL)?
            .into_iter()
            .map(|row| row.service)
            .collect();
        if let Ok(mut known) = self.service_memory.lock() {
            known.insert(project_id, (Instant::now(), names.clone()));
        }
        Ok(names)
    }

    /// The patterns that a text is about, best first; merged ones stand beside those that took their
    /// place, since old records carry the old ids. Blocks.
    pub(super) fn relevant_patterns(
        &self,
        project_id: ProjectId,
        text: &str,
        services: &[String],
    ) -> Result<Vec<TemplateId>, Error> {
        let hits = match self.semantic.search(project_id, text, services, HITS) {
            Ok(hits) => hits,
            Err(error) => {
                // Words still find what is literally there.
                tracing::warn!(%error, "the semantic index did not answer");
                Vec::new()
            }
        };
        let best = hits.first().map_or(0.0, |hit| hit.score);
        let mut ids: Vec<TemplateId> = hits
            .iter()
            .filter(|hit| {
                let is_meant = hit
                    .similarity
                    .is_some_and(|similarity| similarity >= MEANT_SIMILARITY);
                (is_meant || hit.lexical.is_some()) && hit.score >= best * LEAST_SHARE_OF_BEST
            })
            .map(|hit| hit.template_id)
            .take(RELEVANT)
            .collect();
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let chosen: HashSet<TemplateId> = ids.iter().copied().collect();
        let merged: Vec<TemplateId> = dictionary
            .iter()
            .filter(|template| {
                template
                    .merged_into
                    .is_some_and(|into| chosen.contains(&into) && !chosen.contains(&template.id))
            })
            .map(|template| template.id)
            .collect();
        ids.extend(merged);
        Ok(ids)
    }
}
