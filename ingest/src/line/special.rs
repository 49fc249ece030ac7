//! Formats whose first bytes give them away.

use domain::Severity;

use super::names::{digit_run, next_token};
use crate::context::Origin;
use crate::draft::Draft;
use crate::time::{leading_timestamp, parse_timestamp};

/// Google's glog and Kubernetes' klog: `I1123 14:00:00.123456    1234 file.go:12] message`, the date also with a year.
pub(super) fn klog<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let severity = match line.as_bytes()[0] {
        b'I' => Severity::Info,
        b'W' => Severity::Warn,
        b'E' => Severity::Error,
        b'F' => Severity::Fatal,
        _ => return None,
    };
    let digits = digit_run(&line[1..]);
    if !matches!(digits, 4 | 8) || line.as_bytes().get(digits + 1) != Some(&b' ') {
        return None;
    }
    let date = &line[1..=digits];
    let (clock, rest) = next_token(&line[digits + 1..]);
    let stamp = if digits == 4 {
        format!("{}-{} {clock}", &date[..2], &date[2..])
    } else {
        format!("{date} {clock}")
    };
    let instant = parse_timestamp(&stamp, origin.received_at_ns)?;
    let (head, message) = rest.split_once("] ").or_else(|| rest.split_once(']'))?;
    let (process, source) = next_token(head);
    if process.is_empty() || digit_run(process) != process.len() || !source.contains(':') {
        return None;
    }
    let mut draft = Draft {
        timestamp_ns: Some(instant),
        timestamp_text: Some(stamp.into()),
        severity: Some(severity),
        body: message.trim().into(),
        ..Draft::default()
    };
    draft.attributes.push_integer("pid", process);
    draft.attributes.push_text("component", source);
    Some(draft)
}

/// Redis: `1:M 23 Nov 2026 14:00:00.123 * message`; the mark is `.` debug, `-` verbose, `*` notice, `#` warning.
pub(super) fn redis<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let digits = digit_run(line);
    let bytes = line.as_bytes();
    let is_role = bytes.get(digits + 1).is_some_and(u8::is_ascii_uppercase);
    if bytes.get(digits) != Some(&b':') || !is_role || bytes.get(digits + 2) != Some(&b' ') {
        return None;
    }
    let rest = &line[digits + 3..];
    let (instant, length) = leading_timestamp(rest, origin.received_at_ns)?;
    let (mark, message) = next_token(&rest[length..]);
    let severity = match mark {
        "." => Severity::Debug,
        "-" | "*" => Severity::Info,
        "#" => Severity::Warn,
        _ => return None,
    };
    let mut draft = Draft {
        timestamp_ns: Some(instant),
        timestamp_text: Some((&rest[..length]).into()),
        severity: Some(severity),
        body: message.trim_end().into(),
        ..Draft::default()
    };
    draft.attributes.push_integer("pid", &line[..digits]);
    Some(draft)
}

/// The Linux audit log: `type=SYSCALL msg=audit(1795442400.123:456): pid=1 uid=0`.
pub(super) fn audit<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let (kind, rest) = line.strip_prefix("type=")?.split_once(" msg=audit(")?;
    let (stamp, message) = rest.split_once("):")?;
    let (epoch, serial) = stamp.split_once(':')?;
    let (instant, length) = leading_timestamp(epoch, origin.received_at_ns)?;
    if length != epoch.len() || kind.contains(' ') {
        return None;
    }
    let mut draft = Draft {
        timestamp_ns: Some(instant),
        timestamp_text: Some(epoch.into()),
        body: message.trim().into(),
        ..Draft::default()
    };
    draft.attributes.push_text("component", kind);
    draft.attributes.push_integer("serial", serial);
    Some(draft)
}
