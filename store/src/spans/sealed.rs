//! Spans in blocks. The regression test of the stored format keeps files of every version.
//!
//! | column | type | what |
//! |---|---|---|
//! | `start` | i64 | nanoseconds divided by the file's `vigil.unit_ns` |
//! | `duration_ns`, `kind`, `status` | i64, i32, i32 | as in a row |
//! | `trace_id`, `span_id` | 16 bytes, i64 | |
//! | `parent_row` | i32 | the row of the parent, where the block has it |
//! | `parent_id` | i64 | the parent's id, where it has not |
//! | `service`, `name`, `status_message`, `events`, `links` | text | nothing for `""`, but for the first two |
//! | `keys`, `a:KEY`, `a_more`, `attributes` | text | as in a block of log records |
//!
//! Columns without a value are left out. Rows are sorted by service, beginning, trace and span. The index of a block is a bloom
//! filter of its traces.

mod rows;

use std::collections::{HashMap, HashSet};

use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::{Int32Array, Int64Array};
use domain::{ProjectId, Span, SpanId, TraceId};

use super::row::signed;
use crate::blocks::decode::OpenBlock;
use crate::blocks::encode::{Column, Kind, TextColumn, attributes, unit_of};
use crate::blocks::index::{self, of_traces};
use crate::blocks::kinds::{self, Block, NewBlock, Stamp};
use crate::blocks::layout;
use crate::blocks::stored::{self, BlockKind};
use crate::connection::AnyConnection;
use crate::{Error, Store};

pub(crate) use rows::{Keys, Rows, What};

/// The version that is written. Readers read every version up to it.
pub(crate) const FORMAT: i16 = 1;

const START: &str = "start";
const DURATION: &str = "duration_ns";
const KIND: &str = "kind";
const STATUS: &str = "status";
const PARENT_ROW: &str = "parent_row";
const PARENT_ID: &str = "parent_id";
const NAME: &str = "name";
const STATUS_MESSAGE: &str = "status_message";
const EVENTS: &str = "events";
const LINKS: &str = "links";

/// Indexes that one statement reads.
const INDEXES_TOGETHER: usize = 64;

/// Encodes spans of one project, at most [`layout::MAX_ROWS`] and at least one.
pub(crate) fn encode(spans: &[&Span], stamp: Stamp) -> Result<NewBlock, Error> {
    let mut sorted: Vec<&Span> = spans.to_vec();
    sorted.sort_unstable_by(|a, b| {
        let key = |span: &Span| (span.start_ns, span.trace_id, span.span_id);
        a.service.cmp(&b.service).then_with(|| key(a).cmp(&key(b)))
    });
    let starts = || sorted.iter().map(|span| span.start_ns);
    let (Some(min_ns), Some(max_ns)) = (starts().min(), starts().max()) else {
        return Err(Error::BadRequest {
            message: "a block of no spans".to_owned(),
        });
    };
    let mut names: Vec<String> = sorted.iter().map(|span| span.service.clone()).collect();
    names.dedup();
    let unit_ns = unit_of(starts());
    Ok(NewBlock {
        kind: BlockKind::Spans,
        min_ns,
        max_ns,
        min_series: 0,
        max_series: 0,
        records: sorted.len(),
        names,
        data: kinds::file(BlockKind::Spans, stamp, unit_ns, columns(&sorted, unit_ns))?,
        index: Some(index_of(sorted.iter().copied())),
    })
}

/// The bloom filter of the traces of spans.
pub(crate) fn index_of<'s>(spans: impl Iterator<Item = &'s Span>) -> Vec<u8> {
    let traces: HashSet<TraceId> = spans.map(|span| span.trace_id).collect();
    of_traces(traces.into_iter())
}

fn columns(sorted: &[&Span], unit_ns: i64) -> Vec<Column> {
    let numbers = |value: &dyn Fn(&Span) -> i64| {
        Int64Array::from_iter_values(sorted.iter().map(|span| value(span)))
    };
    let small = |value: &dyn Fn(&Span) -> i16| {
        Int32Array::from_iter_values(sorted.iter().map(|span| i32::from(value(span))))
    };
    let mut traces = FixedSizeBinaryBuilder::with_capacity(sorted.len(), 16);
    for span in sorted {
        // The width is the builder's own, so it takes the value.
        if traces
            .append_value(span.trace_id.bits().to_be_bytes())
            .is_err()
        {
            traces.append_null();
        }
    }
    let mut columns = vec![
        Column::new(
            START,
            numbers(&|span| span.start_ns / unit_ns),
            Kind::Numbers,
        ),
        Column::new(DURATION, numbers(&Span::duration_ns), Kind::Numbers),
        Column::new(KIND, small(&|span| span.kind.number()), Kind::Repeated),
        Column::new(STATUS, small(&|span| span.status.number()), Kind::Repeated),
        Column::new(layout::TRACE_ID, traces.finish(), Kind::Repeated),
        Column::new(
            layout::SPAN_ID,
            numbers(&|span| signed(span.span_id)),
            Kind::Plain,
        ),
    ];
    parents(&mut columns, sorted);
    let texts = |name: &str, value: &dyn Fn(&Span) -> Option<&str>, columns: &mut Vec<Column>| {
        let mut column = TextColumn::with_rows(sorted.len());
        for span in sorted {
            column.push(value(span));
        }
        column.finish(name, columns);
    };
    texts(layout::SERVICE, &|span| Some(&span.service), &mut columns);
    texts(NAME, &|span| Some(&span.name), &mut columns);
    texts(
        STATUS_MESSAGE,
        &|span| some(&span.status_message),
        &mut columns,
    );
    texts(EVENTS, &|span| some(&span.events), &mut columns);
    texts(LINKS, &|span| some(&span.links), &mut columns);
    let objects = sorted.iter().map(|span| span.attributes.as_str());
    attributes::add(&mut columns, objects, None);
    columns
}

/// Nothing for an empty text.
fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A parent in the same block costs the two bytes of its row, not eight of its id.
fn parents(columns: &mut Vec<Column>, sorted: &[&Span]) {
    let rows: HashMap<(TraceId, SpanId), i32> = sorted
        .iter()
        .zip(0..)
        .map(|(span, row)| ((span.trace_id, span.span_id), row))
        .collect();
    let (mut of_rows, mut of_ids) = (Vec::new(), Vec::new());
    for span in sorted {
        let parent = span.parent_span_id;
        let row = parent.and_then(|parent| rows.get(&(span.trace_id, parent)).copied());
        of_rows.push(row);
        of_ids.push(parent.filter(|_| row.is_none()).map(signed));
    }
    if of_rows.iter().any(Option::is_some) {
        columns.push(Column {
            is_nullable: true,
            ..Column::new(PARENT_ROW, Int32Array::from(of_rows), Kind::Numbers)
        });
    }
    if of_ids.iter().any(Option::is_some) {
        columns.push(Column {
            is_nullable: true,
            ..Column::new(PARENT_ID, Int64Array::from(of_ids), Kind::Plain)
        });
    }
}

/// All spans of a block.
pub(crate) fn all(block: &OpenBlock, project_id: ProjectId) -> Result<Vec<Span>, Error> {
    let keys = Keys::read(block)?;
    Rows::read(block, &keys, None, What::Everything)?.spans(&keys, project_id)
}

/// The blocks that may have a span of one of these traces.
pub(crate) fn with_traces(
    store: &Store,
    connection: &mut AnyConnection,
    blocks: &[Block],
    traces: impl Iterator<Item = TraceId>,
) -> Result<Vec<Block>, Error> {
    let wanted: Vec<u64> = traces.map(index::trace_key).collect();
    let mut kept = Vec::new();
    for chunk in blocks.chunks(INDEXES_TOGETHER) {
        let ids = chunk.iter().map(|block| block.stored.id);
        let indexes = stored::indexes(store, connection, BlockKind::Spans, ids)?;
        kept.extend(
            chunk
                .iter()
                .filter(|block| {
                    let index = indexes.get(&block.stored.id);
                    index.is_none_or(|index| wanted.iter().any(|key| index.may_have(*key)))
                })
                .cloned(),
        );
    }
    crate::metrics::blocks_pruned(blocks.len() - kept.len());
    Ok(kept)
}

#[cfg(test)]
mod tests;
