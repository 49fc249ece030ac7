//! What can go wrong in the corridor.

use domain::ErrorKind;

/// A failed use-case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// More waits to be stored than the written limit.
    #[error("the ingest queue is full; try again in a second")]
    QueueFull,
    /// As much as may be done at once is being done.
    #[error("{0}")]
    Busy(String),
    /// The request cannot be done as asked.
    #[error("{0}")]
    BadRequest(String),
    /// The request is larger than its written limit.
    #[error("{0}")]
    TooLarge(String),
    /// The thing does not exist for this project.
    #[error("{0} was not found")]
    NotFound(String),
    /// The state of the thing does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// A part that is needed is not there now.
    #[error("{0}")]
    Unavailable(String),
    /// It took longer than its budget.
    #[error("{0}")]
    Timeout(String),
    /// A defect or a failure of the machine.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::QueueFull | Self::Busy(_) => ErrorKind::RateLimited,
            Self::BadRequest(_) => ErrorKind::BadRequest,
            Self::TooLarge(_) => ErrorKind::TooLarge,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Timeout(_) => ErrorKind::Timeout,
            Self::Internal(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn of_kind(kind: ErrorKind, message: String) -> Self {
        match kind {
            ErrorKind::BadRequest => Self::BadRequest(message),
            ErrorKind::TooLarge => Self::TooLarge(message),
            ErrorKind::NotFound => Self::NotFound(message),
            ErrorKind::Conflict => Self::Conflict(message),
            ErrorKind::RateLimited => Self::QueueFull,
            ErrorKind::Unavailable => Self::Unavailable(message),
            ErrorKind::Timeout => Self::Timeout(message),
            ErrorKind::Unauthenticated | ErrorKind::Forbidden | ErrorKind::Internal => {
                Self::Internal(message)
            }
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::of_kind(error.kind(), error.to_string())
    }
}

impl From<domain::ReadError> for Error {
    fn from(error: domain::ReadError) -> Self {
        Self::of_kind(error.kind, error.message)
    }
}

impl From<embeddings::Error> for Error {
    fn from(error: embeddings::Error) -> Self {
        Self::of_kind(error.kind(), error.to_string())
    }
}
