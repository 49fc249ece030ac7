//! Every way in: the decoders of the room behind one face, with the requests that they should be able to read.
//!
//! The fuzz targets are these too.

use std::sync::LazyLock;

use domain::{ChangeEvent, LogRecord, MetricPoint, ProjectId, Rejected, Span};
use ingest::{Context, Decoded, Error, Limits};

/// 2026-11-28T08:00:00Z, when everything here happened.
pub const AT_NS: u64 = 1_795_852_800_000_000_000;
/// An hour later it arrives.
pub const NOW_NS: i64 = AT_NS as i64 + 3_600_000_000_000;

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

/// The limits of every door.
pub fn limits() -> &'static Limits {
    &LIMITS
}

/// What decoders are told.
pub fn context() -> Context<'static> {
    Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: limits(),
    }
}

/// What a record says.
#[derive(Debug, Clone)]
pub struct Line {
    pub body: String,
    pub key: String,
    pub value: String,
}

impl Line {
    pub fn new(body: &str, key: &str, value: &str) -> Self {
        let [body, key, value] = [body, key, value].map(str::to_owned);
        Self { body, key, value }
    }
}

/// Whatever a decoder keeps.
#[derive(Debug, Clone, PartialEq)]
pub enum Kept {
    Log(LogRecord),
    Point(MetricPoint),
    Span(Span),
    Event(ChangeEvent),
}

impl Kept {
    /// What it says: the body, the name or the title. Samples bear it as a label.
    pub fn text(&self) -> &str {
        match self {
            Self::Log(record) => &record.body,
            Self::Point(point) => point.labels.get("text").map_or("", String::as_str),
            Self::Span(span) => &span.name,
            Self::Event(event) => &event.title,
        }
    }

    /// An attribute or label that is a text.
    pub fn attribute(&self, key: &str) -> Option<String> {
        let attributes = match self {
            Self::Log(record) => &record.attributes,
            Self::Span(span) => &span.attributes,
            Self::Event(event) => &event.attributes,
            Self::Point(point) => return point.labels.get(key).cloned(),
        };
        let all: serde_json::Value = serde_json::from_str(attributes).ok()?;
        all.get(key)?.as_str().map(str::to_owned)
    }
}

macro_rules! kept {
    ($($item:ty => $variant:ident),*) => {$(
        impl From<$item> for Kept {
            fn from(item: $item) -> Self {
                Self::$variant(item)
            }
        }
    )*};
}
kept!(LogRecord => Log, MetricPoint => Point, Span => Span, ChangeEvent => Event);

/// What came of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    pub kept: Vec<Kept>,
    /// Where each stood; empty when the door does not tell.
    pub positions: Vec<usize>,
    pub rejected: Vec<Rejected>,
    pub rejected_count: usize,
}

impl<T> From<Decoded<T>> for Outcome
where
    Kept: From<T>,
{
    fn from(decoded: Decoded<T>) -> Self {
        Self {
            positions: (0..decoded.accepted.len())
                .map(|index| decoded.positions.of(index))
                .collect(),
            kept: decoded.accepted.into_iter().map(Kept::from).collect(),
            rejected: decoded.rejected,
            rejected_count: decoded.rejected_count,
        }
    }
}

impl Outcome {
    /// Streams have no end, what is collected here has one.
    pub fn keep(&mut self, kept: Kept) {
        const MOST: usize = 100_000;
        if self.kept.len() < MOST {
            self.kept.push(kept);
        }
    }

    /// Adds what came of a message that is a record of its own.
    pub fn add<T>(&mut self, result: Result<T, String>)
    where
        Kept: From<T>,
    {
        match result {
            Ok(record) => self.keep(record.into()),
            Err(reason) => {
                self.rejected_count += 1;
                if self.rejected.len() < limits().listed_rejections {
                    let index = self.kept.len() + self.rejected.len();
                    self.rejected.push(Rejected { index, reason });
                }
            }
        }
    }

    /// Adds what came of a message of several records.
    pub fn merge(&mut self, other: Self) {
        let before = self.kept.len() + self.rejected_count;
        let room = limits().listed_rejections - self.rejected.len();
        let moved = other.rejected.into_iter().map(|item| Rejected {
            index: before + item.index,
            ..item
        });
        self.rejected.extend(moved.take(room));
        other.kept.into_iter().for_each(|kept| self.keep(kept));
        self.rejected_count += other.rejected_count;
    }
}

/// What keeps a broken record away from its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Its length stands before it: whatever is in it, nobody else is harmed.
    Length,
    /// This byte stands behind it.
    Mark(u8),
    /// Its brackets: they must at least be balanced.
    Brackets,
    /// Nothing but itself.
    Nothing,
    /// It comes alone.
    Alone,
}

/// How requests are put together.
#[derive(Clone, Copy)]
pub struct Parts {
    pub element: fn(&Line) -> Vec<u8>,
    pub frame: fn(&[Vec<u8>]) -> Vec<u8>,
    pub isolation: Isolation,
}

/// A decoder.
pub struct Door {
    pub name: &'static str,
    pub decode: fn(&[u8]) -> Result<Outcome, Error>,
    pub parts: Option<Parts>,
    /// Further requests that can be read: what the parts do not show, and captures of real clients.
    pub samples: Vec<Vec<u8>>,
    /// The name under which the value of a line is found, if it is.
    pub attribute: fn(&Line) -> Option<String>,
    /// Whether texts arrive as they were sent; lines of text are taken apart instead.
    pub is_exact: bool,
}

impl Door {
    pub fn new(name: &'static str, decode: fn(&[u8]) -> Result<Outcome, Error>) -> Self {
        Self {
            name,
            decode,
            parts: None,
            samples: Vec::new(),
            attribute: |line| Some(line.key.clone()),
            is_exact: true,
        }
    }

    pub fn parts(
        mut self,
        isolation: Isolation,
        element: fn(&Line) -> Vec<u8>,
        frame: fn(&[Vec<u8>]) -> Vec<u8>,
    ) -> Self {
        self.parts = Some(Parts {
            element,
            frame,
            isolation,
        });
        self
    }

    pub fn samples(mut self, samples: &[&[u8]]) -> Self {
        self.samples
            .extend(samples.iter().map(|body| body.to_vec()));
        self
    }

    /// A request of these lines.
    pub fn request(&self, lines: &[Line]) -> Option<Vec<u8>> {
        let parts = self.parts?;
        let elements: Vec<Vec<u8>> = lines.iter().map(parts.element).collect();
        Some((parts.frame)(&elements))
    }

    /// Every request that should be readable.
    pub fn all_samples(&self) -> Vec<Vec<u8>> {
        let lines = [
            Line::new("it broke", "k", "v"),
            Line::new("again", "a b", "é"),
        ];
        let lines = match self.parts {
            Some(Parts {
                isolation: Isolation::Alone,
                ..
            }) => &lines[..1],
            _ => &lines[..],
        };
        let made = self.request(lines);
        made.into_iter().chain(self.samples.clone()).collect()
    }
}

/// All of them.
pub fn doors() -> Vec<Door> {
    [
        crate::json::doors(),
        crate::protobuf::doors(),
        crate::streams::doors(),
        crate::text::doors(),
        crate::packed::doors(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
