//! A server of its own with an empty store, and what it costs.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;
use testkit::{Postgres, Vigil, VigilSettings};

use crate::{Database, process};

/// How long the server may take for an orderly end.
const STOP: Duration = Duration::from_secs(60);

/// A running server, ended with this value.
pub struct Server {
    /// The process.
    pub vigil: Vigil,
    folder: TempDir,
    postgres: Option<Private>,
    /// Which database it uses.
    pub database: Database,
    /// What its files took before anything was stored.
    empty: Bytes,
}

struct Private {
    postgres: Postgres,
    database: String,
}

/// CPU seconds so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    /// Of the server.
    pub vigil: f64,
    /// Of PostgreSQL, all its processes.
    pub database: f64,
}

impl Cpu {
    /// Of all processes, since another moment.
    pub fn since(self, before: Self) -> f64 {
        self.vigil + self.database - before.vigil - before.database
    }
}

/// Bytes on the disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bytes {
    /// Of tables, blocks and indexes.
    pub data: u64,
    /// Of the database's write-ahead log: the newest of what is stored, and room that is used again. It does not grow
    /// with what is stored.
    pub log: u64,
}

impl Bytes {
    /// Both.
    pub fn total(self) -> u64 {
        self.data + self.log
    }

    /// What of it grows with what is stored: SQLite's log does as long as it was not taken over.
    fn total_at_rest(self, has_server: bool) -> u64 {
        if has_server { self.data } else { self.total() }
    }
}

impl Server {
    /// Starts a server with an empty store and waits until it is ready.
    pub fn start(
        program: &Path,
        database: Database,
        model_dir: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let mut arguments = Vec::new();
        if let Some(model_dir) = model_dir {
            let model_dir = std::path::absolute(model_dir)?;
            arguments.extend(["--model-dir".to_owned(), model_dir.display().to_string()]);
        }
        Self::start_with(program, database, arguments)
    }

    /// The same with arguments of one's own.
    pub fn start_with(
        program: &Path,
        database: Database,
        arguments: Vec<String>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("making a data folder")?;
        let mut settings = VigilSettings::new(&std::path::absolute(program)?, folder.path());
        settings.arguments = arguments;
        let postgres = match database {
            Database::Sqlite => None,
            Database::Postgres => {
                let postgres = Postgres::start()?;
                let url = postgres.database()?;
                settings.database_url = Some(url.clone());
                let name = url.rsplit('/').next().unwrap_or_default();
                Some(Private {
                    postgres,
                    database: name.to_owned(),
                })
            }
        };
        let vigil = Vigil::start(settings)?;
        let mut server = Self {
            vigil,
            folder,
            postgres,
            database,
            empty: Bytes::default(),
        };
        let empty = server.bytes()?;
        server.empty = Bytes {
            data: empty.total_at_rest(server.postgres.is_some()),
            log: 0,
        };
        Ok(server)
    }

    /// The server's process.
    pub fn pid(&self) -> anyhow::Result<u32> {
        self.vigil.pid().context("the server is down")
    }

    /// CPU seconds so far.
    pub fn cpu(&self) -> anyhow::Result<Cpu> {
        let database = match &self.postgres {
            Some(private) => {
                let pid = private.postgres.pid().context("the database is down")?;
                process::tree_cpu_seconds(pid)?
            }
            None => 0.0,
        };
        Ok(Cpu {
            vigil: process::cpu_seconds(self.pid()?)?,
            database,
        })
    }

    /// What was added to the store's files since it was empty. Ends the server in an orderly way, for with SQLite the
    /// newest of what is stored lies in the log until then: `log` is the size that it had while the server ran.
    pub fn stored(&mut self) -> anyhow::Result<Bytes> {
        let running = self.bytes()?;
        match &self.postgres {
            Some(private) => private.postgres.execute(&private.database, "checkpoint")?,
            None => {
                let ended = self.vigil.terminate(STOP)?;
                ended.context("the server did not end")?;
            }
        }
        let now = self.bytes()?;
        Ok(Bytes {
            data: now
                .total_at_rest(self.postgres.is_some())
                .saturating_sub(self.empty.data),
            log: running.log,
        })
    }

    fn bytes(&self) -> anyhow::Result<Bytes> {
        let folder = process::folder_bytes(self.folder.path(), &|_| true);
        let own_log = process::folder_bytes(self.folder.path(), &|name| name.ends_with("-wal"));
        let mut bytes = Bytes {
            data: folder - own_log,
            log: own_log,
        };
        if let Some(private) = &self.postgres {
            let data_dir = private.postgres.data_dir();
            bytes.data += process::folder_bytes(&data_dir.join("base"), &|_| true);
            bytes.log += process::folder_bytes(&data_dir.join("pg_wal"), &|_| true);
        }
        Ok(bytes)
    }
}
