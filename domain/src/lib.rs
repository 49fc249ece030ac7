//! The shared words of Vigil: what a log record, a template, an anomaly and an incident are.
//!
//! This crate holds types and pure methods only. It does no IO, reads no clock except through
//! [`Clock`], and knows nothing of HTTP, SQL or models. Every arrow between two rooms carries
//! a type of this crate, so no room has to ask another one for a conversion.
//!
//! `serde` is derived for what is stored as a document (jobs, incidents, anomalies); the wire
//! shapes of the HTTP interface live in `api`.

mod anomaly;
mod call;
mod clock;
mod error;
mod event;
pub mod failpoint;
mod filter;
mod ids;
mod incident;
mod metric;
mod notification;
mod reader;
mod record;
mod rollup;
mod scan;
mod severity;
mod span;
mod template;
mod time;

pub use anomaly::{Anomaly, AnomalyKind};
pub use call::{Latencies, ServiceCalls};
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{ErrorKind, ReadError};
pub use event::{ChangeEvent, ChangeKind};
pub use failpoint::Failpoint;
pub use filter::{
    AttributeFilter, AttributeOp, Cursor, CursorError, LogFilter, Order, Page, PageRequest,
    TextTerm,
};
pub use ids::{
    AnomalyId, DeliveryId, EventId, IncidentId, JobId, ParseIdError, ProjectId, RecordId,
    SilenceId, TemplateId, TokenId, UserId,
};
pub use incident::{
    Confidence, Evidence, EvidenceKind, Incident, IncidentSeverity, IncidentState, Sentence,
    SimilarIncident, Summary, SummaryAuthor, Suspect, TimelineEntry, TimelineKind,
};
pub use metric::{MetricKind, MetricPoint, SeriesId};
pub use notification::{Notification, NotificationKind};
pub use reader::{HistogramBucket, LogReader, RecordContext, ServiceCount, TemplateCount};
pub use record::{LogRecord, Rejected};
pub use rollup::RollupCell;
pub use scan::{RecordColumns, RecordScanner, ScanColumns, ScanSink};
pub use severity::{ParseSeverityError, Severity};
pub use span::{Span, SpanId, SpanKind, SpanStatus, TraceId};
pub use template::Template;
pub use time::{
    NANOS_PER_MINUTE, NANOS_PER_SECOND, TimeRange, format_duration, format_timestamp,
    format_timestamp_short, minute_start, parse_timestamp,
};

#[cfg(test)]
mod tests;
