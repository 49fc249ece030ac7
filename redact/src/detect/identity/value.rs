//! How the numbers look that a word announces.

use super::super::shape::is_word;

/// Six to twenty capitals, digits and dashes, five of them digits, or three of eight or nine.
pub(super) fn document(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let at = if bytes.get(at) == Some(&b'-') {
        return None;
    } else {
        at
    };
    let length = bytes[at..]
        .iter()
        .take(24)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'-')
        .count();
    let value = text[at..at + length].trim_end_matches('-');
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let goes_on = bytes.get(at + length).is_some_and(|byte| is_word(*byte));
    // Those of some countries are of letters mostly: `C4FJ7K2GH`.
    let is_mixed = digits >= 3 && matches!(value.len(), 8 | 9) && !value.contains('-');
    ((6..=20).contains(&value.len()) && (digits >= 5 || is_mixed) && !goes_on)
        .then_some(value.len())
}

/// Digits with single marks among them: their length in the text and the digits.
pub(super) fn grouped(text: &str, at: usize) -> Option<(usize, Vec<u8>)> {
    let bytes = text.as_bytes();
    let mut digits = Vec::with_capacity(16);
    let mut end = at;
    let mut place = at;
    while let Some(byte) = bytes.get(place) {
        if byte.is_ascii_digit() {
            digits.push(byte - b'0');
            end = place + 1;
        } else if !(matches!(byte, b' ' | b'-' | b'.' | b'/')
            && bytes.get(place + 1).is_some_and(u8::is_ascii_digit))
        {
            break;
        }
        if digits.len() > 18 {
            return None;
        }
        place += 1;
    }
    let goes_on = bytes.get(end).is_some_and(|byte| is_word(*byte));
    (!digits.is_empty() && !goes_on).then_some((end - at, digits))
}

/// ISO 3779: seventeen capitals and digits without I, O and Q.
pub(super) fn vehicle(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = bytes[at..]
        .iter()
        .take(18)
        .take_while(|byte| {
            (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O' | b'Q'))
                || byte.is_ascii_digit()
        })
        .count();
    let has_digit = bytes[at..at + length].iter().any(u8::is_ascii_digit);
    let goes_on = bytes.get(at + length).is_some_and(|byte| is_word(*byte));
    (length == 17 && has_digit && !goes_on).then_some(length)
}

/// Whether the words a little before a code are of logging in by two factors and not of errors.
pub(super) fn speaks_of_factors(text: &str, at: usize) -> bool {
    const NEAR_BYTES: usize = 80;
    let head =
        text[text.floor_char_boundary(at.saturating_sub(NEAR_BYTES))..at].to_ascii_lowercase();
    let nearest = &head[head.floor_char_boundary(head.len().saturating_sub(28))..];
    let has = |head: &str, words: &[&str]| words.iter().any(|word| head.contains(word));
    let is_near = has(
        &head,
        &[
            "otp",
            "2fa",
            "mfa",
            "two-factor",
            "one-time",
            "verif",
            "sms",
            "login",
            "sign in",
            "signin",
        ],
    );
    is_near
        && !has(
            nearest,
            &["error", "status", "exit", "http", "zip", "postal"],
        )
}

/// `AB12 CDE`, `K-XY 1234`: up to three groups of capitals and digits, four to nine in all, both kinds among them.
pub(super) fn plate(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut end, mut next) = (at, at);
    let (mut letters, mut digits) = (0, 0);
    for _ in 0..3 {
        let run = bytes[next..]
            .iter()
            .take(10)
            .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            .count();
        let group = &bytes[next..next + run];
        let is_cut = bytes.get(next + run).is_some_and(|byte| is_word(*byte));
        if run == 0 || is_cut || letters + digits + run > 9 {
            break;
        }
        digits += group.iter().filter(|byte| byte.is_ascii_digit()).count();
        letters += group
            .iter()
            .filter(|byte| byte.is_ascii_uppercase())
            .count();
        end = next + run;
        if !matches!(bytes.get(end), Some(b' ' | b'-')) {
            break;
        }
        next = end + 1;
    }
    (letters > 0 && digits > 0 && letters + digits >= 4).then_some(end - at)
}

/// ISO 9362: four letters, a country, two or five more.
pub(super) fn bank(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = bytes[at..]
        .iter()
        .take(12)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        .count();
    let code = &bytes[at..at + length];
    let goes_on = bytes.get(at + length).is_some_and(|byte| is_word(*byte));
    (matches!(length, 8 | 11) && !goes_on && code[..6].iter().all(u8::is_ascii_uppercase))
        .then_some(length)
}
