//! Methods of HTTP: `GET`, `POST` as they are written, and in small letters before what is requested.

use crate::understand::Reading;

/// Methods that requests are made with.
///
/// Source: RFC 9110, section 9, and RFC 5789.
const METHODS: [&str; 7] = ["get", "post", "put", "delete", "head", "patch", "options"];

/// Whether the word at `at` names a method: `GET requests`, `delete calls`, and not "did we get requests".
pub(super) fn is_here(reading: &Reading<'_>, at: usize) -> bool {
    let word = reading.free(at);
    if !METHODS.contains(&word) {
        return false;
    }
    let is_written = reading.words[at]
        .text
        .chars()
        .all(|c| c.is_ascii_uppercase());
    // A whole question in capitals writes every word so.
    let has_small = reading
        .words
        .iter()
        .any(|word| word.text.chars().any(char::is_lowercase));
    let is_requested = matches!(
        reading.lower(at + 1),
        "request" | "requests" | "call" | "calls" | "method"
    );
    let before = at.checked_sub(1).map_or("", |before| reading.lower(before));
    let is_verb = matches!(
        before,
        "we" | "i" | "you" | "they" | "it" | "to" | "did" | "does" | "do" | "can" | "not"
    ) || is_of_service(reading, at);
    is_written && has_small || is_requested && !is_verb
}

/// "did checkout get calls": who got them stands before the verb.
fn is_of_service(reading: &Reading<'_>, at: usize) -> bool {
    let Some(place) = at.checked_sub(1) else {
        return false;
    };
    crate::understand::service::name_at(&reading.words, place, &reading.context.services).is_some()
        && (0..place).any(|at| matches!(reading.lower(at), "did" | "does" | "do"))
}
