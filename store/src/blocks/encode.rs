//! Records as one Parquet file with what the catalogue says about it.

pub(crate) mod attributes;
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

pub(crate) use self::columns::{Column, Kind, TextColumn};
use super::index::IndexBuilder;
use super::layout;
use super::skeleton::Skeleton;
use crate::Error;

/// What the library does when nobody says anything else.
const ROWS_PER_PAGE: usize = 20_000;
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
    let groups = sorted(records);
    let header = header_of(&groups)?;
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
    let rows: Vec<Row<'_>> = groups
        .iter()
        .flat_map(|group| &group.rows)
        .copied()
        .collect();
    let sorted: Vec<&LogRecord> = rows.iter().map(|row| row.record).collect();
    let unit_ns = unit_of(rows.iter().map(|row| row.timestamp_ns));
    let mut columns = columns::fixed(&groups, &rows, unit_ns, &mut index);
    bodies::add(&mut columns, &sorted, &skeletons, &mut index);
    let texts = sorted.iter().map(|record| record.attributes.as_str());
    attributes::add(&mut columns, texts, Some(&mut index));
    let meta = [
        (layout::META_FORMAT, layout::FORMAT.to_string()),
        (layout::META_UNIT, unit_ns.to_string()),
    ];
    let data = write(columns, &meta, ROWS_PER_PAGE).map_err(|error| Error::Database {
        message: format!("a block could not be encoded: {error}"),
    })?;
    Ok(Encoded {
        header,
        sha256: Sha256::digest(&data).into(),
        index: index.finish(),
        data,
    })
}

/// What of a record is compared and written as numbers, side by side: the records themselves lie all over the memory.
#[derive(Clone, Copy)]
pub(crate) struct Row<'r> {
    timestamp_ns: i64,
    id: u128,
    observed_at_ns: i64,
    severity: i16,
    record: &'r LogRecord,
}

/// Rows that have the service and the template in common.
struct Group<'r> {
    service: &'r str,
    template_id: i64,
    rows: Vec<Row<'r>>,
}

/// By service, template, time and id. Groups are few: records are dealt out to them, and within a group they come nearly in
/// the order of time already.
fn sorted<'r>(records: &[&'r LogRecord]) -> Vec<Group<'r>> {
    let mut groups: foldhash::HashMap<(&str, TemplateId), Vec<Row<'r>>> =
        foldhash::HashMap::default();
    for record in records {
        groups
            .entry((record.service.as_str(), record.template_id))
            .or_default()
            .push(Row {
                timestamp_ns: record.timestamp_ns,
                id: record.id.0.as_u128(),
                observed_at_ns: record.observed_at_ns,
                severity: record.severity.number(),
                record,
            });
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by_key(|(key, _)| *key);
    let groups = groups
        .into_iter()
        .map(|((service, template_id), mut rows)| {
            rows.sort_by_key(|row| (row.timestamp_ns, row.id));
            Group {
                service,
                template_id: template_id.to_i64(),
                rows,
            }
        });
    groups.collect()
}

fn header_of(groups: &[Group<'_>]) -> Result<Header, Error> {
    let nothing = || Error::BadRequest {
        message: "a block of no records".to_owned(),
    };
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let mut severities: BTreeMap<i16, i64> = BTreeMap::new();
    for row in rows() {
        *severities.entry(row.severity).or_insert(0) += 1;
    }
    let mut services: Vec<String> = Vec::new();
    for group in groups {
        if services.last().is_none_or(|last| last != group.service) {
            services.push(group.service.to_owned());
        }
    }
    let templates: BTreeSet<i64> = groups.iter().map(|group| group.template_id).collect();
    let times = || rows().map(|row| row.timestamp_ns);
    let ids = || rows().map(|row| row.id);
    let id = |number: Option<u128>| {
        number
            .map(|number| RecordId(uuid::Uuid::from_u128(number)))
            .ok_or_else(nothing)
    };
    Ok(Header {
        format: layout::FORMAT,
        min_ns: times().min().ok_or_else(nothing)?,
        max_ns: times().max().ok_or_else(nothing)?,
        min_id: id(ids().min())?,
        max_id: id(ids().max())?,
        records: rows().count(),
        services,
        severities: severities.into_iter().collect(),
        templates: templates.into_iter().collect(),
    })
}

/// The coarsest of millisecond, microsecond and nanosecond that loses nothing.
pub(crate) fn unit_of(instants_ns: impl Iterator<Item = i64> + Clone) -> i64 {
    [1_000_000, 1_000]
        .into_iter()
        .find(|unit| instants_ns.clone().all(|at_ns| at_ns % unit == 0))
        .unwrap_or(1)
}

/// The file of these columns, with what it says about itself. A page, up to so many rows of a column, is compressed by itself.
pub(crate) fn write(
    columns: Vec<Column>,
    meta: &[(&str, String)],
    rows_per_page: usize,
) -> Result<Vec<u8>, ParquetError> {
    let meta = meta
        .iter()
        .map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone()));
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_created_by("vigil".to_owned())
        .set_max_row_group_row_count(Some(layout::MAX_ROWS))
        .set_data_page_row_count_limit(rows_per_page)
        .set_dictionary_enabled(false)
        .set_key_value_metadata(Some(meta.collect()));
    let mut fields = Vec::with_capacity(columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for column in columns {
        let path = ColumnPath::new(vec![column.name.clone()]);
        properties = match column.encoding {
            columns::Kind::Repeated => properties.set_column_dictionary_enabled(path, true),
            columns::Kind::Numbers => {
                properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
            }
            columns::Kind::Split => {
                properties.set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT)
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
