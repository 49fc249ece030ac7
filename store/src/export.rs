//! Records as a Parquet file that any tool reads: whole bodies and attributes, not the layout of blocks.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int32Array, RecordBatch, StringArray, TimestampNanosecondArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use domain::RecordColumns;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::Error;

/// Rows of a row group: what is in memory until it is written.
const ROWS_PER_GROUP: usize = 65_536;
/// Bytes of a row group, for records that are long.
const BYTES_PER_GROUP: usize = 64 * 1024 * 1024;

/// Writes records as one Parquet file (zstd) with the columns `timestamp` and `observed_at` (nanoseconds UTC), `severity`,
/// `severity_number`, `service`, `body`, `attributes` (JSON), `trace_id`, `span_id`, `template_id` (16 hex digits) and `id`.
pub struct ParquetExport<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: Arc<Schema>,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Unavailable {
        message: format!("writing a Parquet file: {error}"),
    }
}

impl<W: Write + Send> ParquetExport<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Fails when nothing can be written to `out`.
    pub fn new(out: W) -> Result<Self, Error> {
        let instant = || DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC")));
        let schema = Arc::new(Schema::new(vec![
            Field::new("timestamp", instant(), false),
            Field::new("observed_at", instant(), false),
            Field::new("severity", DataType::Utf8, false),
            Field::new("severity_number", DataType::Int32, false),
            Field::new("service", DataType::Utf8, false),
            Field::new("body", DataType::Utf8, false),
            Field::new("attributes", DataType::Utf8, true),
            Field::new("trace_id", DataType::Utf8, true),
            Field::new("span_id", DataType::Utf8, true),
            Field::new("template_id", DataType::Utf8, false),
            Field::new("id", DataType::Utf8, false),
        ]));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by("vigil".to_owned())
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .set_max_row_group_bytes(Some(BYTES_PER_GROUP))
            .build();
        let writer =
            ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)).map_err(failed)?;
        Ok(Self { writer, schema })
    }

    /// Adds records; every column of them must be there ([`domain::ScanColumns::ALL`]).
    ///
    /// # Errors
    /// Fails when a column is missing or nothing can be written.
    pub fn write(&mut self, records: &RecordColumns) -> Result<(), Error> {
        let instants = |values: &[i64]| -> ArrayRef {
            Arc::new(
                TimestampNanosecondArray::from_iter_values(values.iter().copied())
                    .with_timezone("UTC"),
            )
        };
        let texts = |values: &mut dyn Iterator<Item = String>| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(values))
        };
        let optional = |values: &[Option<String>]| -> ArrayRef {
            Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>())
        };
        let attributes = records
            .attributes
            .iter()
            .map(|text| (!text.is_empty()).then_some(text.as_str()));
        let severities = records.severities.iter();
        let columns = vec![
            instants(&records.timestamps_ns),
            instants(&records.observed_at_ns),
            texts(
                &mut severities
                    .clone()
                    .map(|severity| severity.as_str().to_owned()),
            ),
            Arc::new(Int32Array::from_iter_values(
                severities.map(|severity| i32::from(severity.number())),
            )),
            texts(&mut records.services.iter().map(|service| service.to_string())),
            Arc::new(StringArray::from_iter_values(&records.bodies)),
            Arc::new(attributes.collect::<StringArray>()),
            optional(&records.trace_ids),
            optional(&records.span_ids),
            texts(&mut records.template_ids.iter().map(ToString::to_string)),
            texts(&mut records.ids.iter().map(ToString::to_string)),
        ];
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(failed)?;
        self.writer.write(&batch).map_err(failed)
    }

    /// Ends the file and gives back where it was written.
    ///
    /// # Errors
    /// Fails when the rest cannot be written.
    pub fn finish(self) -> Result<W, Error> {
        self.writer.into_inner().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use domain::{RecordColumns, RecordId, Severity, TemplateId};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::ParquetExport;

    #[test]
    fn a_file_holds_what_was_written() {
        let records = RecordColumns {
            len: 2,
            timestamps_ns: vec![1, 2],
            severities: vec![Severity::Info, Severity::Error],
            services: vec!["a".into(), "b".into()],
            ids: vec![RecordId(uuid::Uuid::nil()); 2],
            observed_at_ns: vec![3, 4],
            template_ids: vec![TemplateId(255); 2],
            trace_ids: vec![None, Some("t".to_owned())],
            span_ids: vec![None, None],
            bodies: vec!["one".to_owned(), "two".to_owned()],
            attributes: vec![String::new(), "{\"k\":1}".to_owned()],
        };
        let mut export = ParquetExport::new(Vec::new()).expect("begun");
        export.write(&records).expect("written");
        export.write(&records).expect("written");
        let file = bytes::Bytes::from(export.finish().expect("ended"));
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a file");
        let batches: Vec<_> = reader
            .build()
            .expect("a reader")
            .map(|b| b.expect("a batch"))
            .collect();
        assert_eq!(
            batches
                .iter()
                .map(arrow_array::RecordBatch::num_rows)
                .sum::<usize>(),
            4
        );
        let text = |name: &str| {
            let column = batches[0].column_by_name(name).expect("the column");
            column
                .as_string::<i32>()
                .iter()
                .map(|v| v.map(str::to_owned))
                .take(2)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            text("body"),
            [Some("one".to_owned()), Some("two".to_owned())]
        );
        assert_eq!(text("attributes"), [None, Some("{\"k\":1}".to_owned())]);
        assert_eq!(
            text("severity"),
            [Some("info".to_owned()), Some("error".to_owned())]
        );
        assert_eq!(text("template_id")[0].as_deref(), Some("00000000000000ff"));
    }
}
