//! What container runtimes put around a line.

use std::borrow::Cow;

use super::detect::draft_behind_prefix;
use super::names::{is_identifier, next_token};
use crate::context::Origin;
use crate::draft::Draft;
use crate::json::{Kind, Scanner, decode_string};
use crate::time::{leading_timestamp, parse_timestamp};

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

/// A line of Docker's json-file driver that is split or continues a split one, unpacked.
pub(super) struct DockerText {
    text: String,
    timestamp_ns: i64,
    stream: &'static str,
}

/// The shortest text without a line end that Docker has split: it splits after 16 KiB, and other programs that write
/// such files leave out the line end of short texts.
const SPLIT_BYTES: usize = 8 * 1024;

impl DockerText {
    pub fn container(&self) -> Container<'_> {
        let content = self.text.trim_end_matches(['\n', '\r']);
        Container {
            timestamp_ns: Some(self.timestamp_ns),
            stream: self.stream,
            is_partial: content.len() == self.text.len() && content.len() >= SPLIT_BYTES,
            content,
        }
    }
}

/// Reads `{"log":"...\n","stream":"stdout","time":"..."}` as Docker itself writes it, with `attrs` or without.
/// Source: moby/moby, daemon/logger/jsonfilelog/jsonlog, and the copier for how it splits.
pub(super) fn docker_text(line: &str) -> Option<DockerText> {
    const KEYS: [&str; 4] = ["log", "stream", "attrs", "time"];
    if !line.starts_with("{\"log\":\"") {
        return None;
    }
    let mut fields = Vec::new();
    let mut scanner = Scanner::new(line.trim_ascii_end());
    let count = scanner.object(&mut fields, KEYS.len(), 4).ok()?;
    let is_whole = count == fields.len() && scanner.peek().is_none();
    let is_docker = is_whole && fields.iter().all(|field| KEYS.contains(&&*field.key));
    let text = |key: &str| {
        let field = fields.iter().find(|field| field.key == key)?;
        (is_docker && field.value.kind == Kind::String).then(|| decode_string(field.value.raw))
    };
    let stream = text("stream")?;
    let stream = STREAMS.into_iter().find(|name| *name == stream)?;
    Some(DockerText {
        timestamp_ns: parse_timestamp(&text("time")?, 0)?,
        text: text("log")?.into_owned(),
        stream,
    })
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
