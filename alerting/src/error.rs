//! What can be wrong with a policy text or a stored state.

use domain::ErrorKind;

/// A policy text that cannot be used, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}:{line}: {message}{}", hint_suffix(.hint.as_deref()))]
pub struct PolicyError {
    /// Where the text came from: a file name, or `request` for one that came by API.
    pub source_name: String,
    /// Line in that text, from 1; 0 when the whole text is meant.
    pub line: usize,
    /// What is wrong, with the value and the limit.
    pub message: String,
    /// What to write instead, when that is known.
    pub hint: Option<String>,
}

impl PolicyError {
    /// The protocol-neutral kind: always the writer's to fix.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::BadRequest
    }
}

fn hint_suffix(hint: Option<&str>) -> String {
    hint.map(|hint| format!("; {hint}")).unwrap_or_default()
}

/// A stored state that this version cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Written by another version.
    #[error("the alerting state has version {found}, this program reads version {supported}")]
    Version {
        /// What the document says.
        found: u64,
        /// What this program reads.
        supported: u64,
    },
    /// Not a state document.
    #[error("the alerting state cannot be read: {0}")]
    Malformed(String),
}

impl StateError {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }
}
