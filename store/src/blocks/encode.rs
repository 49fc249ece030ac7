//! Records as one Parquet file with what the catalogue says about it.

mod attributes;
mod bodies;
mod columns;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema};
use domain::{LogRecord, RecordId, TemplateId};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};

use self::columns::Column;
use super::index::IndexBuilder;
use super::layout;
use super::skeleton::Skeleton;
use crate::Error;

/// Higher levels cost twice the time for some percent.
const ZSTD_LEVEL: i32 = 3;

/// What the catalogue says about a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) format: i16,
    pub(crate) min_ns: i64,
    pub(crate) max_ns: i64,
    pub(crate) min_id: RecordId,
    pub(crate) max_id: RecordId,
    pub(crate) records: usize,
    /// Sorted.
    pub(crate) services: Vec<String>,
    /// Records by severity number, sorted.
    pub(crate) severities: Vec<(i16, i64)>,
    /// Sorted.
    pub(crate) templates: Vec<i64>,
}

/// A block that is not stored yet.
pub(crate) struct Encoded {
    pub(crate) header: Header,
    pub(crate) data: Vec<u8>,
    pub(crate) sha256: [u8; 32],
    /// The bloom filter and vocabulary: see [`super::index`].
    pub(crate) index: Vec<u8>,
}

/// The texts of templates, as far as they are known.
pub(crate) type Texts = HashMap<TemplateId, Arc<str>>;

/// Encodes records, at most [`layout::MAX_ROWS`] of one project and at least one.
pub(crate) fn encode(records: &[&LogRecord], texts: &Texts) -> Result<Encoded, Error> {
    let mut sorted: Vec<&LogRecord> = records.to_vec();
    sorted.sort_unstable_by(|a, b| {
        let key = |r: &LogRecord| (r.template_id, r.timestamp_ns, r.id);
        a.service.cmp(&b.service).then_with(|| key(a).cmp(&key(b)))
    });
    let header = header_of(&sorted)?;
    let skeletons: HashMap<TemplateId, (Arc<str>, Skeleton)> = header
        .templates
        .iter()
        .filter_map(|id| {
            let id = TemplateId::from_i64(*id);
            let text = texts.get(&id)?;
            Some((id, (Arc::clone(text), Skeleton::new(text))))
        })
        .collect();
    let mut index = IndexBuilder::default();
    let unit_ns = unit_of(&sorted);
    let mut columns = columns::fixed(&sorted, unit_ns, &mut index);
    bodies::add(&mut columns, &sorted, &skeletons, &mut index);
    attributes::add(&mut columns, &sorted, &mut index);
    let data = write(columns, unit_ns).map_err(|error| Error::Database {
        message: format!("a block could not be encoded: {error}"),
    })?;
    Ok(Encoded {
        header,
        sha256: Sha256::digest(&data).into(),
        index: index.finish(),
        data,
    })
}

fn header_of(sorted: &[&LogRecord]) -> Result<Header, Error> {
    let nothing = || Error::BadRequest {
        message: "a block of no records".to_owned(),
    };
    let mut severities: BTreeMap<i16, i64> = BTreeMap::new();
    let mut services: Vec<String> = Vec::new();
    let mut templates = BTreeSet::new();
    let mut last = None;
    for record in sorted {
        *severities.entry(record.severity.number()).or_insert(0) += 1;
        if services.last() != Some(&record.service) {
            services.push(record.service.clone());
        }
        if last != Some(record.template_id) {
            last = Some(record.template_id);
            templates.insert(record.template_id.to_i64());
        }
    }
    let times = || sorted.iter().map(|record| record.timestamp_ns);
    let ids = || sorted.iter().map(|record| record.id);
    Ok(Header {
        format: layout::FORMAT,
        min_ns: times().min().ok_or_else(nothing)?,
        max_ns: times().max().ok_or_else(nothing)?,
        min_id: ids().min().ok_or_else(nothing)?,
        max_id: ids().max().ok_or_else(nothing)?,
        records: sorted.len(),
        services,
        severities: severities.into_iter().collect(),
        templates: templates.into_iter().collect(),
    })
}

/// The coarsest of millisecond, microsecond and nanosecond that loses nothing.
fn unit_of(records: &[&LogRecord]) -> i64 {
    [1_000_000, 1_000]
        .into_iter()
        .find(|unit| records.iter().all(|r| r.timestamp_ns % unit == 0))
        .unwrap_or(1)
}

fn write(columns: Vec<Column>, unit_ns: i64) -> Result<Vec<u8>, ParquetError> {
    let meta = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_created_by("vigil".to_owned())
        .set_max_row_group_row_count(Some(layout::MAX_ROWS))
        .set_dictionary_enabled(false)
        .set_key_value_metadata(Some(vec![
            meta(layout::META_FORMAT, layout::FORMAT.to_string()),
            meta(layout::META_UNIT, unit_ns.to_string()),
        ]));
    let mut fields = Vec::with_capacity(columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for column in columns {
        let path = ColumnPath::new(vec![column.name.clone()]);
        properties = match column.encoding {
            columns::Kind::Repeated => properties.set_column_dictionary_enabled(path, true),
            columns::Kind::Numbers => {
                properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
            }
            columns::Kind::Plain => properties,
        };
        fields.push(Field::new(
            column.name,
            column.array.data_type().clone(),
            column.is_nullable,
        ));
        arrays.push(column.array);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)
        .map_err(|error: ArrowError| ParquetError::General(error.to_string()))?;
    let options = ArrowWriterOptions::new()
        .with_properties(properties.build())
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options)?;
    writer.write(&batch)?;
    writer.into_inner()
}
