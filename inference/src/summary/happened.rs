//! "What happened": two to five sentences with numbers, each cited.

use domain::{AnomalyKind, Evidence, EvidenceKind, Sentence, Severity, Suspect};

use super::outline::{MAX_SENTENCES, Outline};
use crate::facts::SummaryFacts;
use crate::words;

/// The sentences, in the order in which a colleague would tell them.
pub(super) fn sentences(facts: &SummaryFacts) -> Vec<Sentence> {
    let outline = Outline::of(facts);
    let mut sentences = Vec::new();
    sentences.extend(outline.first.map(|item| first(facts, item)));
    sentences.extend(outline.lead.map(|item| leading(facts, item)));
    sentences.extend(policy(facts));
    for item in &outline.further {
        sentences.push(further(facts, item, outline.lead));
    }
    sentences.extend(outline.measured.iter().map(|item| measured(facts, item)));
    conclude(facts, &outline, &mut sentences);
    sentences.retain(|sentence| !sentence.citations.is_empty());
    sentences.truncate(MAX_SENTENCES);
    sentences
}

/// Whether an anomaly says that this pattern had never been seen.
pub(crate) fn is_new(facts: &SummaryFacts, item: &Evidence) -> bool {
    item.template_id.is_some_and(|id| {
        facts.anomalies.iter().any(|anomaly| {
            anomaly.kind == AnomalyKind::NewTemplate && anomaly.template_id == Some(id)
        })
    })
}

fn who(item: &Evidence) -> String {
    item.service
        .as_deref()
        .map_or_else(|| "The system".to_owned(), |name| words::plain(name, 48))
}

fn noun(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal => "fatal error",
        Severity::Error => "error",
        Severity::Warn => "warning",
        _ => "record",
    }
}

/// `It began at 13:59 UTC in cart: 12 warnings “stock of … is stale”; none are usual.`
fn first(facts: &SummaryFacts, item: &Evidence) -> Sentence {
    let at = words::when(item.first_at_ns, facts.now_ns);
    let text = if matches!(item.kind, EvidenceKind::Template | EvidenceKind::Record) {
        format!(
            "It began at {at} in {} with {} {}{}.",
            who(item),
            words::counted(item.count, noun(item.severity)),
            words::told(&item.text),
            compared(facts, item),
        )
    } else {
        let reason = words::clauses(&item.text, 200, facts.now_ns, |_| true);
        format!("It began at {at}: {reason}.")
    };
    Sentence {
        text,
        citations: vec![item.number],
    }
}

/// `checkout logged 412 errors “connect to … failed” between 14:00 and 14:05 UTC; about 3 are usual.`
fn leading(facts: &SummaryFacts, item: &Evidence) -> Sentence {
    Sentence {
        text: format!(
            "{} logged {} {} {}{}.",
            who(item),
            words::counted(item.count, noun(item.severity)),
            words::told(&item.text),
            words::between(item.first_at_ns, item.last_at_ns, facts.now_ns),
            compared(facts, item),
        ),
        citations: vec![item.number],
    }
}

fn policy(facts: &SummaryFacts) -> Option<Sentence> {
    let policy = facts.policy.as_ref()?;
    Some(Sentence {
        text: format!(
            "The policy “{}” fired: {}.",
            words::plain(&policy.name, 60),
            words::plain(&policy.condition, 140).trim_end_matches('.'),
        ),
        citations: policy_citation(facts),
    })
}

/// `It also logged “order … failed” 397 times from 14:00 UTC on; none are usual.`
fn further(facts: &SummaryFacts, item: &Evidence, lead: Option<&Evidence>) -> Sentence {
    let who = if lead.is_some_and(|lead| lead.service == item.service) {
        "It also".to_owned()
    } else {
        who(item)
    };
    let time = words::when(item.first_at_ns, facts.now_ns);
    let time = if item.count == 1 {
        format!("at {time}")
    } else {
        format!("from {time} on")
    };
    Sentence {
        text: format!(
            "{who} logged {} {} {time}{}.",
            words::told(&item.text),
            words::times(item.count),
            compared(facts, item),
        ),
        citations: vec![item.number],
    }
}

fn measured(facts: &SummaryFacts, item: &Evidence) -> Sentence {
    let text = words::clauses(&item.text, 200, facts.now_ns, |_| true);
    Sentence {
        text: format!("{}.", capitalised(&text, item)),
        citations: vec![item.number],
    }
}

/// `; about 3 are usual (137 times as many)`, `, a pattern never seen before`.
fn compared(facts: &SummaryFacts, item: &Evidence) -> String {
    if is_new(facts, item) {
        return ", a pattern never seen before".to_owned();
    }
    let Some(expected) = item.expected else {
        return String::new();
    };
    if expected < 0.05 {
        return "; none are usual".to_owned();
    }
    let observed = item.count as f64;
    if observed > expected * 0.8 && observed < expected * 1.25 {
        return ", which is as often as usual".to_owned();
    }
    let lift = words::lift(item.count, expected)
        .map(|lift| format!(" ({lift})"))
        .unwrap_or_default();
    let usual = words::usual(expected);
    let verb = if usual.ends_with(" 1") { "is" } else { "are" };
    format!("; {usual} {verb} usual{lift}")
}

/// What can be said about the cause, and how sure it is; honestly "not known" otherwise.
fn conclude(facts: &SummaryFacts, outline: &Outline<'_>, sentences: &mut Vec<Sentence>) {
    if let Some(found) = &outline.cause {
        let mut citations = found.evidence.clone();
        citations.truncate(3);
        sentences.push(Sentence {
            text: format!(
                "The evidence speaks for {}: {} ({} confidence).",
                found.cause.name,
                found.cause.means,
                found.confidence.as_str(),
            ),
            citations,
        });
    }
    if let Some(suspect) = outline.change {
        sentences.push(change(facts, suspect));
    } else if let Some(suspect) = outline.sure_suspect() {
        sentences.push(suspected(facts, outline, suspect));
    } else if outline.cause.is_none() {
        sentences.push(unknown(facts));
        sentences.extend(
            outline
                .suspect
                .map(|suspect| suspected(facts, outline, suspect)),
        );
    }
}

fn suspected(facts: &SummaryFacts, outline: &Outline<'_>, suspect: &Suspect) -> Sentence {
    let name = words::plain(&suspect.name, 60);
    let confidence = suspect.confidence.as_str();
    // What a detector said has been told above already.
    let is_told = |clause: &str| {
        let mut measured = outline.measured.iter().chain(&outline.first);
        measured.any(|item| item.text.contains(clause))
    };
    let reason = words::clauses(&suspect.reason, 160, facts.now_ns, |clause| {
        !is_told(clause)
    });
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!(": {reason}")
    };
    Sentence {
        text: format!("The leading suspect is {name} ({confidence} confidence){reason}."),
        citations: known(facts, &suspect.evidence),
    }
}

fn unknown(facts: &SummaryFacts) -> Sentence {
    let has_change = facts
        .evidence
        .iter()
        .any(|item| item.kind == EvidenceKind::Change);
    let changes = if has_change {
        "the recorded changes do not fit it"
    } else {
        "no change is recorded near its start"
    };
    Sentence {
        text: format!("The cause is not known: the evidence names none, and {changes}."),
        citations: first_citation(facts),
    }
}

fn change(facts: &SummaryFacts, suspect: &Suspect) -> Sentence {
    let number = suspect.evidence.iter().find_map(|number| {
        facts
            .evidence
            .iter()
            .find(|item| item.number == *number && item.kind == EvidenceKind::Change)
    });
    let lag = number
        .map(|item| facts.started_at_ns.saturating_sub(item.first_at_ns))
        .filter(|lag| *lag > 0)
        .map(|lag| format!("{} before the first symptom", domain::format_duration(lag)))
        .unwrap_or_else(|| "at about the same time".to_owned());
    let kind = number
        .and_then(|item| item.text.split_once(": "))
        .map_or("change", |(kind, _)| kind);
    let (kind, name) = (words::plain(kind, 40), words::plain(&suspect.name, 70));
    // Rankings name a change by its title, with its kind or without.
    let name = name.strip_prefix(&format!("{kind} ")).unwrap_or(&name);
    Sentence {
        text: format!(
            "The {kind} “{name}” came {lag} and is the leading suspect ({} confidence).",
            suspect.confidence.as_str(),
        ),
        citations: known(facts, &suspect.evidence),
    }
}

fn known(facts: &SummaryFacts, numbers: &[u32]) -> Vec<u32> {
    let known: Vec<u32> = numbers
        .iter()
        .copied()
        .filter(|number| facts.evidence.iter().any(|item| item.number == *number))
        .take(3)
        .collect();
    if known.is_empty() {
        first_citation(facts)
    } else {
        known
    }
}

fn first_citation(facts: &SummaryFacts) -> Vec<u32> {
    facts
        .evidence
        .first()
        .map(|item| item.number)
        .into_iter()
        .collect()
}

/// The evidence that `draft_summary` made of the policy: the last fact.
fn policy_citation(facts: &SummaryFacts) -> Vec<u32> {
    facts
        .evidence
        .iter()
        .rev()
        .find(|item| item.kind == EvidenceKind::Fact)
        .map(|item| vec![item.number])
        .unwrap_or_else(|| first_citation(facts))
}

/// With a capital, unless it begins with the name of its service or of a metric, which are written as they are.
fn capitalised(text: &str, item: &Evidence) -> String {
    let service = item.service.as_deref().unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    let is_name = first.contains(|c: char| !c.is_alphabetic()) || first == service;
    if is_name {
        return text.to_owned();
    }
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
