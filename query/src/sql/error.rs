//! What can go wrong with a query.

use std::time::Duration;

use datafusion::error::DataFusionError;
use domain::{ErrorKind, ReadError};

/// Longest message of the planner that is passed on, characters.
const MESSAGE_CHARS: usize = 600;

/// A query that was not answered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SqlError {
    /// It is not understood, or may not be asked.
    #[error("{0}")]
    Query(String),
    /// A written limit was exceeded.
    #[error("{what} is {value}, limit is {limit}")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// How much there was.
        value: u64,
        /// How much there may be.
        limit: u64,
    },
    /// It needs more memory than one query may have.
    #[error(
        "the query needs more than {limit_bytes} bytes of memory: narrow the time, or group and sort less ({detail})"
    )]
    Memory {
        /// What it may have.
        limit_bytes: usize,
        /// Which part of it wanted more.
        detail: String,
    },
    /// It took longer than it may.
    #[error("the query was ended after {} ms: narrow the time or ask for less", .0.as_millis())]
    Timeout(Duration),
    /// Others are being answered.
    #[error("{0} queries are running already; try again in a moment")]
    Busy(usize),
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A defect.
    #[error("{0}")]
    Internal(String),
}

impl SqlError {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Query(_) | Self::Limit { .. } | Self::Memory { .. } => ErrorKind::BadRequest,
            Self::Timeout(_) => ErrorKind::Timeout,
            Self::Busy(_) => ErrorKind::RateLimited,
            Self::Read(error) => error.kind,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    pub(super) fn limit(what: &'static str, value: usize, limit: usize) -> Self {
        let wide = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        Self::Limit {
            what,
            value: wide(value),
            limit: wide(limit),
        }
    }

    pub(super) fn query(message: impl Into<String>) -> Self {
        Self::Query(message.into())
    }

    /// The planner's error in our words: one line, without its internals.
    pub(super) fn of(error: &DataFusionError, memory_bytes: usize) -> Self {
        let root = error.find_root();
        match root {
            DataFusionError::External(inner) => match inner.downcast_ref::<ReadError>() {
                Some(read) => Self::Read(read.clone()),
                None => match inner.downcast_ref::<Self>() {
                    Some(own) => own.clone(),
                    None => Self::Query(one_line(&inner.to_string())),
                },
            },
            DataFusionError::ResourcesExhausted(detail) => Self::Memory {
                limit_bytes: memory_bytes,
                detail: one_line(detail).chars().take(160).collect(),
            },
            DataFusionError::Internal(detail) => Self::Internal(one_line(detail)),
            other => Self::Query(one_line(&other.strip_backtrace())),
        }
    }
}

/// The message without the planner's classes of errors, on one line.
fn one_line(message: &str) -> String {
    const CLASSES: [&str; 7] = [
        "Error during planning: ",
        "SQL error: ",
        "Schema error: ",
        "Execution error: ",
        "Arrow error: ",
        "Optimizer rule ",
        "Invalid argument error: ",
    ];
    let mut text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    while let Some(rest) = CLASSES.iter().find_map(|class| text.strip_prefix(class)) {
        text = rest.to_owned();
    }
    if let Some(inner) = text
        .strip_prefix("ParserError(\"")
        .and_then(|rest| rest.strip_suffix("\")"))
    {
        text = inner.replace("\\\"", "\"").replace("\\'", "'");
    }
    if text.chars().count() > MESSAGE_CHARS {
        text = text.chars().take(MESSAGE_CHARS).collect::<String>() + "...";
    }
    text
}
