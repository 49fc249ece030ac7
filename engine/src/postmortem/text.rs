//! The whole text.

use std::fmt::Write as _;

use domain::{Evidence, EvidenceKind, Sentence, SummaryAuthor, format_duration};

use super::{Case, response, timeline};
use crate::markdown::{code, count, plain, readable, times};

/// Pieces of evidence.
const EVIDENCE: usize = 20;
/// Calls around the incident that are named.
const CALLS: usize = 12;
/// Characters of the reason for which something is suspected.
const REASON: usize = 240;
/// What stands where only people know.
pub(super) const OPEN: &str = "_to be filled in_";

pub(super) fn written(case: &Case) -> String {
    let mut text = String::new();
    head(case, &mut text);
    text.push_str("\n## Summary\n\n");
    sentences(&case.summary.what_happened, &mut text);
    text.push_str("\n## Impact\n\n");
    sentences(&case.summary.impact, &mut text);
    let _ = writeln!(text, "- Customers, requests and money: {OPEN}");
    response::write(case, &mut text);
    timeline::write(case, &mut text);
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
    let since = |at_ns: i64, from_ns: i64| format_duration(at_ns.saturating_sub(from_ns).max(0));
    let lasted = since(case.end_ns(), incident.started_at_ns);
    let (end, lasted) = match incident.resolved_at_ns {
        Some(end_ns) => (case.instant(end_ns), lasted),
        None => ("not yet".to_owned(), format!("{lasted} so far")),
    };
    let services: Vec<String> = incident.services.iter().map(|name| plain(name)).collect();
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
         | Written by | {OPEN} |\n\
         | Link | <{}> |\n",
        incident.number,
        plain(&case.summary.headline),
        incident.severity.as_str(),
        incident.state.as_str(),
        case.instant(incident.started_at_ns),
        case.instant(incident.opened_at_ns),
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

/// The suspects: what was computed, not what is so.
fn causes(case: &Case, text: &mut String) {
    text.push_str("\n## Root cause\n\n");
    if case.summary.suspects.is_empty() {
        text.push_str("Nothing stood out as a suspect.\n");
    } else {
        text.push_str("Suspects, most likely first, as computed from the records:\n\n");
    }
    for (place, suspect) in case.summary.suspects.iter().enumerate() {
        let numbers: Vec<String> = suspect
            .evidence
            .iter()
            .map(|n| format!("\\[{n}\\]"))
            .collect();
        let _ = writeln!(
            text,
            "{}. **{}** ({} confidence): {}{}{}",
            place + 1,
            plain(&suspect.name),
            suspect.confidence.as_str(),
            readable(&clauses(&suspect.reason)),
            if numbers.is_empty() { "" } else { " " },
            numbers.join("")
        );
        if !suspect.check.is_empty() {
            let _ = writeln!(text, "   - To check: {}", readable(&suspect.check));
        }
    }
    let calls: Vec<String> = case
        .graph
        .edges
        .iter()
        .take(CALLS)
        .map(|edge| format!("{} → {}", code(&edge.caller), code(&edge.callee)))
        .collect();
    if !calls.is_empty() {
        let _ = writeln!(
            text,
            "\nWho depends on whom around it: {}.",
            calls.join(", ")
        );
    }
    let _ = writeln!(text, "\nConfirmed cause: {OPEN}\n\nWhat ended it: {OPEN}");
}

/// The first clauses of a reason (`a; b; c`) that fit, at least one.
fn clauses(text: &str) -> String {
    let mut told = String::new();
    for clause in text.split("; ") {
        if !told.is_empty() && told.chars().count() + clause.chars().count() > REASON {
            break;
        }
        if !told.is_empty() {
            told.push_str("; ");
        }
        told.push_str(clause);
    }
    told
}

/// What the runbook names is ticked where it was done; what is to be done is for people to say.
fn actions(case: &Case, text: &mut String) {
    if !case.summary.next_steps.is_empty() {
        text.push_str("\n## Steps of the runbook\n\nTick what was done:\n\n");
    }
    for step in &case.summary.next_steps {
        let _ = writeln!(text, "- [ ] {}", plain(step));
    }
    let _ = write!(
        text,
        "\n## Action items\n\n\
         | What keeps it from happening again | Who | Until |\n|---|---|---|\n\
         | {OPEN} | | |\n\
         \n## Lessons\n\n\
         - What went well: {OPEN}\n\
         - What went badly: {OPEN}\n\
         - Where we were lucky: {OPEN}\n"
    );
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
            case.instant(other.opened_at_ns),
            readable(&other.title),
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
        let _ = writeln!(
            text,
            "- \\[{}\\] {service}{} ({}{})",
            item.number,
            code(&inference::without_slots(&item.text)),
            counted(item),
            case.instant(item.first_at_ns)
        );
    }
    let left_out = case.summary.evidence.len().saturating_sub(EVIDENCE);
    if left_out > 0 {
        let _ = writeln!(text, "- and {} more", count(left_out as u64));
    }
}

/// How often records came. A change happens once, and a value of a metric is no number of times.
fn counted(item: &Evidence) -> String {
    if !matches!(
        item.kind,
        EvidenceKind::Template | EvidenceKind::Record | EvidenceKind::Related
    ) {
        return String::new();
    }
    let usual = item.expected.map_or_else(String::new, |expected| {
        match expected.round().max(0.0) as u64 {
            0 => ", usually never".to_owned(),
            usual => format!(", usually {}", times(usual)),
        }
    });
    format!("{}{usual}, first ", times(item.count))
}
