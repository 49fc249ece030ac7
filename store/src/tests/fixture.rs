//! A fresh store per case, and records to put into it.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{LogRecord, ProjectId, RecordId, Severity, Template, TemplateId};
use uuid::Uuid;

use crate::{Backend, CommitBatch, CommitReceipt, Error, LogStore, Store, StoreConfig};

/// 2026-11-23 14:00:00 UTC, the start of a minute.
pub(crate) const NOON: i64 = 1_795_442_400_000_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;

/// A migrated store of its own; an SQLite file goes away with it.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) config: StoreConfig,
    pub(crate) folder: tempfile::TempDir,
    // Last: another test gets it when the store is closed.
    _database: Option<testkit::PostgresDatabase>,
}

impl Fixture {
    pub(crate) fn unmigrated(backend: Backend) -> Self {
        Self::with(backend, |_| {})
    }

    /// Unmigrated, with a configuration of its own.
    pub(crate) fn with(backend: Backend, change: impl FnOnce(&mut StoreConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = matches!(backend, Backend::Postgres).then(testkit::postgres_database);
        let mut config = match &database {
            None => StoreConfig::in_data_dir(folder.path()),
            Some(database) => StoreConfig::new(database.url()),
        };
        config.read_connections = 4;
        config.objects_url = Some(format!("file://{}/objects", folder.path().display()));
        change(&mut config);
        Self {
            store: Store::open(&config).expect("the store opens"),
            config,
            folder,
            _database: database,
        }
    }

    pub(crate) fn new(backend: Backend) -> Self {
        let fixture = Self::unmigrated(backend);
        fixture.store.migrate().expect("the migrations run");
        fixture
    }
}

pub(crate) fn run(backend: Backend, case: impl FnOnce(&Fixture)) {
    case(&Fixture::new(backend));
}

/// Every commit becomes a block.
pub(crate) fn run_in_blocks(backend: Backend, case: impl FnOnce(&Fixture)) {
    let fixture = Fixture::with(backend, |config| config.block_records = 1);
    fixture.store.migrate().expect("the migrations run");
    case(&fixture);
}

static NEXT: AtomicU64 = AtomicU64::new(1);

fn next() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) fn project() -> ProjectId {
    ProjectId(Uuid::from_u64_pair(0x7072_6f6a, next()))
}

pub(crate) fn record_id() -> RecordId {
    let mut random = [0_u8; 10];
    random[2..].copy_from_slice(&next().to_be_bytes());
    RecordId::from_parts(NOON, random)
}

/// An info record of service `shop`, template 1.
pub(crate) fn record(project_id: ProjectId, timestamp_ns: i64, body: &str) -> LogRecord {
    LogRecord {
        id: record_id(),
        project_id,
        timestamp_ns,
        observed_at_ns: NOON,
        severity: Severity::Info,
        service: "shop".to_owned(),
        body: body.to_owned(),
        attributes: String::new(),
        trace_id: None,
        span_id: None,
        template_id: TemplateId(1),
    }
}

pub(crate) fn template(project_id: ProjectId, id: u64, text: &str) -> Template {
    Template {
        id: TemplateId(id),
        project_id,
        text: text.to_owned(),
        example: format!("example of {text}"),
        first_seen_ns: 0,
        last_seen_ns: 0,
        count: 0,
        services: Vec::new(),
        severity: Severity::Unspecified,
        merged_into: None,
        sequence: 0,
    }
}

/// Commits records of one project.
pub(crate) fn commit(store: &Store, records: &[LogRecord]) -> CommitReceipt {
    store
        .append(&CommitBatch::new(records[0].project_id, records.to_vec()))
        .expect("the batch commits")
}

/// Where every commit becomes a block, every row shall. Another thread may be at the same rows.
pub(crate) fn seal_in_blocks(store: &Store) {
    if store.config().block_records == 1 {
        match store.seal(NOON, true) {
            Ok(_) | Err(Error::Contention { .. } | Error::Duplicate { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
