//! What can go wrong while getting a model.

use std::path::PathBuf;

/// A failure to read the catalogue or to get a model's files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The catalogue's text is wrong: a defect of the build, or of a file that the user gave.
    #[error("the model catalogue cannot be read: {0}")]
    Catalogue(String),
    /// No model of that id.
    #[error("no model '{0}' in the catalogue; `vigil models list` names them")]
    UnknownModel(String),
    /// Not the name of a repository or of a file in one.
    #[error(
        "'{0}' does not name a model on the hub: owner/repository for an embedding model, \
         owner/repository:file.gguf or owner/repository:model.safetensors for a narrator"
    )]
    HubName(String),
    /// The disk is too full.
    #[error(
        "{path} needs {needed_mb} MB of free space and has {free_mb} MB; make room, or give a folder with --model-dir"
    )]
    NoSpace {
        /// Where it was to be written.
        path: PathBuf,
        /// Megabytes that are missing from the model, and a reserve.
        needed_mb: u64,
        /// Megabytes that are free.
        free_mb: u64,
    },
    /// Reading or writing a file failed.
    #[error("{action} {path} failed: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file is not what the catalogue says.
    #[error("{path} does not match the catalogue: {detail}")]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// Which digest or size was found and which was expected.
        detail: String,
    },
    /// No source had it. One line per source that was tried.
    #[error("'{model}' could not be fetched: {}", tried.join("; "))]
    Unobtainable {
        /// The model's id.
        model: String,
        /// What each source answered.
        tried: Vec<String>,
    },
    /// One source failed; the next is tried.
    #[error("{0}")]
    Source(String),
    /// The caller asked to stop.
    #[error("stopped before the model was complete; what was fetched is kept")]
    Cancelled,
}

impl Error {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
