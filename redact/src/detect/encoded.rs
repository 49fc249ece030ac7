//! Base64: what would be found in the decoded text takes the whole run with it.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::shape::{BASE64, after_run};
use super::{Detector, Finding};
use crate::Kind;
use crate::view::View;

/// Shorter runs hold nothing worth hiding; longer ones are data.
const SHORTEST: usize = 20;
const LONGEST: usize = 64 * 1024;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, CONFIG);

/// Decodes every run once (never what comes out of one again).
pub(super) fn find(detector: &Detector, text: &str, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = after_run(bytes, at, &BASE64) - at;
        if (SHORTEST..=LONGEST).contains(&run) {
            // `key=value` has its sign in the middle.
            let start = bytes[at..at + run]
                .iter()
                .take(run - 2)
                .rposition(|byte| *byte == b'=')
                .map_or(at, |place| at + place + 1);
            let end = at + run;
            if end - start >= SHORTEST
                && (holds_secret(detector, &text[start..end])
                    || holds_hex(detector, &text[start..end]))
            {
                found.push(Finding {
                    start,
                    end,
                    kind: Kind::Secret,
                });
            }
        }
        at += run.max(1);
    }
}

/// Hex digits of text: digests never are.
fn holds_hex(detector: &Detector, run: &str) -> bool {
    let digits = run.strip_prefix("0x").unwrap_or(run).as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let value = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
            .unwrap_or(0)
    };
    let mut inner = String::with_capacity(digits.len() / 2);
    for pair in digits.chunks_exact(2) {
        let byte = value(pair[0]) * 16 + value(pair[1]);
        if !(b' '..=b'~').contains(&byte) {
            return false;
        }
        inner.push(char::from(byte));
    }
    !detector.find_plain(&inner).is_empty()
}

/// Whether a value is the base64 of `user:password`.
pub(super) fn holds_login(value: &str) -> bool {
    let Ok(decoded) = STANDARD.decode(value) else {
        return false;
    };
    decoded.iter().all(|byte| (b' '..=b'~').contains(byte))
        && decoded
            .iter()
            .position(|byte| *byte == b':')
            .is_some_and(|colon| colon > 0 && colon + 1 < decoded.len())
}

fn holds_secret(detector: &Detector, run: &str) -> bool {
    // Hex digits and plain words are not worth decoding.
    let has_case = run.bytes().any(|byte| byte.is_ascii_uppercase())
        && run.bytes().any(|byte| byte.is_ascii_lowercase());
    if !has_case {
        return false;
    }
    let engine = if run.contains(['_', '-']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    let Ok(decoded) = engine.decode(run) else {
        return false;
    };
    let Ok(inner) = String::from_utf8(decoded) else {
        return false;
    };
    if is_plain_login(&inner) {
        return true;
    }
    let is_text = !inner.chars().any(|c| c.is_control() && !c.is_whitespace());
    is_text
        && (!detector.find_plain(&inner).is_empty()
            || View::decoded(&inner)
                .is_some_and(|view| !detector.find_plain(view.text()).is_empty()))
}

/// `\0user\0password`, as a mail program logs in. Source: RFC 4616.
fn is_plain_login(inner: &str) -> bool {
    let mut parts = inner.split('\0');
    let (Some(_), Some(user), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    !user.is_empty() && !password.is_empty() && !inner.chars().any(|c| c.is_control() && c != '\0')
}

/// `Password:` in base64: what a mail server asks after `AUTH LOGIN`.
pub(super) const PROMPT: &str = "ugfzc3dvcmq6";

/// The base64 that answers [`PROMPT`], in the same line or the next one; `end` is the place behind the question.
pub(super) fn answer(text: &str, end: usize, found: &mut Vec<Finding>) {
    const NEAR_BYTES: usize = 160;
    const SHORTEST_ANSWER: usize = 4;
    let bytes = &text.as_bytes()[..text.floor_char_boundary(end + NEAR_BYTES)];
    let mut at = end;
    while at < bytes.len() {
        let next = after_run(bytes, at, &BASE64);
        let run = &text[at..next];
        let is_text = run.len() >= SHORTEST_ANSWER
            && STANDARD
                .decode(run)
                .is_ok_and(|decoded| decoded.iter().all(|byte| (b' '..=b'~').contains(byte)));
        if is_text && !run.bytes().all(|byte| byte.is_ascii_lowercase()) {
            found.push(Finding {
                start: at,
                end: next,
                kind: Kind::Secret,
            });
            return;
        }
        at = next.max(at + 1);
    }
}
