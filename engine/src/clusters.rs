//! Groups of patterns that mean about the same.

use domain::{ProjectId, Template, TemplateId};
use store::LogStore;

use crate::tasks::blocking;
use crate::{Engine, Error};

/// Clusters that are shown.
const SHOWN: usize = 200;

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

impl Engine {
    /// Groups the project's patterns by meaning; largest groups first. Empty without an embedding model.
    ///
    /// # Errors
    /// Fails when index or store cannot be read.
    pub async fn clusters(&self, project_id: ProjectId) -> Result<Vec<ClusterView>, Error> {
        let inner = self.inner();
        blocking(move || {
            let vectors = inner.semantic.index().vectors(project_id)?;
            let clusters = anomaly::cluster(&vectors, &anomaly::ClusterConfig::default());
            let mut views = Vec::new();
            for cluster in clusters {
                let ids: Vec<TemplateId> = cluster.members.clone();
                let mut templates = inner.store.templates_by_ids(project_id, &ids)?;
                templates.retain(|template| template.merged_into.is_none());
                if templates.len() < 2 {
                    continue;
                }
                // In the cluster's own order: the most central first.
                let place = |id: TemplateId| ids.iter().position(|known| *known == id);
                templates.sort_by_key(|template| place(template.id));
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
                views.push(ClusterView {
                    label,
                    cohesion: cluster.cohesion,
                    services,
                    templates,
                });
            }
            views.sort_by_key(|view| {
                std::cmp::Reverse(
                    view.templates
                        .iter()
                        .map(|template| template.count)
                        .sum::<u64>(),
                )
            });
            views.truncate(SHOWN);
            Ok::<_, Error>(views)
        })
        .await
    }
}
