//! The patterns that a text is about, best first: the retrieval of questions without the rest of an answer.

use std::collections::HashMap;

use anomaly::TemplateInfo as _;
use domain::{LogFilter, LogReader, ProjectId, Template, TemplateCount, TemplateId};
use store::LogStore;

use super::retrieve::by_words;
use crate::dictionaries::Dictionary;
use crate::tasks::blocking;
use crate::{Engine, Error, Inner, PatternRow};

/// Patterns of one answer at most.
pub const ABOUT_LIMIT: usize = 100;
/// Triples of pattern, service and severity that are counted in the range.
const COUNTED: usize = 10_000;

/// A pattern that a text is about.
#[derive(Debug, Clone)]
pub struct PatternHit {
    /// The pattern and its counts in the range.
    pub row: PatternRow,
    /// 0 to 1, comparable within one answer only; `None` when words alone were compared, because the semantic index
    /// did not answer.
    pub score: Option<f32>,
    /// Cosine of its meaning with that of the text, -1 to 1, where a model knew.
    pub similarity: Option<f32>,
}

impl Engine {
    /// The patterns with records where the filter looks (times, services, severities) that a text is about, best
    /// first. They do not have to say its words.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a limit of 0 or beyond [`ABOUT_LIMIT`] and for an empty text; fails when the store
    /// cannot be read in time.
    pub async fn patterns_about(
        &self,
        project_id: ProjectId,
        text: String,
        filter: LogFilter,
        limit: usize,
    ) -> Result<Vec<PatternHit>, Error> {
        if limit == 0 || limit > ABOUT_LIMIT {
            return Err(Error::BadRequest(format!(
                "limit is {limit}, it must lie between 1 and {ABOUT_LIMIT}"
            )));
        }
        if text.trim().is_empty() {
            return Err(Error::BadRequest(
                "the text is empty: say what the patterns are about".into(),
            ));
        }
        let inner = self.inner();
        blocking(move || inner.patterns_about(project_id, &text, &filter, limit)).await
    }
}

impl Inner {
    /// As [`Engine::patterns_about`]. Blocks.
    pub(super) fn patterns_about(
        &self,
        project_id: ProjectId,
        text: &str,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<Vec<PatternHit>, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let counts = self.store.template_counts(project_id, filter, COUNTED)?;
        let mut present: HashMap<TemplateId, (u64, u64)> = HashMap::new();
        for TemplateCount {
            template_id,
            severity,
            count,
            ..
        } in counts
        {
            let (all, errors) = present.entry(dictionary.resolve(template_id)).or_default();
            *all += count;
            *errors += if severity.is_error() { count } else { 0 };
        }
        // The dictionary's counts are not kept up.
        let mut hits = Vec::new();
        for (id, score, similarity) in self.ranked(project_id, &dictionary, text, &filter.services)
        {
            if let Some((count, errors)) = present.remove(&dictionary.resolve(id)) {
                hits.push((dictionary.resolve(id), count, errors, score, similarity));
            }
        }
        hits.truncate(limit);
        let ids: Vec<TemplateId> = hits.iter().map(|hit| hit.0).collect();
        let mut templates: HashMap<TemplateId, Template> = self
            .store
            .templates_by_ids(project_id, &ids)?
            .into_iter()
            .map(|template| (template.id, template))
            .collect();
        Ok(hits
            .into_iter()
            .filter_map(|(id, count, errors, score, similarity)| {
                Some(PatternHit {
                    row: PatternRow {
                        template: templates.remove(&id)?,
                        count,
                        errors,
                    },
                    score,
                    similarity,
                })
            })
            .collect())
    }

    /// Every pattern that may be meant, best first, with its score and similarity.
    pub(super) fn ranked(
        &self,
        project_id: ProjectId,
        dictionary: &Dictionary,
        text: &str,
        services: &[String],
    ) -> Vec<(TemplateId, Option<f32>, Option<f32>)> {
        let mut found = self.index_hits(project_id, dictionary, text, &[]);
        if !services.is_empty()
            && let Ok(hits) = &mut found
        {
            // Others may crowd out the patterns of the named services; the caller takes each pattern the first time.
            match self.index_hits(project_id, dictionary, text, services) {
                Ok(more) => hits.extend(more),
                Err(error) => found = Err(error),
            }
        }
        match found {
            Ok(hits) => hits
                .into_iter()
                .map(|hit| (hit.template_id, Some(hit.score), hit.similarity))
                .collect(),
            Err(error) => {
                tracing::warn!(%error, "the semantic index did not answer; words are compared");
                metrics::counter!("vigil_engine_ask_without_index_total").increment(1);
                by_words(dictionary, text)
                    .into_iter()
                    .map(|id| (id, None, None))
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
