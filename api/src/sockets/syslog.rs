//! Syslog over UDP, TCP and TLS.

use std::sync::Arc;

use engine::Tasks;
use ingest::{SyslogFrames, decode_syslog};
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;

use super::Pair;
use super::destination::Destination;
use super::inlet::Inlet;
use super::reader::{Patience, Progress, Reader};
use super::streams::{Connection, accept};
use crate::state::AppState;

/// Longest message over TCP, as over UDP; longer ones are cut (RFC 5424 asks for 2,048).
const MESSAGE_BYTES: usize = 64 * 1024;
/// Largest datagram of IP.
const DATAGRAM_BYTES: usize = 65_535;
/// Its name in metrics and logs.
const DOOR: &str = "syslog";

/// Begins to read datagrams and plain connections.
pub(super) fn serve(pair: Pair, destination: Destination, state: &Arc<AppState>, tasks: &Tasks) {
    let inlet = Inlet::start(DOOR, destination, state, tasks);
    tasks.spawn(
        "syslog datagrams",
        read_datagrams(pair.datagrams, Arc::clone(&inlet)),
    );
    let handle = move |stream| read_stream(stream, Arc::clone(&inlet));
    let accepting = accept(pair.streams, DOOR, None, tasks.clone(), handle);
    tasks.spawn("syslog streams", accepting);
}

/// Begins to read connections over TLS (RFC 5425).
pub(super) fn serve_tls(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    destination: Destination,
    state: &Arc<AppState>,
    tasks: &Tasks,
) {
    let inlet = Inlet::start("syslog_tls", destination, state, tasks);
    let handle = move |stream| read_stream(stream, Arc::clone(&inlet));
    let accepting = accept(
        listener,
        "syslog_tls",
        Some(acceptor),
        tasks.clone(),
        handle,
    );
    tasks.spawn("syslog over tls", accepting);
}

async fn read_datagrams(socket: UdpSocket, inlet: Arc<Inlet>) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let received = tokio::select! {
            () = inlet.stop.cancelled() => return,
            received = socket.recv(&mut buffer) => received,
        };
        // A failure belongs to one datagram (say, an ICMP answer), never to the socket.
        let Ok(length) = received else { continue };
        if let Some(record) = decode_syslog(&buffer[..length], &inlet.context()) {
            inlet.offer(record);
        }
    }
}

async fn read_stream(stream: Connection, inlet: Arc<Inlet>) {
    let mut frames = SyslogFrames::new(MESSAGE_BYTES);
    let mut reader = Reader::new(stream, Patience::default(), inlet.stop.clone());
    let mut records = Vec::new();
    let mut progress = Progress::Between;
    while let Some(bytes) = reader.read(progress).await {
        let mut is_new = false;
        frames.push(bytes, |message| {
            is_new = true;
            records.extend(decode_syslog(message, &inlet.context()));
        });
        progress = if frames.is_torn() {
            Progress::Within { is_new }
        } else {
            Progress::Between
        };
        if !inlet.send(&mut records).await {
            return;
        }
    }
    frames.finish(|message| records.extend(decode_syslog(message, &inlet.context())));
    inlet.send(&mut records).await;
}
