//! `vigil ask`: a question in the terminal.

use std::fmt::Write as _;

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
/// Fails when the server does not answer.
pub async fn run(args: AskArgs, config: &Config) -> anyhow::Result<()> {
    let server = Server::new(&args.remote, config).await?;
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
    let mut rest = String::new();
    let mut view = View::default();
    while let Some(piece) = stream.next().await {
        rest.push_str(&String::from_utf8_lossy(
            &piece.context("the stream broke")?,
        ));
        while let Some((event, after)) = rest.split_once("\n\n") {
            view.take(event);
            rest = after.to_owned();
        }
    }
    view.finish();
    Ok(())
}

/// Prints each part once: what was understood and found at once, the answer when it is final.
#[derive(Default)]
struct View {
    answer: Option<Value>,
    evidence: Option<Value>,
    elapsed_ms: u64,
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
            "interpretation" => println!("{}", interpretation(&data)),
            "evidence" => self.evidence = Some(data),
            "answer" => self.answer = Some(data),
            "done" => self.elapsed_ms = data["elapsed_ms"].as_u64().unwrap_or(0),
            "error" => eprintln!("error: {}", data["detail"].as_str().unwrap_or("unknown")),
            _ => {}
        }
    }

    fn finish(&self) {
        if let Some(answer) = &self.answer {
            print!("{}", render_answer(answer));
        }
        if let Some(evidence) = &self.evidence {
            print!("{}", render_evidence(&evidence["evidence"]));
        }
        println!("({} ms)", self.elapsed_ms);
    }
}

fn interpretation(data: &Value) -> String {
    let mut text = format!(
        "understood: {} from {} to {}",
        data["intent"].as_str().unwrap_or("find"),
        data["from"].as_str().unwrap_or("?"),
        data["to"].as_str().unwrap_or("?"),
    );
    for chip in data["chips"].as_array().into_iter().flatten() {
        let _ = write!(
            text,
            ", {}: {}",
            chip[0].as_str().unwrap_or_default(),
            chip[1].as_str().unwrap_or_default()
        );
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
    for (index, item) in evidence.as_array().into_iter().flatten().enumerate() {
        if index == 0 {
            text.push_str("\nevidence:\n");
        }
        let shown: String = item["text"]
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(EVIDENCE_CHARS)
            .collect();
        let _ = writeln!(
            text,
            "  [{}] {}x {} {}: {shown}",
            item["number"],
            item["count"],
            item["severity"].as_str().unwrap_or_default(),
            item["service"].as_str().unwrap_or("-"),
        );
    }
    text
}
