//! Numbers that stand beside what they count.

use super::{NumberCondition, NumberOp, Numbers, Quantity, RECORDS};
use crate::understand::{Claim, Reading, vocabulary};

/// "with more than 50 waiting", "where over 3 retries": what is counted stands after the number. How many records there
/// shall be is no number of one record.
pub(super) fn counted(
    reading: &mut Reading<'_>,
    at: usize,
    op: NumberOp,
    value: f64,
    end: usize,
    numbers: &mut Numbers,
) -> Option<usize> {
    const OF_GROUPS: [&str; 22] = [
        "error",
        "errors",
        "records",
        "lines",
        "logs",
        "requests",
        "times",
        "events",
        "messages",
        "warnings",
        "failures",
        "exceptions",
        "hits",
        "calls",
        "logins",
        "entries",
        "occurrences",
        "failed",
        "responses",
        "timeouts",
        "usual",
        "normal",
    ];
    let before = at.checked_sub(1).map_or("", |before| reading.free(before));
    let noun = reading.free(end).to_owned();
    if let Some(name) = temperature(reading, &noun) {
        numbers.conditions.push(NumberCondition {
            quantity: Quantity::Named(name),
            op,
            value,
        });
        reading.claim(at..end + 1, Claim::Number);
        return Some(end + 1);
    }
    // How many different ones a group has is not counted.
    if matches!(
        noun.as_str(),
        "services" | "users" | "hosts" | "people" | "customers"
    ) {
        return None;
    }
    let is_noun = noun.len() > 2
        && noun.chars().all(|c| c.is_alphabetic() || c == '_')
        && !OF_GROUPS.contains(&noun.as_str())
        && !vocabulary::is_filler(&noun);
    let is_last = reading.words.get(end).is_some_and(|word| word.ends_phrase)
        || end + 1 >= reading.words.len()
        || reading.free(end + 1).is_empty()
        || vocabulary::is_filler(reading.free(end + 1));
    // "more than 40 requests waiting" is a number that one record tells.
    let state = reading.free(end + 1).to_owned();
    let is_state = matches!(
        state.as_str(),
        "waiting"
            | "pending"
            | "queued"
            | "left"
            | "remaining"
            | "running"
            | "open"
            | "buffered"
            | "outstanding"
    );
    if is_state && OF_GROUPS.contains(&noun.as_str()) {
        numbers.conditions.push(NumberCondition {
            quantity: Quantity::Named(format!("{noun} {state}")),
            op,
            value,
        });
        reading.claim(at..end + 2, Claim::Number);
        return Some(end + 2);
    }
    if OF_GROUPS.contains(&noun.as_str())
        && matches!(
            before,
            "with" | "where" | "having" | "had" | "have" | "has" | "got"
        )
    {
        numbers.having = Some(NumberCondition {
            quantity: Quantity::Named(RECORDS.to_owned()),
            op,
            value,
        });
        reading.claim(at..end, Claim::Number);
        return Some(end);
    }
    if !matches!(before, "with" | "where" | "having") || !is_noun || !is_last {
        return None;
    }
    numbers.conditions.push(NumberCondition {
        quantity: Quantity::Named(noun),
        op,
        value,
    });
    reading.claim(at..end + 1, Claim::Number);
    Some(end + 1)
}

/// "above 95 C": the temperature, where patterns or attributes name one.
fn temperature(reading: &Reading<'_>, unit: &str) -> Option<String> {
    let is_degrees = matches!(
        unit,
        "c" | "\u{b0}c" | "celsius" | "degrees" | "f" | "\u{b0}f" | "fahrenheit"
    );
    ["temperature", "temp"]
        .into_iter()
        .filter(|_| is_degrees)
        .find_map(|word| super::known_name(reading, word))
}

/// Words for where data went, by which one amount of a record is told from another.
pub(in crate::understand) const WAYS: [&str; 10] = [
    "sent",
    "received",
    "read",
    "written",
    "uploaded",
    "downloaded",
    "transferred",
    "freed",
    "allocated",
    "served",
];

/// "received more than 1 MB", "over 10 kb sent": which amount of data is compared.
pub(super) fn way_of(
    reading: &Reading<'_>,
    at: usize,
    end: usize,
    unit: Option<&Quantity>,
) -> Option<String> {
    if unit != Some(&Quantity::Size) {
        return None;
    }
    let before = at.checked_sub(1).map_or("", |before| reading.free(before));
    [before, reading.free(end)]
        .into_iter()
        .find(|word| WAYS.contains(word))
        .map(str::to_owned)
}

/// "temperature warnings above 60": the number is named by a word a little before the one that stands before the
/// comparison.
pub(super) fn named_before(reading: &Reading<'_>, place: usize) -> Option<String> {
    const REACH: usize = 2;
    // These carry no topic, but patterns name numbers so.
    let is_number = |word: &str| {
        matches!(word, "total" | "level" | "count")
            && reading.context.slots.iter().any(|slot| slot == word)
    };
    let is_noun = |at: usize| {
        let word = reading.free(at);
        let is_joined = !reading.words[at].ends_phrase;
        is_joined && word.len() > 2 && word.chars().all(|c| c.is_alphabetic() || c == '_')
    };
    let last = reading.free(place);
    if !is_noun(place) || is_verb(last) && !is_number(last) {
        return None;
    }
    (place.saturating_sub(REACH)..=place)
        .rev()
        .take_while(|at| is_noun(*at))
        .find_map(|at| {
            let word = reading.free(at);
            if is_number(word) {
                return Some(word.to_owned());
            }
            (at < place && !vocabulary::is_filler(word))
                .then(|| super::known_name(reading, word))
                .flatten()
        })
}

/// What is compared stands before no verb.
fn is_verb(word: &str) -> bool {
    word.ends_with("ed") || word.ends_with("ing") || vocabulary::is_filler(word)
}

/// Claims "attempt 3", "timeout of 3000", "exit code 137", once nobody else has claimed the number: what has a number has this one.
pub(in crate::understand) fn named(reading: &mut Reading<'_>) -> Vec<NumberCondition> {
    let mut conditions = Vec::new();
    for at in 1..reading.words.len() {
        let digits = reading.free(at);
        // "a timeout of 3000"
        let is_bound = at > 1
            && matches!(reading.free(at - 1), "of" | "is" | "was" | "=" | "equals")
            && super::known_name(reading, reading.free(at - 2)).is_some();
        let place = if is_bound { at - 2 } else { at - 1 };
        let noun = reading.free(place);
        let is_number = !digits.is_empty()
            && digits.len() <= 8
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_noun = noun.len() > 2
            && noun.chars().all(|c| c.is_alphabetic() || c == '_')
            && !vocabulary::is_filler(noun)
            && !reading.words[place].ends_phrase
            && !matches!(
                noun,
                "than"
                    | "after"
                    | "under"
                    | "above"
                    | "below"
                    | "around"
                    | "near"
                    | "next"
                    | "top"
                    | "first"
            );
        if !is_number || !is_noun {
            continue;
        }
        let Ok(value) = digits.parse() else { continue };
        conditions.push(NumberCondition {
            quantity: Quantity::Named(noun.to_owned()),
            op: NumberOp::Equal,
            value,
        });
        reading.claim(place..at + 1, Claim::Number);
    }
    conditions
}

/// Claims "8192" of "claims for 8192 MB of memory": numbers that nobody else understands and that can be no time. Where
/// something is asked for they must occur, as any name must.
pub(in crate::understand) fn loose(reading: &mut Reading<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for at in 1..reading.words.len() {
        let digits = reading.free(at);
        let is_number =
            (2..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_of_time = matches!(
            reading.lower(at - 1),
            "at" | "since"
                | "until"
                | "till"
                | "before"
                | "after"
                | "between"
                | "around"
                | "ago"
                | "next"
                | "last"
                | "first"
                | "top"
                | "than"
                | "in"
                | "on"
                | "and"
                | "to"
                | "or"
                | "about"
                | "over"
                | "above"
                | "below"
                | "under"
                | "within"
                | "every"
        ) || matches!(
            reading.lower(at + 1),
            "day" | "days" | "week" | "weeks" | "month" | "months" | "ago" | "am" | "pm" | "%"
        );
        if !is_number || is_of_time {
            continue;
        }
        found.push(digits.to_owned());
        let is_measured = super::is_unit(reading.free(at + 1));
        reading.claim(at..at + 1 + usize::from(is_measured), Claim::Number);
    }
    found
}
