//! The store itself: two pools, one for reads and one for writes.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use diesel::r2d2::{Pool, PooledConnection};

use crate::blocks::cache::Caches;
use crate::blocks::objects::Objects;
use crate::config::{Location, StoreConfig};
use crate::connection::{self, AnyConnection, Manager, Purpose};
use crate::log::KnownTemplates;
use crate::{Error, migrate};

/// Which database is behind a [`Store`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A PostgreSQL server, version 13 or newer.
    Postgres,
    /// An SQLite file in the same process.
    Sqlite,
}

impl Backend {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

/// Everything durable. A cheap handle: clones share the same connections. All calls block.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    config: StoreConfig,
    location: Location,
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    known_templates: KnownTemplates,
    caches: Caches,
    objects: Option<Objects>,
}

impl Store {
    /// Connects; call [`Store::migrate`] before anything else. Creates the directory of an SQLite file.
    ///
    /// # Errors
    /// Fails when the address is not understood or the first connection cannot be made.
    pub fn open(config: &StoreConfig) -> Result<Self, Error> {
        let location = config.location()?;
        let manager = |purpose| Manager {
            location: location.clone(),
            config: config.clone(),
            purpose,
        };
        let write_connections = match &location {
            Location::Postgres(_) => config.write_connections.clamp(1, 64),
            Location::Sqlite(path) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(|error| Error::Unavailable {
                        message: format!("cannot create {}: {error}", folder.display()),
                    })?;
                }
                create_private(path)?;
                1
            }
        };
        let objects = match &config.objects_url {
            Some(url) => Some(Objects::open(url, &config.objects_options)?),
            None => None,
        };
        // Fails at once with the driver's own words, where the pool would only say "timed out".
        drop(manager(Purpose::Migrate).connect_now()?);
        // An SQLite connection is worth keeping: its page cache goes with it.
        let keep = matches!(location, Location::Sqlite(_));
        let minutes = |n: u64| (!keep).then(|| std::time::Duration::from_secs(n * 60));
        let pool = |purpose, size| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(0))
                .max_lifetime(minutes(30))
                .idle_timeout(minutes(10))
                .connection_timeout(config.acquire_timeout)
                .error_handler(Box::new(Quiet))
                .build(manager(purpose))
        };
        Ok(Self {
            shared: Arc::new(Shared {
                readers: pool(Purpose::Read, config.read_connections.clamp(1, 64))?,
                writers: pool(Purpose::Write, write_connections)?,
                known_templates: KnownTemplates::default(),
                caches: Caches::new(config.block_cache_bytes),
                objects,
                config: config.clone(),
                location,
            }),
        })
    }

    /// Brings the schema up to date; one process at a time, the others wait.
    ///
    /// # Errors
    /// Fails when a migration fails or the database was migrated by a newer Vigil.
    pub fn migrate(&self) -> Result<(), Error> {
        let connection = Manager {
            location: self.shared.location.clone(),
            config: self.shared.config.clone(),
            purpose: Purpose::Migrate,
        }
        .connect_now()?;
        migrate::run(connection)
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self.shared.location {
            Location::Postgres(_) => Backend::Postgres,
            Location::Sqlite(_) => Backend::Sqlite,
        }
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// Fails when it does not, within the acquire timeout.
    pub fn ping(&self) -> Result<(), Error> {
        use diesel::connection::SimpleConnection;
        self.read(|connection| Ok(connection.batch_execute("SELECT 1")?))
    }

    /// Moves what is in SQLite's write-ahead log into its file, so that the file alone is the whole database and the next
    /// start has nothing to recover; on Postgres there is nothing to do. Call it at shutdown. Readers that are still at
    /// work keep their part of the log where it is.
    ///
    /// # Errors
    /// Fails when the file cannot be written; the log still has everything then.
    pub fn checkpoint(&self) -> Result<(), Error> {
        use diesel::connection::SimpleConnection;
        match &mut *take(&self.shared.writers)? {
            AnyConnection::Postgres(_) => Ok(()),
            AnyConnection::Sqlite(sqlite) => {
                Ok(sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?)
            }
        }
    }

    pub(crate) fn config(&self) -> &StoreConfig {
        &self.shared.config
    }

    pub(crate) fn known_templates(&self) -> &KnownTemplates {
        &self.shared.known_templates
    }

    pub(crate) fn caches(&self) -> &Caches {
        &self.shared.caches
    }

    /// Where blocks lie that are not in the database.
    pub(crate) fn objects(&self) -> Result<&Objects, Error> {
        self.shared
            .objects
            .as_ref()
            .ok_or_else(|| Error::Unavailable {
                message: "blocks lie in object storage, but no block storage is configured"
                    .to_owned(),
            })
    }

    /// Whether block storage beside the database is configured.
    #[must_use]
    pub fn has_objects(&self) -> bool {
        self.shared.objects.is_some()
    }

    /// Reads one snapshot over several statements: the tail and the catalogue of the same moment.
    pub(crate) fn read_snapshot<T>(
        &self,
        run: impl FnOnce(&mut AnyConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.read(|connection| {
            connection::begin_snapshot(connection)?;
            let result = run(connection);
            // Nothing was written: there is nothing to keep either way.
            connection::roll_back(connection)?;
            result
        })
    }

    /// Reads on a connection that cannot write. Not one snapshot over several statements.
    pub(crate) fn read<T>(
        &self,
        run: impl FnOnce(&mut AnyConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = take(&self.shared.readers)?;
        run(&mut connection)
    }

    /// Runs one transaction: committed and durable when this returns `Ok`, without trace when `Err`
    /// (except [`Error::Unavailable`] out of the commit itself, after which it may be there).
    /// Nothing slow belongs inside: on SQLite it holds the only writer.
    pub(crate) fn write<T>(
        &self,
        run: impl FnOnce(&mut AnyConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = take(&self.shared.writers)?;
        connection::begin(&mut connection)?;
        match run(&mut connection) {
            Ok(value) => {
                connection::commit(&mut connection)?;
                Ok(value)
            }
            Err(error) => {
                // A failed rollback breaks the transaction manager, and the pool drops the connection.
                let _ = connection::roll_back(&mut connection);
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("url", &self.shared.config.shown_url())
            .finish_non_exhaustive()
    }
}

/// The file holds logs and hashes of secrets: a new one is readable by its owner only (SQLite gives its companions
/// the same mode).
fn create_private(path: &Path) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|error| Error::Unavailable {
            message: format!("cannot open {}: {error}", path.display()),
        })
}

fn take(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>, Error> {
    Ok(pool.get()?)
}

/// The pool retries on its own; what reaches a caller is logged there.
#[derive(Debug)]
struct Quiet;

impl diesel::r2d2::HandleError<Error> for Quiet {
    fn handle_error(&self, error: Error) {
        tracing::debug!(%error, "a database connection could not be made");
    }
}

#[cfg(test)]
mod tests {
    use super::{Backend, Store};
    use crate::tests::fixture::{Fixture, NOON, commit, project, record};

    #[test]
    fn after_a_checkpoint_the_file_alone_is_the_database() {
        let fixture = Fixture::new(Backend::Sqlite);
        let mine = project();
        commit(&fixture.store, &[record(mine, NOON, "hello")]);
        let log = fixture.folder.path().join("vigil.sqlite3-wal");
        let bytes = || std::fs::metadata(&log).map_or(0, |metadata| metadata.len());
        assert!(bytes() > 0);
        fixture.store.checkpoint().expect("written");
        assert_eq!(bytes(), 0);
        let copy = tempfile::tempdir().expect("a folder");
        let file = copy.path().join("vigil.sqlite3");
        std::fs::copy(fixture.folder.path().join("vigil.sqlite3"), &file).expect("copied");
        let mut config = fixture.config.clone();
        config.url = file.to_string_lossy().into_owned();
        let store = Store::open(&config).expect("opens");
        assert_eq!(commit(&store, &[record(mine, NOON, "again")]).stored, 1);
        let filter = domain::LogFilter::in_range(domain::TimeRange::ALL);
        let count = domain::LogReader::count(&store, mine, &filter);
        assert_eq!(count.expect("counted"), 2);
    }
}
