//! Computed columns as JSON values.

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::Value;

use super::SqlError;

/// What a type is called in answers.
pub(super) fn kind(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Dictionary(_, values) => kind(values),
        other if other.is_integer() => "integer".to_owned(),
        other if other.is_floating() => "float".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// The values of one column, top to bottom.
pub(super) fn column(array: &dyn Array) -> Result<Vec<Value>, SqlError> {
    let rows = 0..array.len();
    macro_rules! numbers {
        ($kind:ty) => {
            values(array, |row| {
                Value::from(array.as_primitive::<$kind>().value(row))
            })
        };
    }
    macro_rules! instants {
        ($kind:ty, $scale:expr) => {
            values(array, |row| {
                instant(array.as_primitive::<$kind>().value(row), $scale)
            })
        };
    }
    Ok(match array.data_type() {
        DataType::Null => rows.map(|_| Value::Null).collect(),
        DataType::Boolean => values(array, |row| Value::from(array.as_boolean().value(row))),
        DataType::Int8 => numbers!(Int8Type),
        DataType::Int16 => numbers!(Int16Type),
        DataType::Int32 => numbers!(Int32Type),
        DataType::Int64 => numbers!(Int64Type),
        DataType::UInt8 => numbers!(UInt8Type),
        DataType::UInt16 => numbers!(UInt16Type),
        DataType::UInt32 => numbers!(UInt32Type),
        DataType::UInt64 => numbers!(UInt64Type),
        DataType::Float32 => numbers!(Float32Type),
        DataType::Float64 => numbers!(Float64Type),
        DataType::Utf8 => values(array, |row| {
            Value::from(array.as_string::<i32>().value(row))
        }),
        DataType::LargeUtf8 => values(array, |row| {
            Value::from(array.as_string::<i64>().value(row))
        }),
        DataType::Utf8View => values(array, |row| Value::from(array.as_string_view().value(row))),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => instants!(TimestampNanosecondType, 1),
        DataType::Timestamp(TimeUnit::Microsecond, _) => instants!(TimestampMicrosecondType, 1_000),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            instants!(TimestampMillisecondType, 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Second, _) => instants!(TimestampSecondType, 1_000_000_000),
        _ => return shown(array),
    })
}

fn values(array: &dyn Array, value: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..array.len())
        .map(|row| {
            if array.is_null(row) {
                Value::Null
            } else {
                value(row)
            }
        })
        .collect()
}

/// RFC 3339; out of the calendar of nanoseconds the bare number.
fn instant(value: i64, nanoseconds: i64) -> Value {
    Value::from(match value.checked_mul(nanoseconds) {
        Some(at_ns) => domain::format_timestamp(at_ns),
        None => value.to_string(),
    })
}

/// Rarer types as Arrow shows them.
fn shown(array: &dyn Array) -> Result<Vec<Value>, SqlError> {
    let options = FormatOptions::new().with_null("null");
    let formatter = ArrayFormatter::try_new(array, &options)
        .map_err(|error| SqlError::Internal(error.to_string()))?;
    Ok(values(array, |row| {
        Value::from(formatter.value(row).to_string())
    }))
}

/// The rows of a batch, and the bytes of their texts.
pub(super) fn rows(batch: &RecordBatch) -> Result<Vec<(Vec<Value>, usize)>, SqlError> {
    let mut columns = Vec::with_capacity(batch.num_columns());
    for array in batch.columns() {
        columns.push(column(array.as_ref())?.into_iter());
    }
    Ok((0..batch.num_rows())
        .map(|_| {
            let row: Vec<Value> = columns
                .iter_mut()
                .map(|column| column.next().unwrap_or(Value::Null))
                .collect();
            let bytes = row
                .iter()
                .map(|value| value.as_str().map_or(8, |text| text.len() + 2))
                .sum();
            (row, bytes)
        })
        .collect())
}
