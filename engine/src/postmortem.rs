//! The draft of a post-mortem: everything that is known of an incident as Markdown, with the questions that only people
//! can answer left open.

use std::fmt::Write as _;

use domain::{
    Anomaly, Incident, IncidentId, ProjectId, Sentence, Summary, SummaryAuthor, TimelineEntry,
    TimelineKind, format_duration,
};
use store::{AnomalyStore as _, IncidentStore as _};

use crate::incident_graph::IncidentGraph;
use crate::markdown::{code, counted, instant, plain};
use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// Lines of the timeline; of more, those of messages go first.
const LINES: usize = 60;
/// Pieces of evidence.
const EVIDENCE: usize = 20;

/// What a post-mortem is written from.
struct Case {
    incident: Incident,
    summary: Summary,
    timeline: Vec<TimelineEntry>,
    anomalies: Vec<Anomaly>,
    graph: IncidentGraph,
    url: String,
}

impl Engine {
    /// The draft of a post-mortem of an incident, in Markdown. Written by rules out of the stored summary and timeline; a
    /// sentence that a model phrased is in it only as the checked summary has it.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is [`Error::NotFound`].
    pub async fn postmortem(&self, project_id: ProjectId, id: IncidentId) -> Result<String, Error> {
        let inner = self.inner();
        blocking(move || Ok::<_, Error>(written(&inner.case(project_id, id)?))).await
    }
}

impl Inner {
    fn case(&self, project_id: ProjectId, id: IncidentId) -> Result<Case, Error> {
        let mut incident = self.stored_incident(project_id, id)?;
        let summary = match incident.summary.take() {
            Some(summary) => summary,
            None => self.draft(project_id, &incident)?.1,
        };
        incident.summary = Some(summary.clone());
        Ok(Case {
            timeline: self.store.timeline(project_id, id)?,
            anomalies: self
                .store
                .anomalies_by_ids(project_id, &incident.anomaly_ids)?,
            graph: self.incident_graph(project_id, &incident)?,
            url: format!("{}/incidents/{id}", self.config.public_url),
            incident,
            summary,
        })
    }
}

/// The whole text.
fn written(case: &Case) -> String {
    let mut text = String::new();
    head(case, &mut text);
    text.push_str("\n## Summary\n\n");
    sentences(&case.summary.what_happened, &mut text);
    text.push_str("\n## Impact\n\n");
    sentences(&case.summary.impact, &mut text);
    text.push_str("- Customers and money: _to be filled in_\n");
    detection(case, &mut text);
    timeline(case, &mut text);
    causes(case, &mut text);
    actions(case, &mut text);
    similar(case, &mut text);
    evidence(case, &mut text);
    let author = match &case.summary.author {
        SummaryAuthor::Rules | SummaryAuthor::RulesAfterRejection { .. } => {
            "written by rules".to_owned()
        }
        SummaryAuthor::Model { name } => {
            format!(
                "phrased by {} and checked against the evidence",
                plain(name)
            )
        }
    };
    let _ = writeln!(
        text,
        "\n---\nA draft out of what Vigil recorded. Numbers, times and suspects are computed; the summary was {author}. \
         What is _in italics_ is left to people."
    );
    text
}

fn head(case: &Case, text: &mut String) {
    let incident = &case.incident;
    let end = incident
        .resolved_at_ns
        .map_or_else(|| "not yet".to_owned(), instant);
    let lasted = incident.resolved_at_ns.map_or_else(
        || "it goes on".to_owned(),
        |end_ns| format_duration(end_ns.saturating_sub(incident.started_at_ns).max(0)),
    );
    let services: Vec<String> = incident.services.iter().map(|name| code(name)).collect();
    let _ = write!(
        text,
        "# Post-mortem: incident {}: {}\n\n\
         | | |\n|---|---|\n\
         | Severity | {} |\n\
         | State | {} |\n\
         | First symptom | {} |\n\
         | Opened | {} |\n\
         | Resolved | {end} |\n\
         | Duration | {lasted} |\n\
         | Services | {} |\n\
         | Link | <{}> |\n",
        incident.number,
        plain(&case.summary.headline),
        incident.severity.as_str(),
        incident.state.as_str(),
        instant(incident.started_at_ns),
        instant(incident.opened_at_ns),
        if services.is_empty() {
            "none named".to_owned()
        } else {
            services.join(", ")
        },
        case.url,
    );
}

fn sentences(all: &[Sentence], text: &mut String) {
    for sentence in all {
        let _ = write!(text, "- {}", plain(&sentence.text));
        if !sentence.citations.is_empty() {
            text.push(' ');
        }
        for number in &sentence.citations {
            let _ = write!(text, "\\[{number}\\]");
        }
        text.push('\n');
    }
}

/// How it was noticed and how fast somebody came.
fn detection(case: &Case, text: &mut String) {
    let incident = &case.incident;
    let since = |at_ns: i64, from_ns: i64| format_duration(at_ns.saturating_sub(from_ns).max(0));
    text.push_str("\n## Detection and response\n\n");
    let by = match incident.policy.as_deref() {
        Some(policy) if policy != alerting::DEFAULT_POLICY => {
            format!("the policy {}", code(policy))
        }
        _ if case.anomalies.is_empty() => "an alert".to_owned(),
        _ => counted(case.anomalies.len() as u64, "anomaly").replace("anomalys", "anomalies"),
    };
    let _ = writeln!(
        text,
        "- Noticed by {by}, {} after the first symptom.",
        since(incident.opened_at_ns, incident.started_at_ns)
    );
    match (incident.acknowledged_at_ns, &incident.acknowledged_by) {
        (Some(at_ns), by) => {
            let _ = writeln!(
                text,
                "- Taken by {}, {} after it was opened.",
                by.as_deref().map_or_else(|| "somebody".to_owned(), plain),
                since(at_ns, incident.opened_at_ns)
            );
        }
        (None, _) => text.push_str("- Nobody took it.\n"),
    }
    if let Some(at_ns) = incident.resolved_at_ns {
        let by = incident
            .resolved_by
            .as_deref()
            .map_or_else(String::new, |by| format!(" ({})", plain(by)));
        let _ = writeln!(
            text,
            "- It ended {} after it was opened{by}.",
            since(at_ns, incident.opened_at_ns)
        );
    }
    text.push_str("- What would have shown it earlier: _to be filled in_\n");
}

/// What happened, oldest first, without what repeats.
fn timeline(case: &Case, text: &mut String) {
    let mut lines: Vec<&TimelineEntry> = case
        .summary
        .timeline
        .iter()
        .chain(&case.timeline)
        .filter(|line| line.kind != TimelineKind::Summarised)
        .collect();
    lines.sort_by(|a, b| a.at_ns.cmp(&b.at_ns).then_with(|| a.text.cmp(&b.text)));
    lines.dedup_by(|a, b| a.at_ns == b.at_ns && a.text == b.text);
    if lines.len() > LINES {
        lines.retain(|line| {
            !matches!(
                line.kind,
                TimelineKind::Notified | TimelineKind::NotifyFailed
            )
        });
    }
    let left_out = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    text.push_str("\n## Timeline (UTC)\n\n| Time | What | |\n|---|---|---|\n");
    for line in lines {
        let kind = line_word(line.kind);
        let actor = line
            .actor
            .as_deref()
            .filter(|actor| !line.text.contains(*actor))
            .map_or_else(String::new, |actor| format!(" ({})", plain(actor)));
        let at = domain::format_timestamp_short(line.at_ns);
        let _ = writeln!(
            text,
            "| {} | {kind} | {}{actor} |",
            at.trim_end_matches('Z'),
            plain(&line.text)
        );
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "\n{} more were left out.",
            counted(left_out as u64, "line")
        );
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

/// The suspects: what was computed, not what is so.
fn causes(case: &Case, text: &mut String) {
    text.push_str("\n## Root cause\n\n");
    if case.summary.suspects.is_empty() {
        text.push_str("Nothing stood out as a suspect.\n");
    } else {
        text.push_str("Suspects, most likely first, as computed from the records:\n\n");
    }
    for (place, suspect) in case.summary.suspects.iter().enumerate() {
        let _ = writeln!(
            text,
            "{}. **{}** ({} confidence): {}",
            place + 1,
            plain(&suspect.name),
            suspect.confidence.as_str(),
            plain(&suspect.reason)
        );
        if !suspect.check.is_empty() {
            let _ = writeln!(text, "   - To check: {}", plain(&suspect.check));
        }
    }
    let calls: Vec<String> = case
        .graph
        .edges
        .iter()
        .take(12)
        .map(|edge| format!("{} → {}", code(&edge.caller), code(&edge.callee)))
        .collect();
    if !calls.is_empty() {
        let _ = writeln!(
            text,
            "\nWho depends on whom around it: {}.",
            calls.join(", ")
        );
    }
    text.push_str("\nConfirmed cause: _to be filled in_\n");
}

fn actions(case: &Case, text: &mut String) {
    text.push_str("\n## What to do\n\n");
    for step in &case.summary.next_steps {
        let _ = writeln!(text, "- [ ] {}", plain(step));
    }
    text.push_str("- [ ] _What keeps it from happening again, who does it, until when_\n");
    text.push_str("\nWhat went well, what went badly, where we were lucky: _to be filled in_\n");
}

fn similar(case: &Case, text: &mut String) {
    if case.summary.similar.is_empty() {
        return;
    }
    text.push_str("\n## Similar incidents\n\n");
    for other in &case.summary.similar {
        let _ = writeln!(
            text,
            "- Incident {} of {}: {} ({:.0} % alike)",
            other.number,
            instant(other.opened_at_ns),
            plain(&other.title),
            100.0 * other.similarity
        );
    }
}

fn evidence(case: &Case, text: &mut String) {
    if case.summary.evidence.is_empty() {
        return;
    }
    text.push_str("\n## Evidence\n\n");
    for item in case.summary.evidence.iter().take(EVIDENCE) {
        let service = item
            .service
            .as_deref()
            .map_or_else(String::new, |service| format!("{}: ", code(service)));
        let usual = item.expected.map_or_else(String::new, |expected| {
            format!(
                ", usually {}",
                crate::markdown::count(expected.round() as u64)
            )
        });
        let _ = writeln!(
            text,
            "- \\[{}\\] {service}{} ({}{usual}, first {})",
            item.number,
            code(&item.text),
            counted(item.count, "time"),
            instant(item.first_at_ns)
        );
    }
}

#[cfg(test)]
mod tests;
