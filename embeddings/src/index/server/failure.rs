//! What the client's errors mean to us.

use domain::ErrorKind;
use qdrant_client::QdrantError;

use crate::error::Error;

/// Keeps status and message; the metadata that the client would print can hold anything.
pub(super) fn of(action: &'static str, error: QdrantError) -> Error {
    let (message, kind) = match error {
        QdrantError::ResponseError { status }
        | QdrantError::ResourceExhaustedError { status, .. } => (
            format!("{} ({})", status.message(), status.code()),
            kind(status.code().into()),
        ),
        QdrantError::InvalidUri(error) => (format!("url: {error}"), ErrorKind::BadRequest),
        other => (other.to_string(), ErrorKind::Internal),
    };
    Error::Server {
        action,
        message: message.chars().take(500).collect(),
        kind,
    }
}

/// A failure on our side of the wire.
pub(super) fn other(action: &'static str, reason: &dyn std::fmt::Display) -> Error {
    Error::Server {
        action,
        message: reason.to_string(),
        kind: ErrorKind::Internal,
    }
}

/// Whether the collection that was there is gone.
pub(super) fn lost(error: &Error) -> bool {
    matches!(
        error,
        Error::Server {
            kind: ErrorKind::NotFound,
            ..
        }
    )
}

/// The kind of a gRPC status code (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
///
/// The client reports a refused connection as "internal", so that is "not there now" too.
fn kind(code: i32) -> ErrorKind {
    match code {
        // invalid argument, failed precondition, out of range
        3 | 9 | 11 => ErrorKind::BadRequest,
        16 => ErrorKind::Unauthenticated,
        7 => ErrorKind::Forbidden,
        5 => ErrorKind::NotFound,
        // already exists
        6 => ErrorKind::Conflict,
        // resource exhausted
        8 => ErrorKind::RateLimited,
        // cancelled (the client's own timeout), deadline exceeded
        1 | 4 => ErrorKind::Timeout,
        _ => ErrorKind::Unavailable,
    }
}
