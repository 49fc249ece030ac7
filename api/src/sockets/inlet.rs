//! The way in for protocols that answer nothing: a bounded queue, and one task that commits what waits in it.

use std::sync::Arc;

use domain::LogRecord;
use engine::Tasks;
use ingest::Context;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::destination::Destination;
use super::storing::{count_refused, store};
use crate::state::AppState;

/// Records that wait for the commit.
const QUEUE: usize = 4_096;
/// Their bytes, in KiB (64 MiB).
const QUEUE_KIB: usize = 64 * 1024;
/// Most records of a commit.
const BATCH: usize = 2_000;

/// A record, and its part of the queue's memory until it is stored.
type Waiting = (LogRecord, OwnedSemaphorePermit);

/// The way in of one door.
pub(super) struct Inlet {
    pub state: Arc<AppState>,
    pub door: &'static str,
    pub stop: CancellationToken,
    destination: Destination,
    sender: mpsc::Sender<Waiting>,
    kib: Arc<Semaphore>,
}

impl Inlet {
    /// Begins to commit; ends when nobody holds it any more, and everything in it is stored.
    pub fn start(
        door: &'static str,
        destination: Destination,
        state: &Arc<AppState>,
        tasks: &Tasks,
    ) -> Arc<Self> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tasks.spawn(
            "socket commit",
            commit(Arc::clone(state), door, destination.clone(), receiver),
        );
        Arc::new(Self {
            state: Arc::clone(state),
            door,
            stop: tasks.soft_stop(),
            destination,
            sender,
            kib: Arc::new(Semaphore::new(QUEUE_KIB)),
        })
    }

    /// What a decoder must know.
    pub fn context(&self) -> Context<'_> {
        Context {
            project_id: self.destination.project_id,
            received_at_ns: self.state.clock.now_ns(),
            default_service: None,
            limits: &self.state.limits,
        }
    }

    /// Takes a record of a datagram, or drops it when there is no room.
    pub fn offer(&self, record: LogRecord) {
        let permit = Arc::clone(&self.kib).try_acquire_many_owned(kib_of(&record));
        let is_taken = permit.is_ok_and(|permit| self.sender.try_send((record, permit)).is_ok());
        if !is_taken {
            metrics::counter!("vigil_api_socket_records_dropped_total", "door" => self.door)
                .increment(1);
        }
    }

    /// Takes records of a stream. Waits for room, so that the sender waits, too; false when nothing is taken any more.
    pub async fn send(&self, records: &mut Vec<LogRecord>) -> bool {
        for record in records.drain(..) {
            let permit = Arc::clone(&self.kib).acquire_many_owned(kib_of(&record));
            let Ok(permit) = permit.await else {
                return false;
            };
            if self.sender.send((record, permit)).await.is_err() {
                return false;
            }
        }
        true
    }
}

/// What a record is reckoned at; never more than there is at all.
fn kib_of(record: &LogRecord) -> u32 {
    let kib = (record.body.len() + record.attributes.len()) / 1024 + 1;
    u32::try_from(kib.min(QUEUE_KIB)).unwrap_or(u32::MAX)
}

/// Commits what came until no reader is left; what comes during a commit is the next one.
async fn commit(
    state: Arc<AppState>,
    door: &'static str,
    destination: Destination,
    mut receiver: mpsc::Receiver<Waiting>,
) {
    let mut batch = Vec::new();
    let mut was_revoked = false;
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let (records, permits): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        let is_revoked = destination.is_revoked(&state).await;
        if is_revoked && !was_revoked {
            tracing::error!(
                door,
                "the ingest token of this door was revoked; its records are refused"
            );
        }
        was_revoked = is_revoked;
        // Nobody else has these records: they are tried until they are stored or the process ends, unless the database
        // refuses them as they are, which would hold up all that come after.
        let is_stored = !is_revoked
            && store(&state, door, destination.project_id, None, &records, None)
                .await
                .is_ok();
        if !is_stored {
            count_refused(door, records.len());
        }
        drop(permits);
    }
}
