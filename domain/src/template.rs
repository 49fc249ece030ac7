//! Log patterns.

use serde::{Deserialize, Serialize};

use crate::{ProjectId, Severity, TemplateId};

/// A log pattern as the store knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// The stable hash of `text`.
    pub id: TemplateId,
    /// The tenant.
    pub project_id: ProjectId,
    /// The constant words with typed slots, for example `user <num> logged in from <ip>`.
    pub text: String,
    /// A body that matched it.
    pub example: String,
    /// Unix nanoseconds UTC of the first record (by its own time).
    pub first_seen_ns: i64,
    /// Unix nanoseconds UTC of the latest record (by its own time).
    pub last_seen_ns: i64,
    /// Records so far.
    pub count: u64,
    /// Services that wrote it, sorted, at most 64.
    pub services: Vec<String>,
    /// The worst severity seen with it.
    pub severity: Severity,
    /// Set when a later, more general template took its place.
    pub merged_into: Option<TemplateId>,
    /// Grows with every new template of the project; what the index cursor counts.
    pub sequence: i64,
}
