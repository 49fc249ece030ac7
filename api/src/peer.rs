//! The other end of a connection, and whether it is still there.
//!
//! Our side of HTTP/1 reads nothing while an answer is made and lets clients close their half early, so that a logger which
//! sends and leaves has its record stored. Whoever asks a question that costs a model's time and leaves is noticed here.

use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// How often a connection is looked at on which the next request waits already.
const PAUSE: Duration = Duration::from_millis(200);

/// The stream of a connection, for the one who speaks HTTP on it.
pub(crate) struct Shared(Arc<TcpStream>);

/// The same for who wants to know whether the client is still there; attached to every request.
#[derive(Debug, Clone)]
pub struct Peer(Arc<TcpStream>);

/// Both sides of a stream.
pub(crate) fn shared(stream: TcpStream) -> (Shared, Peer) {
    let stream = Arc::new(stream);
    (Shared(Arc::clone(&stream)), Peer(stream))
}

impl Peer {
    /// Ends when the client has closed its side, or the connection broke.
    pub(crate) async fn left(&self) {
        loop {
            match self.0.ready(Interest::READABLE).await {
                Ok(ready) if !ready.is_read_closed() => {}
                _ => return,
            }
            // Something was sent meanwhile, and nobody reads it before the answer.
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl AsyncRead for Shared {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read_buf(buffer) {
                Ok(_) => return Poll::Ready(Ok(())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Shared {
    /// Tries to write until the socket takes something or says that it will tell.
    fn poll_with(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match write(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
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
        self.poll_with(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_with(cx, |stream| stream.try_write_vectored(pieces))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The system's own buffer is flushed by the system.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The stream is shared, and its own way to do this wants it alone: the same socket under another number.
        let same = self.0.as_fd().try_clone_to_owned()?;
        Poll::Ready(std::net::TcpStream::from(same).shutdown(Shutdown::Write))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (TcpStream, Shared, Peer) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let (stream, peer) = shared(accepted.unwrap().0);
        (client.unwrap(), stream, peer)
    }

    #[tokio::test]
    async fn a_client_that_leaves_is_noticed_while_nobody_reads_and_one_that_waits_is_not() {
        let (mut client, mut stream, peer) = pair().await;
        let soon = Duration::from_millis(300);
        assert!(tokio::time::timeout(soon, peer.left()).await.is_err());
        // What it sent meanwhile is no sign that it left.
        client.write_all(b"next").await.unwrap();
        assert!(tokio::time::timeout(soon, peer.left()).await.is_err());
        let mut read = [0_u8; 4];
        stream.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"next");
        drop(client);
        tokio::time::timeout(Duration::from_secs(5), peer.left())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn large_texts_go_both_ways_and_a_goodbye_is_heard() {
        let (mut client, mut stream, _peer) = pair().await;
        let sent = vec![7_u8; 3 << 20];
        let expected = sent.clone();
        let writing = async move {
            stream.write_all(&sent).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut back = Vec::new();
            stream.read_to_end(&mut back).await.unwrap();
            back
        };
        let reading = async move {
            let mut got = Vec::new();
            client.read_to_end(&mut got).await.unwrap();
            client.write_all(&got).await.unwrap();
            drop(client);
            got
        };
        let (back, got) = tokio::join!(writing, reading);
        assert!(back == expected && got == expected);
    }
}
