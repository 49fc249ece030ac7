//! Patterns with a rhythm that stopped.

use std::collections::BTreeMap;

use domain::{AnomalyKind, Severity, TemplateId};

use super::gaps::Gaps;
use super::info::TemplateInfo;
use super::report::{Finding, Findings, PER_MINUTE, Slot, name_of};
use super::series::{Open, Series};
use super::words::{number, range};
use super::{LogConfig, LogDetector, SeriesKey};

/// Appearances before a rhythm means something.
pub(super) const LEAST_INTERVALS: u32 = 30;
/// A pattern vanished when it is silent for this many of its mean intervals...
const MEAN_INTERVALS: f64 = 20.0;
/// ...and this many of its longest...
const LONGEST_INTERVALS: f64 = 3.0;
/// ...and at least this many minutes.
const LEAST_SILENCE: f64 = 10.0;
/// More patterns than this that vanish from one service in one minute are one anomaly.
const VANISH_APART: usize = 3;
impl LogDetector {
    /// A new pattern of the service with about the rate that a stopped one had: a reworded message.
    pub(super) fn successor(&self, key: SeriesKey, rate: f64) -> Option<TemplateId> {
        let service = &self.services[key.service as usize];
        service.arrivals.iter().find_map(|(other, since)| {
            let series = self.series.get(other)?;
            let age = self.gaps.watched(*since, series.last_seen + 1);
            let five = series.baseline.read(1.0).five / 5.0;
            let now = if age >= 5 {
                five
            } else {
                series.baseline.one()
            };
            let alike = *other != key && now >= 0.4 * rate && now <= 2.5 * rate;
            alike.then_some(other.template_id)
        })
    }

    pub(super) fn report_vanished(
        &mut self,
        minute: i64,
        vanished: &[SeriesKey],
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        let mut by_service: BTreeMap<u32, Vec<SeriesKey>> = BTreeMap::new();
        for key in vanished {
            by_service.entry(key.service).or_default().push(*key);
        }
        for (id, keys) in by_service {
            // The silence of the service says it already.
            if self.services[id as usize].total.open.is_some() {
                continue;
            }
            let together = keys.len() > VANISH_APART;
            for key in &keys {
                let finding = self.vanished_finding(minute, *key, info);
                if let Some(series) = self.series.get_mut(key) {
                    series.begin(Open {
                        kind: AnomalyKind::VanishedTemplate,
                        started_minute: series.last_seen + 1,
                        last_odd_minute: minute,
                        usual: 0.0,
                        calm_rate: 0.0,
                        peak: 0.0,
                        announced: !together,
                    });
                    self.open.insert(*key);
                }
                if let (Some(finding), false) = (finding, together) {
                    findings.add(finding);
                }
            }
            if together && self.services[id as usize].open_vanished.is_none() {
                self.report_vanished_together(minute, id, &keys, info, findings);
            }
        }
    }

    fn vanished_finding(
        &self,
        minute: i64,
        key: SeriesKey,
        info: &dyn TemplateInfo,
    ) -> Option<Finding> {
        let series = self.series.get(&key)?;
        let service = &self.services[key.service as usize].name;
        let silent = f64::from(self.gaps.watched(series.last_seen + 1, minute + 1));
        let rhythm = series.rhythm;
        let expected = 1.0 / rhythm.mean.max(1e-3);
        let missed = silent / rhythm.mean.max(1.0);
        let mut score = 0.35 + 0.15 * (1.0 - (-(missed - MEAN_INTERVALS) / 40.0).exp());
        let mut reason = format!(
            "{} has not appeared in {service} for {} min, usually every {} min",
            name_of(key.template_id, info),
            number(silent),
            range(rhythm.mean.min(rhythm.longest), rhythm.longest),
        );
        if let Some(other) = self.successor(key, series.baseline.recent_mean()) {
            score *= 0.4;
            reason += &format!("; the new pattern {} took its place", name_of(other, info));
        }
        Some(Finding {
            slot: Slot::Series(key),
            kind: AnomalyKind::VanishedTemplate,
            service: Some(service.clone()),
            severity: key.severity,
            template_id: Some(key.template_id),
            started_minute: series.last_seen + 1,
            observed: 0.0,
            expected,
            low: 1.0 / rhythm.longest.max(1.0),
            high: expected.max(1.0),
            unit: PER_MINUTE,
            score,
            reason,
        })
    }

    fn report_vanished_together(
        &mut self,
        minute: i64,
        id: u32,
        keys: &[SeriesKey],
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        let service = &mut self.services[id as usize];
        service.open_vanished = Some(Open {
            kind: AnomalyKind::VanishedTemplate,
            started_minute: minute,
            last_odd_minute: minute,
            usual: 0.0,
            calm_rate: 0.0,
            peak: 0.0,
            announced: true,
        });
        let names: Vec<String> = keys
            .iter()
            .take(VANISH_APART)
            .map(|k| name_of(k.template_id, info))
            .collect();
        let many = keys.len() as f64;
        findings.add(Finding {
            slot: Slot::Vanished(id),
            kind: AnomalyKind::VanishedTemplate,
            service: Some(service.name.clone()),
            severity: Severity::Unspecified,
            template_id: None,
            started_minute: minute,
            observed: 0.0,
            expected: many,
            low: many,
            high: many,
            unit: "patterns",
            score: 0.45,
            reason: format!(
                "{} regular patterns of {} stopped, among them {}",
                keys.len(),
                service.name,
                names.join(", "),
            ),
        });
    }
}

pub(super) fn is_vanished(series: &Series, minute: i64, config: &LogConfig, gaps: &Gaps) -> bool {
    let rhythm = series.rhythm;
    if rhythm.intervals < LEAST_INTERVALS
        || minute - series.first_minute < i64::from(config.vanish_min_age_minutes)
    {
        return false;
    }
    let silent = f64::from(gaps.watched(series.last_seen + 1, minute + 1));
    silent >= LEAST_SILENCE
        && silent >= MEAN_INTERVALS * rhythm.mean
        && silent >= LONGEST_INTERVALS * rhythm.longest
}
