//! Ways of saying that mean something else than their words.

use super::{Claim, Reading, vocabulary};
use crate::words::Word;

/// Takes "that never happened before" out of the words; true when it was said.
pub(super) fn take_never_before(words: &mut Vec<Word>) -> bool {
    let lower = |at: usize| {
        words
            .get(at)
            .filter(|word| !word.quoted)
            .map_or("", |word| word.lower.as_str())
    };
    let found = (0..words.len()).find_map(|from| {
        let is_never = lower(from) == "never";
        let is_not = matches!(
            lower(from),
            "not" | "haven't" | "hasn't" | "weren't" | "didn't"
        );
        let until = (from + 1..from + 6).find(|at| lower(*at) == "before")?;
        let tells = (from + 1..until).any(|at| is_happening(lower(at)));
        ((is_never || is_not) && tells).then_some(from..until + 1)
    });
    let Some(range) = found else {
        return false;
    };
    // What is between and tells of something else is what was asked for: "that haven't had timeouts before".
    let between: Vec<Word> = words.drain(range).collect();
    let is_kept = |word: &Word| {
        let lower = word.lower.as_str();
        let is_trigger = lower == "before" || is_negation(lower);
        !is_trigger && !is_happening(lower) && !vocabulary::is_filler(lower) && lower != "been"
    };
    words.extend(between.into_iter().filter(is_kept));
    true
}

/// Completes `26.11.` where it is a day: the latest such one.
pub(super) fn complete_dates(words: &mut [Word], today: jiff::civil::Date) {
    for at in 0..words.len() {
        let near = |place: Option<usize>| {
            place
                .and_then(|place| words.get(place))
                .map_or("", |word| word.lower.as_str())
        };
        let is_introduced = matches!(
            near(at.checked_sub(1)),
            "on" | "since" | "until" | "till" | "before" | "after" | "from"
        );
        let is_followed = matches!(
            near(Some(at + 1)),
            "between"
                | "from"
                | "at"
                | "around"
                | "until"
                | "after"
                | "before"
                | "morning"
                | "afternoon"
                | "evening"
        );
        let is_measured = super::number::is_unit(near(Some(at + 1)))
            || super::deploy::is_deploy_word(near(Some(at + 1)));
        if words[at].quoted || is_measured || !(is_introduced || is_followed) {
            continue;
        }
        if let Some(date) = day_and_month(&words[at].lower, today) {
            words[at].lower = format!("{}.{}.{}", date.day(), date.month(), date.year());
        }
    }
}

/// `26.11`: day and month, in the latest year in which that day has come.
fn day_and_month(text: &str, today: jiff::civil::Date) -> Option<jiff::civil::Date> {
    let (day, month) = text.split_once('.')?;
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if month.len() != 2 || !(1..=2).contains(&day.len()) || !is_number(day) || !is_number(month) {
        return None;
    }
    let (day, month) = (day.parse().ok()?, month.parse().ok()?);
    [today.year(), today.year() - 1]
        .into_iter()
        .filter_map(|year| jiff::civil::Date::new(year, month, day).ok())
        .find(|date| *date <= today)
}

/// Claims "at least once": whoever did it is counted anyway.
pub(super) fn claim_once(reading: &mut Reading<'_>) {
    if let Some(at) = reading.position(&["at", "least", "once"]) {
        reading.claim(at..at + 3, Claim::Intent);
    }
}

/// Verbs of "that never happened before".
fn is_happening(word: &str) -> bool {
    matches!(
        word,
        "seen"
            | "happened"
            | "occurred"
            | "had"
            | "see"
            | "happen"
            | "appeared"
            | "there"
            | "logged"
    )
}

/// Claims the verbs of "how many warnings did checkout write?": that a service writes its records tells nothing about
/// them.
pub(super) fn claim_writing(reading: &mut Reading<'_>) {
    let is_severity = |at: usize| super::severity::here(reading, at).is_some();
    if !(0..reading.words.len()).any(is_severity) {
        return;
    }
    let is_service =
        |at: Option<usize>| at.and_then(|at| reading.claims.get(at)) == Some(&Some(Claim::Service));
    let helps = |at: usize| {
        matches!(
            reading.lower(at),
            "did" | "does" | "do" | "has" | "have" | "had" | "was" | "were" | "been" | "is" | "are"
        )
    };
    let found = (0..reading.words.len()).find(|at| {
        is_writing(reading.free(*at))
            && (is_service(at.checked_sub(1))
                && ((0..*at).any(helps) || *at + 1 == reading.words.len())
                || is_service(Some(at + 1))
                || is_service(at.checked_sub(1)) && is_severity(at + 1))
    });
    if let Some(at) = found {
        reading.claim(at..at + 1, Claim::Intent);
    }
}

/// Claims "who is on call?": no log tells. Gives what was claimed.
pub(super) fn claim_on_call(reading: &mut Reading<'_>) -> Option<String> {
    let asks_who = (0..2).any(|at| matches!(reading.lower(at), "who" | "who's" | "whos"));
    let said: [&[&str]; 3] = [&["on", "call"], &["on-call"], &["oncall"]];
    let (at, length) = said
        .iter()
        .find_map(|sign| Some((reading.position(sign)?, sign.len())))
        .filter(|(at, _)| asks_who && *at <= 3)?;
    reading.claim(at..at + length, Claim::NotUnderstood);
    Some(ON_CALL.to_owned())
}

/// How [`claim_on_call`] names what it claimed.
pub(super) const ON_CALL: &str = "on call";

/// What programs do with records.
fn is_writing(word: &str) -> bool {
    matches!(
        word,
        "write"
            | "writes"
            | "wrote"
            | "written"
            | "writing"
            | "log"
            | "logs"
            | "logging"
            | "report"
            | "reports"
            | "reported"
            | "produce"
            | "produces"
            | "produced"
            | "emit"
            | "emits"
            | "emitted"
            | "throw"
            | "throws"
            | "threw"
            | "thrown"
            | "throwing"
            | "raise"
            | "raised"
            | "raises"
            | "generate"
            | "generated"
            | "generates"
            | "print"
            | "printed"
            | "record"
            | "recorded"
            | "output"
            | "create"
            | "created"
    )
}

/// Claims "during the outage" where a time says when that was.
pub(super) fn claim_outage(reading: &mut Reading<'_>) {
    for at in 2..reading.words.len() {
        let is_outage = matches!(
            reading.free(at),
            "outage" | "incident" | "downtime" | "maintenance"
        );
        let is_introduced = matches!(reading.lower(at - 1), "the" | "this" | "that" | "our")
            && matches!(reading.lower(at - 2), "during" | "in" | "of" | "within");
        if is_outage && is_introduced {
            reading.claim(at - 2..at + 1, Claim::Time);
            return;
        }
    }
}

/// What is left of a topic that says in words what a length of time says: "slow imports over 3 s".
pub(super) fn without_slow(topic: &str) -> String {
    let kept: Vec<&str> = topic
        .split_whitespace()
        .filter(|word| {
            !matches!(
                word.to_lowercase().as_str(),
                "slow" | "slower" | "slowly" | "long"
            )
        })
        .collect();
    kept.join(" ")
}

/// "when did it come back?", "is it back up?"
pub(super) fn is_recovery(reading: &Reading<'_>, at: usize) -> bool {
    if reading.free(at) != "back" {
        return false;
    }
    let before = at.checked_sub(1).map_or("", |before| reading.lower(before));
    matches!(
        before,
        "come"
            | "came"
            | "comes"
            | "coming"
            | "be"
            | "is"
            | "was"
            | "were"
            | "are"
            | "got"
            | "went"
    ) && !matches!(reading.lower(at + 1), "off" | "pressure" | "end")
        || matches!(reading.lower(at + 1), "up" | "online" | "again")
}

/// "which requests didn't fail?"
pub(super) fn is_negation(word: &str) -> bool {
    matches!(word, "not" | "never" | "no" | "without")
        || word.ends_with("n't")
        || word.ends_with("n\u{2019}t")
}

/// What is left of a topic that is about requests that failed: a request fails with a status or a severity, and
/// no record says "request failed". `None` when the topic is about something else.
pub(super) fn of_failed_requests(topic: &str) -> Option<String> {
    let is_failed = |word: &str| {
        matches!(
            word,
            "failed" | "fail" | "fails" | "failing" | "unsuccessful" | "errored" | "broken"
        )
    };
    let is_request = |word: &str| {
        matches!(
            word,
            "request" | "requests" | "call" | "calls" | "response" | "responses" | "traffic"
        )
    };
    let words: Vec<String> = topic.split_whitespace().map(str::to_lowercase).collect();
    let fits = words.iter().all(|word| is_failed(word) || is_request(word))
        && words.iter().any(|word| is_failed(word))
        && words.iter().any(|word| is_request(word));
    fits.then(|| {
        let kept = topic.split_whitespace();
        let kept: Vec<&str> = kept
            .filter(|word| !is_failed(&word.to_lowercase()))
            .collect();
        kept.join(" ")
    })
}
