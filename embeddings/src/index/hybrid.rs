//! Everything that is the same for both stores: checks, chunks, and the three searches that become one.

use domain::{ProjectId, TemplateId};

use super::backend::{Backend, Probe, Scope, StoredPoint, point_id};
use super::fusion::{Lists, Weights, fuse};
use super::{IndexHit, IndexPoint, IndexQuery, MAX_HITS, MAX_SERVICES, MAX_VECTORS, VectorIndex};
use crate::error::{Error, Result};
use crate::text::{MAX_INDEX_TEXT_BYTES, prefix};
use crate::{lexical, metrics, vocabulary};

/// Points in one write. At 384 dimensions about 0.6 MB on the wire and 40 ms in the embedded
/// index, so a search never waits longer than that for a big upsert.
const WRITE_CHUNK: usize = 256;

/// Points in one page of `vectors`.
const PAGE: usize = 512;

/// Candidates from each list for every hit wanted: a template that is low in both lists can still
/// come out above one that is high in only one of them.
const CANDIDATES_PER_HIT: usize = 4;

/// Candidates from each list at least.
const MIN_CANDIDATES: usize = 50;

impl<B: Backend> VectorIndex for B {
    fn upsert(&self, points: &[IndexPoint]) -> Result<()> {
        for point in points {
            if let Some(vector) = &point.vector {
                check(self, vector, point.template_id)?;
            }
        }
        for chunk in points.chunks(WRITE_CHUNK) {
            self.write(chunk.iter().map(stored).collect())?;
            metrics::upserted(B::NAME, chunk.len());
        }
        Ok(())
    }

    fn search(&self, query: &IndexQuery) -> Result<Vec<IndexHit>> {
        let started = std::time::Instant::now();
        let limit = query.limit.min(MAX_HITS);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let text = prefix(&query.text, MAX_INDEX_TEXT_BYTES);
        let mut probes = Vec::with_capacity(3);
        if let Some(vector) = &query.vector {
            check(self, vector, TemplateId::default())?;
            probes.push((List::Dense, Probe::Dense(vector.clone())));
        }
        for (list, sparse) in [
            (List::Lexical, lexical::query(text)),
            (List::Topic, lexical::topic(text, &query.ideas)),
        ] {
            if !sparse.is_empty() {
                probes.push((list, Probe::Lexical(sparse)));
            }
        }
        let scope = Scope {
            services: query.services.iter().take(MAX_SERVICES).cloned().collect(),
            min_severity: query.min_severity,
            ..Scope::project(query.project_id)
        };
        let weights = if lexical::names_something(text) {
            Weights::EXACT
        } else {
            Weights::for_unknown(vocabulary::unknown_share(text))
        };
        let hits = all(self, &scope, probes, weights, limit)?;
        metrics::searched(B::NAME, started.elapsed());
        Ok(hits)
    }

    fn similar(
        &self,
        project_id: ProjectId,
        template_id: TemplateId,
        limit: usize,
    ) -> Result<Vec<IndexHit>> {
        let Some(probe) = self.fetch(point_id(project_id, template_id))? else {
            return Ok(Vec::new());
        };
        let limit = limit.min(MAX_HITS);
        let scope = Scope::project(project_id);
        // One more, because the template finds itself first.
        let list = match probe {
            Probe::Dense(_) => List::Dense,
            Probe::Lexical(_) => List::Lexical,
        };
        let mut hits = all(
            self,
            &scope,
            vec![(list, probe)],
            Weights::MEANING,
            limit + 1,
        )?;
        hits.retain(|hit| hit.template_id != template_id);
        hits.truncate(limit);
        Ok(hits)
    }

    fn vectors(&self, project_id: ProjectId) -> Result<Vec<(TemplateId, Vec<f32>)>> {
        let scope = Scope {
            with_vector: true,
            ..Scope::project(project_id)
        };
        let mut vectors = Vec::new();
        let mut start = None;
        while vectors.len() < MAX_VECTORS {
            let wanted = PAGE.min(MAX_VECTORS - vectors.len());
            let (mut page, next) = self.page(&scope, start, wanted)?;
            vectors.append(&mut page);
            if next.is_none() {
                break;
            }
            start = next;
        }
        Ok(vectors)
    }

    fn count(&self, project_id: ProjectId) -> Result<u64> {
        self.count_in(&Scope::project(project_id))
    }

    fn count_with_vector(&self, project_id: ProjectId) -> Result<u64> {
        self.count_in(&Scope {
            with_vector: true,
            ..Scope::project(project_id)
        })
    }

    fn delete(&self, project_id: ProjectId, template_ids: &[TemplateId]) -> Result<()> {
        for chunk in template_ids.chunks(WRITE_CHUNK) {
            self.remove(chunk.iter().map(|id| point_id(project_id, *id)).collect())?;
        }
        Ok(())
    }

    fn delete_project(&self, project_id: ProjectId) -> Result<()> {
        self.remove_project(project_id)
    }

    fn clear(&self) -> Result<()> {
        self.remove_all()
    }

    fn flush(&self) -> Result<()> {
        self.persist()
    }

    fn epoch(&self) -> Result<String> {
        self.incarnation()
    }

    fn ping(&self) -> Result<()> {
        self.alive()
    }

    fn model(&self) -> &str {
        &self.schema().model
    }

    fn backend(&self) -> &'static str {
        B::NAME
    }
}

/// Which list a probe makes.
#[derive(Debug, Clone, Copy)]
enum List {
    Dense,
    Lexical,
    Topic,
}

/// Asks for all probes at once and fuses what comes back.
fn all<B: Backend>(
    backend: &B,
    scope: &Scope,
    probes: Vec<(List, Probe)>,
    weights: Weights,
    limit: usize,
) -> Result<Vec<IndexHit>> {
    if probes.is_empty() {
        return Ok(Vec::new());
    }
    let candidates = (limit * CANDIDATES_PER_HIT).max(MIN_CANDIDATES);
    let (kinds, probes): (Vec<List>, Vec<Probe>) = probes.into_iter().unzip();
    let mut lists = Lists::default();
    for (kind, list) in kinds
        .into_iter()
        .zip(backend.nearest(scope, probes, candidates)?)
    {
        match kind {
            List::Dense => lists.dense = list,
            List::Lexical => lists.lexical = list,
            List::Topic => lists.topic = list,
        }
    }
    Ok(fuse(lists, weights, limit))
}

fn stored(point: &IndexPoint) -> StoredPoint {
    StoredPoint {
        id: point_id(point.project_id, point.template_id),
        project_id: point.project_id,
        template_id: point.template_id,
        services: point.services.iter().take(MAX_SERVICES).cloned().collect(),
        severity: point.severity,
        dense: point.vector.clone(),
        lexical: lexical::document(prefix(&point.text, MAX_INDEX_TEXT_BYTES)),
    }
}

fn check<B: Backend>(backend: &B, vector: &[f32], template_id: TemplateId) -> Result<()> {
    let expected = backend.schema().dimension;
    if vector.len() != expected {
        return Err(Error::Dimension {
            expected,
            actual: vector.len(),
        });
    }
    if vector.iter().any(|value| !value.is_finite()) {
        return Err(Error::NotFinite(template_id));
    }
    Ok(())
}
