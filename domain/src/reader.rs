//! How `query` and `engine` read stored records without knowing the database.

use serde::{Deserialize, Serialize};

use crate::{
    LogFilter, LogRecord, Page, PageRequest, ProjectId, ReadError, RecordId, Severity, TemplateId,
    TimeRange,
};

/// Counts of one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistogramBucket {
    /// Start, unix nanoseconds UTC.
    pub start_ns: i64,
    /// Records per severity, only those above zero.
    pub counts: Vec<(Severity, u64)>,
}

/// How often a template occurred in a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateCount {
    /// The pattern.
    pub template_id: TemplateId,
    /// The service.
    pub service: String,
    /// The severity.
    pub severity: Severity,
    /// Records in the range.
    pub count: u64,
    /// The first minute with one, unix nanoseconds UTC.
    pub first_minute_ns: i64,
    /// The last minute with one, unix nanoseconds UTC.
    pub last_minute_ns: i64,
}

/// How much a service wrote in a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCount {
    /// The service.
    pub service: String,
    /// Records.
    pub count: u64,
    /// Records of severity error or fatal.
    pub errors: u64,
}

/// A record with its neighbours of the same service, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordContext {
    /// Records before it.
    pub before: Vec<LogRecord>,
    /// The record.
    pub record: LogRecord,
    /// Records after it.
    pub after: Vec<LogRecord>,
}

/// Reads of stored records. All calls block; call them on a blocking thread.
pub trait LogReader: Send + Sync {
    /// One page of the records that match.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    fn search(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        page: &PageRequest,
    ) -> Result<Page<LogRecord>, ReadError>;

    /// One record.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is `Ok(None)`.
    fn record(&self, project_id: ProjectId, id: RecordId) -> Result<Option<LogRecord>, ReadError>;

    /// A record with up to `before` and `after` neighbours of its service.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is `Ok(None)`.
    fn context(
        &self,
        project_id: ProjectId,
        id: RecordId,
        before: usize,
        after: usize,
    ) -> Result<Option<RecordContext>, ReadError>;

    /// How many records match. Exact when the filter needs rows; to the minute when rollups answer it.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    fn count(&self, project_id: ProjectId, filter: &LogFilter) -> Result<u64, ReadError>;

    /// Counts per severity in buckets of `bucket_ns` (at least a minute), aligned to the epoch;
    /// empty buckets are left out.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    fn histogram(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        bucket_ns: i64,
    ) -> Result<Vec<HistogramBucket>, ReadError>;

    /// The most frequent (template, service, severity) triples that match, most frequent first.
    /// Only range, services, severities and templates of the filter are looked at.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    fn template_counts(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<Vec<TemplateCount>, ReadError>;

    /// What each service wrote in a range, most first.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    fn services(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<Vec<ServiceCount>, ReadError>;
}
