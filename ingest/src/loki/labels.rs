//! `{app="shop", level="info"}`: the labels of a stream as text.
//!
//! Source: Prometheus' label matchers with `=` only, with the strings of Go (double quotes, single quotes, back quotes).

use std::borrow::Cow;

use super::Pairs;
use crate::draft::cut;
use crate::json::replace_nul;

/// Reads labels, at most `most`. Of a name that comes twice the last one wins.
pub(super) fn parse_labels(text: &str, most: usize) -> Result<Pairs<'static>, String> {
    let broken = |expected: &str, rest: &str| {
        let at = text.len() - rest.len();
        format!(
            "labels '{}' cannot be read: expected {expected} at byte {at}",
            cut(text, 128)
        )
    };
    let mut rest = text.trim_start();
    rest = rest
        .strip_prefix('{')
        .ok_or_else(|| broken("'{'", rest))?
        .trim_start();
    let mut pairs: Pairs<'static> = Vec::new();
    let mut places = std::collections::HashMap::new();
    loop {
        if let Some(end) = rest.strip_prefix('}') {
            return if end.trim().is_empty() {
                Ok(pairs)
            } else {
                Err(broken("the end", end))
            };
        }
        let (name, after) = name(rest).ok_or_else(|| broken("a name", rest))?;
        rest = after.trim_start();
        rest = rest
            .strip_prefix('=')
            .ok_or_else(|| broken("'='", rest))?
            .trim_start();
        let (value, after) = quoted(rest).ok_or_else(|| broken("a quoted value", rest))?;
        let value = replace_nul(&value).into_owned();
        match places.get(&name) {
            Some(at) => {
                let at: usize = *at;
                pairs[at].1 = Cow::Owned(value);
            }
            None if pairs.len() >= most => return Err(super::too_many_pairs(most + 1, most)),
            None => {
                places.insert(name.clone(), pairs.len());
                pairs.push((Cow::Owned(name), Cow::Owned(value)));
            }
        }
        rest = after.trim_start();
        match rest.as_bytes().first() {
            Some(b',') => rest = rest[1..].trim_start(),
            Some(b'}') => {}
            _ => return Err(broken("',' or '}'", rest)),
        }
    }
}

/// A name, bare or (since Prometheus 3) in quotes, and what follows.
fn name(text: &str) -> Option<(String, &str)> {
    if text.starts_with('"') {
        let (name, rest) = quoted(text)?;
        return Some((replace_nul(&name).into_owned(), rest));
    }
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-')))
        .unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

/// A string of Go, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next()?;
    let inner = &text[quote.len_utf8()..];
    match quote {
        '`' => {
            let (value, rest) = inner.split_once('`')?;
            Some((value.to_owned(), rest))
        }
        '"' | '\'' => unescaped(inner, quote),
        _ => None,
    }
}

fn unescaped(inner: &str, quote: char) -> Option<(String, &str)> {
    // Bytes, because `\xe2\x82\xac` is one character.
    let mut value: Vec<u8> = Vec::new();
    let mut rest = inner;
    loop {
        let c = rest.chars().next()?;
        rest = &rest[c.len_utf8()..];
        if c == quote {
            let value = String::from_utf8(value)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            return Some((value, rest));
        }
        if c == '\\' {
            rest = escape(rest, &mut value)?;
        } else {
            value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Undoes the escape behind a backslash; what follows it.
fn escape<'a>(rest: &'a str, value: &mut Vec<u8>) -> Option<&'a str> {
    let kind = rest.chars().next()?;
    let after = &rest[kind.len_utf8()..];
    let simple = match kind {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' | '"' | '\'' => kind as u8,
        'x' => {
            value.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
            return after.get(2..);
        }
        'u' | 'U' => {
            let digits = if kind == 'u' { 4 } else { 8 };
            let code = u32::from_str_radix(after.get(..digits)?, 16).ok()?;
            let c = char::from_u32(code).unwrap_or('\u{fffd}');
            value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return after.get(digits..);
        }
        '0'..='7' => {
            value.push(u8::from_str_radix(rest.get(..3)?, 8).ok()?);
            return rest.get(3..);
        }
        _ => return None,
    };
    value.push(simple);
    Some(after)
}
