//! Looking after the stored records: rows become blocks, small blocks large ones, old ones move and go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{ProjectId, failpoint};
use store::{
    AnomalyStore, BlockCheck, Deletion, LeaseStore, LogStore, Moved, RetentionRule, TraceStore,
};
use tokio_util::sync::CancellationToken;

use crate::retain::DAY_NS;
use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// How often rows of the tail are looked at.
const PERIOD: Duration = Duration::from_secs(15);
/// How often blocks are put together and moved.
const SLOW_PERIOD: Duration = Duration::from_secs(10 * 60);
/// How often all of it is done while a fault trial waits for one of its points.
const TRIAL_PERIOD: Duration = Duration::from_millis(200);
/// One node does it, and another takes over when it has been silent for so long.
const LEASE_NS: i64 = 120 * domain::NANOS_PER_SECOND;
const LEASE: &str = "upkeep";
/// How often it is prolonged while the work goes on.
const RENEW: Duration = Duration::from_secs(30);
/// Longest text of a deletion that is noted, bytes.
const MAX_NOTE_BYTES: usize = 4_096;
/// Stands before what was asked for when it was not done to the end.
const BROKE_OFF: &str = "broke off, nobody knows how many went: ";

/// Until the stop.
pub(crate) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let mut slow_at = Instant::now();
    let is_trial = failpoint::is_armed();
    let period = if is_trial { TRIAL_PERIOD } else { PERIOD };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(period) => {}
        }
        let is_slow = is_trial || slow_at.elapsed() >= SLOW_PERIOD;
        if is_slow {
            slow_at = Instant::now();
        }
        let worker = Arc::clone(&inner);
        let work = blocking(move || worker.look_after(is_slow));
        if let Err(error) = while_leading(&inner, RENEW, work).await {
            tracing::warn!(%error, "the stored records could not be looked after");
        }
    }
}

/// Does the work and prolongs the lease meanwhile: moving many blocks takes longer than it lasts, and another node must not
/// begin the same.
async fn while_leading<T>(inner: &Arc<Inner>, renew: Duration, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(renew) => {}
        }
        let leader = Arc::clone(inner);
        match blocking(move || leader.lead()).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("another node looks after the stored records as well"),
            Err(error) => tracing::warn!(%error, "the lease of the upkeep could not be prolonged"),
        }
    }
}

impl Inner {
    /// Whether this node looks after the stored records; prolongs its lease.
    fn lead(&self) -> Result<bool, Error> {
        let now_ns = self.clock.now_ns();
        let lease = self
            .store
            .acquire_lease(LEASE, &self.owner, LEASE_NS, now_ns)?;
        Ok(lease.is_some())
    }

    /// Seals; with `is_slow` also puts together and moves. What fails for one project is told and left for the next time,
    /// so that it stands in nobody else's way.
    fn look_after(&self, is_slow: bool) -> Result<(), Error> {
        // The lease of a process that ended itself in the trial before would be in the way of the next.
        if !failpoint::is_armed() && !self.lead()? {
            return Ok(());
        }
        let now_ns = self.clock.now_ns();
        match self.store.seal(now_ns, failpoint::is_armed()) {
            Ok(0) => {}
            Ok(sealed) => tracing::debug!(records = sealed, "rows became blocks"),
            Err(error) => tracing::warn!(%error, "rows could not be made blocks"),
        }
        if !is_slow {
            return Ok(());
        }
        for project_id in self.project_ids()? {
            if let Err(error) = self.look_after_blocks(project_id, now_ns) {
                tracing::warn!(%error, project.id = %project_id, "the blocks of a project could not be looked after");
            }
        }
        self.store.sweep(now_ns)?;
        Ok(())
    }

    /// Puts the small blocks of a project together and moves its old ones.
    fn look_after_blocks(&self, project_id: ProjectId, now_ns: i64) -> Result<(), Error> {
        let compacted = self.store.compact(project_id, now_ns)?;
        if compacted > 0 {
            tracing::debug!(project.id = %project_id, blocks = compacted, "small blocks were put together");
        }
        if self.config.tier_after_days > 0 && self.store.has_objects() {
            let age_ns = i64::from(self.config.tier_after_days) * DAY_NS;
            let before_ns = now_ns.saturating_sub(age_ns);
            let moved = self.store.tier(project_id, before_ns, now_ns)?;
            if moved.blocks > 0 {
                tracing::info!(project.id = %project_id, ?moved, "blocks moved to block storage");
            }
        }
        Ok(())
    }

    /// Deletes what the retention of a project and of its services says.
    pub(crate) fn retain(&self, project_id: ProjectId, now_ns: i64) -> Result<(), Error> {
        let rules = self.store.retention_rules(project_id)?;
        let own = rules.iter().find(|rule| rule.service.is_empty());
        let days = i64::from(self.config.retention_days);
        let keep_ns = own.map_or(days * DAY_NS, |rule| rule.keep_ns);
        for rule in rules.iter().filter(|rule| !rule.service.is_empty()) {
            let before_ns = now_ns.saturating_sub(rule.keep_ns);
            let gone =
                self.store
                    .delete_service_before(project_id, &rule.service, before_ns, now_ns)?;
            if gone > 0 {
                tracing::info!(project.id = %project_id, service.name = rule.service, records = gone, "retention of a service");
            }
        }
        if keep_ns <= 0 {
            return Ok(());
        }
        // A service that is kept longer holds back everything: its records, counts and patterns belong together.
        let longest = rules.iter().map(|rule| rule.keep_ns).max().unwrap_or(0);
        let before_ns = now_ns.saturating_sub(keep_ns);
        if longest > keep_ns {
            return self.retain_all_but(project_id, &rules, before_ns, now_ns);
        }
        let deleted = self.store.delete_before(project_id, before_ns, now_ns)?;
        let spans = self
            .store
            .delete_spans_before(project_id, before_ns, now_ns)?;
        self.store.delete_anomalies(project_id, before_ns)?;
        tracing::info!(project.id = %project_id, ?deleted, spans, "retention");
        Ok(())
    }

    /// Some services are kept longer than the project: the records of all others go one service at a time.
    fn retain_all_but(
        &self,
        project_id: ProjectId,
        rules: &[RetentionRule],
        before_ns: i64,
        now_ns: i64,
    ) -> Result<(), Error> {
        let mut filter = domain::LogFilter::in_range(domain::TimeRange {
            start_ns: i64::MIN,
            end_ns: before_ns,
        });
        let named = rules.iter().filter(|rule| !rule.service.is_empty());
        filter.excluded_services = named.map(|rule| rule.service.clone()).collect();
        let records = self.store.delete_matching(project_id, &filter, now_ns)?;
        self.store
            .delete_all_but_records_before(project_id, before_ns, now_ns)?;
        let spans = self
            .store
            .delete_spans_before(project_id, before_ns, now_ns)?;
        self.store.delete_anomalies(project_id, before_ns)?;
        tracing::info!(project.id = %project_id, records, spans, "retention, some services are kept longer");
        Ok(())
    }
}

impl Engine {
    /// Deletes the matching records for good and notes who asked; how many went.
    ///
    /// # Errors
    /// Fails when the store cannot be written; what was deleted until then stays deleted.
    pub async fn delete_records(
        &self,
        project_id: ProjectId,
        mut filter: domain::LogFilter,
        requested_by: String,
        text: String,
    ) -> Result<Deletion, Error> {
        let inner = self.inner();
        blocking(move || {
            inner.plan(project_id, &mut filter)?;
            let now_ns = inner.clock.now_ns();
            let outcome = inner.store.delete_matching(project_id, &filter, now_ns);
            // What went before a failure stays gone, so that is noted, too.
            let text = match &outcome {
                Ok(_) => text,
                Err(_) => format!("{BROKE_OFF}{text}"),
            };
            let shown = &text[..text.floor_char_boundary(MAX_NOTE_BYTES)];
            let deletion = Deletion {
                id: domain::RecordId::from_parts(
                    now_ns,
                    *random().first_chunk().unwrap_or(&[0; 10]),
                ),
                requested_by,
                filter: shown.to_owned(),
                records: *outcome.as_ref().unwrap_or(&0),
                created_at_ns: now_ns,
            };
            let noted = inner.store.note_deletion(project_id, &deletion);
            outcome?;
            noted?;
            Ok::<_, Error>(deletion)
        })
        .await
    }

    /// Deletions that were asked for, newest first.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn deletions(&self, project_id: ProjectId) -> Result<Vec<Deletion>, Error> {
        let inner = self.inner();
        blocking(move || Ok::<_, Error>(inner.store.deletions(project_id, 100)?)).await
    }

    /// How long records are kept.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn retention_rules(
        &self,
        project_id: ProjectId,
    ) -> Result<Vec<RetentionRule>, Error> {
        let inner = self.inner();
        blocking(move || Ok::<_, Error>(inner.store.retention_rules(project_id)?)).await
    }

    /// Sets how long the records of a service (`""` for all) are kept; `None` takes the rule away.
    ///
    /// # Errors
    /// [`Error::BadRequest`] on less than an hour; fails when the store cannot be written.
    pub async fn set_retention(
        &self,
        project_id: ProjectId,
        service: String,
        keep_ns: Option<i64>,
    ) -> Result<(), Error> {
        const HOUR_NS: i64 = 60 * domain::NANOS_PER_MINUTE;
        if let Some(keep_ns) = keep_ns.filter(|keep_ns| *keep_ns < HOUR_NS) {
            return Err(Error::BadRequest(format!(
                "retention is {} s, it must be at least 3600 s",
                keep_ns / domain::NANOS_PER_SECOND
            )));
        }
        let inner = self.inner();
        blocking(move || Ok::<_, Error>(inner.store.set_retention(project_id, &service, keep_ns)?))
            .await
    }

    /// Moves the blocks that end before an instant into the configured block storage.
    ///
    /// # Errors
    /// Fails when none is configured or it does not answer; what was moved stays moved.
    pub async fn tier(&self, project_id: ProjectId, before_ns: i64) -> Result<Moved, Error> {
        let inner = self.inner();
        blocking(move || {
            let now_ns = inner.clock.now_ns();
            inner.store.seal(now_ns, true)?;
            Ok::<_, Error>(inner.store.tier(project_id, before_ns, now_ns)?)
        })
        .await
    }

    /// Reads every block and compares it with the catalogue.
    ///
    /// # Errors
    /// Fails when the store does not answer.
    pub async fn check_blocks(&self, project_id: ProjectId) -> Result<BlockCheck, Error> {
        let inner = self.inner();
        blocking(move || Ok::<_, Error>(inner.store.check_blocks(project_id)?)).await
    }
}

fn random() -> [u8; 16] {
    *uuid::Uuid::new_v4().as_bytes()
}

#[cfg(test)]
mod tests;
