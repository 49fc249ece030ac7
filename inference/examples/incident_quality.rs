//! Incidents out of labelled log sets, with the draft and what a model makes of it: for people to judge.
//!
//! `cargo run --release -p inference --example incident_quality -- LOGHUB_DIR MODEL.gguf [SET...]`

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use domain::{
    Evidence, EvidenceKind, IncidentSeverity, IncidentState, Severity, SummaryAuthor, TimeRange,
};
use inference::{
    EvidenceBook, LocalConfig, LocalModel, PhraseBudget, ServiceImpact, SummaryFacts,
    draft_summary, phrase_summary,
};
use tokio_util::sync::CancellationToken;

const START: i64 = 1_795_442_400_000_000_000;
const MINUTE: i64 = 60_000_000_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, model, sets @ ..] = arguments.as_slice() else {
        panic!("usage: incident_quality LOGHUB_DIR MODEL.gguf [SET...]");
    };
    let model =
        LocalModel::start(model, LocalConfig::default()).expect("the model file can be read");
    model.ready().await.expect("the model loads");
    for set in sets {
        let facts = incident(Path::new(dir), set);
        let draft = draft_summary(&facts);
        println!("\n=== {set}\ndraft:  {}", draft.headline);
        for sentence in &draft.what_happened {
            println!("        {} {:?}", sentence.text, sentence.citations);
        }
        for item in &facts.evidence {
            println!(
                "   [{}] {} x{} {}",
                item.number, item.severity, item.count, item.text
            );
        }
        let began = Instant::now();
        let budget = PhraseBudget::new(0x5eed);
        let summary =
            phrase_summary(&model, &facts, draft, &budget, CancellationToken::new()).await;
        let seconds = began.elapsed().as_secs_f64();
        match &summary.author {
            SummaryAuthor::Model { .. } => {
                println!("model ({seconds:.1} s): {}", summary.headline);
                for sentence in &summary.what_happened {
                    println!("        {} {:?}", sentence.text, sentence.citations);
                }
            }
            author => println!("model ({seconds:.1} s): {author:?}"),
        }
    }
}

/// The worst patterns of a set as one incident of a service of that name.
fn incident(dir: &Path, set: &str) -> SummaryFacts {
    let path = dir
        .join(set)
        .join(format!("{set}_2k.log_structured_corrected.csv"));
    let text = std::fs::read_to_string(&path).expect("the set is there");
    let mut rows = text.lines().map(fields);
    let header = rows.next().expect("a header");
    let column = |name: &str| header.iter().position(|field| field == name);
    let template_at = column("EventTemplate").expect("a template column");
    let level_at = column("Level");
    let mut counts: HashMap<(String, Severity), u64> = HashMap::new();
    for row in rows {
        let Some(template) = row.get(template_at) else {
            continue;
        };
        let level = level_at.and_then(|at| row.get(at)).map(String::as_str);
        let severity = level
            .and_then(Severity::from_word)
            .unwrap_or_else(|| guess(template));
        *counts
            .entry((template.replace("<*>", "<str>"), severity))
            .or_default() += 1;
    }
    let mut patterns: Vec<((String, Severity), u64)> = counts.into_iter().collect();
    let rank = |pattern: &((String, Severity), u64)| {
        let bad = pattern.0.1.max(guess(&pattern.0.0));
        (bad >= Severity::Warn, bad >= Severity::Error, pattern.1)
    };
    patterns.sort_by_key(|pattern| std::cmp::Reverse(rank(pattern)));
    patterns.truncate(7);
    let mut book = EvidenceBook::new();
    let mut errors = 0;
    for (index, ((text, severity), count)) in patterns.into_iter().enumerate() {
        errors += if severity.is_error() { count } else { 0 };
        book.push(Evidence {
            number: 0,
            kind: EvidenceKind::Template,
            text,
            service: Some(set.to_lowercase()),
            severity,
            count,
            expected: Some(0.0),
            template_id: None,
            record_ids: Vec::new(),
            first_at_ns: START + index as i64 * 7_000_000_000,
            last_at_ns: START + 5 * MINUTE,
        });
    }
    SummaryFacts {
        title: format!("Unusual records in {set}"),
        severity: IncidentSeverity::Error,
        state: IncidentState::Open,
        started_at_ns: START,
        resolved_at_ns: None,
        now_ns: START + 6 * MINUTE,
        window: TimeRange::new(START, START + 5 * MINUTE),
        services: vec![ServiceImpact {
            service: set.to_lowercase(),
            records: 2_000,
            errors,
            expected_errors: Some(0.0),
        }],
        policy: None,
        evidence: book.into_items(),
        anomalies: Vec::new(),
        suspects: Vec::new(),
        timeline: Vec::new(),
        similar: Vec::new(),
    }
}

fn guess(text: &str) -> Severity {
    let lower = text.to_lowercase();
    let bad = [
        "error",
        "fail",
        "exception",
        "invalid",
        "refused",
        "fatal",
        "denied",
        "unable",
        "cannot",
    ];
    if bad.iter().any(|word| lower.contains(word)) {
        Severity::Warn
    } else {
        Severity::Info
    }
}

/// One line of a CSV file with quoted fields.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                fields.last_mut().expect("never empty").push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => fields.last_mut().expect("never empty").push(c),
        }
    }
    fields
}
