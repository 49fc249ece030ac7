//! Codes that a browser brings back from a login elsewhere, told apart from the codes of errors.

use super::Finding;
use super::shape::{before, is_word, looks_random};
use crate::Kind;

/// The value of `?code=` and its like, when it looks generated: what a browser brings back to be changed for a token. Errors
/// have a ` code=` as well, so there it must have digits and letters of both cases or stand beside other parts of a login.
/// `mark..start` is the name with what stands before it.
pub(super) fn of_login(text: &str, mark: usize, start: usize, found: &mut Vec<Finding>) {
    const SHORTEST: usize = 16;
    let length = text.as_bytes()[start..]
        .iter()
        .take(2_048)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'%' | b'~')
        })
        .count();
    let value = &text[start..start + length];
    let is_doubtful = matches!(&text[mark..=mark], " " | "&") && start - mark == 6;
    if length >= SHORTEST
        && looks_random(value)
        && !is_in_words(value)
        && (!is_doubtful || is_of_all_kinds(value) || is_beside_login(text, mark, start + length))
    {
        found.push(Finding {
            start,
            end: start + length,
            kind: Kind::Secret,
        });
    }
}

/// Two digits or more, and letters of both cases.
fn is_of_all_kinds(value: &str) -> bool {
    let count = |is: fn(&u8) -> bool| value.as_bytes().iter().filter(|byte| is(byte)).count();
    count(u8::is_ascii_digit) >= 2
        && count(u8::is_ascii_uppercase) > 0
        && count(u8::is_ascii_lowercase) > 0
}

/// Whether `state=` or its like stands a little before or behind `start..end`.
fn is_beside_login(text: &str, start: usize, end: usize) -> bool {
    const NEAR: usize = 256;
    let from = text.floor_char_boundary(start.saturating_sub(NEAR));
    let to = text.floor_char_boundary(end + NEAR);
    [&text[from..start], &text[end..to]].iter().any(|near| {
        ["state=", "client_id=", "redirect_uri="]
            .iter()
            .any(|name| {
                near.match_indices(name)
                    .any(|(at, _)| !before(near, at).is_some_and(is_word))
            })
    })
}

/// `InternalServerError`, `E_TIMEOUT_UPSTREAM_5023`: words and short numbers, in capitals or with one in front.
fn is_in_words(value: &str) -> bool {
    const LONGEST_NUMBER: usize = 6;
    const LONGEST_WORD: usize = 20;
    let bytes = value.as_bytes();
    let mut start = 0;
    let (mut words, mut letters) = (0, 0);
    for at in 0..=bytes.len() {
        let is_mark = at == bytes.len() || !bytes[at].is_ascii_alphanumeric();
        let is_hump = !is_mark
            && at > start
            && bytes[at].is_ascii_uppercase()
            && bytes[at - 1].is_ascii_lowercase();
        if !is_mark && !is_hump {
            continue;
        }
        let part = &value[start..at];
        start = if is_mark { at + 1 } else { at };
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let tail = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let capitals = word.len() - tail.len();
        // `HTTPError`, but no `XKq`.
        let fits = tail.bytes().all(|byte| byte.is_ascii_lowercase())
            && (capitals < 2 || tail.is_empty() || tail.len() >= 3)
            && word.len() <= LONGEST_WORD
            && part.len() - word.len() <= LONGEST_NUMBER;
        if !fits {
            return false;
        }
        if !word.is_empty() {
            words += 1;
            letters += word.len();
        }
    }
    letters >= 3 * words && letters > value.len() / 2
}
