//! Log records: the room's trait and its implementation by rows.

pub(crate) mod append;
pub(crate) mod attributes;
pub(crate) mod batch;
pub(crate) mod budget;
pub(crate) mod filter;
mod levels;
mod matcher;
mod matches;
mod newest;
mod overview;
mod receipts;
pub(crate) mod remove;
mod retain;
pub(crate) mod row;
pub(crate) mod search;
mod slices;
pub(crate) mod statistics;
pub(crate) mod status;
mod tally;

use domain::{
    HistogramBucket, LogFilter, LogReader, LogRecord, Page, PageRequest, ProjectId, ReadError,
    RecordContext, RecordId, RollupCell, ServiceCount, Template, TemplateCount, TemplateId,
    TimeRange,
};

pub use batch::{
    CommitBatch, CommitReceipt, MAX_EXAMPLE_BYTES, MAX_SERVICE_BYTES, MAX_TRACE_ID_BYTES,
};
pub use matcher::{RecordMatcher, as_stored};
pub use matches::{MatchCount, MatchRequest, Matches};
pub use newest::NewestOf;
pub use receipts::IngestReceipt;
pub use retain::Deleted;
pub use search::{MAX_CONTEXT, MAX_PAGE};
pub use status::StatusFilter;

pub(crate) use statistics::KnownTemplates;

use crate::{Error, Store, rollups, templates};

/// Log records, their templates and their counts. Reads of records go through [`domain::LogReader`], so nobody
/// outside knows whether a record lies in a row or in a block. All calls block.
pub trait LogStore: LogReader {
    /// Commits a batch: records, templates and counts in one transaction. When this returns `Ok` it is durable; when
    /// it returns `Err` nothing was stored, except that after [`Error::Unavailable`] the commit itself may have got
    /// through. Repeating a batch is always safe: record ids that are there already are not stored again.
    ///
    /// A record that cannot be stored as it is never fails its neighbours; see [`CommitReceipt`].
    /// After an error the same `new_templates` and `merged` have to come again with a later batch.
    ///
    /// # Errors
    /// Fails when the database cannot be reached or written in time.
    fn append(&self, batch: &CommitBatch) -> Result<CommitReceipt, Error>;

    /// The receipts among these keys of senders; see [`CommitBatch::receipts`].
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn ingest_receipts(
        &self,
        project_id: ProjectId,
        keys: &[[u8; 32]],
    ) -> Result<Vec<IngestReceipt>, Error>;

    /// Forgets the receipts of every project from before an instant; how many.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time.
    fn delete_ingest_receipts(&self, before_ns: i64) -> Result<u64, Error>;

    /// The cells of every minute that overlaps the range, oldest first; at most
    /// [`crate::MAX_ROLLUP_CELLS`].
    ///
    /// # Errors
    /// Fails when there are more cells or the database cannot be read in time.
    fn rollups(&self, project_id: ProjectId, range: TimeRange) -> Result<Vec<RollupCell>, Error>;

    /// Templates with a larger sequence than `after_sequence` (0 for all), in the order of their sequence, merged ones
    /// included; at most `limit` and [`crate::MAX_TEMPLATES`]. A sequence never appears after a larger one was seen.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn templates(
        &self,
        project_id: ProjectId,
        after_sequence: i64,
        limit: usize,
    ) -> Result<Vec<Template>, Error>;

    /// One template.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time; an unknown id is `Ok(None)`.
    fn template(&self, project_id: ProjectId, id: TemplateId) -> Result<Option<Template>, Error>;

    /// The templates with these ids, by id; unknown ones are left out.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn templates_by_ids(
        &self,
        project_id: ProjectId,
        ids: &[TemplateId],
    ) -> Result<Vec<Template>, Error>;

    /// The templates with the most records since the beginning, merged ones left out.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn top_templates(&self, project_id: ProjectId, limit: usize) -> Result<Vec<Template>, Error>;

    /// The stretch of time that holds all records, to the minute; `None` when there are none.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn bounds(&self, project_id: ProjectId) -> Result<Option<TimeRange>, Error>;

    /// Deletes records and rollups before the hour of an instant, and metric samples and change events before the
    /// instant, in transactions of some 20,000 rows. Templates stay. Objects of blocks stay for an hour from `now_ns` on, for
    /// reads that began before.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time; what was deleted until then stays deleted.
    fn delete_before(
        &self,
        project_id: ProjectId,
        before_ns: i64,
        now_ns: i64,
    ) -> Result<Deleted, Error>;

    /// Writes the dictionary's counts that wait for their interval. Call it at shutdown.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time; the counts then wait for the next call.
    fn flush_statistics(&self) -> Result<(), Error>;
}

impl LogStore for Store {
    fn append(&self, batch: &CommitBatch) -> Result<CommitReceipt, Error> {
        append::append(self, batch)
    }

    fn ingest_receipts(
        &self,
        project_id: ProjectId,
        keys: &[[u8; 32]],
    ) -> Result<Vec<IngestReceipt>, Error> {
        receipts::find(self, project_id, keys)
    }

    fn delete_ingest_receipts(&self, before_ns: i64) -> Result<u64, Error> {
        receipts::delete_before(self, before_ns)
    }

    fn rollups(&self, project_id: ProjectId, range: TimeRange) -> Result<Vec<RollupCell>, Error> {
        rollups::in_range(self, project_id, range)
    }

    fn templates(
        &self,
        project_id: ProjectId,
        after_sequence: i64,
        limit: usize,
    ) -> Result<Vec<Template>, Error> {
        templates::after(self, project_id, after_sequence, limit)
    }

    fn template(&self, project_id: ProjectId, id: TemplateId) -> Result<Option<Template>, Error> {
        Ok(templates::by_ids(self, project_id, &[id])?.pop())
    }

    fn templates_by_ids(
        &self,
        project_id: ProjectId,
        ids: &[TemplateId],
    ) -> Result<Vec<Template>, Error> {
        templates::by_ids(self, project_id, ids)
    }

    fn top_templates(&self, project_id: ProjectId, limit: usize) -> Result<Vec<Template>, Error> {
        templates::top(self, project_id, limit)
    }

    fn bounds(&self, project_id: ProjectId) -> Result<Option<TimeRange>, Error> {
        overview::bounds(self, project_id)
    }

    fn delete_before(
        &self,
        project_id: ProjectId,
        before_ns: i64,
        now_ns: i64,
    ) -> Result<Deleted, Error> {
        let mut deleted = Deleted::default();
        retain::delete_before(self, project_id, before_ns, now_ns, &mut deleted)?;
        let others = self.delete_all_but_records_before(project_id, before_ns, now_ns)?;
        deleted.metric_samples = others.metric_samples;
        deleted.events = others.events;
        Ok(deleted)
    }

    fn flush_statistics(&self) -> Result<(), Error> {
        append::flush_statistics(self)
    }
}

impl LogReader for Store {
    fn search(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        page: &PageRequest,
    ) -> Result<Page<LogRecord>, ReadError> {
        Ok(search::search(self, project_id, filter, page)?)
    }

    fn record(&self, project_id: ProjectId, id: RecordId) -> Result<Option<LogRecord>, ReadError> {
        Ok(search::record(self, project_id, id)?)
    }

    fn context(
        &self,
        project_id: ProjectId,
        id: RecordId,
        before: usize,
        after: usize,
    ) -> Result<Option<RecordContext>, ReadError> {
        Ok(search::context(self, project_id, id, before, after)?)
    }

    fn count(&self, project_id: ProjectId, filter: &LogFilter) -> Result<u64, ReadError> {
        Ok(tally::count(self, project_id, filter)?)
    }

    fn histogram(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        bucket_ns: i64,
    ) -> Result<Vec<HistogramBucket>, ReadError> {
        Ok(tally::histogram(self, project_id, filter, bucket_ns)?)
    }

    fn template_counts(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<Vec<TemplateCount>, ReadError> {
        Ok(overview::template_counts(self, project_id, filter, limit)?)
    }

    fn services(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<Vec<ServiceCount>, ReadError> {
        Ok(overview::services(self, project_id, range)?)
    }
}
