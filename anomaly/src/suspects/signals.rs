//! What speaks for and against each service.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AnomalyKind, ChangeEvent, ChangeKind, NANOS_PER_MINUTE, Severity};

use super::flow::{Origin, origins};
use super::{ByService, RootCauseInput, Symptom};
use crate::mentions::Mentions;

/// A lead of this many minutes in onset is decisive; detection itself is good to a minute or two.
const ONSET_MINUTES: f64 = 4.0;
/// Changes up to this many minutes before the onset are looked at.
const CHANGE_MINUTES: f64 = 90.0;
/// A change up to this long after the detected onset may still have come first.
const CHANGE_SLACK_MINUTES: f64 = 3.0;

/// How far measured calls alone are believed: they put the right service first on PetShop in 9 cases of 10 and more.
const MEASURED: f64 = 0.9;
/// Measured trouble of this size is half as much as a large one: one more request in a hundred fails, or each takes 2 %
/// longer.
const SMALL_EFFECT: f64 = 0.02;
/// Share of the felt trouble that must come by a service before it counts as suffering.
const LEAST_THROUGH: f64 = 0.05;

/// All that is known about one service.
#[derive(Debug, Clone, Default)]
pub(super) struct Signs {
    /// Strength of its strongest symptom, 0 to 1.
    pub strength: f64,
    /// By how much each metric departed from what is expected, in the metric's own unit.
    pub departures: BTreeMap<String, f64>,
    /// Minutes after the incident's first symptom, when it has any.
    pub delay_minutes: Option<f64>,
    /// How much the symptoms of what it depends on explain its own, 0 to 1, and which one does.
    pub explained: (f64, Option<String>),
    /// Callers that suffer, of all its callers.
    pub callers: (usize, usize),
    /// Weight of other services' errors that name it, 0 to 1, and whose.
    pub blamed: (f64, BTreeSet<String>),
    /// Weight of its own errors that name others, 0 to 1.
    pub blames: f64,
    /// The affected service is known and does not depend on it.
    pub is_aside: bool,
    /// It fell silent.
    pub is_silent: bool,
    /// It writes an error that was never seen before.
    pub has_new_error: bool,
    /// Errors are involved, not only volume or mix.
    pub has_errors: bool,
    /// Reason of its strongest symptom.
    pub symptom: Option<String>,
    /// Evidence numbers of its symptoms and of the patterns that name it.
    pub evidence: BTreeSet<u32>,
    pub blame_evidence: BTreeSet<u32>,
    /// What its calls say, if they were measured and some of the trouble comes by.
    pub origin: Option<Origin>,
}

/// A change and how near it is.
pub(super) struct NearChange<'a> {
    pub event: &'a ChangeEvent,
    pub service: Option<&'a str>,
    /// 0 to 1.
    pub nearness: f64,
    /// Positive when before the onset.
    pub minutes_before: f64,
    pub evidence: Option<u32>,
}

/// The whole picture.
pub(super) struct Field<'a> {
    pub services: ByService<'a, Signs>,
    pub changes: Vec<NearChange<'a>>,
    knows_topology: bool,
    feeding: BTreeSet<String>,
}

impl Field<'_> {
    /// Whether something with symptoms depends on a service.
    pub(super) fn feeds_symptoms(&self, service: &str) -> bool {
        self.feeding.contains(service)
    }
}

impl Signs {
    /// Whether it has a symptom, or enough of the measured trouble comes by.
    fn is_ill(&self) -> bool {
        self.strength > 0.0 || self.origin.is_some()
    }

    /// How much the measured trouble matters by itself, 0 to 1: certain or not, six failures in a thousand in place of two are
    /// no reason for an incident.
    fn size(&self) -> f64 {
        let measured = self.origin.iter().flat_map(|origin| &origin.measured);
        let largest = measured
            .map(|m| m.effect() * m.certainty)
            .fold(0.0, f64::max);
        largest / (largest + SMALL_EFFECT)
    }

    /// 0 to 1. The shape is a product of "is it sick" and "is it not somebody else's fault", so that one
    /// loud victim does not outrank a quiet culprit. The factors were set by hand on built cases
    /// (tests) and checked on PetShop (`examples/petshop.rs`), not fitted.
    pub(super) fn score(&self, field: &Field) -> f64 {
        let early = self
            .delay_minutes
            .map_or(0.0, |d| (-d.max(0.0) / ONSET_MINUTES).exp());
        let kind = if self.has_errors { 1.0 } else { 0.85 };
        let novelty = if self.has_new_error { 0.1 } else { 0.0 };
        let silence = if self.is_silent { 0.15 } else { 0.0 };
        let sick = self.strength * kind * (0.75 + 0.25 * early) + novelty + silence;
        let suffering = if self.callers.1 == 0 {
            0.0
        } else {
            self.callers.0 as f64 / self.callers.1 as f64
        };
        let (own, handed_on) = self.origin.as_ref().map_or((0.0, 0.0), |o| {
            (o.own, 1.0 - o.own / o.through.max(o.own).max(1e-9))
        });
        // Who only hands trouble on is blamed by its callers all the same.
        let blamed = 0.75 * self.blamed.0 * (1.0 - handed_on);
        let support = 1.0 - (1.0 - blamed) * (1.0 - 0.15 * suffering);
        let doubt =
            1.0 - (1.0 - 0.75 * self.explained.0) * (1.0 - 0.5 * self.blames) * (1.0 - handed_on);
        let innocent = if field.knows_topology && self.strength > 0.0 {
            doubt
        } else {
            0.8 * doubt
        };
        // What it writes and what is measured of it tell of one trouble: they are not counted twice.
        let sick =
            ((0.7 * sick.min(1.0)) * (1.0 - innocent)).max(MEASURED * self.size() * own.min(1.0));
        let aside = if self.is_aside { 0.5 } else { 1.0 };
        (aside * (1.0 - (1.0 - sick) * (1.0 - support))).clamp(0.0, 1.0)
    }
}

/// Collects the signs of every service with a symptom or a mention.
pub(super) fn gather<'a>(input: &'a RootCauseInput<'a>) -> Field<'a> {
    let mut services: ByService<'a, Signs> = BTreeMap::new();
    let first = input
        .symptoms
        .iter()
        .map(|s| s.anomaly.started_at_ns)
        .min()
        .unwrap_or(input.onset_ns);
    for symptom in &input.symptoms {
        if let Some(service) = symptom.anomaly.service.as_deref() {
            note_symptom(services.entry(service).or_default(), symptom, first);
        }
    }
    note_origins(&mut services, input);
    note_mentions(&mut services, input);
    weigh_by_affected(&mut services, input.affected);
    let strengths: BTreeMap<&str, f64> = services.iter().map(|(n, s)| (*n, s.strength)).collect();
    let ill: BTreeSet<&str> = services
        .iter()
        .filter(|(_, signs)| signs.is_ill())
        .map(|(name, _)| *name)
        .collect();
    let departures: BTreeMap<&str, BTreeMap<String, f64>> = services
        .iter()
        .map(|(n, s)| (*n, s.departures.clone()))
        .collect();
    let reach = input
        .affected
        .map(|service| input.topology.all_dependencies(service))
        .filter(|reach| !reach.is_empty());
    for (name, signs) in &mut services {
        note_neighbours(name, signs, input, &strengths, &departures);
        note_callers(name, signs, input, &ill);
        signs.is_aside = reach
            .as_ref()
            .is_some_and(|r| !r.contains_key(name) && input.affected != Some(*name));
    }
    let feeding = ill
        .iter()
        .flat_map(|name| input.topology.all_dependencies(name).into_keys())
        .map(ToOwned::to_owned)
        .collect();
    Field {
        services,
        changes: near_changes(input, first.min(input.onset_ns)),
        knows_topology: !input.topology.is_empty(),
        feeding,
    }
}

fn note_symptom(signs: &mut Signs, symptom: &Symptom, first: i64) {
    let anomaly = symptom.anomaly;
    let strength = strength_of(symptom);
    let delay = anomaly.started_at_ns.saturating_sub(first) as f64 / NANOS_PER_MINUTE as f64;
    signs.delay_minutes = Some(signs.delay_minutes.map_or(delay, |d| d.min(delay)));
    if strength > signs.strength || signs.symptom.is_none() {
        signs.symptom = Some(anomaly.reason.clone());
    }
    signs.strength = signs.strength.max(strength);
    if let Some(metric) = &anomaly.metric {
        let departure = (anomaly.observed - anomaly.expected).abs();
        let largest = signs.departures.entry(metric.clone()).or_insert(0.0);
        *largest = largest.max(departure);
    }
    signs.is_silent |= anomaly.kind == AnomalyKind::Drop
        && anomaly.template_id.is_none()
        && anomaly.observed <= 0.0;
    signs.has_new_error |= anomaly.kind == AnomalyKind::NewTemplate && anomaly.severity.is_error();
    signs.has_errors |= anomaly.severity.is_error()
        || matches!(anomaly.kind, AnomalyKind::LevelChange | AnomalyKind::Metric);
    signs.evidence.extend(symptom.evidence);
}

/// What measured calls say about where the trouble begins.
fn note_origins<'a>(services: &mut ByService<'a, Signs>, input: &'a RootCauseInput<'a>) {
    let found = origins(&input.vitals, input.topology, input.affected, input.felt);
    for (name, origin) in found {
        if origin.through < LEAST_THROUGH {
            continue;
        }
        let signs = services.entry(name).or_default();
        signs.evidence.extend(
            input
                .vitals
                .iter()
                .filter(|vitals| vitals.service == name)
                .filter_map(|vitals| vitals.evidence),
        );
        signs.origin = Some(origin);
    }
}

/// 0 to 1: the detector's certainty, and how many times the usual range it is.
fn strength_of(symptom: &Symptom) -> f64 {
    let a = symptom.anomaly;
    let distance = if a.observed > a.expected {
        (a.observed - a.expected) / (a.expected_high - a.expected).max(1e-9)
    } else {
        (a.expected - a.observed) / (a.expected - a.expected_low).max(1e-9)
    };
    let distance = if distance.is_finite() {
        distance.max(0.0)
    } else {
        1e6
    };
    // Saturates slowly, so that of two certain symptoms the tenfold one leads.
    let effect = 1.0 - 1.0 / (1.0 + distance.ln_1p() / 2.5);
    let weight = match (a.kind, a.severity) {
        (AnomalyKind::Surge, s) if s < Severity::Warn => 0.6,
        (AnomalyKind::NewTemplate, s) if s < Severity::Error => 0.5,
        (AnomalyKind::UnusualMix | AnomalyKind::VanishedTemplate, _) => 0.6,
        _ => 1.0,
    };
    let score = if a.score.is_finite() {
        a.score.clamp(0.0, 1.0)
    } else {
        0.0
    };
    weight * score * (0.35 + 0.65 * effect)
}

fn note_mentions<'a>(services: &mut ByService<'a, Signs>, input: &'a RootCauseInput<'a>) {
    let mentions = Mentions::of(input.services.iter().copied());
    let known: BTreeSet<&'a str> = input.services.iter().copied().collect();
    let from_symptoms = input.symptoms.iter().filter_map(|s| {
        let service = s.anomaly.service.as_deref()?;
        Some((
            service,
            s.anomaly.severity,
            &s.texts,
            s.evidence,
            s.anomaly.score,
        ))
    });
    let from_patterns = input.patterns.iter().map(|p| {
        let weight = (1.0 - 1.0 / (1.0 + p.count as f64 / 10.0)).max(0.2);
        (p.service, p.severity, &p.texts, p.evidence, weight)
    });
    for (author, severity, texts, evidence, weight) in from_symptoms.chain(from_patterns) {
        if severity < Severity::Warn {
            continue;
        }
        let weight = weight.clamp(0.0, 1.0) * if severity.is_error() { 1.0 } else { 0.6 };
        for text in texts {
            for (named, sure) in mentions.find(text) {
                let Some(named) = known.get(named).copied().filter(|n| *n != author) else {
                    continue;
                };
                let blamed = services.entry(named).or_default();
                join(&mut blamed.blamed.0, 0.8 * weight * sure);
                blamed.blamed.1.insert(author.to_owned());
                blamed.blame_evidence.extend(evidence);
                let author = services.entry(author).or_default();
                author.blames = author.blames.max(weight * sure);
            }
        }
    }
}

/// Adds independent weight: the chance that at least one is right.
fn join(total: &mut f64, more: f64) {
    *total = 1.0 - (1.0 - *total) * (1.0 - more.clamp(0.0, 0.95));
}

/// A dependency whose latency rose by 2 ms is not why the affected service's rose by 80: the strength
/// of a symptom in the very metric that hurts is weighed by its size in the metric's unit. (One request
/// may call a dependency many times, hence only by half and by the root.)
fn weigh_by_affected(services: &mut ByService<Signs>, affected: Option<&str>) {
    let hurt = affected.and_then(|name| services.get(name));
    let Some(hurt) = hurt.map(|s| s.departures.clone()) else {
        return;
    };
    for signs in services.values_mut() {
        if let Some(share) = largest_share(&signs.departures, &hurt) {
            signs.strength *= 0.5 + 0.5 * share.sqrt();
        }
    }
}

/// The largest ratio of departures in a common metric, at most 1; `None` without a common metric.
fn largest_share(part: &BTreeMap<String, f64>, whole: &BTreeMap<String, f64>) -> Option<f64> {
    part.iter()
        .filter_map(|(metric, departure)| {
            let of = whole.get(metric).filter(|of| **of > 0.0)?;
            Some((departure / of).clamp(0.0, 1.0))
        })
        .max_by(f64::total_cmp)
}

fn note_neighbours(
    name: &str,
    signs: &mut Signs,
    input: &RootCauseInput,
    strengths: &BTreeMap<&str, f64>,
    departures: &BTreeMap<&str, BTreeMap<String, f64>>,
) {
    let own = signs.strength;
    let direct: BTreeMap<&str, f64> = input.topology.dependencies(name).collect();
    for (dependency, steps) in input.topology.all_dependencies(name) {
        let Some(strength) = strengths.get(dependency).copied().filter(|s| *s > 0.0) else {
            continue;
        };
        let weight = direct.get(dependency).copied().unwrap_or(0.8);
        let far = 0.9_f64.powi(i32::try_from(steps).unwrap_or(i32::MAX).min(50) - 1);
        // A dependency that is hardly ill does not explain a service that is very ill.
        let alike = departures
            .get(dependency)
            .and_then(|theirs| largest_share(theirs, &signs.departures))
            .unwrap_or_else(|| (strength / own.max(1e-6)).min(1.0));
        let explained = weight * far * alike;
        if explained > signs.explained.0 {
            signs.explained = (explained.min(1.0), Some(dependency.to_owned()));
        }
    }
}

fn note_callers(name: &str, signs: &mut Signs, input: &RootCauseInput, ill: &BTreeSet<&str>) {
    let callers = || input.topology.callers(name);
    signs.callers = (
        callers().filter(|caller| ill.contains(caller)).count(),
        callers().count(),
    );
}

fn near_changes<'a>(input: &'a RootCauseInput<'a>, onset: i64) -> Vec<NearChange<'a>> {
    input
        .changes
        .iter()
        .filter_map(|change| {
            let event = change.event;
            let before = onset.saturating_sub(event.timestamp_ns) as f64 / NANOS_PER_MINUTE as f64;
            if !(-CHANGE_SLACK_MINUTES..=CHANGE_MINUTES).contains(&before) {
                return None;
            }
            let weight = match event.kind {
                ChangeKind::Deploy | ChangeKind::ConfigChange | ChangeKind::FeatureFlag => 1.0,
                ChangeKind::Scale | ChangeKind::Restart => 0.6,
                ChangeKind::Other(_) => 0.5,
            };
            Some(NearChange {
                event,
                service: event.service.as_deref(),
                nearness: weight * (-before.max(0.0) / 25.0).exp(),
                minutes_before: before,
                evidence: change.evidence,
            })
        })
        .collect()
}
