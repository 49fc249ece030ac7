//! What can go wrong here.

use std::path::PathBuf;

use domain::ErrorKind;

/// A failure of the encoder or of the semantic index.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the model or of the index could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The model folder is not one that the encoder can run.
    #[error("model in {dir} cannot be used: {reason}")]
    Model {
        /// The model folder.
        dir: PathBuf,
        /// What is missing or not supported.
        reason: String,
    },
    /// A text could not be turned into tokens or a vector.
    #[error("text cannot be encoded: {0}")]
    Encode(String),
    /// A vector of another length than the index was made for.
    #[error("vector has {actual} dimensions, the index has {expected}")]
    Dimension {
        /// Dimensions of the index.
        expected: usize,
        /// Dimensions of the vector given.
        actual: usize,
    },
    /// A vector that holds NaN or an infinity; it would poison every later search.
    #[error("vector of template {0} is not finite")]
    NotFinite(domain::TemplateId),
    /// Another process has the index folder open.
    #[error("index folder {path} is in use by another process")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The index was lost and starts empty: read `epoch()` again and index from the beginning.
    #[error("the index was lost and starts empty ({reason}); index again from the beginning")]
    Recreated {
        /// What was found.
        reason: String,
    },
    /// The index has something else than what was asked for (another dimension, another model).
    #[error("collection '{collection}' does not fit: {reason}")]
    Schema {
        /// The collection.
        collection: String,
        /// What differs.
        reason: String,
    },
    /// The embedded index failed.
    #[error("embedded index: {0}")]
    Edge(String),
    /// The index server did not answer in time.
    #[error("index server did not answer {action} within {timeout_ms} ms")]
    Timeout {
        /// What was asked.
        action: &'static str,
        /// The limit, milliseconds.
        timeout_ms: u64,
    },
    /// The index server refused or could not be reached.
    #[error("index server, {action}: {message}")]
    Server {
        /// What was asked.
        action: &'static str,
        /// Status and message of the server, without metadata.
        message: String,
        /// What kind of failure it was.
        kind: ErrorKind,
    },
}

impl Error {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } | Self::Edge(_) | Self::Encode(_) => ErrorKind::Internal,
            Self::Dimension { .. } | Self::NotFinite(_) => ErrorKind::BadRequest,
            Self::Model { .. } | Self::Recreated { .. } => ErrorKind::Unavailable,
            Self::InUse { .. } | Self::Schema { .. } => ErrorKind::Conflict,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Server { kind, .. } => *kind,
        }
    }

    pub(crate) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }
}

/// Results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
