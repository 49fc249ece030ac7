//! Base64: what would be found in the decoded text takes the whole run with it.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{Detector, Finding};
use crate::Kind;

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
    let is_part =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-' | b'=');
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..]
            .iter()
            .take_while(|byte| is_part(**byte))
            .count();
        if (SHORTEST..=LONGEST).contains(&run) {
            // `key=value` has its sign in the middle.
            let start = bytes[at..at + run]
                .iter()
                .take(run - 2)
                .rposition(|byte| *byte == b'=')
                .map_or(at, |place| at + place + 1);
            let end = at + run;
            if end - start >= SHORTEST && holds_secret(detector, &text[start..end]) {
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
    is_text && !detector.find_plain(&inner).is_empty()
}
