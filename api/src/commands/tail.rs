//! `vigil tail`: records in the terminal as they come.

use std::collections::{HashSet, VecDeque};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::bail;
use futures_util::StreamExt as _;
use serde_json::Value;

use super::ask::Events;
use crate::cli::TailArgs;
use crate::config::Config;
use crate::remote::Server;

/// A server that is silent for so long is gone: it sends a comment every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// Pause before the second try after a connection broke; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Records that are asked for again after a connection broke: the server's limit of a page.
const CATCH_UP: usize = 1_000;
/// Records that are known when they come again.
const REMEMBERED: usize = 4 * CATCH_UP;

/// Prints records until it is interrupted.
///
/// # Errors
/// Fails when the server refuses, and when it cannot be reached at first.
pub async fn run(args: TailArgs, config: &Config) -> anyhow::Result<()> {
    let mut server = Server::for_reading(&args.remote, config).await?;
    let mut view = View::new(&args);
    let mut pause = FIRST_PAUSE;
    let mut is_first = true;
    loop {
        let end = match server
            .stream("/api/v1/logs/tail", &view.question(&args))
            .await
        {
            Ok(response) => {
                if !is_first {
                    eprintln!("vigil: connected again");
                }
                pause = FIRST_PAUSE;
                is_first = false;
                follow(response, &mut view).await?
            }
            // The session that was made for this command is over since long.
            Err(error) if !is_first && is_refused(&error) => End::SessionOver,
            Err(error) if is_first || !is_passing(&error) => return Err(error),
            Err(_) => End::Broken,
        };
        match end {
            End::TooSlow => bail!("the server closed the tail because too little was read from it"),
            End::SessionOver => {
                // A session of this machine is made anew; a token that was given is over.
                if args.remote.token.is_some() {
                    bail!("the session is over: log in again");
                }
                server = Server::for_reading(&args.remote, config).await?;
                tokio::time::sleep(FIRST_PAUSE).await;
            }
            End::Broken => {
                if pause == FIRST_PAUSE {
                    eprintln!("vigil: the connection ended; trying again");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Whether the same request may succeed later.
fn is_passing(error: &anyhow::Error) -> bool {
    let text = error.to_string();
    let is_status = |start: &str| text.starts_with(&format!("the server answered {start}"));
    error.downcast_ref::<reqwest::Error>().is_some() || is_status("5") || is_status("429")
}

fn is_refused(error: &anyhow::Error) -> bool {
    error.to_string().starts_with("the server answered 401")
}

/// Why a stream ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Broken,
    SessionOver,
    TooSlow,
}

async fn follow(response: reqwest::Response, view: &mut View) -> anyhow::Result<End> {
    let mut stream = response.bytes_stream();
    let mut events = Events::default();
    loop {
        let Ok(Some(Ok(piece))) = tokio::time::timeout(SILENCE, stream.next()).await else {
            return Ok(End::Broken);
        };
        let mut shown = String::new();
        let mut end = None;
        for event in events.read(&piece) {
            match view.take(&event) {
                Told::Lines(lines) => shown.push_str(&lines),
                Told::Note(note) => {
                    print(&mut shown)?;
                    eprintln!("vigil: {note}");
                }
                Told::End(why) => end = Some(why),
                Told::Nothing => {}
            }
        }
        print(&mut shown)?;
        if let Some(end) = end {
            return Ok(end);
        }
    }
}

fn print(text: &mut String) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    text.clear();
    Ok(())
}

/// What an event is to the reader.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Lines(String),
    Note(String),
    End(End),
    Nothing,
}

/// What was shown, and how.
struct View {
    is_json: bool,
    is_terminal: bool,
    /// The newest instant that was shown.
    newest: Option<String>,
    known: HashSet<String>,
    order: VecDeque<String>,
}

impl View {
    fn new(args: &TailArgs) -> Self {
        Self {
            is_json: args.json,
            is_terminal: std::io::stdout().is_terminal(),
            newest: None,
            known: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    /// What the server is asked: after a break also for what it would have shown meanwhile.
    fn question(&self, args: &TailArgs) -> Vec<(&'static str, String)> {
        let filter = args.filter.join(" ");
        let lines = match &self.newest {
            None => args.lines,
            Some(_) => CATCH_UP,
        };
        let mut query = vec![("limit", lines.to_string())];
        for (name, value) in [
            ("q", (!filter.is_empty()).then_some(filter)),
            ("from", self.newest.clone()),
            ("service", args.service.clone()),
            ("severity", args.severity.clone()),
        ] {
            if let Some(value) = value {
                query.push((name, value));
            }
        }
        query
    }

    fn take(&mut self, event: &str) -> Told {
        let field = |name: &str| {
            event
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let (Some(name), Some(text)) = (field("event:"), field("data:")) else {
            return Told::Nothing;
        };
        let Ok(data) = serde_json::from_str::<Value>(text) else {
            return Told::Nothing;
        };
        match name {
            "record" => self.record(&data, text),
            "dropped" => Told::Note(lost(&data)),
            "end" => Told::End(match data["reason"].as_str() {
                Some("session_over") => End::SessionOver,
                Some("too_slow") => End::TooSlow,
                _ => End::Broken,
            }),
            _ => Told::Nothing,
        }
    }

    fn record(&mut self, record: &Value, text: &str) -> Told {
        let id = record["id"].as_str().unwrap_or_default().to_owned();
        if !self.known.insert(id.clone()) {
            return Told::Nothing;
        }
        self.order.push_back(id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        let at = record["timestamp"].as_str().unwrap_or_default();
        let stamp = domain::parse_timestamp(at);
        let newest = self.newest.as_deref().and_then(domain::parse_timestamp);
        if stamp > newest {
            self.newest = Some(at.to_owned());
        }
        Told::Lines(if self.is_json {
            format!("{text}\n")
        } else {
            line(record, self.is_terminal)
        })
    }
}

/// `2026-11-23T14:05:09.120Z error checkout: card declined`, in colours for a terminal.
fn line(record: &Value, is_terminal: bool) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    let (at, severity, service, body) = (
        text("timestamp"),
        text("severity"),
        text("service"),
        text("body"),
    );
    let severity = if severity == "unspecified" {
        "-"
    } else {
        severity
    };
    if !is_terminal {
        return format!("{at} {severity} {service}: {body}\n");
    }
    let colour = match severity {
        "error" | "fatal" => "\x1b[31m",
        "warn" => "\x1b[33m",
        "trace" | "debug" => "\x1b[2m",
        _ => "",
    };
    let (service, body) = (harmless(service), harmless(body));
    format!("\x1b[2m{at}\x1b[0m {colour}{severity}\x1b[0m {service}: {body}\n")
}

/// Without what a terminal would obey.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|character| {
            let is_obeyed = character.is_control() && !matches!(character, '\n' | '\t');
            if is_obeyed { '\u{fffd}' } else { character }
        })
        .collect()
}

/// That records are missing.
fn lost(data: &Value) -> String {
    let records = data["records"].as_u64().unwrap_or(0);
    let unseen = data["unseen"].as_u64().unwrap_or(0);
    let mut parts = Vec::new();
    if records > 0 {
        parts.push(format!(
            "{records} records came faster than they could be shown"
        ));
    }
    if unseen > 0 {
        parts.push(format!(
            "{unseen} records were not compared with the filter because too many came"
        ));
    }
    format!("{}; a search finds them", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Remote;

    fn args() -> TailArgs {
        TailArgs {
            filter: vec!["level>=warn".into(), "timeout".into()],
            lines: 10,
            service: Some("shop".into()),
            severity: None,
            json: false,
            remote: Remote {
                url: "http://localhost".into(),
                token: None,
            },
        }
    }

    fn record(id: &str, at: &str, body: &str) -> String {
        let data = serde_json::json!({
            "id": id, "timestamp": at, "severity": "error", "service": "shop", "body": body,
        });
        format!("event: record\nid: {id}\ndata: {data}")
    }

    fn view() -> View {
        View {
            is_terminal: false,
            ..View::new(&args())
        }
    }

    #[test]
    fn a_record_is_one_line_and_shown_once() {
        let mut view = view();
        let event = record("1", "2026-11-23T14:00:00.5Z", "card declined");
        let shown = Told::Lines("2026-11-23T14:00:00.5Z error shop: card declined\n".into());
        assert_eq!(view.take(&event), shown);
        assert_eq!(view.take(&event), Told::Nothing);
        assert_eq!(view.take(":"), Told::Nothing);
        for number in 0..=REMEMBERED {
            view.take(&record(&format!("n{number}"), "2026-11-23T14:00:00Z", "x"));
        }
        assert_eq!(view.known.len(), REMEMBERED);
        assert_eq!(view.take(&event), shown, "forgotten after many others");
    }

    #[test]
    fn after_a_break_it_asks_for_what_came_since_the_newest() {
        let mut view = view();
        let first = [
            ("limit", "10".to_owned()),
            ("q", "level>=warn timeout".to_owned()),
            ("service", "shop".to_owned()),
        ];
        assert_eq!(view.question(&args()), first);
        for (id, at) in [
            ("1", "2026-11-23T14:00:09Z"),
            ("2", "2026-11-23T14:00:10.25Z"),
            ("3", "2026-11-23T14:00:10Z"),
        ] {
            view.take(&record(id, at, "x"));
        }
        let again = view.question(&args());
        assert_eq!(again[0], ("limit", "1000".to_owned()));
        assert!(again.contains(&("from", "2026-11-23T14:00:10.25Z".to_owned())));
    }

    #[test]
    fn losses_and_ends_are_told() {
        let mut view = view();
        let told = view.take("event: dropped\ndata: {\"records\":501,\"unseen\":0}");
        let expected = "501 records came faster than they could be shown; a search finds them";
        assert_eq!(told, Told::Note(expected.into()));
        let end = |reason: &str| format!("event: end\ndata: {{\"reason\":\"{reason}\"}}");
        for (reason, expected) in [
            ("stopping", End::Broken),
            ("session_over", End::SessionOver),
            ("too_slow", End::TooSlow),
        ] {
            assert_eq!(view.take(&end(reason)), Told::End(expected));
        }
    }

    #[test]
    fn a_terminal_obeys_no_record() {
        let record = serde_json::json!({
            "timestamp": "t", "severity": "info", "service": "a\u{7}", "body": "x\u{1b}[2J\ny",
        });
        let shown = line(&record, true);
        assert!(shown.ends_with("a\u{fffd}: x\u{fffd}[2J\ny\n"), "{shown:?}");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = |text: &str| anyhow::anyhow!("the server answered {text}: x");
        assert!(is_passing(&refused("503 Service Unavailable")));
        assert!(is_passing(&refused("429 Too Many Requests")));
        assert!(!is_passing(&refused("401 Unauthorized")));
        assert!(!is_passing(&refused("400 Bad Request")));
    }
}
