//! `vigil ask`: a question in the terminal.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::cli::AskArgs;
use crate::config::Config;
use crate::remote::Server;

/// Longest line of evidence in the terminal.
const EVIDENCE_CHARS: usize = 160;

/// Asks and prints the answer as it comes.
///
/// # Errors
/// Fails when the server does not answer, or only in part.
pub async fn run(args: AskArgs, config: &Config) -> anyhow::Result<()> {
    let server = Server::for_reading(&args.remote, config).await?;
    let zone = jiff::tz::TimeZone::system();
    let body = serde_json::json!({
        "question": args.question.join(" "),
        "time_zone": zone.iana_name(),
    });
    if args.json {
        let answer: Value = server
            .post("/api/v1/ask", "application/json", &body)
            .await?
            .json()
            .await?;
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    let response = server
        .post("/api/v1/ask", "text/event-stream", &body)
        .await?;
    let mut stream = response.bytes_stream();
    let mut events = Events::default();
    let mut view = View::default();
    while let Some(piece) = stream.next().await {
        for event in events.read(&piece.context("the stream broke")?) {
            view.take(&event);
        }
    }
    if view.is_by_rules_alone() {
        // Without its word about the model the answer is as good.
        let status = server.get("/api/v1/status").await.unwrap_or_default();
        view.model_note = model_note(&status);
    }
    view.finish()
}

/// Cuts a stream of bytes into events. A character may be cut by the pieces of the stream; an event never is.
#[derive(Default)]
pub(super) struct Events {
    rest: Vec<u8>,
}

impl Events {
    /// The events that are complete with this piece.
    pub(super) fn read(&mut self, piece: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(piece);
        let mut events = Vec::new();
        while let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
            let after = self.rest.split_off(end + 2);
            let event = std::mem::replace(&mut self.rest, after);
            events.push(String::from_utf8_lossy(&event[..end]).into_owned());
        }
        events
    }
}

/// Prints each part once: what was understood and found at once, the answer when it is final.
#[derive(Default)]
struct View {
    interpretation: Option<Value>,
    answer: Option<Value>,
    failure: Option<String>,
    is_done: bool,
    evidence: Option<Value>,
    elapsed_ms: u64,
    stages: Value,
    /// Why no model has added anything.
    model_note: Option<String>,
}

impl View {
    fn take(&mut self, event: &str) {
        let field = |name: &str| {
            event
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let (Some(name), Some(data)) = (field("event:"), field("data:")) else {
            return;
        };
        let Ok(data) = serde_json::from_str::<Value>(data) else {
            return;
        };
        match name {
            // It may come once more before the evidence.
            "interpretation" => self.interpretation = Some(data),
            "evidence" => {
                self.show_interpretation();
                self.evidence = Some(data);
            }
            "facts" | "answer" => self.answer = Some(data),
            "done" => {
                self.is_done = true;
                self.elapsed_ms = data["elapsed_ms"].as_u64().unwrap_or(0);
                self.stages = data["stages"].clone();
            }
            "error" => {
                let detail = data["detail"].as_str().unwrap_or("unknown");
                self.failure = Some(detail.to_owned());
            }
            // What the model writes is shown when it is verified.
            _ => {}
        }
    }

    /// Whether an answer was found that no model has looked at.
    fn is_by_rules_alone(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|answer| answer["found"] == true && answer["author"]["kind"] == "rules")
    }

    fn show_interpretation(&mut self) {
        if let Some(data) = self.interpretation.take() {
            println!("{}", interpretation(&data));
        }
    }

    /// Prints the answer; what was found stays visible when the answer failed.
    fn finish(&mut self) -> anyhow::Result<()> {
        self.show_interpretation();
        if let Some(answer) = &self.answer {
            print!("{}", render_answer(answer));
        }
        if let Some(evidence) = &self.evidence {
            print!("{}", render_evidence(&evidence["evidence"]));
        }
        if let Some(failure) = self.failure.take() {
            anyhow::bail!("the answer failed: {failure}");
        }
        anyhow::ensure!(
            self.is_done,
            "the answer ended early: the server closed the stream"
        );
        let note = self.answer.as_ref().and_then(author_note);
        if let Some(note) = note.or_else(|| self.model_note.take()) {
            println!("{}", dim(&note, std::io::stdout().is_terminal()));
        }
        println!("({})", spent(self.elapsed_ms, &self.stages));
        Ok(())
    }
}

/// `45 ms: understood 1.2 ms, found 8.4 ms, counted 14 ms`: the whole time and where it went.
fn spent(elapsed_ms: u64, stages: &Value) -> String {
    let parts: Vec<String> = [
        ("understood", "interpretation_ms"),
        ("planned", "planning_ms"),
        ("found", "retrieval_ms"),
        ("counted", "facts_ms"),
        ("first words after", "first_token_ms"),
        ("phrased", "narrative_ms"),
    ]
    .into_iter()
    .filter_map(|(label, name)| {
        let time_ms = stages[name].as_f64()?;
        let digits = usize::from(time_ms < 10.0);
        Some(format!("{label} {time_ms:.digits$} ms"))
    })
    .collect();
    if parts.is_empty() {
        format!("{elapsed_ms} ms")
    } else {
        format!("{elapsed_ms} ms: {}", parts.join(", "))
    }
}

/// That what a model wrote was not shown.
fn author_note(answer: &Value) -> Option<String> {
    let author = &answer["author"];
    (author["kind"] == "rules_after_rejection").then(|| {
        format!(
            "the text of {} was dropped: {}",
            author["model"].as_str().unwrap_or("the model"),
            author["reason"].as_str().unwrap_or("no reason was given"),
        )
    })
}

/// Where the model stands that has added nothing.
fn model_note(status: &Value) -> Option<String> {
    let check = status["checks"]
        .as_array()?
        .iter()
        .find(|check| check["name"] == "narrator_model")?;
    Some(format!(
        "no model has added to this answer: {}",
        check["detail"].as_str()?
    ))
}

fn dim(text: &str, is_terminal: bool) -> String {
    if is_terminal {
        format!("\x1b[2m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// `understood: count · 2026-11-23 07:16 to 2026-11-24 07:16 UTC (by default) · about: failed passwords`
fn interpretation(data: &Value) -> String {
    let mut text = "understood:".to_owned();
    let mut joint = " ";
    for chip in data["chips"].as_array().into_iter().flatten() {
        let label = chip[0].as_str().unwrap_or_default();
        let value = chip[1].as_str().unwrap_or_default();
        let _ = match label {
            "intent" | "time" => write!(text, "{joint}{value}"),
            _ => write!(text, "{joint}{label}: {value}"),
        };
        joint = " \u{b7} ";
    }
    let ignored: Vec<&str> = data["ignored_words"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !ignored.is_empty() {
        let _ = write!(text, "{joint}not understood: {}", ignored.join(", "));
    }
    text
}

/// An answer as text; also what the demo prints.
pub fn render_answer(answer: &Value) -> String {
    let mut text = format!("\n{}\n", answer["text"].as_str().unwrap_or("no answer"));
    for (index, suspect) in answer["suspects"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let heading = if index == 0 { "\nsuspects:\n" } else { "" };
        let _ = writeln!(
            text,
            "{heading}  {}. {} ({} confidence): {}",
            index + 1,
            suspect["name"].as_str().unwrap_or_default(),
            suspect["confidence"].as_str().unwrap_or_default(),
            suspect["reason"].as_str().unwrap_or_default(),
        );
        let check = suspect["check"].as_str().unwrap_or_default();
        if !check.is_empty() {
            let _ = writeln!(text, "     to check: {check}");
        }
    }
    for (index, step) in answer["next_steps"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let heading = if index == 0 { "\nnext steps:\n" } else { "" };
        let _ = writeln!(text, "{heading}  - {}", step.as_str().unwrap_or_default());
    }
    text
}

fn render_evidence(evidence: &Value) -> String {
    let mut text = String::new();
    let mut heading = "";
    for item in evidence.as_array().into_iter().flatten() {
        let wanted = match item["kind"].as_str() {
            Some("related") => "near to it, not counted",
            _ => "evidence",
        };
        if wanted != heading {
            let _ = write!(text, "\n{wanted}:\n");
            heading = wanted;
        }
        let shown: String = item["text"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(EVIDENCE_CHARS)
            .collect();
        let severity = match item["severity"].as_str() {
            None | Some("unspecified") => String::new(),
            Some(severity) => format!("{severity} "),
        };
        let _ = writeln!(
            text,
            "  [{}] {}x {severity}{}: {shown}",
            item["number"],
            item["count"],
            item["service"].as_str().unwrap_or("-"),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_two_pieces_share_stays_whole() {
        let whole =
            "event: answer\ndata: {\"text\":\"Grüße \u{2713}\"}\n\nevent: done\ndata: {}\n\n";
        for cut in 1..whole.len() {
            let mut events = Events::default();
            let mut read = events.read(&whole.as_bytes()[..cut]);
            read.extend(events.read(&whole.as_bytes()[cut..]));
            assert_eq!(read.len(), 2, "{cut}");
            assert!(read[0].ends_with("Grüße \u{2713}\"}"), "{cut}: {}", read[0]);
        }
    }

    #[test]
    fn what_was_understood_is_one_readable_line() {
        let shown = interpretation(&serde_json::json!({
            "intent": "find",
            "from": "2026-11-23T07:16:20.780025454Z",
            "to": "2026-11-24T07:16:20.780025454Z",
            "chips": [
                ["intent", "find"],
                ["time", "2026-11-23 07:16 to 2026-11-24 07:16 UTC (by default)"],
                ["about", "failed passwords"],
            ],
            "ignored_words": ["blursday"],
        }));
        assert_eq!(
            shown,
            "understood: find \u{b7} 2026-11-23 07:16 to 2026-11-24 07:16 UTC (by default) \u{b7} \
             about: failed passwords \u{b7} not understood: blursday"
        );
    }

    #[test]
    fn evidence_without_a_severity_names_none() {
        let items = serde_json::json!([
            { "number": 1, "count": 383, "severity": "unspecified", "service": "door", "text": "Failed login" },
            { "number": 2, "count": 2, "severity": "error", "service": null, "text": "down", "kind": "related" },
        ]);
        assert_eq!(
            render_evidence(&items),
            "\nevidence:\n  [1] 383x door: Failed login\n\nnear to it, not counted:\n  [2] 2x error -: down\n"
        );
    }

    #[test]
    fn a_text_that_was_dropped_or_not_written_is_said() {
        let dropped = serde_json::json!({ "found": true, "author": {
            "kind": "rules_after_rejection", "model": "small", "reason": "number 7 is in no evidence",
        } });
        assert_eq!(
            author_note(&dropped).as_deref(),
            Some("the text of small was dropped: number 7 is in no evidence")
        );
        let mut view = View::default();
        assert!(!view.is_by_rules_alone());
        view.take("event: answer\ndata: {\"found\":true,\"author\":{\"kind\":\"rules\"}}");
        assert!(view.is_by_rules_alone());
        let status = serde_json::json!({ "checks": [
            { "name": "store", "detail": "works" },
            { "name": "narrator_model", "detail": "loading small" },
        ] });
        assert_eq!(
            model_note(&status).as_deref(),
            Some("no model has added to this answer: loading small")
        );
        assert_eq!(model_note(&Value::Null), None);
        assert_eq!(dim("so", true), "\x1b[2mso\x1b[0m");
        assert_eq!(dim("so", false), "so");
    }

    #[test]
    fn the_time_says_where_it_went() {
        let stages = serde_json::json!({
            "interpretation_ms": 1.25, "retrieval_ms": 8.0, "facts_ms": 14.4, "narrative_ms": 2101.7,
        });
        assert_eq!(
            spent(2130, &stages),
            "2130 ms: understood 1.2 ms, found 8.0 ms, counted 14 ms, phrased 2102 ms"
        );
        assert_eq!(spent(3, &Value::Null), "3 ms");
    }

    #[test]
    fn a_failed_or_broken_answer_is_an_error() {
        let outcome = |events: &[&str]| {
            let mut view = View::default();
            for event in events {
                view.take(event);
            }
            view.finish().map_err(|error| error.to_string())
        };
        let done = "event: done\ndata: {\"elapsed_ms\":3}";
        let failed = "event: error\ndata: {\"code\":\"timeout\",\"detail\":\"too slow\"}";
        assert_eq!(outcome(&[done]), Ok(()));
        assert_eq!(
            outcome(&[failed]),
            Err("the answer failed: too slow".to_owned())
        );
        assert!(outcome(&[]).is_err());
    }
}
