//! The semantic index: what may encode, where vectors live, and the loop that keeps both up with the store.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use domain::{ProjectId, Template};
use embeddings::{Encoder, IndexHit, IndexPoint, IndexQuery, VectorIndex, index_text};
use store::{CursorStore, IdentityStore, LogStore, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::tasks::blocking;

/// Templates that are embedded and flushed together: a second of work on one core.
const BATCH: usize = 256;
/// Templates that are counted at once.
const PAGE: usize = 5_000;
/// How often the loop looks even when nothing woke it.
const PERIOD: Duration = Duration::from_secs(2);
/// How long the loop waits after a failure.
const BACKOFF: Duration = Duration::from_secs(10);

/// Where a model stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelState {
    /// Switched off, or not there; the text says how to get it.
    Off(String),
    /// Being fetched or loaded.
    Loading(String),
    /// Works.
    Ready(String),
    /// Broken; the text says why.
    Failed(String),
}

/// The encoder (when there is one) and the vector index.
pub struct Semantic {
    index: Arc<dyn VectorIndex>,
    encoder: RwLock<Option<(String, Arc<Encoder>)>>,
    state: RwLock<ModelState>,
    changed: watch::Sender<u64>,
}

impl Semantic {
    /// An index without an encoder: lexical search only, until [`Semantic::set_encoder`].
    #[must_use]
    pub fn new(index: Arc<dyn VectorIndex>) -> Self {
        Self {
            index,
            encoder: RwLock::new(None),
            state: RwLock::new(ModelState::Off("no embedding model is loaded".into())),
            changed: watch::channel(0).0,
        }
    }

    /// Says where the embedding model stands.
    pub fn set_state(&self, state: ModelState) {
        if let Ok(mut slot) = self.state.write() {
            *slot = state;
        }
    }

    /// Where the embedding model stands.
    #[must_use]
    pub fn state(&self) -> ModelState {
        self.state
            .read()
            .map_or_else(|_| ModelState::Off(String::new()), |state| state.clone())
    }

    /// Takes an encoder into use; templates indexed without vectors get them now.
    pub fn set_encoder(&self, name: &str, encoder: Arc<Encoder>) {
        if let Ok(mut slot) = self.encoder.write() {
            *slot = Some((name.to_owned(), encoder));
        }
        self.set_state(ModelState::Ready(name.to_owned()));
        self.changed.send_modify(|count| *count += 1);
    }

    fn encoder(&self) -> Option<(String, Arc<Encoder>)> {
        self.encoder.read().ok()?.clone()
    }

    /// The vector index.
    #[must_use]
    pub fn index(&self) -> &Arc<dyn VectorIndex> {
        &self.index
    }

    /// The templates nearest in meaning and words, best first. Blocks.
    pub(crate) fn search(
        &self,
        project_id: ProjectId,
        text: &str,
        services: &[String],
        limit: usize,
    ) -> Result<Vec<IndexHit>, Error> {
        let vector = match self.encoder() {
            Some((_, encoder)) => encoder.encode(&[text])?.pop(),
            None => None,
        };
        let hits = self.index.search(&IndexQuery {
            project_id,
            text: text.to_owned(),
            vector,
            services: services.to_vec(),
            min_severity: None,
            limit,
        })?;
        Ok(hits)
    }

    /// The name of the cursor that counts indexed templates: one per way of indexing, so that an encoder
    /// that comes later indexes everything again with vectors; and one per incarnation of the index.
    fn cursor_name(&self) -> Result<String, Error> {
        let epoch = self.index.epoch()?;
        let backend = self.index.backend();
        Ok(match self.encoder() {
            Some((name, _)) => format!("index:{backend}:{epoch}:{name}"),
            None => format!("index:{backend}:{epoch}:words"),
        })
    }

    /// Indexes what the store has beyond the cursor; returns how many templates. Blocks.
    pub(crate) fn catch_up(&self, store: &Store, project_id: ProjectId) -> Result<usize, Error> {
        let name = self.cursor_name()?;
        let encoder = self.encoder().map(|(_, encoder)| encoder);
        let mut done = 0;
        loop {
            let after = store.cursor(project_id, &name)?.unwrap_or(0);
            let templates = store.templates(project_id, after, BATCH)?;
            let Some(last) = templates.last() else {
                return Ok(done);
            };
            let last = last.sequence;
            let points = self.points(encoder.as_deref(), &templates)?;
            self.index.upsert(&points)?;
            // Edge loses what was not flushed, so the cursor moves only after the flush.
            self.index.flush()?;
            store.set_cursor(project_id, &name, last)?;
            done += templates.len();
        }
    }

    fn points(
        &self,
        encoder: Option<&Encoder>,
        templates: &[Template],
    ) -> Result<Vec<IndexPoint>, Error> {
        let texts: Vec<String> = templates
            .iter()
            .map(|template| {
                index_text(
                    &patterns::readable(&template.text),
                    &template.services,
                    &template.example,
                )
            })
            .collect();
        let mut vectors = match encoder {
            Some(encoder) => {
                let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
                encoder.encode(&borrowed)?.into_iter().map(Some).collect()
            }
            None => vec![None; texts.len()],
        };
        Ok(templates
            .iter()
            .zip(texts)
            .zip(vectors.drain(..))
            .map(|((template, text), vector)| IndexPoint {
                project_id: template.project_id,
                template_id: template.id,
                text,
                services: template.services.clone(),
                severity: template.severity,
                vector,
            })
            .collect())
    }

    /// Compares the index with the store and starts it anew where points are missing (a crash, another
    /// data directory). Blocks.
    pub(crate) fn reconcile(&self, store: &Store, project_id: ProjectId) -> Result<(), Error> {
        let name = self.cursor_name()?;
        let cursor = store.cursor(project_id, &name)?.unwrap_or(0);
        if cursor == 0 {
            return Ok(());
        }
        let mut expected = 0_u64;
        let mut after = 0;
        while after < cursor {
            let page = store.templates(project_id, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            expected += page.iter().filter(|item| item.sequence <= cursor).count() as u64;
        }
        let found = self.index.count(project_id)?;
        if found < expected {
            tracing::warn!(project.id = %project_id, found, expected, "the semantic index lacks templates; it is built anew");
            store.set_cursor(project_id, &name, 0)?;
        }
        Ok(())
    }

    /// Forgets everything; the loop builds it anew. Blocks.
    ///
    /// # Errors
    /// Fails when the index or the store cannot be written.
    pub fn forget(&self, store: &Store) -> Result<(), Error> {
        self.index.clear()?;
        self.index.flush()?;
        for project in store.projects()? {
            store.set_cursor(project.id, &self.cursor_name()?, 0)?;
        }
        Ok(())
    }

    /// Indexes everything that is missing, for all projects; returns how many templates. Blocks.
    ///
    /// # Errors
    /// Fails when the encoder, the index or the store fails.
    pub fn catch_up_all(&self, store: &Store) -> Result<usize, Error> {
        let mut done = 0;
        for project in store.projects()? {
            done += self.catch_up(store, project.id)?;
        }
        Ok(done)
    }
}

/// Follows the store until the stop.
pub(crate) async fn run(
    semantic: Arc<Semantic>,
    store: Store,
    mut commits: watch::Receiver<u64>,
    stop: CancellationToken,
) {
    let mut encoder_changed = semantic.changed.subscribe();
    let mut is_reconciled = false;
    loop {
        let (worker, reader) = (Arc::clone(&semantic), store.clone());
        let outcome = blocking(move || {
            if !is_reconciled {
                for project in reader.projects()? {
                    worker.reconcile(&reader, project.id)?;
                }
            }
            worker.catch_up_all(&reader)
        })
        .await;
        let pause = match outcome {
            Ok(count) => {
                is_reconciled = true;
                if count > 0 {
                    tracing::debug!(templates = count, "templates indexed");
                    metrics::counter!("vigil_engine_templates_indexed_total")
                        .increment(count as u64);
                }
                PERIOD
            }
            Err(error) => {
                tracing::warn!(%error, "the semantic index is behind; searching by words goes on");
                metrics::counter!("vigil_engine_index_failures_total").increment(1);
                BACKOFF
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            _ = encoder_changed.changed() => { is_reconciled = false; }
            () = async {
                // New templates are indexed in batches: a short rest after a commit, a long one otherwise.
                tokio::time::sleep(pause / 4).await;
                tokio::time::timeout(pause, commits.changed()).await.ok();
            } => {}
        }
    }
}
