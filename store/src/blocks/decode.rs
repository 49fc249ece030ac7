//! A block's file, opened; only the columns that are asked for are read.

mod columns;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};

use super::layout;
use super::stored::BlockKind;
use crate::Error;

pub(crate) use columns::{Attributes, Columns, dictionary, get, key, numbers, texts};

/// Which columns are needed beside instants, severities, services and template ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) ids: bool,
    pub(crate) observed_at: bool,
    pub(crate) traces: bool,
    pub(crate) bodies: bool,
    /// All attributes as objects.
    pub(crate) attributes: bool,
    /// Single attributes; ignored when all are wanted.
    pub(crate) keys: Vec<String>,
}

impl Wanted {
    /// What tells which records these are.
    pub(crate) fn ids() -> Self {
        Self {
            ids: true,
            ..Self::default()
        }
    }

    /// All of a record.
    pub(crate) fn all() -> Self {
        Self {
            ids: true,
            observed_at: true,
            traces: true,
            bodies: true,
            attributes: true,
            keys: Vec::new(),
        }
    }
}

/// An opened block.
pub(crate) struct OpenBlock {
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
    unit_ns: i64,
    names: Vec<String>,
}

pub(crate) fn damaged(detail: impl ToString) -> Error {
    Error::damaged("block", detail)
}

impl OpenBlock {
    pub(crate) fn open(bytes: Bytes, kind: BlockKind) -> Result<Self, Error> {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let plain = ArrowReaderMetadata::load(&bytes, options.clone()).map_err(damaged)?;
        let text = |key: &str| {
            let entries = plain.metadata().file_metadata().key_value_metadata();
            let mut entries = entries.into_iter().flatten();
            entries.find(|entry| entry.key == key)?.value.clone()
        };
        let meta = |key: &str| -> Result<i64, Error> {
            text(key)
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| damaged(format!("its file has no {key}")))
        };
        // The first kind says nothing.
        let of = text(layout::META_KIND);
        let of = of.as_deref().unwrap_or(BlockKind::Logs.as_str());
        if of != kind.as_str() {
            return Err(damaged(format!("it holds {of}, not {}", kind.as_str())));
        }
        let format = meta(layout::META_FORMAT)?;
        if format > i64::from(kind.format()) {
            // Not its fault: during an update an older node may meet it.
            return Err(Error::Unavailable {
                message: format!(
                    "a block was written by a newer Vigil (format {format}, this one reads up to {})",
                    kind.format()
                ),
            });
        }
        let unit_ns = meta(layout::META_UNIT)?;
        // Few values: as a dictionary each is looked at once.
        let fields: Vec<_> = plain
            .schema()
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                layout::SERVICE | layout::TEMPLATE | layout::KEYS => {
                    let texts =
                        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                    Arc::new(field.as_ref().clone().with_data_type(texts))
                }
                _ => Arc::clone(field),
            })
            .collect();
        let names = fields.iter().map(|field| field.name().clone()).collect();
        let options = options.with_schema(Arc::new(Schema::new(fields)));
        let metadata =
            ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options).map_err(damaged)?;
        Ok(Self {
            bytes,
            metadata,
            unit_ns,
            names,
        })
    }

    /// Whether records of this block may have an attribute of this key.
    pub(crate) fn may_have_key(&self, key: &str) -> bool {
        self.names.iter().any(|name| {
            name == layout::ATTRIBUTES
                || name == layout::ATTRIBUTES_MORE
                || name
                    .strip_prefix(layout::ATTRIBUTE)
                    .is_some_and(|raw| raw == key || raw.contains('\\'))
        })
    }

    fn is_wanted(&self, name: &str, wanted: &Wanted) -> bool {
        let is_value = |name: &str| {
            name.strip_prefix(layout::VALUE)
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        };
        match name {
            layout::TIMESTAMP | layout::SEVERITY | layout::SERVICE | layout::TEMPLATE_ID => true,
            layout::ID_HIGH | layout::ID_LOW => wanted.ids,
            layout::OBSERVED_AT => wanted.observed_at,
            layout::TRACE_ID | layout::TRACE_TEXT | layout::SPAN_ID | layout::SPAN_TEXT => {
                wanted.traces
            }
            layout::TEMPLATE | layout::BODY | layout::VALUES_MORE | layout::VALUES_REST => {
                wanted.bodies
            }
            name if is_value(name) => wanted.bodies,
            layout::ATTRIBUTES => wanted.attributes || !wanted.keys.is_empty(),
            layout::KEYS | layout::ATTRIBUTES_MORE => wanted.attributes,
            name => match name.strip_prefix(layout::ATTRIBUTE) {
                Some(raw) => wanted.attributes || wanted.keys.iter().any(|key| key == raw),
                None => false,
            },
        }
    }

    /// Reads columns of all rows.
    pub(crate) fn read(&self, wanted: &Wanted) -> Result<Columns, Error> {
        self.read_rows(wanted, None)
    }

    /// Reads columns of some rows; those ascend and are at least one.
    pub(crate) fn read_rows(
        &self,
        wanted: &Wanted,
        rows: Option<Vec<usize>>,
    ) -> Result<Columns, Error> {
        // Keys that have no column of their own, or that JSON spells in another way, need the whole objects.
        let is_rare = |key: &String| {
            let has_column = self
                .names
                .iter()
                .any(|name| name.strip_prefix(layout::ATTRIBUTE) == Some(key));
            !has_column && self.may_have_key(key)
        };
        let mut wanted = wanted.clone();
        let has_escaped = || {
            self.names
                .iter()
                .any(|name| name.starts_with(layout::ATTRIBUTE) && name.contains('\\'))
        };
        if !wanted.keys.is_empty() && (wanted.keys.iter().any(is_rare) || has_escaped()) {
            wanted.attributes = true;
        }
        let batch = self.batch(|name| self.is_wanted(name, &wanted), rows.as_deref())?;
        let mut columns = Columns::of(&batch, self.unit_ns, wanted.attributes)?;
        columns.rows = rows;
        Ok(columns)
    }

    /// What instants count in, nanoseconds.
    pub(crate) fn unit_ns(&self) -> i64 {
        self.unit_ns
    }

    /// The columns whose names are wanted, of all rows or of some; those ascend.
    pub(crate) fn batch(
        &self,
        is_wanted: impl Fn(&str) -> bool,
        rows: Option<&[usize]>,
    ) -> Result<RecordBatch, Error> {
        let names = self.names.iter().enumerate();
        let chosen = names.filter(|(_, name)| is_wanted(name));
        let chosen = chosen.map(|(index, _)| index);
        let metadata = self.metadata.metadata();
        let mask = ProjectionMask::leaves(metadata.file_metadata().schema_descr(), chosen);
        let all = usize::try_from(metadata.file_metadata().num_rows()).map_err(damaged)?;
        let wanted = rows.map_or(all, <[usize]>::len);
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.bytes.clone(),
            self.metadata.clone(),
        )
        .with_projection(mask)
        .with_batch_size(wanted);
        if let Some(rows) = rows {
            let ranges = rows.chunk_by(|a, b| *a + 1 == *b);
            let ranges = ranges.filter_map(|run| Some(*run.first()?..*run.last()? + 1));
            builder =
                builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, all));
        }
        let batch = builder
            .build()
            .map_err(damaged)?
            .next()
            .ok_or_else(|| damaged("it has no rows"))?
            .map_err(damaged)?;
        if batch.num_rows() != wanted {
            return Err(damaged(format!(
                "{} of {wanted} rows were read",
                batch.num_rows()
            )));
        }
        Ok(batch)
    }
}
