//! Questions with known answers: how many are answered exactly, and how many that have no answer are left unanswered.
//!
//! The right answers are counted from the lists of records by the code in here, never by the server. A third of the
//! questions was never looked at while the grammar was made: the test split.

mod expect;
mod loghub;
mod random;
mod suite;
pub(crate) mod world;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::HttpConnection;

use self::expect::{Expect, Pair, Style};
use self::loghub::Loghub;
use self::world::World;
use crate::latency::Latencies;
use crate::server::Server;
use crate::{ANSWER, Database, post};

/// Records of one request.
const BATCH: usize = 1_000;
/// The index follows the store within seconds.
const SETTLE: Duration = Duration::from_secs(8);

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Which shop: the same seed tells the same story.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Folder with Loghub samples, for questions about those too.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Folder with the embedding model; words only otherwise.
    #[arg(long)]
    model_dir: Option<PathBuf>,
    /// Show each wrong answer of the tuning split, and of the test split only how many.
    #[arg(long)]
    show: bool,
    /// Show wrong answers of the test split too; whoever looks may not tune any more.
    #[arg(long)]
    show_test: bool,
}

/// How a question went.
struct Outcome {
    pair: Pair,
    is_test: bool,
    verdict: Result<(), String>,
    took: Duration,
}

/// Asks everything and prints how it went.
pub fn run(vigil: &Path, options: &Options) -> anyhow::Result<()> {
    let now = unix_now();
    let world = World::new(options.seed, now);
    let zone = world.zone();
    let server = Server::start(vigil, Database::Sqlite, options.model_dir.as_deref())?;
    send(&server, &world.ndjson())?;
    let deploy = json!([{ "kind": "deploy", "title": "checkout-api v2.4.1", "service": "checkout-api",
        "timestamp": world.deployed_at * 1_000 }]);
    let mut connection = HttpConnection::open(&server.vigil.address, ANSWER)?;
    post(
        &mut connection,
        "/api/v1/events",
        &server.vigil.token,
        "application/json",
        deploy.to_string().as_bytes(),
    )?;
    let mut outcomes = ask_all(&server, suite::all(&world), &zone)?;
    println!(
        "shop: {} records, {} questions",
        world.lines.len(),
        outcomes.len()
    );
    if let Some(folder) = &options.data {
        let data = Loghub::read(folder, unix_now())?;
        let server = Server::start(vigil, Database::Sqlite, options.model_dir.as_deref())?;
        let lines = data.ndjson();
        send(&server, &lines)?;
        let more = ask_all(&server, data.pairs(), &zone)?;
        println!("loghub: {} records, {} questions", lines.len(), more.len());
        outcomes.extend(more);
    }
    report(&outcomes, options);
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measuring program outside the product, where time is not a parameter"
)]
pub(crate) fn unix_now() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs().cast_signed())
}

pub(crate) fn send(server: &Server, lines: &[String]) -> anyhow::Result<()> {
    let mut connection = HttpConnection::open(&server.vigil.address, ANSWER)?;
    for batch in lines.chunks(BATCH) {
        let body = batch.join("\n");
        let answer = post(
            &mut connection,
            "/api/v1/logs",
            &server.vigil.token,
            "application/x-ndjson",
            body.as_bytes(),
        )?;
        anyhow::ensure!(
            answer.contains(&format!("\"accepted\":{}", batch.len())),
            "unexpected answer: {answer}"
        );
    }
    Ok(())
}

fn ask_all(server: &Server, pairs: Vec<Pair>, zone: &str) -> anyhow::Result<Vec<Outcome>> {
    std::thread::sleep(SETTLE);
    let mut connection = HttpConnection::open(&server.vigil.address, ANSWER)?;
    let session = server.vigil.session()?;
    let mut outcomes = Vec::with_capacity(pairs.len());
    for (place, pair) in pairs.into_iter().enumerate() {
        let conversation = format!("bench-{place}");
        let mut ask = |question: &str| -> anyhow::Result<(Value, Duration)> {
            let mut body = json!({ "question": question, "narrate": false, "time_zone": zone });
            if !pair.before.is_empty() {
                body["conversation_id"] = conversation.clone().into();
            }
            let started = Instant::now();
            let answer = post(
                &mut connection,
                "/api/v1/ask",
                &session,
                "application/json",
                body.to_string().as_bytes(),
            )?;
            Ok((serde_json::from_str(&answer)?, started.elapsed()))
        };
        for earlier in &pair.before {
            ask(earlier)?;
        }
        let (answer, took) = ask(&pair.question)?;
        let verdict = pair.expect.check(&answer);
        // Every third question, whatever it is about.
        outcomes.push(Outcome {
            pair,
            is_test: place % 3 == 2,
            verdict,
            took,
        });
    }
    Ok(outcomes)
}

fn report(outcomes: &[Outcome], options: &Options) {
    let shown = outcomes.iter().filter(|it| {
        it.verdict.is_err() && (options.show && !it.is_test || options.show_test && it.is_test)
    });
    for outcome in shown {
        let before = match outcome.pair.before.last() {
            Some(before) => format!("[{before}] "),
            None => String::new(),
        };
        let reason = outcome.verdict.as_ref().err().map_or("", String::as_str);
        println!(
            "  wrong: {before}{}\n         {reason}",
            outcome.pair.question
        );
    }
    let is_answerable = |it: &&Outcome| it.pair.expect != Expect::Nothing;
    for (name, wanted) in [
        ("tuning split", Some(false)),
        ("test split", Some(true)),
        ("all", None),
    ] {
        let of = || {
            outcomes
                .iter()
                .filter(move |it| wanted.is_none_or(|test| it.is_test == test))
        };
        println!("{name}:");
        line("  answered exactly", of().filter(is_answerable));
        for (style, said) in [
            (Style::Terse, "terse"),
            (Style::Plain, "plain"),
            (Style::Clumsy, "clumsy"),
        ] {
            let these = of()
                .filter(is_answerable)
                .filter(move |it| it.pair.style == style);
            line(&format!("    {said}"), these);
        }
        line(
            "  left unanswered what has no answer",
            of().filter(|it| !is_answerable(it)),
        );
        let answerable = of().filter(is_answerable).count();
        let silent = of().filter(is_answerable).filter(|it| {
            it.verdict
                .as_ref()
                .is_err_and(|reason| reason.starts_with("abstains"))
        });
        let silent = silent.count();
        println!(
            "  wrongly unanswered: {silent} of {answerable} ({:.3})",
            share(silent, answerable)
        );
    }
    let times: Vec<Duration> = outcomes.iter().map(|it| it.took).collect();
    println!(
        "interpretation, retrieval and facts over HTTP: {}",
        Latencies::new(&times)
    );
}

fn line<'a>(name: &str, outcomes: impl Iterator<Item = &'a Outcome>) {
    let (mut right, mut all) = (0, 0);
    for outcome in outcomes {
        all += 1;
        right += usize::from(outcome.verdict.is_ok());
    }
    println!("{name}: {right} of {all} ({:.3})", share(right, all));
}

fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}
