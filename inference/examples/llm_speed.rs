//! Tokens a second of GGUF models, ours and candle-transformers' in one run, and the time of a real phrasing.
//!
//! `cargo run --release -p inference --example llm_speed -- MODEL.gguf... [--stock]`
//!
//! Machines are shared: compare ratios inside one run, and CPU-seconds rather than seconds.

use std::time::{Duration, Instant};

use domain::{
    Confidence, EvidenceKind, IncidentSeverity, IncidentState, Severity, SummaryAuthor, Suspect,
    TimeRange,
};
use inference::{
    Engine, EvidenceBook, GenerateRequest, Generator, Grammar, LoadPolicy, LocalConfig, LocalModel,
    PhraseBudget, ServiceImpact, SummaryFacts, draft_summary, phrase_summary,
};
use tokio_util::sync::CancellationToken;

/// Prompt lengths to try, in words of the filler text.
const PROMPTS: [usize; 2] = [380, 1_150];
/// Tokens decoded after each prompt.
const DECODED: u32 = 64;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut models: Vec<String> = std::env::args().skip(1).collect();
    let with_stock = models.iter().any(|argument| argument == "--stock");
    models.retain(|argument| !argument.starts_with("--"));
    println!(
        "| model | engine | load s | RSS MB | prompt | prefill tok/s | CPU-s | decode tok/s | CPU-s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for path in &models {
        measure(path, Engine::Auto).await;
        if with_stock {
            measure(path, Engine::Stock).await;
        }
    }
    for path in &models {
        phrase(path).await;
    }
}

fn start(path: &str, engine: Engine) -> LocalModel {
    let config = LocalConfig {
        engine,
        context_tokens: 3_072,
        load: LoadPolicy::OnFirstUse,
        max_time: Duration::from_secs(900),
        ..LocalConfig::default()
    };
    LocalModel::start(path, config).expect("the model file can be read")
}

async fn measure(path: &str, engine: Engine) {
    let model = start(path, engine);
    let began = Instant::now();
    model.ready().await.expect("the model loads");
    let load = began.elapsed().as_secs_f64();
    // Repacking happens with the first products.
    run(&model, 8, 2).await;
    for words in PROMPTS {
        let before = cpu_seconds();
        let short = run(&model, words, 1).await;
        let prefill_cpu = cpu_seconds() - before;
        let before = cpu_seconds();
        let long = run(&model, words, DECODED).await;
        let decode_cpu = cpu_seconds() - before;
        let computed = f64::from(short.0 - short.1);
        let decode_ms = long.3.saturating_sub(long.2) as f64;
        println!(
            "| {} | {engine:?} | {load:.1} | {} | {} | {:.0} | {prefill_cpu:.1} | {:.1} | {decode_cpu:.1} |",
            model.name(),
            rss_mb(),
            short.0,
            computed * 1_000.0 / short.2 as f64,
            f64::from(DECODED - 1) * 1_000.0 / decode_ms,
        );
    }
}

/// Prompt tokens, cached tokens, milliseconds to the first token and in all. With the second call on one
/// prompt the prompt comes out of the cache where the engine can.
async fn run(model: &LocalModel, words: usize, tokens: u32) -> (u32, u32, u64, u64) {
    let filler = [
        "connection",
        "refused",
        "by",
        "peer",
        "while",
        "reading",
        "response",
        "header",
        "from",
        "upstream",
        "request",
        "timed",
        "out",
        "after",
        "retry",
        "worker",
    ];
    let text: Vec<&str> = (0..words)
        .map(|i| filler[(i * 7 + i / 16) % filler.len()])
        .collect();
    let request = GenerateRequest {
        grammar: Grammar::Lark("start: /[a-zA-Z ,.]*#/\n".to_owned()),
        max_tokens: tokens,
        timeout: Duration::from_secs(900),
        ..GenerateRequest::new("bench", "", format!("{tokens} {}", text.join(" ")))
    };
    let answer = model
        .generate(request, CancellationToken::new())
        .await
        .expect("the model answers");
    (
        answer.prompt_tokens,
        answer.cached_tokens,
        answer.first_token_ms,
        answer.total_ms,
    )
}

async fn phrase(path: &str) {
    let model = start(path, Engine::Auto);
    model.ready().await.expect("the model loads");
    let facts = incident();
    println!("\n{}: phrasing one incident three times", model.name());
    for round in 0..3u64 {
        let (began, cpu) = (Instant::now(), cpu_seconds());
        let budget = PhraseBudget::new(0x5eed + round);
        let summary = phrase_summary(
            &model,
            &facts,
            draft_summary(&facts),
            &budget,
            CancellationToken::new(),
        )
        .await;
        println!(
            "  {:.2} s, {:.2} CPU-s: {}",
            began.elapsed().as_secs_f64(),
            cpu_seconds() - cpu,
            match &summary.author {
                SummaryAuthor::RulesAfterRejection { reason, .. } => format!("rejected: {reason}"),
                _ => format!("{} / {}", summary.headline, summary.what_happened[0].text),
            }
        );
    }
}

fn incident() -> SummaryFacts {
    let start = 1_795_442_400_000_000_000;
    let minute = 60_000_000_000;
    let mut book = EvidenceBook::new();
    let mut add = |kind, service: &str, severity, text: &str, count, expected, at: i64| {
        let number = book.fact(text.to_owned(), count, start + at * minute);
        let mut items = std::mem::take(&mut book).into_items();
        let item = &mut items[number as usize - 1];
        item.kind = kind;
        item.service = Some(service.to_owned());
        item.severity = severity;
        item.expected = expected;
        items.into_iter().for_each(|item| {
            book.push(item);
        });
    };
    use EvidenceKind::{Change, Template};
    add(
        Template,
        "checkout",
        Severity::Error,
        "connect to payments-db <ip>:<num> failed: Connection refused",
        412,
        Some(3.0),
        0,
    );
    add(
        Template,
        "checkout",
        Severity::Error,
        "order <uuid> failed after <num> ms: payment not taken",
        397,
        Some(0.0),
        0,
    );
    add(
        Template,
        "web",
        Severity::Warn,
        "upstream checkout answered <num> in <num> ms",
        388,
        Some(12.0),
        1,
    );
    add(
        Template,
        "payments-db",
        Severity::Error,
        "could not bind IPv4 address <ip>: Address already in use",
        6,
        Some(0.0),
        0,
    );
    add(
        Change,
        "payments-db",
        Severity::Unspecified,
        "deploy: payments-db 15.4",
        1,
        None,
        -3,
    );
    SummaryFacts {
        title: "Surge of errors in checkout".to_owned(),
        severity: IncidentSeverity::Critical,
        state: IncidentState::Open,
        started_at_ns: start,
        resolved_at_ns: None,
        now_ns: start + 5 * minute,
        window: TimeRange::new(start, start + 5 * minute),
        services: ["checkout", "web", "payments-db"]
            .map(|service| ServiceImpact {
                service: service.to_owned(),
                records: 2_000,
                errors: 400,
                expected_errors: Some(3.0),
            })
            .to_vec(),
        policy: None,
        evidence: book.into_items(),
        anomalies: Vec::new(),
        suspects: vec![Suspect {
            name: "deploy payments-db 15.4".to_owned(),
            service: Some("payments-db".to_owned()),
            confidence: Confidence::High,
            score: 0.9,
            reason: "it came 3 min before the first symptom".to_owned(),
            evidence: vec![5, 1],
            check: String::new(),
        }],
        timeline: Vec::new(),
        similar: Vec::new(),
    }
}

/// User and system time of this process, to a hundredth of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

fn rss_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    let kib: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    kib / 1_024
}
