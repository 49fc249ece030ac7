//! Whether a summary tells what somebody who is woken up has to know.

use domain::{NANOS_PER_MINUTE, Summary, TimelineKind};
use inference::SummaryFacts;
use testkit::scenario::Story;

use super::play::BEGIN_NS;

/// The key facts.
pub(super) const KEYS: [&str; 5] = [
    "service",
    "onset",
    "fault class",
    "impact",
    "first evidence",
];
/// Minutes between the true onset and the one that is told.
const NEAR: i64 = 2;

/// How classes of the scenarios are called in the runbook: the words that tell a person what kind of fault it is.
const NAMES: [(&str, &[&str]); 19] = [
    (
        "change",
        &["change “", "deploy", "feature flag", "config change"],
    ),
    (
        "configuration",
        &["configuration", "config change", "clock"],
    ),
    (
        "timeouts",
        &["timeouts", "answers too slowly", "slower than usual"],
    ),
    (
        "server_errors",
        &["server errors", "internal error", "answered 500"],
    ),
    ("rate_limited", &["rate limiting", "too many requests"]),
    ("disk_full", &["disk or quota full", "no space left"]),
    ("out_of_memory", &["out of memory"]),
    ("tls", &["certificate"]),
    ("database_pool", &["database connections used up", "pool"]),
    ("failed_logins", &["failed login"]),
    ("hardware", &["hardware", "cpu_steal", "cpu steal"]),
    ("dns", &["name resolution", "enotfound"]),
    ("database", &["database errors", "deadlock", "slow quer"]),
    ("backlog", &["backlog", "queue"]),
    (
        "damaged_data",
        &["damaged or missing data", "cannot be decoded"],
    ),
    (
        "connections",
        &["connections refused or unreachable", "connection refused"],
    ),
    ("crashes", &["crashes", "panicked"]),
    ("permission_denied", &["permission denied"]),
    ("silence", &["silent", "silence", "stopped", "no records"]),
];

/// Which of [`KEYS`] a summary tells.
pub(super) fn covered(story: &Story, facts: &SummaryFacts, summary: &Summary) -> [bool; 5] {
    let text = told(summary);
    let lower = text.to_lowercase();
    let root = story.root.as_deref().unwrap_or_default();
    let is_named = text.contains(root) || summary.suspects.iter().any(|s| s.name.contains(root));
    [
        is_named,
        tells_onset(story, &text),
        NAMES
            .iter()
            .find(|(class, _)| *class == story.class)
            .is_some_and(|(_, words)| words.iter().any(|word| lower.contains(word))),
        tells_impact(facts, &text),
        tells_first(summary, &text),
    ]
}

/// Headline, sentences and impact: what is forwarded.
fn told(summary: &Summary) -> String {
    let sentences = summary.what_happened.iter().chain(&summary.impact);
    let texts = sentences.map(|sentence| sentence.text.as_str());
    std::iter::once(summary.headline.as_str())
        .chain(texts)
        .collect::<Vec<_>>()
        .join("\n")
}

fn tells_onset(story: &Story, text: &str) -> bool {
    (-NEAR..=NEAR).any(|lag| {
        let at_ns = BEGIN_NS + (story.onset_minute as i64 + lag) * NANOS_PER_MINUTE;
        text.contains(&domain::format_timestamp_short(at_ns)[11..16])
    })
}

/// The errors of the service that has most of them, else its records.
fn tells_impact(facts: &SummaryFacts, text: &str) -> bool {
    let plain = text.replace(',', "");
    facts.services.first().is_none_or(|service| {
        let amount = if service.errors > 0 {
            service.errors
        } else {
            service.records
        };
        plain.contains(&service.service) && plain.contains(&amount.to_string())
    })
}

/// What was seen first (patterns and measurements, not changes) is told, in a sentence or with its time in the order of
/// events.
fn tells_first(summary: &Summary, text: &str) -> bool {
    let seen = summary.evidence.iter().filter(|item| {
        !matches!(
            item.kind,
            domain::EvidenceKind::Change | domain::EvidenceKind::Fact
        )
    });
    let Some(first_ns) = seen.clone().map(|item| item.first_at_ns).min() else {
        return false;
    };
    seen.filter(|item| item.first_at_ns == first_ns)
        .any(|item| {
            let is_cited = summary
                .what_happened
                .iter()
                .any(|sentence| sentence.citations.contains(&item.number));
            let is_listed = summary
                .timeline
                .iter()
                .any(|entry| entry.kind == TimelineKind::Anomaly && entry.at_ns == first_ns);
            let time = &domain::format_timestamp_short(first_ns)[11..16];
            is_cited && (is_listed || text.contains(time))
        })
}
