//! Which intent the signs among the words show.

use super::Intent;
use super::comparison::comparative;
use super::grouping::distinct;
use super::signs::SIGNS;
use crate::understand::{Claim, Measure, Reading};

/// The intent of the words, `measure` being what they ask to compute, and whether only distinct values count.
pub(super) fn read(reading: &mut Reading<'_>, measure: Option<&Measure>) -> (Intent, bool) {
    let measured = measure.map(|measure| match measure {
        Measure::Rate(_) | Measure::Share => Intent::Rate,
        Measure::Distinct => Intent::Count,
        _ => Intent::Measure,
    });
    let compared = comparative(reading);
    let is_distinct = distinct(reading);
    let is_ordered = ordered(reading);
    let becomes = becomes(reading);
    let mut signed = signed(reading);
    if signed == Some(Intent::Count)
        && let Some(at) = reading.position(&["top"])
    {
        // "the top 5 users by number of requests"
        reading.claim(at..at + 1, Claim::Intent);
        signed = Some(Intent::Top);
    }
    if becomes && signed == Some(Intent::Last) {
        signed = Some(Intent::First);
    }
    if is_ordered && signed.is_none() {
        signed = Some(Intent::Top);
    }
    let intent = compared
        .or_else(|| {
            signed.filter(|intent| matches!(intent, Intent::Compare | Intent::Why | Intent::Trend))
        })
        .or(measured)
        .or(signed)
        .unwrap_or(Intent::Find);
    (intent, is_distinct)
}

/// Claims the first sign that means what it says.
fn signed(reading: &mut Reading<'_>) -> Option<Intent> {
    // "what should I look at first?" asks for no first time.
    const WHOLE: [&[&str]; 3] = [
        &["should", "i", "look", "at", "first"],
        &["should", "i", "look", "at"],
        &["look", "at", "first"],
    ];
    for sign in WHOLE {
        if let Some(at) = reading.position(sign) {
            reading.claim(at..at + sign.len(), Claim::Intent);
            return Some(Intent::Summary);
        }
    }
    for (intent, signs) in SIGNS {
        for sign in *signs {
            let Some(at) = reading.position(sign) else {
                continue;
            };
            if is_said_of_things(reading, sign, at) || is_other_time(reading, sign) {
                continue;
            }
            // "most errors" leaves the errors to the severities.
            let length = if matches!(
                sign,
                ["most" | "new", "errors" | "warnings" | "logs" | "error"]
            ) {
                1
            } else {
                sign.len()
            };
            reading.claim(at..at + length, Claim::Intent);
            if matches!(
                intent,
                Intent::Compare | Intent::Trend | Intent::First | Intent::Last
            ) {
                claim_all(reading, signs);
            }
            return Some(*intent);
        }
    }
    None
}

/// Whether a sign at `at` tells what something does and asks for nothing.
fn is_said_of_things(reading: &Reading<'_>, sign: &[&str], at: usize) -> bool {
    // "users who changed their password" did something.
    let is_done_to = sign == ["changed"]
        && matches!(
            reading.lower(at + 1),
            "their" | "his" | "her" | "its" | "your" | "the" | "a" | "to" | "owner" | "state"
        )
        && reading.position(&["what"]).is_none()
        && reading.position(&["anything"]).is_none();
    // "which servers went down?" is about an outage, not about a number.
    let is_of_machine = matches!(sign, ["went" | "go" | "goes" | "going", "down" | "up"])
        && at > 0
        && is_machine(reading.lower(at - 1));
    let is_of_number = matches!(
        sign,
        ["decline"
            | "declining"
            | "drop"
            | "dropping"
            | "rise"
            | "grow"
            | "increase"
            | "decrease"
            | "steady"
            | "stable"]
    );
    is_done_to || is_of_machine || is_of_number && !is_asked_for_trend(reading, at)
}

/// Whether a sign of the first or last time is none of it here.
fn is_other_time(reading: &Reading<'_>, sign: &[&str]) -> bool {
    // "when did it start" asks for the first time; "service started" is a message.
    let needs_when = matches!(
        sign,
        ["start"
            | "started"
            | "starting"
            | "begin"
            | "began"
            | "beginning"
            | "stop"
            | "stopped"
            | "end"
            | "ended"]
    );
    let asks_when = ["when", "time"]
        .iter()
        .any(|word| reading.position(&[word]).is_some());
    // "last" may be said of another thing: "when was it last started?"
    let is_of_last = matches!(sign, ["start" | "started" | "starting"])
        && (reading.position(&["last"]).is_some() || reading.position(&["latest"]).is_some());
    needs_when && !asks_when || is_of_last
}

/// "when did it get slow?" asks for the beginning.
fn becomes(reading: &mut Reading<'_>) -> bool {
    let Some(at) = reading.position(&["when", "did"]) else {
        return false;
    };
    let verb = (at + 2..reading.words.len())
        .find(|at| matches!(reading.free(*at), "get" | "become" | "turn"));
    if let Some(verb) = verb {
        reading.claim(verb..verb + 1, Claim::Intent);
    }
    verb.is_some()
}

/// Claims "by count", "by frequency": what is said is listed with the most frequent first.
fn ordered(reading: &mut Reading<'_>) -> bool {
    let at = (0..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "by" | "with")
            && matches!(
                reading.free(at + 1),
                "count" | "counts" | "frequency" | "volume" | "occurrences" | "amount"
            )
            && reading.free(at + 2) != "of"
    });
    if let Some(at) = at {
        reading.claim(at..at + 2, Claim::Intent);
    }
    at.is_some()
}

/// Whether a word means something that goes down as a whole.
fn is_machine(word: &str) -> bool {
    matches!(
        word.strip_suffix('s').unwrap_or(word),
        "server"
            | "host"
            | "node"
            | "machine"
            | "service"
            | "backend"
            | "database"
            | "cluster"
            | "site"
            | "link"
            | "interface"
            | "replica"
            | "instance"
            | "pod"
            | "device"
    )
}

/// "is it stable?", "do they increase?", and not "increase of the limit failed".
fn is_asked_for_trend(reading: &Reading<'_>, at: usize) -> bool {
    (0..at).any(|before| {
        matches!(
            reading.lower(before),
            "is" | "are" | "do" | "does" | "did" | "was" | "were" | "or" | "any"
        )
    }) || reading.lower(at + 1) == "or"
}

/// A comparison is often said twice: "compare today vs yesterday".
pub(super) fn claim_all(reading: &mut Reading<'_>, signs: &[&[&str]]) {
    for sign in signs {
        // These are said of things too.
        if matches!(
            *sign,
            [
                "start"
                    | "started"
                    | "starting"
                    | "begin"
                    | "began"
                    | "stop"
                    | "stopped"
                    | "end"
                    | "ended"
                    | "drop"
                    | "rise"
                    | "grow"
                    | "declining"
                    | "dropping"
                    | "new",
                ..
            ]
        ) {
            continue;
        }
        if let Some(at) = reading.position(sign) {
            reading.claim(at..at + sign.len(), Claim::Intent);
        }
    }
}
