//! How values look.

use super::super::shape::{before, looks_random};

/// The name of a function and the bracket behind it.
pub(super) fn is_call(value: &str) -> bool {
    let name = value.trim_end_matches([')', '(']);
    name.len() < value.len()
        && name.len() > 2
        && name.bytes().all(|byte| {
            byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b':' | b'-' | b'>')
        })
}

/// `cassandra-eu-west-01`: small letters and digits between dashes, at least half of the parts words.
pub(super) fn is_name_in_words(value: &str) -> bool {
    let is_word =
        |part: &&str| part.len() > 1 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    value.contains('-')
        && value
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && value.split('-').filter(is_word).count() * 2 >= value.split('-').count()
}

/// A pseudonym of ours.
pub(super) fn is_ours(value: &str) -> bool {
    value.starts_with('<') && value.ends_with('>') && value.contains(':')
}

/// Base64 with slashes in it, no path.
pub(super) fn is_base64(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    !value.starts_with('/')
        && value.len() >= 32
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// Sixteen generated letters and digits or more; dashes only beside all kinds of them, signs of base64 only in long ones.
pub(super) fn is_generated_word(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    let is_mixed =
        has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let is_word = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || (byte == b'-' && is_mixed));
    value.len() >= 16 && looks_random(value) && (is_word || is_base64(value))
}

/// Generated text with brackets in it, as frameworks make their keys: no call is so long.
pub(super) fn is_generated(value: &str) -> bool {
    value.len() >= 32
        && !value.contains(' ')
        && !value.starts_with("http")
        && looks_random(value)
        && !value.ends_with(')')
}

/// Generated text of every kind of sign, spaces among them, as WordPress makes its keys.
pub(super) fn is_salt(value: &str) -> bool {
    let count = |is: fn(&u8) -> bool| value.as_bytes().iter().filter(|byte| is(byte)).count();
    (40..=128).contains(&value.len())
        && count(u8::is_ascii_digit) >= 2
        && count(u8::is_ascii_uppercase) >= 4
        && count(u8::is_ascii_lowercase) >= 4
        && count(u8::is_ascii_punctuation) >= 5
        && value.matches(' ').count() <= 4
}

/// Calls and paths are code about secrets, not secrets: `getToken()`, `os.environ`, `/run/secrets/x`.
pub(super) fn is_code(value: &str) -> bool {
    value.ends_with("()")
        || value.contains('(')
        || (value.starts_with('/')
            && value.matches('/').count() >= 2
            && !looks_random(value.rsplit('/').next().unwrap_or("")))
        || value.starts_with("http://")
        || value.starts_with("https://")
}

pub(super) fn is_in_quotes(text: &str, start: usize) -> bool {
    matches!(before(text, start), Some(b'\'' | b'"'))
}
