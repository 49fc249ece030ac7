//! The time that one read may take.

use std::time::{Duration, Instant};

use crate::Error;

/// Started with the read, asked between its slices.
pub(crate) struct Budget {
    started: Instant,
    limit: Duration,
}

impl Budget {
    pub(crate) fn start(limit: Duration) -> Self {
        Self {
            started: Instant::now(),
            limit,
        }
    }

    /// # Errors
    /// Fails when the time is spent, and when the reader has left.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if crate::interrupt::is_interrupted() {
            return Err(Error::Timeout {
                message: "nobody waits for the answer any more".to_owned(),
            });
        }
        let elapsed = self.started.elapsed();
        if elapsed <= self.limit {
            return Ok(());
        }
        Err(Error::Timeout {
            message: format!(
                "the search took {} ms, limit is {} ms: narrow the time range or add a service",
                elapsed.as_millis(),
                self.limit.as_millis()
            ),
        })
    }
}
