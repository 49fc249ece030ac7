//! Connections of a door: how many, and each a task of its own.

use std::sync::Arc;
use std::time::Duration;

use engine::Tasks;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS: usize = 1_024;
/// How long is waited after an accept that failed (usually: no file descriptor is left).
const PAUSE: Duration = Duration::from_millis(500);
/// How long the handshake of TLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A connection, over TLS or not.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A connection of either kind.
pub(super) type Connection = Box<dyn Duplex>;

/// Accepts until the soft stop, and gives each connection to `handle`.
pub(super) async fn accept<H, F>(
    listener: TcpListener,
    door: &'static str,
    acceptor: Option<TlsAcceptor>,
    tasks: Tasks,
    handle: H,
) where
    H: Fn(Connection) -> F,
    F: Future<Output = ()> + Send + 'static,
    H: Clone + Send + Sync + 'static,
{
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let stop = tasks.soft_stop();
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (acceptor, handle) = (acceptor.clone(), handle.clone());
                tasks.spawn(door, async move {
                    if let Some(connection) = shaken(stream, acceptor, door).await {
                        handle(connection).await;
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, door, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The connection after the handshake of TLS, when there is to be one.
async fn shaken(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    door: &'static str,
) -> Option<Connection> {
    stream.set_nodelay(true).ok();
    let Some(acceptor) = acceptor else {
        return Some(Box::new(stream));
    };
    let reason = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => return Some(Box::new(stream)),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("it took longer than {} s", HANDSHAKE.as_secs()),
    };
    metrics::counter!("vigil_api_socket_handshakes_failed_total", "door" => door).increment(1);
    tracing::debug!(door, reason, "a handshake failed");
    None
}
