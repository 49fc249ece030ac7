//! What was looked for and not found.

use domain::Sentence;

use super::days::Days;
use super::{INDEX_CHIP, SPELLING_CHIP, plain, words_only};
use crate::facts::{AnswerFacts, Chip};
use crate::words;

/// What was searched and not found, plainly, and where the nearest is.
pub(in crate::answer) fn nothing(facts: &AnswerFacts) -> Vec<Sentence> {
    let days = &mut Days::of(facts);
    if !facts.more.missing.is_empty() {
        let mut sentences: Vec<Sentence> = vec![plain(format!(
            "The logs don't show it: {}.",
            facts.more.missing.join("; ")
        ))];
        sentences.extend(words_only(facts));
        return sentences;
    }
    if !facts.left_out.is_empty() {
        return without(facts);
    }
    let searched: Vec<String> = facts.interpretation.iter().filter_map(condition).collect();
    let what = if searched.is_empty() {
        String::new()
    } else {
        format!(" for {}", words::list(&searched, 6))
    };
    let verdict = if facts.is_cut {
        "Nothing was found in the time there is"
    } else {
        "The logs don't show it: nothing matches"
    };
    let time = days.range(facts.range);
    // A default time gives way to any time that has something, and outside a said one the nearest is looked for.
    let is_nowhere = facts.nearest_at_ns.is_none() && facts.comparison.is_none() && !facts.is_cut;
    let more = if is_nowhere {
        ", nor at any other time"
    } else {
        ""
    };
    let mut sentences = super::reread(facts);
    sentences.extend(super::unread(facts));
    sentences.extend(super::incidents::incidents(facts, days));
    if facts.more.incidents.is_some() && !facts.is_cut {
        // Asked how it is, "nothing" is good news.
        let who: Vec<String> = facts
            .interpretation
            .iter()
            .filter(|chip| chip.label == "service")
            .map(|chip| words::plain(&chip.value, 48))
            .collect();
        let of = match who.as_slice() {
            [] => String::new(),
            names => format!(" of {}", words::list(names, 4)),
        };
        sentences.push(plain(format!("No error{of} is recorded {time}.")));
        sentences.extend(nearest(facts, days));
        sentences.extend(words_only(facts));
        return sentences;
    }
    sentences.push(plain(format!("{verdict}{what} {time}{more}.")));
    sentences.push(nearest(facts, days).unwrap_or_else(|| {
        plain(match is_nowhere {
            true => "Fewer conditions or other words may find it.".to_owned(),
            false => "A longer time, fewer conditions or other words may find it.".to_owned(),
        })
    }));
    sentences.extend(words_only(facts));
    sentences
}

/// Where the nearest is that matches.
fn nearest(facts: &AnswerFacts, days: &mut Days) -> Option<Sentence> {
    let at_ns = facts.nearest_at_ns?;
    Some(plain(match at_ns < facts.range.start_ns {
        true => format!("The last ones before are from {}.", days.at(at_ns)),
        false => format!("The first ones after are from {}.", days.at(at_ns)),
    }))
}

/// That a value occurs nowhere, and what there is without it.
fn without(facts: &AnswerFacts) -> Vec<Sentence> {
    let said: Vec<String> = facts
        .left_out
        .iter()
        .map(|word| words::quoted(word))
        .collect();
    let mut sentences = vec![plain(format!(
        "The logs don't show it: no such record has {}.",
        words::list(&said, 4)
    ))];
    let rest = super::found(facts);
    if let Some(first) = rest
        .into_iter()
        .next()
        .filter(|_| facts.matching.unwrap_or(0) > 0)
    {
        sentences.push(Sentence {
            text: format!("Without that: {}", first.text),
            citations: first.citations,
        });
    }
    sentences
}

/// What a chip asks of records, in words; `None` when it asks nothing of them.
fn condition(chip: &Chip) -> Option<String> {
    let value = words::plain(&chip.value, 60);
    match chip.label.as_str() {
        "intent" | "time" | "compared with" | "grouped by" | "limit" | "computed" | INDEX_CHIP
        | SPELLING_CHIP => None,
        "about" => Some(words::quoted(&value)),
        label => Some(format!("{} {value}", words::plain(label, 24))),
    }
}
