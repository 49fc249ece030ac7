//! The other end of a connection, and whether it is still there.
//!
//! Our side of HTTP/1 reads nothing while an answer is made and lets clients close their half early, so that a logger which
//! sends and leaves has its record stored, and whoever asks so gets an answer. Both say the same on the wire (FIN): that
//! nothing more will be sent. Whoever asks a question that costs a model's time and then says so is sent an interim
//! response, which clients of HTTP/1.1 pass over (RFC 9110, section 15.2): the system of one that has left refuses it
//! (RST), and the work ends.

use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::Version;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// How often a connection is looked at that would tell at once what is known of it already.
const PAUSE: Duration = Duration::from_millis(200);
/// How long whoever closed its half may wait for an answer before it is asked for the first time: most need less.
const FIRST_PROBE: Duration = Duration::from_secs(1);
/// How often it is asked, each time after twice as long: at 1, 3, 7, 15 s. Some clients pass over five interim
/// responses and no more (Go's `net/http`), and `Expect` may have brought one.
const PROBES: u32 = 4;
/// The interim response that also old clients know; without `Expect` it says nothing.
const PROBE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The stream of a connection, for the one who speaks HTTP on it.
pub(crate) struct Shared(Arc<Line>);

/// A connection whose requests want to know whether the client is still there.
pub(crate) struct Other(Arc<Line>);

/// Whether the client is still there; attached to every request.
#[derive(Debug, Clone)]
pub struct Peer {
    line: Arc<Line>,
    version: Version,
}

#[derive(Debug)]
struct Line {
    stream: TcpStream,
    written: Mutex<Written>,
}

/// What the one who speaks HTTP has written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Written {
    /// How often it tried.
    tries: u64,
    /// It has more than was taken.
    is_behind: bool,
}

/// Both sides of a stream.
pub(crate) fn shared(stream: TcpStream) -> (Shared, Other) {
    let line = Arc::new(Line {
        stream,
        written: Mutex::default(),
    });
    (Shared(Arc::clone(&line)), Other(line))
}

impl Other {
    /// For a request of this version of HTTP.
    pub(crate) fn of_request(&self, version: Version) -> Peer {
        Peer {
            line: Arc::clone(&self.0),
            version,
        }
    }
}

impl Peer {
    /// Ends when the client has closed the connection, or it broke; not when it has only said that it sends nothing more.
    /// Where that cannot be told apart (HTTP/1.0, answers of earlier requests under way) it does not end.
    pub(crate) async fn left(&self) {
        let before = self.line.written();
        loop {
            match self.line.stream.ready(Interest::READABLE).await {
                Ok(ready) if !ready.is_read_closed() => {}
                Ok(_) => break,
                Err(_) => return,
            }
            // Something was sent meanwhile, and nobody reads it before the answer.
            tokio::time::sleep(PAUSE).await;
        }
        // On HTTP/2 nobody closes one half.
        if self.version >= Version::HTTP_2 {
            return;
        }
        let mut patience = FIRST_PROBE;
        for _ in 0..PROBES {
            if self.breaks_within(patience).await {
                return;
            }
            if self.version == Version::HTTP_11 && !self.line.probe(before) {
                return;
            }
            patience *= 2;
        }
        while !self.breaks_within(patience).await {}
    }

    /// Whether the connection breaks in this time: the other end refused what was written to it.
    async fn breaks_within(&self, time: Duration) -> bool {
        let end = tokio::time::Instant::now() + time;
        while tokio::time::Instant::now() < end {
            tokio::time::sleep(PAUSE).await;
            let broken = tokio::time::timeout(PAUSE, self.line.stream.ready(Interest::WRITABLE));
            match broken.await {
                Ok(Ok(ready)) if ready.is_write_closed() => return true,
                Ok(Err(_)) => return true,
                // It can be written to, or too much waits to be sent.
                Ok(Ok(_)) | Err(_) => {}
            }
        }
        false
    }
}

impl Line {
    fn written(&self) -> Written {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the interim response, unless something was written since `before` or waits to be written: it must not come
    /// into the middle of an answer. False when the connection is broken.
    fn probe(&self, before: Written) -> bool {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.is_behind || *written != before {
            return true;
        }
        match self.stream.try_write(PROBE) {
            Ok(count) if count == PROBE.len() => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
            // Half of it was taken, and nothing that follows would be understood.
            Ok(_) => {
                shut(&self.stream, Shutdown::Both).ok();
                false
            }
            Err(_) => false,
        }
    }
}

/// The stream is shared, and its own way to do this wants it alone: the same socket under another number.
fn shut(stream: &TcpStream, how: Shutdown) -> io::Result<()> {
    let same = stream.as_fd().try_clone_to_owned()?;
    std::net::TcpStream::from(same).shutdown(how)
}

impl AsyncRead for Shared {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.stream.poll_read_ready(cx))?;
            match self.0.stream.try_read_buf(buffer) {
                Ok(_) => return Poll::Ready(Ok(())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Shared {
    /// Tries to write until the socket takes something of `length` bytes or says that it will tell.
    fn poll_with(
        &self,
        cx: &mut Context<'_>,
        length: usize,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let Line { stream, written } = &*self.0;
        loop {
            let is_ready = stream.poll_write_ready(cx);
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            written.tries += 1;
            written.is_behind = true;
            ready!(is_ready)?;
            match write(stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => {
                    written.is_behind = !matches!(outcome, Ok(count) if count >= length);
                    return Poll::Ready(outcome);
                }
            }
        }
    }
}

impl AsyncWrite for Shared {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, bytes.len(), |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        self.poll_with(cx, length, |stream| stream.try_write_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The system's own buffer is flushed by the system.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(shut(&self.0.stream, Shutdown::Write))
    }
}

#[cfg(test)]
mod tests;
