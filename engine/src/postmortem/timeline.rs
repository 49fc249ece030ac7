//! What happened, oldest first, without what repeats.

use std::fmt::Write as _;

use domain::{NANOS_PER_MINUTE, TimelineEntry, TimelineKind};

use super::Case;
use crate::markdown::{counted, plain, readable};
use crate::zoned;

/// Lines of the timeline; of more, those of messages go first.
const LINES: usize = 60;
/// What is told of the same thing within this time is told once.
const SAME_NS: i64 = 2 * NANOS_PER_MINUTE;
/// Characters of log text that tell what a line is about.
const TEXT: usize = 200;

pub(super) fn write(case: &Case, text: &mut String) {
    let mut all = told_once(case);
    let lines = all.len();
    if all.len() > LINES {
        all.retain(|(line, _)| {
            !matches!(
                line.kind,
                TimelineKind::Notified | TimelineKind::NotifyFailed
            )
        });
    }
    all.truncate(LINES);
    let left_out = lines - all.len();
    let day = |at_ns| zoned::formatted(at_ns, &case.zone, "%Y-%m-%d");
    let days: Vec<String> = all.iter().map(|(line, _)| day(line.at_ns)).collect();
    let zone = zoned::formatted(case.incident.started_at_ns, &case.zone, "%Z");
    // The date stands above where all is of one day.
    let (place, format) = match days.first() {
        Some(first) if days.iter().all(|day| day == first) => {
            (format!("{first}, {zone}"), "%H:%M:%S")
        }
        _ => (zone, "%Y-%m-%d %H:%M:%S"),
    };
    let _ = write!(
        text,
        "\n## Timeline ({place})\n\n| Time | | What |\n|---|---|---|\n"
    );
    for (line, told) in all {
        let actor = line
            .actor
            .as_deref()
            .filter(|actor| !line.text.contains(*actor))
            .map_or_else(String::new, |actor| format!(" ({})", plain(actor)));
        let _ = writeln!(
            text,
            "| {} | {} | {}{actor} |",
            zoned::formatted(line.at_ns, &case.zone, format),
            line_word(line.kind),
            readable(&told)
        );
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "\n{} more {} left out.",
            counted(left_out as u64, "line"),
            if left_out == 1 { "was" } else { "were" }
        );
    }
}

/// The lines of the summary and of the incident in the order of time, each with what it says. A symptom that is told again
/// at about the same time is told once.
fn told_once(case: &Case) -> Vec<(&TimelineEntry, String)> {
    let mut lines: Vec<&TimelineEntry> = case
        .summary
        .timeline
        .iter()
        .chain(&case.timeline)
        .filter(|line| line.kind != TimelineKind::Summarised)
        .collect();
    lines.sort_by(|a, b| {
        let key = |line: &TimelineEntry| (line.at_ns, rank(line.kind));
        key(a).cmp(&key(b)).then_with(|| a.text.cmp(&b.text))
    });
    let mut told: Vec<(&TimelineEntry, String)> = Vec::with_capacity(lines.len());
    for line in lines {
        let text = shown(&line.text);
        let is_told = |text: &str| {
            told.iter().rev().any(|(other, known)| {
                other.kind == TimelineKind::Anomaly
                    && line.at_ns.saturating_sub(other.at_ns) <= SAME_NS
                    && (says(known, text) || says(text, known))
            })
        };
        let is_again = line.kind == TimelineKind::Anomaly && is_told(&text);
        let text = match text.strip_prefix("opened: ") {
            Some(title) if line.kind == TimelineKind::Opened && is_told(title) => {
                "the incident was opened for it".to_owned()
            }
            _ => text,
        };
        let is_same = told.iter().any(|(other, known)| {
            (other.at_ns, other.kind) == (line.at_ns, line.kind) && *known == text
        });
        if !is_again && !is_same {
            told.push((line, text));
        }
    }
    told
}

/// Whether `whole` is `part`, with the name of a service before it or without.
fn says(whole: &str, part: &str) -> bool {
    whole
        .strip_suffix(part)
        .is_some_and(|before| before.is_empty() || before.ends_with(": "))
}

/// Without the reason for which an anomaly was put to the incident, and not longer than a line.
fn shown(text: &str) -> String {
    let text = text.split(" (joined: ").next().unwrap_or(text);
    if text.chars().count() <= TEXT {
        return text.to_owned();
    }
    let kept: String = text.chars().take(TEXT).collect();
    format!("{}\u{2026}", kept.trim_end())
}

/// What comes first of one instant: the cause before the symptom, and that before what was done about it.
fn rank(kind: TimelineKind) -> u8 {
    match kind {
        TimelineKind::Change => 0,
        TimelineKind::Anomaly => 1,
        TimelineKind::Alert => 2,
        TimelineKind::Opened => 3,
        TimelineKind::Notified | TimelineKind::NotifyFailed => 4,
        TimelineKind::Escalated => 5,
        TimelineKind::Acknowledged => 6,
        TimelineKind::Comment | TimelineKind::Summarised => 7,
        TimelineKind::Resolved => 8,
    }
}

fn line_word(kind: TimelineKind) -> &'static str {
    match kind {
        TimelineKind::Opened => "opened",
        TimelineKind::Anomaly => "anomaly",
        TimelineKind::Change => "change",
        TimelineKind::Alert => "alert",
        TimelineKind::Notified => "told",
        TimelineKind::NotifyFailed => "not told",
        TimelineKind::Escalated => "escalated",
        TimelineKind::Acknowledged => "taken",
        TimelineKind::Resolved => "resolved",
        TimelineKind::Summarised => "summarised",
        TimelineKind::Comment => "comment",
    }
}
