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

/// Claims "attempt 3", "exit code 137", once nobody else has claimed the number: what has a number has this one.
pub(in crate::understand) fn named(reading: &mut Reading<'_>) -> Vec<NumberCondition> {
    let mut conditions = Vec::new();
    for at in 1..reading.words.len() {
        let digits = reading.free(at);
        let noun = reading.free(at - 1);
        let is_number = !digits.is_empty()
            && digits.len() <= 8
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_noun = noun.len() > 2
            && noun.chars().all(|c| c.is_alphabetic() || c == '_')
            && !vocabulary::is_filler(noun)
            && !reading.words[at - 1].ends_phrase
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
        reading.claim(at - 1..at + 1, Claim::Number);
    }
    conditions
}
