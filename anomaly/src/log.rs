//! The log detector: counts per minute of every (template, service, severity).

mod baseline;
mod config;
mod counts;
mod ends;
mod gaps;
mod info;
mod meaning;
mod news;
mod novelty;
mod report;
mod season;
mod series;
mod service;
mod share;
mod silence;
mod vanish;
mod whole;
pub(crate) mod words;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use domain::{AnomalyKind, NANOS_PER_MINUTE, ProjectId, RollupCell, Severity, TemplateId};

pub use config::LogConfig;
pub use info::{NoTemplateInfo, TemplateInfo};

use crate::observation::{AnomalyKey, Observation, OpenAnomaly};
use gaps::Gaps;
use novelty::Novelty;
use report::Findings;
use series::{Open, Series};
use service::Service;

/// What is counted apart. The service is its position in the detector's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct SeriesKey {
    template_id: TemplateId,
    service: u32,
    severity: Severity,
}

/// Watches the counts per minute of one project's logs for surges, drops, new and vanished patterns,
/// shifts in the share of errors, and silence.
///
/// Feed it every minute once, in order of time, as soon as the minute is complete (empty minutes
/// too); data time is the only time it knows, so minutes may come faster than real ones. It holds
/// no lock, does no IO and needs no storage of its own: after a restart, feed it the rollups of the
/// last 24 hours (two hours are enough for everything but the hourly profile) and drop what comes out.
#[derive(Debug, Clone)]
pub struct LogDetector {
    project_id: ProjectId,
    config: LogConfig,
    last_minute: Option<i64>,
    gaps: Gaps,
    series: HashMap<SeriesKey, Series>,
    services: Vec<Service>,
    service_ids: HashMap<String, u32>,
    novelty: Novelty,
    project: Series,
    silence: Option<Open>,
    open: BTreeSet<SeriesKey>,
    watched: Vec<SeriesKey>,
}

impl LogDetector {
    /// A detector that knows nothing yet.
    #[must_use]
    pub fn new(project_id: ProjectId, config: LogConfig) -> Self {
        Self {
            project_id,
            config,
            last_minute: None,
            gaps: Gaps::default(),
            series: HashMap::new(),
            services: Vec::new(),
            service_ids: HashMap::new(),
            novelty: Novelty::default(),
            project: Series::new(0, 0),
            silence: None,
            open: BTreeSet::new(),
            watched: Vec::new(),
        }
    }

    /// Takes one complete minute. `cells` of other minutes, and minutes that are not after the last
    /// one, are not watched. Minutes that were left out between the last one and this one count as
    /// not observed, not as empty.
    pub fn observe_minute(
        &mut self,
        minute_ns: i64,
        cells: &[RollupCell],
        info: &dyn TemplateInfo,
    ) -> Observation {
        let minute = minute_ns.div_euclid(NANOS_PER_MINUTE);
        let mut findings = Findings::new(self.project_id, minute);
        if self.last_minute.is_some_and(|last| minute <= last) {
            findings.unwatched = cells.iter().map(|c| c.count).fold(0, u64::saturating_add);
            return findings.finish(self);
        }
        match self.last_minute {
            Some(last) => self.gaps.add(last + 1, minute),
            None => self.project = Series::new(minute, 0),
        }
        self.last_minute = Some(minute);
        let total: f64 = cells
            .iter()
            .filter(|c| c.minute_ns.div_euclid(NANOS_PER_MINUTE) == minute)
            .map(|c| c.count as f64)
            .sum();
        if self.is_cut_off(minute, total, &mut findings) {
            return findings.finish(self);
        }
        self.novelty.begin(minute, &self.config);
        let counts = self.gather(minute, cells, info, &mut findings);
        for service in &mut self.services {
            service.push(minute, &self.gaps);
        }
        self.observe_services(minute, &mut findings);
        for (key, count) in counts {
            self.observe_series(minute, key, count, info, &mut findings);
        }
        self.observe_silence(minute, info, &mut findings);
        self.report_news(minute, info, &mut findings);
        self.observe_shares(minute, &mut findings);
        self.end_what_is_over(minute, &mut findings);
        if minute % 10 == 0 || self.watched.is_empty() {
            self.choose_watched(minute);
        }
        findings.finish(self)
    }

    /// The anomalies that go on, in a stable order.
    #[must_use]
    pub fn open(&self) -> Vec<OpenAnomaly> {
        let mut all = Vec::new();
        let mut add = |open: &Open, service: Option<&str>, key: Option<&SeriesKey>| {
            if open.announced {
                all.push(OpenAnomaly {
                    key: self.key_of(open, service, key),
                    started_at_ns: report::start_of(open.started_minute),
                    peak: open.peak,
                });
            }
        };
        if let Some(open) = &self.silence {
            add(open, None, None);
        }
        for service in &self.services {
            let total = service.total.open.as_deref();
            for open in total
                .into_iter()
                .chain(&service.open_share)
                .chain(&service.open_news)
                .chain(&service.open_vanished)
            {
                add(open, Some(&service.name), None);
            }
        }
        for key in &self.open {
            let name = &self.services[key.service as usize].name;
            if let Some(open) = self.series.get(key).and_then(|s| s.open.as_deref()) {
                add(open, Some(name), Some(key));
            }
        }
        all
    }

    /// How many series are followed now; at most [`LogConfig::max_series`].
    #[must_use]
    pub fn series_count(&self) -> usize {
        self.series.len()
    }

    /// Surges are told with the severity that the pattern is watched with.
    fn told_severity(&self, open: &Open, key: &SeriesKey) -> Severity {
        let series = self
            .series
            .get(key)
            .filter(|_| open.kind == AnomalyKind::Surge);
        series.map_or(key.severity, |series| series.severity.max(key.severity))
    }

    fn key_of(&self, open: &Open, service: Option<&str>, key: Option<&SeriesKey>) -> AnomalyKey {
        AnomalyKey::new(
            open.kind,
            service.map(ToOwned::to_owned),
            key.map(|k| (k.template_id, self.told_severity(open, k))),
        )
    }
}
