//! A log record.

use serde::{Deserialize, Serialize};

use crate::{ProjectId, RecordId, Severity, TemplateId};

/// One log record on its way from a decoder to the store and back to a reader.
///
/// Text fields hold no NUL and no lone surrogate: decoders replace them (see `ingest`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogRecord {
    /// Given by the intake; nil until then.
    pub id: RecordId,
    /// The tenant, from the credential.
    pub project_id: ProjectId,
    /// When it happened: unix nanoseconds UTC, as the sender said or as detected; arrival time otherwise.
    pub timestamp_ns: i64,
    /// When it arrived: unix nanoseconds UTC.
    pub observed_at_ns: i64,
    /// How bad it is.
    pub severity: Severity,
    /// The service that wrote it; `"unknown"` when nobody said.
    pub service: String,
    /// The message, at most 1 MiB.
    pub body: String,
    /// The other fields: one compact JSON object as text, `""` when there are none.
    pub attributes: String,
    /// 32 lowercase hex digits when it is a W3C trace id; other texts are kept as they came.
    pub trace_id: Option<String>,
    /// 16 lowercase hex digits when it is a W3C span id.
    pub span_id: Option<String>,
    /// Its pattern; zero until mined.
    pub template_id: TemplateId,
}

/// One item of a request that was not accepted, and why. Its neighbours were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Position in the request, from 0.
    pub index: usize,
    /// Lowercase reason with the value and the limit.
    pub reason: String,
}
