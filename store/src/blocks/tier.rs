//! Moving blocks to colder storage, and looking after what is stored.

use bytes::Bytes;
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use domain::{ProjectId, TimeRange};
use uuid::Uuid;

use super::catalogue::{self, Entry};
use super::decode::{OpenBlock, Wanted};
use super::visit;
use crate::connection::on_both;
use crate::statement::Statement;
use crate::{Error, Store};

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
    /// The tenant.
    pub project_id: ProjectId,
    /// Records lost.
    pub records: u64,
    /// The time that they covered.
    pub range: TimeRange,
    /// The services that wrote them.
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

/// The object of a block.
fn name_of(project_id: ProjectId, entry: &Entry) -> String {
    format!(
        "{}/{}.parquet",
        project_id.0.simple(),
        hex::encode(entry.sha256)
    )
}

/// Moves the blocks that end before an instant out of the database.
pub(crate) fn tier(store: &Store, project_id: ProjectId, before_ns: i64) -> Result<Moved, Error> {
    let objects = store.objects()?;
    let range = TimeRange {
        start_ns: i64::MIN,
        end_ns: before_ns,
    };
    let mut entries = store.read(|c| catalogue::in_range(c, project_id, range))?;
    entries.retain(|entry| entry.location.is_empty() && entry.header.max_ns < before_ns);
    let mut moved = Moved::default();
    for entry in entries {
        let bytes: Bytes = match store.read(|c| visit::fetch(store, c, &entry)) {
            Ok(bytes) => bytes,
            Err(error @ Error::Damaged { .. }) => {
                store.write(|c| catalogue::mark_damaged(c, entry.id, &error.to_string()))?;
                continue;
            }
            Err(error) => return Err(error),
        };
        let name = name_of(project_id, &entry);
        objects.put(&name, bytes.clone())?;
        // Only what came back is trusted.
        if objects.get(&name)? != bytes {
            return Err(Error::Unavailable {
                message: format!("object storage: {name} does not come back as it was written"),
            });
        }
        store.write(|connection| {
            let mut place = Statement::new("UPDATE log_blocks SET location = ");
            place.text(name.as_str());
            place.sql(" WHERE location = '' AND id = ").int(entry.id);
            let placed = on_both!(&mut *connection, concrete => place.execute(concrete))?;
            if placed == 1 {
                let mut free = Statement::new("DELETE FROM log_block_data WHERE block_id = ");
                free.int(entry.id);
                on_both!(&mut *connection, concrete => free.execute(concrete))?;
                moved.blocks += 1;
                moved.records += entry.header.records as u64;
                moved.bytes += entry.bytes as u64;
            }
            Ok(())
        })?;
    }
    Ok(moved)
}

/// Reads every block of a project from where it lies and compares it with the catalogue.
pub(crate) fn check(store: &Store, project_id: ProjectId) -> Result<BlockCheck, Error> {
    let mut check = BlockCheck::default();
    let entries = store.read(|c| catalogue::in_range(c, project_id, TimeRange::ALL))?;
    for entry in entries {
        check.blocks += 1;
        check.records += entry.header.records as u64;
        check.bytes += entry.bytes as u64;
        let looked = store
            .read(|c| visit::fetch(store, c, &entry))
            .and_then(|bytes| {
                let columns = OpenBlock::open(bytes)?.read(&Wanted::all())?;
                if columns.len == entry.header.records {
                    return Ok(());
                }
                let detail = format!(
                    "{} of {} records are there",
                    columns.len, entry.header.records
                );
                Err(Error::damaged("block", detail))
            });
        match looked {
            Ok(()) => {}
            Err(error @ Error::Damaged { .. }) => {
                store.write(|c| catalogue::mark_damaged(c, entry.id, &error.to_string()))?;
            }
            Err(error) => return Err(error),
        }
    }
    check.damaged = damaged(store)?
        .into_iter()
        .filter(|block| block.project_id == project_id)
        .collect();
    Ok(check)
}

/// Every block that was found damaged, of all projects.
pub(crate) fn damaged(store: &Store) -> Result<Vec<DamagedBlock>, Error> {
    let rows = Statement::new(
        "SELECT project_id, records, min_ns, max_ns, services, damage FROM log_blocks WHERE damage IS NOT NULL \
         ORDER BY min_ns LIMIT 1000",
    )
    .returning::<(Binary, BigInt, BigInt, BigInt, Text, Nullable<Text>)>();
    type Row = (Vec<u8>, i64, i64, i64, String, Option<String>);
    let rows: Vec<Row> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    let wrong = |error: &dyn std::fmt::Display| Error::damaged("log_blocks", error);
    rows.into_iter()
        .map(|(project_id, records, min_ns, max_ns, services, damage)| {
            Ok(DamagedBlock {
                project_id: ProjectId(Uuid::from_slice(&project_id).map_err(|e| wrong(&e))?),
                records: u64::try_from(records).unwrap_or(0),
                range: TimeRange {
                    start_ns: min_ns,
                    end_ns: max_ns.saturating_add(1),
                },
                services: serde_json::from_str(&services).map_err(|e| wrong(&e))?,
                damage: damage.unwrap_or_default(),
            })
        })
        .collect()
}
