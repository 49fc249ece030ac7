//! Columns of a block in memory, and records out of them.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, DictionaryArray, FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch, StringArray,
};
use domain::{LogRecord, ProjectId, RecordId, Severity, TemplateId};
use uuid::Uuid;

use super::super::layout::{self, JOINT};
use super::super::object;
use super::super::skeleton::Skeleton;
use super::damaged;
use crate::Error;
use crate::log::attributes::{decoded, value_of};

/// What was read of a block.
pub(crate) struct Columns {
    pub(crate) len: usize,
    /// The numbers of the rows in the block, ascending; `None` when all are here.
    pub(crate) rows: Option<Vec<usize>>,
    pub(crate) timestamps_ns: Vec<i64>,
    severities: Int32Array,
    templates: Int64Array,
    service_keys: Int32Array,
    /// The services, each once.
    pub(crate) services: Vec<Arc<str>>,
    ids: Option<(Int64Array, Int64Array)>,
    observed_at: Option<Int64Array>,
    traces: Ids,
    spans: Ids,
    bodies: Bodies,
    attributes: Attributes,
}

#[derive(Default)]
struct Ids {
    packed: Option<FixedSizeBinaryArray>,
    texts: Option<StringArray>,
}

#[derive(Default)]
struct Bodies {
    template_keys: Option<Int32Array>,
    template_texts: Option<StringArray>,
    skeletons: Vec<Skeleton>,
    values: Vec<Option<StringArray>>,
    more: Option<StringArray>,
    rest: Option<StringArray>,
    whole: Option<StringArray>,
}

/// JSON objects, by key where they could be taken apart.
#[derive(Default)]
pub(crate) struct Attributes {
    /// Whether all columns are here, so that objects can be put together.
    are_complete: bool,
    list_keys: Option<Int32Array>,
    /// For each list of keys: raw key, and its column or none.
    lists: Vec<Vec<(String, Option<usize>)>>,
    columns: Vec<(String, StringArray)>,
    more: Option<StringArray>,
    whole: Option<StringArray>,
}

pub(crate) fn texts(batch: &RecordBatch, name: &str) -> Option<StringArray> {
    Some(batch.column_by_name(name)?.as_string_opt::<i32>()?.clone())
}

pub(crate) fn numbers(batch: &RecordBatch, name: &str) -> Result<Int64Array, Error> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .cloned()
        .ok_or_else(|| damaged(format!("it has no column {name}")))
}

/// The keys of a dictionary column and its texts.
pub(crate) fn dictionary(batch: &RecordBatch, name: &str) -> Option<(Int32Array, StringArray)> {
    let column: &DictionaryArray<Int32Type> = batch.column_by_name(name)?.as_dictionary_opt()?;
    let values = column.values().as_string_opt::<i32>()?.clone();
    Some((column.keys().clone(), values))
}

pub(crate) fn get(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column
        .filter(|column| column.is_valid(row))
        .map(|column| column.value(row))
}

pub(crate) fn key(keys: &Int32Array, row: usize) -> Option<usize> {
    keys.is_valid(row)
        .then(|| usize::try_from(keys.value(row)).ok())
        .flatten()
}

impl Ids {
    fn of(batch: &RecordBatch, packed: &str, text: &str) -> Self {
        Self {
            packed: batch
                .column_by_name(packed)
                .and_then(|column| column.as_fixed_size_binary_opt())
                .cloned(),
            texts: texts(batch, text),
        }
    }

    fn get(&self, row: usize) -> Option<String> {
        match &self.packed {
            Some(packed) if packed.is_valid(row) => Some(hex::encode(packed.value(row))),
            _ => get(self.texts.as_ref(), row).map(str::to_owned),
        }
    }

    /// Whether the id of a row is this text, `packed` being its bytes if it has any.
    fn is(&self, row: usize, text: &str, bytes: Option<&[u8]>) -> bool {
        match &self.packed {
            Some(packed) if packed.is_valid(row) => Some(packed.value(row)) == bytes,
            _ => get(self.texts.as_ref(), row) == Some(text),
        }
    }
}

impl Columns {
    /// Of no rows.
    pub(crate) fn none() -> Self {
        Self {
            len: 0,
            rows: None,
            timestamps_ns: Vec::new(),
            severities: Int32Array::from(Vec::<i32>::new()),
            templates: Int64Array::from(Vec::<i64>::new()),
            service_keys: Int32Array::from(Vec::<i32>::new()),
            services: Vec::new(),
            ids: None,
            observed_at: None,
            traces: Ids::default(),
            spans: Ids::default(),
            bodies: Bodies::default(),
            attributes: Attributes::default(),
        }
    }

    pub(super) fn of(
        batch: &RecordBatch,
        unit_ns: i64,
        are_attributes_complete: bool,
    ) -> Result<Self, Error> {
        let (service_keys, services) = dictionary(batch, layout::SERVICE)
            .ok_or_else(|| damaged("it has no column service"))?;
        let severities = batch
            .column_by_name(layout::SEVERITY)
            .and_then(|column| column.as_primitive_opt::<Int32Type>())
            .cloned()
            .ok_or_else(|| damaged("it has no column severity"))?;
        let timestamps_ns = numbers(batch, layout::TIMESTAMP)?
            .values()
            .iter()
            .map(|value| value.saturating_mul(unit_ns))
            .collect();
        let ids = match batch.column_by_name(layout::ID_HIGH) {
            Some(_) => Some((
                numbers(batch, layout::ID_HIGH)?,
                numbers(batch, layout::ID_LOW)?,
            )),
            None => None,
        };
        Ok(Self {
            len: batch.num_rows(),
            rows: None,
            timestamps_ns,
            severities,
            templates: numbers(batch, layout::TEMPLATE_ID)?,
            service_keys,
            services: services.iter().flatten().map(Arc::from).collect(),
            ids,
            observed_at: numbers(batch, layout::OBSERVED_AT).ok(),
            traces: Ids::of(batch, layout::TRACE_ID, layout::TRACE_TEXT),
            spans: Ids::of(batch, layout::SPAN_ID, layout::SPAN_TEXT),
            bodies: Bodies::of(batch),
            attributes: Attributes::of(batch, are_attributes_complete),
        })
    }

    /// The number in the block of a row.
    pub(crate) fn number(&self, row: usize) -> usize {
        self.rows.as_ref().map_or(row, |rows| rows[row])
    }

    /// Where a row of the block is here, if it is.
    pub(crate) fn place_of(&self, number: usize) -> Option<usize> {
        match &self.rows {
            Some(rows) => rows.binary_search(&number).ok(),
            None => (number < self.len).then_some(number),
        }
    }

    pub(crate) fn severity(&self, row: usize) -> i16 {
        i16::try_from(self.severities.value(row)).unwrap_or_default()
    }

    pub(crate) fn template(&self, row: usize) -> i64 {
        self.templates.value(row)
    }

    /// The number of the row's service in `services`.
    pub(crate) fn service(&self, row: usize) -> usize {
        key(&self.service_keys, row).unwrap_or_default()
    }

    pub(crate) fn service_name(&self, row: usize) -> Arc<str> {
        self.services
            .get(self.service(row))
            .cloned()
            .unwrap_or_default()
    }

    /// The nil id when ids were not read.
    pub(crate) fn id(&self, row: usize) -> RecordId {
        let (high, low) = self.ids.as_ref().map_or((0, 0), |(high, low)| {
            (
                high.value(row).cast_unsigned(),
                low.value(row).cast_unsigned(),
            )
        });
        RecordId(Uuid::from_u64_pair(high, low))
    }

    pub(crate) fn observed_at_ns(&self, row: usize) -> i64 {
        self.observed_at
            .as_ref()
            .map_or(0, |column| column.value(row))
    }

    pub(crate) fn trace_id(&self, row: usize) -> Option<String> {
        self.traces.get(row)
    }

    pub(crate) fn span_id(&self, row: usize) -> Option<String> {
        self.spans.get(row)
    }

    /// Whether the trace id is this one.
    pub(crate) fn is_of_trace(&self, row: usize, trace_id: &str, bytes: Option<&[u8]>) -> bool {
        self.traces.is(row, trace_id, bytes)
    }

    /// The text of the template that the body was split by.
    pub(crate) fn template_text(&self, row: usize) -> Option<&str> {
        let bodies = &self.bodies;
        let number = key(bodies.template_keys.as_ref()?, row)?;
        bodies
            .template_texts
            .as_ref()
            .map(|texts| texts.value(number))
    }

    /// Appends the body.
    pub(crate) fn push_body(&self, row: usize, out: &mut String) {
        self.bodies.push(row, out);
    }

    pub(crate) fn body(&self, row: usize) -> String {
        let mut body = String::new();
        self.push_body(row, &mut body);
        body
    }

    /// The attributes as one object; `""` for none.
    pub(crate) fn attributes(&self, row: usize) -> String {
        self.attributes.object(row)
    }

    /// One attribute as it is compared.
    pub(crate) fn attribute(&self, row: usize, key: &str) -> Option<Cow<'_, str>> {
        self.attributes.value(row, key)
    }

    /// A whole record; every column must have been read.
    pub(crate) fn record(&self, row: usize, project_id: ProjectId) -> LogRecord {
        LogRecord {
            id: self.id(row),
            project_id,
            timestamp_ns: self.timestamps_ns[row],
            observed_at_ns: self.observed_at_ns(row),
            severity: Severity::from_number(i64::from(self.severity(row))),
            service: self.service_name(row).as_ref().to_owned(),
            body: self.body(row),
            attributes: self.attributes(row),
            trace_id: self.trace_id(row),
            span_id: self.span_id(row),
            template_id: TemplateId::from_i64(self.template(row)),
        }
    }
}

impl Bodies {
    fn of(batch: &RecordBatch) -> Self {
        let (template_keys, template_texts) = dictionary(batch, layout::TEMPLATE).unzip();
        let skeletons = template_texts.as_ref().map_or_else(Vec::new, |texts| {
            texts
                .iter()
                .map(|text| Skeleton::new(text.unwrap_or_default()))
                .collect()
        });
        Self {
            template_keys,
            template_texts,
            skeletons,
            values: (0..layout::VALUE_COLUMNS)
                .map(|slot| texts(batch, &format!("{}{slot}", layout::VALUE)))
                .collect(),
            more: texts(batch, layout::VALUES_MORE),
            rest: texts(batch, layout::VALUES_REST),
            whole: texts(batch, layout::BODY),
        }
    }

    fn push(&self, row: usize, out: &mut String) {
        let skeleton = self
            .template_keys
            .as_ref()
            .and_then(|keys| key(keys, row))
            .and_then(|key| self.skeletons.get(key));
        let Some(skeleton) = skeleton else {
            out.push_str(get(self.whole.as_ref(), row).unwrap_or_default());
            return;
        };
        let mut more = get(self.more.as_ref(), row)
            .unwrap_or_default()
            .split(JOINT);
        let slots = skeleton.slots();
        skeleton.join(
            |slot| {
                let value = if slot == slots {
                    get(self.rest.as_ref(), row)
                } else if slot < layout::VALUE_COLUMNS {
                    get(self.values[slot].as_ref(), row)
                } else {
                    more.next()
                };
                value.unwrap_or_default()
            },
            out,
        );
    }
}

impl Attributes {
    pub(crate) fn of(batch: &RecordBatch, are_complete: bool) -> Self {
        let columns: Vec<(String, StringArray)> = batch
            .schema()
            .fields()
            .iter()
            .filter_map(|field| {
                let raw = field.name().strip_prefix(layout::ATTRIBUTE)?;
                Some((raw.to_owned(), texts(batch, field.name())?))
            })
            .collect();
        let place = |raw: &str| columns.iter().position(|(name, _)| name == raw);
        let (list_keys, lists) = match dictionary(batch, layout::KEYS) {
            Some((keys, lists)) => {
                let lists = lists.iter().map(|list| {
                    let raws = list.unwrap_or_default().split(JOINT);
                    raws.map(|raw| (raw.to_owned(), place(raw))).collect()
                });
                (Some(keys), lists.collect())
            }
            None => (None, Vec::new()),
        };
        Self {
            are_complete,
            list_keys,
            lists,
            columns,
            more: texts(batch, layout::ATTRIBUTES_MORE),
            whole: texts(batch, layout::ATTRIBUTES),
        }
    }

    pub(crate) fn object(&self, row: usize) -> String {
        if let Some(whole) = get(self.whole.as_ref(), row) {
            return whole.to_owned();
        }
        let list = self
            .list_keys
            .as_ref()
            .and_then(|keys| key(keys, row))
            .and_then(|key| self.lists.get(key));
        let Some(list) = list else {
            return String::new();
        };
        let mut more = get(self.more.as_ref(), row)
            .unwrap_or_default()
            .split(JOINT);
        let mut object = String::from("{");
        for (number, (raw, place)) in list.iter().enumerate() {
            let value = match place {
                Some(place) => get(Some(&self.columns[*place].1), row),
                None => more.next(),
            };
            object::push_member(&mut object, number == 0, raw, value.unwrap_or("null"));
        }
        object.push('}');
        object
    }

    fn value(&self, row: usize, key: &str) -> Option<Cow<'_, str>> {
        if self.are_complete {
            let object = self.object(row);
            return value_of(&object, key).map(|value| Cow::Owned(value.into_owned()));
        }
        if let Some(whole) = get(self.whole.as_ref(), row) {
            return value_of(whole, key);
        }
        let (_, column) = self.columns.iter().find(|(raw, _)| raw == key)?;
        get(Some(column), row).map(decoded)
    }
}
