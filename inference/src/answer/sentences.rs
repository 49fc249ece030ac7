//! The sentences of an answer.

mod compare;
mod days;
mod figures;
mod groups;
mod incidents;
mod nothing;

use domain::{Confidence, Evidence, EvidenceKind, NANOS_PER_MINUTE, Sentence, Suspect};

pub(super) use nothing::nothing;

use self::compare::compare;
use self::days::Days;
use self::groups::groups;
use crate::cause::{classify_suspected, suspected_change};
use crate::facts::{AnswerFacts, AnswerIntent};
use crate::words;

/// Label of the chip that says that the semantic index did not answer.
const INDEX_CHIP: &str = "index";
/// Label of the part of an interpretation that tells of a word that was read as another one.
pub const SPELLING_CHIP: &str = "spelling";

/// Records that are told when they are what was asked for.
const MOST_RECORDS: usize = 10;

/// That only words were compared, when the semantic index did not answer.
fn words_only(facts: &AnswerFacts) -> Option<Sentence> {
    facts
        .interpretation
        .iter()
        .any(|chip| chip.label == INDEX_CHIP)
        .then(|| {
            plain(
                "The semantic index did not answer: only words were compared, not their meaning."
                    .to_owned(),
            )
        })
}

/// The facts, by what was asked.
pub(super) fn found(facts: &AnswerFacts) -> Vec<Sentence> {
    let days = &mut Days::of(facts);
    let mut sentences = reread(facts);
    sentences.extend(unread(facts));
    let incident = incidents::incidents(facts, days);
    sentences.extend(widened(facts, days));
    let begin = sentences.len();
    sentences.extend(match facts.intent {
        AnswerIntent::Find => find(facts, days),
        AnswerIntent::Count => count(facts, days),
        AnswerIntent::Rate => figures::rate(facts, days),
        AnswerIntent::Measure => figures::measure(facts, days),
        AnswerIntent::Trend => figures::trend(facts, days),
        AnswerIntent::Explain => explain(facts),
        AnswerIntent::First => edge(facts, days, true),
        AnswerIntent::Last => edge(facts, days, false),
        AnswerIntent::Top => top(facts, days),
        AnswerIntent::Compare => compare(facts, days),
        AnswerIntent::Why => why(facts, days),
    });
    if let Some(incident) = incident {
        // Who asks for one thing gets that first.
        let behind = match facts.intent {
            AnswerIntent::Find | AnswerIntent::Why | AnswerIntent::Trend => 0,
            AnswerIntent::Top => 2,
            _ => 1,
        };
        let at = begin + behind;
        sentences.insert(at.min(sentences.len()), incident);
    }
    if facts.is_cut {
        sentences.push(plain(
            "Not everything could be counted in time: each count is at least as high as it says."
                .to_owned(),
        ));
    }
    sentences.extend(words_only(facts));
    sentences
}

/// Which words were read as others: `"fialed" was read as "failed".`
fn reread(facts: &AnswerFacts) -> Vec<Sentence> {
    let chips = facts.interpretation.iter();
    chips
        .filter(|chip| chip.label == SPELLING_CHIP)
        .map(|chip| plain(format!("{}.", chip.value)))
        .collect()
}

/// Which words changed nothing though they should have: who reads the counts must know it first.
fn unread(facts: &AnswerFacts) -> Option<Sentence> {
    let said = &facts.more.unread;
    if said.is_empty() {
        return None;
    }
    let is_event = |word: &String| {
        matches!(
            word.to_lowercase().as_str(),
            "deploy" | "deployment" | "release" | "rollout"
        )
    };
    if said.iter().all(is_event) {
        return Some(plain(
            "No deploy is known, so nothing was cut off at one: send deploys as change events."
                .to_owned(),
        ));
    }
    let said: Vec<String> = said.iter().map(|word| words::quoted(word)).collect();
    Some(plain(format!(
        "Not understood, and so left out: {}.",
        words::list(&said, 4)
    )))
}

/// That the default time has nothing, and which time is told about.
fn widened(facts: &AnswerFacts, days: &mut Days) -> Option<Sentence> {
    let default = facts.widened_from?;
    let empty = days.range(default);
    let last_ns = facts.range.end_ns.saturating_sub(NANOS_PER_MINUTE);
    // The cause of the newest ones is looked for, not that of all.
    let which = match facts.intent {
        AnswerIntent::Why => "last matching",
        _ => "matching",
    };
    Some(plain(format!(
        "Nothing {empty}; the {which} records are from {}.",
        days.span(facts.range.start_ns, last_ns, "to")
    )))
}

/// The sentences of an explanation; they cite the pattern.
fn explain(facts: &AnswerFacts) -> Vec<Sentence> {
    facts
        .more
        .explained
        .iter()
        .map(|text| Sentence {
            text: text.clone(),
            citations: first_citation(facts),
        })
        .collect()
}

fn find(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let mut sentences = vec![total(facts, days)];
    sentences.extend(groups(facts, days));
    let records = || patterns(facts).filter(|item| item.kind == EvidenceKind::Record);
    if facts.more.shows_records && records().next().is_some() {
        sentences.extend(
            records()
                .take(MOST_RECORDS)
                .map(|item| at_an_instant(days, item)),
        );
    } else {
        sentences.extend(told_first(facts, 3).map(|item| pattern(days, item)));
    }
    if is_of_changes(facts) {
        sentences.extend(changes(facts).take(5).map(|item| at_an_instant(days, item)));
    }
    sentences
}

/// `At 14:02 UTC in checkout: “payment refused”.`
fn at_an_instant(days: &mut Days, item: &Evidence) -> Sentence {
    let text = format!(
        "At {}{}: {}.",
        days.at(item.first_at_ns),
        service(item, " in "),
        words::quoted(&item.text)
    );
    cited(item, text)
}

/// What is told: patterns, and records only where there are none.
fn told_first(facts: &AnswerFacts, limit: usize) -> impl Iterator<Item = &Evidence> {
    let has_patterns = patterns(facts).any(|item| item.kind == EvidenceKind::Template);
    patterns(facts)
        .filter(move |item| !has_patterns || item.kind == EvidenceKind::Template)
        .take(limit)
}

fn count(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let mut sentences = vec![total(facts, days)];
    if facts.more.is_distinct
        && let Some(said) = groups(facts, days)
    {
        // How many different ones comes first.
        return vec![said, sentences.remove(0)];
    }
    if let Some(said) = groups(facts, days) {
        sentences.push(said);
        return sentences;
    }
    if let Some(item) = patterns(facts)
        .next()
        .filter(|item| facts.matching == Some(item.count) && item.count > 1)
    {
        let all = format!("All of them are {}.", words::quoted(&item.text));
        sentences.push(cited(item, all));
    } else if let Some(item) = patterns(facts).next() {
        let share = facts
            .matching
            .filter(|all| *all >= item.count && *all > 0)
            .map(|all| format!(", {} of them", words::percent(item.count, all)))
            .unwrap_or_default();
        sentences.push(cited(
            item,
            format!(
                "The most frequent pattern is {} with {}{share}.",
                words::quoted(&item.text),
                words::counted(item.count, "record"),
            ),
        ));
    }
    sentences
}

/// The instant of the first or last occurrence, and what tells it. A record knows the instant, a pattern only the
/// minute.
pub(super) fn edge_item(facts: &AnswerFacts, is_first: bool) -> Option<(i64, &Evidence)> {
    let at = |item: &&Evidence| {
        if is_first {
            item.first_at_ns
        } else {
            item.last_at_ns
        }
    };
    let records = || patterns(facts).filter(|item| item.kind == EvidenceKind::Record);
    let item = if is_first {
        records()
            .min_by_key(at)
            .or(patterns(facts).min_by_key(at))
            .or(changes(facts).min_by_key(at))
    } else {
        records()
            .max_by_key(at)
            .or(patterns(facts).max_by_key(at))
            .or(changes(facts).max_by_key(at))
    };
    item.map(|item| (at(&item), item))
}

fn edge(facts: &AnswerFacts, days: &mut Days, is_first: bool) -> Vec<Sentence> {
    let Some((at_ns, item)) = edge_item(facts, is_first) else {
        return vec![total(facts, days)];
    };
    let word = match (is_first, facts.matching) {
        (_, Some(1)) => "only",
        (true, _) => "first",
        (false, _) => "last",
    };
    let age = domain::format_duration(facts.now_ns.saturating_sub(at_ns).max(0));
    let mut sentences = vec![cited(
        item,
        format!(
            "The {word} one was at {} ({age} ago){}: {}.",
            days.at(at_ns),
            service(item, " in "),
            words::quoted(&item.text),
        ),
    )];
    sentences.push(total(facts, days));
    sentences
}

fn top(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let mut sentences = vec![total(facts, days)];
    match groups(facts, days) {
        Some(said) => {
            sentences.push(said);
            if facts.values.is_some() {
                sentences.extend(told_first(facts, 1).map(|item| pattern(days, item)));
            }
        }
        None => sentences.extend(told_first(facts, 3).map(|item| pattern(days, item))),
    }
    sentences
}

fn why(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let mut sentences = vec![match facts.matching {
        Some(0) => Sentence {
            text: format!(
                "No matching record is an error {}, but {} out.",
                days.range(facts.range),
                match facts.evidence.len() {
                    1 => "1 thing stands".to_owned(),
                    count => format!("{} things stand", words::count(count as u64)),
                },
            ),
            citations: first_citation(facts),
        },
        _ => total(facts, days),
    }];
    sentences.extend(patterns(facts).take(2).map(|item| pattern(days, item)));
    let found = classify_suspected(&facts.evidence, &facts.suspects);
    if let Some(suspect) = suspected_change(&facts.suspects, &facts.evidence) {
        sentences.push(suspicion(suspect, "leading suspect", days));
    } else if let Some(suspect) = facts
        .suspects
        .first()
        .filter(|suspect| suspect.confidence >= Confidence::Medium)
    {
        sentences.push(suspicion(suspect, "leading suspect", days));
    }
    match found {
        Some(found) => {
            let mut citations = found.evidence;
            citations.truncate(3);
            sentences.push(Sentence {
                text: format!(
                    "The patterns speak for {}: {} ({} confidence).",
                    found.cause.name,
                    found.cause.means,
                    found.confidence.as_str()
                ),
                citations,
            });
        }
        None if facts.suspects.is_empty() => sentences.push(Sentence {
            text: "The cause is not known: the patterns name none and there is no suspect."
                .to_owned(),
            citations: first_citation(facts),
        }),
        None => {}
    }
    sentences
}

fn suspicion(suspect: &Suspect, role: &str, days: &mut Days) -> Sentence {
    let reason = words::clocked(&suspect.reason, |at_ns| days.at(at_ns));
    let reason = words::clauses_of(&reason, 160, |_| true);
    Sentence {
        text: format!(
            "The {role} is {} ({} confidence): {}.",
            words::plain(&suspect.name, 70),
            suspect.confidence.as_str(),
            reason.trim_end_matches('.'),
        ),
        citations: suspect.evidence.iter().copied().take(3).collect(),
    }
}

/// Suspects with the instants of their reasons in the reader's zone.
pub(super) fn suspects(facts: &AnswerFacts) -> Vec<Suspect> {
    let days = &mut Days::of(facts);
    let told = |suspect: &Suspect| Suspect {
        reason: words::clocked(&suspect.reason, |at_ns| days.at(at_ns)),
        ..suspect.clone()
    };
    facts.suspects.iter().map(told).collect()
}

fn total(facts: &AnswerFacts, days: &mut Days) -> Sentence {
    // Where the time was said already, it is not said again.
    let time = match facts.widened_from {
        Some(_) => String::new(),
        None => format!(" {}", days.range(facts.range)),
    };
    let least = at_least(facts);
    let thing = match is_of_changes(facts) {
        true => "deploy",
        false => "matching record",
    };
    let text = match (facts.matching, facts.errors) {
        (Some(all), Some(errors)) if errors > 0 && errors < all => format!(
            "{least}{}{time}, {}{} of them {}.",
            words::counted(all, thing),
            least.to_lowercase(),
            words::count(errors),
            if errors == 1 { "an error" } else { "errors" },
        ),
        (Some(all), _) => format!("{least}{}{time}.", words::counted(all, thing)),
        (None, _) => format!(
            "{}{time}.",
            words::counted(patterns(facts).count() as u64, "matching pattern")
        ),
    };
    Sentence {
        text,
        citations: first_citation(facts),
    }
}

/// Before a count that is a lower bound.
fn at_least(facts: &AnswerFacts) -> &'static str {
    if facts.is_cut { "At least " } else { "" }
}

fn pattern(days: &mut Days, item: &Evidence) -> Sentence {
    let usual = item
        .expected
        .map(|expected| format!(", {} would be usual", words::usual(expected)))
        .unwrap_or_default();
    told(days, item, &usual)
}

/// A pattern with its count in the other time of a comparison.
fn pattern_beside(days: &mut Days, item: &Evidence) -> Sentence {
    let other = item
        .expected
        .map(|expected| format!(", {} in the other time", words::usual(expected)))
        .unwrap_or_default();
    told(days, item, &other)
}

fn told(days: &mut Days, item: &Evidence, beside: &str) -> Sentence {
    let time = if days.is_said(item.first_at_ns, item.last_at_ns) {
        match item.count {
            1 => String::new(),
            _ => " in that time".to_owned(),
        }
    } else if item.first_at_ns == item.last_at_ns {
        format!(" at {}", days.at(item.first_at_ns))
    } else {
        let span = days.span(item.first_at_ns, item.last_at_ns, "to");
        format!(" from {span}")
    };
    let who = item
        .service
        .as_deref()
        .map(|name| format!("In {}, ", words::plain(name, 48)))
        .unwrap_or_default();
    cited(
        item,
        format!(
            "{who}{} came {}{time}{beside}.",
            words::quoted(&item.text),
            words::times(item.count),
        ),
    )
}

/// ` in checkout`, or nothing.
fn service(item: &Evidence, before: &str) -> String {
    item.service
        .as_deref()
        .map(|name| format!("{before}{}", words::plain(name, 48)))
        .unwrap_or_default()
}

fn patterns(facts: &AnswerFacts) -> impl Iterator<Item = &Evidence> {
    facts
        .evidence
        .iter()
        .filter(|item| matches!(item.kind, EvidenceKind::Template | EvidenceKind::Record))
}

fn changes(facts: &AnswerFacts) -> impl Iterator<Item = &Evidence> {
    let items = facts.evidence.iter();
    items.filter(|item| item.kind == EvidenceKind::Change)
}

/// Whether changes are what was counted.
fn is_of_changes(facts: &AnswerFacts) -> bool {
    facts.intent != AnswerIntent::Why
        && patterns(facts).next().is_none()
        && changes(facts).next().is_some()
}

fn first_citation(facts: &AnswerFacts) -> Vec<u32> {
    facts
        .evidence
        .first()
        .map(|item| item.number)
        .into_iter()
        .collect()
}

fn cited(item: &Evidence, text: String) -> Sentence {
    Sentence {
        text,
        citations: vec![item.number],
    }
}

fn plain(text: String) -> Sentence {
    Sentence {
        text,
        citations: Vec::new(),
    }
}
