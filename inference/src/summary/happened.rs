//! "What happened": two to five sentences with numbers, each cited.

use domain::{AnomalyKind, Confidence, Evidence, EvidenceKind, Sentence, Severity, Suspect};

use crate::cause::{classify, suspected_change};
use crate::facts::SummaryFacts;
use crate::words;

/// Patterns told besides the leading one.
const MORE_PATTERNS: usize = 2;

/// The sentences, most important first.
pub(super) fn sentences(facts: &SummaryFacts) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let patterns: Vec<&Evidence> = facts.evidence.iter().filter(|e| is_pattern(e)).collect();
    if let Some(lead) = patterns.first() {
        sentences.push(leading(facts, lead));
    }
    if let Some(policy) = &facts.policy {
        sentences.push(Sentence {
            text: format!(
                "The policy “{}” fired: {}.",
                words::plain(&policy.name, 60),
                words::plain(&policy.condition, 140).trim_end_matches('.'),
            ),
            citations: policy_citation(facts),
        });
    }
    let told = MORE_PATTERNS.saturating_sub(usize::from(facts.policy.is_some()));
    for item in patterns.iter().skip(1).take(told) {
        sentences.push(further(facts, item, patterns[0]));
    }
    let measured = facts
        .evidence
        .iter()
        .find(|item| matches!(item.kind, EvidenceKind::Metric | EvidenceKind::Anomaly));
    if let Some(item) = measured
        && sentences.len() < 4
    {
        let text = words::plain(&item.text, 200);
        sentences.push(Sentence {
            text: format!("{}.", capitalised(text.trim_end_matches(['.', '…']))),
            citations: vec![item.number],
        });
    }
    sentences.push(conclusion(facts));
    sentences.retain(|sentence| !sentence.citations.is_empty());
    sentences.truncate(5);
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

fn is_pattern(item: &Evidence) -> bool {
    matches!(item.kind, EvidenceKind::Template | EvidenceKind::Record)
}

fn leading(facts: &SummaryFacts, item: &Evidence) -> Sentence {
    let who = item
        .service
        .as_deref()
        .map_or_else(|| "The system".to_owned(), |name| words::plain(name, 48));
    let noun = match item.severity {
        Severity::Fatal => "fatal error",
        Severity::Error => "error",
        Severity::Warn => "warning",
        _ => "record",
    };
    let from = words::when(item.first_at_ns, facts.now_ns);
    let to = words::when(item.last_at_ns, facts.now_ns);
    let time = if from == to {
        format!("at {from}")
    } else {
        format!("between {from} and {to}")
    };
    let compared = compared(facts, item)
        .map(|text| format!(", {text}"))
        .unwrap_or_default();
    Sentence {
        text: format!(
            "{who} logged {} {} {time}{compared}.",
            words::counted(item.count, noun),
            words::quoted(&item.text),
        ),
        citations: vec![item.number],
    }
}

fn further(facts: &SummaryFacts, item: &Evidence, lead: &Evidence) -> Sentence {
    let who = if item.service == lead.service {
        "Also".to_owned()
    } else {
        item.service.as_deref().map_or_else(
            || "Also".to_owned(),
            |name| format!("In {}", words::plain(name, 48)),
        )
    };
    let compared = compared(facts, item)
        .map(|text| format!(", {text}"))
        .unwrap_or_default();
    Sentence {
        text: format!(
            "{who}, {} came {} from {} on{compared}.",
            words::quoted(&item.text),
            words::times(item.count),
            words::when(item.first_at_ns, facts.now_ns),
        ),
        citations: vec![item.number],
    }
}

/// `where about 3 are usual (137 times as many)`, `a pattern never seen before`.
fn compared(facts: &SummaryFacts, item: &Evidence) -> Option<String> {
    if is_new(facts, item) {
        return Some("a pattern never seen before".to_owned());
    }
    let expected = item.expected?;
    if expected < 0.05 {
        return Some("where none are usual".to_owned());
    }
    let observed = item.count as f64;
    if observed > expected * 0.8 && observed < expected * 1.25 {
        return Some("which is as often as usual".to_owned());
    }
    let lift = words::lift(item.count, expected)
        .map(|lift| format!(" ({lift})"))
        .unwrap_or_default();
    let verb = if words::usual(expected).ends_with(" 1") {
        "is"
    } else {
        "are"
    };
    Some(format!(
        "where {} {verb} usual{lift}",
        words::usual(expected)
    ))
}

/// What can be said about the cause, and how sure it is; honestly "not known" otherwise.
fn conclusion(facts: &SummaryFacts) -> Sentence {
    if let Some(suspect) = suspected_change(&facts.suspects, &facts.evidence) {
        return change(facts, suspect);
    }
    let found = classify(&facts.evidence);
    let leading = facts
        .suspects
        .first()
        .filter(|suspect| suspect.confidence >= Confidence::Medium);
    match (found, leading) {
        (Some(found), suspect) => {
            let place = suspect
                .map(|suspect| format!(", first in {}", words::plain(&suspect.name, 60)))
                .unwrap_or_default();
            let mut citations = found.evidence;
            citations.truncate(3);
            Sentence {
                text: format!(
                    "The patterns speak for {}{place}: {} ({} confidence).",
                    found.cause.name,
                    found.cause.means,
                    found.confidence.as_str(),
                ),
                citations,
            }
        }
        (None, Some(suspect)) => Sentence {
            text: format!(
                "{} is the leading suspect ({} confidence): {}.",
                capitalised(&words::plain(&suspect.name, 60)),
                suspect.confidence.as_str(),
                words::plain(&suspect.reason, 140).trim_end_matches('.'),
            ),
            citations: known(facts, &suspect.evidence),
        },
        (None, None) => {
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
                text: format!("The cause is not known: the patterns name none, and {changes}."),
                citations: first_citation(facts),
            }
        }
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
        .filter(|lag| *lag >= 0)
        .map(|lag| format!("{} before the first symptom", domain::format_duration(lag)))
        .unwrap_or_else(|| "at about the same time".to_owned());
    let name = words::plain(&suspect.name, 70);
    Sentence {
        text: format!(
            "The change “{name}” came {lag} and is the leading suspect ({} confidence).",
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

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
