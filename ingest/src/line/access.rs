//! Access logs of web servers: the common and the combined format of Apache and nginx.

use domain::Severity;

use super::names::{is_host, next_token};
use crate::context::Origin;
use crate::draft::Draft;
use crate::time::leading_timestamp;

/// Reads `[vhost:port ]host ident user [23/Nov/2026:14:00:00 +0000] "GET / HTTP/1.1" 200 512[ "referer" "agent"...]`.
/// The body is the request with its status and size; who asked is in the attributes, so that equal requests look equal.
pub(super) fn read<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let open = memchr::memchr(b'[', line.as_bytes()).filter(|at| *at <= 400)?;
    let before: Vec<&str> = line[..open].split_ascii_whitespace().collect();
    if !(3..=4).contains(&before.len()) || !line[..open].ends_with(' ') {
        return None;
    }
    let inside = &line[open + 1..];
    let (instant, length) = leading_timestamp(inside, origin.received_at_ns)?;
    let rest = inside[length..].strip_prefix(']')?.trim_start();
    let (request, after) = quoted(rest)?;
    let (status, after_status) = next_token(after);
    if status.len() != 3 || !status.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (bytes, tail) = next_token(after_status);
    let client = before[before.len() - 3];
    if !is_host(client) {
        return None;
    }

    let mut draft = Draft {
        timestamp_ns: Some(instant),
        timestamp_text: Some((&inside[..length]).into()),
        severity: Some(severity_of_status(status)),
        ..Draft::default()
    };
    let attributes = &mut draft.attributes;
    attributes.push_text("client", client);
    if before.len() == 4 {
        attributes.push_text("vhost", before[0]);
    }
    let user = before[before.len() - 1];
    if user != "-" {
        attributes.push_text("user", user);
    }
    let mut words = request.split(' ');
    if let (Some(method), Some(path)) = (words.next(), words.next())
        && method.bytes().all(|byte| byte.is_ascii_uppercase())
    {
        attributes.push_text("method", method);
        attributes.push_text("path", path);
    }
    attributes.push_integer("status", status);
    if bytes != "-" && !bytes.is_empty() {
        attributes.push_integer("bytes", bytes);
    }
    let mut tail = tail;
    for key in ["referer", "user_agent"] {
        let Some((value, after)) = quoted(tail) else {
            break;
        };
        if value != "-" && !value.is_empty() {
            attributes.push_text(key, value);
        }
        tail = after;
    }
    if !tail.is_empty() {
        attributes.push_text("extra", tail);
    }
    let end = line.len() - after_status.len() + bytes.len();
    let start = line.len() - rest.len();
    draft.body = line[start..end].trim_end().into();
    Some(draft)
}

/// A server that fails is an error, a client that is refused a warning.
fn severity_of_status(status: &str) -> Severity {
    match status.as_bytes()[0] {
        b'5' => Severity::Error,
        b'4' => Severity::Warn,
        _ => Severity::Info,
    }
}

/// The inside of the quotes that `text` begins with (backslashes protect) and what follows its white space.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    while *bytes.get(at)? != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    Some((text.get(1..at)?, text.get(at + 1..)?.trim_start()))
}
