//! The catalogue of blocks: what each holds, without reading it.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, SmallInt, Text};
use domain::{ProjectId, RecordId, TimeRange};
use uuid::Uuid;

use super::encode::{Encoded, Header};
use super::stored::{self, BlockKind, Damaged, Stored};
use crate::Error;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;

/// A stored block.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The first eight bytes of the digest.
    pub(crate) id: i64,
    pub(crate) header: Header,
    pub(crate) bytes: usize,
    pub(crate) sha256: [u8; 32],
    /// `""` in the database, else the name of an object.
    pub(crate) location: String,
}

impl Entry {
    pub(crate) fn stored(&self) -> Stored {
        Stored {
            kind: BlockKind::Logs,
            id: self.id,
            min_ns: self.header.min_ns,
            max_ns: self.header.max_ns,
            records: self.header.records,
            bytes: self.bytes,
            sha256: self.sha256,
            location: self.location.clone(),
            names: self.header.services.clone(),
        }
    }
}

const COLUMNS: &str = "SELECT id, min_ns, max_ns, min_id, max_id, records, bytes, format, sha256, services, severities, \
                       templates, location FROM log_blocks WHERE project_id = ";

type Types = (
    BigInt,
    BigInt,
    BigInt,
    Binary,
    Binary,
    BigInt,
    BigInt,
    SmallInt,
    Binary,
    Text,
    Text,
    Binary,
    Text,
);
type Row = (
    i64,
    i64,
    i64,
    Vec<u8>,
    Vec<u8>,
    i64,
    i64,
    i16,
    Vec<u8>,
    String,
    String,
    Vec<u8>,
    String,
);

fn damaged(detail: impl ToString) -> Error {
    Error::damaged("log_blocks", detail)
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let (
            id,
            min_ns,
            max_ns,
            min_id,
            max_id,
            records,
            bytes,
            format,
            sha256,
            services,
            severities,
            templates,
            location,
        ) = row;
        let uuid = |bytes: Vec<u8>| Uuid::from_slice(&bytes).map(RecordId).map_err(damaged);
        Ok(Self {
            id,
            header: Header {
                format,
                min_ns,
                max_ns,
                min_id: uuid(min_id)?,
                max_id: uuid(max_id)?,
                records: usize::try_from(records).map_err(damaged)?,
                services: serde_json::from_str(&services).map_err(damaged)?,
                severities: serde_json::from_str(&severities).map_err(damaged)?,
                templates: templates
                    .chunks_exact(8)
                    .map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap_or_default()))
                    .collect(),
            },
            bytes: usize::try_from(bytes).map_err(damaged)?,
            sha256: sha256
                .try_into()
                .map_err(|_| damaged("a digest is not 32 bytes"))?,
            location,
        })
    }
}

fn load(connection: &mut AnyConnection, statement: Statement<'_>) -> Result<Vec<Entry>, Error> {
    let rows = statement.returning::<Types>();
    let rows: Vec<Row> = on_both!(connection, concrete => rows.load(concrete))?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// The blocks that overlap a range, damaged ones left out, in the order of their end.
pub(crate) fn in_range(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    range: TimeRange,
) -> Result<Vec<Entry>, Error> {
    list(connection, project_id, range, Damaged::LeftOut)
}

/// The same with the damaged ones.
pub(crate) fn in_range_damaged_too(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    range: TimeRange,
) -> Result<Vec<Entry>, Error> {
    list(connection, project_id, range, Damaged::Too)
}

fn list(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    range: TimeRange,
    damaged: Damaged,
) -> Result<Vec<Entry>, Error> {
    let mut statement = Statement::new(COLUMNS);
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(damaged.condition());
    stored::in_range(&mut statement, range);
    statement.sql(" ORDER BY max_ns, id");
    load(connection, statement)
}

/// The blocks whose ids overlap these.
pub(crate) fn with_ids(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    first: RecordId,
    last: RecordId,
) -> Result<Vec<Entry>, Error> {
    let mut statement = Statement::new(COLUMNS);
    statement.bytes(project_id.as_bytes().as_slice());
    statement
        .sql(" AND max_id >= ")
        .bytes(first.as_bytes().as_slice());
    statement
        .sql(" AND min_id <= ")
        .bytes(last.as_bytes().as_slice());
    statement.sql(" AND damage IS NULL");
    load(connection, statement)
}

/// Puts a block into the database, inside a transaction. One with the same first record is an [`Error::Duplicate`].
pub(crate) fn insert(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    block: &Encoded,
    created_at_ns: i64,
) -> Result<(), Error> {
    let id = id_of(&block.sha256);
    let header = &block.header;
    let json = |value: serde_json::Result<String>| value.map_err(damaged);
    let services = json(serde_json::to_string(&header.services))?;
    let severities = json(serde_json::to_string(&header.severities))?;
    let templates: Vec<u8> = header
        .templates
        .iter()
        .flat_map(|id| id.to_le_bytes())
        .collect();
    let mut row = Statement::new(
        "INSERT INTO log_blocks (project_id, min_id, max_id, sha256, templates, id, min_ns, max_ns, records, bytes, \
         created_at_ns, format, services, severities, location) VALUES (",
    );
    for bytes in [
        project_id.as_bytes().as_slice(),
        header.min_id.as_bytes().as_slice(),
        header.max_id.as_bytes().as_slice(),
        &block.sha256,
        &templates,
    ] {
        row.bytes(bytes).sql(",");
    }
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    for number in [
        id,
        header.min_ns,
        header.max_ns,
        count(header.records),
        count(block.data.len()),
        created_at_ns,
    ] {
        row.int(number).sql(",");
    }
    row.small(header.format).sql(",");
    row.text(services.as_str()).sql(",");
    row.text(severities.as_str()).sql(",'')");
    on_both!(&mut *connection, concrete => row.execute(concrete))?;
    for (head, bytes) in [
        (
            "INSERT INTO log_block_data (block_id, data) VALUES (",
            &block.data,
        ),
        (
            "INSERT INTO log_block_index (block_id, data) VALUES (",
            &block.index,
        ),
    ] {
        let mut statement = Statement::new(head);
        statement.int(id).sql(",").bytes(bytes.as_slice()).sql(")");
        on_both!(&mut *connection, concrete => statement.execute(concrete))?;
    }
    Ok(())
}

/// The block's id: the first eight bytes of its digest.
pub(crate) fn id_of(sha256: &[u8; 32]) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&sha256[..8]);
    i64::from_be_bytes(first)
}
