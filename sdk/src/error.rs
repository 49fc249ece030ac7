//! What can go wrong.

/// A batch that was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address or the token cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The server refused the request as it is; sending it again would not help.
    #[error("the server answered {status}: {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's words.
        detail: String,
    },
    /// The server was away or busy for longer than the client's patience.
    #[error("the server did not take the batch within {seconds} s: {last}")]
    Unavailable {
        /// How long it was tried.
        seconds: u64,
        /// What the last try ended with.
        last: String,
    },
}
