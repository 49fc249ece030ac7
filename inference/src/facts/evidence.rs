//! Numbering of evidence.

use domain::{
    Anomaly, AnomalyKind, ChangeEvent, Evidence, EvidenceKind, LogRecord, RecordId, Severity,
    Template, TemplateCount,
};

/// Characters of one record kept as evidence.
const RECORD_LIMIT: usize = 500;

/// Collects evidence and gives it its numbers, from 1.
#[derive(Debug, Clone, Default)]
pub struct EvidenceBook {
    items: Vec<Evidence>,
}

impl EvidenceBook {
    /// An empty book.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pattern with its count in the window; `expected` is what would have been usual in the same
    /// time. Gives its number.
    pub fn pattern(
        &mut self,
        template: &Template,
        counted: &TemplateCount,
        expected: Option<f64>,
        samples: Vec<RecordId>,
    ) -> u32 {
        self.push(Evidence {
            service: Some(counted.service.clone()),
            severity: counted.severity,
            count: counted.count,
            expected,
            template_id: Some(template.id),
            record_ids: samples,
            last_at_ns: counted.last_minute_ns,
            ..plain(
                EvidenceKind::Template,
                template.text.clone(),
                counted.first_minute_ns,
            )
        })
    }

    /// Adds one record. Gives its number.
    pub fn record(&mut self, record: &LogRecord) -> u32 {
        let text = record.body.chars().take(RECORD_LIMIT).collect();
        self.push(Evidence {
            service: Some(record.service.clone()),
            severity: record.severity,
            template_id: Some(record.template_id),
            record_ids: vec![record.id],
            ..plain(EvidenceKind::Record, text, record.timestamp_ns)
        })
    }

    /// Adds a change event. Gives its number.
    pub fn change(&mut self, event: &ChangeEvent) -> u32 {
        let kind = event.kind.as_str().replace('_', " ");
        let text = format!("{kind}: {}", event.title);
        self.push(Evidence {
            service: event.service.clone(),
            ..plain(EvidenceKind::Change, text, event.timestamp_ns)
        })
    }

    /// Adds an anomaly by its own sentence (for metrics, level changes and unusual mixes; the anomalies of
    /// a pattern are better told by [`EvidenceBook::pattern`]). Gives its number.
    pub fn anomaly(&mut self, anomaly: &Anomaly) -> u32 {
        let kind = if anomaly.kind == AnomalyKind::Metric {
            EvidenceKind::Metric
        } else {
            EvidenceKind::Anomaly
        };
        let count = anomaly.observed.round() as u64;
        self.push(Evidence {
            service: anomaly.service.clone(),
            severity: anomaly.severity,
            count,
            expected: Some(anomaly.expected),
            template_id: anomaly.template_id,
            last_at_ns: anomaly.detected_at_ns,
            ..plain(kind, anomaly.reason.clone(), anomaly.started_at_ns)
        })
    }

    /// Adds a computed sentence about `count` records. Gives its number.
    pub fn fact(&mut self, text: String, count: u64, at_ns: i64) -> u32 {
        self.push(Evidence {
            count,
            ..plain(EvidenceKind::Fact, text, at_ns)
        })
    }

    /// Adds evidence that was built elsewhere; its number is replaced. Gives the new one.
    pub fn push(&mut self, mut evidence: Evidence) -> u32 {
        let number = u32::try_from(self.items.len() + 1).unwrap_or(u32::MAX);
        evidence.number = number;
        self.items.push(evidence);
        number
    }

    /// What has been collected.
    #[must_use]
    pub fn items(&self) -> &[Evidence] {
        &self.items
    }

    /// Takes it out.
    #[must_use]
    pub fn into_items(self) -> Vec<Evidence> {
        self.items
    }
}

fn plain(kind: EvidenceKind, text: String, at_ns: i64) -> Evidence {
    Evidence {
        number: 0,
        kind,
        text,
        service: None,
        severity: Severity::Unspecified,
        count: 1,
        expected: None,
        template_id: None,
        record_ids: Vec::new(),
        first_at_ns: at_ns,
        last_at_ns: at_ns,
    }
}
