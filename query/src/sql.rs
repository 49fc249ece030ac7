//! SQL over the records: one `SELECT` on the table `logs`, within written limits.
//!
//! DataFusion plans and computes; records come through [`RecordScanner`] alone, with the columns and
//! conditions that the query names. Nothing else can be reached: no file, no object store, no setting, no other
//! project. Queries run on threads of their own, so that neither a long one nor a failing one is felt elsewhere.

mod columns;
mod engine;
mod error;
mod functions;
mod growth;
mod guard;
mod narrow;
mod session;
mod statement;
mod summary;
mod table;
mod values;

use std::sync::Arc;
use std::time::Duration;

use domain::{LogFilter, ProjectId, RecordScanner};
use serde_json::Value;

pub use engine::SqlEngine;
pub use error::SqlError;
pub use summary::{Grouping, MAX_GROUP_FIELDS, Measure};

/// Longest text of a query, bytes.
pub const MAX_SQL_BYTES: usize = 64 * 1024;

/// What one query may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlLimits {
    /// Rows of the answer; what follows is left out and the answer says so.
    pub rows: usize,
    /// The answer's values, bytes of text; likewise.
    pub bytes: usize,
    /// From the begin of the query to its answer.
    pub time: Duration,
    /// What sorting, grouping and joining may hold, bytes. Nothing is written to disk.
    pub memory_bytes: usize,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self {
            rows: 10_000,
            bytes: 16 * 1024 * 1024,
            time: Duration::from_secs(30),
            memory_bytes: 256 * 1024 * 1024,
        }
    }
}

/// What is known about the templates of a project: fills the text conditions of a filter in, as [`crate::plan`] does.
pub type FilterPlanner = Arc<dyn Fn(&mut LogFilter) + Send + Sync>;

/// Where the records of a query come from.
#[derive(Clone)]
pub struct SqlSource {
    /// The store.
    pub scanner: Arc<dyn RecordScanner>,
    /// The tenant, from the credential.
    pub project_id: ProjectId,
    /// Narrows a filter down before it is read with.
    pub planner: FilterPlanner,
    /// What `now()` is: unix nanoseconds UTC.
    pub now_ns: i64,
}

/// One column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// `text`, `integer`, `float`, `boolean`, `timestamp`, or the name of a rarer type.
    pub kind: String,
}

/// What a query cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SqlStats {
    /// Records that the store gave; conditions that it could decide itself left the others out before.
    pub scanned_records: u64,
    /// Milliseconds.
    pub elapsed_ms: u64,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlAnswer {
    /// In the order of the rows' values.
    pub columns: Vec<SqlColumn>,
    /// Instants are RFC 3339 in UTC; numbers that JSON does not know (NaN, infinities) are null.
    pub rows: Vec<Vec<Value>>,
    /// True when rows were left out at a limit.
    pub is_truncated: bool,
    /// What it cost.
    pub stats: SqlStats,
}

#[cfg(test)]
mod tests;
