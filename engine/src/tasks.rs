//! Named, tracked, cancellable tasks: the only place that spawns.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The tasks of one process: a soft stop asks them to finish, a hard stop ends them.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Tasks {
    /// No task yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process should finish what it holds and stop.
    #[must_use]
    pub fn soft_stop(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when the patience of the soft stop is over.
    #[must_use]
    pub fn hard_stop(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Spawns a tracked task. A panic in it is logged with its name and does not end the process.
    pub fn spawn<F>(&self, name: &'static str, future: F) -> JoinHandle<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let hard = self.hard.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = hard.cancelled() => tracing::warn!(task = name, "task ended by the hard stop"),
                outcome = AssertUnwindSafe(future).catch_unwind() => match outcome {
                    Ok(()) => tracing::debug!(task = name, "task ended"),
                    Err(panic) => panicked(name, panic.as_ref()),
                },
            }
        })
    }

    /// Spawns a loop and starts it again after a panic, a second later: one poisoned item must not
    /// stop alerting for ever.
    pub fn spawn_supervised<M, F>(&self, name: &'static str, make: M) -> JoinHandle<()>
    where
        M: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let soft = self.soft.clone();
        self.spawn(name, async move {
            loop {
                // In the task itself, not in one of its own: the hard stop must end it too.
                match AssertUnwindSafe(make()).catch_unwind().await {
                    Ok(()) => return,
                    Err(panic) => panicked(name, panic.as_ref()),
                }
                tokio::select! {
                    () = soft.cancelled() => return,
                    () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
                }
            }
        })
    }

    /// Asks every task to finish and waits; after `patience` the rest is ended.
    pub async fn stop(&self, patience: std::time::Duration) {
        self.soft.cancel();
        self.tracker.close();
        if tokio::time::timeout(patience, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                patience_s = patience.as_secs(),
                "tasks did not finish in time: hard stop"
            );
            self.hard.cancel();
            tokio::time::timeout(std::time::Duration::from_secs(2), self.tracker.wait())
                .await
                .ok();
        }
    }
}

fn panicked(name: &'static str, panic: &(dyn std::any::Any + Send)) {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no text)");
    tracing::error!(task = name, panic = text, "task panicked");
    metrics::counter!("vigil_engine_task_panics_total", "task" => name).increment(1);
}

/// Runs blocking work (SQL, models) on the blocking pool; a panic in it becomes an error.
///
/// # Errors
/// Fails with the work's own error, or as internal when it panicked.
pub async fn blocking<T, E, F>(work: F) -> Result<T, crate::Error>
where
    T: Send + 'static,
    E: Into<crate::Error> + Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Into::into),
        Err(error) => Err(crate::Error::Internal(format!("blocking work: {error}"))),
    }
}

#[cfg(test)]
mod tests;
