//! Root cause: which service or change is behind an incident?

mod confidence;
mod evidence;
mod signals;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use domain::{Anomaly, ChangeEvent, Severity, Suspect, TemplateId};

use crate::topology::Topology;
use confidence::confidence;
use evidence::Reasons;
use signals::{Field, gather};

/// A symptom: an anomaly of the incident, with what its records say.
#[derive(Debug, Clone)]
pub struct Symptom<'a> {
    /// The anomaly.
    pub anomaly: &'a Anomaly,
    /// Texts of its template and of sample records, for names of other services.
    pub texts: Vec<&'a str>,
    /// Its number in the evidence list, if it has one.
    pub evidence: Option<u32>,
}

/// A change near the incident.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The event.
    pub event: &'a ChangeEvent,
    /// Its number in the evidence list, if it has one.
    pub evidence: Option<u32>,
}

/// A pattern of the incident that need not be an anomaly of its own: it may name other services.
#[derive(Debug, Clone)]
pub struct PatternNote<'a> {
    /// Which one.
    pub template_id: TemplateId,
    /// The service that wrote it.
    pub service: &'a str,
    /// Its severity; below warning it is not looked at.
    pub severity: Severity,
    /// Template text and sample bodies.
    pub texts: Vec<&'a str>,
    /// Records during the incident.
    pub count: u64,
    /// Its number in the evidence list, if it has one.
    pub evidence: Option<u32>,
}

/// Everything that ranking looks at. It reads no store and no clock.
#[derive(Debug, Clone)]
pub struct RootCauseInput<'a> {
    /// When the incident's first symptom began, unix nanoseconds UTC.
    pub onset_ns: i64,
    /// The incident's anomalies, in any order.
    pub symptoms: Vec<Symptom<'a>>,
    /// Error and warning patterns of its time.
    pub patterns: Vec<PatternNote<'a>>,
    /// Changes from about an hour before the onset on.
    pub changes: Vec<Change<'a>>,
    /// Who calls whom; may be empty.
    pub topology: &'a Topology,
    /// All services of the project, so that error texts can name silent ones.
    pub services: Vec<&'a str>,
    /// Where the trouble is felt, if that is known (the service of the policy's condition).
    pub affected: Option<&'a str>,
    /// At most this many suspects.
    pub limit: usize,
}

/// Ranks what may be behind an incident, most likely first. Scores are comparable within one call and
/// roughly calibrated: see [`domain::Confidence`] and this crate's README.
///
/// Each service is judged by: how strong and early its symptoms are, whether its dependencies
/// explain them, whether others' errors name it, how many of its callers suffer, whether it fell silent
/// or writes something never seen, and whether it was changed just before. A change that explains
/// enough stands for its service.
#[must_use]
pub fn rank_suspects(input: &RootCauseInput) -> Vec<Suspect> {
    let field = gather(input);
    let mut suspects: Vec<Ranked> = Vec::new();
    let mut replaced: BTreeSet<&str> = BTreeSet::new();
    for change in &field.changes {
        if let Some(ranked) = rank_change(change, &field) {
            if let Some(service) = change.service {
                replaced.insert(service);
            }
            suspects.push(ranked);
        }
    }
    for (name, signs) in &field.services {
        if replaced.contains(name) {
            continue;
        }
        let score = signs.score(&field);
        if score < LEAST_SCORE {
            continue;
        }
        let mut reasons = Reasons::default();
        reasons.of_service(name, signs);
        suspects.push(Ranked {
            name: (*name).to_owned(),
            service: Some((*name).to_owned()),
            score,
            signals: reasons.signals,
            reasons,
        });
    }
    suspects.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.name.cmp(&b.name))
    });
    suspects.truncate(input.limit);
    let runner_up = suspects.get(1).map_or(0.0, |s| s.score);
    suspects
        .into_iter()
        .enumerate()
        .map(|(rank, ranked)| {
            let lead = if rank == 0 {
                ranked.score - runner_up
            } else {
                0.0
            };
            Suspect {
                confidence: confidence(ranked.score, ranked.signals, rank, lead),
                score: ranked.score.clamp(0.0, 1.0),
                reason: ranked.reasons.sentence(&ranked.name),
                evidence: ranked.reasons.evidence(),
                name: ranked.name,
                service: ranked.service,
            }
        })
        .collect()
}

/// Below this nothing speaks for a suspect.
const LEAST_SCORE: f64 = 0.1;
/// A change must be this near (0 to 1) to be a suspect at all.
const LEAST_NEARNESS: f64 = 0.05;

struct Ranked {
    name: String,
    service: Option<String>,
    score: f64,
    /// Kinds of signals that agree.
    signals: u32,
    reasons: Reasons,
}

fn rank_change(change: &signals::NearChange, field: &Field) -> Option<Ranked> {
    if change.nearness < LEAST_NEARNESS {
        return None;
    }
    let mut reasons = Reasons::default();
    reasons.of_change(change);
    let mut score = 0.45 * change.nearness;
    if let Some(service) = change.service {
        if let Some(signs) = field.services.get(service) {
            // The change and its service's symptoms: together they exceed both.
            score = 1.0 - (1.0 - signs.score(field)) * (1.0 - 0.75 * change.nearness);
            reasons.of_service(service, signs);
        } else if field.feeds_symptoms(service) {
            score = 0.55 * change.nearness;
            reasons.add("services that depend on it have symptoms".to_owned(), []);
        } else {
            score = 0.2 * change.nearness;
        }
    }
    Some(Ranked {
        name: change.event.title.clone(),
        service: change.service.map(ToOwned::to_owned),
        score,
        signals: reasons.signals,
        reasons,
    })
}

/// Services by name, in a stable order.
type ByService<'a, T> = BTreeMap<&'a str, T>;
