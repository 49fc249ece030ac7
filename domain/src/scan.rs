//! Reading many records at once, column by column, for SQL, aggregation and export.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::{LogFilter, ProjectId, ReadError, RecordId, Severity, TemplateId};

/// Which columns of [`RecordColumns`] are wanted; a column that nobody needs is not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanColumns {
    /// `ids`.
    pub id: bool,
    /// `observed_at_ns`.
    pub observed_at: bool,
    /// `template_ids`.
    pub template_id: bool,
    /// `trace_ids` and `span_ids`.
    pub trace: bool,
    /// `bodies`.
    pub body: bool,
    /// `attributes`.
    pub attributes: bool,
}

impl ScanColumns {
    /// Every column.
    pub const ALL: Self = Self {
        id: true,
        observed_at: true,
        template_id: true,
        trace: true,
        body: true,
        attributes: true,
    };
}

/// Some records, each field a column of `len` values; the columns that were not asked for are empty. Instants,
/// severities and services are always there. Fields as in [`crate::LogRecord`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecordColumns {
    /// How many records.
    pub len: usize,
    /// Unix nanoseconds UTC.
    pub timestamps_ns: Vec<i64>,
    /// How bad each is.
    pub severities: Vec<Severity>,
    /// The service of each; equal ones share their text.
    pub services: Vec<Arc<str>>,
    /// Ids.
    pub ids: Vec<RecordId>,
    /// Unix nanoseconds UTC.
    pub observed_at_ns: Vec<i64>,
    /// Patterns.
    pub template_ids: Vec<TemplateId>,
    /// Trace ids.
    pub trace_ids: Vec<Option<String>>,
    /// Span ids.
    pub span_ids: Vec<Option<String>>,
    /// Messages.
    pub bodies: Vec<String>,
    /// Attribute objects as JSON text, `""` for none.
    pub attributes: Vec<String>,
}

/// What an uncapped read is told after each batch.
pub type ScanSink<'a> = dyn FnMut(RecordColumns) -> ControlFlow<()> + 'a;

/// Reads every record that matches, in no promised order, in batches of at most some ten thousand.
pub trait RecordScanner: Send + Sync {
    /// Calls `sink` with each batch until it breaks or all is read; an empty batch comes where nothing matched for a
    /// while, so that a caller may end the read. Without a time limit of its own: the sink
    /// breaks when its caller's budget is spent. Records that are written meanwhile may or may not be seen; a
    /// record that was there before and stays is seen exactly once. Blocks; call it on a blocking thread.
    ///
    /// # Errors
    /// Fails when the store cannot be read; batches until then were given.
    fn scan(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        columns: ScanColumns,
        sink: &mut ScanSink<'_>,
    ) -> Result<(), ReadError>;
}
