//! GELF over UDP, in chunks or not, and over TCP.

use std::sync::Arc;

use domain::LogRecord;
use engine::Tasks;
use ingest::{GelfChunks, GelfFrames, decode_gelf_message};
use tokio::net::UdpSocket;

use super::Pair;
use super::destination::Destination;
use super::inlet::Inlet;
use super::memory::{Memory, Share};
use super::reader::{Patience, Progress, Reader};
use super::storing::count_refused;
use super::streams::{Connection, accept};
use crate::state::AppState;

/// Largest datagram of IP.
const DATAGRAM_BYTES: usize = 65_535;
/// Memory for the unfinished messages of all connections.
const MEMORY_BYTES: usize = 128 * 1024 * 1024;
/// Its name in metrics and logs.
const DOOR: &str = "gelf";

/// Begins to read.
pub(super) fn serve(pair: Pair, destination: Destination, state: &Arc<AppState>, tasks: &Tasks) {
    let inlet = Inlet::start(DOOR, destination, state, tasks);
    tasks.spawn(
        "gelf datagrams",
        read_datagrams(pair.datagrams, Arc::clone(&inlet)),
    );
    let memory = Memory::new(MEMORY_BYTES);
    let handle = move |stream| read_stream(stream, Arc::clone(&inlet), memory.share());
    let accepting = accept(pair.streams, DOOR, None, tasks.clone(), handle);
    tasks.spawn("gelf streams", accepting);
}

async fn read_datagrams(socket: UdpSocket, inlet: Arc<Inlet>) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    let mut chunks = GelfChunks::new(inlet.state.limits.record_bytes);
    loop {
        let received = tokio::select! {
            () = inlet.stop.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // A failure belongs to one datagram (say, an ICMP answer), never to the socket.
        let Ok((length, sender)) = received else {
            continue;
        };
        let now_ns = inlet.state.clock.now_ns();
        let message = chunks.push(now_ns, sender, &buffer[..length]);
        if let Some(record) = message.and_then(|message| read(&message, &inlet)) {
            inlet.offer(record);
        }
        let given_up = chunks.take_given_up();
        if given_up > 0 {
            metrics::counter!("vigil_api_socket_records_dropped_total", "door" => DOOR)
                .increment(given_up);
        }
    }
}

async fn read_stream(stream: Connection, inlet: Arc<Inlet>, mut share: Share) {
    let mut frames = GelfFrames::new(inlet.state.limits.record_bytes);
    let mut reader = Reader::new(stream, Patience::default(), inlet.stop.clone());
    let mut records = Vec::new();
    let mut progress = Progress::Between;
    while let Some(bytes) = reader.read(progress).await {
        let mut is_new = false;
        frames.push(bytes, |message| {
            is_new = true;
            records.extend(read(message, &inlet));
        });
        progress = match frames.held_bytes() {
            0 => Progress::Between,
            _ => Progress::Within { is_new },
        };
        if !inlet.send(&mut records).await || !share.resize(frames.capacity_bytes()).await {
            return;
        }
    }
    frames.finish(|message| records.extend(read(message, &inlet)));
    inlet.send(&mut records).await;
}

/// The record of a message; one that is none is counted.
fn read(message: &[u8], inlet: &Inlet) -> Option<LogRecord> {
    decode_gelf_message(message, &inlet.context())
        .inspect_err(|reason| {
            tracing::debug!(reason, "a GELF message was refused");
            count_refused(DOOR, 1);
        })
        .ok()
}
