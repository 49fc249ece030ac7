//! Counts per minute.

use serde::{Deserialize, Serialize};

use crate::{Severity, TemplateId};

/// How many records of one template, service and severity fell into one minute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RollupCell {
    /// Start of the minute, unix nanoseconds UTC.
    pub minute_ns: i64,
    /// The pattern.
    pub template_id: TemplateId,
    /// The service.
    pub service: String,
    /// The severity.
    pub severity: Severity,
    /// Records in that minute.
    pub count: u64,
}
