//! What can be wrong with a filter.

use domain::{ErrorKind, ReadError};

/// A filter that cannot be understood, or a read that failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The filter's text breaks a rule.
    #[error("{message} (at character {position})")]
    Filter {
        /// Character of the filter's text at which the trouble starts, from 1.
        position: usize,
        /// Lowercase, with the value and what would be right.
        message: String,
    },
    /// A limit of the filter language or of a read was exceeded.
    #[error("{what} is {value}, limit is {limit}")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// How many there were.
        value: u64,
        /// How many there may be.
        limit: u64,
    },
    /// A typed question whose parts do not go together.
    #[error("{0}")]
    Question(String),
    /// The store could not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Error {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Filter { .. } | Self::Limit { .. } | Self::Question(_) => ErrorKind::BadRequest,
            Self::Read(error) => error.kind,
        }
    }
}
