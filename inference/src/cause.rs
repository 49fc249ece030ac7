//! Which class of causes the evidence speaks for. Code only: models of this size invent causes.

use domain::{Confidence, Evidence, EvidenceKind, Severity, Suspect};

use crate::runbook::{Cause, runbook};

/// What the evidence speaks for.
#[derive(Debug, Clone)]
pub(crate) struct CauseFinding {
    pub(crate) cause: &'static Cause,
    /// How much of the weight of all evidence it has.
    pub(crate) confidence: Confidence,
    /// Evidence that hit it, strongest first.
    pub(crate) evidence: Vec<u32>,
}

/// What one class has gathered: the weight of all hits, and each hit's evidence and weight.
struct Score {
    cause: usize,
    sum: f64,
    hits: Vec<(u32, f64)>,
}

/// The class that the texts of the evidence speak for; `None` when none hits, or only harmless lines do.
pub(crate) fn classify(evidence: &[Evidence]) -> Option<CauseFinding> {
    classify_among(evidence, |_| true)
}

/// The same of those that are wanted; how sure it is, all evidence decides.
fn classify_among(
    evidence: &[Evidence],
    is_wanted: impl Fn(&Evidence) -> bool,
) -> Option<CauseFinding> {
    let mut total = 0.0;
    let mut scores: Vec<Score> = Vec::new();
    for item in evidence {
        if item.kind == EvidenceKind::Change {
            continue;
        }
        let weight = weight(item);
        total += weight;
        if !is_wanted(item) {
            continue;
        }
        for index in runbook().hits(&item.text) {
            let share = weight * runbook().at(index).weight;
            let hit = (item.number, share);
            match scores.iter_mut().find(|score| score.cause == index) {
                Some(score) => {
                    score.sum += share;
                    score.hits.push(hit);
                }
                None => scores.push(Score {
                    cause: index,
                    sum: share,
                    hits: vec![hit],
                }),
            }
        }
    }
    let best = scores.into_iter().max_by(|a, b| a.sum.total_cmp(&b.sum))?;
    let cause = runbook().at(best.cause);
    let (score, mut numbers) = (best.sum, best.hits);
    // Half a weight is one warning that is as frequent as always.
    if score < 0.5 || total <= 0.0 {
        return None;
    }
    numbers.sort_by(|a, b| b.1.total_cmp(&a.1));
    let share = score / cause.weight / total;
    let confidence = if share >= 0.5 && cause.weight >= 1.5 {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    Some(CauseFinding {
        cause,
        confidence,
        evidence: numbers.into_iter().map(|(number, _)| number).collect(),
    })
}

/// The change that leads the suspects, when it is at least medium sure.
pub(crate) fn suspected_change<'a>(
    suspects: &'a [Suspect],
    evidence: &[Evidence],
) -> Option<&'a Suspect> {
    suspects
        .first()
        .filter(|suspect| suspect.confidence >= Confidence::Medium)
        .filter(|suspect| {
            suspect.evidence.iter().any(|number| {
                evidence
                    .iter()
                    .any(|item| item.number == *number && item.kind == EvidenceKind::Change)
            })
        })
}

/// The id of the class of causes that evidence and suspects speak for, out of the catalogue of runbook steps: `deploy` where
/// a change leads the suspects, unless the texts say that it was one of the configuration; `unknown` when nothing is named.
#[must_use]
pub fn cause_class(evidence: &[Evidence], suspects: &[Suspect]) -> &'static str {
    let named = classify_suspected(evidence, suspects).map(|found| found.cause.id.as_str());
    let Some(change) = suspected_change(suspects, evidence) else {
        return named.unwrap_or("unknown");
    };
    let is_setting = |item: &Evidence| {
        change.evidence.contains(&item.number) && item.text.starts_with("config change")
    };
    if named == Some("configuration") && evidence.iter().any(is_setting) {
        "configuration"
    } else {
        "deploy"
    }
}

/// The same as [`classify`], but what the leading suspect writes and measures is asked first, then what others say of it: its
/// callers have more errors than it has, and theirs only tell that it fails.
pub(crate) fn classify_suspected(
    evidence: &[Evidence],
    suspects: &[Suspect],
) -> Option<CauseFinding> {
    let leading = suspects
        .first()
        .filter(|suspect| suspect.confidence >= Confidence::Medium)
        .and_then(|suspect| suspect.service.as_deref());
    let Some(leading) = leading else {
        return classify(evidence);
    };
    classify_among(evidence, |item| item.service.as_deref() == Some(leading))
        .or_else(|| classify_among(evidence, |item| item.text.contains(leading)))
        .or_else(|| classify(evidence))
}

/// How much a piece of evidence counts: by severity, amount (logarithmic) and how unusual it is.
fn weight(item: &Evidence) -> f64 {
    // What does not come any more has no severity and no count.
    let is_missing = item.kind == EvidenceKind::Anomaly
        && item.severity == Severity::Unspecified
        && item
            .expected
            .is_some_and(|expected| item.count as f64 * 2.0 < expected);
    if is_missing {
        return 2.0;
    }
    let severity = match item.severity {
        Severity::Fatal => 3.0,
        Severity::Error => 2.0,
        Severity::Warn => 1.0,
        Severity::Unspecified if item.kind == EvidenceKind::Metric => 1.0,
        _ => 0.2,
    };
    let count = item.count.max(1) as f64;
    let unusual = match item.expected {
        Some(expected) => ((count + 1.0) / (expected.max(0.0) + 1.0))
            .ln()
            .clamp(0.1, 4.0),
        None => 1.0,
    };
    severity * (1.0 + count).ln() * unusual
}

#[cfg(test)]
mod tests;
