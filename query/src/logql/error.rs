//! What can be wrong with a LogQL query, in the words of Loki: its clients show them to people.

use domain::{ErrorKind, ReadError};

use super::lexer::Position;

/// A query that cannot be understood, or that could not be answered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The text breaks a rule of the language at a place.
    #[error("parse error at line {line}, col {column}: {message}")]
    Parse {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The text as a whole breaks a rule.
    #[error("parse error : {0}")]
    Rule(String),
    /// The question cannot be asked like this.
    #[error("{0}")]
    BadRequest(String),
    /// Answering takes more than one question may.
    #[error("{0}")]
    Limit(String),
    /// The store could not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Error {
    pub(super) fn parse(position: Position, message: impl Into<String>) -> Self {
        Self::Parse {
            line: position.line,
            column: position.column,
            message: message.into(),
        }
    }

    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Read(error) => error.kind,
            _ => ErrorKind::BadRequest,
        }
    }
}
