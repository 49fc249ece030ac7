//! Moving blocks to colder storage, and looking after what is stored.

use bytes::Bytes;
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use domain::{Failpoint, LogRecord, ProjectId, TimeRange};
use uuid::Uuid;

use super::decode::{OpenBlock, Wanted};
use super::encode::encode;
use super::index::BlockIndex;
use super::rewrite;
use super::stored::{self, BlockKind, Damaged, Stored};
use crate::connection::on_both;
use crate::statement::Statement;
use crate::{Error, Store, series, spans};

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Blocks.
    pub blocks: u64,
    /// Their records.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A block that cannot be read: what is lost with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedBlock {
    /// What its records are.
    pub kind: BlockKind,
    /// The tenant.
    pub project_id: ProjectId,
    /// Records lost.
    pub records: u64,
    /// The time that they covered.
    pub range: TimeRange,
    /// The services that wrote them; of samples the metrics.
    pub services: Vec<String>,
    /// What is wrong.
    pub damage: String,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockCheck {
    /// Blocks looked at.
    pub blocks: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of their files.
    pub bytes: u64,
    /// Blocks that are lost.
    pub damaged: Vec<DamagedBlock>,
}

/// A new name for the object of a block. None is used twice: an object that is to be deleted never becomes that of a
/// block with the same content.
fn name_of(project_id: ProjectId, block: &Stored) -> String {
    format!(
        "{}/{}-{}.parquet",
        project_id.0.simple(),
        hex::encode(block.sha256),
        Uuid::new_v4().simple()
    )
}

/// Moves the blocks that end before an instant out of the database.
pub(crate) fn tier(
    store: &Store,
    project_id: ProjectId,
    before_ns: i64,
    now_ns: i64,
) -> Result<Moved, Error> {
    store.objects()?;
    let range = TimeRange {
        start_ns: i64::MIN,
        end_ns: before_ns,
    };
    let mut moved = Moved::default();
    for kind in BlockKind::ALL {
        let mut blocks =
            store.read(|c| stored::list(c, kind, project_id, range, Damaged::LeftOut))?;
        blocks.retain(|block| block.location.is_empty() && block.max_ns < before_ns);
        for block in blocks {
            if move_out(store, project_id, &block, now_ns)? {
                moved.blocks += 1;
                moved.records += block.records as u64;
                moved.bytes += block.bytes as u64;
            }
        }
    }
    Ok(moved)
}

/// Moves one block; false when it is damaged, which is noted, and when somebody else was faster.
fn move_out(
    store: &Store,
    project_id: ProjectId,
    block: &Stored,
    now_ns: i64,
) -> Result<bool, Error> {
    let bytes: Bytes = match store.read(|c| stored::fetch(store, c, block)) {
        Ok(bytes) => bytes,
        Err(error @ Error::Damaged { .. }) => {
            // Somebody else may have moved or replaced it meanwhile: then nothing is marked.
            store.write(|c| stored::mark_damaged(c, block, &error))?;
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let objects = store.objects()?;
    let name = name_of(project_id, block);
    // Until the catalogue names it the object is garbage, whatever happens meanwhile.
    store.write(|c| rewrite::discard(c, &name, now_ns))?;
    objects.put(&name, bytes.clone())?;
    // Only what came back is trusted.
    if objects.get(&name)? != bytes {
        return Err(Error::Unavailable {
            message: format!("object storage: {name} does not come back as it was written"),
        });
    }
    Failpoint::ObjectWritten.pass();
    let tables = block.kind.tables();
    store.write(|connection| {
        let mut keep = Statement::new("DELETE FROM log_block_garbage WHERE location = ");
        keep.text(name.as_str());
        if on_both!(&mut *connection, concrete => keep.execute(concrete))? != 1 {
            return Err(Error::Contention {
                message: format!("object {name} took too long and was given up"),
            });
        }
        let mut place = Statement::new("UPDATE ");
        place.sql(tables.blocks).sql(" SET location = ");
        place.text(name.as_str());
        place.sql(" WHERE location = '' AND id = ").int(block.id);
        let placed = on_both!(&mut *connection, concrete => place.execute(concrete))?;
        if placed == 1 {
            let mut free = Statement::new("DELETE FROM ");
            free.sql(tables.data)
                .sql(" WHERE block_id = ")
                .int(block.id);
            on_both!(&mut *connection, concrete => free.execute(concrete))?;
            Failpoint::Moving.pass();
        } else {
            rewrite::discard(connection, &name, now_ns)?;
        }
        Ok(placed == 1)
    })
}

/// Reads every block of a project from where it lies and compares it with the catalogue; indexes that cannot be read are
/// made again, and blocks that were found damaged before and are good again are taken back.
pub(crate) fn check(store: &Store, project_id: ProjectId) -> Result<BlockCheck, Error> {
    let mut check = BlockCheck::default();
    for kind in BlockKind::ALL {
        let range = TimeRange::ALL;
        let blocks = store.read(|c| stored::list(c, kind, project_id, range, Damaged::Too))?;
        for block in blocks {
            check.blocks += 1;
            check.records += block.records as u64;
            check.bytes += block.bytes as u64;
            check_one(store, project_id, &block)?;
        }
    }
    check.damaged = damaged(store)?
        .into_iter()
        .filter(|block| block.project_id == project_id)
        .collect();
    Ok(check)
}

/// Marks a block as what it turns out to be.
fn check_one(store: &Store, project_id: ProjectId, block: &Stored) -> Result<(), Error> {
    let looked = store
        .read(|c| stored::fetch(store, c, block))
        .and_then(|bytes| verify(store, project_id, block, bytes));
    match looked {
        Ok(()) => {
            if store.write(|c| stored::mark_good(c, block))? {
                tracing::info!(
                    block.id = block.id,
                    "a block that was damaged is good again"
                );
            }
        }
        // Here a missing object is a loss as well: whoever asks for a check has mounted what is to be checked.
        Err(error @ (Error::Damaged { .. } | Error::NotFound { .. })) => {
            store.write(|c| stored::mark_damaged(c, block, &error))?;
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Reads everything of a block.
fn verify(
    store: &Store,
    project_id: ProjectId,
    stored: &Stored,
    bytes: Bytes,
) -> Result<(), Error> {
    let block = OpenBlock::open(bytes, stored.kind)?;
    let are_all = |records: usize| {
        if records == stored.records {
            return Ok(());
        }
        let detail = format!("{records} of {} records are there", stored.records);
        Err(Error::damaged("block", detail))
    };
    match stored.kind {
        BlockKind::Logs => {
            let columns = block.read(&Wanted::all())?;
            are_all(columns.len)?;
            mend_index(store, stored, || {
                let records = (0..columns.len).map(|row| columns.record(row, project_id));
                let records: Vec<LogRecord> = records.collect();
                let records: Vec<&LogRecord> = records.iter().collect();
                Ok(encode(&records, &columns.texts())?.index)
            })
        }
        BlockKind::Spans => {
            let spans = spans::sealed::all(&block, project_id)?;
            are_all(spans.len())?;
            mend_index(store, stored, || Ok(spans::sealed::index_of(spans.iter())))
        }
        BlockKind::Samples => are_all(series::sealed::all(&block)?.len()),
    }
}

/// Makes the index of a block again where it cannot be read: it is derived from the block, so nothing is lost with it.
fn mend_index(
    store: &Store,
    block: &Stored,
    index: impl FnOnce() -> Result<Vec<u8>, Error>,
) -> Result<(), Error> {
    let stored = store.read(|c| stored::bytes_of(c, block.kind.tables().index, block.id))?;
    let problem = match stored.as_deref().map(BlockIndex::read) {
        Some(Ok(_)) => return Ok(()),
        Some(Err(error)) => error.to_string(),
        None => "it is missing".to_owned(),
    };
    tracing::warn!(
        problem,
        block.id = block.id,
        "the index of a block is made again"
    );
    let index = index()?;
    store.write(|connection| stored::replace_index(connection, block, &index))
}

/// Every block that was found damaged, of all projects.
pub(crate) fn damaged(store: &Store) -> Result<Vec<DamagedBlock>, Error> {
    let mut all = Vec::new();
    for kind in BlockKind::ALL {
        all.extend(damaged_of(store, kind)?);
    }
    all.sort_by_key(|block| block.range.start_ns);
    Ok(all)
}

fn damaged_of(store: &Store, kind: BlockKind) -> Result<Vec<DamagedBlock>, Error> {
    let tables = kind.tables();
    let mut statement = Statement::new("SELECT project_id, records, min_ns, max_ns, damage, ");
    statement.sql(tables.names).sql(" FROM ").sql(tables.blocks);
    statement
        .sql(" WHERE damage IS NOT NULL")
        .sql(tables.of_kind);
    statement.sql(" ORDER BY min_ns LIMIT 1000");
    let rows = statement.returning::<(Binary, BigInt, BigInt, BigInt, Nullable<Text>, Text)>();
    type Row = (Vec<u8>, i64, i64, i64, Option<String>, String);
    let rows: Vec<Row> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    let wrong = |error: &dyn std::fmt::Display| Error::damaged(tables.blocks, error);
    rows.into_iter()
        .map(|(project_id, records, min_ns, max_ns, damage, names)| {
            Ok(DamagedBlock {
                kind,
                project_id: ProjectId(Uuid::from_slice(&project_id).map_err(|e| wrong(&e))?),
                records: u64::try_from(records).unwrap_or(0),
                range: TimeRange {
                    start_ns: min_ns,
                    end_ns: max_ns.saturating_add(1),
                },
                services: serde_json::from_str(&names).map_err(|e| wrong(&e))?,
                damage: damage.unwrap_or_default(),
            })
        })
        .collect()
}
