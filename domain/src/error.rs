//! The protocol-neutral kinds of failure.

/// What kind of failure an error is. Each room's error maps to one; only `api` turns it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request cannot be understood or breaks a rule.
    BadRequest,
    /// No credential, or one that is not valid.
    Unauthenticated,
    /// A valid credential without the right to do this.
    Forbidden,
    /// The thing asked for does not exist (for this project).
    NotFound,
    /// The state of the thing does not allow this now.
    Conflict,
    /// A written size or count limit was exceeded.
    TooLarge,
    /// Too much at once; try again after a while.
    RateLimited,
    /// It took longer than its budget.
    Timeout,
    /// A part that is needed is not there now.
    Unavailable,
    /// A defect or a failure of the machine.
    Internal,
}

/// A failed read of stored records, seen from outside the store.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// What kind of failure it was.
    pub kind: ErrorKind,
    /// What happened, for the log and, unless internal, for the caller.
    pub message: String,
}
