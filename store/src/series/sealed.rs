//! Samples in blocks. The regression test of the stored format keeps files of every version.
//!
//! | column | type | what |
//! |---|---|---|
//! | `series_id` | i64 | |
//! | `timestamp` | i64 | nanoseconds divided by the file's `vigil.unit_ns` |
//! | `integer`, `scale` | i64, i32 | the value times ten to the power of the scale |
//! | `value` | f64 | the value, in series where some value is no such decimal number |
//!
//! Columns without a value are left out. Rows are sorted by series and time; every pair of them is there once. Integers and
//! instants are kept as differences, the bytes of other values split by their place.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, Float64Array, Int32Array, Int64Array};

use crate::blocks::decode::{OpenBlock, damaged, numbers};
use crate::blocks::encode::{Column, Kind, unit_of};
use crate::blocks::kinds::{self, Block, NewBlock, Stamp};
use crate::blocks::layout;
use crate::blocks::stored::BlockKind;
use crate::connection::AnyConnection;
use crate::log::budget::Budget;
use crate::{Error, Store};

/// The version that is written. Readers read every version up to it.
pub(crate) const FORMAT: i16 = 1;

const SERIES_ID: &str = "series_id";
const INTEGER: &str = "integer";
const SCALE: &str = "scale";
const VALUE: &str = "value";

/// Powers of ten that are tried. All of them are exact, and so are integers up to [`MAX_INTEGER`]; a quotient of exact numbers is
/// the nearest one to the decimal number, which is what a decimal number in a text becomes (IEEE 754-2019, 4.3 and 5.12).
const POWERS: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Two to the power of 53.
const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;

/// Samples by series and instant.
pub(crate) type Samples = BTreeMap<(i64, i64), f64>;

/// Encodes samples of one project, at most [`layout::MAX_ROWS`] and at least one; `names` are their metrics, sorted.
pub(crate) fn encode(
    samples: &Samples,
    names: Vec<String>,
    stamp: Stamp,
) -> Result<NewBlock, Error> {
    let instants = || samples.keys().map(|(_, at_ns)| *at_ns);
    let (Some(min_ns), Some(max_ns)) = (instants().min(), instants().max()) else {
        return Err(Error::BadRequest {
            message: "a block of no samples".to_owned(),
        });
    };
    let series = || samples.keys().map(|(series, _)| *series);
    let unit_ns = unit_of(instants());
    Ok(NewBlock {
        kind: BlockKind::Samples,
        min_ns,
        max_ns,
        min_series: series().next().unwrap_or_default(),
        max_series: series().next_back().unwrap_or_default(),
        records: samples.len(),
        names,
        data: kinds::file(
            BlockKind::Samples,
            stamp,
            unit_ns,
            columns(samples, unit_ns),
        )?,
        index: None,
    })
}

fn columns(samples: &Samples, unit_ns: i64) -> Vec<Column> {
    let mut columns = vec![
        Column::new(
            SERIES_ID,
            Int64Array::from_iter_values(samples.keys().map(|(series, _)| *series)),
            Kind::Repeated,
        ),
        Column::new(
            layout::TIMESTAMP,
            Int64Array::from_iter_values(samples.keys().map(|(_, at_ns)| at_ns / unit_ns)),
            Kind::Numbers,
        ),
    ];
    let rows: Vec<(i64, f64)> = samples
        .iter()
        .map(|((id, _), value)| (*id, *value))
        .collect();
    let mut integers: Vec<Option<i64>> = Vec::with_capacity(rows.len());
    let mut scales: Vec<Option<i32>> = Vec::with_capacity(rows.len());
    let mut values: Vec<Option<f64>> = Vec::with_capacity(rows.len());
    for of_series in rows.chunk_by(|a, b| a.0 == b.0) {
        let scale = scale_of(of_series);
        for (_, value) in of_series {
            let integer = scale.and_then(|scale| integer(*value, scale));
            integers.push(integer);
            scales.push(scale.and_then(|scale| i32::try_from(scale).ok()));
            values.push(integer.is_none().then_some(*value));
        }
    }
    if integers.iter().any(Option::is_some) {
        let nullable = |column| Column {
            is_nullable: true,
            ..column
        };
        let (integers, scales) = (Int64Array::from(integers), Int32Array::from(scales));
        columns.push(nullable(Column::new(INTEGER, integers, Kind::Numbers)));
        columns.push(nullable(Column::new(SCALE, scales, Kind::Repeated)));
    }
    if values.iter().any(Option::is_some) {
        columns.push(Column {
            is_nullable: true,
            ..Column::new(VALUE, Float64Array::from(values), Kind::Split)
        });
    }
    columns
}

/// The smallest power of ten that makes integers of all values of a series; none when there is none.
fn scale_of(samples: &[(i64, f64)]) -> Option<usize> {
    (0..POWERS.len()).find(|scale| {
        samples
            .iter()
            .all(|(_, value)| integer(*value, *scale).is_some())
    })
}

/// The integer that [`float`] makes the same value of, bit for bit.
fn integer(value: f64, scale: usize) -> Option<i64> {
    let scaled = (value * POWERS[scale]).round();
    if scaled.is_nan() || scaled.abs() > MAX_INTEGER {
        return None;
    }
    let integer = scaled as i64;
    let again = float(integer, scale)?;
    (again.to_bits() == value.to_bits()).then_some(integer)
}

fn float(integer: i64, scale: usize) -> Option<f64> {
    Some(integer as f64 / POWERS.get(scale)?)
}

/// A block of samples in memory.
pub(crate) struct Opened {
    series: Int64Array,
    instants_ns: Vec<i64>,
    values: Vec<f64>,
}

impl Opened {
    pub(crate) fn read(block: &OpenBlock) -> Result<Self, Error> {
        let batch = block.batch(|_| true, None)?;
        let unit_ns = block.unit_ns();
        let integers = numbers(&batch, INTEGER).ok();
        let scales: Option<&Int32Array> = batch
            .column_by_name(SCALE)
            .and_then(|column| column.as_primitive_opt::<Int32Type>());
        let floats: Option<&Float64Array> = batch
            .column_by_name(VALUE)
            .and_then(|column| column.as_primitive_opt::<Float64Type>());
        let value = |row: usize| {
            if let (Some(integers), Some(scales)) = (&integers, scales)
                && integers.is_valid(row)
            {
                return float(
                    integers.value(row),
                    usize::try_from(scales.value(row)).ok()?,
                );
            }
            let floats = floats.filter(|floats| floats.is_valid(row))?;
            Some(floats.value(row))
        };
        Ok(Self {
            series: numbers(&batch, SERIES_ID)?,
            instants_ns: numbers(&batch, layout::TIMESTAMP)?
                .values()
                .iter()
                .map(|at| at.saturating_mul(unit_ns))
                .collect(),
            values: (0..batch.num_rows())
                .map(|row| value(row).ok_or_else(|| damaged(format!("row {row} has no value"))))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The rows of a series with instants of a range (its end outside).
    pub(crate) fn rows(&self, series: i64, range: Range<i64>) -> Range<usize> {
        let ids = self.series.values();
        let start = ids.partition_point(|id| *id < series);
        let end = start + ids[start..].partition_point(|id| *id == series);
        let instants = &self.instants_ns[start..end];
        let from = instants.partition_point(|at_ns| *at_ns < range.start);
        let until = instants.partition_point(|at_ns| *at_ns < range.end);
        start + from..start + until.max(from)
    }

    /// Instant and value of a row.
    pub(crate) fn sample(&self, row: usize) -> (i64, f64) {
        (self.instants_ns[row], self.values[row])
    }

    /// Adds all samples; those that are there are replaced.
    pub(crate) fn add_to(&self, samples: &mut Samples) {
        let rows = self.series.values().iter().zip(&self.instants_ns);
        for ((series, at_ns), value) in rows.zip(&self.values) {
            samples.insert((*series, *at_ns), *value);
        }
    }
}

/// All samples of a block.
pub(crate) fn all(block: &OpenBlock) -> Result<Samples, Error> {
    let mut samples = Samples::new();
    Opened::read(block)?.add_to(&mut samples);
    Ok(samples)
}

/// Whether a block may have one of these series; they are sorted.
pub(super) fn may_have(block: &Block, series: &[i64]) -> bool {
    let next = series.partition_point(|id| *id < block.min_series);
    series.get(next).is_some_and(|id| *id <= block.max_series)
}

/// Where the newest sample of a series is looked for in blocks, and what was found.
pub(super) struct Newest {
    /// Before this instant.
    pub(super) before_ns: i64,
    /// Nothing of the series lies in blocks after this instant.
    pub(super) sealed_until_ns: i64,
    /// Instant and value, the newest known.
    pub(super) found: Option<(i64, f64)>,
}

/// Looks for newer samples of series than those that are known. What lies in rows wins at the same instant, and among blocks
/// the one that was sealed later.
pub(super) fn find_newest(
    store: &Store,
    connection: &mut AnyConnection,
    mut blocks: Vec<Block>,
    wanted: &mut BTreeMap<i64, Newest>,
) -> Result<(), Error> {
    let budget = Budget::start(store.config().read_timeout);
    blocks.sort_by_key(|block| std::cmp::Reverse((block.stored.max_ns, block.sequence)));
    // Where the found one lies, when in a block.
    let mut sequences: BTreeMap<i64, i64> = BTreeMap::new();
    for block in &blocks {
        let stored = &block.stored;
        let open: Vec<i64> = wanted
            .range(block.min_series..=block.max_series)
            .filter(|(_, newest)| {
                let last_ns = newest
                    .sealed_until_ns
                    .min(newest.before_ns.saturating_sub(1));
                stored.min_ns <= last_ns
                    && newest
                        .found
                        .is_none_or(|(at_ns, _)| at_ns <= stored.max_ns.min(last_ns))
            })
            .map(|(id, _)| *id)
            .collect();
        if open.is_empty() {
            continue;
        }
        kinds::each(store, connection, [block], &budget, |block, opened| {
            let opened = Opened::read(opened)?;
            for id in &open {
                let Some(newest) = wanted.get_mut(id) else {
                    continue;
                };
                let Some(row) = opened.rows(*id, i64::MIN..newest.before_ns).next_back() else {
                    continue;
                };
                let sample = opened.sample(row);
                let is_newer = newest.found.is_none_or(|(at_ns, _)| {
                    let is_later_block = sequences
                        .get(id)
                        .is_some_and(|sequence| *sequence < block.sequence);
                    sample.0 > at_ns || (sample.0 == at_ns && is_later_block)
                });
                if is_newer {
                    newest.found = Some(sample);
                    sequences.insert(*id, block.sequence);
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
