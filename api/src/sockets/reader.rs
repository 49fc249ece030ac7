//! Bytes of a connection, as long as its sender is not too slow.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Bytes read from a connection at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// How long senders may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Silence before the first byte, and within a message: the sender or the way to it has died.
    pub silence: Duration,
    /// A whole message: no sender is so slow that means it well.
    pub message: Duration,
    /// Silence between two messages. Senders of logs keep their connections, and many lose a message when they find theirs
    /// closed, so this is long.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(60),
            message: Duration::from_secs(300),
            idle: Duration::from_secs(3_600),
        }
    }
}

/// How far the bytes went that were read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// To the end of a message.
    Between,
    /// Into a message, behind others or not at its beginning.
    Within {
        /// Whether a message was completed on the way.
        is_new: bool,
    },
}

/// Reads one connection.
pub(super) struct Reader<S> {
    stream: S,
    buffer: Vec<u8>,
    patience: Patience,
    stop: CancellationToken,
    has_read: bool,
    /// When the message began that is being read.
    begun_at: Option<Instant>,
}

impl<S: AsyncRead + Unpin> Reader<S> {
    pub fn new(stream: S, patience: Patience, stop: CancellationToken) -> Self {
        Self {
            stream,
            buffer: vec![0; CHUNK_BYTES],
            patience,
            stop,
            has_read: false,
            begun_at: None,
        }
    }

    /// The connection, to answer on.
    pub fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// What comes next; `None` when the connection ended, is too slow, or the process stops.
    pub async fn read(&mut self, progress: Progress) -> Option<&[u8]> {
        let now = Instant::now();
        let deadline = match progress {
            Progress::Between => {
                self.begun_at = None;
                now + if self.has_read {
                    self.patience.idle
                } else {
                    self.patience.silence
                }
            }
            Progress::Within { is_new } => {
                let begun_at = self.begun_at.filter(|_| !is_new).unwrap_or(now);
                self.begun_at = Some(begun_at);
                (now + self.patience.silence).min(begun_at + self.patience.message)
            }
        };
        // Bytes that are there already do not excuse a message that is late.
        if deadline <= now {
            metrics::counter!("vigil_api_socket_timeouts_total").increment(1);
            return None;
        }
        let read = tokio::select! {
            () = self.stop.cancelled() => return None,
            read = tokio::time::timeout_at(deadline, self.stream.read(&mut self.buffer)) => read,
        };
        self.has_read = true;
        match read {
            Ok(Ok(length @ 1..)) => Some(&self.buffer[..length]),
            Ok(_) => None,
            Err(_) => {
                metrics::counter!("vigil_api_socket_timeouts_total").increment(1);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
