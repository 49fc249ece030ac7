//! Groups of patterns that mean about the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anomaly::{Cluster, ClusterConfig};
use domain::{ProjectId, Template, TemplateId};
use store::{LogStore, Store};

use crate::semantic::Semantic;
use crate::tasks::blocking;
use crate::{Engine, Error};

/// Clusters that are shown.
const SHOWN: usize = 200;
/// Projects whose groups are remembered; beyond it all are forgotten.
const REMEMBERED: usize = 64;

/// One group.
#[derive(Debug, Clone)]
pub struct ClusterView {
    /// What its members share, in words.
    pub label: String,
    /// 0 to 1: how close they are.
    pub cohesion: f64,
    /// Services of its members, sorted.
    pub services: Vec<String>,
    /// Its members, most frequent first.
    pub templates: Vec<Template>,
}

/// The groups of each project, as long as the index stays what it was: comparing all vectors with each other
/// takes seconds for some ten thousand patterns.
#[derive(Default)]
pub(crate) struct Memory(Mutex<HashMap<ProjectId, Remembered>>);

struct Remembered {
    mark: (String, i64),
    clusters: Arc<Vec<Cluster>>,
}

impl Memory {
    fn recall(&self, project_id: ProjectId, mark: &(String, i64)) -> Option<Arc<Vec<Cluster>>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&project_id).filter(|known| known.mark == *mark)?;
        Some(Arc::clone(&known.clusters))
    }

    fn keep(&self, project_id: ProjectId, mark: (String, i64), clusters: &Arc<Vec<Cluster>>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        let clusters = Arc::clone(clusters);
        all.insert(project_id, Remembered { mark, clusters });
    }
}

impl Engine {
    /// Groups the project's patterns by meaning; those with the most records first. Empty without an embedding
    /// model.
    ///
    /// # Errors
    /// Fails when index or store cannot be read.
    pub async fn clusters(&self, project_id: ProjectId) -> Result<Vec<ClusterView>, Error> {
        let inner = self.inner();
        blocking(move || views(&inner.semantic, &inner.store, project_id)).await
    }
}

fn views(
    semantic: &Semantic,
    store: &Store,
    project_id: ProjectId,
) -> Result<Vec<ClusterView>, Error> {
    let clusters = clusters(semantic, store, project_id)?;
    let ids: Vec<TemplateId> = clusters
        .iter()
        .flat_map(|cluster| cluster.members.iter().copied())
        .collect();
    // Counts are those of now, and a pattern that was merged away is shown no more.
    let known: HashMap<TemplateId, Template> = store
        .templates_by_ids(project_id, &ids)?
        .into_iter()
        .filter(|template| template.merged_into.is_none())
        .map(|template| (template.id, template))
        .collect();
    let mut groups: Vec<(&Cluster, Vec<Template>, u64)> = clusters
        .iter()
        .filter_map(|cluster| {
            let templates: Vec<Template> = cluster
                .members
                .iter()
                .filter_map(|id| known.get(id).cloned())
                .collect();
            let count = templates.iter().map(|template| template.count).sum();
            (templates.len() >= 2).then_some((cluster, templates, count))
        })
        .collect();
    groups.sort_by_key(|(_, templates, count)| {
        (
            std::cmp::Reverse(*count),
            templates.iter().map(|t| t.id).min(),
        )
    });
    groups.truncate(SHOWN);
    Ok(groups
        .into_iter()
        .map(|(cluster, templates, _)| view(cluster, templates))
        .collect())
}

fn clusters(
    semantic: &Semantic,
    store: &Store,
    project_id: ProjectId,
) -> Result<Arc<Vec<Cluster>>, Error> {
    // Read before the vectors: what is written meanwhile makes the next look compute again.
    let mark = semantic.mark(store, project_id)?;
    if let Some(known) = semantic.clusters.recall(project_id, &mark) {
        return Ok(known);
    }
    let mut vectors = semantic.index().vectors(project_id)?;
    let ids: Vec<TemplateId> = vectors.iter().map(|(id, _)| *id).collect();
    let counts: HashMap<TemplateId, u64> = store
        .templates_by_ids(project_id, &ids)?
        .into_iter()
        .filter(|template| template.merged_into.is_none())
        .map(|template| (template.id, template.count))
        .collect();
    // Of very many patterns the first ones form the groups: those that say the most.
    vectors.retain(|(id, _)| counts.contains_key(id));
    vectors.sort_by_key(|(id, _)| (std::cmp::Reverse(counts.get(id).copied()), *id));
    let clusters = Arc::new(anomaly::cluster(&vectors, &ClusterConfig::default()));
    semantic.clusters.keep(project_id, mark, &clusters);
    Ok(clusters)
}

/// `templates` come in the cluster's own order, the most central first, which is what the label looks at.
fn view(cluster: &Cluster, mut templates: Vec<Template>) -> ClusterView {
    let texts: Vec<String> = templates
        .iter()
        .map(|template| patterns::readable(&template.text))
        .collect();
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let label = anomaly::label_cluster(&borrowed);
    let label = if label.words.is_empty() {
        label.title
    } else {
        format!("{} ({})", label.title, label.words.join(", "))
    };
    templates.sort_by(|a, b| b.count.cmp(&a.count).then(a.id.cmp(&b.id)));
    let mut services: Vec<String> = templates
        .iter()
        .flat_map(|template| template.services.clone())
        .collect();
    services.sort();
    services.dedup();
    ClusterView {
        label,
        cohesion: cluster.cohesion,
        services,
        templates,
    }
}

#[cfg(test)]
mod tests;
