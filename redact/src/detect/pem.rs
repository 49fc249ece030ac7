//! Private keys: whole blocks of PEM, and lines of base64 that came one by one.

use super::Finding;
use crate::Kind;

/// Longest private key block that is looked for.
const LONGEST_BLOCK: usize = 64 * 1_024;

/// A private key block from its first dashes to its last, with real or escaped line ends; a public certificate is left.
pub(super) fn private_key(text: &str, start: usize, found: &mut Vec<Finding>) {
    let rest = &text[start..];
    let Some(head_end) = rest[11..]
        .find("-----")
        .map(|at| at + 16)
        .filter(|end| *end <= 80)
    else {
        return;
    };
    if !rest[..head_end]
        .to_ascii_uppercase()
        .contains("PRIVATE KEY")
    {
        return;
    }
    let window = &rest[head_end..rest.floor_char_boundary(head_end + LONGEST_BLOCK)];
    let end = match window.find("-----END ") {
        Some(at) => {
            let foot = head_end + at + 9;
            rest[foot..]
                .find("-----")
                .filter(|at| *at <= 80)
                .map_or(foot, |at| foot + at + 5)
        }
        // Cut off: what looks like base64 and its line ends is taken.
        None => {
            head_end
                + rest[head_end..]
                    .bytes()
                    .take_while(|byte| {
                        byte.is_ascii_alphanumeric()
                            || matches!(
                                byte,
                                b'+' | b'/' | b'=' | b'\\' | b'\n' | b'\r' | b':' | b',' | b'-'
                            )
                    })
                    .count()
        }
    };
    found.push(Finding {
        start,
        end: start + end,
        kind: Kind::PrivateKey,
    });
}

/// Lines of 64, 70 or 76 characters of base64 and nothing else: a key that came line by line. Those of certificates stay.
pub(super) fn lines_of_key(text: &str, found: &mut Vec<Finding>) {
    const LENGTHS: [usize; 3] = [64, 70, 76];
    let mut at = 0;
    // Looked up once for all lines.
    let mut is_certificate = None;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let value = line.trim_end_matches(['\n', '\r']);
        if !LENGTHS.contains(&value.len()) {
            continue;
        }
        let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
        let is_base64 = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        let is_line = is_base64
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit);
        if is_line && !*is_certificate.get_or_insert_with(|| text.contains("-----BEGIN CERT")) {
            found.push(Finding {
                start,
                end: start + value.len(),
                kind: Kind::PrivateKey,
            });
        }
    }
}
