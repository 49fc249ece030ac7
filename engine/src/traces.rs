//! Traces: the way in for spans, and reading them with the log records of their trace.

mod intake;

use std::sync::Arc;

use domain::{
    LogFilter, LogReader as _, LogRecord, NANOS_PER_MINUTE, Order, PageRequest, ProjectId,
    Rejected, Span, TimeRange, TraceId,
};
use store::{SpanCursor, SpanFilter, TracePage, TraceStore as _};

pub(crate) use self::intake::SpanIntake;
pub use self::intake::{SPAN_QUEUE_KIB, SPAN_QUEUE_SPANS};

use crate::tasks::blocking;
use crate::{Engine, Error};

/// Log records that are shown with a trace at most.
pub const TRACE_RECORDS: usize = 1_000;
/// How far around the spans of a trace its log records are looked for: clocks differ, and services go on writing.
const AROUND_NS: i64 = 5 * NANOS_PER_MINUTE;
/// Where the records of a trace are looked for when it has no spans: so long before now.
const WITHOUT_SPANS_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;

/// A trace with its log records.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceView {
    /// By their beginning, oldest first.
    pub spans: Vec<Span>,
    /// Whether there are more spans than are shown.
    pub is_truncated: bool,
    /// The records that bear its id, oldest first.
    pub records: Vec<LogRecord>,
    /// Whether there are more records than are shown.
    pub has_more_records: bool,
}

impl Engine {
    /// Stores spans; those that are not refused are durable when this returns. The positions that were refused come back.
    ///
    /// # Errors
    /// [`Error::QueueFull`] at once when too many wait; the store's error when the commit failed, in which case none was
    /// stored, or some: repeating is safe.
    pub async fn ingest_spans(
        &self,
        project_id: ProjectId,
        spans: Vec<Span>,
    ) -> Result<Vec<Rejected>, Error> {
        let scrubbing = Arc::clone(&self.inner.config.scrubbing);
        let spans = scrubbing.masked_spans(project_id, spans).await?;
        self.spans.submit(project_id, spans).await
    }

    /// A trace and the log records that bear its id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is neither a span nor, during the last day, a record of it; fails when the store
    /// cannot be read in time.
    pub async fn trace(
        &self,
        project_id: ProjectId,
        trace_id: TraceId,
    ) -> Result<TraceView, Error> {
        let inner = self.inner();
        blocking(move || {
            let trace = inner.store.trace(project_id, trace_id)?;
            let range = match time_of(&trace.spans) {
                Some(range) => range,
                None => TimeRange::last(
                    inner.clock.now_ns().saturating_add(AROUND_NS),
                    WITHOUT_SPANS_NS,
                ),
            };
            let mut filter = LogFilter::in_range(range);
            filter.trace_id = Some(trace_id.to_string());
            let mut page = PageRequest::first(TRACE_RECORDS);
            page.order = Order::OldestFirst;
            let records = inner.store.search(project_id, &filter, &page)?;
            if trace.spans.is_empty() && records.items.is_empty() {
                return Err(Error::NotFound(format!("trace {trace_id}")));
            }
            Ok::<_, Error>(TraceView {
                spans: trace.spans,
                is_truncated: trace.is_truncated,
                records: records.items,
                has_more_records: records.next.is_some(),
            })
        })
        .await
    }

    /// The traces that have a span which matches, newest first.
    ///
    /// # Errors
    /// Fails on a limit beyond [`store::MAX_SPAN_PAGE`] and when the store cannot be read in time.
    pub async fn search_traces(
        &self,
        project_id: ProjectId,
        filter: SpanFilter,
        limit: usize,
        after: Option<SpanCursor>,
    ) -> Result<TracePage, Error> {
        let inner = self.inner();
        blocking(move || {
            Ok::<_, Error>(
                inner
                    .store
                    .search_traces(project_id, &filter, limit, after)?,
            )
        })
        .await
    }
}

/// When spans happened, and some time around.
fn time_of(spans: &[Span]) -> Option<TimeRange> {
    let start_ns = spans.iter().map(|span| span.start_ns).min()?;
    let end_ns = spans.iter().map(|span| span.end_ns).max()?;
    Some(TimeRange::new(
        start_ns.saturating_sub(AROUND_NS),
        end_ns.saturating_add(AROUND_NS),
    ))
}

#[cfg(test)]
mod tests;
