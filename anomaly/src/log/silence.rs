//! What stopped: steady patterns that collapse, and a project that is cut off.

use domain::{AnomalyKind, Severity};

use super::info::TemplateInfo;
use super::report::{Finding, Findings, PER_MINUTE, Slot, name_of};
use super::series::{Open, Series, drop_matters, silence_score};
use super::vanish::{LEAST_INTERVALS, is_vanished};
use super::words::{number, range};
use super::{LogDetector, SeriesKey};

/// Minutes without any record before the silence of the whole project is reported.
const CUT_OFF_MINUTES: i64 = 3;

/// The share of the usual below which five minutes may be a drop.
const DROP_SHARE: f64 = 0.2;
/// Surprise that a drop needs.
pub(super) const DROP_SURPRISE: f64 = 8.0;

/// A drop as the test saw it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drop {
    pub expected: f64,
    pub low: f64,
    pub high: f64,
    pub observed: f64,
    pub surprise: f64,
    pub days: u16,
    /// Minutes it has been going on, at most 5.
    pub minutes: i64,
}

/// Tests whether a steady stream collapsed in the last five minutes.
pub(super) fn collapse(series: &Series, min_rate: f64) -> Option<Drop> {
    let baseline = &series.baseline;
    if baseline.recent_mean() < min_rate {
        return None;
    }
    let reading = baseline.read(1.0);
    if reading.five > DROP_SHARE * 5.0 * baseline.recent_mean() {
        return None;
    }
    let steady = baseline.steady_floor()?;
    if steady.expected < min_rate
        || reading.five > DROP_SHARE * 5.0 * steady.expected
        || reading.five >= 0.5 * steady.low_5
    {
        return None;
    }
    let surprise = reading.surprise_low(steady.expected);
    let silent = baseline.minutes_at_most(0.0);
    (surprise >= DROP_SURPRISE).then(|| Drop {
        expected: steady.expected,
        low: steady.low_5 / 5.0,
        high: reading.high().max(steady.expected),
        observed: if silent >= 3 { 0.0 } else { reading.five / 5.0 },
        surprise,
        days: steady.days,
        minutes: baseline.minutes_at_most(0.5 * steady.expected).max(1),
    })
}

/// Minutes without any record that are enough where a minute without one is unheard of.
const SILENT_MINUTES: i64 = 3;

/// Tests whether a stream that never pauses stopped altogether, which is certain before five minutes are over.
pub(super) fn stopped(series: &Series, min_rate: f64) -> Option<Drop> {
    let baseline = &series.baseline;
    let minutes = baseline.minutes_at_most(0.0);
    if minutes < SILENT_MINUTES || !baseline.is_never_silent() {
        return None;
    }
    let steady = baseline.steady_floor()?;
    if steady.expected < min_rate || steady.low_5 < steady.expected {
        return None;
    }
    let reading = baseline.read(1.0);
    let surprise = reading.surprise_silent(steady.expected, minutes as f64);
    (surprise >= DROP_SURPRISE).then(|| Drop {
        expected: steady.expected,
        low: steady.low_5 / 5.0,
        high: reading.high().max(steady.expected),
        observed: 0.0,
        surprise,
        days: steady.days,
        minutes,
    })
}

impl LogDetector {
    /// Whether nothing at all arrived although something always does. Such a minute is not an
    /// observation of any service.
    pub(super) fn is_cut_off(&mut self, minute: i64, total: f64, findings: &mut Findings) -> bool {
        if total > 0.0 || !self.project.baseline.is_never_silent() {
            self.project.push(minute, total, &self.gaps);
            if let Some(open) = self.silence.take() {
                let end = crate::observation::EndReason::BackToNormal;
                findings.end(self, &open, None, None, end);
            }
            return false;
        }
        self.gaps.add(minute, minute + 1);
        let usual = self.project.baseline.recent_mean();
        let open = self.silence.get_or_insert(Open {
            kind: AnomalyKind::Drop,
            started_minute: minute,
            last_odd_minute: minute,
            usual,
            calm_rate: 0.0,
            peak: 0.0,
            announced: false,
        });
        open.last_odd_minute = minute;
        findings.silent_since = Some(open.started_minute);
        let minutes = minute - open.started_minute + 1;
        if minutes < CUT_OFF_MINUTES || open.announced {
            return true;
        }
        open.announced = true;
        let reading = self.project.baseline.read(1.0);
        findings.add(Finding {
            slot: Slot::Project,
            kind: AnomalyKind::Drop,
            service: None,
            severity: Severity::Unspecified,
            template_id: None,
            started_minute: open.started_minute,
            observed: 0.0,
            expected: usual,
            low: reading.low(),
            high: reading.high(),
            unit: PER_MINUTE,
            score: 0.7,
            reason: format!(
                "no records from any service for {minutes} min, usually {}/min: \
                 ingestion may have stopped, so services are not judged meanwhile",
                range(reading.low(), reading.high()),
            ),
        });
        true
    }

    /// Chooses the series whose silence would mean something.
    pub(super) fn choose_watched(&mut self, minute: i64) {
        let min_age = i64::from(self.config.vanish_min_age_minutes);
        let min_rate = self.config.drop_min_rate;
        let mut watched: Vec<SeriesKey> = self
            .series
            .iter()
            .filter(|(key, s)| {
                drop_matters(key.severity)
                    && (s.baseline.recent_mean() >= min_rate
                        || s.rhythm.intervals >= LEAST_INTERVALS
                            && minute - s.first_minute >= min_age)
            })
            .map(|(key, _)| *key)
            .collect();
        watched.sort_unstable();
        self.watched = watched;
    }

    /// Looks for watched series that stopped.
    pub(super) fn observe_silence(
        &mut self,
        minute: i64,
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        let mut vanished: Vec<SeriesKey> = Vec::new();
        for key in std::mem::take(&mut self.watched) {
            let Some(series) = self.series.get_mut(&key) else {
                continue;
            };
            if info.resolve(key.template_id) != key.template_id {
                if series.open.is_none() {
                    self.series.remove(&key); // a more general template counts its records now
                }
                continue;
            }
            if series.baseline.last_minute() < minute {
                series.push(minute, 0.0, &self.gaps);
            }
            if series.open.is_none() {
                if let Some(drop) = collapse(series, self.config.drop_min_rate) {
                    self.open_drop(minute, key, drop, info, findings);
                } else if is_vanished(series, minute, &self.config, &self.gaps) {
                    vanished.push(key);
                }
            }
            self.watched.push(key);
        }
        self.report_vanished(minute, &vanished, info, findings);
    }

    fn open_drop(
        &mut self,
        minute: i64,
        key: SeriesKey,
        drop: Drop,
        info: &dyn TemplateInfo,
        findings: &mut Findings,
    ) {
        let service = &self.services[key.service as usize];
        let Some(series) = self.series.get(&key) else {
            return;
        };
        let own_mean = series.baseline.recent_mean();
        // The whole service went down: that is one anomaly, of the service.
        if service.rest_level(drop.observed * 5.0, own_mean) < 0.5 || service.total.open.is_some() {
            return;
        }
        let successor = self.successor(key, own_mean);
        let trust = if drop.days == 0 { 0.85 } else { 1.0 };
        let mut score = silence_score(drop.surprise, (0.35, 0.7)) * trust;
        let mut reason = format!(
            "only {} records/min of {} in {}, usually {}",
            number(drop.observed),
            name_of(key.template_id, info),
            service.name,
            range(drop.low, drop.high),
        );
        if let Some(other) = successor {
            score *= 0.4;
            reason += &format!("; the new pattern {} took its place", name_of(other, info));
        }
        findings.add(Finding {
            slot: Slot::Series(key),
            kind: AnomalyKind::Drop,
            service: Some(service.name.clone()),
            severity: key.severity,
            template_id: Some(key.template_id),
            started_minute: minute - (drop.minutes - 1),
            observed: drop.observed,
            expected: drop.expected,
            low: drop.low,
            high: drop.high,
            unit: PER_MINUTE,
            score,
            reason,
        });
        if let Some(series) = self.series.get_mut(&key) {
            series.begin(drop_opening(minute, &drop));
            self.open.insert(key);
        }
    }
}

/// The state of a drop that begins.
pub(super) fn drop_opening(minute: i64, drop: &Drop) -> Open {
    Open {
        kind: AnomalyKind::Drop,
        started_minute: minute - (drop.minutes - 1),
        last_odd_minute: minute,
        usual: drop.expected,
        calm_rate: 0.5 * drop.low.min(drop.expected),
        peak: drop.observed,
        announced: true,
    }
}
