//! The semantic index: what may encode, where vectors live, and the loops that keep both up with the store.

mod follow;
#[cfg(test)]
mod tests;

use std::sync::{Arc, RwLock};

use domain::{Failpoint, ProjectId, Template, TemplateId};
use embeddings::{
    Encoder, IndexHit, IndexPoint, IndexQuery, Meaning, Said, VectorIndex, index_text, meaning_text,
};
use store::{CursorStore, IdentityStore, LogStore, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::clusters::Memory;

pub(crate) use follow::{follow, watch_health};

/// Templates that are embedded and flushed together: a second of work on one core.
const BATCH: usize = 256;
/// Templates that are counted at once.
const PAGE: usize = 5_000;

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

/// What turns texts into vectors.
pub trait Embed: Send + Sync {
    /// One vector a text, in order.
    ///
    /// # Errors
    /// Fails when a text cannot be encoded.
    fn encode(&self, texts: &[&str]) -> embeddings::Result<Vec<Vec<f32>>>;
}

impl Embed for Encoder {
    fn encode(&self, texts: &[&str]) -> embeddings::Result<Vec<Vec<f32>>> {
        Encoder::encode(self, texts)
    }
}

/// The encoder (when there is one) and the vector index.
pub struct Semantic {
    index: Arc<dyn VectorIndex>,
    encoder: RwLock<Option<Arc<dyn Embed>>>,
    /// How questions are compared by meaning, made of the encoder.
    meaning: RwLock<Option<Arc<Meaning<'static>>>>,
    state: RwLock<ModelState>,
    /// How the index answered the last time that it was asked; `None` before the first time.
    health: RwLock<Option<Result<(), String>>>,
    changed: watch::Sender<u64>,
    /// Groups of patterns that were computed before.
    pub(crate) clusters: Memory,
}

/// The names of the two cursors of one incarnation of the index: up to where templates are in it with their
/// words only, and with vectors. Everything that the second has passed has both.
struct Cursors {
    words: String,
    vectors: String,
}

impl Semantic {
    /// An index without an encoder: lexical search only, until [`Semantic::set_encoder`].
    #[must_use]
    pub fn new(index: Arc<dyn VectorIndex>) -> Self {
        Self {
            index,
            encoder: RwLock::new(None),
            meaning: RwLock::new(None),
            state: RwLock::new(ModelState::Off("no embedding model is loaded".into())),
            health: RwLock::new(None),
            changed: watch::channel(0).0,
            clusters: Memory::default(),
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

    /// Takes the encoder of the index's model into use; templates indexed without vectors get them now.
    pub fn set_encoder(&self, encoder: Arc<dyn Embed>) {
        let questions = Arc::clone(&encoder);
        let meaning = Meaning::new(move |texts: &[&str]| questions.encode(texts));
        if let Ok(mut slot) = self.meaning.write() {
            *slot = Some(Arc::new(meaning));
        }
        if let Ok(mut slot) = self.encoder.write() {
            *slot = Some(encoder);
        }
        self.set_state(ModelState::Ready(self.index.model().to_owned()));
        self.changed.send_modify(|count| *count += 1);
    }

    fn encoder(&self) -> Option<Arc<dyn Embed>> {
        self.encoder.read().ok()?.clone()
    }

    fn meaning(&self) -> Option<Arc<Meaning<'static>>> {
        self.meaning.read().ok()?.clone()
    }

    /// The vector index.
    #[must_use]
    pub fn index(&self) -> &Arc<dyn VectorIndex> {
        &self.index
    }

    /// How the index answered the last time that it was asked; `None` before the first time. Never waits.
    #[must_use]
    pub fn index_health(&self) -> Option<Result<(), String>> {
        self.health.read().ok()?.clone()
    }

    /// Asks the index whether it answers and keeps the outcome. Blocks.
    pub(crate) fn ask_index(&self) -> Result<(), String> {
        let outcome = self.index.ping().map_err(|error| error.to_string());
        if let Ok(mut slot) = self.health.write() {
            *slot = Some(outcome.clone());
        }
        outcome
    }

    /// The templates that a text is about, best first; `said` tells what a template says. Blocks.
    pub(crate) fn search(
        &self,
        project_id: ProjectId,
        text: &str,
        services: &[String],
        limit: usize,
        said: &dyn Fn(TemplateId) -> Option<Said>,
    ) -> Result<Vec<IndexHit>, Error> {
        let query = IndexQuery {
            project_id,
            text: text.to_owned(),
            vector: None,
            ideas: Vec::new(),
            services: services.to_vec(),
            min_severity: None,
            limit,
        };
        let index = self.index.as_ref();
        let meaning = self.meaning();
        Ok(embeddings::retrieve(
            index,
            query,
            meaning.as_deref(),
            said,
        )?)
    }

    /// Cursors belong to one incarnation of the index and one vocabulary. The one of the vectors carries the name of their model,
    /// whether its encoder is there or not.
    fn cursors(&self) -> Result<Cursors, Error> {
        let epoch = self.index.epoch()?;
        let backend = self.index.backend();
        // What is indexed of a template is made with the vocabulary: another one means to begin anew.
        let vocabulary = embeddings::vocabulary_mark();
        let name = |kind: &str| format!("index:{backend}:{epoch}:{vocabulary}:{kind}");
        Ok(Cursors {
            words: name("words"),
            vectors: name(self.index.model()),
        })
    }

    /// The mark of what the index holds of a project: another one means that it may have changed.
    pub(crate) fn mark(
        &self,
        store: &Store,
        project_id: ProjectId,
    ) -> Result<(String, i64), Error> {
        let name = self.cursors()?.vectors;
        let cursor = store.cursor(project_id, &name)?.unwrap_or(0);
        Ok((name, cursor))
    }

    /// Indexes what the store has beyond the cursor; returns how many templates. Blocks, but looks for the stop
    /// between two batches.
    pub(crate) fn catch_up(
        &self,
        store: &Store,
        project_id: ProjectId,
        stop: &CancellationToken,
    ) -> Result<usize, Error> {
        let cursors = self.cursors()?;
        let encoder = self.encoder();
        let mut done = 0;
        while !stop.is_cancelled() {
            let vectors = store.cursor(project_id, &cursors.vectors)?.unwrap_or(0);
            let (name, after) = if encoder.is_some() {
                (&cursors.vectors, vectors)
            } else {
                // Never back over what has vectors: writing a template again without one takes it away.
                let words = store.cursor(project_id, &cursors.words)?.unwrap_or(0);
                (&cursors.words, words.max(vectors))
            };
            let templates = store.templates(project_id, after, BATCH)?;
            let Some(last) = templates.last() else {
                return Ok(done);
            };
            let last = last.sequence;
            done += templates.len();
            let (live, merged): (Vec<Template>, Vec<Template>) = templates
                .into_iter()
                .partition(|template| template.merged_into.is_none());
            self.index.upsert(&points(encoder.as_deref(), &live)?)?;
            self.index.delete(project_id, &ids(&merged))?;
            // Edge loses what was not flushed, so the cursor moves only after the flush.
            self.index.flush()?;
            Failpoint::Indexed.pass();
            store.set_cursor(project_id, name, last)?;
        }
        Ok(done)
    }

    /// Compares the index with the store and starts it anew where points or vectors are missing (a crash,
    /// another data directory, a version that lost vectors). Blocks.
    pub(crate) fn reconcile(&self, store: &Store, project_id: ProjectId) -> Result<(), Error> {
        let cursors = self.cursors()?;
        let has_encoder = self.encoder().is_some();
        let vectors = store.cursor(project_id, &cursors.vectors)?.unwrap_or(0);
        let words = store.cursor(project_id, &cursors.words)?.unwrap_or(0);
        let cursor = if has_encoder {
            vectors
        } else {
            vectors.max(words)
        };
        if cursor == 0 {
            return Ok(());
        }
        let (expected, merged) = self.known(store, project_id, cursor)?;
        if self.index.count(project_id)? > expected {
            // Templates that were merged away before the index heard of it.
            self.index.delete(project_id, &merged)?;
            self.index.flush()?;
        }
        let found = if has_encoder {
            self.index.count_with_vector(project_id)?
        } else {
            self.index.count(project_id)?
        };
        if found < expected {
            tracing::warn!(project.id = %project_id, found, expected, has_encoder, "the semantic index lacks templates; it is built anew");
            store.set_cursor(project_id, &cursors.vectors, 0)?;
            if !has_encoder {
                store.set_cursor(project_id, &cursors.words, 0)?;
            }
        }
        Ok(())
    }

    /// How many templates up to a cursor are in use, and which were merged away.
    fn known(
        &self,
        store: &Store,
        project_id: ProjectId,
        cursor: i64,
    ) -> Result<(u64, Vec<TemplateId>), Error> {
        let (mut live, mut merged) = (0, Vec::new());
        let mut after = 0;
        while after < cursor {
            let page = store.templates(project_id, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            for template in page.iter().filter(|item| item.sequence <= cursor) {
                if template.merged_into.is_some() {
                    merged.push(template.id);
                } else {
                    live += 1;
                }
            }
        }
        Ok((live, merged))
    }

    /// Forgets everything; the loop builds it anew. Blocks.
    ///
    /// # Errors
    /// Fails when the index or the store cannot be written.
    pub fn forget(&self, store: &Store) -> Result<(), Error> {
        self.index.clear()?;
        self.index.flush()?;
        let cursors = self.cursors()?;
        for project in store.projects()? {
            store.set_cursor(project.id, &cursors.words, 0)?;
            store.set_cursor(project.id, &cursors.vectors, 0)?;
        }
        Ok(())
    }

    /// Indexes everything that is missing, for all projects, until the stop; returns how many templates. Blocks.
    ///
    /// # Errors
    /// Fails when the encoder, the index or the store fails.
    pub fn catch_up_all(&self, store: &Store, stop: &CancellationToken) -> Result<usize, Error> {
        let mut done = 0;
        for project in store.projects()? {
            done += self.catch_up(store, project.id, stop)?;
        }
        if let Some(meaning) = self.meaning().filter(|_| !stop.is_cancelled()) {
            meaning.learn_ideas()?;
        }
        Ok(done)
    }
}

fn ids(templates: &[Template]) -> Vec<TemplateId> {
    templates.iter().map(|template| template.id).collect()
}

fn points(encoder: Option<&dyn Embed>, templates: &[Template]) -> Result<Vec<IndexPoint>, Error> {
    let readable: Vec<String> = templates
        .iter()
        .map(|template| patterns::readable(&template.text))
        .collect();
    let texts: Vec<String> = templates
        .iter()
        .zip(&readable)
        .map(|(template, readable)| index_text(readable, &template.services, &template.example))
        .collect();
    let vectors = match encoder {
        Some(encoder) => {
            let meanings: Vec<String> = templates
                .iter()
                .zip(&readable)
                .map(|(it, readable)| meaning_text(readable, &it.services, &it.example))
                .collect();
            let borrowed: Vec<&str> = meanings.iter().map(String::as_str).collect();
            encoder.encode(&borrowed)?.into_iter().map(Some).collect()
        }
        None => vec![None; texts.len()],
    };
    Ok(templates
        .iter()
        .zip(texts)
        .zip(vectors)
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
