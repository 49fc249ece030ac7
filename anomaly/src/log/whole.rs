//! A service as a whole: its volume and its share of errors.

use domain::{AnomalyKind, Severity};

use super::LogDetector;
use super::config::Bar;
use super::counts::opening;
use super::report::{Finding, Findings, PER_MINUTE, Slot};
use super::series::{Need, Open, silence_score};
use super::silence::{collapse, drop_opening, stopped};
use super::words::{number, percent, range};

/// What the volume of a service needs: traffic comes and goes, so this is context rather than alarm.
const VOLUME_BAR: Bar = Bar {
    floor_1: 100.0,
    floor_5: 300.0,
    surprise: 9.0,
    lift: 2.5,
    minutes: 3,
    one_is_enough: false,
    score: (0.3, 0.6),
};
/// For so many minutes a surge of a pattern explains one of its service.
const EXPLAINS_MINUTES: i64 = 15;

impl LogDetector {
    /// Tests the volume of every service.
    pub(super) fn observe_services(&mut self, minute: i64, findings: &mut Findings) {
        for id in 0..self.services.len() {
            if self.services[id].total.open.is_some() {
                continue;
            }
            self.observe_collapse(minute, id as u32, findings);
            self.observe_volume(minute, id as u32, findings);
        }
    }

    fn observe_collapse(&mut self, minute: i64, id: u32, findings: &mut Findings) {
        let min_rate = self.config.drop_min_rate;
        let service = &mut self.services[id as usize];
        let found = collapse(&service.total, min_rate);
        let Some(drop) = found.or_else(|| stopped(&service.total, min_rate)) else {
            return;
        };
        let usual = range(drop.low, drop.high);
        let reason = if drop.observed == 0.0 {
            format!(
                "{} has been silent for {} min, usually {usual} records/min; other services still write",
                service.name, drop.minutes,
            )
        } else {
            format!(
                "{} wrote only {} records/min in the last 5 min, usually {usual}",
                service.name,
                number(drop.observed),
            )
        };
        let trust = if drop.days == 0 { 0.9 } else { 1.0 };
        findings.add(Finding {
            slot: Slot::Total(id),
            kind: AnomalyKind::Drop,
            service: Some(service.name.clone()),
            severity: Severity::Unspecified,
            template_id: None,
            started_minute: minute - (drop.minutes - 1),
            observed: drop.observed,
            expected: drop.expected,
            low: drop.low,
            high: drop.high,
            unit: PER_MINUTE,
            score: silence_score(drop.surprise, (0.6, 0.95)) * trust,
            reason,
        });
        service.total.begin(drop_opening(minute, &drop));
    }

    fn observe_volume(&mut self, minute: i64, id: u32, findings: &mut Findings) {
        let explained = self.open.iter().any(|key| {
            key.service == id
                && self
                    .series
                    .get(key)
                    .and_then(|s| s.open.as_ref())
                    .is_some_and(|open| {
                        minute - open.started_minute <= EXPLAINS_MINUTES
                            && open.kind != AnomalyKind::Drop
                    })
        });
        let need = Need {
            minute,
            min_history: self.config.min_history_minutes.max(30) as usize,
        };
        let service = &mut self.services[id as usize];
        if service.total.open.is_some() {
            return;
        }
        let reading = service.total.baseline.read(1.0);
        let Some(surge) = service.total.surge(&reading, &VOLUME_BAR, &need) else {
            return;
        };
        if explained {
            return;
        }
        let high = reading.high();
        findings.add(Finding {
            slot: Slot::Total(id),
            kind: AnomalyKind::Surge,
            service: Some(service.name.clone()),
            severity: Severity::Unspecified,
            template_id: None,
            started_minute: surge.started_minute,
            observed: surge.observed,
            expected: reading.mean,
            low: reading.low(),
            high,
            unit: PER_MINUTE,
            score: surge.score,
            reason: format!(
                "{} wrote {} records/min over all its patterns, usually {}",
                service.name,
                number(surge.observed),
                range(reading.low(), high),
            ),
        });
        service.total.begin(opening(&surge, &reading, minute));
    }

    /// Tests the share of errors of every service.
    pub(super) fn observe_shares(&mut self, minute: i64, findings: &mut Findings) {
        for (id, service) in self.services.iter_mut().enumerate() {
            let waits = service.waiting.iter().any(|n| n.key.severity.is_error());
            if service.open_share.is_some() || waits {
                continue;
            }
            let Some(shift) = service.share.shift() else {
                continue;
            };
            let (since, rate) = service.explained;
            let per_minute = shift.counts.0 / 5.0;
            if minute - since <= EXPLAINS_MINUTES && rate >= 0.6 * per_minute {
                continue;
            }
            service.open_share = Some(Open {
                kind: AnomalyKind::LevelChange,
                started_minute: minute - 4,
                last_odd_minute: minute,
                usual: shift.usual,
                calm_rate: (0.7 * shift.high).max(1.5 * shift.usual),
                peak: shift.observed,
                announced: true,
            });
            findings.add(Finding {
                slot: Slot::Share(id as u32),
                kind: AnomalyKind::LevelChange,
                service: Some(service.name.clone()),
                severity: Severity::Error,
                template_id: None,
                started_minute: minute - 4,
                observed: shift.observed,
                expected: shift.usual,
                low: 0.0,
                high: shift.high,
                unit: "share of errors",
                score: shift.score,
                reason: format!(
                    "{} of the records of {} were errors in the last 5 min ({} of {}), usually {}",
                    percent(shift.observed),
                    service.name,
                    number(shift.counts.0),
                    number(shift.counts.1),
                    percent(shift.usual),
                ),
            });
        }
    }
}
