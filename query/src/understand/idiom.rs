//! Ways of saying that mean something else than their words.

use super::vocabulary;
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
