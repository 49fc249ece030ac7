//! What the demo prints.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use domain::{Anomaly, AnomalyId, ChangeEvent, Incident, ProjectId, Summary};
use engine::Engine;
use serde_json::{Value, json};

use crate::commands::ask::render_answer;
use crate::config::reachable;
use crate::program;
use crate::serve::Server;

/// Prints with the bars of models that are being fetched out of the way.
macro_rules! println {
    ($($text:tt)*) => {
        crate::progress::suspend(|| std::println!($($text)*))
    };
}

/// Anomalies that are shown as they come; the rest is counted.
const SHOWN: usize = 8;

/// The first lines.
pub fn begin(server: &Server) {
    println!(
        "\nA small shop of five services, one minute a second: {}.\n\
         Vigil sees their logs and metrics only; nobody tells it what is usual.\n",
        super::shop::SERVICES.join(", ")
    );
    if let Some(first) = &server.first {
        println!(
            "Watch it on the page: http://{}  (user admin, password {})\n",
            reachable(server.addr),
            first.password
        );
    }
}

/// The shop is well.
pub fn healthy(minute_ns: i64, records: usize) {
    println!(
        "{}  the shop is well, {records} records so far",
        clock(minute_ns)
    );
}

/// Somebody deploys.
pub fn deploy(event: &ChangeEvent) {
    println!("{}  deploy: {}", clock(event.timestamp_ns), event.title);
}

fn clock(at_ns: i64) -> String {
    let text = domain::format_timestamp_short(at_ns);
    text.get(11..19).unwrap_or(&text).to_owned()
}

/// Shows anomalies and incidents as they come.
#[derive(Default)]
pub struct Watcher {
    records: usize,
    seen: HashSet<AnomalyId>,
    found: Vec<Anomaly>,
}

impl Watcher {
    /// More records were sent.
    pub fn count(&mut self, records: usize) {
        self.records += records;
    }

    /// Records so far.
    pub fn records(&self) -> usize {
        self.records
    }

    /// What was found, as JSON.
    pub fn anomalies(&self) -> Vec<Value> {
        self.found
            .iter()
            .map(|anomaly| {
                json!({
                    "kind": anomaly.kind.as_str(),
                    "service": anomaly.service,
                    "score": anomaly.score,
                    "started_at": domain::format_timestamp(anomaly.started_at_ns),
                    "reason": anomaly.reason,
                })
            })
            .collect()
    }

    /// Shows what is new.
    pub async fn look(&mut self, engine: &Engine, project_id: ProjectId) -> anyhow::Result<()> {
        let mut anomalies = engine.anomalies(project_id, 100).await?;
        anomalies.reverse();
        for anomaly in anomalies {
            if !self.seen.insert(anomaly.id) {
                continue;
            }
            if self.found.len() < SHOWN {
                println!(
                    "{}  anomaly ({}, score {:.2}): {}",
                    clock(anomaly.detected_at_ns),
                    anomaly.kind.as_str().replace('_', " "),
                    anomaly.score,
                    anomaly.reason
                );
            } else if self.found.len() == SHOWN {
                println!("          ... more anomalies join the incident");
            }
            self.found.push(anomaly);
        }
        Ok(())
    }
}

/// The incident with its summary.
pub fn incident(incident: &Incident, summary: &Summary) {
    println!(
        "\n=== Incident #{} ({}) ===\n{}\n",
        incident.number,
        incident.severity.as_str(),
        summary.headline
    );
    for sentence in summary.what_happened.iter().chain(&summary.impact) {
        println!("{} {}", sentence.text, marks(&sentence.citations));
    }
    println!("\nSuspects:");
    for (index, suspect) in summary.suspects.iter().enumerate() {
        println!(
            "  {}. {} ({} confidence): {} {}",
            index + 1,
            suspect.name,
            suspect.confidence.as_str(),
            suspect.reason,
            marks(&suspect.evidence)
        );
    }
    println!("\nNext steps:");
    for step in &summary.next_steps {
        println!("  - {step}");
    }
    println!("\nEvidence:");
    for item in &summary.evidence {
        println!("  [{}] {}x {}", item.number, item.count, item.text);
    }
}

fn marks(citations: &[u32]) -> String {
    citations
        .iter()
        .map(|number| format!("[{number}]"))
        .collect()
}

/// The message as the channel got it.
pub fn message(message: &Value) {
    let text = serde_json::to_string_pretty(message).unwrap_or_default();
    println!("\n=== What the Slack webhook received ===\n{text}");
}

/// The question and its answer.
pub fn answer(question: &str, answer: &Value) {
    println!(
        "\n=== vigil ask \"{question}\" ===\n{}",
        render_answer(answer)
    );
}

/// The last lines.
pub fn end(server: &Server, folder: &Path, elapsed: Duration) {
    println!(
        "The demo took {:.0} s. The page shows it: http://{addr}\n\
         Ask yourself:  {} ask --url http://{addr} --data-dir '{}' \"what is new since the deploy?\"\n\
         Ctrl-C ends it and removes its data.",
        elapsed.as_secs_f64(),
        program::name(),
        folder.display(),
        addr = reachable(server.addr),
    );
}
