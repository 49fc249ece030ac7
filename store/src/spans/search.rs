//! The search for traces by what their spans are like.
//!
//! There is no index but the one on time, so a search walks back through it in slices that grow while nothing is found,
//! and asks the clock between them. Each slice takes from rows and from the blocks that overlap it, all of one moment.

mod matching;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary};
use domain::{CursorError, NANOS_PER_MINUTE, ProjectId, SpanId, TraceId};

use super::row::{signed, span_id_of, trace_id_of};
use super::trace::{in_traces, summaries};
use super::{SpanFilter, TracePage};
use crate::blocks::kinds::{self, Block};
use crate::blocks::stored::BlockKind;
use crate::connection::{AnyConnection, on_both};
use crate::log::batch::clean;
use crate::log::budget::Budget;
use crate::statement::Statement;
use crate::{Error, Store};

/// Traces that a page holds at most.
pub const MAX_SPAN_PAGE: usize = 200;
/// Spans that one statement finds at most.
const SPANS_PER_STATEMENT: usize = 500;
/// Matching spans that one page looks at; then it ends early.
const SPANS_PER_PAGE: usize = 50_000;
/// The widest slice: a day.
const WIDEST_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;

/// The place of a span in the order of a search: by its beginning, its trace, its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanCursor {
    /// Its beginning, unix nanoseconds UTC.
    pub start_ns: i64,
    /// Its trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
}

impl fmt::Display for SpanCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start_ns.cast_unsigned();
        write!(f, "1{start:016x}{}{}", self.trace_id, self.span_id)
    }
}

impl FromStr for SpanCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 65 || !text.is_ascii() || !text.starts_with('1') {
            return Err(CursorError);
        }
        let start = u64::from_str_radix(&text[1..17], 16).map_err(|_| CursorError)?;
        Ok(Self {
            start_ns: start.cast_signed(),
            trace_id: text[17..49].parse().map_err(|_| CursorError)?,
            span_id: text[49..].parse().map_err(|_| CursorError)?,
        })
    }
}

pub(super) fn search(
    store: &Store,
    project_id: ProjectId,
    filter: &SpanFilter,
    limit: usize,
    after: Option<SpanCursor>,
) -> Result<TracePage, Error> {
    if limit == 0 || limit > MAX_SPAN_PAGE {
        return Err(Error::BadRequest {
            message: format!("page limit is {limit}, it must be 1 to {MAX_SPAN_PAGE}"),
        });
    }
    let budget = Budget::start(store.config().read_timeout);
    let (ids, next) = store.read_snapshot(|connection| {
        let mut blocks = kinds::in_range(connection, BlockKind::Spans, project_id, filter.range)?;
        blocks.retain(|block| matching::may_match(block, filter));
        Walk {
            store,
            connection,
            project_id,
            filter,
            after,
            budget,
            blocks,
            matches: HashMap::new(),
        }
        .first(limit)
    })?;
    let mut by_id: HashMap<TraceId, _> = summaries(store, project_id, &ids)?
        .into_iter()
        .map(|summary| (summary.trace_id, summary))
        .collect();
    Ok(TracePage {
        traces: ids.iter().filter_map(|id| by_id.remove(id)).collect(),
        next,
    })
}

struct Walk<'a> {
    store: &'a Store,
    connection: &'a mut AnyConnection,
    project_id: ProjectId,
    filter: &'a SpanFilter,
    /// Where the page before ended.
    after: Option<SpanCursor>,
    budget: Budget,
    /// Those that may have a match.
    blocks: Vec<Block>,
    /// The matches of blocks of this slice, newest first, by the block's id.
    matches: HashMap<i64, Vec<SpanCursor>>,
}

impl Walk<'_> {
    /// The first traces, and where to go on.
    fn first(&mut self, limit: usize) -> Result<(Vec<TraceId>, Option<SpanCursor>), Error> {
        let mut found: Vec<TraceId> = Vec::new();
        let mut seen: HashSet<TraceId> = HashSet::new();
        let mut place = self.after;
        let (mut looked_at, mut width) = (0, NANOS_PER_MINUTE);
        let mut end_ns = self.filter.range.end_ns;
        if let Some(after) = self.after {
            end_ns = end_ns.min(after.start_ns.saturating_add(1));
        }
        while let Some(newest_ns) = self.newest_before(end_ns)? {
            // Nothing lies between.
            end_ns = newest_ns.saturating_add(1);
            let start_ns = end_ns.saturating_sub(width).max(self.filter.range.start_ns);
            loop {
                let spans = self.spans(start_ns, end_ns, place)?;
                let known = self.shown_before(&spans, &seen)?;
                for span in &spans {
                    place = Some(*span);
                    let is_new = seen.insert(span.trace_id) && !known.contains(&span.trace_id);
                    if is_new {
                        found.push(span.trace_id);
                        if found.len() == limit {
                            return Ok((found, place));
                        }
                    }
                }
                looked_at += spans.len();
                if looked_at >= SPANS_PER_PAGE {
                    return Ok((found, place));
                }
                if spans.len() < SPANS_PER_STATEMENT {
                    break;
                }
                self.budget.check()?;
            }
            self.budget.check()?;
            end_ns = start_ns;
            self.forget_from(end_ns);
            width = width.saturating_mul(2).min(WIDEST_NS);
        }
        Ok((found, None))
    }

    /// An instant behind which there is no span before another instant.
    fn newest_before(&mut self, end_ns: i64) -> Result<Option<i64>, Error> {
        let mut statement = Statement::new("SELECT start_ns FROM spans WHERE project_id = ");
        statement.bytes(self.project_id.as_bytes().as_slice());
        statement
            .sql(" AND start_ns >= ")
            .int(self.filter.range.start_ns)
            .sql(" AND start_ns < ")
            .int(end_ns)
            .sql(" ORDER BY start_ns DESC LIMIT 1");
        let rows = statement.returning::<(BigInt,)>();
        let rows: Vec<(i64,)> = on_both!(&mut *self.connection, concrete => rows.load(concrete))?;
        let blocks = self.blocks.iter().map(|block| &block.stored);
        let of_blocks = blocks
            .filter(|block| block.min_ns < end_ns)
            .map(|block| block.max_ns.min(end_ns.saturating_sub(1)));
        let newest = rows.iter().map(|(at_ns,)| *at_ns).chain(of_blocks).max();
        Ok(newest.filter(|at_ns| *at_ns >= self.filter.range.start_ns))
    }

    /// The first spans of a slice that match, newest first, behind a place.
    fn spans(
        &mut self,
        start_ns: i64,
        end_ns: i64,
        place: Option<SpanCursor>,
    ) -> Result<Vec<SpanCursor>, Error> {
        let mut spans = self.rows(start_ns, end_ns, place)?;
        self.look_into_blocks(start_ns, end_ns)?;
        for block in &self.blocks {
            let matches = self.matches.get(&block.stored.id).into_iter().flatten();
            spans.extend(
                matches
                    .skip_while(|span| {
                        span.start_ns >= end_ns
                            || place.is_some_and(|place| span.key() >= place.key())
                    })
                    .take_while(|span| span.start_ns >= start_ns)
                    .take(SPANS_PER_STATEMENT),
            );
        }
        spans.sort_unstable_by_key(|span| std::cmp::Reverse(span.key()));
        spans.truncate(SPANS_PER_STATEMENT);
        Ok(spans)
    }

    fn rows(
        &mut self,
        start_ns: i64,
        end_ns: i64,
        place: Option<SpanCursor>,
    ) -> Result<Vec<SpanCursor>, Error> {
        let mut statement =
            Statement::new("SELECT start_ns, trace_id, span_id FROM spans WHERE project_id = ");
        statement.bytes(self.project_id.as_bytes().as_slice());
        let end_ns = place.map_or(end_ns, |place| end_ns.min(place.start_ns.saturating_add(1)));
        statement
            .sql(" AND start_ns >= ")
            .int(start_ns)
            .sql(" AND start_ns < ")
            .int(end_ns);
        if let Some(place) = place {
            compare(&mut statement, "<", place);
        }
        conditions(&mut statement, self.filter);
        statement
            .sql(" ORDER BY start_ns DESC, trace_id DESC, span_id DESC LIMIT ")
            .int(i64::try_from(SPANS_PER_STATEMENT).unwrap_or(i64::MAX));
        let rows = statement.returning::<(BigInt, Binary, BigInt)>();
        let rows: Vec<(i64, Vec<u8>, i64)> =
            on_both!(&mut *self.connection, concrete => rows.load(concrete))?;
        rows.into_iter()
            .map(|(start_ns, trace_id, span_id)| {
                Ok(SpanCursor {
                    start_ns,
                    trace_id: trace_id_of(&trace_id)?,
                    span_id: span_id_of(span_id)?,
                })
            })
            .collect()
    }

    /// The traces that an earlier page has shown: those with a newer span that matches.
    fn shown_before(
        &mut self,
        spans: &[SpanCursor],
        seen: &HashSet<TraceId>,
    ) -> Result<HashSet<TraceId>, Error> {
        let fresh: HashSet<TraceId> = spans
            .iter()
            .map(|span| span.trace_id)
            .filter(|id| !seen.contains(id))
            .collect();
        let (Some(after), false) = (self.after, fresh.is_empty()) else {
            return Ok(HashSet::new());
        };
        let fresh: Vec<TraceId> = fresh.into_iter().collect();
        let mut statement =
            Statement::new("SELECT DISTINCT trace_id FROM spans WHERE project_id = ");
        statement.bytes(self.project_id.as_bytes().as_slice());
        in_traces(&mut statement, &fresh);
        statement
            .sql(" AND start_ns < ")
            .int(self.filter.range.end_ns);
        compare(&mut statement, ">=", after);
        conditions(&mut statement, self.filter);
        let rows = statement.returning::<(Binary,)>();
        let rows: Vec<(Vec<u8>,)> =
            on_both!(&mut *self.connection, concrete => rows.load(concrete))?;
        let mut shown: HashSet<TraceId> = rows
            .iter()
            .map(|(id,)| trace_id_of(id))
            .collect::<Result<_, _>>()?;
        shown.extend(self.shown_in_blocks(&fresh, after)?);
        Ok(shown)
    }
}

impl SpanCursor {
    /// The order of a search, oldest first.
    fn key(&self) -> (i64, TraceId, i64) {
        (self.start_ns, self.trace_id, signed(self.span_id))
    }
}

/// ` AND <the order of a search> <operator> <a place>`.
fn compare(statement: &mut Statement<'_>, operator: &'static str, place: SpanCursor) {
    statement
        .sql(" AND (start_ns, trace_id, span_id) ")
        .sql(operator)
        .sql(" (")
        .int(place.start_ns)
        .sql(",")
        .bytes(place.trace_id.bits().to_be_bytes().to_vec())
        .sql(",")
        .int(signed(place.span_id))
        .sql(")");
}

/// Everything but the time.
fn conditions(statement: &mut Statement<'_>, filter: &SpanFilter) {
    if let Some(service) = &filter.service {
        statement
            .sql(" AND service = ")
            .text(clean(service).into_owned());
    }
    if let Some(name) = &filter.name {
        statement.sql(" AND name = ").text(clean(name).into_owned());
    }
    if let Some(least_ns) = filter.min_duration_ns {
        statement.sql(" AND duration_ns >= ").int(least_ns);
    }
    if let Some(status) = filter.status {
        statement.sql(" AND status = ").small(status.number());
    }
}
