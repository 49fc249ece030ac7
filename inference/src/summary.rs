//! The deterministic summary: complete, specific, and written for somebody who was just woken up.

mod happened;
mod outline;
mod timeline;

use std::borrow::Cow;

use domain::{Confidence, Evidence, EvidenceKind, Sentence, Summary, SummaryAuthor};

use crate::cause::{classify_suspected, suspected_change};
use crate::facts::{EvidenceBook, ServiceImpact, SummaryFacts};
use crate::runbook::runbook;
use crate::words;

pub(crate) use happened::is_new;

/// Suspects in one summary.
const MAX_SUSPECTS: usize = 5;
/// Steps in one summary: what a person can keep in mind.
const MAX_STEPS: usize = 6;
/// Similar incidents in one summary.
const MAX_SIMILAR: usize = 3;
/// Services whose impact is told one by one.
const MAX_IMPACTS: usize = 4;

/// Writes the whole summary out of the facts. Takes microseconds, needs no model, never fails.
#[must_use]
pub fn draft_summary(facts: &SummaryFacts) -> Summary {
    let facts = &with_policy_evidence(facts);
    let mut suspects = facts.suspects.clone();
    suspects.truncate(MAX_SUSPECTS);
    let mut similar = facts.similar.clone();
    similar.truncate(MAX_SIMILAR);
    Summary {
        headline: headline(facts),
        what_happened: happened::sentences(facts),
        impact: impact(facts),
        timeline: timeline::timeline(facts),
        suspects,
        next_steps: next_steps(facts),
        similar,
        evidence: facts.evidence.clone(),
        author: SummaryAuthor::Rules,
        written_at_ns: facts.now_ns,
    }
}

/// A policy's condition is evidence as well: without it a metric alone would leave nothing to cite.
fn with_policy_evidence(facts: &SummaryFacts) -> Cow<'_, SummaryFacts> {
    let Some(policy) = &facts.policy else {
        return Cow::Borrowed(facts);
    };
    let text = format!("policy “{}”: {}", policy.name, policy.condition);
    if facts.evidence.iter().any(|item| item.text == text) {
        return Cow::Borrowed(facts);
    }
    let mut facts = facts.clone();
    let mut book = EvidenceBook::new();
    for item in std::mem::take(&mut facts.evidence) {
        book.push(item);
    }
    book.fact(text, 1, facts.started_at_ns);
    facts.evidence = book.into_items();
    Cow::Owned(facts)
}

/// `checkout: connections refused or unreachable, 809 errors in 5 min (usually about 3); also web`: the figures are those of
/// the service that is named first.
fn headline(facts: &SummaryFacts) -> String {
    let Some(lead) = lead(facts) else {
        return match &facts.policy {
            Some(policy) => words::plain(&format!("{}: {}", policy.name, policy.condition), 120),
            None => words::plain(&facts.title, 120),
        };
    };
    let (who, others) = who(facts, lead);
    let what = if let Some(found) = classify_suspected(&facts.evidence, &facts.suspects) {
        found.cause.name.clone()
    } else if lead.kind == EvidenceKind::Template || lead.kind == EvidenceKind::Record {
        let new = if is_new(facts, lead) {
            "new pattern "
        } else {
            ""
        };
        format!("{new}{}", words::told(&short(&lead.text)))
    } else {
        let text = words::clauses(&lead.text, 90, facts.now_ns, |_| true);
        // A detector often names the service itself.
        let named = text.strip_prefix(&format!("{who} "));
        named.map_or_else(|| text.clone(), str::to_owned)
    };
    let figures = figures(facts)
        .map(|(_, figures)| format!(", {figures}"))
        .unwrap_or_default();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!("; also {}", words::list(others, 2)),
    };
    format!("{who}: {what}{figures}{others}")
}

/// `checkout` and `809 errors in 5 min (usually about 3)`: the strongest numbers, of the most affected service or of the
/// leading pattern, and whose they are.
pub(crate) fn figures(facts: &SummaryFacts) -> Option<(Option<String>, String)> {
    let lead = lead(facts)?;
    let (service, amount, expected) = match facts.services.first() {
        Some(service) if service.errors > 0 => (
            Some(&service.service),
            words::counted(service.errors, "error"),
            service.expected_errors,
        ),
        _ if matches!(lead.kind, EvidenceKind::Template | EvidenceKind::Record) => (
            lead.service.as_ref(),
            words::counted(lead.count, "record"),
            lead.expected,
        ),
        _ => return None,
    };
    let time = domain::format_duration(facts.window.duration_ns());
    let usual = expected
        .map(|expected| format!(" (usually {})", words::usual(expected)))
        .unwrap_or_default();
    let service = service.map(|name| words::plain(name, 48));
    Some((service, format!("{amount} in {time}{usual}")))
}

/// The evidence that a summary begins with: the first that is no change.
pub(crate) fn lead(facts: &SummaryFacts) -> Option<&Evidence> {
    facts
        .evidence
        .iter()
        .find(|item| !matches!(item.kind, EvidenceKind::Change | EvidenceKind::Fact))
}

/// The service that a headline begins with, and the others with errors.
fn who(facts: &SummaryFacts, lead: &Evidence) -> (String, Vec<String>) {
    let mut names: Vec<String> = facts
        .services
        .iter()
        .filter(|service| service.errors > 0)
        .map(|service| words::plain(&service.service, 48))
        .collect();
    if names.is_empty() {
        names.extend(lead.service.as_deref().map(|name| words::plain(name, 48)));
    }
    if names.is_empty() {
        names.extend(
            facts
                .services
                .first()
                .map(|service| words::plain(&service.service, 48)),
        );
    }
    if names.is_empty() {
        return ("system".to_owned(), names);
    }
    let first = names.remove(0);
    (first, names)
}

fn short(text: &str) -> String {
    words::plain(text, 70)
}

fn impact(facts: &SummaryFacts) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = facts
        .services
        .iter()
        .take(MAX_IMPACTS)
        .map(|service| service_impact(facts, service))
        .collect();
    if facts.services.len() > MAX_IMPACTS {
        let names: Vec<String> = facts.services[MAX_IMPACTS..]
            .iter()
            .map(|service| words::plain(&service.service, 48))
            .collect();
        sentences.push(Sentence {
            text: format!("Also affected: {}.", words::list(&names, 12)),
            citations: all_citations(facts, None),
        });
    }
    sentences.push(duration(facts));
    sentences
}

fn service_impact(facts: &SummaryFacts, service: &ServiceImpact) -> Sentence {
    let name = words::plain(&service.service, 48);
    let text = if service.errors > 0 {
        let usual = service
            .expected_errors
            .map(|expected| format!("; {} would be usual", words::usual(expected)))
            .unwrap_or_default();
        let were = if service.errors == 1 {
            "was an error"
        } else {
            "were errors"
        };
        format!(
            "{name}: {} of {} ({}) {were}{usual}.",
            words::count(service.errors),
            words::counted(service.records, "record"),
            words::percent(service.errors, service.records.max(service.errors)),
        )
    } else if service.records == 0 {
        format!("{name}: no records in that time.")
    } else if service.records == 1 {
        format!("{name}: 1 record, which is no error.")
    } else {
        format!(
            "{name}: {}, none of them an error.",
            words::counted(service.records, "record")
        )
    };
    Sentence {
        text,
        citations: all_citations(facts, Some(&service.service)),
    }
}

fn duration(facts: &SummaryFacts) -> Sentence {
    let start = words::when(facts.started_at_ns, facts.now_ns);
    let text = match facts.resolved_at_ns {
        Some(end) => format!(
            "It lasted {}, from {start} to {}.",
            domain::format_duration(end.saturating_sub(facts.started_at_ns)),
            words::when(end, facts.now_ns),
        ),
        None => format!(
            "It has lasted {} so far, since {start}.",
            domain::format_duration(facts.now_ns.saturating_sub(facts.started_at_ns).max(0)),
        ),
    };
    Sentence {
        text,
        citations: all_citations(facts, None).into_iter().take(1).collect(),
    }
}

/// Numbers of up to three pieces of evidence of a service; of the leading one when it has none.
fn all_citations(facts: &SummaryFacts, service: Option<&str>) -> Vec<u32> {
    let own: Vec<u32> = facts
        .evidence
        .iter()
        .filter(|item| item.kind != EvidenceKind::Change)
        .filter(|item| service.is_none() || item.service.as_deref() == service)
        .map(|item| item.number)
        .take(3)
        .collect();
    if own.is_empty() {
        let first = lead(facts).or_else(|| facts.evidence.first());
        first.map(|item| item.number).into_iter().collect()
    } else {
        own
    }
}

fn next_steps(facts: &SummaryFacts) -> Vec<String> {
    let service = facts
        .services
        .first()
        .map(|service| service.service.as_str())
        .or_else(|| lead(facts).and_then(|item| item.service.as_deref()));
    let mut steps = Vec::new();
    if let Some(similar) = facts.similar.first()
        && similar.similarity >= 0.75
    {
        steps.push(format!(
            "See what ended incident {}, which looks alike",
            similar.number
        ));
    }
    let change = suspected_change(&facts.suspects, &facts.evidence);
    if let Some(change) = change {
        let service = change.service.as_deref().or(service);
        steps.extend(runbook().steps("deploy", service).into_iter().take(2));
    }
    let found = classify_suspected(&facts.evidence, &facts.suspects);
    match &found {
        Some(found) => steps.extend(runbook().steps(&found.cause.id, service)),
        None if change.is_none() => steps.extend(runbook().steps("unknown", service)),
        None => {}
    }
    if found.is_some_and(|found| found.confidence == Confidence::Low) && change.is_none() {
        steps.extend(runbook().steps("unknown", service).into_iter().take(1));
    }
    steps.truncate(MAX_STEPS);
    steps
}

#[cfg(test)]
mod tests;
