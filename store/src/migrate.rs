//! Schema migrations: embedded, run under a lock, never backwards.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::{PgConnection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::Error;
use crate::connection::AnyConnection;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The key of the advisory lock: "vigil" in ASCII.
const LOCK_KEY: i64 = 0x76_69_67_69_6c;

/// Takes the connection: closing it gives the lock back in every case.
pub(crate) fn run(connection: AnyConnection) -> Result<(), Error> {
    match connection {
        AnyConnection::Postgres(postgres) => run_postgres(postgres),
        AnyConnection::Sqlite(sqlite) => run_sqlite(sqlite),
    }
}

fn run_postgres(mut connection: PgConnection) -> Result<(), Error> {
    connection.batch_execute(&format!("SELECT pg_advisory_lock({LOCK_KEY})"))?;
    apply(&mut connection, POSTGRES)
}

/// All pending migrations are one transaction here, begun with the lock that keeps other processes out.
fn run_sqlite(mut connection: SqliteConnection) -> Result<(), Error> {
    connection.exclusive_transaction(|connection| apply(connection, SQLITE))
}

fn apply<B, C>(connection: &mut C, source: EmbeddedMigrations) -> Result<(), Error>
where
    B: diesel::backend::Backend,
    C: MigrationHarness<B>,
    EmbeddedMigrations: MigrationSource<B>,
{
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Migration {
        message: error.to_string(),
    };
    let known: BTreeSet<String> = MigrationSource::<B>::migrations(&source)
        .map_err(failed)?
        .iter()
        .map(|migration| {
            Migration::<B>::name(migration.as_ref())
                .version()
                .to_string()
        })
        .collect();
    let unknown: Vec<String> = connection
        .applied_migrations()
        .map_err(failed)?
        .iter()
        .map(ToString::to_string)
        .filter(|version| !known.contains(version))
        .collect();
    if !unknown.is_empty() {
        return Err(Error::DatabaseNewer {
            versions: unknown.join(", "),
        });
    }
    connection.run_pending_migrations(source).map_err(failed)?;
    Ok(())
}
