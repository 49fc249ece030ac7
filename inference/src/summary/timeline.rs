//! The order of events.

use domain::{EvidenceKind, TimelineEntry, TimelineKind};

use crate::facts::SummaryFacts;
use crate::words;

/// Lines in one summary; the incident's own timeline has them all.
const MAX_ENTRIES: usize = 30;

/// What the engine recorded, and what the evidence adds: changes, and the first sight of each pattern.
pub(super) fn timeline(facts: &SummaryFacts) -> Vec<TimelineEntry> {
    let mut entries = facts.timeline.clone();
    for item in &facts.evidence {
        let who = item
            .service
            .as_deref()
            .map(|name| format!("{}: ", words::plain(name, 48)))
            .unwrap_or_default();
        let (kind, text) = match item.kind {
            EvidenceKind::Change => (
                TimelineKind::Change,
                format!("{who}{}", words::plain(&item.text, 120)),
            ),
            EvidenceKind::Template | EvidenceKind::Record => (
                TimelineKind::Anomaly,
                format!("{who}first {}", words::told(&item.text)),
            ),
            EvidenceKind::Metric | EvidenceKind::Anomaly => (
                TimelineKind::Anomaly,
                format!("{who}{}", words::plain(&item.text, 160)),
            ),
            EvidenceKind::Fact | EvidenceKind::Related => continue,
        };
        let is_known = entries
            .iter()
            .any(|entry| entry.kind == kind && entry.at_ns == item.first_at_ns);
        if !is_known || kind == TimelineKind::Anomaly && facts.timeline.is_empty() {
            entries.push(TimelineEntry {
                at_ns: item.first_at_ns,
                kind,
                text,
                actor: None,
            });
        }
    }
    entries.sort_by_key(|entry| entry.at_ns);
    entries.truncate(MAX_ENTRIES);
    entries
}
