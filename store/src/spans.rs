//! Spans: their traces, the search among them, and the calls between services that they show.

mod append;
mod calls;
mod retain;
mod row;
mod schema;
pub(crate) mod seal;
pub(crate) mod sealed;
mod search;
mod trace;

use domain::{ProjectId, Rejected, ServiceCalls, Span, SpanStatus, TimeRange, TraceId};

pub use calls::{MAX_CALL_CELLS, MAX_EDGES_PER_MINUTE};
pub use search::{MAX_SPAN_PAGE, SpanCursor};
pub use trace::{MAX_SUMMARISED_TRACES, MAX_TRACE_SPANS};

use crate::{Error, Store};

/// Longest stored name of a span, bytes; longer ones are cut.
pub const MAX_SPAN_NAME_BYTES: usize = 1_024;

/// What became of a batch of spans. It is durable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpanReceipt {
    /// Spans that were written.
    pub stored: usize,
    /// Spans that were there already: the first one stays.
    pub duplicates: usize,
    /// Spans that were not written, by position in the batch, and why.
    pub rejected: Vec<Rejected>,
}

/// The spans of one trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// By their beginning, oldest first.
    pub spans: Vec<Span>,
    /// True when there are more than [`MAX_TRACE_SPANS`] spans, or than 32 MiB of text: the first ones are here.
    pub is_truncated: bool,
}

/// A conjunction of conditions on spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanFilter {
    /// On the beginning.
    pub range: TimeRange,
    /// The service that worked.
    pub service: Option<String>,
    /// The span's name, exactly.
    pub name: Option<String>,
    /// The least duration, nanoseconds.
    pub min_duration_ns: Option<i64>,
    /// How it ended.
    pub status: Option<SpanStatus>,
}

impl SpanFilter {
    /// Every span that began in a range.
    #[must_use]
    pub fn in_range(range: TimeRange) -> Self {
        Self {
            range,
            service: None,
            name: None,
            min_duration_ns: None,
            status: None,
        }
    }
}

/// A trace as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSummary {
    /// The trace.
    pub trace_id: TraceId,
    /// The service and name of its root, the oldest when there are several; none while no root has arrived.
    pub root: Option<(String, String)>,
    /// When its first span began, unix nanoseconds UTC.
    pub start_ns: i64,
    /// When its last span ended, unix nanoseconds UTC.
    pub end_ns: i64,
    /// Its spans.
    pub span_count: u64,
    /// Those whose status is an error.
    pub error_count: u64,
    /// The services that worked, by name.
    pub services: Vec<String>,
}

/// A page of traces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TracePage {
    /// The traces with a span that matches, the one with the newest such span first.
    pub traces: Vec<TraceSummary>,
    /// Where the next page continues; `None` when this was the last. A page may be short, or empty, before the last.
    pub next: Option<SpanCursor>,
}

/// One service that asks another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEdge {
    /// The service that asked.
    pub caller: String,
    /// The service that worked.
    pub callee: String,
    /// True when it goes by messages, false when by requests.
    pub is_message: bool,
    /// How often.
    pub count: u64,
}

/// Spans. All calls block.
pub trait TraceStore {
    /// Stores spans of one project in one transaction; durable when this returns `Ok`. A span that is there already is not
    /// stored again, so repeating a batch is safe. Once a span lies in a block it is recognised while a block covers its
    /// beginning: a repetition always is, the same ids with another beginning may not be. Spans that are not storable are
    /// reported and never fail their neighbours.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time; nothing was stored then, except that after
    /// [`Error::Unavailable`] the commit may have got through.
    fn append_spans(&self, project_id: ProjectId, spans: &[Span]) -> Result<SpanReceipt, Error>;

    /// The spans of a trace; none when it is unknown.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn trace(&self, project_id: ProjectId, trace_id: TraceId) -> Result<Trace, Error>;

    /// The traces that have a span which matches, newest first. Every trace is on one page only.
    ///
    /// # Errors
    /// Fails on a limit that is not 1 to [`MAX_SPAN_PAGE`] and when the database cannot be read in time.
    fn search_traces(
        &self,
        project_id: ProjectId,
        filter: &SpanFilter,
        limit: usize,
        after: Option<SpanCursor>,
    ) -> Result<TracePage, Error>;

    /// Summaries of up to [`MAX_SUMMARISED_TRACES`] traces, in no order; unknown ones are left out.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn trace_summaries(
        &self,
        project_id: ProjectId,
        trace_ids: &[TraceId],
    ) -> Result<Vec<TraceSummary>, Error>;

    /// Counts the calls between services of the spans that began in one minute, and keeps the counts in the place of what
    /// was counted for it before. Returns how many edges there are; at most [`MAX_EDGES_PER_MINUTE`] are kept, the most
    /// frequent ones.
    ///
    /// # Errors
    /// Fails when the database cannot be read or written in time; what was counted before stays then.
    fn count_calls(&self, project_id: ProjectId, minute_ns: i64) -> Result<usize, Error>;

    /// What was counted for the minutes that overlap a range, added up, by caller and callee.
    ///
    /// # Errors
    /// Fails when there are more than [`MAX_CALL_CELLS`] counts or the database cannot be read in time.
    fn service_calls(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<Vec<ServiceCalls>, Error>;

    /// The same without durations: for a long range, since the database adds it up.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn service_edges(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<Vec<ServiceEdge>, Error>;

    /// The last minute whose calls were counted, `None` when none were.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn last_counted_minute(&self, project_id: ProjectId) -> Result<Option<i64>, Error>;

    /// Deletes the spans that began before an instant, and the counts of minutes before it, in transactions of some 20,000
    /// rows, of whole blocks or of one block that is cut; how many spans. Objects of blocks stay for an hour from `now_ns` on.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time; what was deleted until then stays deleted.
    fn delete_spans_before(
        &self,
        project_id: ProjectId,
        before_ns: i64,
        now_ns: i64,
    ) -> Result<u64, Error>;
}

impl TraceStore for Store {
    fn append_spans(&self, project_id: ProjectId, spans: &[Span]) -> Result<SpanReceipt, Error> {
        append::append(self, project_id, spans)
    }

    fn trace(&self, project_id: ProjectId, trace_id: TraceId) -> Result<Trace, Error> {
        trace::read(self, project_id, trace_id)
    }

    fn search_traces(
        &self,
        project_id: ProjectId,
        filter: &SpanFilter,
        limit: usize,
        after: Option<SpanCursor>,
    ) -> Result<TracePage, Error> {
        search::search(self, project_id, filter, limit, after)
    }

    fn trace_summaries(
        &self,
        project_id: ProjectId,
        trace_ids: &[TraceId],
    ) -> Result<Vec<TraceSummary>, Error> {
        trace::summaries(self, project_id, trace_ids)
    }

    fn count_calls(&self, project_id: ProjectId, minute_ns: i64) -> Result<usize, Error> {
        calls::count(self, project_id, minute_ns)
    }

    fn service_calls(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<Vec<ServiceCalls>, Error> {
        calls::read(self, project_id, range)
    }

    fn service_edges(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<Vec<ServiceEdge>, Error> {
        calls::edges(self, project_id, range)
    }

    fn last_counted_minute(&self, project_id: ProjectId) -> Result<Option<i64>, Error> {
        calls::last_minute(self, project_id)
    }

    fn delete_spans_before(
        &self,
        project_id: ProjectId,
        before_ns: i64,
        now_ns: i64,
    ) -> Result<u64, Error> {
        retain::delete_before(self, project_id, before_ns, now_ns)
    }
}
