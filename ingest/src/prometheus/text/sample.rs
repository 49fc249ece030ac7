//! One line of the text: `name{label="value"} 1.5 timestamp # exemplar`.

use std::borrow::Cow;

use crate::draft::cut;
use crate::wire::Malformed;

/// A line as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written<'a> {
    pub name: Cow<'a, str>,
    pub labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub value: f64,
    pub timestamp: Option<&'a str>,
}

/// Most labels that are read of a line; a sample may have far fewer.
const MOST_LABELS: usize = 1_000;

/// Reads a line that is not empty and no comment.
pub(super) fn read_line(line: &str) -> Result<Written<'_>, Malformed> {
    let mut written = Written {
        name: Cow::Borrowed(""),
        labels: Vec::new(),
        value: 0.0,
        timestamp: None,
    };
    let mut rest = line;
    if !rest.starts_with('{') {
        let (name, after) = bare(rest).ok_or_else(|| expected("a metric name", line, rest))?;
        written.name = Cow::Borrowed(name);
        rest = after;
    }
    rest = skip(rest);
    if let Some(inside) = rest.strip_prefix('{') {
        rest = read_labels(line, inside, &mut written)?;
    }
    if written.name.is_empty() {
        return Err(expected("a metric name", line, rest));
    }
    let mut words = rest.split_ascii_whitespace();
    let value = words
        .next()
        .ok_or_else(|| expected("a value", line, rest))?;
    written.value = value
        .parse()
        .map_err(|_| format!("value '{}' is not a number", cut(value, 64)))?;
    match words.next() {
        // An exemplar; nothing of it is kept.
        None | Some("#") => return Ok(written),
        Some(timestamp) => written.timestamp = Some(timestamp),
    }
    match words.next() {
        None | Some("#") => Ok(written),
        Some(word) => Err(format!(
            "'{}' follows the timestamp, expected the end",
            cut(word, 64)
        )),
    }
}

/// Reads labels up to the closing brace; what follows it.
fn read_labels<'a>(
    line: &str,
    inside: &'a str,
    written: &mut Written<'a>,
) -> Result<&'a str, Malformed> {
    let mut rest = skip(inside);
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Ok(after);
        }
        let is_quoted = rest.starts_with('"');
        let (name, after) = if is_quoted {
            quoted(rest)
        } else {
            bare(rest).map(|(name, after)| (Cow::Borrowed(name), after))
        }
        .ok_or_else(|| expected("a label name", line, rest))?;
        rest = skip(after);
        match rest.strip_prefix('=') {
            Some(after) => {
                rest = skip(after);
                let (value, after) =
                    quoted(rest).ok_or_else(|| expected("a quoted value", line, rest))?;
                if written.labels.len() == MOST_LABELS {
                    return Err(format!("sample has more than {MOST_LABELS} labels"));
                }
                written.labels.push((name, value));
                rest = skip(after);
            }
            // `{"a name of any letters", label="value"}`: since Prometheus 3 the name may stand inside.
            None if is_quoted && written.name.is_empty() => written.name = name,
            None => return Err(expected("'='", line, rest)),
        }
        rest = match rest.as_bytes().first() {
            Some(b',') => skip(&rest[1..]),
            Some(b'}') => rest,
            _ => return Err(expected("',' or '}'", line, rest)),
        };
    }
}

fn skip(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// A name of letters, digits, underscores and colons, and what follows.
fn bare(text: &str) -> Option<(&str, &str)> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    let end = text
        .as_bytes()
        .iter()
        .position(|byte| !is_part(byte))
        .unwrap_or(text.len());
    let begins_well = !text.as_bytes().first()?.is_ascii_digit();
    (end > 0 && begins_well).then(|| text.split_at(end))
}

/// A text in double quotes, and what follows. `\\`, `\"` and `\n` are undone; another backslash stays what it is.
pub(super) fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = text.strip_prefix('"')?;
    let end = inner.find(['"', '\\'])?;
    if inner.as_bytes()[end] == b'"' {
        return Some((Cow::Borrowed(&inner[..end]), &inner[end + 1..]));
    }
    let mut value = String::new();
    let mut rest = inner;
    loop {
        let end = rest.find(['"', '\\'])?;
        value.push_str(&rest[..end]);
        let after = &rest[end + 1..];
        if rest.as_bytes()[end] == b'"' {
            return Some((Cow::Owned(value), after));
        }
        let escaped = after.chars().next()?;
        match escaped {
            'n' => value.push('\n'),
            '"' | '\\' => value.push(escaped),
            other => {
                value.push('\\');
                value.push(other);
            }
        }
        rest = &after[escaped.len_utf8()..];
    }
}

fn expected(what: &str, line: &str, rest: &str) -> Malformed {
    format!(
        "line '{}' cannot be read: expected {what} at byte {}",
        cut(line, 128),
        line.len() - rest.len()
    )
}
