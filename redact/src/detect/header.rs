//! HTTP headers that carry credentials.

use super::Finding;
use super::shape::{before, is_placeholder, is_word, looks_random, looks_secret};
use crate::Kind;

/// `Authorization: Bearer x`, `authorization="Basic x"`, and `Bearer x` alone.
pub(super) fn authorization(text: &str, start: usize, end: usize, found: &mut Vec<Finding>) {
    if before(text, start).is_some_and(is_word) {
        return;
    }
    let word = &text[start..end];
    let mut is_header = word.eq_ignore_ascii_case("authorization");
    let after = text[end..].trim_start_matches(['"', '\'', '\\', ' ', ':', '=', '>', '[']);
    let mut at = text.len() - after.len();
    let mut is_known = false;
    if is_header {
        if at == end {
            return;
        }
        const SCHEMES: [&str; 16] = [
            "ssws",
            "geniekey",
            "sso-key",
            "splunk",
            "snowflake",
            "hawk",
            "ntlm",
            "dpop",
            "bearer",
            "basic",
            "token",
            "digest",
            "apikey",
            "key",
            "negotiate",
            "aws4-hmac-sha256",
        ];
        let letters = after
            .bytes()
            .take(20)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            .count();
        let scheme = match after.as_bytes().get(letters) {
            Some(b' ' | b'\t' | b'+') => &after[..letters],
            _ => "",
        };
        if SCHEMES
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
        {
            at += scheme.len();
            at += text[at..].len() - text[at..].trim_start_matches([' ', '+']).len();
            is_known = true;
        } else if !scheme.is_empty() && !looks_secret(scheme) {
            // A scheme of their own: what follows must look generated.
            at += scheme.len() + 1;
            is_header = false;
        }
    }
    if is_known && is_digest(&text[start..at]) {
        return digest(text, at, found);
    }
    let length = credential_length(&text[at..]);
    let value = &text[at..at + length];
    let is_secret = if is_known {
        length >= 4
    } else if is_header {
        looks_secret(value)
    } else {
        length >= 12 && (looks_random(value) || value.ends_with('='))
    };
    if is_secret && !is_placeholder(value) {
        found.push(Finding {
            start: at,
            end: at + length,
            kind: Kind::Secret,
        });
    }
}

fn is_digest(head: &str) -> bool {
    head.trim_end()
        .get(head.trim_end().len().saturating_sub(6)..)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("digest"))
}

/// `response="..."` of RFC 7616 is what can be tried offline.
fn digest(text: &str, at: usize, found: &mut Vec<Finding>) {
    const LONGEST: usize = 1_024;
    let window = &text[at..text.floor_char_boundary(at + LONGEST)];
    let Some(place) = window.find("response=") else {
        return;
    };
    let value = window[place + 9..].trim_start_matches(['\\', '"']);
    let start = at + window.len() - value.len();
    let length = value.bytes().take_while(u8::is_ascii_hexdigit).count();
    if length >= 16 {
        found.push(Finding {
            start,
            end: start + length,
            kind: Kind::Secret,
        });
    }
}

/// `response="..."` alone, where words of such a login stand a little before; `end` is the place behind its quote.
pub(super) fn response(text: &str, end: usize, found: &mut Vec<Finding>) {
    const NEAR_BYTES: usize = 256;
    let head = &text[text.floor_char_boundary(end.saturating_sub(NEAR_BYTES))..end];
    let is_login = ["digest", "Digest", "nonce=", "realm="]
        .iter()
        .any(|word| head.contains(word));
    let length = text[end..]
        .bytes()
        .take(128)
        .take_while(u8::is_ascii_hexdigit)
        .count();
    if is_login && length >= 32 {
        found.push(Finding {
            start: end,
            end: end + length,
            kind: Kind::Secret,
        });
    }
}

/// `"auth": "dXNlcjpwYXNz"` of a container registry: base64 of a user and a password; `end` is the place behind the key.
pub(super) fn registry(text: &str, end: usize, found: &mut Vec<Finding>) {
    let after = text[end..].trim_start_matches(['"', '\\', ' ', ':']);
    let start = text.len() - after.len();
    if start == end {
        return;
    }
    let length = credential_length(after);
    let value = &after[..length];
    if length >= 8 && super::encoded::holds_login(value) {
        found.push(Finding {
            start,
            end: start + length,
            kind: Kind::Secret,
        });
    }
}

/// The characters of RFC 6750 tokens and of base64.
fn credential_length(text: &str) -> usize {
    text.bytes()
        .take(4_096)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b'%')
        })
        .count()
}

/// `Cookie: a=b; c=d` and `Set-Cookie: a=b; Path=/`: the values that look generated or are named like sessions.
pub(super) fn cookie(text: &str, end: usize, found: &mut Vec<Finding>) {
    let after = text[end..].trim_start_matches(['"', '\'', '\\', ' ']);
    let Some(after) = after.strip_prefix([':', '=']) else {
        return;
    };
    let mut rest = after.trim_start_matches(['"', '\'', '\\', ' ', '[']);
    if let Some(length) = bare_cookie(rest) {
        let start = text.len() - rest.len();
        found.push(Finding {
            start,
            end: start + length,
            kind: Kind::Session,
        });
        return;
    }
    for _ in 0..64 {
        let name = rest
            .bytes()
            .take_while(|byte| is_word(*byte) || matches!(byte, b'-' | b'.'))
            .count();
        // `HttpOnly` and `Secure` have no value.
        if name > 0 && rest.as_bytes().get(name) == Some(&b';') {
            rest = rest[name + 1..].trim_start();
            continue;
        }
        if name == 0 || rest.as_bytes().get(name) != Some(&b'=') {
            return;
        }
        let value_text = &rest[name + 1..];
        let length = value_text
            .bytes()
            .take(4_096)
            .take_while(|byte| {
                !byte.is_ascii_whitespace() && !matches!(byte, b';' | b'"' | b'\'' | b'\\' | b',')
            })
            .count();
        let (key, value) = (&rest[..name], &value_text[..length]);
        let is_attribute = ["path", "domain", "expires", "max-age", "samesite"]
            .iter()
            .any(|word| key.eq_ignore_ascii_case(word));
        let lower = key.to_ascii_lowercase();
        let is_named = [
            "sess", "sid", "auth", "token", "csrf", "xsrf", "remember", "jwt", "login", "secret",
        ]
        .iter()
        .any(|stem| lower.contains(stem));
        if !is_attribute
            && !is_placeholder(value)
            && ((is_named && length >= 6) || looks_random(value))
        {
            let start = text.len() - value_text.len();
            found.push(Finding {
                start,
                end: start + length,
                kind: Kind::Session,
            });
        }
        rest = &value_text[length..];
        let Some(after) = rest.strip_prefix(';') else {
            return;
        };
        rest = after.trim_start();
    }
}

/// The bytes of a generated value without a name: `cookie="aB3..."`.
fn bare_cookie(text: &str) -> Option<usize> {
    const SHORTEST: usize = 16;
    let length = text
        .bytes()
        .take(4_096)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%')
        })
        .count();
    let ends = !matches!(text.as_bytes().get(length), Some(b'=' | b'/' | b':'));
    (length >= SHORTEST && ends && looks_random(&text[..length])).then_some(length)
}
