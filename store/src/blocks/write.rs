//! Records into blocks, inside the transaction of a commit.

use std::sync::Arc;

use domain::{LogRecord, ProjectId, TemplateId};

use super::catalogue;
use super::encode::{Encoded, Texts, encode};
use super::layout::{MAX_ROWS, MAX_TEXT_BYTES};
use crate::Error;
use crate::connection::AnyConnection;

/// Encodes records as few blocks as their limits allow.
pub(crate) fn encode_all(records: &[&LogRecord], texts: &Texts) -> Result<Vec<Encoded>, Error> {
    let mut blocks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, record) in records.iter().enumerate() {
        let size = record.body.len() + record.attributes.len();
        if index > start && (index - start >= MAX_ROWS || bytes + size > MAX_TEXT_BYTES) {
            blocks.push(encode(&records[start..index], texts)?);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < records.len() {
        blocks.push(encode(&records[start..], texts)?);
    }
    Ok(blocks)
}

/// Stores encoded blocks.
pub(crate) fn insert_all(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    blocks: &[Encoded],
    created_at_ns: i64,
) -> Result<(), Error> {
    for block in blocks {
        catalogue::insert(connection, project_id, block, created_at_ns)?;
    }
    Ok(())
}

/// The texts of templates as blocks use them.
pub(crate) fn texts_of<'t>(templates: impl IntoIterator<Item = (TemplateId, &'t str)>) -> Texts {
    templates
        .into_iter()
        .map(|(id, text)| (id, Arc::from(text)))
        .collect()
}
