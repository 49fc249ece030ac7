//! What keeps the stored records in good shape: sealing, putting together, moving, checking and deleting.

use domain::{LogFilter, ProjectId};

pub use crate::blocks::tier::{BlockCheck, DamagedBlock, Moved};
pub use crate::log::remove::Deletion;
pub use crate::retention::RetentionRule;

use crate::blocks::{rewrite, seal, tier};
use crate::log::remove;
use crate::{Error, Store, retention};

/// Blocks that one call of [`Store::seal`] makes of a project's rows at most: others get their turn.
const BLOCKS_PER_CALL: usize = 8;

/// All calls block.
impl Store {
    /// Makes blocks of the tail's rows that have rested (two minutes, and some thousand of them or an hour), of every
    /// project; with `at_once` of all rows. How many records went into blocks.
    ///
    /// # Errors
    /// Fails when the database cannot be read or written in time; what was sealed until then stays so.
    pub fn seal(&self, now_ns: i64, at_once: bool) -> Result<usize, Error> {
        let mut sealed = 0;
        for project_id in self.read(seal::projects)? {
            for _ in 0..BLOCKS_PER_CALL {
                let records = seal::seal(self, project_id, now_ns, at_once)?;
                sealed += records;
                if records == 0 {
                    break;
                }
            }
        }
        Ok(sealed)
    }

    /// Puts small blocks of a project together; how many went into larger ones.
    ///
    /// # Errors
    /// As [`Store::seal`].
    pub fn compact(&self, project_id: ProjectId, now_ns: i64) -> Result<usize, Error> {
        rewrite::compact(self, project_id, now_ns)
    }

    /// Moves the blocks that end before an instant into the configured block storage.
    ///
    /// # Errors
    /// Fails when none is configured or it or the database does not answer; what was moved stays moved.
    pub fn tier(&self, project_id: ProjectId, before_ns: i64) -> Result<Moved, Error> {
        tier::tier(self, project_id, before_ns)
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
