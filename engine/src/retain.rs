//! Forgetting what is old.

use std::sync::Arc;
use std::time::Duration;

use store::{IdentityStore, JobQueue, LogStore};
use tokio_util::sync::CancellationToken;

use crate::tasks::blocking;
use crate::{Error, Inner};

/// How often.
const PERIOD: Duration = Duration::from_secs(15 * 60);
/// A day in nanoseconds.
pub(crate) const DAY_NS: i64 = 24 * 60 * domain::NANOS_PER_MINUTE;
/// How long finished jobs are kept for people who look after a failure.
const JOBS_NS: i64 = 7 * DAY_NS;

/// Forgets what is older than the retention, until the stop.
pub(crate) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let worker = Arc::clone(&inner);
        if let Err(error) = blocking(move || worker.forget_old()).await {
            tracing::warn!(%error, "retention could not be carried out");
        }
    }
}

impl Inner {
    pub(crate) fn forget_old(&self) -> Result<(), Error> {
        let now_ns = self.clock.now_ns();
        let sessions = self.store.delete_expired_sessions(now_ns)?;
        let jobs = self.store.delete_finished_jobs(now_ns - JOBS_NS)?;
        self.store.delete_login_failures(now_ns - DAY_NS)?;
        self.store
            .delete_ingest_receipts(now_ns - crate::intake::KEY_LIFETIME_NS)?;
        if sessions + jobs > 0 {
            tracing::debug!(sessions, jobs, "forgot what was over");
        }
        for project_id in self.project_ids()? {
            // What cannot be done for one project stands in no other's way.
            if let Err(error) = self.retain(project_id, now_ns) {
                tracing::warn!(%error, project.id = %project_id, "the retention of a project could not be carried out");
            }
        }
        Ok(())
    }
}
