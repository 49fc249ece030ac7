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
    let is_text = !inner.chars().any(|c| c.is_control() && !c.is_whitespace());
    is_text
        && (!detector.find_plain(&inner).is_empty()
            || View::decoded(&inner)
                .is_some_and(|view| !detector.find_plain(view.text()).is_empty()))
}
