//! Where the database is and within which bounds it is used.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;

/// The file name of the embedded database inside the data directory.
pub const SQLITE_FILE: &str = "vigil.sqlite3";

/// How hard SQLite makes a commit before it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// Every commit is on the disk: an acknowledgement survives a power cut. Costs one `fsync` a commit.
    #[default]
    Full,
    /// A commit survives the death of the process, but a power cut may take the last ones.
    Normal,
}

/// How [`crate::Store::open`] reaches the database.
#[derive(Clone)]
pub struct StoreConfig {
    /// `postgres://user:password@host/database`, or the path of an SQLite file (`sqlite:` before it is allowed).
    pub url: String,
    /// Connections for reads, 1 to 64. Reads never take a connection that writes need.
    pub read_connections: u32,
    /// Connections for writes on Postgres, 1 to 64. SQLite always has exactly one writer.
    pub write_connections: u32,
    /// How long a call waits for a free connection.
    pub acquire_timeout: Duration,
    /// How long connecting to Postgres may take.
    pub connect_timeout: Duration,
    /// How long one read may take: `statement_timeout` on Postgres, checked between slices on both.
    pub read_timeout: Duration,
    /// How long one write statement may take on Postgres.
    pub write_timeout: Duration,
    /// How long a statement waits for a lock (`lock_timeout`, `busy_timeout`).
    pub lock_timeout: Duration,
    /// How often the dictionary's counts of a project are written at most. A crash takes what was counted since;
    /// the rollups, written with every commit, lose nothing.
    pub statistics_interval: Duration,
    /// What a commit means on SQLite.
    pub synchronous: Synchronous,
    /// Page cache of the SQLite writer in KiB; each reader has an eighth.
    pub cache_kib: u32,
    /// How much of the SQLite file is memory-mapped, bytes: what is mapped counts as resident memory of the process.
    pub mmap_bytes: u64,
    /// A commit of at least this many records is written as blocks, a smaller one into the tail.
    pub block_records: usize,
    /// Memory for blocks and their indexes that were read lately.
    pub block_cache_bytes: usize,
    /// Block storage beside the database: `file:///folder`, `s3://bucket/prefix`, `gs://..` or `az://..`.
    pub objects_url: Option<String>,
    /// Options of the block storage, such as `aws_endpoint`; may hold secrets.
    pub objects_options: Vec<(String, String)>,
}

impl StoreConfig {
    /// The defaults for a `postgres://` URL or the path of an SQLite file.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_connections: 8,
            write_connections: 4,
            acquire_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(60),
            lock_timeout: Duration::from_secs(10),
            statistics_interval: Duration::from_secs(1),
            synchronous: Synchronous::Full,
            cache_kib: 64 * 1024,
            mmap_bytes: 32 * 1024 * 1024,
            block_records: 2_000,
            block_cache_bytes: 64 * 1024 * 1024,
            objects_url: None,
            objects_options: Vec::new(),
        }
    }

    /// The embedded database of a data directory: `<data_dir>/vigil.sqlite3`.
    #[must_use]
    pub fn in_data_dir(data_dir: &Path) -> Self {
        Self::new(data_dir.join(SQLITE_FILE).to_string_lossy())
    }

    /// The address without its password, for messages.
    #[must_use]
    pub fn shown_url(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else {
            return self.url.clone();
        };
        let Some((user, host)) = rest.rsplit_once('@') else {
            return self.url.clone();
        };
        let user = user.split(':').next().unwrap_or_default();
        format!("{scheme}://{user}@{host}")
    }

    pub(crate) fn location(&self) -> Result<Location, Error> {
        let url = self.url.trim();
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Location::Postgres(self.postgres_url(url)));
        }
        let path = url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"))
            .unwrap_or(url);
        if path.is_empty() || path.contains("://") || path == ":memory:" {
            return Err(Error::InvalidUrl {
                url: self.shown_url(),
            });
        }
        Ok(Location::Sqlite(PathBuf::from(path)))
    }

    fn postgres_url(&self, url: &str) -> String {
        if url.contains("connect_timeout=") {
            return url.to_owned();
        }
        let separator = if url.contains('?') { '&' } else { '?' };
        let seconds = self.connect_timeout.as_secs().max(1);
        format!("{url}{separator}connect_timeout={seconds}")
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("url", &self.shown_url())
            .field("read_connections", &self.read_connections)
            .field("write_connections", &self.write_connections)
            .field("synchronous", &self.synchronous)
            .finish_non_exhaustive()
    }
}

/// The parsed address.
#[derive(Clone)]
pub(crate) enum Location {
    Postgres(String),
    Sqlite(PathBuf),
}
