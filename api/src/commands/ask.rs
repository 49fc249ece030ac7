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
/// Fails when the server does not answer, or only in part.
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
    let mut events = Events::default();
    let mut view = View::default();
    while let Some(piece) = stream.next().await {
        for event in events.read(&piece.context("the stream broke")?) {
            view.take(&event);
        }
    }
    view.finish()
}

/// Cuts a stream of bytes into events. A character may be cut by the pieces of the stream; an event never is.
#[derive(Default)]
struct Events {
    rest: Vec<u8>,
}

impl Events {
    /// The events that are complete with this piece.
    fn read(&mut self, piece: &[u8]) -> Vec<String> {
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
            "answer" => self.answer = Some(data),
            "done" => {
                self.is_done = true;
                self.elapsed_ms = data["elapsed_ms"].as_u64().unwrap_or(0);
            }
            "error" => {
                let detail = data["detail"].as_str().unwrap_or("unknown");
                self.failure = Some(detail.to_owned());
            }
            // What the model writes is shown when it is verified.
            _ => {}
        }
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
        println!("({} ms)", self.elapsed_ms);
        Ok(())
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
