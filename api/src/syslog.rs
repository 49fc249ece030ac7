//! Syslog over UDP and TCP, when it is switched on: into the default project, for the protocol has no credentials.
//!
//! Nobody is answered, so nothing is promised. Senders over TCP are slowed down when the store is slow; datagrams that find
//! no room are dropped and counted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domain::{ErrorKind, LogRecord, ProjectId};
use engine::Tasks;
use ingest::{Context, SyslogFrames, decode_syslog};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::state::AppState;

/// Messages that wait for the commit: 256 MiB of the longest, a few of the usual.
const QUEUE: usize = 4_096;
/// Longest message over TCP, as over UDP; longer ones are cut (RFC 5424 asks for 2,048).
const MESSAGE_BYTES: usize = 64 * 1024;
/// Most records of a commit.
const BATCH: usize = 2_000;
/// Connections at once; further ones wait in the system's queue.
const CONNECTIONS: usize = 1_024;
/// Largest datagram of IP.
const DATAGRAM_BYTES: usize = 65_535;
/// Bytes read from a connection at once.
const CHUNK_BYTES: usize = 16 * 1024;
/// How long is waited after a commit or an accept that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Both sockets, open.
pub struct Listener {
    datagrams: UdpSocket,
    streams: TcpListener,
}

/// What readers share.
struct Shared {
    state: Arc<AppState>,
    project_id: ProjectId,
    sender: mpsc::Sender<LogRecord>,
    stop: CancellationToken,
}

impl Listener {
    /// Takes the address for UDP and TCP.
    ///
    /// # Errors
    /// Fails when it is in use or not of this machine.
    pub async fn bind(addr: SocketAddr) -> anyhow::Result<Self> {
        let what = || format!("listening for syslog on {addr}");
        Ok(Self {
            datagrams: UdpSocket::bind(addr).await.with_context(what)?,
            streams: TcpListener::bind(addr).await.with_context(what)?,
        })
    }

    /// Begins to read; ends with the tasks.
    pub fn serve(self, state: &Arc<AppState>, project_id: ProjectId, tasks: &Tasks) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared {
            state: Arc::clone(state),
            project_id,
            sender,
            stop: tasks.soft_stop(),
        });
        let streams = accept(self.streams, Arc::clone(&shared), tasks.clone());
        tasks.spawn("syslog streams", streams);
        tasks.spawn("syslog datagrams", read_datagrams(self.datagrams, shared));
        let commit = commit(Arc::clone(state), project_id, receiver);
        tasks.spawn("syslog commit", commit);
    }
}

impl Shared {
    fn record(&self, message: &[u8]) -> Option<LogRecord> {
        let context = Context {
            project_id: self.project_id,
            received_at_ns: self.state.clock.now_ns(),
            default_service: None,
            limits: &self.state.limits,
        };
        decode_syslog(message, &context)
    }
}

async fn read_datagrams(socket: UdpSocket, shared: Arc<Shared>) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let received = tokio::select! {
            () = shared.stop.cancelled() => return,
            received = socket.recv(&mut buffer) => received,
        };
        // A failure belongs to one datagram (say, an ICMP answer), never to the socket.
        let Ok(length) = received else { continue };
        let Some(record) = shared.record(&buffer[..length]) else {
            continue;
        };
        if shared.sender.try_send(record).is_err() {
            metrics::counter!("vigil_api_syslog_dropped_total").increment(1);
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tasks: Tasks) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn("syslog", read_stream(stream, Arc::clone(&shared), slot));
            }
            Err(error) => {
                tracing::warn!(%error, "a syslog connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn read_stream(mut stream: TcpStream, shared: Arc<Shared>, _slot: OwnedSemaphorePermit) {
    let mut frames = SyslogFrames::new(MESSAGE_BYTES);
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut records = Vec::new();
    loop {
        let read = tokio::select! {
            () = shared.stop.cancelled() => break,
            read = stream.read(&mut buffer) => read,
        };
        let Ok(length @ 1..) = read else { break };
        frames.push(&buffer[..length], |message| {
            records.extend(shared.record(message));
        });
        if !send(&shared, &mut records).await {
            return;
        }
    }
    frames.finish(|message| records.extend(shared.record(message)));
    send(&shared, &mut records).await;
}

/// Waits for room, so that the sender waits, too.
async fn send(shared: &Shared, records: &mut Vec<LogRecord>) -> bool {
    for record in records.drain(..) {
        if shared.sender.send(record).await.is_err() {
            return false;
        }
    }
    true
}

/// Whether the same records may be stored a moment later.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited
    )
}

fn report_refused(records: usize) {
    metrics::counter!("vigil_api_syslog_refused_total").increment(records as u64);
}

/// Commits what came until no reader is left; what comes during a commit is the next one.
async fn commit(
    state: Arc<AppState>,
    project_id: ProjectId,
    mut receiver: mpsc::Receiver<LogRecord>,
) {
    let mut batch = Vec::new();
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let mut pause = PAUSE;
        // Nobody else has these records: they are tried until they are stored or the process ends, unless the database
        // refuses them as they are, which would hold up all that come after.
        loop {
            let outcome = state
                .engine
                .intake()
                .submit(project_id, batch.clone())
                .await;
            let records = batch.len();
            match outcome {
                Ok(accepted) => {
                    report_refused(accepted.refused.len());
                    break;
                }
                Err(error) if !is_passing(error.kind()) => {
                    tracing::error!(%error, records, "syslog records cannot be stored");
                    report_refused(records);
                    break;
                }
                Err(error) => {
                    tracing::warn!(%error, records, "syslog records wait for the store");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(10));
                }
            }
        }
        batch.clear();
    }
}
