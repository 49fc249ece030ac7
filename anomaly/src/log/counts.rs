//! Taking the counts of a minute in, and the surge test.

use std::collections::BTreeMap;

use domain::{AnomalyKind, NANOS_PER_MINUTE, RollupCell};

use super::baseline::Reading;
use super::config::{Bar, bar};
use super::info::TemplateInfo;
use super::meaning::severity_of;
use super::report::{Finding, Findings, PER_MINUTE, Slot, name_of};
use super::series::{Need, Open, Series, Surge};
use super::service::{Minute, Service};
use super::words::{number, range};
use super::{LogDetector, SeriesKey};
use crate::observation::EndReason;

/// A pattern below error that appeared this many minutes ago or less is news, not a surge.
const YOUNG_MINUTES: i64 = 30;
/// A new pattern that grows this many times beyond what was reported becomes a surge.
const ESCALATION: f64 = 5.0;

impl LogDetector {
    /// Sums the cells by resolved template, service and severity, and per service.
    pub(super) fn gather(
        &mut self,
        minute: i64,
        cells: &[RollupCell],
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) -> BTreeMap<SeriesKey, f64> {
        for service in &mut self.services {
            service.now = Minute::default();
        }
        let mut counts = BTreeMap::new();
        for cell in cells {
            let here = cell.minute_ns.div_euclid(NANOS_PER_MINUTE) == minute;
            let service = here
                .then(|| self.service_id(&cell.service, minute))
                .flatten();
            let (Some(service), true) = (service, cell.count > 0) else {
                findings.unwatched = findings.unwatched.saturating_add(cell.count);
                continue;
            };
            let count = cell.count as f64;
            let now = &mut self.services[service as usize].now;
            now.total += count;
            if cell.severity.is_error() {
                now.errors += count;
            }
            let key = SeriesKey {
                template_id: info.resolve(cell.template_id),
                service,
                severity: cell.severity,
            };
            *counts.entry(key).or_insert(0.0) += count;
        }
        counts
    }

    fn service_id(&mut self, name: &str, minute: i64) -> Option<u32> {
        if let Some(id) = self.service_ids.get(name) {
            return Some(*id);
        }
        if self.services.len() >= self.config.max_services {
            return None;
        }
        let id = u32::try_from(self.services.len()).ok()?;
        self.services.push(Service::new(name, minute));
        self.service_ids.insert(name.to_owned(), id);
        Some(id)
    }

    /// Takes one series' count of the minute in and tests it.
    pub(super) fn observe_series(
        &mut self,
        minute: i64,
        key: SeriesKey,
        count: f64,
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        let is_new = self.novelty.is_new(key.template_id, minute, info);
        let began = self.services[key.service as usize].first_minute;
        if !self.series.contains_key(&key) {
            self.make_room(minute, findings);
            let quiet = if info.is_generalisation(key.template_id) {
                0
            } else {
                self.gaps.watched(began, minute) as usize
            };
            let text = info.text(key.template_id);
            let severity = severity_of(key.severity, text.as_deref().unwrap_or_default());
            let mut series = Series::new(minute, quiet);
            series.severity = severity;
            self.series.insert(key, series);
        }
        self.note_news(minute, key, count, is_new);
        let Some(series) = self.series.get_mut(&key) else {
            return;
        };
        series.push(minute, count, &self.gaps);
        let bar = bar(series.severity);
        let plain = series.baseline.read(1.0);
        if plain.one < bar.floor_1 / 3.0 && plain.five < bar.floor_5 / 4.0 {
            return;
        }
        let service = &self.services[key.service as usize];
        // News is said as news.
        if service.waiting.iter().any(|n| n.key == key) {
            return;
        }
        let own_mean = series.baseline.recent_mean();
        let lift = service.lift(key.severity, (plain.one, plain.five), own_mean);
        let reading = series.baseline.read(lift);
        let age = minute - series.first_minute;
        let is_settled = age >= YOUNG_MINUTES
            || series.first_minute - began <= 2
            || key.severity.is_error() && self.novelty.has_learned();
        let need = Need {
            minute,
            min_history: if is_settled {
                self.config.min_history_minutes as usize
            } else {
                usize::MAX
            },
        };
        let Some(surge) = series.surge(&reading, &bar, &need) else {
            return;
        };
        match series.open.as_deref() {
            None => {}
            Some(open) if open.kind == AnomalyKind::NewTemplate => {
                if surge.observed < ESCALATION * open.peak.max(1.0) {
                    return;
                }
                let open = open.clone();
                let name = service.name.clone();
                findings.end(self, &open, Some(&name), Some(&key), EndReason::Superseded);
            }
            Some(_) => return,
        }
        self.open_surge(key, surge, &reading, &bar, info, findings);
    }

    fn open_surge(
        &mut self,
        key: SeriesKey,
        surge: Surge,
        reading: &Reading,
        bar: &Bar,
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        let Some(minute) = self.last_minute else {
            return;
        };
        let service = &mut self.services[key.service as usize];
        if key.severity.is_error() {
            service.explain(minute, surge.observed);
        }
        let severity = self.series.get(&key).map_or(key.severity, |s| s.severity);
        let severity = severity.max(key.severity);
        let high = reading.high();
        let open = opening(&surge, reading, minute);
        findings.add(Finding {
            slot: Slot::Series(key),
            kind: AnomalyKind::Surge,
            service: Some(service.name.clone()),
            severity,
            template_id: Some(key.template_id),
            started_minute: surge.started_minute,
            observed: surge.observed,
            expected: reading.mean,
            low: reading.low(),
            high,
            unit: PER_MINUTE,
            score: surge.score.min(bar.score.1),
            reason: format!(
                "{} records/min of {} in {}, usually {}",
                number(surge.observed),
                name_of(key.template_id, info),
                service.name,
                range(reading.low(), high),
            ),
        });
        if let Some(series) = self.series.get_mut(&key) {
            series.begin(open);
            self.open.insert(key);
        }
    }

    /// Forgets the tenth of the series that was silent longest when there is no room for another.
    fn make_room(&mut self, minute: i64, findings: &mut Findings) {
        if self.series.len() < self.config.max_series.max(1) {
            return;
        }
        let mut ages: Vec<(i64, SeriesKey)> = self
            .series
            .iter()
            .filter(|(_, s)| s.open.is_none())
            .map(|(k, s)| (s.last_seen, *k))
            .collect();
        ages.sort_unstable();
        let many = (self.config.max_series / 10).max(1);
        for (_, key) in ages.iter().take(many) {
            self.series.remove(key);
        }
        if self.series.len() >= self.config.max_series.max(1) {
            // Everything is part of an open anomaly: give up the oldest of those.
            if let Some(key) = self.open.pop_first() {
                let series = self.series.get_mut(&key);
                if let Some(open) = series.and_then(|series| series.open.take()) {
                    let name = self.services[key.service as usize].name.clone();
                    findings.end(self, &open, Some(&name), Some(&key), EndReason::Lost);
                }
                self.series.remove(&key);
            }
        }
        self.choose_watched(minute);
    }
}

/// The state of a surge that begins.
pub(super) fn opening(surge: &Surge, reading: &Reading, minute: i64) -> Open {
    Open {
        kind: AnomalyKind::Surge,
        started_minute: surge.started_minute,
        last_odd_minute: minute,
        usual: reading.mean,
        calm_rate: (1.5 * reading.mean).max(reading.high().min(0.3 * surge.observed)),
        peak: surge.observed,
        announced: true,
    }
}
