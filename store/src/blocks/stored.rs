//! What is the same for every block, whatever its records are: where it lies, that its bytes are those that were written, and
//! that it leaves no trace but its object when it goes.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Text};
use domain::{ProjectId, TimeRange};
use sha2::{Digest, Sha256};

use super::decode::OpenBlock;
use super::index::BlockIndex;
use super::layout;
use super::rewrite::discard;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Error, Store, metrics};

/// What the records of a block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// Log records.
    Logs,
    /// Spans.
    Spans,
    /// Samples of metrics.
    Samples,
}

impl BlockKind {
    pub(crate) const ALL: [Self; 3] = [Self::Logs, Self::Spans, Self::Samples];

    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Spans => "spans",
            Self::Samples => "samples",
        }
    }

    /// The version that is written. Readers read every version up to it.
    pub(crate) fn format(self) -> i16 {
        match self {
            Self::Logs => layout::FORMAT,
            Self::Spans => crate::spans::sealed::FORMAT,
            Self::Samples => crate::series::sealed::FORMAT,
        }
    }

    /// The number in the table `blocks`.
    pub(crate) fn number(self) -> i16 {
        match self {
            Self::Logs => 0,
            Self::Spans => 1,
            Self::Samples => 2,
        }
    }

    /// Log records have tables of their own, which were there first.
    pub(crate) fn tables(self) -> Tables {
        match self {
            Self::Logs => Tables {
                blocks: "log_blocks",
                names: "services",
                of_kind: "",
                data: "log_block_data",
                index: "log_block_index",
            },
            Self::Spans | Self::Samples => Tables {
                blocks: "blocks",
                names: "names",
                of_kind: match self {
                    Self::Spans => " AND kind = 1",
                    _ => " AND kind = 2",
                },
                data: "block_data",
                index: "block_index",
            },
        }
    }
}

/// Where the blocks of a kind are listed, and where their bytes lie.
pub(crate) struct Tables {
    pub(crate) blocks: &'static str,
    /// The column of services or metrics.
    pub(crate) names: &'static str,
    /// A condition on the rows of `blocks`.
    pub(crate) of_kind: &'static str,
    pub(crate) data: &'static str,
    pub(crate) index: &'static str,
}

/// A stored block as moving, checking and deleting see it.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) kind: BlockKind,
    /// The first eight bytes of the digest.
    pub(crate) id: i64,
    pub(crate) min_ns: i64,
    pub(crate) max_ns: i64,
    pub(crate) records: usize,
    pub(crate) bytes: usize,
    pub(crate) sha256: [u8; 32],
    /// `""` in the database, else the name of an object.
    pub(crate) location: String,
    /// Services, of samples metrics; sorted.
    pub(crate) names: Vec<String>,
}

/// The columns that [`Stored`] is made of.
pub(crate) type Row = (i64, i64, i64, i64, i64, Vec<u8>, String, String);

impl Stored {
    /// Columns by these names in both catalogues, but for the last.
    pub(crate) const COLUMNS: &'static str =
        "id, min_ns, max_ns, records, bytes, sha256, location, ";

    pub(crate) fn of(kind: BlockKind, row: Row) -> Result<Self, Error> {
        let damaged =
            |detail: &dyn ToString| Error::damaged(kind.tables().blocks, detail.to_string());
        let (id, min_ns, max_ns, records, bytes, sha256, location, names) = row;
        Ok(Self {
            kind,
            id,
            min_ns,
            max_ns,
            records: usize::try_from(records).map_err(|error| damaged(&error))?,
            bytes: usize::try_from(bytes).map_err(|error| damaged(&error))?,
            sha256: sha256
                .try_into()
                .map_err(|_| damaged(&"a digest is not 32 bytes"))?,
            location,
            names: serde_json::from_str(&names).map_err(|error| damaged(&error))?,
        })
    }
}

/// Whether a list has the blocks that were found damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damaged {
    LeftOut,
    Too,
}

impl Damaged {
    /// A condition on the rows of a catalogue.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Self::LeftOut => " AND damage IS NULL",
            Self::Too => "",
        }
    }
}

/// The blocks of a kind that overlap a range, in the order of their end.
pub(crate) fn list(
    connection: &mut AnyConnection,
    kind: BlockKind,
    project_id: ProjectId,
    range: TimeRange,
    damaged: Damaged,
) -> Result<Vec<Stored>, Error> {
    let tables = kind.tables();
    let mut statement = Statement::new("SELECT ");
    statement.sql(Stored::COLUMNS).sql(tables.names);
    statement.sql(" FROM ").sql(tables.blocks);
    statement
        .sql(" WHERE project_id = ")
        .bytes(project_id.as_bytes().as_slice())
        .sql(tables.of_kind)
        .sql(damaged.condition());
    in_range(&mut statement, range);
    statement.sql(" ORDER BY max_ns, id");
    let rows =
        statement.returning::<(BigInt, BigInt, BigInt, BigInt, BigInt, Binary, Text, Text)>();
    let rows: Vec<Row> = on_both!(connection, concrete => rows.load(concrete))?;
    rows.into_iter().map(|row| Stored::of(kind, row)).collect()
}

/// ` AND <the block overlaps the range>`.
pub(crate) fn in_range(statement: &mut Statement<'_>, range: TimeRange) {
    if range.start_ns > i64::MIN {
        statement.sql(" AND max_ns >= ").int(range.start_ns);
    }
    if range.end_ns < i64::MAX {
        statement.sql(" AND min_ns < ").int(range.end_ns);
    }
}

/// A block ready to be read.
pub(crate) fn load(
    store: &Store,
    connection: &mut AnyConnection,
    stored: &Stored,
) -> Result<Arc<OpenBlock>, Error> {
    if let Some(block) = store.caches().blocks.get(stored.id) {
        return Ok(block);
    }
    let bytes = raw(store, connection, stored)?;
    open(store, stored, bytes)
}

/// Opens a block whose bytes were read and not looked at yet.
pub(crate) fn open(store: &Store, stored: &Stored, bytes: Bytes) -> Result<Arc<OpenBlock>, Error> {
    let bytes = verified(stored, bytes)?;
    let size = bytes.len();
    let block = Arc::new(OpenBlock::open(bytes, stored.kind)?);
    store.caches().blocks.put(stored.id, &block, size);
    Ok(block)
}

/// The bytes of a block, as they were written. [`Error::Damaged`] when they are others, [`Error::NotFound`] when the
/// block storage has no such object.
pub(crate) fn fetch(
    store: &Store,
    connection: &mut AnyConnection,
    stored: &Stored,
) -> Result<Bytes, Error> {
    verified(stored, raw(store, connection, stored)?)
}

/// The bytes of a block, whatever they are.
pub(crate) fn raw(
    store: &Store,
    connection: &mut AnyConnection,
    stored: &Stored,
) -> Result<Bytes, Error> {
    if stored.location.is_empty() {
        bytes_of(connection, stored.kind.tables().data, stored.id)?
            .map(Bytes::from)
            .ok_or_else(|| Error::damaged("block", "its bytes are missing"))
    } else {
        store.objects()?.get(&stored.location)
    }
}

fn verified(stored: &Stored, bytes: Bytes) -> Result<Bytes, Error> {
    if <[u8; 32]>::from(Sha256::digest(&bytes)) != stored.sha256 {
        return Err(Error::damaged(
            "block",
            format!("its {} bytes are not those that were written", bytes.len()),
        ));
    }
    Ok(bytes)
}

/// Leaves a damaged block out of this read and all later ones, and a block whose object is missing out of this read only:
/// the folder may not be mounted. Other errors are passed on. [`Error::Contention`] when the block is not where it was:
/// it was moved or replaced since the catalogue was read.
pub(crate) fn set_aside<T>(
    store: &Store,
    stored: &Stored,
    error: Error,
) -> Result<Option<T>, Error> {
    let is_missing = matches!(error, Error::NotFound { .. });
    if !is_missing && !matches!(error, Error::Damaged { .. }) {
        return Err(error);
    }
    if !is_missing {
        match store.write(|c| mark_damaged(c, stored, &error)) {
            Ok(true) => {}
            Ok(false) => {
                return Err(Error::Contention {
                    message: "a block was moved or replaced while it was read".to_owned(),
                });
            }
            // The read goes on whether or not this can be written.
            Err(error) => {
                tracing::warn!(%error, block.id = stored.id, "the damage could not be noted");
            }
        }
    }
    tracing::error!(
        %error,
        block.id = stored.id,
        block.kind = stored.kind.as_str(),
        records = stored.records,
        from_ns = stored.min_ns,
        to_ns = stored.max_ns,
        names = stored.names.join(", "),
        "{}",
        if is_missing {
            "a block is missing in the block storage; its records are left out"
        } else {
            "a block is damaged; its records are lost unless a backup has it"
        }
    );
    metrics::block_damaged(stored.records);
    Ok(None)
}

/// Marks a block as damaged: it is left out of every read from then on, and listed by checks. False, and nothing is
/// marked, when it does not lie where it was read any more: it was moved or replaced meanwhile.
pub(crate) fn mark_damaged(
    connection: &mut AnyConnection,
    stored: &Stored,
    damage: &Error,
) -> Result<bool, Error> {
    let mut statement = Statement::new("UPDATE ");
    statement.sql(stored.kind.tables().blocks);
    statement.sql(" SET damage = ").text(damage.to_string());
    statement
        .sql(" WHERE location = ")
        .text(stored.location.as_str());
    statement.sql(" AND id = ").int(stored.id);
    let marked = on_both!(connection, concrete => statement.execute(concrete))?;
    Ok(marked > 0)
}

/// Takes the mark off a block that was found good again.
pub(crate) fn mark_good(connection: &mut AnyConnection, stored: &Stored) -> Result<bool, Error> {
    let mut statement = Statement::new("UPDATE ");
    statement.sql(stored.kind.tables().blocks);
    statement.sql(" SET damage = NULL WHERE damage IS NOT NULL AND id = ");
    statement.int(stored.id);
    Ok(on_both!(connection, concrete => statement.execute(concrete))? > 0)
}

/// One bytes column of one row by block id.
pub(crate) fn bytes_of(
    connection: &mut AnyConnection,
    table: &'static str,
    id: i64,
) -> Result<Option<Vec<u8>>, Error> {
    let mut statement = Statement::new("SELECT data FROM ");
    statement.sql(table).sql(" WHERE block_id = ").int(id);
    let rows = statement.returning::<(Binary,)>();
    let rows: Vec<(Vec<u8>,)> = on_both!(connection, concrete => rows.load(concrete))?;
    Ok(rows.into_iter().next().map(|(bytes,)| bytes))
}

/// Takes blocks of one kind out of the database, inside a transaction; their objects stay for reads that began before. When
/// one is gone already, somebody else replaced it: [`Error::Contention`].
pub(crate) fn take_out(
    connection: &mut AnyConnection,
    kind: BlockKind,
    ids: &[i64],
    now_ns: i64,
) -> Result<(), Error> {
    let tables = kind.tables();
    for chunk in ids.chunks(500) {
        let ids = || chunk.iter().copied();
        let mut take = Statement::new("DELETE FROM ");
        take.sql(tables.blocks).sql(" WHERE ").in_ints("id", ids());
        // Where they lie now: they may have been moved since they were listed.
        take.sql(" RETURNING location");
        let take = take.returning::<(Text,)>();
        let taken: Vec<(String,)> = on_both!(&mut *connection, concrete => take.load(concrete))?;
        if taken.len() != chunk.len() {
            return Err(Error::Contention {
                message: format!("{} of {} blocks are still there", taken.len(), chunk.len()),
            });
        }
        for table in [tables.data, tables.index] {
            let mut rows = Statement::new("DELETE FROM ");
            rows.sql(table).sql(" WHERE ").in_ints("block_id", ids());
            on_both!(&mut *connection, concrete => rows.execute(concrete))?;
        }
        for (location,) in taken.iter().filter(|(location,)| !location.is_empty()) {
            discard(connection, location, now_ns)?;
        }
    }
    Ok(())
}

/// Puts another index into the place of a block's, inside a transaction. Nothing happens when the block is gone.
pub(crate) fn replace_index(
    connection: &mut AnyConnection,
    stored: &Stored,
    index: &[u8],
) -> Result<(), Error> {
    let tables = stored.kind.tables();
    let mut old = Statement::new("DELETE FROM ");
    old.sql(tables.index)
        .sql(" WHERE block_id = ")
        .int(stored.id);
    on_both!(&mut *connection, concrete => old.execute(concrete))?;
    let mut new = Statement::new("INSERT INTO ");
    new.sql(tables.index).sql(" (block_id, data) SELECT id, ");
    new.bytes(index).sql(" FROM ").sql(tables.blocks);
    new.sql(" WHERE id = ").int(stored.id);
    on_both!(&mut *connection, concrete => new.execute(concrete))?;
    Ok(())
}

/// The indexes of blocks, from memory where they were read lately. Those that are missing or cannot be read are left out: the
/// block itself is looked at then.
pub(crate) fn indexes(
    store: &Store,
    connection: &mut AnyConnection,
    kind: BlockKind,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Arc<BlockIndex>>, Error> {
    let known = &store.caches().indexes;
    let (mut found, mut missing) = (HashMap::new(), Vec::new());
    for id in ids {
        match known.get(id) {
            Some(index) => {
                found.insert(id, index);
            }
            None => missing.push(id),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let mut statement = Statement::new("SELECT block_id, data FROM ");
    statement.sql(kind.tables().index).sql(" WHERE ");
    statement.in_ints("block_id", missing.into_iter());
    let rows = statement.returning::<(BigInt, Binary)>();
    let rows: Vec<(i64, Vec<u8>)> = on_both!(connection, concrete => rows.load(concrete))?;
    for (id, bytes) in rows {
        match BlockIndex::read(&bytes) {
            Ok(index) => {
                let index = Arc::new(index);
                known.put(id, &index, index.size());
                found.insert(id, index);
            }
            Err(error) => {
                tracing::warn!(%error, block.id = id, "the index of a block cannot be read");
            }
        }
    }
    Ok(found)
}
