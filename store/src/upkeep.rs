//! What keeps the stored records in good shape: sealing, putting together, moving, checking and deleting.

use domain::{LogFilter, ProjectId};

pub use crate::blocks::stored::BlockKind;
pub use crate::blocks::tier::{BlockCheck, DamagedBlock, Moved};
pub use crate::log::remove::Deletion;
pub use crate::retention::RetentionRule;

use crate::blocks::{kinds, rewrite, seal, tier};
use crate::log::Deleted;
use crate::log::remove;
use crate::{Error, Store, events, retention, series, spans};

/// Blocks that one call of [`Store::seal`] makes of a project's rows at most: others get their turn.
const BLOCKS_PER_CALL: usize = 8;

/// Makes blocks of some rows of a project; how many rows, 0 when there is nothing to do.
type SealSome = fn(&Store, ProjectId, i64, bool) -> Result<usize, Error>;

/// All calls block.
impl Store {
    /// Makes blocks of the tail's rows that have rested (two minutes, and some thousand of them or an hour), of spans that began
    /// an hour and a half ago and of samples older than an hour, of every project; with `at_once` of all rows. How many
    /// records, spans and samples went into blocks.
    ///
    /// # Errors
    /// Fails when the database cannot be read or written in time; what was sealed stays so. What fails for one project is
    /// told when the others have had their turn.
    pub fn seal(&self, now_ns: i64, at_once: bool) -> Result<usize, Error> {
        let (mut sealed, mut failed) = (0, None);
        let logs = self.read(seal::projects)?;
        let spans = self.read(|c| kinds::projects_of(c, "spans"))?;
        let samples = self.read(|c| kinds::projects_of(c, "metric_samples"))?;
        let mut turn = |project_id, seal: SealSome| -> Result<(), Error> {
            for _ in 0..BLOCKS_PER_CALL {
                match seal(self, project_id, now_ns, at_once) {
                    Ok(0) => break,
                    Ok(records) => sealed += records,
                    Err(error @ Error::Unavailable { .. }) => return Err(error),
                    Err(error) => {
                        failed.get_or_insert(error);
                        break;
                    }
                }
            }
            Ok(())
        };
        for project_id in logs {
            turn(project_id, seal::seal)?;
        }
        for project_id in spans {
            turn(project_id, spans::seal::seal)?;
        }
        for project_id in samples {
            turn(project_id, series::seal::seal)?;
        }
        failed.map_or(Ok(sealed), Err)
    }

    /// Puts small blocks of a project together, of every kind; how many went into larger ones.
    ///
    /// # Errors
    /// As [`Store::seal`].
    pub fn compact(&self, project_id: ProjectId, now_ns: i64) -> Result<usize, Error> {
        let compacted = rewrite::compact(self, project_id, now_ns)?;
        let of_spans = spans::seal::compact(self, project_id, now_ns)?;
        let of_samples = series::seal::compact(self, project_id, now_ns)?;
        Ok(compacted + of_spans + of_samples)
    }

    /// Moves the blocks that end before an instant into the configured block storage.
    ///
    /// # Errors
    /// Fails when none is configured or it or the database does not answer; what was moved stays moved.
    pub fn tier(&self, project_id: ProjectId, before_ns: i64, now_ns: i64) -> Result<Moved, Error> {
        tier::tier(self, project_id, before_ns, now_ns)
    }

    /// Deletes objects of replaced blocks whose grace of an hour is over; how many.
    ///
    /// # Errors
    /// Fails when the block storage or the database does not answer.
    pub fn sweep(&self, now_ns: i64) -> Result<usize, Error> {
        rewrite::sweep(self, now_ns)
    }

    /// Reads every block of a project from where it lies and compares it with the catalogue. Damaged ones are left out
    /// of every read from then on.
    ///
    /// # Errors
    /// Fails when the database or the block storage does not answer.
    pub fn check_blocks(&self, project_id: ProjectId) -> Result<BlockCheck, Error> {
        tier::check(self, project_id)
    }

    /// The blocks of all projects that were found damaged, and what was lost with them.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn damaged_blocks(&self) -> Result<Vec<DamagedBlock>, Error> {
        tier::damaged(self)
    }

    /// Deletes the matching records and their counts for good; how many. Templates stay.
    ///
    /// # Errors
    /// Fails on a filter beyond its limits, and when the database cannot be written; what was deleted until then
    /// stays deleted.
    pub fn delete_matching(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        now_ns: i64,
    ) -> Result<u64, Error> {
        remove::delete_matching(self, project_id, filter, now_ns)
    }

    /// Notes who asked for a deletion.
    ///
    /// # Errors
    /// Fails when the database cannot be written.
    pub fn note_deletion(&self, project_id: ProjectId, deletion: &Deletion) -> Result<(), Error> {
        remove::note(self, project_id, deletion)
    }

    /// The deletions of a project, newest first, at most `limit` and 1,000.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn deletions(&self, project_id: ProjectId, limit: usize) -> Result<Vec<Deletion>, Error> {
        remove::noted(self, project_id, limit)
    }

    /// How long records are kept, of projects and of single services.
    ///
    /// # Errors
    /// Fails when the database cannot be read.
    pub fn retention_rules(&self, project_id: ProjectId) -> Result<Vec<RetentionRule>, Error> {
        retention::rules(self, project_id)
    }

    /// Sets how long records are kept; `None` takes the rule away.
    ///
    /// # Errors
    /// Fails when the database cannot be written.
    pub fn set_retention(
        &self,
        project_id: ProjectId,
        service: &str,
        keep_ns: Option<i64>,
    ) -> Result<(), Error> {
        retention::set(self, project_id, service, keep_ns)
    }

    /// Deletes metric samples and change events before an instant; records stay.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time; what was deleted until then stays deleted.
    pub fn delete_all_but_records_before(
        &self,
        project_id: ProjectId,
        before_ns: i64,
        now_ns: i64,
    ) -> Result<Deleted, Error> {
        Ok(Deleted {
            metric_samples: series::delete_before(self, project_id, before_ns, now_ns)?,
            events: events::delete_before(self, project_id, before_ns)?,
            ..Deleted::default()
        })
    }

    /// Deletes the records of one service before the hour of an instant, and their counts; how many.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time; what was deleted until then stays deleted.
    pub fn delete_service_before(
        &self,
        project_id: ProjectId,
        service: &str,
        before_ns: i64,
        now_ns: i64,
    ) -> Result<u64, Error> {
        retention::delete_service_before(self, project_id, service, before_ns, now_ns)
    }
}
