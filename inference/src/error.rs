//! What can go wrong in this room.

use domain::ErrorKind;

/// A failed load or generation.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The weights cannot be read.
    #[error("model file {path}: {reason}")]
    ModelFile {
        /// Where it was looked for.
        path: String,
        /// What was wrong.
        reason: String,
    },
    /// Neither our decoder nor candle-transformers knows the architecture.
    #[error(
        "architecture '{0}' is not supported (qwen2, qwen3, llama, gemma3; as GGUF also phi3, glm4, lfm2)"
    )]
    UnsupportedArchitecture(String),
    /// A computation of the model failed.
    #[error("model computation: {0}")]
    Compute(String),
    /// The grammar of a request is not valid.
    #[error("grammar: {0}")]
    Grammar(String),
    /// The queue of the local model is full.
    #[error("the local model has {limit} requests waiting, the limit is {limit}")]
    QueueFull {
        /// Requests that may wait.
        limit: usize,
    },
    /// The prompt and the answer do not fit.
    #[error("prompt is {tokens} tokens and {wanted} are wanted, the context is {limit}")]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Tokens asked for on top.
        wanted: usize,
        /// Tokens that fit.
        limit: usize,
    },
    /// The request used up its time.
    #[error("no answer within {budget_ms} ms")]
    Timeout {
        /// The time it had.
        budget_ms: u64,
    },
    /// The caller left or the process stops.
    #[error("cancelled")]
    Cancelled,
    /// The model is not there: loading failed or its thread is gone.
    #[error("the model is not available: {0}")]
    Unavailable(String),
    /// A spending limit of an external provider is reached.
    #[error("{spent} {unit} spent in this period, the limit is {limit}")]
    BudgetSpent {
        /// What was used so far.
        spent: u64,
        /// What may be used.
        limit: u64,
        /// Calls, tokens or micro-dollars.
        unit: &'static str,
    },
    /// An external provider is asked about a share of the incidents only, and this one is not among them.
    #[error("left out: {percent} % of the incidents are given to this model")]
    NotSampled {
        /// The share that it is asked about.
        percent: u32,
    },
    /// An external provider answered with a failure.
    #[error("{provider}: {reason}")]
    Provider {
        /// Its name.
        provider: String,
        /// Status and message, without the request.
        reason: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// The generator's text could not be read as what was asked for.
    #[error("unreadable answer: {0}")]
    Unreadable(String),
}

impl Error {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::QueueFull { .. } | Self::BudgetSpent { .. } | Self::NotSampled { .. } => {
                ErrorKind::RateLimited
            }
            Self::PromptTooLong { .. } => ErrorKind::TooLarge,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Cancelled | Self::Unavailable(_) | Self::ModelFile { .. } => {
                ErrorKind::Unavailable
            }
            Self::Provider { .. } => ErrorKind::Unavailable,
            Self::UnsupportedArchitecture(_) => ErrorKind::BadRequest,
            Self::Compute(_) | Self::Grammar(_) | Self::Unreadable(_) => ErrorKind::Internal,
        }
    }
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        // Candle's errors carry a backtrace in their text; the first line says what happened.
        let text = error.to_string();
        Self::Compute(text.lines().next().unwrap_or_default().to_owned())
    }
}

/// The result of this room.
pub type Result<T, E = Error> = std::result::Result<T, E>;
