//! Fluentd's forward protocol: records over a stream, each chunk answered when it is durable.

mod handshake;

use std::sync::Arc;
use std::time::Duration;

use domain::LogRecord;
use engine::Tasks;
use futures_util::future::join_all;
use ingest::{
    Context, Decoded, FluentFrames, FluentMessage, FluentRest, decode_fluent, fluent_ack,
};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::Pair;
use super::destination::Destination;
use super::memory::{Memory, Share};
use super::reader::{Patience, Progress, Reader};
use super::storing::{NotStored, count_refused, store};
use super::streams::{Connection, accept};
use crate::state::AppState;

/// Memory for the unfinished messages of all connections.
const MEMORY_BYTES: usize = 256 * 1024 * 1024;
/// Messages up to this size are decoded where they arrive; larger ones on the blocking pool.
const INLINE_BYTES: usize = 64 * 1024;
/// How long a sender that waits for an answer is left without one: then the connection ends, and the sender, who still has
/// the chunk, sends it again. Senders wait 60 s and more.
const ACK_PATIENCE: Duration = Duration::from_secs(45);
/// How long an answer may take to be written.
const WRITE: Duration = Duration::from_secs(30);
/// Its name in metrics and logs.
const DOOR: &str = "fluent";

/// What connections share.
struct Door {
    state: Arc<AppState>,
    destination: Destination,
    stop: CancellationToken,
}

/// Begins to read.
pub(super) fn serve(pair: Pair, destination: Destination, state: &Arc<AppState>, tasks: &Tasks) {
    let door = Arc::new(Door {
        state: Arc::clone(state),
        destination,
        stop: tasks.soft_stop(),
    });
    tasks.spawn(
        "fluent heartbeats",
        answer_heartbeats(pair.datagrams, tasks.soft_stop()),
    );
    let memory = Memory::new(MEMORY_BYTES);
    let handle = move |stream| read_stream(stream, Arc::clone(&door), memory.share());
    let accepting = accept(pair.streams, DOOR, None, tasks.clone(), handle);
    tasks.spawn("fluent streams", accepting);
}

/// Senders ask over UDP whether we are there; the answer is as long as the question.
async fn answer_heartbeats(socket: UdpSocket, stop: CancellationToken) {
    let mut buffer = [0; 16];
    loop {
        let received = tokio::select! {
            () = stop.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        // A failure belongs to one datagram, never to the socket.
        if let Ok((1, sender)) = received {
            socket.send_to(&[0], sender).await.ok();
        }
    }
}

async fn read_stream(stream: Connection, door: Arc<Door>, mut share: Share) {
    let mut reader = Reader::new(stream, Patience::default(), door.stop.clone());
    if let Some(key) = door.destination.shared_key()
        && let Err(reason) = handshake::greet(&mut reader, key).await
    {
        metrics::counter!("vigil_api_socket_handshakes_failed_total", "door" => DOOR).increment(1);
        tracing::debug!(reason, "a sender of the forward protocol was refused");
        return;
    }
    let mut frames = FluentFrames::new(door.state.limits.body_bytes);
    let mut progress = Progress::Between;
    loop {
        let Some(bytes) = reader.read(progress).await else {
            if frames.is_torn() {
                count_refused(DOOR, 1);
            }
            return;
        };
        if !share.resize(frames.held_bytes() + bytes.len()).await {
            tracing::warn!("too many large messages of the forward protocol at once");
            return;
        }
        frames.extend(bytes);
        let mut batch = Batch::default();
        let read = batch.read(&mut frames, &door).await;
        progress = if frames.is_torn() {
            Progress::Within {
                is_new: batch.messages > 0,
            }
        } else {
            Progress::Between
        };
        let (answers, is_all) = batch.store(&door).await;
        let is_told = write(reader.stream(), &answers).await;
        if let Err(reason) = &read {
            count_refused(DOOR, 1);
            tracing::warn!(reason, "a message of the forward protocol cannot be read");
        }
        if read.is_err() || !is_all || !is_told {
            return;
        }
    }
}

async fn write(stream: &mut Connection, answers: &[u8]) -> bool {
    if answers.is_empty() {
        return true;
    }
    let writing = async {
        stream.write_all(answers).await?;
        stream.flush().await
    };
    matches!(tokio::time::timeout(WRITE, writing).await, Ok(Ok(())))
}

/// What was read at once.
#[derive(Default)]
struct Batch {
    messages: usize,
    /// Records that nobody waits for.
    plain: Vec<LogRecord>,
    /// What is left of large messages of that kind.
    plain_rests: Vec<FluentRest>,
    chunks: Vec<Chunk>,
}

/// Records that are answered.
struct Chunk {
    /// Its name, as it goes into the answer.
    name: Vec<u8>,
    /// What it is known by when it comes again, because its answer was lost.
    key: [u8; 32],
    records: Vec<LogRecord>,
    /// What follows them.
    rest: Option<FluentRest>,
}

impl Batch {
    /// Takes the messages that are complete; the reason when one cannot be read, behind which nothing can.
    async fn read(&mut self, frames: &mut FluentFrames, door: &Arc<Door>) -> Result<(), String> {
        while let Some(message) = frames.next_message().map_err(|error| error.to_string())? {
            self.messages += 1;
            let key = |chunk: &[u8]| {
                let mut digest = Sha256::new();
                digest.update(b"fluent");
                digest.update((chunk.len() as u64).to_be_bytes());
                digest.update(chunk);
                digest.update(message);
                <[u8; 32]>::from(digest.finalize())
            };
            let read = if message.len() <= INLINE_BYTES {
                decode(message, door)
            } else {
                let (owned, door) = (message.to_vec(), Arc::clone(door));
                tokio::task::spawn_blocking(move || decode(&owned, &door))
                    .await
                    .map_err(|error| error.to_string())?
            };
            match read.map_err(|error| error.to_string())? {
                FluentMessage::Records(records) => {
                    let Decoded {
                        mut accepted,
                        rejected_count,
                        ..
                    } = records.decoded;
                    count_refused(DOOR, rejected_count);
                    match records.chunk {
                        Some(name) => self.chunks.push(Chunk {
                            key: key(&name),
                            name,
                            records: accepted,
                            rest: records.rest,
                        }),
                        None => {
                            self.plain.append(&mut accepted);
                            self.plain_rests.extend(records.rest);
                        }
                    }
                }
                FluentMessage::Heartbeat | FluentMessage::Ping(_) => {}
            }
        }
        Ok(())
    }

    /// Stores all of it, and gives the answers for the chunks that are durable then, and whether those are all of them:
    /// if not, the sender must hear the end of the connection instead of the others.
    async fn store(self, door: &Door) -> (Vec<u8>, bool) {
        let project_id = door.destination.project_id;
        let count = self.plain.len();
        if count + self.chunks.len() > 0 && door.destination.is_revoked(&door.state).await {
            count_refused(DOOR, count);
            tracing::error!("the ingest token of the forward protocol was revoked");
            return (Vec::new(), false);
        }
        let plain = async {
            // Nobody else has these: they are tried until they are stored, or refused as they are.
            let stored = store(&door.state, DOOR, project_id, None, &self.plain, None).await;
            if stored.is_err() {
                count_refused(DOOR, count);
            }
            for rest in self.plain_rests {
                store_rest(door, rest, None).await.ok();
            }
        };
        let chunks = join_all(self.chunks.into_iter().map(|chunk| chunk.store(door)));
        let ((), names): ((), Vec<Option<Vec<u8>>>) =
            futures_util::future::join(plain, chunks).await;
        let is_all = names.iter().all(Option::is_some);
        let answers = names.into_iter().flatten();
        (answers.flat_map(|name| fluent_ack(&name)).collect(), is_all)
    }
}

impl Chunk {
    /// Stores all of it; gives its name when it is durable.
    async fn store(self, door: &Door) -> Option<Vec<u8>> {
        let (key, project_id) = (Some(self.key), door.destination.project_id);
        let patience = Some(ACK_PATIENCE);
        let records = &self.records;
        store(&door.state, DOOR, project_id, key, records, patience)
            .await
            .ok()?;
        if let Some(rest) = self.rest {
            drop(self.records);
            store_rest(door, rest, Some(self.key)).await.ok()?;
        }
        Some(self.name)
    }
}

/// Reads and stores the rest of a message part by part. Each part of a chunk has a key of its own, so that those that are durable
/// already are not stored again when the chunk comes again.
async fn store_rest(door: &Door, rest: FluentRest, key: Option<[u8; 32]>) -> Result<(), NotStored> {
    let project_id = door.destination.project_id;
    let mut rest = Some(rest);
    for number in 1_u64.. {
        let Some(more) = rest.take() else {
            break;
        };
        let (limits, now_ns) = (door.state.limits, door.state.clock.now_ns());
        let read = tokio::task::spawn_blocking(move || {
            more.next_part(&Context {
                project_id,
                received_at_ns: now_ns,
                default_service: None,
                limits: &limits,
            })
        });
        let (decoded, behind) = read.await.map_err(|error| {
            tracing::error!(%error, "reading the rest of a message failed");
            NotStored::Refused
        })?;
        count_refused(DOOR, decoded.rejected_count);
        let key = key.map(|key| {
            let mut digest = Sha256::new();
            digest.update(key);
            digest.update(number.to_be_bytes());
            <[u8; 32]>::from(digest.finalize())
        });
        let patience = key.map(|_| ACK_PATIENCE);
        let records = &decoded.accepted;
        let stored = store(&door.state, DOOR, project_id, key, records, patience).await;
        if key.is_some() {
            stored?;
        } else if stored.is_err() {
            count_refused(DOOR, records.len());
        }
        rest = behind;
    }
    Ok(())
}

fn decode(message: &[u8], door: &Door) -> Result<FluentMessage, ingest::Error> {
    let context = Context {
        project_id: door.destination.project_id,
        received_at_ns: door.state.clock.now_ns(),
        default_service: None,
        limits: &door.state.limits,
    };
    decode_fluent(message, &context)
}
