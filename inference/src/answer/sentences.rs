//! The sentences of an answer.

use domain::{Confidence, Evidence, EvidenceKind, Sentence, TimeRange};

use crate::cause::{classify, suspected_change};
use crate::facts::{AnswerFacts, AnswerIntent};
use crate::words;

/// Label of the chip that says that the semantic index did not answer.
const INDEX_CHIP: &str = "index";

/// What was searched and not found, plainly.
pub(super) fn nothing(facts: &AnswerFacts) -> Vec<Sentence> {
    let searched: Vec<String> = facts
        .interpretation
        .iter()
        .filter(|chip| !matches!(chip.label.as_str(), "intent" | "time" | INDEX_CHIP))
        .map(|chip| {
            format!(
                "{} {}",
                words::plain(&chip.label, 24),
                words::plain(&chip.value, 60)
            )
        })
        .collect();
    let what = if searched.is_empty() {
        String::new()
    } else {
        format!(" for {}", words::list(&searched, 6))
    };
    let verdict = if facts.is_cut {
        "Nothing was found in the time there is"
    } else {
        "Nothing matches"
    };
    let mut sentences = vec![
        plain(format!(
            "{verdict}{what} {}.",
            span(facts.range, facts.now_ns)
        )),
        plain("A longer time, fewer conditions or other words may find it.".to_owned()),
    ];
    sentences.extend(words_only(facts));
    sentences
}

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
    let mut sentences = match facts.intent {
        AnswerIntent::Find => find(facts),
        AnswerIntent::Count => count(facts),
        AnswerIntent::First => edge(facts, true),
        AnswerIntent::Last => edge(facts, false),
        AnswerIntent::Top => top(facts),
        AnswerIntent::Compare => compare(facts),
        AnswerIntent::Why => why(facts),
    };
    if facts.is_cut {
        sentences.push(plain(
            "Not everything could be counted in time: each count is at least as high as it says."
                .to_owned(),
        ));
    }
    sentences.extend(words_only(facts));
    sentences
}

fn find(facts: &AnswerFacts) -> Vec<Sentence> {
    let mut sentences = vec![total(facts)];
    sentences.extend(groups(facts));
    for item in patterns(facts).take(3) {
        sentences.push(pattern(facts, item));
    }
    sentences
}

fn count(facts: &AnswerFacts) -> Vec<Sentence> {
    let mut sentences = vec![total(facts)];
    if let Some(said) = groups(facts) {
        sentences.push(said);
        return sentences;
    }
    if let Some(item) = patterns(facts).next() {
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

fn edge(facts: &AnswerFacts, is_first: bool) -> Vec<Sentence> {
    let at = |item: &&Evidence| {
        if is_first {
            item.first_at_ns
        } else {
            item.last_at_ns
        }
    };
    // A record knows the instant, a pattern only the minute.
    let records = || patterns(facts).filter(|item| item.kind == EvidenceKind::Record);
    let item = if is_first {
        records().min_by_key(at).or(patterns(facts).min_by_key(at))
    } else {
        records().max_by_key(at).or(patterns(facts).max_by_key(at))
    };
    let Some(item) = item else {
        return vec![total(facts)];
    };
    let word = if is_first { "first" } else { "last" };
    let age = domain::format_duration(facts.now_ns.saturating_sub(at(&item)).max(0));
    let mut sentences = vec![cited(
        item,
        format!(
            "The {word} one was at {} ({age} ago){}: {}.",
            words::when(at(&item), facts.now_ns),
            service(item, " in "),
            words::quoted(&item.text),
        ),
    )];
    sentences.push(total(facts));
    sentences
}

fn top(facts: &AnswerFacts) -> Vec<Sentence> {
    let mut sentences = vec![total(facts)];
    match groups(facts) {
        Some(said) => sentences.push(said),
        None => sentences.extend(patterns(facts).take(3).map(|item| pattern(facts, item))),
    }
    sentences
}

/// All groups with their counts and shares; `None` when there are none.
fn groups(facts: &AnswerFacts) -> Option<Sentence> {
    if facts.groups.is_empty() {
        return None;
    }
    let by = facts.grouped_by.as_deref().unwrap_or("group");
    let is_time = matches!(by, "minute" | "hour" | "day");
    let all: u64 = facts
        .matching
        .unwrap_or_else(|| facts.groups.iter().map(|g| g.count).sum());
    let mut shown: Vec<String> = facts
        .groups
        .iter()
        .map(|group| {
            let key = if by == "pattern" {
                words::quoted(&group.key)
            } else {
                words::plain(&group.key, 60)
            };
            let count = words::count(group.count);
            match group.other {
                Some(other) => format!("{key} with {count} against {}", words::count(other)),
                None if is_time => format!("{key} with {count}"),
                None => format!(
                    "{key} with {count} ({})",
                    words::percent(group.count, all.max(group.count))
                ),
            }
        })
        .collect();
    if facts.groups_left > 0 {
        shown.push(format!(
            "and {} more",
            words::count(facts.groups_left as u64)
        ));
    }
    let mut citations: Vec<u32> = facts
        .groups
        .iter()
        .filter_map(|group| group.evidence)
        .collect();
    if citations.is_empty() {
        citations = first_citation(facts);
    }
    Some(Sentence {
        text: format!("By {}: {}.", words::plain(by, 40), shown.join("; ")),
        citations,
    })
}

fn compare(facts: &AnswerFacts) -> Vec<Sentence> {
    let (Some(now), Some(other)) = (facts.matching, &facts.comparison) else {
        return compare_groups(facts);
    };
    let label = words::plain(&other.label, 60);
    let mut sentences = vec![Sentence {
        text: format!(
            "{}{} {}, against {} {label} ({}): {}.",
            at_least(facts),
            words::counted(now, "matching record"),
            span(facts.range, facts.now_ns),
            words::count(other.count),
            span(other.range, facts.now_ns),
            change(now, other.count, &label),
        ),
        citations: first_citation(facts),
    }];
    sentences.extend(groups(facts));
    sentences.extend(differences(facts));
    sentences
}

/// `12 times as many`, `20 % fewer`.
fn change(now: u64, before: u64, label: &str) -> String {
    match (now, before) {
        (a, b) if a == b => "the same".to_owned(),
        (_, 0) => format!("{label} had none"),
        (a, b) if a > b => {
            let ratio = a as f64 / b as f64;
            if ratio >= 2.0 {
                format!("{ratio:.0} times as many")
            } else {
                format!("{} more", words::percent(a - b, b))
            }
        }
        (a, b) => format!("{} fewer", words::percent(b - a, b)),
    }
}

/// Two groups beside each other: `checkout has 120 and payments has 80: 50 % more.`
fn compare_groups(facts: &AnswerFacts) -> Vec<Sentence> {
    let [first, second] = facts.groups.as_slice() else {
        return find(facts);
    };
    let name = |text: &str| words::plain(text, 60);
    let mut sentences = vec![
        total(facts),
        Sentence {
            text: format!(
                "{} has {} and {} has {}: {}.",
                name(&first.key),
                words::count(first.count),
                name(&second.key),
                words::count(second.count),
                change(first.count, second.count, &name(&second.key)),
            ),
            citations: first_citation(facts),
        },
    ];
    sentences.extend(patterns(facts).take(3).map(|item| pattern(facts, item)));
    sentences
}

/// The patterns that are new against the other time, then those that changed most.
fn differences(facts: &AnswerFacts) -> Vec<Sentence> {
    let is_new = |item: &&Evidence| item.expected.is_some_and(|expected| expected <= 0.0);
    let mut sentences = Vec::new();
    match facts.new_patterns {
        Some(0) => sentences.push(plain("No pattern is new.".to_owned())),
        Some(count) => sentences.push(Sentence {
            text: format!(
                "{} did not occur in the other time.",
                words::counted(count as u64, "pattern")
            ),
            citations: patterns(facts)
                .filter(is_new)
                .take(3)
                .map(|item| item.number)
                .collect(),
        }),
        None => {}
    }
    sentences.extend(
        patterns(facts)
            .take(3)
            .map(|item| pattern_beside(facts, item)),
    );
    sentences
}

fn why(facts: &AnswerFacts) -> Vec<Sentence> {
    let mut sentences = vec![match facts.matching {
        Some(0) => Sentence {
            text: format!(
                "No matching record is an error {}, but {} out.",
                span(facts.range, facts.now_ns),
                match facts.evidence.len() {
                    1 => "1 thing stands".to_owned(),
                    count => format!("{} things stand", words::count(count as u64)),
                },
            ),
            citations: first_citation(facts),
        },
        _ => total(facts),
    }];
    sentences.extend(patterns(facts).take(2).map(|item| pattern(facts, item)));
    let found = classify(&facts.evidence);
    if let Some(suspect) = suspected_change(&facts.suspects, &facts.evidence) {
        sentences.push(suspicion(suspect, "leading suspect"));
    } else if let Some(suspect) = facts
        .suspects
        .first()
        .filter(|suspect| suspect.confidence >= Confidence::Medium)
    {
        sentences.push(suspicion(suspect, "leading suspect"));
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

fn suspicion(suspect: &domain::Suspect, role: &str) -> Sentence {
    Sentence {
        text: format!(
            "The {role} is {} ({} confidence): {}.",
            words::plain(&suspect.name, 70),
            suspect.confidence.as_str(),
            words::plain(&suspect.reason, 160).trim_end_matches('.'),
        ),
        citations: suspect.evidence.iter().copied().take(3).collect(),
    }
}

fn total(facts: &AnswerFacts) -> Sentence {
    let time = span(facts.range, facts.now_ns);
    let least = at_least(facts);
    let text = match (facts.matching, facts.errors) {
        (Some(all), Some(errors)) if errors > 0 && errors < all => format!(
            "{least}{} {time}, {}{} of them errors.",
            words::counted(all, "matching record"),
            least.to_lowercase(),
            words::count(errors),
        ),
        (Some(all), _) => format!("{least}{} {time}.", words::counted(all, "matching record")),
        (None, _) => format!(
            "{} {time}.",
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

fn pattern(facts: &AnswerFacts, item: &Evidence) -> Sentence {
    let usual = item
        .expected
        .map(|expected| format!(", {} would be usual", words::usual(expected)))
        .unwrap_or_default();
    told(facts, item, &usual)
}

/// A pattern with its count in the other time of a comparison.
fn pattern_beside(facts: &AnswerFacts, item: &Evidence) -> Sentence {
    let other = item
        .expected
        .map(|expected| format!(", {} in the other time", words::usual(expected)))
        .unwrap_or_default();
    told(facts, item, &other)
}

fn told(facts: &AnswerFacts, item: &Evidence, beside: &str) -> Sentence {
    let from = words::when(item.first_at_ns, facts.now_ns);
    let to = words::when(item.last_at_ns, facts.now_ns);
    let time = if from == to {
        format!("at {from}")
    } else {
        format!("from {from} to {to}")
    };
    let who = item
        .service
        .as_deref()
        .map(|name| format!("In {}, ", words::plain(name, 48)))
        .unwrap_or_default();
    cited(
        item,
        format!(
            "{who}{} came {} {time}{beside}.",
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

/// `between 14:00:00 UTC and 14:05:00 UTC`, `in all records`.
fn span(range: TimeRange, now_ns: i64) -> String {
    if range == TimeRange::ALL {
        return "in all records".to_owned();
    }
    if range.end_ns >= now_ns {
        return format!("since {}", words::when(range.start_ns, now_ns));
    }
    format!(
        "between {} and {}",
        words::when(range.start_ns, now_ns),
        words::when(range.end_ns, now_ns)
    )
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
