//! Lengths of time and amounts of data that are asked for by common words: "average boot time", "how many bytes were
//! received", "most data sent in one connection".

use super::Measure;
use crate::understand::number::thing::WAYS;
use crate::understand::number::{Quantity, known_name};
use crate::understand::vocabulary::is_filler;
use crate::understand::{Claim, Reading};

/// Words of a thing that stand before its "time".
const REACH: usize = 4;

/// "average boot time", "mean time to recover": where `time` means a length of it, which the word before may tell from
/// others. `at` is right behind the measure.
pub(super) fn length_of_time(
    reading: &Reading<'_>,
    at: usize,
    place: usize,
) -> Option<(Quantity, usize, usize)> {
    let is_of_thing = |at: usize| {
        let word = reading.free(at);
        let is_joined = !reading.words[at].ends_phrase;
        !word.is_empty()
            && is_joined
            && (matches!(word, "the" | "of") || !is_filler(word) || word == "total")
    };
    let is_near = place <= at + REACH && (at..place).all(is_of_thing);
    let before = match place > at {
        true => reading.free(place - 1),
        false => "",
    };
    let is_counted = matches!(
        before,
        "of" | "many" | "same" | "first" | "last" | "how" | "what" | "any"
    );
    let next = reading.lower(place + 1);
    // The time from one record to another is told by none of them.
    let is_between = matches!(
        next,
        "between" | "since" | "without" | "until" | "before" | "after"
    );
    if !is_near || is_counted || is_between {
        return None;
    }
    let is_slot = |word: &str| reading.context.slots.iter().any(|slot| slot == word);
    let quantity =
        match known_name(reading, before).or_else(|| is_slot(before).then(|| before.to_owned())) {
            Some(name) => Quantity::DurationOf(name),
            None => Quantity::Duration,
        };
    Some((quantity, place, 1))
}

/// The amount of data named at `place`, told from others by the word beside it: "bytes received", "received bytes".
pub(super) fn beside_way(reading: &Reading<'_>, place: usize) -> Quantity {
    let before = place
        .checked_sub(1)
        .map_or("", |before| reading.free(before));
    let way = [reading.free(place + 1), before]
        .into_iter()
        .find(|word| WAYS.contains(word));
    way.map_or(Quantity::Size, |way| Quantity::SizeOf(way.to_owned()))
}

/// "how many bytes were sent", "how much data did it receive": their sum. "the most bytes": the greatest amount, of
/// groups the sum of each.
pub(super) fn asked(reading: &mut Reading<'_>) -> Option<Measure> {
    let is_data = |at: usize| {
        matches!(
            reading.free(at),
            "bytes" | "kilobytes" | "megabytes" | "gigabytes" | "kb" | "mb" | "gb" | "data"
        )
    };
    let many = reading
        .position(&["how", "many"])
        .or_else(|| reading.position(&["how", "much"]))
        .filter(|at| is_data(at + 2));
    if let Some(at) = many {
        let quantity = way_anywhere(reading);
        reading.claim(at..at + 3, Claim::Number);
        return Some(Measure::Sum(quantity));
    }
    let most =
        (0..reading.words.len()).find(|at| reading.free(*at) == "most" && is_data(at + 1))?;
    let quantity = way_anywhere(reading);
    let is_of_one = (most..reading.words.len()).any(|at| {
        matches!(reading.lower(at), "in" | "by" | "per" | "of")
            && matches!(reading.lower(at + 1), "one" | "single" | "a")
    });
    let is_of_groups = (0..most)
        .any(|at| matches!(reading.lower(at), "which" | "who" | "what" | "top"))
        && !is_of_one;
    reading.claim(most..most + 2, Claim::Number);
    Some(match is_of_groups {
        true => Measure::Sum(quantity),
        false => Measure::Greatest(quantity),
    })
}

/// The way that the data went, wherever the question says it.
fn way_anywhere(reading: &Reading<'_>) -> Quantity {
    let way = (0..reading.words.len()).find_map(|at| way_of(reading.free(at)));
    way.map_or(Quantity::Size, |way| Quantity::SizeOf(way.to_owned()))
}

/// The way of a verb: `sent` of `send`.
fn way_of(word: &str) -> Option<&'static str> {
    const VERBS: [(&str, &str); 10] = [
        ("send", "sent"),
        ("sends", "sent"),
        ("receive", "received"),
        ("receives", "received"),
        ("write", "written"),
        ("wrote", "written"),
        ("upload", "uploaded"),
        ("download", "downloaded"),
        ("transfer", "transferred"),
        ("serve", "served"),
    ];
    let of_verb = VERBS.iter().find(|(verb, _)| *verb == word);
    of_verb
        .map(|(_, way)| *way)
        .or_else(|| WAYS.into_iter().find(|way| *way == word))
}
