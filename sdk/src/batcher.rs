//! A bounded buffer in front of the client: logging never blocks the service.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::{Client, Log};

/// The limits of a [`Batcher`].
#[derive(Debug, Clone, Copy)]
pub struct BatcherConfig {
    /// Records that may wait; what comes beyond it is dropped and counted.
    pub waiting: usize,
    /// Records of one request at most.
    pub batch: usize,
    /// How long a record waits for company.
    pub delay: Duration,
}

impl Default for BatcherConfig {
    /// 10,000 records may wait, 1,000 go together, after at most a second.
    fn default() -> Self {
        Self {
            waiting: 10_000,
            batch: 1_000,
            delay: Duration::from_secs(1),
        }
    }
}

/// What became of the records so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Durable at the server.
    pub accepted: u64,
    /// Refused by the server, or given up after the client's patience.
    pub refused: u64,
    /// Dropped because too many waited.
    pub dropped: u64,
}

#[derive(Debug, Default)]
struct Shared {
    accepted: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
}

/// Collects records and sends them in the background.
#[derive(Debug)]
pub struct Batcher {
    sender: mpsc::Sender<Log>,
    shared: Arc<Shared>,
    worker: JoinHandle<()>,
}

impl Batcher {
    /// Starts the background task; call it inside a tokio runtime.
    #[must_use]
    pub fn start(client: Client, config: BatcherConfig) -> Self {
        let (sender, receiver) = mpsc::channel(config.waiting.max(1));
        let shared = Arc::new(Shared::default());
        #[expect(
            clippy::disallowed_methods,
            reason = "the rule is for the server's own tasks; this runs inside other people's services"
        )]
        let worker = tokio::spawn(run(client, config, receiver, Arc::clone(&shared)));
        Self {
            sender,
            shared,
            worker,
        }
    }

    /// Takes a record; never waits. `false` when it was dropped.
    pub fn log(&self, log: Log) -> bool {
        let is_taken = self.sender.try_send(log).is_ok();
        if !is_taken {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
        is_taken
    }

    /// What became of the records so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            accepted: read(&self.shared.accepted),
            refused: read(&self.shared.refused),
            dropped: read(&self.shared.dropped),
        }
    }

    /// Sends what waits and ends.
    pub async fn close(self) -> Counts {
        let Self {
            sender,
            shared,
            worker,
        } = self;
        drop(sender);
        worker.await.ok();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            accepted: read(&shared.accepted),
            refused: read(&shared.refused),
            dropped: read(&shared.dropped),
        }
    }
}

async fn run(
    client: Client,
    config: BatcherConfig,
    mut receiver: mpsc::Receiver<Log>,
    shared: Arc<Shared>,
) {
    while let Some(first) = receiver.recv().await {
        let mut batch = vec![first];
        let end = tokio::time::Instant::now() + config.delay;
        while batch.len() < config.batch.max(1) {
            match tokio::time::timeout_at(end, receiver.recv()).await {
                Ok(Some(log)) => batch.push(log),
                // The delay is over, or nobody will send any more.
                Ok(None) | Err(_) => break,
            }
        }
        let size = batch.len() as u64;
        let accepted = match client.send_logs(&batch).await {
            Ok(outcome) => outcome.accepted as u64,
            Err(_) => 0,
        };
        shared.accepted.fetch_add(accepted, Ordering::Relaxed);
        shared
            .refused
            .fetch_add(size.saturating_sub(accepted), Ordering::Relaxed);
    }
}
