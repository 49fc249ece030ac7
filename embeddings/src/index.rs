//! The semantic index: one point per template, found by meaning and by words.

use domain::{ProjectId, Severity, TemplateId};

use crate::error::{Error, Result};

mod backend;
mod edge;
mod fusion;
mod hybrid;
mod server;
#[cfg(test)]
mod tests;

pub use edge::EdgeIndex;
pub use server::ServerIndex;

/// Hits of one search at most; a larger `limit` is cut to this.
pub const MAX_HITS: usize = 500;

/// Vectors that [`VectorIndex::vectors`] gives at most; at 384 dimensions 77 MB.
pub const MAX_VECTORS: usize = 50_000;

/// Services in a point or a query that count; the rest is cut.
pub const MAX_SERVICES: usize = 64;

/// Values per vector at most; the largest embedding models in use have 4,096.
const MAX_DIMENSION: usize = 4_096;

/// Which model made the vectors of an index. Vectors of two models cannot be compared, so an index
/// belongs to exactly one schema; another schema means another, empty index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexSchema {
    /// The model's name in the catalogue, for example `all-minilm-l6-v2`.
    pub model: String,
    /// Values per vector, 1 to 4,096.
    pub dimension: usize,
}

/// One template to index. The same project and template replace what was there.
#[derive(Debug, Clone)]
pub struct IndexPoint {
    /// The tenant.
    pub project_id: ProjectId,
    /// The template.
    pub template_id: TemplateId,
    /// What [`crate::index_text`] made; only its hashed words and the ideas in them are stored.
    pub text: String,
    /// Services that write it.
    pub services: Vec<String>,
    /// The worst severity seen with it.
    pub severity: Severity,
    /// The encoder's vector of what [`crate::meaning_text`] made; without one the point is found by its words only.
    pub vector: Option<Vec<f32>>,
}

/// What to look for.
#[derive(Debug, Clone)]
pub struct IndexQuery {
    /// The tenant; nothing of another one is ever found.
    pub project_id: ProjectId,
    /// The question. Empty when only the vector matters.
    pub text: String,
    /// The encoder's vector of the question; without one only words are compared.
    pub vector: Option<Vec<f32>>,
    /// Ideas that the question is near to by meaning, beside those that its words tell.
    pub ideas: Vec<NearIdea>,
    /// Only templates written by one of these services; any when empty.
    pub services: Vec<String>,
    /// Only templates at least this severe.
    pub min_severity: Option<Severity>,
    /// How many hits at most; above [`MAX_HITS`] it is cut.
    pub limit: usize,
}

/// An idea of the vocabulary that a question is near to, whether its words say it or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NearIdea {
    /// Its number in the vocabulary.
    pub(crate) idea: usize,
    /// Above 0; an idea that one word of the question tells weighs 1.
    pub(crate) weight: f32,
}

/// A template that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexHit {
    /// The template.
    pub template_id: TemplateId,
    /// 0 to 1: 1 means first in every list that was asked. Comparable inside one answer only.
    pub score: f32,
    /// Cosine of the vectors, -1 to 1, when it was found by meaning.
    pub similarity: Option<f32>,
    /// BM25 score, above 0, when it was found by its words. Comparable inside one answer only.
    pub lexical: Option<f32>,
    /// How much of what the question is about it is about, above 0, when the vocabulary knew (the weights of
    /// the ideas that both have, rare ones more). Comparable inside one answer only.
    pub topic: Option<f32>,
}

/// A semantic index. All calls block; make them on a blocking thread.
///
/// The index is derived data. Its contract with the caller, who owns the truth and a cursor:
/// - a point is durable after the next [`VectorIndex::flush`] that succeeds, not before; so advance
///   the cursor only then;
/// - writing a point again is harmless, so after a crash, and after any error of a writing call,
///   continue from the stored cursor: what was written since may be gone;
/// - the cursor belongs to the [`VectorIndex::epoch`]: store them together, and start from the
///   beginning when the epoch is another one (first start, another model, damage, a server that
///   lost its data).
pub trait VectorIndex: Send + Sync {
    /// Adds or replaces points, in chunks of bounded size. On an error some of them may be written.
    ///
    /// # Errors
    /// A vector of the wrong length or that is not finite is refused before anything is written.
    fn upsert(&self, points: &[IndexPoint]) -> Result<()>;

    /// The best templates for a question, best first; equal scores in order of their ids.
    ///
    /// # Errors
    /// When the query's vector has the wrong length, or the index cannot be read.
    fn search(&self, query: &IndexQuery) -> Result<Vec<IndexHit>>;

    /// The templates most like a given one (by vector, or by words when it has none), without
    /// itself, best first. Empty when it is not in the index.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn similar(
        &self,
        project_id: ProjectId,
        template_id: TemplateId,
        limit: usize,
    ) -> Result<Vec<IndexHit>>;

    /// All vectors of a project (L2-normalised), at most [`MAX_VECTORS`], in the index's own order.
    /// Templates without a vector are left out.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn vectors(&self, project_id: ProjectId) -> Result<Vec<(TemplateId, Vec<f32>)>>;

    /// How many templates of a project are in the index.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn count(&self, project_id: ProjectId) -> Result<u64>;

    /// How many of them have a vector; less than `count` means some wait for a model.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn count_with_vector(&self, project_id: ProjectId) -> Result<u64>;

    /// Removes templates, for example merged ones. Those that are not there are ignored.
    ///
    /// # Errors
    /// When the index cannot be written.
    fn delete(&self, project_id: ProjectId, template_ids: &[TemplateId]) -> Result<()>;

    /// Removes everything of a project.
    ///
    /// # Errors
    /// When the index cannot be written.
    fn delete_project(&self, project_id: ProjectId) -> Result<()>;

    /// Removes everything of everybody and begins a new epoch.
    ///
    /// # Errors
    /// When the index cannot be written.
    fn clear(&self) -> Result<()>;

    /// Makes everything written so far survive a crash.
    ///
    /// # Errors
    /// When that failed: then nothing since the last success may be relied on.
    fn flush(&self) -> Result<()>;

    /// Names this incarnation of the index; see the trait's contract.
    ///
    /// # Errors
    /// When a server cannot be asked.
    fn epoch(&self) -> Result<String>;

    /// Asks whether the index answers now; unlike [`VectorIndex::epoch`] never out of memory, and within
    /// seconds.
    ///
    /// # Errors
    /// When it does not.
    fn ping(&self) -> Result<()>;

    /// The model whose vectors it holds: [`IndexSchema::model`].
    fn model(&self) -> &str;

    /// `edge` or `server`.
    fn backend(&self) -> &'static str;
}

fn check_schema(schema: &IndexSchema) -> Result<()> {
    if (1..=MAX_DIMENSION).contains(&schema.dimension) {
        return Ok(());
    }
    Err(Error::Schema {
        collection: schema.model.clone(),
        reason: format!(
            "dimension is {}, limit is 1 to {MAX_DIMENSION}",
            schema.dimension
        ),
    })
}
