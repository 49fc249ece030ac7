//! What container runtimes put around a line.

use std::borrow::Cow;

use super::detect::draft_behind_prefix;
use super::names::{is_identifier, next_token};
use crate::context::Origin;
use crate::draft::Draft;
use crate::time::leading_timestamp;

/// What a container writes to.
pub(super) const STREAMS: [&str; 2] = ["stdout", "stderr"];

/// A line as the runtime wrapped it.
#[derive(Debug)]
pub(super) struct Container<'a> {
    pub timestamp_ns: Option<i64>,
    /// One of [`STREAMS`].
    pub stream: &'a str,
    /// True when the runtime split the line here and goes on in the next.
    pub is_partial: bool,
    pub content: &'a str,
}

impl<'a> Container<'a> {
    /// Which of [`STREAMS`] it is.
    pub fn stream_index(&self) -> usize {
        usize::from(self.stream == STREAMS[1])
    }

    /// Reads `2026-11-23T14:00:00.123456789Z stdout F message`.
    /// Source: Kubernetes CRI logging format (kubernetes/design-proposals-archive, kubelet-cri-logging).
    pub fn of_cri_line(line: &'a str) -> Option<Self> {
        let bytes = line.as_bytes();
        if bytes.len() < 30 || !bytes[0].is_ascii_digit() || bytes.get(10) != Some(&b'T') {
            return None;
        }
        let (stamp, rest) = line.split_once(' ')?;
        let (stream, rest) = rest.split_once(' ')?;
        if !STREAMS.contains(&stream) {
            return None;
        }
        let (tags, content) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_partial = match tags.split(':').next() {
            Some("P") => true,
            Some("F") => false,
            _ => return None,
        };
        let (instant, length) = leading_timestamp(stamp, 0)?;
        (length == stamp.len()).then_some(Self {
            timestamp_ns: Some(instant),
            stream,
            is_partial,
            content,
        })
    }
}

/// The text inside `{"log":"...\n","stream":"stdout","time":"..."}` (Docker's json-file driver), when the line has
/// these members and hardly any others.
pub(super) fn unwrap_docker<'d>(
    line: &str,
    draft: &'d Draft<'_>,
) -> Option<(&'d str, Container<'d>)> {
    let is_docker = line.contains("\"log\":")
        && line.contains("\"time\":")
        && draft.attributes.may_contain("stream")
        && draft.timestamp_ns.is_some()
        && !draft.body.is_empty()
        && draft.attributes.len_bytes() < 200;
    let stream = if line.contains("\"stderr\"") {
        "stderr"
    } else {
        "stdout"
    };
    is_docker.then_some((
        draft.body.as_ref(),
        Container {
            timestamp_ns: draft.timestamp_ns,
            stream,
            is_partial: false,
            content: "",
        },
    ))
}

/// `checkout-1  | 2026-11-23 14:00:00 INFO started`, as `docker compose logs` prints it; only when what follows the
/// bar is itself a log line, because tables have bars too.
pub(super) fn compose<'a>(line: &'a str, origin: &Origin) -> Option<Draft<'a>> {
    let (name, rest) = next_token(line);
    let rest = rest.strip_prefix("| ")?;
    if !is_identifier(name) {
        return None;
    }
    let mut draft = draft_behind_prefix(rest, origin)?;
    if draft.service.is_none() && origin.default_service.is_none() {
        draft.service = Some(Cow::Borrowed(name));
    } else if !draft.attributes.may_contain("container") {
        draft.attributes.push_text("container", name);
    }
    Some(draft)
}
