//! The index on a Qdrant server, over gRPC.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use domain::{ErrorKind, ProjectId};
use qdrant_client::qdrant::{
    DeletePoints, GetPoints, PointId, PointsIdsList, PointsSelector, QueryBatchPoints,
    UpsertPoints, points_selector::PointsSelectorOneOf,
};
use qdrant_client::{Qdrant, QdrantError};
use tokio::runtime::Runtime;
use uuid::Uuid;

use self::collection::Collection;
use super::IndexSchema;
use super::backend::{Backend, Probe, Scope, Scored, StoredPoint, VectorPage};
use crate::error::{Error, Result};
use crate::metrics;

mod collection;
mod convert;
mod failure;

/// One request. A write of a full chunk takes some tens of milliseconds on a healthy server.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Reaching the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A call as a whole: a request, and once more on a fresh connection, as the client does.
const CALL_TIMEOUT: Duration = Duration::from_secs(40);

/// How long to wait for a server that may be away.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Asking whether it answers.
    ping: Duration,
    /// A failure that took longer is remembered; a quick one costs nobody anything.
    slow: Duration,
    /// For so long after a slow failure every call fails at once. Longer than the pause between two pings and
    /// a ping together, so that while a server hangs nobody but the ping waits for it.
    rest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(3),
            slow: Duration::from_secs(1),
            rest: Duration::from_secs(10),
        }
    }
}

/// A failure that is remembered.
struct Failure {
    at: Instant,
    reason: String,
    kind: ErrorKind,
}

/// An index in one collection of a Qdrant server, shared by all nodes that use the same schema.
///
/// The collection is made when the first call needs it, so the server may come up after us. Its
/// name is the given one plus model, dimension and format, so that another model gets another
/// collection and both can live during a rolling update. The server gets vectors, hashed words,
/// ids, service names and severities, never the text.
///
/// Calls may come from any thread. They run on one thread of this index's own.
pub struct ServerIndex {
    runtime: Option<Runtime>,
    client: Qdrant,
    collection: Collection,
    schema: IndexSchema,
    /// The epoch, once the collection was seen; `None` again when it turned out to be gone.
    epoch: Mutex<Option<String>>,
    /// Held by whoever makes sure of the collection, so that it is done once; never needed to read the epoch.
    opening: Mutex<()>,
    failure: Mutex<Option<Failure>>,
    patience: Patience,
}

impl std::fmt::Debug for ServerIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerIndex")
            .field("collection", &self.collection.name)
            .finish_non_exhaustive()
    }
}

impl ServerIndex {
    /// Prepares an index on the server at `url` (`http://host:6334`, the gRPC port, or `https`).
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL or the schema cannot be used.
    pub fn connect(
        url: &str,
        api_key: Option<&str>,
        collection: &str,
        schema: &IndexSchema,
    ) -> Result<Self> {
        super::check_schema(schema)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("vigil-index")
            .enable_all()
            .build()
            .map_err(|error| failure::other("start", &error))?;
        let mut settings = Qdrant::from_url(url)
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .keep_alive_while_idle()
            .skip_compatibility_check();
        settings.api_key = api_key.map(str::to_owned);
        let client = settings
            .build()
            .map_err(|error| failure::of("connect", error))?;
        Ok(Self {
            runtime: Some(runtime),
            client,
            collection: Collection::new(collection, schema),
            schema: schema.clone(),
            epoch: Mutex::new(None),
            opening: Mutex::new(()),
            failure: Mutex::new(None),
            patience: Patience::default(),
        })
    }

    /// Waits for a server that hangs as short as a test can afford.
    #[cfg(test)]
    pub(super) fn hurried(mut self) -> Self {
        self.patience = Patience {
            ping: Duration::from_millis(200),
            slow: Duration::from_millis(100),
            rest: Duration::from_secs(3_600),
        };
        self
    }

    /// Removes the collection itself.
    #[cfg(test)]
    pub(super) fn discard(&self) -> Result<()> {
        let (client, collection) = (self.client.clone(), self.collection.clone());
        self.call(
            "discard",
            async move { collection.drop_if_there(&client).await },
        )
    }

    /// Runs one request to its end, whatever thread we are on.
    fn wait<T, F>(&self, action: &'static str, future: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, QdrantError>> + Send + 'static,
    {
        let outcome = self.call(action, async move {
            future.await.map_err(|error| failure::of(action, error))
        });
        if let Err(error) = &outcome
            && failure::lost(error)
        {
            *self.known_epoch() = None;
            metrics::recreated(Self::NAME);
            return Err(Error::Recreated {
                reason: error.to_string(),
            });
        }
        outcome
    }

    /// Runs a call, unless the server made somebody wait in vain a moment ago.
    fn call<T, F>(&self, action: &'static str, future: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.check_recent_failure(action)?;
        let began = Instant::now();
        let outcome = self.run(action, CALL_TIMEOUT, future);
        self.remember(&outcome, began);
        outcome
    }

    fn check_recent_failure(&self, action: &'static str) -> Result<()> {
        match &*lock(&self.failure) {
            Some(failure) if failure.at.elapsed() < self.patience.rest => Err(Error::Server {
                action,
                message: format!("not tried, it failed a moment ago: {}", failure.reason),
                kind: failure.kind,
            }),
            _ => Ok(()),
        }
    }

    fn remember<T>(&self, outcome: &Result<T>, began: Instant) {
        let mut failure = lock(&self.failure);
        match outcome {
            Ok(_) => *failure = None,
            Err(error) => {
                let kind = error.kind();
                let is_away = matches!(kind, ErrorKind::Timeout | ErrorKind::Unavailable);
                if is_away && began.elapsed() >= self.patience.slow {
                    *failure = Some(Failure {
                        at: Instant::now(),
                        reason: error.to_string(),
                        kind,
                    });
                }
            }
        }
    }

    fn run<T, F>(&self, action: &'static str, limit: Duration, future: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let Some(runtime) = &self.runtime else {
            return Err(failure::other(action, &"shut down"));
        };
        let (sender, receiver) = mpsc::sync_channel(1);
        runtime.spawn(async move {
            let outcome = tokio::time::timeout(limit, future).await;
            // Nobody listens only when the caller is gone.
            let _ = sender.send(outcome);
        });
        match receiver.recv() {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Error::Timeout {
                action,
                timeout_ms: limit.as_millis() as u64,
            }),
            Err(_) => Err(failure::other(
                action,
                &"the request ended without an answer",
            )),
        }
    }

    fn known_epoch(&self) -> MutexGuard<'_, Option<String>> {
        lock(&self.epoch)
    }

    /// Makes sure of the collection, once; answers its epoch.
    fn ready(&self) -> Result<String> {
        let known = || self.known_epoch().clone();
        if let Some(epoch) = known() {
            return Ok(epoch);
        }
        self.check_recent_failure("open")?;
        let _opening = lock(&self.opening);
        // Another thread may have made sure of it while we waited.
        if let Some(epoch) = known() {
            return Ok(epoch);
        }
        let (client, collection) = (self.client.clone(), self.collection.clone());
        let epoch = self.call("open", async move { collection.ensure(&client).await })?;
        *self.known_epoch() = Some(epoch.clone());
        Ok(epoch)
    }

    fn delete_selected(&self, selected: PointsSelectorOneOf) -> Result<()> {
        self.ready()?;
        let request = DeletePoints {
            collection_name: self.collection.name.clone(),
            wait: Some(true),
            points: Some(PointsSelector {
                points_selector_one_of: Some(selected),
            }),
            ..DeletePoints::default()
        };
        let client = self.client.clone();
        self.wait("delete", async move { client.delete_points(request).await })?;
        Ok(())
    }
}

impl Drop for ServerIndex {
    fn drop(&mut self) {
        // A plain drop would block, which panics on a thread of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Backend for ServerIndex {
    const NAME: &'static str = "server";

    fn schema(&self) -> &IndexSchema {
        &self.schema
    }

    fn write(&self, points: Vec<StoredPoint>) -> Result<()> {
        self.ready()?;
        let request = UpsertPoints {
            collection_name: self.collection.name.clone(),
            wait: Some(true),
            points: points.into_iter().map(convert::point).collect(),
            ..UpsertPoints::default()
        };
        let client = self.client.clone();
        self.wait("upsert", async move { client.upsert_points(request).await })?;
        Ok(())
    }

    fn nearest(&self, scope: &Scope, probes: Vec<Probe>, limit: usize) -> Result<Vec<Vec<Scored>>> {
        self.ready()?;
        let name = &self.collection.name;
        let request = QueryBatchPoints {
            collection_name: name.clone(),
            query_points: probes
                .into_iter()
                .map(|probe| convert::query(name, scope, probe, limit))
                .collect(),
            ..QueryBatchPoints::default()
        };
        let client = self.client.clone();
        let answer = self.wait("search", async move { client.query_batch(request).await })?;
        answer
            .result
            .iter()
            .map(|batch| batch.result.iter().map(convert::scored).collect())
            .collect()
    }

    fn fetch(&self, id: Uuid) -> Result<Option<Probe>> {
        self.ready()?;
        let request = GetPoints {
            collection_name: self.collection.name.clone(),
            ids: vec![PointId::from(id.to_string())],
            with_payload: Some(false.into()),
            with_vectors: Some(true.into()),
            ..GetPoints::default()
        };
        let client = self.client.clone();
        let answer = self.wait("get", async move { client.get_points(request).await })?;
        Ok(answer.result.into_iter().next().and_then(convert::probe))
    }

    fn page(&self, scope: &Scope, start: Option<Uuid>, limit: usize) -> Result<VectorPage> {
        self.ready()?;
        let request = convert::scroll(&self.collection.name, scope, start, limit);
        let client = self.client.clone();
        let answer = self.wait("scroll", async move { client.scroll(request).await })?;
        let vectors = answer
            .result
            .into_iter()
            .filter_map(|point| convert::vector(point).transpose())
            .collect::<Result<_>>()?;
        Ok((
            vectors,
            answer.next_page_offset.as_ref().and_then(convert::uuid),
        ))
    }

    fn count_in(&self, scope: &Scope) -> Result<u64> {
        self.ready()?;
        let request = convert::count(&self.collection.name, scope);
        let client = self.client.clone();
        let answer = self.wait("count", async move { client.count(request).await })?;
        Ok(answer.result.map_or(0, |result| result.count))
    }

    fn remove(&self, ids: Vec<Uuid>) -> Result<()> {
        self.delete_selected(PointsSelectorOneOf::Points(PointsIdsList {
            ids: ids.iter().map(|id| PointId::from(id.to_string())).collect(),
        }))
    }

    fn remove_project(&self, project_id: ProjectId) -> Result<()> {
        let filter = convert::filter(&Scope::project(project_id));
        self.delete_selected(PointsSelectorOneOf::Filter(filter))
    }

    fn remove_all(&self) -> Result<()> {
        let _opening = lock(&self.opening);
        let (client, collection) = (self.client.clone(), self.collection.clone());
        *self.known_epoch() = None;
        let epoch = self.call("clear", async move {
            collection.drop_if_there(&client).await?;
            collection.ensure(&client).await
        })?;
        *self.known_epoch() = Some(epoch);
        Ok(())
    }

    /// Every write waited for the server's own log, so there is nothing left to do.
    fn persist(&self) -> Result<()> {
        self.ready().map(drop)
    }

    fn incarnation(&self) -> Result<String> {
        self.ready()
    }

    /// A collection that is gone is not a failure of the server: the next call makes it anew.
    fn alive(&self) -> Result<()> {
        let (client, name) = (self.client.clone(), self.collection.name.clone());
        let began = Instant::now();
        let outcome = self.run("ping", self.patience.ping, async move {
            client
                .collection_exists(name)
                .await
                .map_err(|error| failure::of("ping", error))
        });
        self.remember(&outcome, began);
        if !outcome? && self.known_epoch().take().is_some() {
            metrics::recreated(Self::NAME);
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
