//! Questions for lines.

use std::ops::ControlFlow;

use domain::{LogRecord, Order, RecordId, TimeRange};

use super::ast::LogQuery;
use super::error::Error;
use super::labels::Labels;
use super::pipeline::Entry;
use super::selector::select;
use super::source::Source;

/// Which lines are wanted.
#[derive(Debug, Clone, Copy)]
pub struct LogsRequest {
    /// When.
    pub range: TimeRange,
    /// How many at most.
    pub limit: usize,
    /// Which come first.
    pub order: Order,
    /// Nanoseconds that must lie between two lines; 0 for all.
    pub interval_ns: i64,
}

/// A line with its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The record's id.
    pub id: RecordId,
    /// When it happened, unix nanoseconds UTC.
    pub timestamp_ns: i64,
    /// The message, as the stages wrote it.
    pub line: String,
    /// The labels of its stream.
    pub stream: Labels,
    /// Its structured metadata.
    pub metadata: Labels,
    /// What the stages found in it.
    pub parsed: Labels,
}

/// The lines that a query asks for, in the order asked for.
///
/// # Errors
/// Fails when there are too many to look at, and when the store cannot be read.
pub fn logs(
    source: &mut Source<'_>,
    query: &LogQuery,
    request: &LogsRequest,
) -> Result<Vec<LogEntry>, Error> {
    check_limit(request.limit, source.budget.entries)?;
    let selection = select(source, query, request.range)?;
    let mut entries: Vec<LogEntry> = Vec::new();
    if selection.is_empty || request.limit == 0 {
        return Ok(entries);
    }
    let is_direct = selection.is_exact() && query.stages.is_empty() && request.interval_ns == 0;
    let page = if is_direct { request.limit } else { usize::MAX };
    let mut last_ns: Option<i64> = None;
    source.scan(&selection.filter, request.order, page, &mut |record| {
        let is_near = last_ns.is_some_and(|last_ns| {
            record.timestamp_ns.abs_diff(last_ns) < request.interval_ns.unsigned_abs()
        });
        if is_near || !selection.admits(record) {
            return ControlFlow::Continue(());
        }
        let Some(entry) = shown(query, record) else {
            return ControlFlow::Continue(());
        };
        last_ns = Some(record.timestamp_ns);
        entries.push(entry);
        if entries.len() >= request.limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(entries)
}

/// What a query makes of one record: `None` when it does not ask for it. The same as [`logs`] answers when the record is
/// stored, whatever its time, except that `app` and the other names that may mean the service mean the attribute wherever
/// the record has one.
#[must_use]
pub fn entry(query: &LogQuery, record: &LogRecord) -> Option<LogEntry> {
    let of_selector = Entry::new(record);
    let is_selected = query
        .selector
        .iter()
        .all(|matcher| of_selector.matches(matcher));
    if is_selected {
        shown(query, record)
    } else {
        None
    }
}

fn shown(query: &LogQuery, record: &LogRecord) -> Option<LogEntry> {
    let mut entry = Entry::new(record);
    if !entry.passes(&query.stages) {
        return None;
    }
    Some(LogEntry {
        id: record.id,
        timestamp_ns: record.timestamp_ns,
        stream: entry.stream(),
        metadata: entry.visible_metadata(),
        parsed: entry.visible_parsed(),
        line: entry.into_line(),
    })
}

fn check_limit(limit: usize, most: usize) -> Result<(), Error> {
    if limit <= most {
        return Ok(());
    }
    Err(Error::BadRequest(format!(
        "max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {most})"
    )))
}
