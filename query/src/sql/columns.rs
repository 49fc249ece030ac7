//! The columns of the table `logs`.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{
    ArrayRef, Int32Array, RecordBatch, RecordBatchOptions, StringArray, TimestampNanosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::error::Result;
use domain::{RecordColumns, ScanColumns};

/// Rows that are computed with at once.
pub(super) const BATCH_ROWS: usize = 4_096;
/// Bodies and attributes of such a batch, bytes; one record alone may be larger.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Timestamp,
    Severity,
    Service,
    Body,
    Attributes,
    TraceId,
    SpanId,
    TemplateId,
    SeverityNumber,
    ObservedAt,
    Id,
}

impl Column {
    /// In the order of `SELECT *`.
    pub(super) const ALL: [Self; 11] = [
        Self::Timestamp,
        Self::Severity,
        Self::Service,
        Self::Body,
        Self::Attributes,
        Self::TraceId,
        Self::SpanId,
        Self::TemplateId,
        Self::SeverityNumber,
        Self::ObservedAt,
        Self::Id,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Severity => "severity",
            Self::Service => "service",
            Self::Body => "body",
            Self::Attributes => "attributes",
            Self::TraceId => "trace_id",
            Self::SpanId => "span_id",
            Self::TemplateId => "template_id",
            Self::SeverityNumber => "severity_number",
            Self::ObservedAt => "observed_at",
            Self::Id => "id",
        }
    }

    /// Instants are without a zone, which means UTC: so they compare with what people write and with `now()`.
    fn field(self) -> Field {
        let kind = match self {
            Self::Timestamp | Self::ObservedAt => DataType::Timestamp(TimeUnit::Nanosecond, None),
            Self::SeverityNumber => DataType::Int32,
            _ => DataType::Utf8,
        };
        let is_nullable = matches!(self, Self::TraceId | Self::SpanId | Self::Attributes);
        Field::new(self.name(), kind, is_nullable)
    }

    fn array(self, columns: &RecordColumns, rows: Range<usize>) -> ArrayRef {
        match self {
            Self::Timestamp => instants(&columns.timestamps_ns[rows]),
            Self::ObservedAt => instants(&columns.observed_at_ns[rows]),
            Self::Severity => Arc::new(StringArray::from_iter_values(
                columns.severities[rows].iter().map(|item| item.as_str()),
            )),
            Self::SeverityNumber => Arc::new(Int32Array::from_iter_values(
                columns.severities[rows]
                    .iter()
                    .map(|item| i32::from(item.number())),
            )),
            Self::Service => Arc::new(StringArray::from_iter_values(&columns.services[rows])),
            Self::Body => Arc::new(StringArray::from_iter_values(&columns.bodies[rows])),
            Self::Attributes => Arc::new(StringArray::from_iter(
                columns.attributes[rows]
                    .iter()
                    .map(|text| Some(text.as_str()).filter(|text| !text.is_empty())),
            )),
            Self::TraceId => Arc::new(StringArray::from_iter(&columns.trace_ids[rows])),
            Self::SpanId => Arc::new(StringArray::from_iter(&columns.span_ids[rows])),
            Self::TemplateId => Arc::new(StringArray::from_iter_values(
                columns.template_ids[rows].iter().map(ToString::to_string),
            )),
            Self::Id => Arc::new(StringArray::from_iter_values(
                columns.ids[rows].iter().map(ToString::to_string),
            )),
        }
    }
}

fn instants(values: &[i64]) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from(values.to_vec()))
}

/// All columns.
pub(super) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| schema_of(&Column::ALL));
    Arc::clone(&SCHEMA)
}

/// Some of them.
pub(super) fn schema_of(columns: &[Column]) -> SchemaRef {
    let fields: Vec<Field> = columns.iter().map(|column| column.field()).collect();
    Arc::new(Schema::new(fields))
}

/// What the store must read for them.
pub(super) fn scanned(columns: &[Column]) -> ScanColumns {
    let has = |column: Column| columns.contains(&column);
    ScanColumns {
        id: has(Column::Id),
        observed_at: has(Column::ObservedAt),
        template_id: has(Column::TemplateId),
        trace: has(Column::TraceId) || has(Column::SpanId),
        body: has(Column::Body),
        attributes: has(Column::Attributes),
    }
}

/// The rows from `start` on that make one batch: at least one.
pub(super) fn batch_rows(columns: &RecordColumns, start: usize) -> Range<usize> {
    let most = columns.len.min(start.saturating_add(BATCH_ROWS));
    let length = |texts: &[String], row: usize| texts.get(row).map_or(0, String::len);
    let mut bytes = 0;
    let mut end = start;
    while end < most {
        bytes += length(&columns.bodies, end) + length(&columns.attributes, end);
        if bytes > BATCH_BYTES && end > start {
            break;
        }
        end += 1;
    }
    start..end
}

/// Some rows as a batch of these columns.
pub(super) fn batch(
    schema: &SchemaRef,
    wanted: &[Column],
    columns: &RecordColumns,
    rows: Range<usize>,
) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let arrays = wanted
        .iter()
        .map(|column| column.array(columns, rows.clone()))
        .collect();
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        arrays,
        &options,
    )?)
}
