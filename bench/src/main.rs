//! End-to-end measurements of the `vigil` executable: `cargo run --release -p bench -- --help`.
//!
//! Machines that build this are shared and noisy, so what is reported is CPU time of the server (and of
//! PostgreSQL), read from `/proc`, not wall time; latencies are given for orientation.

mod answers;
mod detect;
mod doors;
mod embed;
mod injection;
mod latency;
mod lines;
mod llm;
mod narrate;
mod peer;
mod plans;
mod process;
mod retrieval;
mod rows;
mod scrub;
mod search;
mod server;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use testkit::HttpConnection;

use crate::latency::Latencies;
use crate::server::Server;

#[derive(Debug, Parser)]
#[command(name = "bench", about = "Measures the vigil executable from outside")]
struct Cli {
    /// The executable; `target/release/vigil` otherwise.
    #[arg(long)]
    vigil: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// REST NDJSON in, mined and committed: records per CPU-second.
    Ingest {
        #[command(flatten)]
        target: Target,
        /// Records to send.
        #[arg(long, default_value_t = 1_000_000)]
        records: usize,
        /// Records of one request.
        #[arg(long, default_value_t = 1_000)]
        batch: usize,
        /// Connections at once.
        #[arg(long, default_value_t = 8)]
        connections: usize,
        /// How far back the records' times reach: seconds for services that send as they run; 1800 for a
        /// backfill of half an hour in no order, where nearly every record has a rollup cell of its own.
        #[arg(long, default_value_t = 5)]
        spread_seconds: u64,
    },
    /// The same rows through every protocol: rows per CPU-second, bytes a row, memory, acknowledgements.
    Doors(doors::Options),
    /// Anomalies, sessions and root causes against labelled data; needs no executable.
    Detect(detect::Options),
    /// Speed of a language model in this process, beside llama.cpp in the same run; needs no executable.
    Llm(llm::Options),
    /// Speed and equality of embeddings, beside ONNX Runtime in the same run; needs no executable.
    Embed(embed::Options),
    /// Log lines that ask a model for something, and a model that obeys; needs no executable.
    Injection(injection::Options),
    /// Summaries of the scenario suite: faithful, complete, and what a model makes of them; needs no executable.
    Narrate(narrate::Options),
    /// Questions of people against mined templates: recall, latency; needs no executable.
    Retrieval(retrieval::Options),
    /// Questions with known answers: exact match, abstention, latency.
    Answers(answers::Options),
    /// Questions that the grammar does not know, planned by a language model.
    Plans(plans::Options),
    /// Secrets and personal data in labelled text: what is found, what is touched without need, speed; needs no executable.
    Scrub(scrub::Options),
    /// Searches over many rows: latency.
    Search(search::Options),
    /// Questions without a model over stored records: latency.
    Ask {
        #[command(flatten)]
        target: Target,
        /// Records to store first.
        #[arg(long, default_value_t = 1_000_000)]
        records: usize,
        /// Folder with the embedding model; words only otherwise.
        #[arg(long)]
        model_dir: Option<PathBuf>,
    },
    /// Time until ready, and memory at rest.
    Start {
        #[command(flatten)]
        target: Target,
        /// Folder with the embedding model; without it the model is not loaded.
        #[arg(long)]
        model_dir: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, clap::Args)]
struct Target {
    /// Which database.
    #[arg(long, value_enum, default_value_t = Database::Sqlite)]
    database: Database,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    /// The embedded file.
    Sqlite,
    /// A private PostgreSQL that this program starts.
    Postgres,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Command::Detect(options) = &cli.command {
        return detect::run(options);
    }
    if let Command::Llm(options) = &cli.command {
        return llm::run(options);
    }
    if let Command::Embed(options) = &cli.command {
        return embed::run(options);
    }
    if let Command::Injection(options) = &cli.command {
        return injection::run(options);
    }
    if let Command::Narrate(options) = &cli.command {
        return narrate::run(options);
    }
    if let Command::Retrieval(options) = &cli.command {
        return retrieval::run(options);
    }
    if let Command::Scrub(options) = &cli.command {
        return scrub::run(options);
    }
    let vigil = cli.vigil.map_or_else(default_vigil, Ok)?;
    match cli.command {
        Command::Ingest {
            target,
            records,
            batch,
            connections,
            spread_seconds,
        } => {
            let mut server = Server::start(&vigil, target.database, None)?;
            let load = Load {
                records,
                batch,
                connections,
                spread: Duration::from_secs(spread_seconds),
            };
            let report = ingest(&server, &load)?;
            println!("{report}");
            let stored = server.stored()?;
            println!(
                "  {:.0} bytes of storage a record; the database's log held {} MiB while it ran",
                stored.data as f64 / records as f64,
                stored.log >> 20
            );
        }
        Command::Ask {
            target,
            records,
            model_dir,
        } => {
            let server = Server::start(&vigil, target.database, model_dir.as_deref())?;
            let load = Load {
                records,
                batch: 1_000,
                connections: 8,
                spread: SIX_HOURS,
            };
            println!("{}", ingest(&server, &load)?);
            ask(&server)?;
        }
        // Done above: nothing is started for it.
        Command::Detect(_)
        | Command::Embed(_)
        | Command::Injection(_)
        | Command::Llm(_)
        | Command::Narrate(_)
        | Command::Retrieval(_)
        | Command::Scrub(_) => {}
        Command::Doors(options) => doors::run(&vigil, &options)?,
        Command::Answers(options) => answers::run(&vigil, &options)?,
        Command::Plans(options) => plans::run(&vigil, &options)?,
        Command::Search(options) => search::run(&vigil, &options)?,
        Command::Start { target, model_dir } => {
            start(&vigil, target.database, model_dir.as_deref())?
        }
    }
    Ok(())
}

fn default_vigil() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("finding this executable")?;
    let beside = own.with_file_name("vigil");
    anyhow::ensure!(
        beside.exists(),
        "{} is not there: run `cargo build --release` first or give --vigil",
        beside.display()
    );
    Ok(beside)
}

/// What is sent.
struct Load {
    records: usize,
    /// Records of one request.
    batch: usize,
    /// Connections at once.
    connections: usize,
    /// How far back the records' times reach.
    spread: Duration,
}

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(120);
/// What questions look back on.
const SIX_HOURS: Duration = Duration::from_secs(6 * 3_600);

fn ingest(server: &Server, load: &Load) -> anyhow::Result<String> {
    let Load {
        records,
        batch,
        connections,
        spread,
    } = *load;
    let per_connection = records / batch / connections;
    let before = server.cpu()?;
    let started = Instant::now();
    let workers: Vec<_> = (0..connections)
        .map(|worker| {
            let (address, token) = (server.vigil.address.clone(), server.vigil.token.clone());
            std::thread::spawn(move || -> anyhow::Result<Vec<Duration>> {
                let mut connection = HttpConnection::open(&address, ANSWER)?;
                let mut source = lines::Lines::new(worker as u64 + 1, spread);
                let mut latencies = Vec::with_capacity(per_connection);
                for _ in 0..per_connection {
                    let body = source.batch(batch);
                    let sent = Instant::now();
                    let answer = post(
                        &mut connection,
                        "/api/v1/logs",
                        &token,
                        "application/x-ndjson",
                        body.as_bytes(),
                    )?;
                    anyhow::ensure!(
                        answer.contains(&format!("\"accepted\":{batch}")),
                        "unexpected answer: {answer}"
                    );
                    latencies.push(sent.elapsed());
                }
                Ok(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for worker in workers {
        let outcome = worker
            .join()
            .map_err(|_| anyhow::anyhow!("a sender panicked"))?;
        latencies.extend(outcome?);
    }
    let wall = started.elapsed();
    let after = server.cpu()?;
    let sent = per_connection * batch * connections;
    let latencies = Latencies::new(&latencies);
    let resident_mib = process::resident_bytes(server.pid()?)? / (1 << 20);
    let peak_mib = process::peak_bytes(server.pid()?)? / (1 << 20);
    let vigil_cpu = after.vigil - before.vigil;
    let database_cpu = after.database - before.database;
    Ok(format!(
        "ingest {:?}: {sent} records of about {} bytes in {:.1} s wall\n  \
         CPU: vigil {vigil_cpu:.2} s, database {database_cpu:.2} s -> {:.0} records per CPU-second\n  \
         acknowledgement {latencies}; resident memory {resident_mib} MiB, peak {peak_mib} MiB",
        server.database,
        lines::AVERAGE_BYTES,
        wall.as_secs_f64(),
        sent as f64 / (vigil_cpu + database_cpu),
    ))
}

/// The text of an answer; any status but 2xx is an error.
fn post(
    connection: &mut HttpConnection,
    path: &str,
    token: &str,
    content_type: &str,
    body: &[u8],
) -> anyhow::Result<String> {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", content_type),
    ];
    let answer = connection.exchange("POST", path, &headers, body)?;
    anyhow::ensure!(
        answer.is_success(),
        "{path} answered {}: {}",
        answer.status,
        answer.text()
    );
    Ok(answer.text())
}

/// Asks each question some times, the first time to warm up.
fn ask(server: &Server) -> anyhow::Result<()> {
    const TIMES: usize = 8;
    const QUESTIONS: [&str; 16] = [
        "how many errors in the last hour?",
        "which service had the most errors today?",
        "why is checkout failing?",
        "show me timeouts in payments",
        "what happened in the last 30 minutes?",
        "first connection refused in the last hour",
        "compare errors of today with yesterday",
        "find failed logins",
        "errors per minute in the last hour",
        "what changed since yesterday?",
        "list services",
        "how many warnings did payments write between 2 and 4 hours ago?",
        "which hosts could not be reached?",
        "is the database slow?",
        "top 5 patterns of errors",
        "latest fatal error",
    ];
    // The index follows the store within seconds; wait for it, so that the questions meet all patterns.
    std::thread::sleep(Duration::from_secs(8));
    let mut connection = HttpConnection::open(&server.vigil.address, ANSWER)?;
    let session = server.vigil.session()?;
    let mut all = Vec::new();
    for question in QUESTIONS {
        let mut times = Vec::new();
        let body = serde_json::json!({ "question": question, "narrate": false }).to_string();
        for _ in 0..=TIMES {
            let started = Instant::now();
            post(
                &mut connection,
                "/api/v1/ask",
                &session,
                "application/json",
                body.as_bytes(),
            )?;
            times.push(started.elapsed());
        }
        let first = times.remove(0);
        let latencies = Latencies::new(&times);
        println!(
            "  ask: median {:>6.1} ms, worst {:>6.1} ms, first {:>6.1} ms  {question}",
            latencies.percentile_ms(0.5),
            latencies.percentile_ms(1.0),
            first.as_secs_f64() * 1_000.0,
        );
        all.extend(times);
    }
    println!(
        "ask, all {} warm answers: {}",
        all.len(),
        Latencies::new(&all)
    );
    Ok(())
}

fn start(
    vigil: &std::path::Path,
    database: Database,
    model_dir: Option<&std::path::Path>,
) -> anyhow::Result<()> {
    let first = Instant::now();
    let mut server = Server::start(vigil, database, model_dir)?;
    println!(
        "first start: ready after {:.2} s",
        first.elapsed().as_secs_f64()
    );
    let again = server.vigil.start_again()?;
    println!("later start: ready after {:.2} s", again.as_secs_f64());
    std::thread::sleep(Duration::from_secs(10));
    println!(
        "at rest: {} MiB resident",
        process::resident_bytes(server.pid()?)? / (1 << 20)
    );
    Ok(())
}
