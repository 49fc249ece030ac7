//! The thing right behind a measure: a number that patterns or attributes name, or one that has a size.

use crate::understand::entity::NUMBERED;
use crate::understand::number::{self, Quantity};
use crate::understand::vocabulary::is_filler;
use crate::understand::{Claim, Reading};

/// Nouns that say only that the thing before them has a number.
const LIGHT: [&str; 6] = [
    "value",
    "values",
    "reading",
    "readings",
    "usage",
    "utilization",
];
/// Nouns that make another number of the thing before them, one that its own number doesn't tell.
const OTHERS: [&str; 8] = [
    "count", "counts", "rate", "rates", "number", "numbers", "total", "volume",
];
/// Numbers that nothing here need be known to have.
const MEASURABLE: [&str; 18] = [
    "load",
    "rating",
    "score",
    "temperature",
    "humidity",
    "price",
    "age",
    "weight",
    "speed",
    "salary",
    "usage",
    "utilization",
    "utilisation",
    "voltage",
    "distance",
    "height",
    "quota",
    "balance",
];
/// Things that are large or small by their bytes.
const SIZED: [&str; 21] = [
    "upload",
    "file",
    "response",
    "body",
    "bodie",
    "payload",
    "request",
    "message",
    "mail",
    "email",
    "attachment",
    "download",
    "transfer",
    "dump",
    "backup",
    "image",
    "object",
    "document",
    "packet",
    "archive",
    "blob",
];
/// Words of a thing that are looked at.
const REACH: usize = 4;

/// "average battery", "highest temperature of pump 3": what stands before values in patterns, or an attribute, right
/// behind the measure. Of "order value" the order has a number as well, but that is its id.
pub(super) fn named_number(reading: &mut Reading<'_>, at: usize) -> Option<Quantity> {
    let place = noun_at(reading, at)?;
    let known = |place: usize| number::known_name(reading, reading.free(place));
    let next = reading.free(place + 1);
    let is_joined = !reading.words[place].ends_phrase;
    if is_joined && OTHERS.contains(&next) {
        return None;
    }
    let (name, from, until) = if let Some(name) = level(reading, place) {
        // "battery level" where patterns say `level=<num>`
        (name, place + 1, place + 2)
    } else if !is_further_noun(reading, place) {
        (known(place)?, place, place + 1)
    } else if let Some(name) = known(place + 1).filter(|_| !is_further_noun(reading, place + 1)) {
        // "device battery"
        (name, place + 1, place + 2)
    } else if is_further_noun(reading, place + 1)
        && !is_further_noun(reading, place + 2)
        && let Some(name) = known(place + 2)
    {
        // "cpu die temperature"
        (name, place + 2, place + 3)
    } else if LIGHT.contains(&next) && !NUMBERED.contains(&reading.free(place)) {
        (known(place)?, place, place + 2)
    } else {
        return None;
    };
    reading.claim(from..until, Claim::Number);
    Some(Quantity::Named(name))
}

/// "level" behind a noun, where patterns name a number so.
fn level(reading: &Reading<'_>, place: usize) -> Option<String> {
    let next = reading.free(place + 1);
    let is_named = reading.context.slots.iter().any(|slot| slot == next);
    (next == "level" && is_named && !reading.words[place].ends_phrase).then(|| next.to_owned())
}

/// "average number of rows": what stands behind numbers in patterns, and is told by each record.
pub(super) fn number_of_things(reading: &mut Reading<'_>, at: usize) -> Option<Quantity> {
    let is_number =
        matches!(reading.free(at), "number" | "amount" | "count") && reading.free(at + 1) == "of";
    let noun = reading.free(at + 2).to_owned();
    if !is_number || !reading.context.counted.contains(&noun) {
        return None;
    }
    reading.claim(at..at + 3, Claim::Number);
    Some(Quantity::Named(noun))
}

/// "average cpu load": who asks for a mean wants a number, also one that nothing here is known to have. The mean number of
/// records is a rate.
pub(super) fn any_number(reading: &mut Reading<'_>, at: usize) -> Option<Quantity> {
    const OF_RECORDS: [&str; 12] = [
        "error", "errors", "warning", "warnings", "failure", "failures", "request", "requests",
        "event", "events", "log", "logs",
    ];
    let is_adverb = at > 0 && matches!(reading.lower(at - 1), "on" | "in");
    let mut place = noun_at(reading, at + 1).filter(|_| !is_adverb)?;
    while is_further_noun(reading, place) {
        place += 1;
    }
    let word = reading.free(place).to_owned();
    let is_plain = word.chars().all(|c| c.is_alphabetic() || c == '_');
    if !is_plain || OTHERS.contains(&word.as_str()) || OF_RECORDS.contains(&word.as_str()) {
        return None;
    }
    reading.claim(place..place + 1, Claim::Number);
    Some(Quantity::Named(word))
}

/// "the average rating": a number that nothing here is known to have. Who asks for one wants no count.
pub(super) fn unknown_number(reading: &mut Reading<'_>, at: usize) -> Option<Quantity> {
    let noun = noun_at(reading, at)?;
    let place = (noun..noun + 2).find(|place| MEASURABLE.contains(&reading.free(*place)))?;
    let word = reading.free(place).to_owned();
    reading.claim(place..place + 1, Claim::Number);
    Some(Quantity::Named(word))
}

/// Whether what stands right behind a measure has a size in bytes: "largest mail upload", not "largest source of errors".
pub(super) fn is_sized(reading: &Reading<'_>, at: usize) -> bool {
    let Some(mut place) = noun_at(reading, at) else {
        return false;
    };
    let until = place + REACH;
    while place < until && is_further_noun(reading, place) {
        place += 1;
    }
    let word = reading.free(place);
    SIZED.contains(&word) || word.strip_suffix('s').is_some_and(|it| SIZED.contains(&it))
}

/// Where the noun right behind a measure is.
fn noun_at(reading: &Reading<'_>, at: usize) -> Option<usize> {
    let mut place = at;
    while matches!(reading.free(place), "of" | "the" | "value" | "a") && place < at + 3 {
        place += 1;
    }
    // A message is no filler where it is the largest one.
    let word = reading.free(place);
    let is_noun = word.len() > 2 && (!is_filler(word) || matches!(word, "message" | "messages"));
    is_noun.then_some(place)
}

/// Whether the word behind this one is a noun of the same thing: "value" in "order value", not "reported" or "across".
fn is_further_noun(reading: &Reading<'_>, place: usize) -> bool {
    const BINDING: [&str; 22] = [
        "across",
        "among",
        "under",
        "above",
        "below",
        "near",
        "around",
        "compared",
        "currently",
        "grouped",
        "without",
        "except",
        "excluding",
        "outside",
        "inside",
        "today",
        "yesterday",
        "tonight",
        "tomorrow",
        "right",
        "recently",
        "reached",
    ];
    let next = reading.free(place + 1);
    !reading.words[place].ends_phrase
        && next.len() > 2
        && next.chars().all(|c| c.is_alphabetic() || c == '_')
        && !next.ends_with("ed")
        && !is_filler(next)
        && !BINDING.contains(&next)
}
