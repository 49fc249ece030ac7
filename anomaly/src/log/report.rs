//! From findings to anomalies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::{Anomaly, AnomalyId, AnomalyKind, NANOS_PER_MINUTE, ProjectId, Severity, TemplateId};

use super::info::TemplateInfo;
use super::series::Open;
use super::words::quoted;
use super::{LogDetector, SeriesKey};
use crate::observation::{EndReason, Ended, Observation};

/// Where the state of a found anomaly is kept, so that it can be marked when it is not handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Project,
    Series(SeriesKey),
    Total(u32),
    Share(u32),
    News(u32),
    Vanished(u32),
}

/// What a test found; the rest of the anomaly follows from it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub slot: Slot,
    pub kind: AnomalyKind,
    pub service: Option<String>,
    pub severity: Severity,
    pub template_id: Option<TemplateId>,
    pub started_minute: i64,
    pub observed: f64,
    pub expected: f64,
    pub low: f64,
    pub high: f64,
    pub unit: &'static str,
    pub score: f64,
    pub reason: String,
}

/// What a minute has brought so far.
#[derive(Debug)]
pub(super) struct Findings {
    project_id: ProjectId,
    minute: i64,
    found: Vec<Finding>,
    ended: Vec<Ended>,
    pub unwatched: u64,
    pub silent_since: Option<i64>,
}

/// The unit of counts.
pub(super) const PER_MINUTE: &str = "records/min";

/// The start of a minute in nanoseconds.
pub(super) fn start_of(minute: i64) -> i64 {
    minute.saturating_mul(NANOS_PER_MINUTE)
}

/// A template's text in quotes, or its id when the text is not known.
pub(super) fn name_of(id: TemplateId, info: &dyn TemplateInfo) -> String {
    let text = info.text(id);
    quoted(&text.unwrap_or_else(|| Cow::Owned(id.to_string())))
}

impl Findings {
    pub(super) fn new(project_id: ProjectId, minute: i64) -> Self {
        Self {
            project_id,
            minute,
            found: Vec::new(),
            ended: Vec::new(),
            unwatched: 0,
            silent_since: None,
        }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// Notes that an anomaly is over.
    pub(super) fn end(
        &mut self,
        detector: &LogDetector,
        open: &Open,
        service: Option<&str>,
        key: Option<&SeriesKey>,
        reason: EndReason,
    ) {
        if open.announced {
            let key = detector.key_of(open, service, key);
            self.end_key(key, open, reason);
        }
    }

    pub(super) fn end_key(
        &mut self,
        key: crate::observation::AnomalyKey,
        open: &Open,
        reason: EndReason,
    ) {
        if open.announced {
            self.ended.push(Ended {
                key,
                started_at_ns: start_of(open.started_minute),
                ended_at_ns: start_of(open.last_odd_minute + 1),
                reason,
            });
        }
    }

    /// Strongest first, cut at the limit; what is cut is marked as not announced.
    pub(super) fn finish(mut self, detector: &mut LogDetector) -> Observation {
        self.found.sort_by(|a, b| b.score.total_cmp(&a.score));
        let limit = detector.config.max_anomalies_per_minute;
        let suppressed = self.found.len().saturating_sub(limit);
        for finding in self.found.drain(self.found.len() - suppressed..) {
            detector.silence_slot(finding.slot);
        }
        let (project_id, minute) = (self.project_id, self.minute);
        Observation {
            anomalies: self
                .found
                .into_iter()
                .map(|f| f.into_anomaly(project_id, minute))
                .collect(),
            ended: self.ended,
            suppressed,
            unwatched: self.unwatched,
            silent_since_ns: self.silent_since.map(start_of),
        }
    }
}

impl Finding {
    fn into_anomaly(self, project_id: ProjectId, minute: i64) -> Anomaly {
        Anomaly {
            id: AnomalyId::from_parts(0, [0; 10]),
            project_id,
            kind: self.kind,
            service: self.service,
            severity: self.severity,
            template_id: self.template_id,
            metric: None,
            labels: BTreeMap::new(),
            started_at_ns: start_of(self.started_minute),
            detected_at_ns: start_of(minute + 1),
            observed: self.observed,
            expected: self.expected,
            expected_low: self.low,
            expected_high: self.high,
            unit: self.unit.to_owned(),
            score: self.score.clamp(0.0, 1.0),
            reason: self.reason,
        }
    }
}

impl LogDetector {
    fn silence_slot(&mut self, slot: Slot) {
        let open = match slot {
            Slot::Project => self.silence.as_mut(),
            Slot::Series(key) => self
                .series
                .get_mut(&key)
                .and_then(|s| s.open.as_deref_mut()),
            Slot::Total(service) => self.services[service as usize].total.open.as_deref_mut(),
            Slot::Share(service) => self.services[service as usize].open_share.as_mut(),
            Slot::News(service) => self.services[service as usize].open_news.as_mut(),
            Slot::Vanished(service) => self.services[service as usize].open_vanished.as_mut(),
        };
        if let Some(open) = open {
            open.announced = false;
        }
    }
}
