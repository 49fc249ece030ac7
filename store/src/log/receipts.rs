//! Receipts of requests that carry a key of their sender's: a repeated request is answered, not stored again.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary};
use domain::ProjectId;

use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Error, Store};

/// Keys per statement.
const CHUNK: usize = 500;

/// What is remembered of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestReceipt {
    /// SHA-256 of the sender's key.
    pub key: [u8; 32],
    /// Records that were stored.
    pub accepted: u64,
    /// When, unix nanoseconds.
    pub created_at_ns: i64,
}

/// Adds receipts inside a commit's transaction. One that is there already is an [`Error::Duplicate`]: another node
/// was faster, and nothing of the batch is stored.
pub(crate) fn add(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    receipts: &[IngestReceipt],
) -> Result<(), Error> {
    for receipt in receipts {
        let mut statement = Statement::new(
            "INSERT INTO ingest_receipts (project_id, key, accepted, created_at_ns) VALUES (",
        );
        statement.bytes(project_id.as_bytes().as_slice()).sql(",");
        statement.bytes(receipt.key.as_slice()).sql(",");
        statement
            .int(i64::try_from(receipt.accepted).unwrap_or(i64::MAX))
            .sql(",");
        statement.int(receipt.created_at_ns).sql(")");
        on_both!(connection, concrete => statement.execute(concrete))?;
    }
    Ok(())
}

pub(crate) fn find(
    store: &Store,
    project_id: ProjectId,
    keys: &[[u8; 32]],
) -> Result<Vec<IngestReceipt>, Error> {
    let mut found = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        let mut statement = Statement::new(
            "SELECT key, accepted, created_at_ns FROM ingest_receipts WHERE project_id = ",
        );
        statement
            .bytes(project_id.as_bytes().as_slice())
            .sql(" AND key IN (");
        for (index, key) in chunk.iter().enumerate() {
            if index > 0 {
                statement.sql(",");
            }
            statement.bytes(key.as_slice());
        }
        statement.sql(")");
        let rows = statement.returning::<(Binary, BigInt, BigInt)>();
        let rows: Vec<(Vec<u8>, i64, i64)> =
            store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
        for (key, accepted, created_at_ns) in rows {
            let key = <[u8; 32]>::try_from(key.as_slice())
                .map_err(|error| Error::damaged("ingest_receipts.key", error))?;
            found.push(IngestReceipt {
                key,
                accepted: u64::try_from(accepted).unwrap_or(0),
                created_at_ns,
            });
        }
    }
    Ok(found)
}

pub(crate) fn delete_before(store: &Store, before_ns: i64) -> Result<u64, Error> {
    store.write(|connection| {
        let mut statement = Statement::new("DELETE FROM ingest_receipts WHERE created_at_ns < ");
        statement.int(before_ns);
        let rows = on_both!(connection, concrete => statement.execute(concrete))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    })
}
