//! Why a whole request was refused. What is wrong with one record is a `domain::Rejected` instead.

use domain::ErrorKind;

/// A request that was refused as a whole; nothing of it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The body is larger than allowed, before or after decompression.
    #[error("body is {actual_bytes} bytes, limit is {limit_bytes}")]
    BodyTooLarge {
        /// Size of the body as it came.
        actual_bytes: usize,
        /// The limit that it broke.
        limit_bytes: usize,
    },
    /// Decompression was stopped when its output passed the limit.
    #[error(
        "body is more than {limit_bytes} bytes after {encoding} decompression, which is the limit"
    )]
    DecompressedTooLarge {
        /// The limit that it broke.
        limit_bytes: usize,
        /// The name of the content encoding.
        encoding: &'static str,
    },
    /// The body is not what its content encoding says.
    #[error("body is not valid {encoding}: {reason}")]
    BadCompression {
        /// The name of the content encoding.
        encoding: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// A content encoding that is not read.
    #[error("content encoding '{0}' is not supported (identity, gzip, zstd, deflate)")]
    UnsupportedEncoding(String),
    /// A content type that is not read.
    #[error(
        "content type '{0}' is not supported (application/json, application/x-ndjson, application/jsonl, text/plain)"
    )]
    UnsupportedContentType(String),
    /// Metrics and events have no plain text form.
    #[error("plain text cannot be read as {0}, send JSON or NDJSON")]
    TextNotSupported(&'static str),
    /// The outer levels of a protocol's message are broken, so that its records cannot be found.
    #[error("body cannot be read as {what}: {reason}")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// What the records share would be stored with each of them.
    #[error(
        "request grows to more than {limit_bytes} bytes when every record bears what it shares with others, send it in parts"
    )]
    GrowsTooLarge {
        /// The limit that it broke.
        limit_bytes: usize,
    },
    /// More records than one request may carry; send them in several.
    #[error("request holds more than {limit} records, which is the limit")]
    TooManyRecords {
        /// The limit that was passed.
        limit: usize,
    },
}

impl Error {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BodyTooLarge { .. }
            | Self::DecompressedTooLarge { .. }
            | Self::GrowsTooLarge { .. }
            | Self::TooManyRecords { .. } => ErrorKind::TooLarge,
            Self::BadCompression { .. }
            | Self::Malformed { .. }
            | Self::UnsupportedEncoding(_)
            | Self::UnsupportedContentType(_)
            | Self::TextNotSupported(_) => ErrorKind::BadRequest,
        }
    }
}
