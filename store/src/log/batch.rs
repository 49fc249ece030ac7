//! What is committed together, and how it is made fit for every database.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::{LogRecord, ProjectId, RecordId, Rejected, Template, TemplateId};

use super::receipts::IngestReceipt;

/// Service names longer than this many bytes are cut: they are part of index keys (Postgres allows 2,704 bytes).
pub const MAX_SERVICE_BYTES: usize = 256;
/// Trace and span ids longer than this many bytes are cut, for the same reason.
pub const MAX_TRACE_ID_BYTES: usize = 256;
/// Longest stored example of a template, bytes.
pub const MAX_EXAMPLE_BYTES: usize = 2_048;

/// Records of one project that become durable together.
#[derive(Debug, Clone)]
pub struct CommitBatch {
    /// The tenant; a record that names another one is refused.
    pub project_id: ProjectId,
    /// Records with their ids and template ids set.
    pub records: Vec<LogRecord>,
    /// Templates that the miner made since the last commit. Only `id`, `text` and `example` are read; the counts
    /// come from the records, the sequence from the store. Templates that are known already are skipped.
    pub new_templates: Vec<Template>,
    /// Templates (first) that a more general one (second) replaced.
    pub merged: Vec<(TemplateId, TemplateId)>,
    /// Requests with a key of their sender's whose records are in this batch, written with it.
    pub receipts: Vec<IngestReceipt>,
    /// The texts of the records' templates: in blocks the bodies are stored as what differs from them. Bodies whose
    /// template has no text here are stored whole.
    pub texts: HashMap<TemplateId, Arc<str>>,
}

impl CommitBatch {
    /// A batch of records whose templates are known.
    #[must_use]
    pub fn new(project_id: ProjectId, records: Vec<LogRecord>) -> Self {
        Self {
            project_id,
            records,
            new_templates: Vec::new(),
            merged: Vec::new(),
            receipts: Vec::new(),
            texts: HashMap::new(),
        }
    }
}

/// What a commit did. It is durable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommitReceipt {
    /// Records that were written.
    pub stored: usize,
    /// Records that were there already (the same id): a repeated batch is not stored twice.
    pub duplicates: usize,
    /// Records that were not written, by position in the batch, and why.
    pub rejected: Vec<Rejected>,
    /// Positions of records whose text was changed to be storable (NUL became U+FFFD, an overlong service was cut).
    pub sanitised: Vec<usize>,
    /// Templates that were new to the database.
    pub new_templates: usize,
}

/// A batch without anything that a database refuses.
pub(crate) struct Prepared<'a> {
    pub(crate) project_id: ProjectId,
    pub(crate) records: Vec<Cow<'a, LogRecord>>,
    pub(crate) receipt: CommitReceipt,
}

impl<'a> Prepared<'a> {
    pub(crate) fn of(batch: &'a CommitBatch) -> Self {
        let mut receipt = CommitReceipt::default();
        let mut records = Vec::with_capacity(batch.records.len());
        // Ids usually grow, and then none can come twice.
        let grow = batch.records.is_sorted_by(|a, b| a.id < b.id);
        let mut seen: HashSet<RecordId> = HashSet::new();
        for (index, record) in batch.records.iter().enumerate() {
            if record.project_id != batch.project_id {
                receipt.rejected.push(Rejected {
                    index,
                    reason: format!(
                        "record belongs to project {}, the batch to {}",
                        record.project_id, batch.project_id
                    ),
                });
                continue;
            }
            if !grow && !seen.insert(record.id) {
                receipt.duplicates += 1;
                continue;
            }
            let record = storable(record);
            if matches!(record, Cow::Owned(_)) {
                receipt.sanitised.push(index);
            }
            records.push(record);
        }
        Self {
            project_id: batch.project_id,
            records,
            receipt,
        }
    }
}

/// The record as it is stored.
pub(super) fn storable(record: &LogRecord) -> Cow<'_, LogRecord> {
    let optional_fits = |text: &Option<String>| {
        text.as_deref()
            .is_none_or(|text| text.len() <= MAX_TRACE_ID_BYTES && !has_nul(text))
    };
    let fits = record.service.len() <= MAX_SERVICE_BYTES
        && !has_nul(&record.service)
        && !has_nul(&record.body)
        && !has_nul(&record.attributes)
        && optional_fits(&record.trace_id)
        && optional_fits(&record.span_id);
    if fits {
        return Cow::Borrowed(record);
    }
    let mut changed = record.clone();
    changed.service = cut(&clean(&record.service), MAX_SERVICE_BYTES).to_owned();
    changed.body = clean(&record.body).into_owned();
    changed.attributes = clean(&record.attributes).into_owned();
    changed.trace_id = record.trace_id.as_deref().map(stored_trace_id);
    changed.span_id = record.span_id.as_deref().map(stored_trace_id);
    Cow::Owned(changed)
}

/// A trace id as it is stored; a filter must look for the same.
pub(crate) fn stored_trace_id(text: &str) -> String {
    cut(&clean(text), MAX_TRACE_ID_BYTES).to_owned()
}

fn has_nul(text: &str) -> bool {
    memchr::memchr(0, text.as_bytes()).is_some()
}

/// Postgres has no NUL in text; it becomes the visible replacement character on both databases.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if has_nul(text) {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The longest prefix of at most `max_bytes` bytes that ends at a character.
pub(crate) fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}
