//! Root cause: which service or change is behind an incident?

mod check;
mod confidence;
mod evidence;
mod flow;
mod signals;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use domain::{Anomaly, ChangeEvent, Severity, Suspect, TemplateId};

use crate::topology::Topology;
use crate::vitals::{Measured, Trouble, Vitals};
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
    /// How services do, out of traces or metrics; may be empty. With it, the trouble is followed along the calls.
    pub vitals: Vec<Vitals<'a>>,
    /// Changes from about an hour before the onset on.
    pub changes: Vec<Change<'a>>,
    /// Who calls whom; may be empty.
    pub topology: &'a Topology,
    /// All services of the project, so that error texts can name silent ones.
    pub services: Vec<&'a str>,
    /// Where the trouble is felt, if that is known (the service of the policy's condition).
    pub affected: Option<&'a str>,
    /// As what it is felt there, if that is known.
    pub felt: Option<Trouble>,
    /// At most this many suspects.
    pub limit: usize,
}

/// A suspect with what a person needs to judge it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Who, how sure, why.
    pub suspect: Suspect,
    /// What was measured of it, the trouble that is felt first; empty when no calls were measured.
    pub measured: Vec<Measured>,
    /// The calls from where the trouble is felt to it, both included; empty when nothing was followed to it.
    pub path: Vec<String>,
    /// One sentence: what confirms it and what refutes it.
    pub check: String,
}

/// Ranks what may be behind an incident, most likely first. Scores are comparable within one call and
/// roughly calibrated: see [`domain::Confidence`] and this crate's README.
///
/// Each service is judged by: how much of the measured trouble begins there (`flow`), how strong and early its symptoms
/// are, whether its dependencies explain them, whether others' errors name it, how many of its callers suffer, whether it
/// fell silent or writes something never seen, and whether it was changed just before. A change that explains
/// enough stands for its service.
#[must_use]
pub fn rank_suspects(input: &RootCauseInput) -> Vec<Suspect> {
    let explained = explain_suspects(input);
    explained.into_iter().map(|e| e.suspect).collect()
}

/// The same with what was measured, the way to each suspect, and how to confirm or refute it.
#[must_use]
pub fn explain_suspects(input: &RootCauseInput) -> Vec<Explained> {
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
            check: check::of_service(name, signs),
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
            let origin = ranked
                .service
                .as_deref()
                .and_then(|service| field.services.get(service)?.origin.as_ref());
            Explained {
                measured: origin.map(|o| o.measured.clone()).unwrap_or_default(),
                path: origin.map(|o| o.path.clone()).unwrap_or_default(),
                check: ranked.check.clone(),
                suspect: Suspect {
                    check: ranked.check,
                    confidence: confidence(ranked.score, ranked.signals, rank, lead),
                    score: ranked.score.clamp(0.0, 1.0),
                    reason: ranked.reasons.sentence(&ranked.name),
                    evidence: ranked.reasons.evidence(),
                    name: ranked.name,
                    service: ranked.service,
                },
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
    /// What confirms or refutes it.
    check: String,
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
        check: check::of_change(change),
    })
}

/// Services by name, in a stable order.
type ByService<'a, T> = BTreeMap<&'a str, T>;
