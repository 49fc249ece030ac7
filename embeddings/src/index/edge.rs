//! The embedded index: Qdrant Edge in this process, on this machine's disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use domain::ProjectId;
use qdrant_edge::{
    EdgeShard, OperationResult, PointId, PointOperations, UpdateOperation, WithPayloadInterface,
    WithVector,
};
use uuid::Uuid;

use self::layout::{Description, Layout};
use super::IndexSchema;
use super::backend::{Backend, DENSE, LEXICAL, Probe, Scope, Scored, StoredPoint, VectorPage};
use crate::error::{Error, Result};
use crate::metrics;

mod convert;
mod layout;
mod wal;

/// Free bytes of the disk below which nothing is written: more than one operation ever needs.
const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// An index in a folder, for one process. Needs nothing else.
///
/// Searches run side by side; writes and flushes are alone, because `EdgeShard::flush` of the
/// pinned version panics when anything else holds its locks. Searching is exact (no HNSW graph):
/// 100,000 templates take about 7 ms, and a project has some thousands.
///
/// Opening a folder whose shard is damaged, or of another schema, gives an empty index with a new
/// epoch; a damaged shard is kept in `set-aside/` until the next one. Inverse document frequencies
/// are counted over all projects: a tenant's words can shift another tenant's ranking slightly,
/// never its contents.
#[derive(Debug)]
pub struct EdgeIndex {
    layout: Layout,
    schema: IndexSchema,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    /// `None` only after it could be neither opened nor made anew (full disk); writes try again.
    shard: Option<EdgeShard>,
    epoch: String,
}

impl EdgeIndex {
    /// Opens the index in `dir`, or makes one.
    ///
    /// # Errors
    /// When another process has it open, or the folder cannot be written.
    pub fn open(dir: &Path, schema: &IndexSchema) -> Result<Self> {
        super::check_schema(schema)?;
        let layout = Layout::lock(dir)?;
        let (state, _) = open_or_make(&layout, schema)?;
        Ok(Self {
            layout,
            schema: schema.clone(),
            state: RwLock::new(state),
        })
    }

    fn reading(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, action: impl FnOnce(&EdgeShard) -> OperationResult<T>) -> Result<T> {
        let state = self.reading();
        let Some(shard) = &state.shard else {
            return Err(Error::Edge("not open, see the first error".to_owned()));
        };
        guarded(|| action(shard))
    }

    /// Changes the shard. After a failure the shard is opened again: 0.7.2 refuses every later
    /// operation once one has failed (a full disk), even when the cause is gone.
    fn update(&self, operation: UpdateOperation) -> Result<()> {
        self.check_space(RESERVE_BYTES)?;
        let mut state = self.writing();
        let outcome = match &state.shard {
            Some(shard) => guarded(|| shard.update(operation)),
            None => Err(Error::Edge("was not open; repeat the call".to_owned())),
        };
        outcome.map_err(|error| self.reopen(&mut state).err().unwrap_or(error))
    }

    /// Refuses to write when the disk is nearly full. The shard maps sparse files: where the disk has no room for a
    /// page that is written for the first time, the whole process gets a SIGBUS and dies, and with it the intake.
    fn check_space(&self, reserve_bytes: u64) -> Result<()> {
        match fs4::available_space(self.layout.folder()) {
            Ok(free) if free < reserve_bytes => Err(Error::Edge(format!(
                "{free} bytes are free on its disk, it writes while there are at least {reserve_bytes}"
            ))),
            // Where the question cannot be answered, the write tells.
            _ => Ok(()),
        }
    }

    /// Closes the shard, which cuts its log, and opens it again.
    fn reopen(&self, state: &mut State) -> Result<()> {
        if let Some(shard) = state.shard.take() {
            // Closing flushes, and may fail for the reason we are here; opening tells.
            let _ = guarded(|| {
                drop(shard);
                Ok(())
            });
        }
        let (opened, reason) = open_or_make(&self.layout, &self.schema)?;
        let same = opened.epoch == state.epoch;
        *state = opened;
        if same {
            return Ok(());
        }
        Err(Error::Recreated {
            reason: reason.unwrap_or_default(),
        })
    }
}

impl Backend for EdgeIndex {
    const NAME: &'static str = "edge";

    fn schema(&self) -> &IndexSchema {
        &self.schema
    }

    fn write(&self, points: Vec<StoredPoint>) -> Result<()> {
        self.update(convert::upsert(points))
    }

    fn nearest(&self, scope: &Scope, probes: Vec<Probe>, limit: usize) -> Result<Vec<Vec<Scored>>> {
        let filter = convert::filter(scope)?;
        probes
            .into_iter()
            .map(|probe| {
                let request = convert::search(probe, filter.clone(), limit)?;
                let points = self.read(|shard| shard.search(request))?;
                points.iter().map(convert::scored).collect()
            })
            .collect()
    }

    fn fetch(&self, id: Uuid) -> Result<Option<Probe>> {
        let names = vec![DENSE.to_owned(), LEXICAL.to_owned()];
        let records = self.read(|shard| {
            shard.retrieve(
                &[PointId::Uuid(id)],
                Some(WithPayloadInterface::Bool(false)),
                Some(WithVector::Selector(names)),
            )
        })?;
        Ok(records.into_iter().next().and_then(convert::probe))
    }

    fn page(&self, scope: &Scope, start: Option<Uuid>, limit: usize) -> Result<VectorPage> {
        let request = convert::scroll(scope, start, limit)?;
        let (records, next) = self.read(|shard| shard.scroll(request))?;
        let vectors = records
            .into_iter()
            .filter_map(|record| convert::vector(record).transpose())
            .collect::<Result<_>>()?;
        Ok((vectors, next.and_then(convert::uuid)))
    }

    fn count_in(&self, scope: &Scope) -> Result<u64> {
        let request = convert::count(scope)?;
        let count = self.read(|shard| shard.count(request))?;
        Ok(count as u64)
    }

    fn remove(&self, ids: Vec<Uuid>) -> Result<()> {
        let ids = ids.into_iter().map(PointId::Uuid).collect();
        self.update(UpdateOperation::PointOperation(
            PointOperations::DeletePoints { ids },
        ))
    }

    fn remove_project(&self, project_id: ProjectId) -> Result<()> {
        let filter = convert::filter(&Scope::project(project_id))?;
        self.update(UpdateOperation::PointOperation(
            PointOperations::DeletePointsByFilter(filter),
        ))
    }

    fn remove_all(&self) -> Result<()> {
        let mut state = self.writing();
        if let Some(shard) = state.shard.take() {
            // A flush that fails while closing does not matter: the files go.
            let _ = guarded(|| {
                drop(shard);
                Ok(())
            });
        }
        self.layout.discard()?;
        *state = make(&self.layout, &self.schema)?;
        Ok(())
    }

    fn persist(&self) -> Result<()> {
        let mut state = self.writing();
        let outcome = match &state.shard {
            Some(shard) => guarded(|| {
                shard.flush();
                Ok(())
            }),
            None => Err(Error::Edge("was not open; repeat the call".to_owned())),
        };
        outcome.map_err(|error| self.reopen(&mut state).err().unwrap_or(error))?;
        if wal::size(&self.layout.shard()) > wal::MAX_BYTES {
            self.reopen(&mut state)?;
        }
        Ok(())
    }

    fn incarnation(&self) -> Result<String> {
        Ok(self.reading().epoch.clone())
    }

    fn alive(&self) -> Result<()> {
        if self.reading().shard.is_some() {
            return Ok(());
        }
        Err(Error::Edge("not open, see the first error".to_owned()))
    }
}

/// The shard of the folder if it is whole and fits, else a new one and the reason.
fn open_or_make(layout: &Layout, schema: &IndexSchema) -> Result<(State, Option<String>)> {
    let Some(description) = layout.description() else {
        layout.discard()?;
        return Ok((make(layout, schema)?, Some("there was none".to_owned())));
    };
    if !description.fits(schema) {
        let reason = "it was made for another model or by another version".to_owned();
        tracing::info!(reason, "semantic index starts empty");
        layout.discard()?;
        return Ok((make(layout, schema)?, Some(reason)));
    }
    let opened = if layout.died_while_opening() {
        Err(Error::Edge(
            "a process died while it opened this index".to_owned(),
        ))
    } else {
        load(layout, schema)
    };
    match opened {
        Ok(shard) => Ok((
            State {
                shard: Some(shard),
                epoch: description.epoch,
            },
            None,
        )),
        Err(error) => {
            let reason = error.to_string();
            tracing::warn!(
                reason,
                "semantic index is damaged, set aside; starting empty"
            );
            metrics::recreated(EdgeIndex::NAME);
            layout.set_aside()?;
            Ok((make(layout, schema)?, Some(reason)))
        }
    }
}

fn load(layout: &Layout, schema: &IndexSchema) -> Result<EdgeShard> {
    wal::cut(&layout.shard())?;
    layout.begin_opening()?;
    let shard = guarded(|| EdgeShard::load(&layout.shard(), Some(convert::config(schema))));
    layout.end_opening()?;
    shard
}

fn make(layout: &Layout, schema: &IndexSchema) -> Result<State> {
    let path = layout.shard();
    std::fs::create_dir_all(&path).map_err(|source| Error::io(&path, source))?;
    let shard = guarded(|| EdgeShard::new(&path, convert::config(schema)))?;
    for operation in convert::payload_indexes()? {
        guarded(|| shard.update(operation))?;
    }
    guarded(|| {
        shard.flush();
        Ok(())
    })?;
    let description = Description::new(schema);
    layout.describe(&description)?;
    Ok(State {
        shard: Some(shard),
        epoch: description.epoch,
    })
}

/// Turns a panic of the engine into an error: 0.7.2 panics where a flush fails and where files are
/// damaged. Its locks do not poison, and a shard that panicked while opening is set aside.
fn guarded<T>(action: impl FnOnce() -> OperationResult<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(action)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::Edge(error.to_string())),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            Err(Error::Edge(format!("the engine panicked: {text}")))
        }
    }
}

#[cfg(test)]
mod tests;
