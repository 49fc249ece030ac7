//! Columns under construction, and those that every block has.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, Int64Builder, StringBuilder};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array};

use super::super::index::IndexBuilder;
use super::super::layout;
use super::{Group, Row};

/// How a column is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By a dictionary: few different values.
    Repeated,
    /// As differences of integers.
    Numbers,
    /// The first bytes of all numbers, then the second ones, and so on.
    Split,
    /// As it is; zstd does the rest.
    Plain,
}

pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) array: ArrayRef,
    pub(crate) encoding: Kind,
    pub(crate) is_nullable: bool,
}

impl Column {
    pub(crate) fn new(name: &str, array: impl Array + 'static, encoding: Kind) -> Self {
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
pub(crate) struct TextColumn {
    builder: StringBuilder,
    sample: Vec<String>,
    present: usize,
}

impl TextColumn {
    /// For about this many rows.
    pub(crate) fn with_rows(rows: usize) -> Self {
        Self {
            builder: StringBuilder::with_capacity(rows, rows * 8),
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, value: Option<&str>) {
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
    pub(crate) fn pad_to(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.builder.offsets_slice().len() - 1);
        self.builder.append_nulls(missing);
    }

    /// Adds the column unless it holds nothing.
    pub(crate) fn finish(mut self, name: &str, columns: &mut Vec<Column>) {
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
pub(super) fn fixed(
    groups: &[Group<'_>],
    rows: &[Row<'_>],
    unit_ns: i64,
    index: &mut IndexBuilder,
) -> Vec<Column> {
    let mut services = TextColumn::with_rows(rows.len());
    let mut templates = Int64Builder::with_capacity(rows.len());
    for group in groups {
        for _ in &group.rows {
            services.push(Some(group.service));
        }
        templates.append_value_n(group.template_id, group.rows.len());
    }
    let severities = rows.iter().map(|row| i32::from(row.severity));
    let mut columns = vec![
        Column::new(
            layout::TIMESTAMP,
            numbers(rows.iter().map(|row| row.timestamp_ns / unit_ns)),
            Kind::Numbers,
        ),
        Column::new(
            layout::OBSERVED_AT,
            numbers(rows.iter().map(|row| row.observed_at_ns)),
            Kind::Repeated,
        ),
        Column::new(
            layout::ID_HIGH,
            numbers(rows.iter().map(|row| ((row.id >> 64) as u64).cast_signed())),
            Kind::Repeated,
        ),
        Column::new(
            layout::ID_LOW,
            numbers(rows.iter().map(|row| (row.id as u64).cast_signed())),
            Kind::Numbers,
        ),
        Column::new(
            layout::SEVERITY,
            Int32Array::from_iter_values(severities),
            Kind::Repeated,
        ),
        Column::new(layout::TEMPLATE_ID, templates.finish(), Kind::Repeated),
        Column::new(layout::SERVICE, services.builder.finish(), Kind::Repeated),
    ];
    let records = rows.iter().map(|row| row.record);
    for trace_id in records.clone().filter_map(|r| r.trace_id.as_deref()) {
        index.add_trace(trace_id);
    }
    let traces = records.clone().map(|record| record.trace_id.as_deref());
    ids::<16>(&mut columns, layout::TRACE_ID, layout::TRACE_TEXT, traces);
    let spans = records.map(|record| record.span_id.as_deref());
    ids::<8>(&mut columns, layout::SPAN_ID, layout::SPAN_TEXT, spans);
    columns
}

fn numbers(values: impl Iterator<Item = i64>) -> Int64Array {
    Int64Array::from_iter_values(values)
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
    let mut all = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        all |= high | low;
        *byte = high << 4 | low & 15;
    }
    (all < 16).then_some(bytes)
}

/// The value of each byte as a lower-case hex digit, 255 for others.
const DIGITS: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    values
};
