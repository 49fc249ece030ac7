#![doc = include_str!("../README.md")]

mod blocks;
mod config;
mod connection;
mod database;
mod error;
mod events;
mod export;
mod log;
mod metrics;
mod migrate;
mod retention;
mod rollups;
mod schema;
mod series;
mod spans;
mod statement;
mod templates;
mod upkeep;
mod values;

// store B
mod alerts;
mod anomalies;
mod columns;
mod identity;
mod incidents;
mod interrupt;
mod jobs;
mod leases;
mod policies;
mod schema_operations;
mod settings;
mod spending;

#[cfg(test)]
mod tests;

pub use config::{SQLITE_FILE, StoreConfig, Synchronous};
pub use database::{Backend, Store};
pub use error::Error;
pub use events::{EventStore, MAX_EVENTS};
pub use export::ParquetExport;
pub use log::{
    CommitBatch, CommitReceipt, Deleted, IngestReceipt, LogStore, MAX_CONTEXT, MAX_EXAMPLE_BYTES,
    MAX_PAGE, MAX_SERVICE_BYTES, MAX_TRACE_ID_BYTES, MatchCount, MatchRequest, Matches, NewestOf,
    RecordMatcher, StatusFilter, as_stored,
};
pub use rollups::MAX_ROLLUP_CELLS;
pub use series::{
    LabelMatcher, MAX_LABELS_BYTES, MAX_METRIC_NAME_BYTES, MAX_SAMPLES, MAX_SERIES, MetricReceipt,
    MetricSeries, MetricStore,
};
pub use spans::{
    MAX_CALL_CELLS, MAX_EDGES_PER_MINUTE, MAX_SPAN_NAME_BYTES, MAX_SPAN_PAGE,
    MAX_SUMMARISED_TRACES, MAX_TRACE_SPANS, ServiceEdge, SpanCursor, SpanFilter, SpanReceipt,
    Trace, TracePage, TraceStore, TraceSummary,
};
pub use templates::MAX_TEMPLATES;
pub use upkeep::{BlockCheck, BlockKind, DamagedBlock, Deletion, Moved, RetentionRule};

// store B
pub use alerts::{AlertReceipt, AlertState, AlertStateWrite, AlertStore, AlertTransaction};
pub use anomalies::{AnomalyFilter, AnomalyStore, RecordedAnomaly, SequencedAnomaly};
pub use identity::{
    IdentityStore, Lockout, LoginFailures, NewToken, Project, Role, Session, Token, TokenScope,
    User,
};
pub use incidents::{
    Expected, IncidentFilter, IncidentStore, IncidentWrite, StoredIncident, WrittenIncident,
};
pub use interrupt::{interruptible, is_interrupted};
pub use jobs::{
    EnqueuedJob, Job, JobCount, JobLease, JobOutcome, JobQueue, JobState, LeaseRequest, LeasedJob,
    NewJob,
};
pub use leases::{Leadership, LeaseStore};
pub use policies::{
    MAX_POLICY_BYTES, NewSilence, PolicySource, PolicyStore, Silence, StoredPolicy,
};
pub use settings::{CursorStore, SettingsStore};
pub use spending::{ModelSpending, SpendingStore};
