//! String contents: escapes undone, and what no database takes replaced.

use std::borrow::Cow;

/// The visible replacement of NUL, lone surrogates and invalid UTF-8.
const REPLACEMENT: char = '\u{fffd}';

/// The text of a JSON string whose slice (quotes included) passed the scanner. NUL and lone surrogates become U+FFFD.
pub(crate) fn decode_string(raw: &str) -> Cow<'_, str> {
    let inner = &raw[1..raw.len() - 1];
    if memchr::memchr2(b'\\', 0, inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut output = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr2(b'\\', 0, rest.as_bytes()) {
        output.push_str(&rest[..at]);
        if rest.as_bytes()[at] == 0 {
            output.push(REPLACEMENT);
            rest = &rest[at + 1..];
            continue;
        }
        let (decoded, length) = decode_escape(&rest[at..]);
        output.push(decoded);
        rest = &rest[at + length..];
    }
    output.push_str(rest);
    Cow::Owned(output)
}

/// The character of the escape that `text` begins with, and the bytes it takes.
fn decode_escape(text: &str) -> (char, usize) {
    let decoded = match text.as_bytes().get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return decode_unicode(text),
        Some(other) => char::from(*other),
        None => REPLACEMENT,
    };
    (decoded, text.len().min(2))
}

fn decode_unicode(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?;
        let digits = digits.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else {
        return (REPLACEMENT, text.len().min(2));
    };
    match first {
        0 => (REPLACEMENT, 6),
        0xd800..=0xdbff => match unit(6) {
            Some(second @ 0xdc00..=0xdfff) => {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                (char::from_u32(code).unwrap_or(REPLACEMENT), 12)
            }
            _ => (REPLACEMENT, 6),
        },
        _ => (char::from_u32(first).unwrap_or(REPLACEMENT), 6),
    }
}

/// Text with NUL made visible as U+FFFD.
pub(crate) fn replace_nul(text: &str) -> Cow<'_, str> {
    if memchr::memchr(0, text.as_bytes()).is_none() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    }
}
