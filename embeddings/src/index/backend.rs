//! What a vector store has to offer, and the words that both stores share.

use domain::{ProjectId, Severity, TemplateId};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::IndexSchema;
use crate::error::Result;
use crate::lexical::Sparse;

/// Name of the dense vector.
pub(super) const DENSE: &str = "dense";
/// Name of the BM25 vector.
pub(super) const LEXICAL: &str = "bm25";

/// Payload: the tenant, as UUID text.
pub(super) const PROJECT: &str = "project_id";
/// Payload: the template, as 16 hex digits.
pub(super) const TEMPLATE: &str = "template_id";
/// Payload: list of service names.
pub(super) const SERVICE: &str = "service";
/// Payload: the severity's number, so that "at least" is a range.
pub(super) const SEVERITY: &str = "severity";

/// Version of all of the above, of the tokeniser, of the vocabulary (a group with another meaning needs another
/// name, or a new version) and of the point ids. Raising it gives every
/// installation a new, empty index that is filled again from the store.
pub(super) const FORMAT: u32 = 2;

/// A checked point, ready to be written.
#[derive(Debug, Clone)]
pub(super) struct StoredPoint {
    pub(super) id: Uuid,
    pub(super) project_id: ProjectId,
    pub(super) template_id: TemplateId,
    pub(super) services: Vec<String>,
    pub(super) severity: Severity,
    pub(super) dense: Option<Vec<f32>>,
    pub(super) lexical: Sparse,
}

/// Which points a read may see. There is no scope without a project.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) project_id: ProjectId,
    pub(super) services: Vec<String>,
    pub(super) min_severity: Option<Severity>,
    pub(super) with_vector: bool,
}

impl Scope {
    pub(super) fn project(project_id: ProjectId) -> Self {
        Self {
            project_id,
            services: Vec::new(),
            min_severity: None,
            with_vector: false,
        }
    }
}

/// A vector to look for.
#[derive(Debug, Clone)]
pub(super) enum Probe {
    Dense(Vec<f32>),
    Lexical(Sparse),
}

/// A template and how well it fits a probe.
pub(super) type Scored = (TemplateId, f32);

/// One page of vectors, and where the next one begins.
pub(super) type VectorPage = (Vec<(TemplateId, Vec<f32>)>, Option<Uuid>);

/// A vector store. Everything above it (checks, chunks, fusion) is in `hybrid`, once for both.
pub(super) trait Backend: Send + Sync {
    const NAME: &'static str;

    fn schema(&self) -> &IndexSchema;

    fn write(&self, points: Vec<StoredPoint>) -> Result<()>;

    /// For every probe the best `limit` points in scope, best first.
    fn nearest(&self, scope: &Scope, probes: Vec<Probe>, limit: usize) -> Result<Vec<Vec<Scored>>>;

    /// The probe that a stored point itself would be: its dense vector if it has one.
    fn fetch(&self, id: Uuid) -> Result<Option<Probe>>;

    /// Up to `limit` points in scope with their dense vectors, from `start` on.
    fn page(&self, scope: &Scope, start: Option<Uuid>, limit: usize) -> Result<VectorPage>;

    fn count_in(&self, scope: &Scope) -> Result<u64>;

    fn remove(&self, ids: Vec<Uuid>) -> Result<()>;

    fn remove_project(&self, project_id: ProjectId) -> Result<()>;

    fn remove_all(&self) -> Result<()>;

    fn persist(&self) -> Result<()>;

    fn incarnation(&self) -> Result<String>;

    fn alive(&self) -> Result<()>;
}

/// The id of a template's point: a UUIDv8 of the first 16 bytes of SHA-256 over both ids, so every
/// node agrees on it and no tenant can aim at a point of another one.
pub(super) fn point_id(project_id: ProjectId, template_id: TemplateId) -> Uuid {
    let digest = Sha256::new()
        .chain_update(project_id.as_bytes())
        .chain_update(template_id.0.to_be_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
