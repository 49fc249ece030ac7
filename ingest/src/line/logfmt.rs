//! `time=2026-11-23T14:00:00Z level=info msg="started" port=8080`.

use std::borrow::Cow;

use domain::Severity;

use super::level::level_word;
use crate::context::Origin;
use crate::draft::Draft;
use crate::roles::{Role, role_of};
use crate::time::parse_timestamp;

/// A line with more is no log line, and its pairs are compared with each other.
const MOST_PAIRS: usize = 200;

struct Pair<'a> {
    key: &'a str,
    value: Cow<'a, str>,
    role: Option<(Role, u8)>,
}

/// Reads a line that consists of `key=value` pairs only and has a level, a message or a time among them.
pub(super) fn read<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let pairs = pairs(line)?;
    let has_role = |wanted: Role| {
        pairs
            .iter()
            .any(|pair| pair.role.is_some_and(|(role, _)| role == wanted))
    };
    let is_log = has_role(Role::Message) || (has_role(Role::Severity) && has_role(Role::Timestamp));
    if pairs.len() < 2 || !is_log {
        return None;
    }
    let best = |wanted: Role| {
        pairs
            .iter()
            .enumerate()
            .filter_map(|(index, pair)| {
                let (role, rank) = pair.role?;
                (role == wanted && is_readable(pair, wanted, origin)).then_some((rank, index))
            })
            .min()
            .map(|(_, index)| index)
    };
    let timestamp = best(Role::Timestamp);
    let severity = best(Role::Severity);
    let message = best(Role::Message);
    let [service, trace_id, span_id] = [Role::Service, Role::TraceId, Role::SpanId].map(best);
    let used = [timestamp, severity, message, service, trace_id, span_id];

    let mut draft = Draft::default();
    for (index, pair) in pairs.iter().enumerate() {
        let is_last = !pairs[index + 1..].iter().any(|later| later.key == pair.key);
        if is_last && !used.contains(&Some(index)) {
            draft.attributes.push_text(pair.key, &pair.value);
        }
    }
    let text = |index: Option<usize>| index.map(|index| pairs[index].value.clone());
    draft.timestamp_ns =
        text(timestamp).and_then(|text| parse_timestamp(&text, origin.received_at_ns));
    draft.timestamp_text = text(timestamp);
    draft.severity = text(severity).and_then(|word| severity_of(&word));
    draft.service = text(service);
    draft.trace_id = text(trace_id);
    draft.span_id = text(span_id);
    draft.body = text(message)
        .filter(|text| !text.trim().is_empty())
        .unwrap_or(Cow::Borrowed(line));
    Some(draft)
}

fn is_readable(pair: &Pair<'_>, role: Role, origin: &Origin) -> bool {
    match role {
        Role::Timestamp => parse_timestamp(&pair.value, origin.received_at_ns).is_some(),
        Role::Severity => severity_of(&pair.value).is_some(),
        _ => true,
    }
}

fn severity_of(word: &str) -> Option<Severity> {
    level_word(word).or_else(|| Severity::from_word(word))
}

/// All pairs of the line; `None` when something else stands among them.
fn pairs(line: &str) -> Option<Vec<Pair<'_>>> {
    // The cheap look first: most lines are not logfmt.
    let key = key_length(line);
    if key == 0 || line.as_bytes().get(key) != Some(&b'=') {
        return None;
    }
    let mut pairs = Vec::with_capacity(8);
    let mut rest = line.trim();
    while !rest.is_empty() {
        let length = key_length(rest);
        if length == 0 || rest.as_bytes().get(length) != Some(&b'=') || pairs.len() >= MOST_PAIRS {
            return None;
        }
        let (key, after) = (&rest[..length], &rest[length + 1..]);
        let (value, after) = value(after)?;
        pairs.push(Pair {
            key,
            value,
            role: role_of(key),
        });
        rest = after.trim_start();
    }
    Some(pairs)
}

fn key_length(text: &str) -> usize {
    let first_fits = text
        .as_bytes()
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@'));
    if !first_fits {
        return 0;
    }
    text.bytes()
        .take(128)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b'@' | b':')
        })
        .count()
}

fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if !text.starts_with('"') {
        let end = text.find([' ', '\t']).unwrap_or(text.len());
        return Some((Cow::Borrowed(&text[..end]), &text[end..]));
    }
    let bytes = text.as_bytes();
    let mut at = 1;
    let mut has_escape = false;
    while *bytes.get(at)? != b'"' {
        if bytes[at] == b'\\' {
            has_escape = true;
            at += 1;
        }
        at += 1;
    }
    let inner = text.get(1..at)?;
    let rest = &text[at + 1..];
    if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    Some((unescape(inner, has_escape), rest))
}

fn unescape(inner: &str, has_escape: bool) -> Cow<'_, str> {
    if !has_escape {
        return Cow::Borrowed(inner);
    }
    let mut output = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(character) = chars.next() {
        if character != '\\' {
            output.push(character);
            continue;
        }
        match chars.next() {
            Some('n') => output.push('\n'),
            Some('t') => output.push('\t'),
            Some('r') => output.push('\r'),
            Some(other @ ('"' | '\\')) => output.push(other),
            Some(other) => {
                output.push('\\');
                output.push(other);
            }
            None => output.push('\\'),
        }
    }
    Cow::Owned(output)
}
