//! A principal component model of template shares.

use std::collections::{HashMap, VecDeque};

use domain::TemplateId;
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_reduction::Pca;
use ndarray::{Array1, Array2, Axis};

use super::MixConfig;
use crate::statistics::{median_and_spread, quantile};

/// Share of the variance that the components explain at most; what is left is the noise that a window
/// is measured against.
const EXPLAINED: f64 = 0.9;
/// A window is unusual beyond this many spreads of the training windows' distances...
const SPREADS: f64 = 8.0;
/// ...and this many times the 99th percentile of them.
const BEYOND_TRAINED: f64 = 1.5;
/// Parts that are named.
const NAMED: usize = 3;

/// The composition of a window: the most frequent templates' records and all the others'.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mix {
    top: Vec<(TemplateId, f32)>,
    others: f32,
    pub records: f64,
}

impl Mix {
    /// Sums minutes; twice as many templates are kept as a model tells apart, so that the choice can
    /// change between fits.
    pub(super) fn of(minutes: &VecDeque<HashMap<TemplateId, f64>>, max_templates: usize) -> Self {
        let mut sums: HashMap<TemplateId, f64> = HashMap::new();
        for minute in minutes {
            for (id, count) in minute {
                *sums.entry(*id).or_insert(0.0) += count;
            }
        }
        let records: f64 = sums.values().sum();
        let mut top: Vec<(TemplateId, f64)> = sums.into_iter().collect();
        top.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let rest = top.split_off(top.len().min(2 * max_templates.max(1)));
        Self {
            top: top.into_iter().map(|(id, n)| (id, n as f32)).collect(),
            others: rest.iter().map(|r| r.1).sum::<f64>() as f32,
            records,
        }
    }

    /// Square roots of the shares (Hellinger: every coordinate then has about the same noise,
    /// 1 / (4 n)) in a model's order, the last coordinate for all other templates. `[dims + 1]`
    fn coordinates(&self, order: &HashMap<TemplateId, usize>) -> Array1<f64> {
        let mut shares = Array1::<f64>::zeros(order.len() + 1);
        shares[order.len()] = f64::from(self.others);
        for (id, count) in &self.top {
            let at = order.get(id).copied().unwrap_or(order.len());
            shares[at] += f64::from(*count);
        }
        let total = self.records.max(1.0);
        shares.mapv_into(|s| (s / total).max(0.0).sqrt())
    }
}

/// A template whose share sticks out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    /// `None` for all the templates that the model does not tell apart.
    pub template_id: Option<TemplateId>,
    pub share: f64,
    pub usual: f64,
}

/// A fitted model.
#[derive(Debug, Clone)]
pub(super) struct Model {
    templates: Vec<TemplateId>,
    order: HashMap<TemplateId, usize>,
    mean: Array1<f64>,
    /// `[components, dims]`, orthonormal rows.
    components: Array2<f64>,
    /// Distance of the median training window.
    pub usual: f64,
    /// Distance beyond which a window is unusual.
    pub limit: f64,
}

impl Model {
    /// Fits a model; `None` when the windows say too little.
    pub(super) fn fit(windows: &[Mix], config: &MixConfig) -> Option<Self> {
        let templates = most_frequent(windows, config.max_templates.max(1));
        let order: HashMap<TemplateId, usize> = templates
            .iter()
            .enumerate()
            .map(|(i, id)| (*id, i))
            .collect();
        let dims = templates.len() + 1;
        let mut data = Array2::<f64>::zeros((windows.len(), dims));
        for (mut row, window) in data.rows_mut().into_iter().zip(windows) {
            row.assign(&window.coordinates(&order));
        }
        let mean = data.mean_axis(Axis(0))?;
        let centred = &data - &mean;
        let variance = centred.mapv(|v| v * v).sum();
        if !variance.is_finite() {
            return None;
        }
        let most = config.max_components.min(dims / 2).min(windows.len() / 5);
        let components = components(&data, most, variance).unwrap_or(Array2::zeros((0, dims)));
        let mut model = Self {
            templates,
            order,
            mean,
            components,
            usual: 0.0,
            limit: f64::INFINITY,
        };
        let distances: Vec<f64> = windows.iter().map(|w| model.distance(w)).collect();
        let (usual, spread) = median_and_spread(&distances);
        model.usual = usual;
        model.limit = (usual + SPREADS * spread)
            .max(BEYOND_TRAINED * quantile(&distances, 0.99))
            .max(4.0);
        Some(model)
    }

    /// What the components leave of a window, as coordinates.
    fn residual(&self, window: &Mix) -> Array1<f64> {
        let centred = window.coordinates(&self.order) - &self.mean;
        let inside = self.components.dot(&centred);
        &centred - &self.components.t().dot(&inside)
    }

    /// Squared residual in units of the noise that as many records have by chance: about 1 for a
    /// window of the same mix. Above 2,000 records the mix itself varies more than chance does.
    pub(super) fn distance(&self, window: &Mix) -> f64 {
        let residual = self.residual(window);
        let free = (residual.len() as f64 - self.components.nrows() as f64).max(1.0);
        residual.dot(&residual) * 4.0 * window.records.min(2_000.0) / free
    }

    /// The templates that contribute most to the distance.
    pub(super) fn parts(&self, window: &Mix) -> Vec<Part> {
        let now = window.coordinates(&self.order);
        // What is unexplained, where it also departs from the mean: the projection smears some of a
        // change over templates that did not change.
        let weight = self.residual(window) * (&now - &self.mean);
        let mut all: Vec<usize> = (0..weight.len()).collect();
        all.sort_by(|a, b| weight[*b].total_cmp(&weight[*a]));
        let largest = all.first().map_or(0.0, |i| weight[*i]);
        all.into_iter()
            .take(NAMED)
            .filter(|i| weight[*i] >= 0.1 * largest)
            .map(|i| Part {
                template_id: self.templates.get(i).copied(),
                share: now[i] * now[i],
                usual: self.mean[i] * self.mean[i],
            })
            .collect()
    }
}

/// The first components that explain up to [`EXPLAINED`] of the variance, `[components, dims]`.
fn components(data: &Array2<f64>, most: usize, variance: f64) -> Option<Array2<f64>> {
    // Without variance there is nothing to decompose.
    if most == 0 || variance < 1e-12 {
        return None;
    }
    let pca = Pca::params(most)
        .fit(&DatasetBase::from(data.view()))
        .ok()?;
    let mut explained = 0.0;
    let mut kept = 0;
    for sigma in pca.singular_values() {
        if !sigma.is_finite() || explained >= EXPLAINED * variance || sigma * sigma < 1e-10 {
            break;
        }
        explained += sigma * sigma;
        kept += 1;
    }
    let rows = pca.components();
    if kept == 0 || rows.iter().any(|v| !v.is_finite()) {
        return None;
    }
    Some(rows.slice(ndarray::s![..kept, ..]).to_owned())
}

fn most_frequent(windows: &[Mix], max_templates: usize) -> Vec<TemplateId> {
    let mut shares: HashMap<TemplateId, f64> = HashMap::new();
    for window in windows {
        for (id, count) in &window.top {
            *shares.entry(*id).or_insert(0.0) += f64::from(*count) / window.records.max(1.0);
        }
    }
    let mut all: Vec<(TemplateId, f64)> = shares.into_iter().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(max_templates);
    all.into_iter().map(|a| a.0).collect()
}
