//! A digest as Markdown.

use std::fmt::Write as _;

use domain::{Incident, format_duration};
use jiff::tz::TimeZone;

use super::{Digest, Pair, ServiceLine};
use crate::markdown::{code, count, counted, plain, readable};
use crate::pattern_diff::PatternShift;
use crate::zoned;

/// People who took incidents that are named.
const PEOPLE: usize = 5;
/// Errors more or less that are no change of a service.
const FEW: u64 = 5;

/// The whole text.
pub(super) fn written(digest: &Digest, url: &str, zone: &TimeZone) -> String {
    let days = digest.range.duration_ns() / super::DAY_NS;
    let edge = |at_ns| zoned::formatted(at_ns, zone, "%a %Y-%m-%d %H:%M");
    let mut text = format!(
        "# Digest of {}\n\n{} to {} ({})\n\n",
        counted(days.unsigned_abs(), "day"),
        edge(digest.range.start_ns),
        edge(digest.range.end_ns),
        zoned::formatted(digest.range.end_ns, zone, "%Z"),
    );
    // Of a project that had nothing before, everything is new: that says nothing.
    let is_first = digest.records.before == 0;
    let _ = writeln!(text, "- {}", beside("record", digest.records, is_first));
    let _ = writeln!(text, "- {}", beside("error", digest.errors, is_first));
    let _ = writeln!(text, "- {}", beside("incident", digest.incidents, is_first));
    open(digest, &mut text);
    if is_first && digest.records.now > 0 {
        text.push_str("- There are no records of the time before to compare with\n");
    }
    incidents(digest, url, zone, &mut text);
    alerts(digest, &mut text);
    services(digest, &mut text);
    patterns(digest, is_first, &mut text);
    rest(digest, zone, &mut text);
    text
}

/// `12,000 records, 20 % more than in the time before (10,000)`.
fn beside(noun: &str, pair: Pair, is_first: bool) -> String {
    let now = counted(pair.now, noun);
    if pair.before == 0 {
        return if pair.now == 0 || is_first {
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
        let word = if change > 0.0 { "more" } else { "fewer" };
        format!(
            "{now}, {:.0} % {word} than in the time before ({before})",
            change.abs()
        )
    }
}

/// What is open still, and how fast somebody came.
fn open(digest: &Digest, text: &mut String) {
    if digest.open_now > 0 {
        let older = digest.open_now.saturating_sub(digest.still_open);
        let older = match older {
            0 => String::new(),
            older => format!(", {} of them from before", count(older)),
        };
        let _ = writeln!(
            text,
            "- {} open now{older}",
            counted(digest.open_now, "incident")
        );
    }
    if let Some(time_ns) = digest.time_to_acknowledge_ns {
        let _ = writeln!(
            text,
            "- Time to acknowledge: {} (median); {} of {} taken",
            format_duration(time_ns),
            count(digest.taken),
            count(digest.incidents.now)
        );
    } else if digest.incidents.now > 0 {
        text.push_str("- Nobody took any\n");
    }
    if let Some(time_ns) = digest.time_to_resolve_ns {
        let _ = writeln!(
            text,
            "- Time to resolve: {} (median)",
            format_duration(time_ns)
        );
    }
}

fn incidents(digest: &Digest, url: &str, zone: &TimeZone, text: &mut String) {
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
            time_of(incident, zone),
            readable(
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

fn time_of(incident: &Incident, zone: &TimeZone) -> String {
    let start = zoned::instant(incident.started_at_ns, zone);
    let lasted = match incident.resolved_at_ns {
        Some(end_ns) => format!(
            "{start}, {}",
            format_duration(end_ns.saturating_sub(incident.started_at_ns).max(0))
        ),
        None => format!("since {start}, still open"),
    };
    match &incident.acknowledged_by {
        Some(by) => format!("{lasted}, taken by {}", plain(by)),
        None => lasted,
    }
}

/// Where alerts came from and what they cost people: what nobody needed is where to begin.
fn alerts(digest: &Digest, text: &mut String) {
    if digest.sources.is_empty() {
        return;
    }
    text.push_str(
        "\n## Alerts and on-call\n\n| Opened by | Incidents | taken | ended untouched | Messages |\n|---|--:|--:|--:|--:|\n",
    );
    for source in &digest.sources {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            plain(&source.name),
            count(source.incidents),
            count(source.taken),
            count(source.unneeded),
            count(source.messages)
        );
    }
    let load = &digest.load;
    let least = if load.is_cut { "at least " } else { "" };
    let _ = write!(
        text,
        "\n- {least}{} sent",
        counted(load.messages, "message")
    );
    if load.failed > 0 {
        let _ = write!(text, ", {} could not be delivered", count(load.failed));
    }
    if load.escalations > 0 {
        let _ = write!(
            text,
            "; passed on {} because nobody took it in time",
            crate::markdown::times(load.escalations)
        );
    }
    let _ = writeln!(
        text,
        "\n- {} at night (22:00 to 07:00), {} at the weekend",
        counted(load.at_night, "incident"),
        count(load.at_weekend)
    );
    if !load.taken_by.is_empty() {
        let people: Vec<String> = load
            .taken_by
            .iter()
            .take(PEOPLE)
            .map(|(name, taken)| format!("{} {}", plain(name), count(*taken)))
            .collect();
        let _ = writeln!(text, "- Taken by: {}", people.join(", "));
    }
    if load.unneeded > 0 {
        let _ = writeln!(
            text,
            "- {} ended without anybody: raise the limit of what opened it, or judge it as noise",
            counted(load.unneeded, "incident")
        );
    }
}

fn services(digest: &Digest, text: &mut String) {
    if digest.services.is_empty() {
        return;
    }
    text.push_str(
        "\n## Services\n\n| Service | | Errors | before | Records | before |\n|---|---|--:|--:|--:|--:|\n",
    );
    for line in &digest.services {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            plain(&line.service),
            verdict(line, digest.records.before == 0),
            count(line.errors.now),
            count(line.errors.before),
            count(line.records.now),
            count(line.records.before)
        );
    }
}

/// What became of a service, in a word.
fn verdict(line: &ServiceLine, is_first: bool) -> &'static str {
    let Pair { now, before } = line.errors;
    if is_first {
        ""
    } else if line.records.now == 0 {
        "silent"
    } else if line.records.before == 0 {
        "new"
    } else if now > before + before / 5 + FEW {
        "worse"
    } else if now + before / 5 + FEW < before {
        "better"
    } else {
        ""
    }
}

fn patterns(digest: &Digest, is_first: bool, text: &mut String) {
    use anomaly::WindowChange as C;
    type IsOne = fn(C) -> bool;
    let new = if is_first {
        "Warnings and errors"
    } else {
        "New warnings and errors"
    };
    let groups: [(&str, IsOne); 3] = [
        (new, |change| change == C::New),
        ("Warnings and errors that got worse", |change| {
            matches!(change, C::Surged | C::ShareUp)
        }),
        ("Warnings and errors that got better", |change| {
            matches!(change, C::Dropped | C::ShareDown | C::Steady | C::Vanished)
        }),
    ];
    for (title, is_one) in groups {
        let rows: Vec<&PatternShift> = digest
            .patterns
            .iter()
            .filter(|row| is_one(row.shift.change))
            .collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {title}\n\n");
        for row in rows {
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
                services.join(", "),
                code(&inference::without_slots(&row.template.text)),
                what(row)
            );
        }
    }
}

fn what(row: &PatternShift) -> String {
    match (row.before, row.after) {
        (0, after) => counted(after, "record"),
        (before, 0) => format!("gone, {} before", counted(before, "record")),
        (before, after) => format!("{} after {}", counted(after, "record"), count(before)),
    }
}

fn rest(digest: &Digest, zone: &TimeZone, text: &mut String) {
    if !digest.anomalies.is_empty() {
        let kinds: Vec<String> = digest
            .anomalies
            .iter()
            .map(|(kind, number)| {
                format!("{}: {}", kind.as_str().replace('_', " "), count(*number))
            })
            .collect();
        let _ = writeln!(text, "\n## Anomalies by kind\n\n{}", kinds.join(", "));
    }
    if digest.changes > 0 {
        let more = digest.changes > digest.newest_changes.len() as u64;
        let _ = writeln!(
            text,
            "\n## Deploys and other changes\n\n{} in all{}:\n",
            count(digest.changes),
            if more { ", the newest" } else { "" }
        );
        for change in &digest.newest_changes {
            let _ = writeln!(
                text,
                "- {}: {}",
                zoned::instant(change.timestamp_ns, zone),
                plain(&crate::facts::change_text(change))
            );
        }
    }
}
