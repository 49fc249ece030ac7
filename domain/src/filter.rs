//! What to look for in the stored records, and how to page through it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{RecordId, Severity, TemplateId, TimeRange};

/// A conjunction of conditions on log records. An empty list means no condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogFilter {
    /// On `timestamp_ns`.
    pub range: TimeRange,
    /// Any of these services.
    pub services: Vec<String>,
    /// None of these services.
    pub excluded_services: Vec<String>,
    /// Any of these severities.
    pub severities: Vec<Severity>,
    /// Any of these templates.
    pub template_ids: Vec<TemplateId>,
    /// Each of these texts.
    pub text: Vec<TextTerm>,
    /// Each of these attribute conditions.
    pub attributes: Vec<AttributeFilter>,
    /// Exactly this trace.
    pub trace_id: Option<String>,
}

impl LogFilter {
    /// Everything in a time range.
    #[must_use]
    pub fn in_range(range: TimeRange) -> Self {
        Self {
            range,
            services: Vec::new(),
            excluded_services: Vec::new(),
            severities: Vec::new(),
            template_ids: Vec::new(),
            text: Vec::new(),
            attributes: Vec::new(),
            trace_id: None,
        }
    }

    /// Whether counts per minute, template, service and severity are enough to answer it.
    #[must_use]
    pub fn is_answered_by_rollups(&self) -> bool {
        self.text.is_empty() && self.attributes.is_empty() && self.trace_id.is_none()
    }
}

/// A text that the body must hold (or must not), compared without regard to ASCII case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextTerm {
    /// At least one character.
    pub term: String,
    /// True when records that hold it are excluded.
    pub negated: bool,
    /// Templates whose constant text holds the term, when the planner resolved it: records of these
    /// match without looking at the body.
    pub template_ids: Vec<TemplateId>,
}

/// A condition on one attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeFilter {
    /// Top-level key of the attributes object.
    pub key: String,
    /// How to compare.
    pub op: AttributeOp,
    /// The text to compare with; numbers and booleans are compared by their JSON text.
    pub value: String,
}

/// How an attribute is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeOp {
    /// The attribute is there and equal.
    Equal,
    /// The attribute is missing or different.
    NotEqual,
    /// The attribute is there.
    Exists,
}

/// Which way a page runs through time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// Which page of a result is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// 1 to 1,000 records.
    pub limit: usize,
    /// Continue after this record.
    pub after: Option<Cursor>,
    /// Direction.
    pub order: Order,
}

impl PageRequest {
    /// The first `limit` records, newest first.
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self {
            limit,
            after: None,
            order: Order::NewestFirst,
        }
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// In the order asked for.
    pub items: Vec<T>,
    /// Where the next page continues; `None` when this was the last.
    pub next: Option<Cursor>,
}

/// An opaque position: the sort key of the last record of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its instant.
    pub timestamp_ns: i64,
    /// Its id, which breaks ties.
    pub id: RecordId,
}

/// A cursor that was not made by this service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that this service gave out")]
pub struct CursorError;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "1{:016x}{}",
            self.timestamp_ns.cast_unsigned(),
            self.id.0.simple()
        )
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 49 || !text.is_ascii() || !text.starts_with('1') {
            return Err(CursorError);
        }
        let stamp = u64::from_str_radix(&text[1..17], 16).map_err(|_| CursorError)?;
        let id = Uuid::parse_str(&text[17..]).map_err(|_| CursorError)?;
        Ok(Self {
            timestamp_ns: stamp.cast_signed(),
            id: RecordId(id),
        })
    }
}
