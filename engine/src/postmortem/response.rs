//! How it was noticed, who was told, who came and what they did.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domain::{Incident, NANOS_PER_SECOND, TimelineEntry, TimelineKind, format_duration};

use super::Case;
use super::text::OPEN;
use crate::markdown::{code, counted, plain, readable};

pub(super) fn write(case: &Case, text: &mut String) {
    let incident = &case.incident;
    text.push_str("\n## Detection and response\n\n");
    let _ = writeln!(
        text,
        "- Noticed by {}, {} after the first symptom.",
        noticed_by(case),
        since(incident.opened_at_ns, incident.started_at_ns)
    );
    let _ = writeln!(text, "- {}", told(case));
    let escalations = lines(case, TimelineKind::Escalated).count() as u64;
    if escalations > 0 {
        let _ = writeln!(
            text,
            "- It was passed on {}, because nobody took it in time or nobody was reached.",
            crate::markdown::times(escalations)
        );
    }
    let _ = writeln!(text, "- {}", taken(incident));
    if let Some(at_ns) = incident
        .resolved_at_ns
        .filter(|at_ns| *at_ns < incident.opened_at_ns)
    {
        let _ = writeln!(
            text,
            "- It was found in the past, {} after its end.",
            since(incident.opened_at_ns, at_ns)
        );
    } else if let Some(at_ns) = incident.resolved_at_ns {
        let by = incident
            .resolved_by
            .as_deref()
            .map_or_else(|| "by itself".to_owned(), |by| format!("by {}", plain(by)));
        let _ = writeln!(
            text,
            "- It was resolved {by}, {} after it was opened.",
            since(at_ns, incident.opened_at_ns)
        );
    }
    let _ = writeln!(text, "- What would have shown it earlier: {OPEN}");
    deeds(case, text);
}

fn since(at_ns: i64, from_ns: i64) -> String {
    format_duration(at_ns.saturating_sub(from_ns).max(0))
}

fn lines(case: &Case, kind: TimelineKind) -> impl Iterator<Item = &TimelineEntry> {
    case.timeline.iter().filter(move |line| line.kind == kind)
}

/// The policy, or what was unusual.
fn noticed_by(case: &Case) -> String {
    let policy = case.incident.policy.as_deref();
    if let Some(policy) = policy.filter(|policy| *policy != alerting::DEFAULT_POLICY) {
        return format!("the policy {}", code(policy));
    }
    match case.anomalies.len() as u64 {
        0 => "an alert".to_owned(),
        1 => format!("an anomaly ({})", readable(&case.incident.title)),
        count => format!(
            "an anomaly ({}), the first of {}",
            readable(&case.incident.title),
            crate::markdown::count(count)
        ),
    }
}

/// Whom messages reached, and how soon.
fn told(case: &Case) -> String {
    let sent: Vec<&TimelineEntry> = lines(case, TimelineKind::Notified).collect();
    let failed = lines(case, TimelineKind::NotifyFailed).count() as u64;
    let failures = match failed {
        0 => String::new(),
        _ => format!(" {} could not be delivered.", counted(failed, "message")),
    };
    let Some(first) = sent.iter().min_by_key(|line| line.at_ns) else {
        return format!("Nobody was told.{failures}");
    };
    // "slack:#ops was told: opened"
    let receivers: BTreeSet<&str> = sent
        .iter()
        .filter_map(|line| Some(line.text.split_once(" was told")?.0))
        .collect();
    let names: Vec<String> = receivers.into_iter().map(plain).collect();
    let waited_ns = first.at_ns.saturating_sub(case.incident.opened_at_ns);
    let soon = if waited_ns < NANOS_PER_SECOND {
        "as it was opened".to_owned()
    } else {
        format!("{} after it was opened", format_duration(waited_ns))
    };
    format!(
        "{} went to {}, the first {soon}.{failures}",
        counted(sent.len() as u64, "message"),
        names.join(", ")
    )
}

fn taken(incident: &Incident) -> String {
    match (incident.acknowledged_at_ns, &incident.acknowledged_by) {
        (Some(at_ns), by) => format!(
            "Taken by {}, {} after it was opened.",
            by.as_deref().map_or_else(|| "somebody".to_owned(), plain),
            since(at_ns, incident.opened_at_ns)
        ),
        (None, _) => "Nobody took it.".to_owned(),
    }
}

/// What people did, as far as it is known here.
fn deeds(case: &Case, text: &mut String) {
    text.push_str("\n## Who did what\n\n| Time | Who | What |\n|---|---|---|\n");
    for line in &case.timeline {
        let Some(actor) = &line.actor else { continue };
        let by = format!(" by {actor}");
        let what = line.text.replacen(&by, "", 1);
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            case.instant(line.at_ns),
            plain(actor),
            readable(&what)
        );
    }
    let _ = writeln!(text, "| {OPEN} | | |");
}
