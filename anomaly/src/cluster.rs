//! Groups of semantically close templates: DBSCAN on their embeddings.

mod label;
mod near;

#[cfg(test)]
mod tests;

use domain::TemplateId;
use linfa::ParamGuard;
use linfa::traits::Transformer;
use linfa_clustering::Dbscan;
use linfa_nn::CommonNearestNeighbour;
use ndarray::{Array2, ArrayView1, Axis};

pub use label::{ClusterLabel, label_cluster};
use near::Near;

/// How close is close.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterConfig {
    /// Cosine similarity (0 to 1) from which two templates are neighbours.
    pub min_similarity: f64,
    /// Members that make a cluster.
    pub min_members: usize,
    /// Neighbours (with itself) that make a template the core of a cluster.
    pub min_neighbours: usize,
    /// A cluster whose mean similarity to its centre is below this is split with a higher
    /// `min_similarity`: density alone chains unlike things together.
    pub min_cohesion: f64,
    /// Templates that are clustered exactly in one pass (at most 16 million: row numbers are `f32`).
    /// The search compares all pairs: 4,000 of 384 dimensions take about a second. Of more, the first
    /// 4,000 (give the most important first) form the clusters, the others join the nearest, and what
    /// fits nowhere goes into the next pass.
    pub max_exact: usize,
    /// Templates beyond this are left out.
    pub max_templates: usize,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            min_similarity: 0.72,
            min_members: 2,
            min_neighbours: 2,
            min_cohesion: 0.7,
            max_exact: 4_000,
            max_templates: 20_000,
        }
    }
}

/// A group of templates.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Its templates, the closest to the centre first.
    pub members: Vec<TemplateId>,
    /// The member closest to the centre: the first of `members`.
    pub medoid: TemplateId,
    /// Mean cosine similarity of the members to the centre, 0 to 1.
    pub cohesion: f64,
}

/// Passes over what is left; each handles up to `max_exact` templates.
const MOST_PASSES: usize = 3;
/// How often a loose cluster is split again, each time this much stricter.
const MOST_SPLITS: usize = 4;
const STRICTER: f64 = 0.05;

/// Groups templates by their vectors (any length; they are normalised here). Templates that are like
/// no other are in no cluster. Vectors that are empty, zero, not finite or of another dimension than
/// the first usable one are left out. Largest cluster first; the result is the same for the same input.
#[must_use]
pub fn cluster(items: &[(TemplateId, Vec<f32>)], config: &ClusterConfig) -> Vec<Cluster> {
    let items = &items[..items.len().min(config.max_templates)];
    let Some(points) = Points::new(items) else {
        return Vec::new();
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut left: Vec<usize> = (0..points.ids.len()).collect();
    for _ in 0..MOST_PASSES {
        if left.len() < config.min_members.max(2) {
            break;
        }
        let exact = config.max_exact.clamp(2, left.len().max(2)).min(left.len());
        let (seeds, others) = left.split_at(exact);
        let mut found = points.group(seeds, config.min_similarity, config);
        let others = others.to_vec();
        left = points.assign(&others, &mut found, config.min_similarity);
        groups.append(&mut found);
        if others.is_empty() {
            break;
        }
    }
    let mut clusters: Vec<Cluster> = groups
        .iter()
        .filter(|g| g.len() >= config.min_members.max(1))
        .map(|g| points.describe(g))
        .collect();
    clusters.sort_by(|a, b| (b.members.len(), a.medoid).cmp(&(a.members.len(), b.medoid)));
    clusters
}

/// Unit vectors and whose they are.
struct Points {
    ids: Vec<TemplateId>,
    /// `[n, dim]`, each row of length 1.
    units: Array2<f32>,
}

impl Points {
    fn new(items: &[(TemplateId, Vec<f32>)]) -> Option<Self> {
        let norm_of = |v: &[f32]| {
            let sum: f64 = v.iter().map(|x| f64::from(*x).powi(2)).sum();
            (sum.is_finite() && sum > 1e-20).then(|| sum.sqrt())
        };
        let dimension = items.iter().find(|i| norm_of(&i.1).is_some())?.1.len();
        let mut ids = Vec::new();
        let mut flat = Vec::new();
        for (id, vector) in items.iter().filter(|i| i.1.len() == dimension) {
            if let Some(norm) = norm_of(vector) {
                ids.push(*id);
                flat.extend(vector.iter().map(|x| (f64::from(*x) / norm) as f32));
            }
        }
        let units = Array2::from_shape_vec((ids.len(), dimension), flat).ok()?;
        Some(Self { ids, units })
    }

    /// DBSCAN over some of the points; loose groups are split again.
    fn group(&self, indices: &[usize], similarity: f64, config: &ClusterConfig) -> Vec<Vec<usize>> {
        let mut done = Vec::new();
        let mut open = vec![(indices.to_vec(), similarity, 0)];
        while let Some((indices, similarity, depth)) = open.pop() {
            for group in self.dbscan(&indices, similarity, config) {
                let stricter = similarity + STRICTER;
                let is_loose = self.cohesion(&group).1 < config.min_cohesion;
                if is_loose && depth < MOST_SPLITS && stricter < 0.99 {
                    open.push((group, stricter, depth + 1));
                } else {
                    done.push(group);
                }
            }
        }
        done
    }

    fn dbscan(
        &self,
        indices: &[usize],
        similarity: f64,
        config: &ClusterConfig,
    ) -> Vec<Vec<usize>> {
        let near = Near::of(&self.units.select(Axis(0), indices), similarity as f32);
        let search = Dbscan::params_with(
            config.min_neighbours.max(2),
            near,
            CommonNearestNeighbour::LinearSearch,
        )
        .tolerance(0.5);
        let Ok(search) = search.check() else {
            return Vec::new();
        };
        // Row numbers stand for the points; `Near` knows which are neighbours.
        let numbers = Array2::from_shape_fn((indices.len(), 1), |(row, _)| row as f32);
        let labels = search.transform(&numbers);
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (row, label) in labels.iter().enumerate() {
            if let Some(label) = *label {
                if groups.len() <= label {
                    groups.resize_with(label + 1, Vec::new);
                }
                groups[label].push(indices[row]);
            }
        }
        groups.retain(|g| !g.is_empty());
        groups
    }

    /// Puts each point into the group whose centre is nearest, if near enough; the rest comes back.
    fn assign(&self, points: &[usize], groups: &mut [Vec<usize>], similarity: f64) -> Vec<usize> {
        if groups.is_empty() || points.is_empty() {
            return points.to_vec();
        }
        let mut centres = Array2::<f32>::zeros((groups.len(), self.units.ncols()));
        for (mut row, group) in centres.rows_mut().into_iter().zip(groups.iter()) {
            row.assign(&self.cohesion(group).0);
        }
        let mut left = Vec::new();
        // In slabs, so that the matrix of similarities stays small.
        for slab in points.chunks(512) {
            let near = self.units.select(Axis(0), slab).dot(&centres.t());
            for (point, row) in slab.iter().zip(near.rows()) {
                match best(row) {
                    Some((group, value)) if f64::from(value) >= similarity => {
                        groups[group].push(*point);
                    }
                    _ => left.push(*point),
                }
            }
        }
        left
    }

    /// The unit vector of the mean, and the mean similarity to it.
    fn cohesion(&self, group: &[usize]) -> (ndarray::Array1<f32>, f64) {
        let mut centre = ndarray::Array1::<f32>::zeros(self.units.ncols());
        for i in group {
            centre += &self.units.row(*i);
        }
        let norm = centre.dot(&centre).sqrt().max(1e-12);
        centre /= norm;
        let sum: f32 = group.iter().map(|i| self.units.row(*i).dot(&centre)).sum();
        (centre, f64::from(sum) / group.len().max(1) as f64)
    }

    fn describe(&self, group: &[usize]) -> Cluster {
        let (centre, cohesion) = self.cohesion(group);
        let mut near: Vec<(f32, TemplateId)> = group
            .iter()
            .map(|i| (self.units.row(*i).dot(&centre), self.ids[*i]))
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        Cluster {
            medoid: near.first().map_or(TemplateId::default(), |n| n.1),
            members: near.into_iter().map(|n| n.1).collect(),
            cohesion: cohesion.clamp(0.0, 1.0),
        }
    }
}

fn best(row: ArrayView1<f32>) -> Option<(usize, f32)> {
    row.iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
}
