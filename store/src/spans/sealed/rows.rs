//! Columns of a block of spans in memory, and spans out of them.

use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch, StringArray};
use domain::{ProjectId, Span, SpanKind, SpanStatus, TraceId};

use super::super::row::{span_id_of, trace_id_of};
use super::{
    DURATION, EVENTS, KIND, LINKS, NAME, PARENT_ID, PARENT_ROW, START, STATUS, STATUS_MESSAGE,
};
use crate::Error;
use crate::blocks::decode::{Attributes, OpenBlock, damaged, dictionary, get, key, numbers, texts};
use crate::blocks::layout;

/// What every look at a block begins with: all rows, without their contents.
pub(crate) struct Keys {
    pub(crate) starts_ns: Vec<i64>,
    traces: FixedSizeBinaryArray,
    /// As databases keep them.
    pub(crate) span_ids: Int64Array,
}

impl Keys {
    pub(crate) fn read(block: &OpenBlock) -> Result<Self, Error> {
        let is_wanted = |name: &str| matches!(name, START | layout::TRACE_ID | layout::SPAN_ID);
        let batch = block.batch(is_wanted, None)?;
        let traces = batch
            .column_by_name(layout::TRACE_ID)
            .and_then(|column| column.as_fixed_size_binary_opt())
            .filter(|column| column.value_length() == 16 && column.null_count() == 0)
            .cloned()
            .ok_or_else(|| damaged("it has no column trace_id"))?;
        let starts = numbers(&batch, START)?;
        let unit_ns = block.unit_ns();
        Ok(Self {
            starts_ns: starts
                .values()
                .iter()
                .map(|start| start.saturating_mul(unit_ns))
                .collect(),
            traces,
            span_ids: numbers(&batch, layout::SPAN_ID)?,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.starts_ns.len()
    }

    pub(crate) fn trace(&self, row: usize) -> Result<TraceId, Error> {
        trace_id_of(self.traces.value(row))
    }

    /// The rows of these traces, ascending.
    pub(crate) fn of_traces(&self, traces: &HashSet<TraceId>) -> Vec<usize> {
        let wanted: HashSet<[u8; 16]> = traces
            .iter()
            .map(|trace_id| trace_id.bits().to_be_bytes())
            .collect();
        (0..self.len())
            .filter(|row| wanted.contains(self.traces.value(*row)))
            .collect()
    }
}

/// Which contents are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// Durations, kinds, statuses, services and parents.
    Shape,
    /// These and names.
    Named,
    Everything,
}

/// The contents of some rows.
pub(crate) struct Rows {
    /// Where they lie in the block.
    rows: Vec<usize>,
    service_keys: Int32Array,
    services: StringArray,
    kinds: Int32Array,
    statuses: Int32Array,
    durations: Int64Array,
    parent_rows: Option<Int32Array>,
    parent_ids: Option<Int64Array>,
    names: Option<StringArray>,
    status_messages: Option<StringArray>,
    events: Option<StringArray>,
    links: Option<StringArray>,
    attributes: Attributes,
}

impl Rows {
    /// Reads all rows, or these; they ascend.
    pub(crate) fn read(
        block: &OpenBlock,
        keys: &Keys,
        rows: Option<&[usize]>,
        what: What,
    ) -> Result<Self, Error> {
        let is_wanted = |name: &str| match name {
            DURATION | KIND | STATUS | layout::SERVICE | PARENT_ROW | PARENT_ID => true,
            NAME => what != What::Shape,
            START | layout::TRACE_ID | layout::SPAN_ID => false,
            _ => what == What::Everything,
        };
        let batch = block.batch(is_wanted, rows)?;
        let (service_keys, services) = dictionary(&batch, layout::SERVICE)
            .ok_or_else(|| damaged("it has no column service"))?;
        Ok(Self {
            rows: rows.map_or_else(|| (0..keys.len()).collect(), <[usize]>::to_vec),
            service_keys,
            services,
            kinds: small(&batch, KIND)?,
            statuses: small(&batch, STATUS)?,
            durations: numbers(&batch, DURATION)?,
            parent_rows: small(&batch, PARENT_ROW).ok(),
            parent_ids: numbers(&batch, PARENT_ID).ok(),
            names: texts(&batch, NAME),
            status_messages: texts(&batch, STATUS_MESSAGE),
            events: texts(&batch, EVENTS),
            links: texts(&batch, LINKS),
            attributes: Attributes::of(&batch, true),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row of the block that is the `at`-th here.
    pub(crate) fn row(&self, at: usize) -> usize {
        self.rows[at]
    }

    pub(crate) fn service(&self, at: usize) -> &str {
        key(&self.service_keys, at).map_or("", |key| self.services.value(key))
    }

    pub(crate) fn name(&self, at: usize) -> &str {
        get(self.names.as_ref(), at).unwrap_or_default()
    }

    pub(crate) fn kind(&self, at: usize) -> SpanKind {
        SpanKind::from_number(i64::from(self.kinds.value(at)))
    }

    pub(crate) fn status(&self, at: usize) -> SpanStatus {
        SpanStatus::from_number(i64::from(self.statuses.value(at)))
    }

    pub(crate) fn duration_ns(&self, at: usize) -> i64 {
        self.durations.value(at)
    }

    /// The id of the parent, as databases keep it.
    pub(crate) fn parent(&self, keys: &Keys, at: usize) -> Result<Option<i64>, Error> {
        if let Some(rows) = self.parent_rows.as_ref().filter(|rows| rows.is_valid(at)) {
            let row = usize::try_from(rows.value(at)).ok();
            let row = row.filter(|row| *row < keys.len());
            let row = row.ok_or_else(|| damaged("a parent is in no row"))?;
            return Ok(Some(keys.span_ids.value(row)));
        }
        let ids = self.parent_ids.as_ref().filter(|ids| ids.is_valid(at));
        Ok(ids.map(|ids| ids.value(at)))
    }

    /// The spans; everything must have been read.
    pub(crate) fn spans(&self, keys: &Keys, project_id: ProjectId) -> Result<Vec<Span>, Error> {
        (0..self.len())
            .map(|at| self.span(keys, at, project_id))
            .collect()
    }

    fn span(&self, keys: &Keys, at: usize, project_id: ProjectId) -> Result<Span, Error> {
        let row = self.rows[at];
        let start_ns = keys.starts_ns[row];
        let text =
            |column: &Option<StringArray>| get(column.as_ref(), at).unwrap_or_default().to_owned();
        Ok(Span {
            project_id,
            trace_id: keys.trace(row)?,
            span_id: span_id_of(keys.span_ids.value(row))?,
            parent_span_id: self.parent(keys, at)?.map(span_id_of).transpose()?,
            service: self.service(at).to_owned(),
            name: self.name(at).to_owned(),
            kind: self.kind(at),
            start_ns,
            end_ns: start_ns.saturating_add(self.duration_ns(at)),
            status: self.status(at),
            status_message: text(&self.status_messages),
            attributes: self.attributes.object(at),
            events: text(&self.events),
            links: text(&self.links),
        })
    }
}

fn small(batch: &RecordBatch, name: &str) -> Result<Int32Array, Error> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_primitive_opt::<Int32Type>())
        .cloned()
        .ok_or_else(|| damaged(format!("it has no column {name}")))
}
