//! Keys that providers made recognisable by a prefix.

mod forms;

pub(super) use self::forms::FORMS;
use super::Finding;
use super::shape::{before, is_word, looks_random};
use crate::Kind;

/// Which characters follow a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    /// Letters and digits.
    Alphanumeric,
    /// And `_` and `-`.
    UrlSafe,
    /// And `.`.
    Dotted,
    /// And `/`, `+`, `=`.
    Base64,
    /// Capitals and digits.
    Upper,
    Hex,
    /// What hashes of passwords are written with: letters, digits, `.`, `/`, `$`, `=`, `,`, `+`.
    Crypt,
}

impl Charset {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::UrlSafe => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            Self::Base64 => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'=' | b'_' | b'-')
            }
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Crypt => {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'.' | b'/' | b'$' | b'=' | b',' | b'+')
            }
        }
    }
}

/// A prefix and what must follow it.
#[derive(Debug)]
pub(super) struct Form {
    pub prefix: &'static str,
    charset: Charset,
    /// Fewest characters after the prefix.
    min: usize,
    kind: Kind,
}

/// The key that begins at `start`, when its form fits. Prefixes are told apart by case here; the automaton does not.
pub(super) fn find(text: &str, start: usize, form: &Form, found: &mut Vec<Finding>) {
    let rest = &text[start..];
    if !rest.starts_with(form.prefix) || before(text, start).is_some_and(is_word) {
        return;
    }
    let body = &rest[form.prefix.len()..];
    let length = if form.kind == Kind::Jwt {
        jwt_length(body)
    } else {
        // No key is longer; the bound keeps rows of prefixes from costing a long look each.
        let longest = if form.prefix.len() <= 4 { 512 } else { 4_096 };
        let run = body
            .bytes()
            .take(longest)
            .take_while(|byte| form.charset.has(*byte))
            .count();
        body[..run].trim_end_matches('.').len()
    };
    if length < form.min || (form.prefix.len() <= 4 && !is_mixed(&body[..length], form.charset)) {
        return;
    }
    // Generated text of this length is not all small letters; names such as `vigil_inference_texts_total` are.
    let is_name = body[..length]
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-' | b'.'));
    if is_name {
        return;
    }
    let is_exact_hex = form.charset == Charset::Hex && form.prefix.len() <= 4;
    let goes_on = body
        .as_bytes()
        .get(length)
        .is_some_and(|byte| is_word(*byte));
    if is_exact_hex && (goes_on || length != form.min) {
        return;
    }
    let end = start + form.prefix.len() + length;
    found.push(Finding {
        start,
        end,
        kind: form.kind,
    });
    if matches!(form.prefix, "AKIA" | "ASIA") {
        amazon_secret(text, end, found);
    }
}

/// `AKIA...:wJalr...`: the secret of forty characters right behind the name of its key.
fn amazon_secret(text: &str, end: usize, found: &mut Vec<Finding>) {
    const LENGTH: usize = 40;
    let bytes = text.as_bytes();
    if !matches!(
        bytes.get(end),
        Some(b':' | b'/' | b',' | b';' | b'|' | b' ')
    ) {
        return;
    }
    let start = end + 1;
    let run = bytes[start..]
        .iter()
        .take(LENGTH + 1)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+' | b'='))
        .count();
    if run == LENGTH && looks_random(&text[start..start + LENGTH]) {
        found.push(Finding {
            start,
            end: start + LENGTH,
            kind: Kind::Secret,
        });
    }
}

/// `AC...:5f28...`: the 32 hex digits behind an account of Twilio, as a login of HTTP; `start` is its first letter. The account
/// itself is no secret.
pub(super) fn twilio(text: &str, start: usize, found: &mut Vec<Finding>) {
    const LENGTH: usize = 32;
    let bytes = text.as_bytes();
    let hex = |from: usize| {
        bytes
            .iter()
            .skip(from)
            .take(LENGTH + 1)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count()
    };
    let mark = start + 2 + LENGTH;
    let secret = mark + 1;
    if hex(start + 2) == LENGTH
        && matches!(bytes.get(mark), Some(b':' | b'/' | b',' | b' '))
        && hex(secret) == LENGTH
    {
        found.push(Finding {
            start: secret,
            end: secret + LENGTH,
            kind: Kind::Secret,
        });
    }
}

/// `123456789:AAF...`: the token of a Telegram bot; `at` is its colon.
pub(super) fn telegram(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let digits = bytes[..at]
        .iter()
        .rev()
        .take(12)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let body = bytes[at + 1..]
        .iter()
        .take(40)
        .take_while(|byte| Charset::UrlSafe.has(**byte))
        .count();
    let start = at - digits;
    let follows_bot = text[..start].ends_with("bot");
    if (7..=11).contains(&digits)
        && (33..=36).contains(&body)
        && (follows_bot || !before(text, start).is_some_and(is_word))
    {
        found.push(Finding {
            start,
            end: at + 1 + body,
            kind: Kind::ApiKey,
        });
    }
}

/// `aB3...:APA91b...`: the token of a device of Firebase; `at` is its colon.
pub(super) fn firebase(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let head = bytes[..at]
        .iter()
        .rev()
        .take(24)
        .take_while(|byte| Charset::UrlSafe.has(**byte))
        .count();
    let body = bytes[at + 1..]
        .iter()
        .take(256)
        .take_while(|byte| Charset::UrlSafe.has(**byte))
        .count();
    if head >= 8 && body >= 100 && text[at + 1..].starts_with("APA91b") {
        found.push(Finding {
            start: at - head,
            end: at + 1 + body,
            kind: Kind::Secret,
        });
    }
}

/// `abc8Q~...`: the secret of an application of Azure, 37 to 40 characters of which the fourth is a digit; `at` is its `Q`.
pub(super) fn azure(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let is_of_it =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~');
    let Some(start) = at.checked_sub(4) else {
        return;
    };
    let head = &bytes[start..at];
    let body = bytes[at + 2..]
        .iter()
        .take(40)
        .take_while(|byte| is_of_it(byte))
        .count();
    if bytes[at] == b'Q'
        && head[3].is_ascii_digit()
        && head.iter().all(is_of_it)
        && !before(text, start).is_some_and(is_word)
        && (31..=34).contains(&body)
    {
        found.push(Finding {
            start,
            end: at + 2 + body,
            kind: Kind::ApiKey,
        });
    }
}

/// After a short prefix plain words could follow: a digit is asked for, unless capitals alone are usual or many letters of both
/// cases stand there.
fn is_mixed(body: &str, charset: Charset) -> bool {
    const LONG: usize = 28;
    let has = |is: fn(&u8) -> bool| body.as_bytes().iter().any(is);
    charset == Charset::Upper
        || has(u8::is_ascii_digit)
        || (body.len() >= LONG
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && charset == Charset::Alphanumeric)
}

/// The bytes of `header.payload.signature` (five parts when encrypted) after its first letters, 0 when it is none. The
/// signature may be cut off. Source: RFC 7515 section 3.1, RFC 7516 section 3.1.
fn jwt_length(body: &str) -> usize {
    const LONGEST_HEADER: usize = 2_048;
    const LONGEST_PART: usize = 64 * 1_024;
    let part = |at: usize, longest: usize| {
        body[at..]
            .bytes()
            .take(longest)
            .take_while(|byte| Charset::UrlSafe.has(*byte))
            .count()
    };
    let mut length = part(0, LONGEST_HEADER);
    if length < 5 {
        return 0;
    }
    let mut parts = 1;
    while parts < 5 && body.as_bytes().get(length) == Some(&b'.') {
        let next = part(length + 1, LONGEST_PART);
        if next == 0 {
            break;
        }
        length += 1 + next;
        parts += 1;
    }
    if parts >= 2 { length } else { 0 }
}
