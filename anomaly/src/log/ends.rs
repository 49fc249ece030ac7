//! When an anomaly is over.

use domain::{AnomalyKind, Severity};

use super::LogDetector;
use super::report::Findings;
use super::series::{Open, Series};
use crate::observation::{AnomalyKey, EndReason};

/// Errors may go on this many times longer before they count as the new normal.
const ERRORS_LAST: i64 = 6;
/// So may silence: a dead service is not normal after an hour.
const SILENCE_LASTS: i64 = 24;
/// A report of new patterns below error is over after this many minutes.
const NEWS_LAST: i64 = 30;

impl LogDetector {
    /// Ends what went back to normal or became it.
    pub(super) fn end_what_is_over(&mut self, minute: i64, findings: &mut Findings) {
        let mut over = Vec::new();
        for key in &self.open {
            let Some(series) = self.series.get_mut(key) else {
                over.push((*key, None));
                continue;
            };
            if series.baseline.last_minute() < minute {
                series.push(minute, 0.0, &self.gaps);
            }
            let reason = self.config.outcome(series, minute, key.severity);
            if let Some(reason) = reason {
                over.push((*key, Some(reason)));
            }
        }
        for (key, reason) in over {
            self.open.remove(&key);
            let Some(series) = self.series.get_mut(&key) else {
                continue;
            };
            if let (Some(open), Some(reason)) = (series.open.take(), reason) {
                series.close(minute, open.kind, reason, &self.config);
                let name = self.services[key.service as usize].name.clone();
                findings.end(self, &open, Some(&name), Some(&key), reason);
            }
        }
        self.end_of_services(minute, findings);
    }

    fn end_of_services(&mut self, minute: i64, findings: &mut Findings) {
        let config = &self.config;
        for service in &mut self.services {
            let name = || Some(service.name.clone());
            let reason = config.outcome(&mut service.total, minute, Severity::Unspecified);
            if let Some(reason) = reason
                && let Some(open) = service.total.open.take()
            {
                service.total.close(minute, open.kind, reason, config);
                findings.end_key(AnomalyKey::new(open.kind, name(), None), &open, reason);
            }
            if let Some(open) = &mut service.open_share {
                let (now, _) = service.share.now();
                open.peak = open.peak.max(now);
                let reason = config.judge(open, minute, now > open.calm_rate, ERRORS_LAST);
                if let Some(reason) = reason
                    && let Some(open) = service.open_share.take()
                {
                    if reason == EndReason::NewNormal {
                        service.share.relearn();
                    }
                    findings.end_key(AnomalyKey::new(open.kind, name(), None), &open, reason);
                }
            }
            for slot in [&mut service.open_news, &mut service.open_vanished] {
                if let Some(open) = slot.take_if(|o| minute - o.last_odd_minute >= NEWS_LAST) {
                    let key = AnomalyKey::new(open.kind, name(), None);
                    findings.end_key(key, &open, EndReason::NewNormal);
                }
            }
        }
    }
}

impl super::LogConfig {
    /// Whether and why the open anomaly of a series is over, after its minute was pushed.
    fn outcome(&self, series: &mut Series, minute: i64, severity: Severity) -> Option<EndReason> {
        let one = series.baseline.one();
        let open = series.open.as_deref_mut()?;
        let (odd, lasts) = match open.kind {
            AnomalyKind::Drop => (one < open.calm_rate.max(1.0), SILENCE_LASTS),
            AnomalyKind::VanishedTemplate => {
                if one > 0.0 {
                    return Some(EndReason::BackToNormal);
                }
                (true, SILENCE_LASTS)
            }
            _ if severity.is_error() => (one > open.calm_rate, ERRORS_LAST),
            _ => (one > open.calm_rate, 1),
        };
        open.peak = match open.kind {
            AnomalyKind::Drop => open.peak.min(one),
            _ => open.peak.max(one),
        };
        self.judge(open, minute, odd, lasts)
    }

    fn judge(&self, open: &mut Open, minute: i64, odd: bool, lasts: i64) -> Option<EndReason> {
        if odd {
            open.last_odd_minute = minute;
        }
        if minute - open.last_odd_minute >= i64::from(self.calm_minutes) {
            return Some(EndReason::BackToNormal);
        }
        let longest = i64::from(self.adopt_minutes).saturating_mul(lasts);
        (minute - open.started_minute >= longest).then_some(EndReason::NewNormal)
    }
}

impl Series {
    fn close(
        &mut self,
        minute: i64,
        kind: AnomalyKind,
        reason: EndReason,
        config: &super::LogConfig,
    ) {
        self.cool_until = minute + i64::from(config.cool_down_minutes);
        if reason == EndReason::NewNormal {
            self.baseline.relearn();
            if matches!(kind, AnomalyKind::VanishedTemplate | AnomalyKind::Drop) {
                // Gone for good: it takes a new rhythm to be missed again.
                self.rhythm = super::series::Rhythm::default();
            }
        }
    }
}
