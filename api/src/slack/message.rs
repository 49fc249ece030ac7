//! What is written into Slack. Text out of records is escaped: it makes no mentions and no links.

use std::fmt::Write as _;

use domain::{Evidence, Incident};
use engine::{Answer, Interpretation};
use notify::slack::escape;
use serde_json::{Value, json};

/// Slack's limit of a section is 3,000 characters, of all blocks about 12,000.
const TEXT: usize = 2_800;
const LINE: usize = 240;
const EVIDENCE: usize = 5;
const SUSPECTS: usize = 3;
const STEPS: usize = 4;

/// Who sees a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    /// Whoever asked.
    Private,
    /// Everybody in the channel.
    Public,
}

impl Reply {
    fn word(self) -> &'static str {
        match self {
            Self::Private => "ephemeral",
            Self::Public => "in_channel",
        }
    }
}

/// A short note to who asked.
pub(crate) fn note(text: &str) -> Value {
    json!({ "response_type": Reply::Private.word(), "text": escape(text, TEXT) })
}

/// That nobody said which project a channel is about.
pub(crate) fn homeless(team: &str, channel: &str) -> Value {
    note(&format!(
        "This channel ({channel} in {team}) belongs to no project of Vigil: add it under [[slack.place]]."
    ))
}

/// That something failed.
pub(crate) fn failure(question: &str, why: &str) -> Value {
    note(&format!(
        "\u{201c}{question}\u{201d} could not be answered: {why}"
    ))
}

/// What can be typed.
pub(crate) fn help(command: &str) -> Value {
    let command = escape(command, 40);
    json!({
        "response_type": Reply::Private.word(),
        "text": format!(
            "`{command} why is checkout slow` answers a question about the logs\n\
             `{command} incidents` shows what is open\n\
             `{command} ack 12` takes an incident, `{command} resolve 12` ends it"
        ),
    })
}

/// Open incidents.
pub(crate) fn incident_list(incidents: &[Incident], url: &str) -> Value {
    if incidents.is_empty() {
        return note("No incident is open.");
    }
    let mut lines = Vec::new();
    for incident in incidents {
        let headline = incident
            .summary
            .as_ref()
            .map_or(&incident.title, |summary| &summary.headline);
        let by = incident
            .acknowledged_by
            .as_deref()
            .map_or_else(String::new, |by| format!(" by {}", escape(by, 60)));
        lines.push(format!(
            "*<{url}/incidents/{}|#{}>* {} {}{by}: {}",
            incident.id,
            incident.number,
            incident.severity.as_str(),
            incident.state.as_str(),
            escape(headline, LINE)
        ));
    }
    // A section for each: none of them is cut in two.
    let sections = lines.iter().map(|line| section(line)).collect();
    blocks(Reply::Private, "Open incidents", sections)
}

/// A whole answer.
pub(crate) fn answer(
    question: &str,
    understood: Option<&Interpretation>,
    evidence: &[Evidence],
    answer: &Answer,
    elapsed_ms: u128,
) -> Value {
    let mut all = vec![section(&format!(
        "*{}*\n{}",
        escape(question, 300),
        escape(&answer.text(), TEXT - 320)
    ))];
    let suspects = answer.suspects.iter().take(SUSPECTS).enumerate();
    let suspects: Vec<String> = suspects
        .map(|(place, suspect)| {
            format!(
                "{}. *{}* ({} confidence): {}",
                place + 1,
                escape(&suspect.name, 80),
                suspect.confidence.as_str(),
                escape(&suspect.reason, LINE)
            )
        })
        .collect();
    list("Suspects", &suspects, &mut all);
    let steps: Vec<String> = answer
        .next_steps
        .iter()
        .take(STEPS)
        .map(|step| format!("\u{2022} {}", escape(step, LINE)))
        .collect();
    list("Next steps", &steps, &mut all);
    let shown = |item: &Evidence| {
        let service = item.service.as_deref().unwrap_or("-");
        format!(
            "[{}] {}\u{d7} {}: `{}`",
            item.number,
            item.count,
            escape(service, 60),
            escape(&item.text.replace('`', "'"), LINE)
        )
    };
    // What is only near was not counted, and must not look as if it was.
    let (near, cited): (Vec<&Evidence>, Vec<&Evidence>) = evidence
        .iter()
        .partition(|item| item.kind == domain::EvidenceKind::Related);
    let cited: Vec<String> = cited.into_iter().take(EVIDENCE).map(shown).collect();
    list("Evidence", &cited, &mut all);
    if cited.is_empty() {
        let near: Vec<String> = near.into_iter().take(EVIDENCE).map(shown).collect();
        list("Near to it, not counted", &near, &mut all);
    }
    let mut small = String::new();
    for (label, value) in understood.iter().flat_map(|item| &item.chips) {
        let _ = write!(
            small,
            "{}: {} \u{b7} ",
            escape(label, 40),
            escape(value, 120)
        );
    }
    let _ = write!(small, "{elapsed_ms} ms");
    all.push(json!({ "type": "context", "elements": [mrkdwn(&small)] }));
    blocks(Reply::Public, &answer.text(), all)
}

fn blocks(reply: Reply, fallback: &str, blocks: Vec<Value>) -> Value {
    json!({
        "response_type": reply.word(),
        "text": escape(fallback, 600),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn list(title: &str, lines: &[String], all: &mut Vec<Value>) {
    if !lines.is_empty() {
        all.push(section(&format!("*{title}*\n{}", lines.join("\n"))));
    }
}

fn section(text: &str) -> Value {
    // Escaped pieces are cut before; this cannot cut one in two.
    let text: String = text.chars().take(2_990).collect();
    json!({ "type": "section", "text": mrkdwn(&text) })
}

fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

#[cfg(test)]
mod tests {
    use domain::{EvidenceKind, Severity};

    use super::*;

    #[test]
    fn text_of_records_mentions_nobody_and_links_nowhere() {
        let evidence = Evidence {
            number: 1,
            kind: EvidenceKind::Template,
            text: "<!channel> see <https://evil.example|here> `x` @everyone".to_owned(),
            service: Some("<@U1>".to_owned()),
            severity: Severity::Error,
            count: 3,
            expected: None,
            template_id: None,
            record_ids: Vec::new(),
            first_at_ns: 0,
            last_at_ns: 0,
        };
        let found: Answer = serde_json::from_value(json!({
            "question": "", "interpretation": [], "is_found": true, "facts": [], "narrative": [],
            "suspects": [], "next_steps": [], "evidence": [], "author": { "kind": "rules" },
        }))
        .unwrap();
        let shown = answer("<!here> why", None, &[evidence], &found, 12).to_string();
        for forbidden in ["<!channel", "<https", "<@U1", "<!here", "@everyone"] {
            assert!(!shown.contains(forbidden), "{forbidden} in {shown}");
        }
        assert!(shown.contains("&lt;!channel&gt;"), "{shown}");
    }
}
