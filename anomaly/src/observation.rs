//! What detectors hand out besides anomalies: keys, ends, gaps.

use std::collections::BTreeMap;

use domain::{Anomaly, AnomalyKind, SeriesId, Severity, TemplateId};
use serde::{Deserialize, Serialize};

/// What makes two reports the same ongoing anomaly: while one is open, no second one with its key comes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AnomalyKey {
    /// The kind's number in [`AnomalyKind`]'s order, so that keys sort.
    kind: u8,
    /// The service, if one.
    pub service: Option<String>,
    /// The pattern, if one.
    pub template_id: Option<TemplateId>,
    /// The severity, for anomalies of one pattern.
    pub severity: Option<Severity>,
    /// The series, for metrics; the place in the pattern, for shifts of values.
    pub series_id: Option<SeriesId>,
}

const KINDS: [AnomalyKind; 9] = [
    AnomalyKind::Surge,
    AnomalyKind::Drop,
    AnomalyKind::NewTemplate,
    AnomalyKind::VanishedTemplate,
    AnomalyKind::LevelChange,
    AnomalyKind::UnusualMix,
    AnomalyKind::Metric,
    AnomalyKind::UnusualSession,
    AnomalyKind::ValueShift,
];

impl AnomalyKey {
    /// The key of an anomaly. A service has one unusual mix and one anomaly of its sessions at a time: the
    /// pattern that these name only sticks out. A shift of values belongs to one place of a pattern.
    #[must_use]
    pub fn of(anomaly: &Anomaly) -> Self {
        let kind = KINDS.iter().position(|k| *k == anomaly.kind).unwrap_or(0);
        let is_of_service = matches!(
            anomaly.kind,
            AnomalyKind::UnusualMix | AnomalyKind::UnusualSession
        );
        let template_id = anomaly.template_id.filter(|_| !is_of_service);
        let slot = anomaly
            .labels
            .get("slot")
            .filter(|_| anomaly.kind == AnomalyKind::ValueShift);
        Self {
            kind: kind as u8,
            service: anomaly.service.clone(),
            template_id,
            severity: template_id
                .filter(|_| slot.is_none())
                .map(|_| anomaly.severity),
            series_id: anomaly
                .metric
                .as_ref()
                .map(|name| SeriesId::of(name, &anomaly.labels))
                .or_else(|| slot.map(|slot| SeriesId::of(slot, &BTreeMap::new()))),
        }
    }

    pub(crate) fn new(
        kind: AnomalyKind,
        service: Option<String>,
        template: Option<(TemplateId, Severity)>,
    ) -> Self {
        Self {
            kind: KINDS.iter().position(|k| *k == kind).unwrap_or(0) as u8,
            service,
            template_id: template.map(|t| t.0),
            severity: template.map(|t| t.1),
            series_id: None,
        }
    }

    /// The key of a shift of the values in one place of a pattern.
    pub(crate) fn of_slot(service: &str, template_id: TemplateId, slot: u16) -> Self {
        let mut key = Self::new(AnomalyKind::ValueShift, Some(service.to_owned()), None);
        key.template_id = Some(template_id);
        key.series_id = Some(SeriesId::of(&slot.to_string(), &BTreeMap::new()));
        key
    }

    /// The kind of anomaly.
    #[must_use]
    pub fn kind(&self) -> AnomalyKind {
        KINDS[usize::from(self.kind).min(KINDS.len() - 1)]
    }
}

/// Why an anomaly is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// It went back to what was usual.
    BackToNormal,
    /// It lasted so long that it is what is usual now.
    NewNormal,
    /// A stronger anomaly of the same pattern took its place.
    Superseded,
    /// Nobody can tell any more: what it was seen in is silent, or had to be forgotten for lack of room.
    Lost,
}

/// An anomaly that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which one.
    pub key: AnomalyKey,
    /// When it had started, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// The end of the last unusual minute, unix nanoseconds UTC.
    pub ended_at_ns: i64,
    /// Why it is over.
    pub reason: EndReason,
}

/// An anomaly that goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenAnomaly {
    /// Which one.
    pub key: AnomalyKey,
    /// When it started, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// The most unusual value so far, in the anomaly's unit.
    pub peak: f64,
}

/// What one minute brought.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// New anomalies, strongest first; ids are nil. A score of 0.5 and more is worth an incident of
    /// its own, less is context for one.
    pub anomalies: Vec<Anomaly>,
    /// Anomalies that are over.
    pub ended: Vec<Ended>,
    /// Anomalies that were found but not handed out, because the minute had more than the limit.
    pub suppressed: usize,
    /// Records that were not watched: late ones, and those of services over the limit.
    pub unwatched: u64,
    /// Since when nothing arrives from any service, when that is unusual: the silence is not judged
    /// per service, since it is more likely the way here that is broken.
    pub silent_since_ns: Option<i64>,
}
