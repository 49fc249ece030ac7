//! Columns under construction, and those that every block has.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array};
use domain::LogRecord;

use super::super::index::IndexBuilder;
use super::super::layout;

/// How a column is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// By a dictionary: few different values.
    Repeated,
    /// As differences of integers.
    Numbers,
    /// As it is; zstd does the rest.
    Plain,
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) array: ArrayRef,
    pub(super) encoding: Kind,
    pub(super) is_nullable: bool,
}

impl Column {
    pub(super) fn new(name: &str, array: impl Array + 'static, encoding: Kind) -> Self {
        Self {
            name: name.to_owned(),
            array: Arc::new(array),
            encoding,
            is_nullable: false,
        }
    }
}

/// Values looked at to choose an encoding.
const SAMPLE: usize = 256;

/// A text column in which values may be missing.
#[derive(Default)]
pub(super) struct TextColumn {
    builder: StringBuilder,
    sample: Vec<String>,
    present: usize,
}

impl TextColumn {
    /// For about this many rows.
    pub(super) fn with_rows(rows: usize) -> Self {
        Self {
            builder: StringBuilder::with_capacity(rows, rows * 8),
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, value: Option<&str>) {
        match value {
            Some(value) => {
                // Every 16th value: neighbours are alike.
                if self.present.is_multiple_of(16) && self.sample.len() < SAMPLE {
                    self.sample.push(value.to_owned());
                }
                self.present += 1;
                self.builder.append_value(value);
            }
            None => self.builder.append_null(),
        }
    }

    /// Missing values up to this number of rows.
    pub(super) fn pad_to(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.builder.offsets_slice().len() - 1);
        self.builder.append_nulls(missing);
    }

    /// Adds the column unless it holds nothing.
    pub(super) fn finish(mut self, name: &str, columns: &mut Vec<Column>) {
        if self.present == 0 {
            return;
        }
        let sampled = self.sample.len();
        self.sample.sort_unstable();
        self.sample.dedup();
        let is_repeated = self.sample.len() * 4 <= sampled;
        columns.push(Column {
            name: name.to_owned(),
            array: Arc::new(self.builder.finish()),
            encoding: if is_repeated {
                Kind::Repeated
            } else {
                Kind::Plain
            },
            is_nullable: true,
        });
    }
}

/// Times, ids, severities, services, templates and traces.
pub(super) fn fixed(records: &[&LogRecord], unit_ns: i64, index: &mut IndexBuilder) -> Vec<Column> {
    let numbers = |value: &dyn Fn(&LogRecord) -> i64| {
        Int64Array::from_iter_values(records.iter().map(|record| value(record)))
    };
    let halves = |record: &LogRecord| record.id.0.as_u64_pair();
    let mut services = TextColumn::with_rows(records.len());
    for record in records {
        services.push(Some(&record.service));
    }
    let mut columns = vec![
        Column::new(
            layout::TIMESTAMP,
            numbers(&|record| record.timestamp_ns / unit_ns),
            Kind::Numbers,
        ),
        Column::new(
            layout::OBSERVED_AT,
            numbers(&|record| record.observed_at_ns),
            Kind::Repeated,
        ),
        Column::new(
            layout::ID_HIGH,
            numbers(&|record| halves(record).0.cast_signed()),
            Kind::Repeated,
        ),
        Column::new(
            layout::ID_LOW,
            numbers(&|record| halves(record).1.cast_signed()),
            Kind::Numbers,
        ),
        Column::new(
            layout::SEVERITY,
            Int32Array::from_iter_values(records.iter().map(|r| i32::from(r.severity.number()))),
            Kind::Repeated,
        ),
        Column::new(
            layout::TEMPLATE_ID,
            numbers(&|record| record.template_id.to_i64()),
            Kind::Repeated,
        ),
        Column::new(layout::SERVICE, services.builder.finish(), Kind::Repeated),
    ];
    for record in records {
        if let Some(trace_id) = &record.trace_id {
            index.add_trace(trace_id);
        }
    }
    let traces = records.iter().map(|record| record.trace_id.as_deref());
    ids::<16>(&mut columns, layout::TRACE_ID, layout::TRACE_TEXT, traces);
    let spans = records.iter().map(|record| record.span_id.as_deref());
    ids::<8>(&mut columns, layout::SPAN_ID, layout::SPAN_TEXT, spans);
    columns
}

/// Ids of `N` bytes in lower-case hex digits as those bytes, others as text.
fn ids<'r, const N: usize>(
    columns: &mut Vec<Column>,
    name: &str,
    text_name: &str,
    values: impl ExactSizeIterator<Item = Option<&'r str>>,
) {
    let rows = values.len();
    let width = i32::try_from(N).unwrap_or(i32::MAX);
    let mut packed = FixedSizeBinaryBuilder::with_capacity(rows, width);
    let mut texts = TextColumn::default();
    let mut is_packed_used = false;
    for (row, value) in values.enumerate() {
        let bytes = value.and_then(unhex::<N>);
        match bytes {
            // The width is the builder's own, so it takes the value.
            Some(bytes) if packed.append_value(bytes).is_ok() => is_packed_used = true,
            _ => packed.append_null(),
        }
        if let (Some(text), None) = (value, bytes) {
            texts.pad_to(row);
            texts.push(Some(text));
        }
    }
    if is_packed_used {
        columns.push(Column {
            is_nullable: true,
            ..Column::new(name, packed.finish(), Kind::Plain)
        });
    }
    texts.pad_to(rows);
    texts.finish(text_name, columns);
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}
