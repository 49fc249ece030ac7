//! Connections: how many, how long they may wait, and how they end. Speaks HTTP/1 and HTTP/2 (by prior knowledge).

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use engine::Tasks;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt as _;

use crate::peer;

/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS: usize = 4_096;
/// How long a new connection may take for its first request's headers.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long the headers of a further request may take. The clock runs while a connection is idle, too, so
/// this is longer than the usual pauses of shippers and scrapers.
const NEXT_REQUEST: Duration = Duration::from_secs(30);
/// How long a connection without a new request is kept; what it is still answering is finished.
const IDLE: Duration = Duration::from_secs(120);
/// Most bytes of headers, and of what is read ahead: the memory of a connection that sends nothing useful.
const BUFFER_BYTES: usize = 64 * 1024;
/// Most bytes of headers of an HTTP/2 request.
const HEADER_BYTES: u32 = 32 * 1024;
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 100;
/// How long accepting pauses after a failure (usually: no file descriptor is left).
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts until the soft stop; each connection is a task of its own, ended by the hard stop at the latest.
pub async fn serve(listener: TcpListener, router: Router, tasks: Tasks) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let stop = tasks.soft_stop();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((stream, peer, slot)) => {
                // Answers are small and complete: waiting for more bytes would only delay them.
                stream.set_nodelay(true).ok();
                let router = router.clone();
                tasks.spawn(
                    "connection",
                    connection(stream, peer, router, tasks.clone(), slot),
                );
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, slot))
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    tasks: Tasks,
    _slot: OwnedSemaphorePermit,
) {
    let requests = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&requests);
    let (stream, other_end) = peer::shared(stream);
    let service = service_fn(move |request: Request<Incoming>| {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let waiting = other_end.of_request(request.version());
        request.extensions_mut().insert(waiting);
        router.clone().oneshot(request)
    });
    let stop = tasks.soft_stop();
    let builder = builder(tasks);
    let mut connection =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let mut pause = pin!(tokio::time::sleep(FIRST_REQUEST));
    let mut seen = 0;
    let mut is_ending = false;
    loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, %peer, "a connection broke");
                }
                return;
            }
            // An idle connection ends at once, others with the answers that they wait for.
            () = stop.cancelled(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = pause.as_mut(), if !is_ending => {
                match requests.load(Ordering::Relaxed) {
                    0 => {
                        tracing::debug!(%peer, "a connection without a request is closed");
                        // Clients of gRPC connect long before they call: they are told, so that a call that is on its way
                        // is not lost with the connection.
                        is_ending = true;
                        connection.as_mut().graceful_shutdown();
                        let ended = tokio::time::timeout(GOODBYE, connection.as_mut()).await;
                        if ended.is_ok() || requests.load(Ordering::Relaxed) == 0 {
                            return;
                        }
                    }
                    count if count == seen => {
                        is_ending = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    count => {
                        seen = count;
                        pause.as_mut().reset(tokio::time::Instant::now() + IDLE);
                    }
                }
            }
        }
    }
}

fn builder(tasks: Tasks) -> Builder<Streams> {
    let mut builder = Builder::new(Streams(tasks));
    builder
        .http1()
        .timer(TokioTimer::new())
        // Some loggers send a record and close without waiting for the answer: it is stored even so. Whoever else has
        // left is noticed when something is written to it, or by `Peer::left`.
        .half_close(true)
        .header_read_timeout(NEXT_REQUEST)
        .max_buf_size(BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_BYTES)
        .keep_alive_interval(NEXT_REQUEST)
        .keep_alive_timeout(FIRST_REQUEST);
    builder
}

/// Runs the requests of HTTP/2 connections as tasks, so that a stop ends them as well.
#[derive(Clone)]
struct Streams(Tasks);

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn("http2 stream", future);
    }
}
