//! Gathering what is known about an incident: counts, lifts, samples, changes, suspects, older likes.

use std::collections::{HashMap, HashSet};

use domain::{
    Anomaly, AnomalyKind, ChangeEvent, Incident, IncidentId, LogFilter, LogReader,
    NANOS_PER_MINUTE, PageRequest, ProjectId, RecordId, Severity, SimilarIncident, Summary,
    Template, TemplateCount, TemplateId, TimeRange, TimelineEntry, TimelineKind,
};
use inference::{EvidenceBook, PolicyFact, ServiceImpact, SummaryFacts};
use store::{AnomalyStore, EventStore, IncidentFilter, IncidentStore, LogStore};

use crate::{Error, Inner};

/// How long before the first symptom a change is still of interest.
const CHANGES_NS: i64 = 60 * NANOS_PER_MINUTE;
/// Patterns cited at most.
const PATTERNS: usize = 8;
/// Sample records of a pattern.
const SAMPLES: usize = 2;
/// Other anomalies cited at most.
const ANOMALIES: usize = 4;
/// Changes around the beginning cited at most: what changed last before it is suspected first.
const CHANGES: usize = 4;
/// Changes cited at most, with those that came later (a rollback, another attempt).
const ALL_CHANGES: usize = 6;
/// A change this long after the first symptom may still be its cause: clocks differ, and a deploy is reported
/// when it is done.
const REPORTED_NS: i64 = 3 * NANOS_PER_MINUTE;
/// Triples that are looked at.
const COUNTED: usize = 2_000;
/// Older incidents that are compared.
const OLDER: usize = 200;
/// Older incidents that are named.
const SIMILAR: usize = 3;
/// Least likeness of an older incident.
const LEAST_SIMILARITY: f64 = 0.3;

/// A pattern of the window with what was usual.
struct Counted {
    template: Template,
    count: TemplateCount,
    expected: f64,
}

/// A piece of evidence with what it was made of.
pub(crate) enum Cited<'a> {
    /// A pattern.
    Pattern {
        number: u32,
        template: &'a Template,
        count: &'a TemplateCount,
    },
    /// A change event.
    Change {
        number: u32,
        change: &'a ChangeEvent,
    },
    /// An anomaly.
    Anomaly { number: u32, anomaly: &'a Anomaly },
}

/// What a look at a window brought.
pub(crate) struct Investigation {
    /// Numbered from 1.
    pub(crate) evidence: Vec<domain::Evidence>,
    /// Most likely first.
    pub(crate) suspects: Vec<domain::Suspect>,
    /// Oldest first.
    pub(crate) changes: Vec<ChangeEvent>,
}

impl Inner {
    /// The facts of an incident and the summary that rules write out of them. Blocks.
    pub(crate) fn draft(
        &self,
        project_id: ProjectId,
        incident: &Incident,
    ) -> Result<(SummaryFacts, Summary), Error> {
        let facts = self.summary_facts(project_id, incident)?;
        let summary = inference::draft_summary(&facts);
        Ok((facts, summary))
    }

    fn summary_facts(
        &self,
        project_id: ProjectId,
        incident: &Incident,
    ) -> Result<SummaryFacts, Error> {
        let now_ns = self.clock.now_ns();
        let window =
            inference::incident_window(incident.started_at_ns, incident.resolved_at_ns, now_ns);
        let anomalies = self
            .store
            .anomalies_by_ids(project_id, &incident.anomaly_ids)?;
        let own: HashSet<TemplateId> = incident.template_ids.iter().copied().collect();
        let found = self.investigate(project_id, window, &own, &[], &anomalies)?;
        let baseline = inference::usual_window(window);
        Ok(SummaryFacts {
            title: incident.title.clone(),
            severity: incident.severity,
            state: incident.state,
            started_at_ns: incident.started_at_ns,
            resolved_at_ns: incident.resolved_at_ns,
            now_ns,
            window,
            services: self.impact(project_id, &incident.services, window, baseline)?,
            policy: self.policy_fact(project_id, incident)?,
            timeline: self.timeline(project_id, incident.id, &found.changes)?,
            evidence: found.evidence,
            anomalies,
            suspects: found.suspects,
            similar: self.similar(project_id, incident)?,
        })
    }

    /// What stands out in a window, as numbered evidence, and who is to be suspected. Patterns of `own` are
    /// always looked at; with `services`, only theirs.
    pub(crate) fn investigate(
        &self,
        project_id: ProjectId,
        window: TimeRange,
        own: &HashSet<TemplateId>,
        services: &[String],
        anomalies: &[Anomaly],
    ) -> Result<Investigation, Error> {
        let baseline = inference::usual_window(window);
        let changes = self.changes(project_id, window)?;
        let counted = self.counted(project_id, own, services, window, baseline)?;
        let mut book = EvidenceBook::new();
        let mut cited = Vec::new();
        for item in &counted {
            let samples =
                self.samples(project_id, item.template.id, &item.count.service, window)?;
            let number = book.pattern(&item.template, &item.count, Some(item.expected), samples);
            cited.push(Cited::Pattern {
                number,
                template: &item.template,
                count: &item.count,
            });
        }
        for change in &changes {
            let number = book.change(change);
            cited.push(Cited::Change { number, change });
        }
        let told: HashSet<TemplateId> = counted.iter().map(|item| item.template.id).collect();
        for anomaly in anomalies
            .iter()
            .filter(|anomaly| anomaly.template_id.is_none_or(|id| !told.contains(&id)))
            .take(ANOMALIES)
        {
            let number = book.anomaly(anomaly);
            cited.push(Cited::Anomaly { number, anomaly });
        }
        let suspects = self.suspects(project_id, window, &cited, anomalies)?;
        Ok(Investigation {
            evidence: book.into_items(),
            suspects,
            changes,
        })
    }

    fn changes(&self, project_id: ProjectId, window: TimeRange) -> Result<Vec<ChangeEvent>, Error> {
        let beginning = TimeRange {
            start_ns: window.start_ns.saturating_sub(CHANGES_NS),
            end_ns: window.start_ns.saturating_add(REPORTED_NS),
        };
        let mut changes = self.store.events(project_id, beginning, CHANGES)?;
        let later = TimeRange {
            start_ns: beginning.end_ns,
            end_ns: window.end_ns,
        };
        if later.start_ns < later.end_ns {
            let places = ALL_CHANGES - changes.len();
            changes.extend(self.store.events(project_id, later, places)?);
        }
        changes.sort_by_key(|change| (change.timestamp_ns, change.id));
        Ok(changes)
    }

    /// The patterns that tell most: those of the incident, and bad ones that are far above their usual.
    fn counted(
        &self,
        project_id: ProjectId,
        own: &HashSet<TemplateId>,
        services: &[String],
        window: TimeRange,
        baseline: TimeRange,
    ) -> Result<Vec<Counted>, Error> {
        let filter = |range: TimeRange| LogFilter {
            services: services.to_vec(),
            ..LogFilter::in_range(range)
        };
        let now = self
            .store
            .template_counts(project_id, &filter(window), COUNTED)?;
        let before = self
            .store
            .template_counts(project_id, &filter(baseline), COUNTED)?;
        let ranked = inference::telling_patterns(window, now, &before, own, PATTERNS);
        let ids: Vec<TemplateId> = ranked.iter().map(|found| found.count.template_id).collect();
        let templates: HashMap<TemplateId, Template> = self
            .store
            .templates_by_ids(project_id, &ids)?
            .into_iter()
            .map(|template| (template.id, template))
            .collect();
        Ok(ranked
            .into_iter()
            .filter_map(|found| {
                Some(Counted {
                    template: templates.get(&found.count.template_id)?.clone(),
                    count: found.count,
                    expected: found.expected,
                })
            })
            .collect())
    }

    /// The newest records of a pattern in a window.
    pub(crate) fn samples(
        &self,
        project_id: ProjectId,
        template_id: TemplateId,
        service: &str,
        window: TimeRange,
    ) -> Result<Vec<RecordId>, Error> {
        let mut filter = LogFilter::in_range(window);
        filter.template_ids = vec![template_id];
        filter.services = vec![service.to_owned()];
        let page = self
            .store
            .search(project_id, &filter, &PageRequest::first(SAMPLES))?;
        Ok(page.items.into_iter().map(|record| record.id).collect())
    }

    fn impact(
        &self,
        project_id: ProjectId,
        named: &[String],
        window: TimeRange,
        baseline: TimeRange,
    ) -> Result<Vec<ServiceImpact>, Error> {
        let now = self.store.services(project_id, window)?;
        let before = self.store.services(project_id, baseline)?;
        Ok(inference::affected_services(window, now, &before, named))
    }

    fn policy_fact(
        &self,
        project_id: ProjectId,
        incident: &Incident,
    ) -> Result<Option<PolicyFact>, Error> {
        let Some(id) = incident.policy.as_deref() else {
            return Ok(None);
        };
        if id == alerting::DEFAULT_POLICY {
            return Ok(None);
        }
        let name = self
            .alerts
            .machine(project_id)
            .and_then(|machine| {
                let policy = machine.policy(&alerting::PolicyId(id.to_owned()))?;
                Some(policy.name.clone())
            })
            .unwrap_or_else(|| id.to_owned());
        // The line that the alert wrote when it fired holds the condition with its numbers.
        let condition = self
            .store
            .timeline(project_id, incident.id)?
            .into_iter()
            .find(|entry| entry.kind == TimelineKind::Alert)
            .map(
                |entry| match entry.text.strip_prefix(&format!("{name}: ")) {
                    Some(rest) => rest.to_owned(),
                    None => entry.text,
                },
            );
        Ok(condition.map(|condition| PolicyFact { name, condition }))
    }

    fn timeline(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        changes: &[ChangeEvent],
    ) -> Result<Vec<TimelineEntry>, Error> {
        let mut entries: Vec<TimelineEntry> = changes
            .iter()
            .map(|change| TimelineEntry {
                at_ns: change.timestamp_ns,
                kind: TimelineKind::Change,
                text: change_text(change),
                actor: None,
            })
            .collect();
        entries.extend(self.store.timeline(project_id, id)?);
        entries.sort_by_key(|entry| entry.at_ns);
        Ok(entries)
    }

    /// Older incidents that share patterns (Jaccard) and services with this one.
    fn similar(
        &self,
        project_id: ProjectId,
        incident: &Incident,
    ) -> Result<Vec<SimilarIncident>, Error> {
        let older = self.store.incidents(
            project_id,
            &IncidentFilter::default(),
            &PageRequest::first(OLDER),
        )?;
        let older: Vec<Incident> = older
            .items
            .into_iter()
            .map(|stored| stored.incident)
            .filter(|other| other.id != incident.id && other.opened_at_ns <= incident.opened_at_ns)
            .collect();
        let patterns = older.iter().chain(std::iter::once(incident));
        let patterns = patterns.flat_map(|one| one.template_ids.iter().copied());
        let meanings = self.meanings(project_id, &patterns.collect());
        let mut similar: Vec<SimilarIncident> = older
            .into_iter()
            .map(|other| SimilarIncident {
                similarity: 0.7 * meanings.overlap(&incident.template_ids, &other.template_ids)
                    + 0.3 * jaccard(&incident.services, &other.services),
                id: other.id,
                number: other.number,
                title: other.title,
                opened_at_ns: other.opened_at_ns,
            })
            .filter(|other| other.similarity >= LEAST_SIMILARITY)
            .collect();
        similar.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        similar.truncate(SIMILAR);
        Ok(similar)
    }
}

/// A change in one line: `deploy of checkout: v2.14.0`.
pub(crate) fn change_text(change: &ChangeEvent) -> String {
    let kind = change.kind.as_str().replace('_', " ");
    match &change.service {
        Some(service) if !change.title.contains(service.as_str()) => {
            format!("{kind} of {service}: {}", change.title)
        }
        _ => format!("{kind}: {}", change.title),
    }
}

fn jaccard<T: Eq + std::hash::Hash>(a: &[T], b: &[T]) -> f64 {
    let a: HashSet<&T> = a.iter().collect();
    let b: HashSet<&T> = b.iter().collect();
    let union = a.union(&b).count();
    if union == 0 {
        return 0.0;
    }
    a.intersection(&b).count() as f64 / union as f64
}

/// Whether a service or the whole project fell silent: that has no severity.
pub(crate) fn is_silence(anomaly: &Anomaly) -> bool {
    anomaly.kind == AnomalyKind::Drop && anomaly.template_id.is_none()
}

/// Whether an anomaly speaks of something bad rather than of something unusual.
pub(crate) fn is_bad(anomaly: &Anomaly) -> bool {
    anomaly.severity >= Severity::Warn
        || is_silence(anomaly)
        || matches!(anomaly.kind, AnomalyKind::LevelChange | AnomalyKind::Metric)
}

#[cfg(test)]
mod tests;
