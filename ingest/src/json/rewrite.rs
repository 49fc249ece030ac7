//! Writes compact JSON that every database takes.

use super::scanner::{Form, is_storable_number};
use super::string::decode_string;
use super::{Kind, Value};

/// Appends a value without insignificant whitespace. Strings lose NUL and lone surrogates (U+FFFD instead), numbers
/// beyond an f64 become strings of the same characters.
pub(crate) fn write_value(value: &Value<'_>, output: &mut String) {
    if value.form != Form::Dirty {
        output.push_str(value.raw);
        return;
    }
    match value.kind {
        Kind::String => write_string(&decode_string(value.raw), output),
        Kind::Number => write_number(value.raw, output),
        _ => write_container(value.raw, output),
    }
}

fn write_number(raw: &str, output: &mut String) {
    if is_storable_number(raw) {
        output.push_str(raw);
    } else {
        output.push('"');
        output.push_str(raw);
        output.push('"');
    }
}

/// The slice passed the scanner, so a flat walk over its tokens is enough.
fn write_container(raw: &str, output: &mut String) {
    let bytes = raw.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at += 1;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
                let token = &raw[start..at];
                if is_verbatim(token) {
                    output.push_str(token);
                } else {
                    write_string(&decode_string(token), output);
                }
            }
            b'-' | b'0'..=b'9' => {
                while at < bytes.len()
                    && matches!(bytes[at], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
                {
                    at += 1;
                }
                write_number(&raw[start..at], output);
            }
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            _ => {
                output.push(char::from(bytes[at]));
                at += 1;
            }
        }
    }
}

fn is_verbatim(token: &str) -> bool {
    let bytes = token.as_bytes();
    bytes.iter().all(|byte| *byte >= 0x20) && memchr::memmem::find(bytes, b"\\u").is_none()
}

/// Appends `text` as a JSON string. NUL becomes U+FFFD, other control characters are escaped.
pub(crate) fn write_string(text: &str, output: &mut String) {
    output.push('"');
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        output.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => output.push_str("\\\""),
            b'\\' => output.push_str("\\\\"),
            b'\n' => output.push_str("\\n"),
            b'\r' => output.push_str("\\r"),
            b'\t' => output.push_str("\\t"),
            0 => output.push('\u{fffd}'),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                output.push_str("\\u00");
                output.push(char::from(HEX[usize::from(control >> 4)]));
                output.push(char::from(HEX[usize::from(control & 15)]));
            }
        }
        rest = &rest[at + 1..];
    }
    output.push_str(rest);
    output.push('"');
}
