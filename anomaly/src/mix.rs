//! The mix detector: is what a service writes composed as it always is?

mod model;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};

use domain::{
    Anomaly, AnomalyId, AnomalyKind, NANOS_PER_MINUTE, ProjectId, RollupCell, Severity, TemplateId,
};

use crate::log::TemplateInfo;
use crate::log::words::{percent, quoted};
use crate::observation::{AnomalyKey, EndReason, Ended, Observation, OpenAnomaly};
use model::{Mix, Model};

/// Limits of [`MixDetector`].
#[derive(Debug, Clone, PartialEq)]
pub struct MixConfig {
    /// At most this many services are watched; a service costs up to 300 KiB.
    pub max_services: usize,
    /// The most frequent templates of a service that are told apart; the others count together.
    pub max_templates: usize,
    /// Minutes that are looked at together.
    pub window_minutes: usize,
    /// Records in a window below which its mix is chance.
    pub min_records: f64,
    /// Windows before the first model.
    pub min_windows: usize,
    /// Windows that are remembered; the oldest go first.
    pub max_windows: usize,
    /// Minutes between two fits of a service's model.
    pub refit_minutes: i64,
    /// Principal components at most.
    pub max_components: usize,
    /// Unusual windows in a row before it is said, and usual ones before it is over.
    pub patience_minutes: u32,
    /// A mix that lasts this long is the new normal.
    pub adopt_minutes: i64,
}

impl Default for MixConfig {
    fn default() -> Self {
        Self {
            max_services: 200,
            max_templates: 32,
            window_minutes: 5,
            min_records: 50.0,
            min_windows: 30,
            max_windows: 288,
            refit_minutes: 120,
            max_components: 6,
            patience_minutes: 3,
            adopt_minutes: 180,
        }
    }
}

/// While a service is young, every minute's window is learned; later every fifth.
const YOUNG_WINDOWS: usize = 120;

/// Watches the composition of each service's records: shares of templates in a sliding window, a
/// principal component model of how they usually move together, and how much of a window the model
/// leaves unexplained. It sees what no single rate shows, such as a request path that quietly went
/// another way, and names the templates that stick out.
#[derive(Debug, Clone)]
pub struct MixDetector {
    project_id: ProjectId,
    config: MixConfig,
    services: BTreeMap<String, Service>,
    last_minute: Option<i64>,
}

#[derive(Debug, Clone, Default)]
struct Service {
    minutes: VecDeque<HashMap<TemplateId, f64>>,
    windows: VecDeque<Mix>,
    /// The last minute with a record.
    last_minute: i64,
    model: Option<Model>,
    fitted_minute: i64,
    odd: u32,
    calm: u32,
    open: Option<Open>,
}

#[derive(Debug, Clone)]
struct Open {
    started_minute: i64,
    last_odd_minute: i64,
    peak: f64,
}

impl MixDetector {
    /// A detector that knows nothing yet.
    #[must_use]
    pub fn new(project_id: ProjectId, config: MixConfig) -> Self {
        Self {
            project_id,
            config,
            services: BTreeMap::new(),
            last_minute: None,
        }
    }

    /// Takes one complete minute; the same rules as
    /// [`LogDetector::observe_minute`](crate::LogDetector::observe_minute). Fitting models makes some
    /// minutes slower than others: about 10 ms a service.
    pub fn observe_minute(
        &mut self,
        minute_ns: i64,
        cells: &[RollupCell],
        info: &dyn TemplateInfo,
    ) -> Observation {
        let minute = minute_ns.div_euclid(NANOS_PER_MINUTE);
        let mut seen = Observation::default();
        if self.last_minute.is_some_and(|last| minute <= last) {
            return seen;
        }
        if self.last_minute.is_some_and(|last| minute > last + 1) {
            // A window over a hole is no window.
            for service in self.services.values_mut() {
                service.minutes.clear();
            }
        }
        self.last_minute = Some(minute);
        let mut counts: BTreeMap<&str, HashMap<TemplateId, f64>> = BTreeMap::new();
        for cell in cells {
            if cell.minute_ns.div_euclid(NANOS_PER_MINUTE) == minute {
                let service = counts.entry(&cell.service).or_default();
                *service.entry(info.resolve(cell.template_id)).or_insert(0.0) += cell.count as f64;
            }
        }
        for (name, templates) in counts {
            if !self.services.contains_key(name) && self.services.len() >= self.config.max_services
            {
                continue;
            }
            let service = self.services.entry(name.to_owned()).or_default();
            service.minutes.push_back(templates);
            service.last_minute = minute;
        }
        for (name, service) in &mut self.services {
            if service.last_minute != minute {
                // Silent minutes are part of the window: an old one must not be judged again and again.
                service.minutes.push_back(HashMap::new());
            }
            let found = service.step(minute, &self.config, &mut seen.ended, name);
            if let Some(odd) = found {
                seen.anomalies
                    .push(describe(self.project_id, minute, name, &odd, info));
            }
        }
        seen.anomalies.sort_by(|a, b| b.score.total_cmp(&a.score));
        seen
    }

    /// The anomalies that go on, in order of service.
    #[must_use]
    pub fn open(&self) -> Vec<OpenAnomaly> {
        self.services
            .iter()
            .filter_map(|(name, service)| {
                let open = service.open.as_ref()?;
                Some(OpenAnomaly {
                    key: AnomalyKey::new(AnomalyKind::UnusualMix, Some(name.clone()), None),
                    started_at_ns: open.started_minute.saturating_mul(NANOS_PER_MINUTE),
                    peak: open.peak,
                })
            })
            .collect()
    }
}

/// An unusual window.
struct Odd {
    started_minute: i64,
    distance: f64,
    limit: f64,
    usual: f64,
    parts: Vec<model::Part>,
}

impl Service {
    fn step(
        &mut self,
        minute: i64,
        config: &MixConfig,
        ended: &mut Vec<Ended>,
        name: &str,
    ) -> Option<Odd> {
        while self.minutes.len() > config.window_minutes.max(1) {
            self.minutes.pop_front();
        }
        if self.minutes.len() < config.window_minutes.max(1) {
            // After a hole nothing is known, but what lasts too long is over all the same.
            self.end(minute, config, ended, name);
            return None;
        }
        let window = Mix::of(&self.minutes, config.max_templates);
        if window.records < config.min_records {
            // So few records have no mix that could be unusual.
            self.odd = 0;
            self.calm = self.calm.saturating_add(1);
            self.end(minute, config, ended, name);
            return None;
        }
        let verdict = self.model.as_ref().map(|m| (m.distance(&window), m.limit));
        let is_odd = verdict.is_some_and(|(distance, limit)| distance > limit);
        self.odd = if is_odd { self.odd + 1 } else { 0 };
        self.calm = if is_odd {
            0
        } else {
            self.calm.saturating_add(1)
        };
        if let (Some(open), true) = (&mut self.open, is_odd) {
            open.last_odd_minute = minute;
            open.peak = open.peak.max(verdict.map_or(0.0, |v| v.0));
        }
        self.end(minute, config, ended, name);
        let due = self.windows.len() < YOUNG_WINDOWS || minute % 5 == 0;
        if due && !is_odd && self.open.is_none() {
            if self.windows.len() >= config.max_windows.max(1) {
                self.windows.pop_front();
            }
            self.windows.push_back(window.clone());
        }
        let enough = self.windows.len() >= config.min_windows.max(3);
        let stale = self.model.is_none() || minute - self.fitted_minute >= config.refit_minutes;
        if enough && stale && self.open.is_none() && !is_odd {
            self.model = Model::fit(self.windows.make_contiguous(), config);
            self.fitted_minute = minute;
        }
        if self.odd < config.patience_minutes.max(1) || self.open.is_some() {
            return None;
        }
        let model = self.model.as_ref()?;
        let (distance, limit) = verdict?;
        let started_minute = minute - i64::from(self.odd) + 1;
        self.open = Some(Open {
            started_minute,
            last_odd_minute: minute,
            peak: distance,
        });
        Some(Odd {
            started_minute,
            distance,
            limit,
            usual: model.usual,
            parts: model.parts(&window),
        })
    }

    fn end(&mut self, minute: i64, config: &MixConfig, ended: &mut Vec<Ended>, name: &str) {
        let Some(open) = &self.open else {
            return;
        };
        let reason = if self.calm >= config.patience_minutes.max(1) {
            EndReason::BackToNormal
        } else if minute - open.started_minute >= config.adopt_minutes {
            // The old windows are of another service, so to speak.
            self.windows.clear();
            self.model = None;
            EndReason::NewNormal
        } else {
            return;
        };
        ended.push(Ended {
            key: AnomalyKey::new(AnomalyKind::UnusualMix, Some(name.to_owned()), None),
            started_at_ns: open.started_minute.saturating_mul(NANOS_PER_MINUTE),
            ended_at_ns: (open.last_odd_minute + 1).saturating_mul(NANOS_PER_MINUTE),
            reason,
        });
        self.open = None;
    }
}

fn describe(
    project_id: ProjectId,
    minute: i64,
    name: &str,
    odd: &Odd,
    info: &dyn TemplateInfo,
) -> Anomaly {
    let parts: Vec<String> = odd
        .parts
        .iter()
        .map(|part| {
            let what = part.template_id.map_or_else(
                || "rare patterns together".to_owned(),
                |id| {
                    info.text(id)
                        .map_or_else(|| quoted(&id.to_string()), |t| quoted(&t))
                },
            );
            format!(
                "{what} is {} of its records, usually {}",
                percent(part.share),
                percent(part.usual)
            )
        })
        .collect();
    let times = odd.distance / odd.limit.max(1e-12);
    Anomaly {
        id: AnomalyId::from_parts(0, [0; 10]),
        project_id,
        kind: AnomalyKind::UnusualMix,
        service: Some(name.to_owned()),
        severity: Severity::Unspecified,
        template_id: odd.parts.first().and_then(|p| p.template_id),
        metric: None,
        labels: BTreeMap::new(),
        started_at_ns: odd.started_minute.saturating_mul(NANOS_PER_MINUTE),
        detected_at_ns: (minute + 1).saturating_mul(NANOS_PER_MINUTE),
        observed: odd.distance,
        expected: odd.usual,
        expected_low: 0.0,
        expected_high: odd.limit,
        unit: "distance from the usual mix".to_owned(),
        // Context for other symptoms first of all: at most 0.7.
        score: 0.35 + 0.35 * (1.0 - (-(times - 1.0).max(0.0) / 3.0).exp()),
        reason: format!(
            "the mix of patterns in {name} is unlike its past: {}",
            parts.join("; ")
        ),
    }
}
