//! One connection type for both databases, and how a pool makes and checks one.

use std::path::Path;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::{Connection as _, MultiConnection, PgConnection, SqliteConnection};

use crate::Error;
use crate::config::{Location, StoreConfig, Synchronous};

/// A connection to either database. A query that is the same on both runs on it as it is; where the
/// databases differ (batch inserts, upserts, COPY) use [`on_both!`] or `match`.
#[derive(MultiConnection)]
pub(crate) enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one expression on the concrete connection, written once, compiled for both: what
/// `MultiConnection` cannot do (`insert_into(t).values(&vec)`, `on_conflict`) works inside.
macro_rules! on_both {
    ($connection:expr, $concrete:ident => $body:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Postgres($concrete) => $body,
            $crate::connection::AnyConnection::Sqlite($concrete) => $body,
        }
    };
}
pub(crate) use on_both;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
    Migrate,
}

/// Makes connections for a pool.
pub(crate) struct Manager {
    pub(crate) location: Location,
    pub(crate) config: StoreConfig,
    pub(crate) purpose: Purpose,
}

impl Manager {
    pub(crate) fn connect_now(&self) -> Result<AnyConnection, Error> {
        match &self.location {
            Location::Postgres(url) => {
                let mut connection = PgConnection::establish(url)?;
                connection.batch_execute(&postgres_session(&self.config, self.purpose))?;
                Ok(AnyConnection::Postgres(connection))
            }
            Location::Sqlite(path) => {
                let mut connection = open_sqlite(path)?;
                connection.batch_execute(&sqlite_session(&self.config, self.purpose))?;
                Ok(AnyConnection::Sqlite(connection))
            }
        }
    }
}

fn open_sqlite(path: &Path) -> Result<SqliteConnection, Error> {
    let text = path.to_str().ok_or_else(|| Error::InvalidUrl {
        url: path.to_string_lossy().into_owned(),
    })?;
    Ok(SqliteConnection::establish(text)?)
}

/// `lc_messages` would be the way to English texts, but only superusers may set it; the kinds that
/// matter come from SQLSTATE, the rest from English texts.
fn postgres_session(config: &StoreConfig, purpose: Purpose) -> String {
    let statement_ms = match purpose {
        Purpose::Read => config.read_timeout.as_millis(),
        Purpose::Write => config.write_timeout.as_millis(),
        Purpose::Migrate => 0,
    };
    let lock_ms = match purpose {
        // Another process may be migrating a large table.
        Purpose::Migrate => 300_000,
        _ => config.lock_timeout.as_millis(),
    };
    let read_only = if purpose == Purpose::Read {
        "on"
    } else {
        "off"
    };
    // Reads ask for few rows in the order of an index. Before the first ANALYZE the planner would rather collect and sort
    // the whole range through a bitmap (measured: 400 ms instead of 3).
    let bitmap = if purpose == Purpose::Read {
        "off"
    } else {
        "on"
    };
    format!(
        "SET application_name = 'vigil'; SET statement_timeout = {statement_ms}; SET lock_timeout = {lock_ms}; \
         SET idle_in_transaction_session_timeout = 60000; SET synchronous_commit = on; SET jit = off; \
         SET default_transaction_read_only = {read_only}; SET enable_bitmapscan = {bitmap}; SET TIME ZONE 'UTC'; SET client_min_messages = warning"
    )
}

fn sqlite_session(config: &StoreConfig, purpose: Purpose) -> String {
    let synchronous = match config.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    let busy_ms = config.lock_timeout.as_millis();
    let mmap_bytes = config.mmap_bytes;
    let cache_kib = match purpose {
        Purpose::Read => (config.cache_kib / 8).max(2_048),
        Purpose::Write | Purpose::Migrate => config.cache_kib.max(2_048),
    };
    // Page size only matters before the first table exists; 8 KiB holds some 25 log rows a page.
    let head = match purpose {
        Purpose::Migrate => "PRAGMA page_size = 8192;",
        Purpose::Read | Purpose::Write => "",
    };
    let tail = match purpose {
        Purpose::Read => "PRAGMA query_only = ON;",
        // 4,000 pages of 8 KiB: a checkpoint every 32 MB of log instead of every 4 MB.
        Purpose::Write => "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
        Purpose::Migrate => "",
    };
    format!(
        "PRAGMA busy_timeout = {busy_ms}; {head} PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; \
         PRAGMA foreign_keys = ON; PRAGMA cache_size = -{cache_kib}; PRAGMA mmap_size = {mmap_bytes}; \
         PRAGMA temp_store = MEMORY; {tail}"
    )
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = Error;

    fn connect(&self) -> Result<Self::Connection, Self::Error> {
        self.connect_now()
    }

    fn is_valid(&self, connection: &mut Self::Connection) -> Result<(), Self::Error> {
        match connection {
            AnyConnection::Postgres(postgres) => {
                postgres.batch_execute("SELECT 1").map_err(Into::into)
            }
            AnyConnection::Sqlite(_) => Ok(()),
        }
    }

    fn has_broken(&self, connection: &mut Self::Connection) -> bool {
        on_both!(connection, concrete => concrete.is_broken())
    }
}

/// Begins a transaction that will write: SQLite takes its write lock at once, so that it can never
/// fail half-way because another process holds it.
pub(crate) fn begin(connection: &mut AnyConnection) -> Result<(), Error> {
    match connection {
        AnyConnection::Postgres(postgres) => {
            AnsiTransactionManager::begin_transaction(postgres)?;
        }
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
        }
    }
    Ok(())
}

/// Begins a transaction in which every read sees the same moment.
pub(crate) fn begin_snapshot(connection: &mut AnyConnection) -> Result<(), Error> {
    match connection {
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(
            postgres,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )?,
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN")?;
        }
    }
    Ok(())
}

pub(crate) fn commit(connection: &mut AnyConnection) -> Result<(), Error> {
    on_both!(connection, concrete => AnsiTransactionManager::commit_transaction(concrete))?;
    Ok(())
}

pub(crate) fn roll_back(connection: &mut AnyConnection) -> Result<(), Error> {
    on_both!(connection, concrete => AnsiTransactionManager::rollback_transaction(concrete))?;
    Ok(())
}
