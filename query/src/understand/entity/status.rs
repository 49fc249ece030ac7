//! Status codes: `status 500`, `5xx`, "how many 503 since noon?".

use serde::{Deserialize, Serialize};

use super::NUMBERED;
use crate::understand::{Reading, number, vocabulary};

/// A status code of HTTP or the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusCode {
    /// 100 to 599.
    Exact(u16),
    /// 1 to 5: `5` is `5xx`.
    Class(u16),
}

/// `status 500`, `http 503`, `500s`, `5xx`, `500 errors`, `returned 502`: the code and how many words say so,
/// with an `errors` or `responses` after it, which then says nothing about the severity of the record.
pub(super) fn read(reading: &Reading<'_>, at: usize) -> Option<(StatusCode, usize)> {
    let (code, length) = bare_status(reading, at)?;
    let is_open = reading
        .words
        .get(at + length - 1)
        .is_some_and(|word| !word.ends_phrase);
    let named = is_open && is_status_noun(reading.free(at + length));
    Some((code, length + usize::from(named)))
}

fn is_status_noun(word: &str) -> bool {
    matches!(
        word,
        "error"
            | "errors"
            | "response"
            | "responses"
            | "status"
            | "statuses"
            | "code"
            | "codes"
            | "failure"
            | "failures"
    )
}

/// "requests that failed with a server error": the class of their answers.
fn class_in_words(reading: &Reading<'_>, at: usize) -> Option<(StatusCode, usize)> {
    let class = match reading.free(at) {
        "server" => 5,
        "client" => 4,
        _ => return None,
    };
    let is_error = matches!(reading.free(at + 1), "error" | "errors");
    let is_of_requests = reading.words.iter().any(|word| {
        matches!(
            word.lower.as_str(),
            "request" | "requests" | "response" | "responses" | "calls" | "http"
        )
    });
    (is_error && is_of_requests).then_some((StatusCode::Class(class), 2))
}

fn bare_status(reading: &Reading<'_>, at: usize) -> Option<(StatusCode, usize)> {
    if let Some(found) = class_in_words(reading, at) {
        return Some(found);
    }
    let code = |text: &str| {
        text.parse()
            .ok()
            .filter(|code| (100..=599).contains(code) && text.len() == 3)
    };
    let class = |word: &str| {
        word.strip_suffix("xxs")
            .or_else(|| word.strip_suffix("xx"))
            .and_then(|class| class.parse().ok())
            .filter(|class| (1..=5).contains(class))
    };
    let one = |word: &str| {
        code(word)
            .or_else(|| word.strip_suffix('s').and_then(code))
            .map(StatusCode::Exact)
            .or_else(|| class(word).map(StatusCode::Class))
    };
    let word = reading.lower(at);
    if let Some(class) = class(word) {
        return Some((StatusCode::Class(class), 1));
    }
    if let Some(code) = word.strip_suffix('s').and_then(code) {
        return Some((StatusCode::Exact(code), 1));
    }
    // The code of a process that ended is none of a request.
    let of_process = word == "code"
        && at > 0
        && matches!(
            reading.lower(at - 1),
            "exit" | "return" | "signal" | "errno"
        );
    if of_process {
        return None;
    }
    if matches!(
        word,
        "status" | "http" | "returned" | "returning" | "returns" | "code" | "response" | "got"
    ) {
        let skip = if matches!(reading.lower(at + 1), "code" | "status" | "a") {
            2
        } else {
            1
        };
        return one(reading.lower(at + skip)).map(|code| (code, skip + 1));
    }
    code(word)
        .filter(|code| {
            !is_limit(reading, at)
                && (is_counted(reading, at)
                    || is_status_noun(reading.lower(at + 1))
                    || is_known_failure(*code) && counts_nothing(reading, at))
        })
        .map(|code| (StatusCode::Exact(code), 1))
}

/// "the last 500 errors" are five hundred of them.
fn is_limit(reading: &Reading<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |at| reading.lower(at));
    let is_followed = matches!(
        reading.lower(at + 1),
        "today" | "yesterday" | "in" | "at" | "on" | "since" | "after"
    );
    // "when was the first 502 yesterday" is one, "the first 502 errors" and "the first 500 of them" are so many.
    let is_one = before == "first"
        && is_followed
        && asks_for_one(reading, at)
        && reading.lower(at).parse().is_ok_and(is_known_failure);
    !is_one
        && matches!(
            before,
            "last" | "first" | "top" | "latest" | "newest" | "only"
        )
}

/// "top paths by 500", "which users had 403?": at the end of what was said.
fn is_counted(reading: &Reading<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |at| reading.lower(at));
    let is_counted_before = matches!(
        before,
        "by" | "with" | "had" | "got" | "get" | "gets" | "return" | "for" | "most"
    );
    let is_followed_by_time = matches!(
        reading.lower(at + 1),
        "last"
            | "in"
            | "today"
            | "yesterday"
            | "over"
            | "since"
            | "during"
            | "by"
            | "per"
            | "between"
    );
    let word_itself = reading.words.get(at);
    let is_last = word_itself.is_some_and(|word| word.ends_phrase || at + 1 == reading.words.len());
    is_counted_before && (is_last || is_followed_by_time)
}

/// "when did it return the first 502", "what was the first 502": who asks so for a record means one.
fn asks_for_one(reading: &Reading<'_>, at: usize) -> bool {
    let verb = at.checked_sub(3).map_or("", |at| reading.lower(at));
    reading.words.iter().any(|word| word.lower == "when")
        || matches!(verb, "was" | "is" | "return" | "returned" | "got" | "saw")
}

/// Whether servers answer failures with this code.
///
/// Source: the registry of status codes of HTTP, and what nginx and Cloudflare add to it.
fn is_known_failure(code: u16) -> bool {
    matches!(code, 400..=418 | 421..=426 | 428 | 429 | 431 | 451 | 499 | 500..=511 | 520..=526)
}

/// "how many 503 since noon?": a number that is no limit, no id, no amount of anything and no part of a comparison.
fn counts_nothing(reading: &Reading<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |at| reading.lower(at));
    let is_compared = matches!(
        before,
        "than"
            | "above"
            | "over"
            | "below"
            | "under"
            | "least"
            | "most"
            | "to"
            | "and"
            | "between"
            | "exceeds"
            | "exceeding"
            | "exceeded"
            | "="
            | ">"
            | "<"
            | ">="
            | "<="
            | "at"
            | "around"
            | "about"
            | "until"
            | "since"
            | "past"
            | "line"
            | "of"
    );
    // "500 emails" are so many.
    let next = reading.lower(at + 1);
    let is_alone = next.is_empty()
        || reading.words[at].ends_phrase
        || vocabulary::is_filler(next)
        || matches!(
            next,
            "today" | "yesterday" | "during" | "on" | "tonight" | "currently"
        );
    let is_measured = number::is_unit(reading.lower(at + 1));
    !is_compared && !is_measured && is_alone && !NUMBERED.contains(&before)
}
