//! A digest as Markdown.

use std::fmt::Write as _;

use domain::{Incident, format_duration};

use super::{Digest, Pair};
use crate::markdown::{code, count, counted, instant, plain};
use crate::pattern_diff::PatternShift;

/// The whole text.
pub(super) fn written(digest: &Digest, url: &str) -> String {
    let days = digest.range.duration_ns() / super::DAY_NS;
    let mut text = format!(
        "# Digest of {}, {} to {}\n\n",
        counted(days.unsigned_abs(), "day"),
        day(digest.range.start_ns),
        day(digest.range.end_ns)
    );
    let _ = writeln!(text, "- {}", beside("record", digest.records));
    let _ = writeln!(text, "- {}", beside("error", digest.errors));
    let _ = write!(text, "- {}", beside("incident", digest.incidents));
    match digest.still_open {
        0 => text.push('\n'),
        open => {
            let _ = writeln!(text, "; {} still open", count(open));
        }
    }
    for (what, time_ns) in [
        ("Somebody took an incident", digest.time_to_acknowledge_ns),
        ("An incident ended", digest.time_to_resolve_ns),
    ] {
        if let Some(time_ns) = time_ns {
            let _ = writeln!(text, "- {what} after {} (median)", format_duration(time_ns));
        }
    }
    incidents(digest, url, &mut text);
    services(digest, &mut text);
    patterns(digest, &mut text);
    rest(digest, &mut text);
    text
}

/// `12,000 records, 20 % more than the time before (10,000)`.
fn beside(noun: &str, pair: Pair) -> String {
    let now = counted(pair.now, noun);
    if pair.before == 0 {
        return if pair.now == 0 {
            now
        } else {
            format!("{now}, none in the time before")
        };
    }
    let change = 100.0 * (pair.now as f64 - pair.before as f64) / pair.before as f64;
    let before = count(pair.before);
    if change.abs() < 1.0 {
        format!("{now}, about as many as in the time before ({before})")
    } else if change >= 1_000.0 {
        format!(
            "{now}, {:.0} times as many as in the time before ({before})",
            pair.now as f64 / pair.before as f64
        )
    } else {
        let word = if change > 0.0 { "more" } else { "less" };
        format!(
            "{now}, {:.0} % {word} than in the time before ({before})",
            change.abs()
        )
    }
}

fn day(at_ns: i64) -> String {
    let text = domain::format_timestamp_short(at_ns);
    text.get(..10).unwrap_or(&text).to_owned()
}

fn incidents(digest: &Digest, url: &str, text: &mut String) {
    if digest.worst.is_empty() {
        text.push_str("\nNo incident was opened.\n");
        return;
    }
    text.push_str("\n## Incidents\n\n");
    for incident in &digest.worst {
        let _ = writeln!(
            text,
            "- [{}]({url}/incidents/{}) {}, {}: {}",
            incident.number,
            incident.id,
            incident.severity.as_str(),
            time_of(incident),
            plain(
                incident
                    .summary
                    .as_ref()
                    .map_or(&incident.title, |summary| &summary.headline)
            )
        );
    }
    let more = digest
        .incidents
        .now
        .saturating_sub(digest.worst.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "- and {} more", count(more));
    }
}

fn time_of(incident: &Incident) -> String {
    let start = instant(incident.started_at_ns);
    match incident.resolved_at_ns {
        Some(end_ns) => format!(
            "{start}, {}",
            format_duration(end_ns.saturating_sub(incident.started_at_ns).max(0))
        ),
        None => format!("since {start}"),
    }
}

fn services(digest: &Digest, text: &mut String) {
    if digest.services.is_empty() {
        return;
    }
    text.push_str(
        "\n## Services\n\n| Service | Errors | before | Records | before |\n|---|--:|--:|--:|--:|\n",
    );
    for line in &digest.services {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            plain(&line.service),
            count(line.errors.now),
            count(line.errors.before),
            count(line.records.now),
            count(line.records.before)
        );
    }
}

fn patterns(digest: &Digest, text: &mut String) {
    if digest.patterns.is_empty() {
        return;
    }
    text.push_str("\n## Warnings and errors that changed\n\n");
    for row in &digest.patterns {
        let services: Vec<String> = row
            .template
            .services
            .iter()
            .take(3)
            .map(|name| plain(name))
            .collect();
        let _ = writeln!(
            text,
            "- {}: {} ({})",
            what(row),
            code(&row.template.text),
            services.join(", ")
        );
    }
}

fn what(row: &PatternShift) -> String {
    use anomaly::WindowChange as C;
    match row.shift.change {
        C::New => format!("new, {}", counted(row.after, "record")),
        C::Vanished => format!("gone, {} before", counted(row.before, "record")),
        C::Surged | C::ShareUp => format!(
            "more, {} after {}",
            counted(row.after, "record"),
            count(row.before)
        ),
        C::Dropped | C::ShareDown | C::Steady => format!(
            "less, {} after {}",
            counted(row.after, "record"),
            count(row.before)
        ),
    }
}

fn rest(digest: &Digest, text: &mut String) {
    if !digest.anomalies.is_empty() {
        let kinds: Vec<String> = digest
            .anomalies
            .iter()
            .map(|(kind, number)| format!("{} {}", count(*number), kind.as_str().replace('_', " ")))
            .collect();
        let _ = writeln!(text, "\n## Anomalies\n\n{}", kinds.join(", "));
    }
    if digest.changes > 0 {
        let _ = writeln!(
            text,
            "\n## Changes\n\n{} in all; the newest:\n",
            count(digest.changes)
        );
        for change in &digest.newest_changes {
            let _ = writeln!(
                text,
                "- {}: {}",
                instant(change.timestamp_ns),
                plain(&crate::facts::change_text(change))
            );
        }
    }
}
