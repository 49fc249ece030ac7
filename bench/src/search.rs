//! Searches over many rows: how long an answer takes.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use testkit::{Door, HttpConnection, Verdict, rfc3339};

use crate::doors::{Data, count};
use crate::latency::Latencies;
use crate::rows::RARE_WORD;
use crate::server::Server;
use crate::{ANSWER, Target, process};

/// Records of a request.
const BATCH: usize = 5_000;
/// Rows that have the rare word.
const NEEDLES: usize = 5;

/// What is searched.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    data: Data,
    /// How often each question is asked.
    #[arg(long, default_value_t = 20)]
    repeat: usize,
    /// How long the server may put its store in order first.
    #[arg(long, default_value_t = 15)]
    settle_seconds: u64,
}

/// A question and what its answer must hold.
struct Question {
    what: &'static str,
    goal_ms: u64,
    /// Ways to ask it, the first that the server knows is taken.
    ways: Vec<Way>,
    /// Whether an answer is right.
    check: Box<dyn Fn(&Value) -> bool>,
}

struct Way {
    method: &'static str,
    path: String,
    body: String,
}

impl Way {
    fn get(path: String) -> Self {
        Self {
            method: "GET",
            path,
            body: String::new(),
        }
    }
}

/// Stores the rows, asks the questions and prints a table.
pub fn run(program: &Path, options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.data.rows >= NEEDLES && options.repeat > 0,
        "rows must be at least {NEEDLES}, repeat at least 1"
    );
    let mut server = Server::start(program, options.target.database, None)?;
    let (from, trace_id) = fill(&server, options)?;
    std::thread::sleep(Duration::from_secs(options.settle_seconds));
    let filled_mib = process::peak_bytes(server.pid()?)? >> 20;
    println!("| question | first, ms | median, ms | p95, ms | goal, ms | peak resident, MiB |");
    println!("|---|---|---|---|---|---|");
    for question in questions(options.data.rows, &from, &trace_id) {
        ask(&server, &question, options.repeat).context(question.what)?;
    }
    let stored = server.stored()?;
    println!(
        "\n{} rows on {:?}, {:.1} bytes each, {:.1} with the database's log; {filled_mib} MiB resident at most until all were stored",
        options.data.rows,
        server.database,
        stored.data as f64 / options.data.rows as f64,
        stored.total() as f64 / options.data.rows as f64
    );
    Ok(())
}

/// Sends the rows; gives an instant before the first and the trace of one in the middle.
fn fill(server: &Server, options: &Options) -> anyhow::Result<(String, String)> {
    let mut source = options.data.source(options.data.rows / NEEDLES)?;
    let mut connection = HttpConnection::open(&server.vigil.address, ANSWER)?;
    let authorization = format!("Bearer {}", server.vigil.token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", Door::Ndjson.content_type()),
    ];
    let (mut from, mut trace_id) = (String::new(), String::new());
    let mut left = options.data.rows;
    while left > 0 {
        let rows = source.take(left.min(BATCH));
        if from.is_empty() {
            from = rfc3339(rows[0].timestamp_ns - 60_000_000_000);
        }
        if left > options.data.rows / 2 {
            trace_id = rows[0].trace_id.clone().unwrap_or_default();
        }
        left -= rows.len();
        let body = Door::Ndjson.encode(&rows);
        let answer = connection.exchange("POST", Door::Ndjson.path(), &headers, &body)?;
        let verdict = Door::Ndjson.verdict(answer.status, &answer.body, rows.len());
        ensure!(verdict == Verdict::Taken, "unexpected answer: {verdict:?}");
    }
    let counted = count(server, &from)?;
    ensure!(
        counted == options.data.rows as u64,
        "{} rows were acknowledged, {counted} are counted",
        options.data.rows
    );
    Ok((from, trace_id))
}

fn questions(rows: usize, from: &str, trace_id: &str) -> Vec<Question> {
    let mut questions = vec![
        Question {
            what: "a rare word",
            goal_ms: 50,
            ways: vec![Way::get(format!(
                "/api/v1/logs?from={from}&limit=100&text={RARE_WORD}"
            ))],
            check: Box::new(|answer| length(&answer["records"]) == Some(NEEDLES)),
        },
        Question {
            what: "top services by errors, everything",
            goal_ms: 150,
            ways: vec![Way::get(format!("/api/v1/services?from={from}"))],
            check: Box::new(move |answer| {
                let services = answer.as_array().map_or(&[][..], Vec::as_slice);
                let total: u64 = services
                    .iter()
                    .filter_map(|item| item["count"].as_u64())
                    .sum();
                total == rows as u64
            }),
        },
        Question {
            what: "histogram of everything",
            goal_ms: 20,
            ways: vec![Way::get(format!("/api/v1/logs/histogram?from={from}"))],
            check: Box::new(move |answer| answer["total"].as_u64() == Some(rows as u64)),
        },
        Question {
            what: "regular expression over everything",
            goal_ms: 1_500,
            ways: regex_ways(from),
            check: Box::new(|answer| *answer != Value::Null),
        },
        Question {
            what: "the newest hundred",
            goal_ms: 50,
            ways: vec![Way::get(format!("/api/v1/logs?from={from}&limit=100"))],
            check: Box::new(|answer| length(&answer["records"]) == Some(100)),
        },
    ];
    if !trace_id.is_empty() {
        let path = format!("/api/v1/logs?from={from}&limit=100&trace_id={trace_id}");
        questions.insert(
            1,
            Question {
                what: "a trace id",
                goal_ms: 50,
                ways: vec![Way::get(path)],
                check: Box::new(|answer| length(&answer["records"]) == Some(1)),
            },
        );
    }
    questions
}

/// SQL, or Loki's language, whichever the server has.
fn regex_ways(from: &str) -> Vec<Way> {
    // In the middle of texts, and no literal of it stands alone.
    let expression = "took [0-9]*7 ms.*[a-f]3";
    let sql = format!(
        "SELECT count(*) AS n FROM logs WHERE timestamp >= '{}' AND regexp_like(body, '{expression}')",
        from.trim_end_matches('Z')
    );
    let logql = "sum(count_over_time({service_name=~\".%2B\"} |~ `took [0-9]*7 ms.*[a-f]3` [24h]))"
        .replace(' ', "%20")
        .replace('"', "%22")
        .replace(['{'], "%7B")
        .replace(['}'], "%7D")
        .replace('|', "%7C")
        .replace('`', "%60");
    vec![
        Way {
            method: "POST",
            path: "/api/v1/sql".to_owned(),
            body: json!({ "sql": sql }).to_string(),
        },
        Way::get(format!("/loki/api/v1/query?query={logql}")),
    ]
}

fn length(value: &Value) -> Option<usize> {
    value.as_array().map(Vec::len)
}

fn ask(server: &Server, question: &Question, repeat: usize) -> anyhow::Result<()> {
    let authorization = format!("Bearer {}", server.vigil.session()?);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    let mut connection = HttpConnection::open(&server.vigil.address, ANSWER)?;
    let mut said = String::new();
    for way in &question.ways {
        process::reset_peak(server.pid()?)?;
        let mut times = Vec::with_capacity(repeat);
        for _ in 0..=repeat {
            let begun = Instant::now();
            let answer =
                connection.exchange(way.method, &way.path, &headers, way.body.as_bytes())?;
            times.push(begun.elapsed());
            if answer.status != 200 {
                said = format!("{} answers {}: {}", way.path, answer.status, answer.text());
                break;
            }
            let json: Value = serde_json::from_slice(&answer.body)?;
            ensure!((question.check)(&json), "a wrong answer: {}", answer.text());
            said.clear();
        }
        if said.is_empty() {
            let later = Latencies::new(&times[1..]);
            println!(
                "| {} | {:.1} | {:.1} | {:.1} | {} | {} |",
                question.what,
                times[0].as_secs_f64() * 1e3,
                later.percentile_ms(0.5),
                later.percentile_ms(0.95),
                question.goal_ms,
                process::peak_bytes(server.pid()?)? >> 20
            );
            return Ok(());
        }
    }
    println!(
        "| {} | - | - | - | {} | - |",
        question.what, question.goal_ms
    );
    eprintln!("{}: {said}", question.what);
    Ok(())
}
