//! Why a message was not accepted, and what that means for the next attempt.

use std::time::Duration;

use domain::ErrorKind;

/// What kind of failure a delivery had; the words of Alertmanager 0.34's `reason` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendReason {
    /// The channel refused the message or is set up wrongly.
    ClientError,
    /// The channel is broken or cannot be reached.
    ServerError,
    /// Too many messages at once.
    RateLimited,
    /// The credential is not accepted.
    AuthError,
    /// No answer in time: the message may or may not have arrived.
    Timeout,
}

impl SendReason {
    /// The label value, for example `rateLimited`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientError => "clientError",
            Self::ServerError => "serverError",
            Self::RateLimited => "rateLimited",
            Self::AuthError => "authError",
            Self::Timeout => "timeout",
        }
    }
}

/// A message that was not accepted. The text holds no secret: no address, token or header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SendError {
    /// What kind of failure.
    pub reason: SendReason,
    /// Whether trying again can help.
    pub retryable: bool,
    /// How long the channel asked to wait, at most an hour.
    pub retry_after: Option<Duration>,
    /// The HTTP status or SMTP code, when there was an answer.
    pub status: Option<u16>,
    /// One lowercase line for the timeline.
    pub message: String,
}

impl SendError {
    pub(crate) fn permanent(reason: SendReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            retryable: false,
            retry_after: None,
            status: None,
            message: message.into(),
        }
    }

    pub(crate) fn temporary(reason: SendReason, message: impl Into<String>) -> Self {
        Self {
            retryable: true,
            ..Self::permanent(reason, message)
        }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.reason {
            SendReason::ClientError => ErrorKind::BadRequest,
            SendReason::ServerError | SendReason::AuthError => ErrorKind::Unavailable,
            SendReason::RateLimited => ErrorKind::RateLimited,
            SendReason::Timeout => ErrorKind::Timeout,
        }
    }
}
