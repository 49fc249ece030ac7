//! Syslog: RFC 3164 and RFC 5424, with the priority as on the wire or without it as in files.

use std::collections::HashSet;

use domain::Severity;

use super::level::leading_level;
use super::names::{digit_run, is_host, next_token};
use crate::context::Origin;
use crate::draft::Draft;
use crate::time::leading_timestamp;

/// Reads `<34>...`.
pub(super) fn with_priority<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let digits = digit_run(&line[1..]);
    if !(1..=3).contains(&digits) || line.as_bytes().get(digits + 1) != Some(&b'>') {
        return None;
    }
    let priority: u8 = line[1..=digits].parse().ok().filter(|pri| *pri <= 191)?;
    let rest = &line[digits + 2..];
    let mut draft = version_one(rest, origin)
        .or_else(|| without_priority(rest, origin))
        .or_else(|| modern(rest, origin))
        .unwrap_or_else(|| {
            let mut draft = Draft::default();
            draft.body = tag(rest, &mut draft).into();
            draft
        });
    draft.severity = Some(severity_of(priority & 7));
    draft
        .attributes
        .push_integer("facility", &(priority >> 3).to_string());
    Some(draft)
}

/// RFC 5424 section 6.2.1, table 2.
fn severity_of(code: u8) -> Severity {
    match code {
        0..=2 => Severity::Fatal,
        3 => Severity::Error,
        4 => Severity::Warn,
        5 | 6 => Severity::Info,
        _ => Severity::Debug,
    }
}

/// RFC 5424: `1 2026-11-23T14:00:00Z host app procid msgid [id key="value"] message`.
fn version_one<'a>(text: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let rest = text.strip_prefix("1 ")?;
    let (stamp, rest) = next_token(rest);
    let mut draft = Draft::default();
    if stamp != "-" {
        let (instant, length) = leading_timestamp(stamp, origin.received_at_ns)?;
        if length != stamp.len() {
            return None;
        }
        draft.timestamp_ns = Some(instant);
        draft.timestamp_text = Some(stamp.into());
    }
    let (host, rest) = next_token(rest);
    let (app, rest) = next_token(rest);
    let (process, rest) = next_token(rest);
    let (message_id, rest) = next_token(rest);
    if host != "-" {
        draft.attributes.push_text("host", host);
    }
    program(&mut draft, app, origin);
    if process != "-" {
        draft.attributes.push_integer("pid", process);
    }
    if message_id != "-" {
        draft.attributes.push_text("message_id", message_id);
    }
    let rest = structured_data(rest, &mut draft);
    draft.body = rest.trim_start_matches('\u{feff}').into();
    Some(draft)
}

/// Longest id of an element and longest name of a parameter. RFC 5424 section 6.3 says 32; the id stands before every
/// name, so without a limit a line of kilobytes would become attributes of megabytes.
const NAME_BYTES: usize = 64;
/// Most parameters of a line.
const MOST_PARAMETERS: usize = 100;

/// Reads `-` or `[id key="value" ...]...` into attributes `id.key`; gives what follows. An element that breaks the
/// grammar or a limit stays in the message, as do those after it.
fn structured_data<'a>(text: &'a str, draft: &mut Draft<'a>) -> &'a str {
    if let Some(rest) = text.strip_prefix('-') {
        return rest.trim_start();
    }
    let mut rest = text;
    let mut room = MOST_PARAMETERS;
    let mut known = HashSet::new();
    while let Some(element) = rest.strip_prefix('[') {
        let Some((after, parameters)) = element_of(element, room) else {
            return rest;
        };
        room -= parameters.len();
        for (key, value) in parameters {
            // The RFC lets a parameter come again: `[origin ip="10.0.0.1" ip="10.0.0.2"]`.
            let mut name = key.clone();
            let mut number = 1;
            while !known.insert(name.clone()) {
                number += 1;
                name = format!("{key}.{number}");
            }
            draft.attributes.push_text(&name, &value);
        }
        rest = after;
    }
    rest.trim_start()
}

type Parameters = Vec<(String, String)>;

/// One element without its opening bracket: what follows it, and its parameters (at most `room`).
fn element_of(text: &str, room: usize) -> Option<(&str, Parameters)> {
    let end_of_id = text.find([' ', ']'])?;
    let id = &text[..end_of_id];
    if !is_structured_name(id) {
        return None;
    }
    let mut rest = &text[end_of_id..];
    let mut parameters = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(']') {
            return Some((after, parameters));
        }
        let (name, after) = rest.split_once("=\"")?;
        if !is_structured_name(name) || parameters.len() >= room {
            return None;
        }
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(chars.next()?.1),
                (_, character) => value.push(character),
            }
        };
        parameters.push((format!("{id}.{name}"), value));
        rest = &after[end + 1..];
    }
}

/// RFC 5424's `SD-NAME`: no `=`, space, `]` or quote.
fn is_structured_name(name: &str) -> bool {
    (1..=NAME_BYTES).contains(&name.len()) && !name.contains(['=', ' ', ']', '"'])
}

/// RFC 3164 as it is in files: `Nov 23 14:00:00 host tag[pid]: message`.
pub(super) fn without_priority<'a>(text: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    if !text.as_bytes().first()?.is_ascii_uppercase() || text.as_bytes().get(3) != Some(&b' ') {
        return None;
    }
    let (instant, length) = leading_timestamp(text, origin.received_at_ns)?;
    let rest = text[length..].strip_prefix(' ')?;
    let (host, after) = next_token(rest);
    // `Nov 23, 2026 2:00:00 PM org.example.Class method` is Java's.
    if text[..length].contains(',') {
        return None;
    }
    // `Nov 23 14:00:00 ERROR ...` has no host.
    if !is_host(host) || after.is_empty() || leading_level(host).is_some() {
        return None;
    }
    let mut draft = Draft {
        timestamp_ns: Some(instant),
        timestamp_text: Some((&text[..length]).into()),
        ..Draft::default()
    };
    draft.attributes.push_text("host", host);
    draft.body = tag_into(after, &mut draft, origin).into();
    Some(draft)
}

/// The newer form of rsyslog and journald: `2026-11-23T14:00:00.123456+00:00 host tag[pid]: message`. A process id (or
/// the kernel) is asked for, because `<time> <word> <word>: ...` is also plain prose.
pub(super) fn modern<'a>(text: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    if text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    let (instant, length) = leading_timestamp(text, origin.received_at_ns)?;
    let rest = text[length..].strip_prefix(' ')?;
    let (host, after) = next_token(rest);
    let (program, _) = next_token(after);
    let has_process = program.ends_with("]:") && program.contains('[');
    if !is_host(host) || leading_level(host).is_some() || !(has_process || program == "kernel:") {
        return None;
    }
    let mut draft = Draft {
        timestamp_ns: Some(instant),
        timestamp_text: Some((&text[..length]).into()),
        ..Draft::default()
    };
    draft.attributes.push_text("host", host);
    draft.body = tag_into(after, &mut draft, origin).into();
    Some(draft)
}

/// Takes `tag[pid]:` off; the rest is the message.
pub(super) fn tag_into<'a>(text: &'a str, draft: &mut Draft<'a>, origin: &Origin) -> &'a str {
    let Some(found) = Tag::of(text) else {
        return text.trim_end();
    };
    program(draft, found.name, origin);
    if let Some(process) = found.process {
        draft.attributes.push_integer("pid", process);
    }
    found.message
}

fn tag<'a>(text: &'a str, draft: &mut Draft<'a>) -> &'a str {
    match Tag::of(text) {
        Some(found) => {
            draft.attributes.push_text("component", found.name);
            if let Some(process) = found.process {
                draft.attributes.push_integer("pid", process);
            }
            found.message
        }
        None => text,
    }
}

/// The program is the service when nobody named one; else it is kept beside it.
fn program<'a>(draft: &mut Draft<'a>, name: &'a str, origin: &Origin) {
    if name == "-" || name.is_empty() {
        return;
    }
    draft.attributes.push_text("component", name);
    if origin.default_service.is_none() {
        // `sshd(pam_unix)` and `postfix/smtpd` are parts of one program.
        let base = name.split(['(', '/']).find(|part| !part.is_empty());
        draft.service = base.map(Into::into);
    }
}

struct Tag<'a> {
    name: &'a str,
    process: Option<&'a str>,
    message: &'a str,
}

impl<'a> Tag<'a> {
    /// `name[pid]: message`, `name: message`, `name[pid] (sub[pid]): message`, `syslogd 1.4.1: message`. The colon must
    /// come within the first words and be followed by a space or the end.
    fn of(text: &'a str) -> Option<Self> {
        let colon = text
            .match_indices(':')
            .take(8)
            .map(|(at, _)| at)
            .find(|at| matches!(text.as_bytes().get(at + 1), None | Some(b' ')))
            .filter(|at| *at <= 128)?;
        let head = &text[..colon];
        let message = text[colon + 1..].trim();
        let name_end = head.find(['[', ' ']).unwrap_or(head.len());
        let name = &head[..name_end];
        let first_fits = name.as_bytes().first().is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'(')
        });
        if !first_fits {
            return None;
        }
        let rest = &head[name_end..];
        if rest.is_empty() {
            return Some(Self {
                name,
                process: None,
                message,
            });
        }
        if let Some(inside) = rest.strip_prefix('[') {
            let (process, after) = inside.split_once(']')?;
            let is_tag = after.is_empty() || (after.starts_with(" (") && after.ends_with(')'));
            return is_tag.then_some(Self {
                name,
                process: Some(process),
                message,
            });
        }
        // `syslogd 1.4.1:` names its version.
        let version = rest.trim_start();
        let is_version = version.as_bytes().first().is_some_and(u8::is_ascii_digit)
            && version
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        is_version.then_some(Self {
            name,
            process: None,
            message,
        })
    }
}
