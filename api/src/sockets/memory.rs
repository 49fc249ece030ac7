//! The memory that unfinished messages of all connections may take together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a connection may hold without asking.
const FREE_BYTES: usize = 64 * 1024;
/// How long a connection waits for its share. Connections that hold a part each may wait for each other, so it ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// The memory of one door.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    kib: Arc<Semaphore>,
}

/// What one connection has of it.
#[derive(Debug)]
pub(super) struct Share {
    memory: Memory,
    held: Option<OwnedSemaphorePermit>,
}

impl Memory {
    pub fn new(bytes: usize) -> Self {
        Self {
            kib: Arc::new(Semaphore::new(bytes / 1024)),
        }
    }

    pub fn share(&self) -> Share {
        Share {
            memory: self.clone(),
            held: None,
        }
    }
}

impl Share {
    /// Makes it as large as `bytes` need; false when there is not so much within the time.
    pub async fn resize(&mut self, bytes: usize) -> bool {
        let wanted = if bytes <= FREE_BYTES { 0 } else { bytes / 1024 };
        let have = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted <= have {
            if let Some(held) = &mut self.held {
                drop(held.split(have - wanted));
            }
            return true;
        }
        let Ok(missing) = u32::try_from(wanted - have) else {
            return false;
        };
        let more = Arc::clone(&self.memory.kib).acquire_many_owned(missing);
        match tokio::time::timeout(PATIENCE, more).await {
            Ok(Ok(more)) => {
                match &mut self.held {
                    Some(held) => held.merge(more),
                    None => self.held = Some(more),
                }
                true
            }
            _ => false,
        }
    }
}
