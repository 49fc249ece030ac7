//! The same rows through every door: what each costs.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use testkit::{Door, HttpConnection, Verdict, now_ns, rfc3339};

use crate::latency::Latencies;
use crate::rows::{Rows, Shape, Texts};
use crate::server::{Bytes, Server};
use crate::{ANSWER, Target, process};

/// What a sender waits that is told to try again.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest time at half of the maximum rate.
const HALF_LOAD: Duration = Duration::from_secs(20);

/// What is sent, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    data: Data,
    /// Only these doors, by name; all otherwise.
    #[arg(long = "door", value_parser = door)]
    doors: Vec<Door>,
    /// Records of one request.
    #[arg(long, default_value_t = 1_000)]
    batch: usize,
    /// Connections at once.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// How long the server may put its store in order before CPU time and size are read again.
    #[arg(long, default_value_t = 10)]
    settle_seconds: u64,
    /// Measure acknowledgements at half of the maximum rate, too.
    #[arg(long)]
    half_load: bool,
}

/// The rows.
#[derive(Debug, Clone, clap::Args)]
pub struct Data {
    /// Rows to send.
    #[arg(long, default_value_t = 500_000)]
    pub rows: usize,
    /// Rows without the random trace id.
    #[arg(long)]
    no_trace: bool,
    /// Messages out of the files *.log of a folder, half of their numbers changed; built-in ones otherwise.
    #[arg(long)]
    texts: Option<PathBuf>,
    /// Rows a second of the fleet that wrote them: how far apart their times are.
    #[arg(long, default_value_t = 10_000)]
    fleet_rate: u64,
    /// The seed of all chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Data {
    /// The rows' source; the last one is of this moment.
    pub fn source(&self, rare_every: usize) -> anyhow::Result<Rows> {
        let texts = match &self.texts {
            Some(folder) => Texts::of_folder(folder)?,
            None => Texts::BuiltIn,
        };
        let step_ns = 1_000_000_000 / self.fleet_rate.max(1);
        let span = i64::try_from(step_ns * self.rows as u64).context("too many rows")?;
        let shape = Shape {
            seed: self.seed,
            has_trace: !self.no_trace,
            start_ns: now_ns() - span,
            step_ns,
            rare_every,
        };
        Ok(Rows::new(shape, texts))
    }
}

fn door(name: &str) -> Result<Door, String> {
    Door::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = Door::ALL.iter().map(|door| door.name()).collect();
        format!("no such door; there are {}", names.join(", "))
    })
}

/// Requests that are ready to be sent.
struct Payloads {
    door: Door,
    /// Each with its number of records.
    bodies: Vec<(usize, Vec<u8>)>,
    /// Before the first row's time.
    from: String,
}

impl Payloads {
    fn make(door: Door, options: &Options) -> anyhow::Result<Self> {
        let mut source = options.data.source(0)?;
        let mut bodies = Vec::with_capacity(options.data.rows / options.batch + 1);
        let mut left = options.data.rows;
        let mut from = String::new();
        while left > 0 {
            let rows = source.take(left.min(options.batch));
            left -= rows.len();
            if from.is_empty() {
                from = rfc3339(rows[0].timestamp_ns - 60_000_000_000);
            }
            bodies.push((rows.len(), door.encode(&rows)));
        }
        Ok(Self { door, bodies, from })
    }

    fn rows(&self) -> usize {
        self.bodies.iter().map(|(count, _)| count).sum()
    }

    fn bytes(&self) -> usize {
        self.bodies.iter().map(|(_, body)| body.len()).sum()
    }
}

/// What one door cost.
struct Figures {
    door: Door,
    row_bytes: f64,
    /// CPU seconds until everything was acknowledged.
    cpu_acknowledged: f64,
    /// CPU seconds until the store was in order.
    cpu_settled: f64,
    /// Wall time of sending.
    wall: Duration,
    rows: usize,
    stored: Bytes,
    peak_bytes: u64,
    latencies: Latencies,
    retries: usize,
    half_load: Option<Latencies>,
}

/// Measures the doors, each with a fresh server, and prints a table.
pub fn run(program: &Path, options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.batch > 0 && options.connections > 0 && options.data.rows > 0,
        "rows, batch and connections must be positive"
    );
    let doors = if options.doors.is_empty() {
        Door::ALL.to_vec()
    } else {
        options.doors.clone()
    };
    println!(
        "{} rows{}, {:?}, {} records a request, {} connections, seed {}\n",
        options.data.rows,
        if options.data.no_trace {
            " without trace id"
        } else {
            ""
        },
        options.target.database,
        options.batch,
        options.connections,
        options.data.seed
    );
    print_head();
    for door in doors {
        let figures = measure(program, door, options).with_context(|| door.name())?;
        print_row(&figures);
    }
    Ok(())
}

fn measure(program: &Path, door: Door, options: &Options) -> anyhow::Result<Figures> {
    let payloads = Payloads::make(door, options)?;
    let mut server = Server::start(program, options.target.database, None)?;
    let before = server.cpu()?;
    let begun = Instant::now();
    let sent = send(&server, &payloads, options.connections, None)?;
    let wall = begun.elapsed();
    let acknowledged = server.cpu()?;
    std::thread::sleep(Duration::from_secs(options.settle_seconds));
    let settled = server.cpu()?;
    let rows = payloads.rows();
    let counted = count(&server, &payloads.from)?;
    ensure!(
        counted == rows as u64,
        "{rows} rows were acknowledged, {counted} are counted"
    );
    let peak_bytes = process::peak_bytes(server.pid()?)?;
    let stored = server.stored()?;
    drop(server);
    let half_load = if options.half_load {
        Some(at_half_load(program, &payloads, options, wall)?)
    } else {
        None
    };
    Ok(Figures {
        door,
        row_bytes: payloads.bytes() as f64 / rows as f64,
        cpu_acknowledged: acknowledged.since(before),
        cpu_settled: settled.since(before),
        wall,
        rows,
        stored,
        peak_bytes,
        latencies: Latencies::new(&sent.times),
        retries: sent.retries,
        half_load,
    })
}

/// The same requests to a fresh server, at half of the rate that the first one took.
fn at_half_load(
    program: &Path,
    payloads: &Payloads,
    options: &Options,
    wall: Duration,
) -> anyhow::Result<Latencies> {
    let server = Server::start(program, options.target.database, None)?;
    let interval = wall * 2 / u32::try_from(payloads.bodies.len()).unwrap_or(u32::MAX);
    let sent = send(&server, payloads, options.connections * 2, Some(interval))?;
    Ok(Latencies::new(&sent.times))
}

#[derive(Default)]
struct Sent {
    times: Vec<Duration>,
    retries: usize,
}

/// Sends all requests. With an interval each has its moment, and its time counts from there whether or not a connection
/// was free then.
fn send(
    server: &Server,
    payloads: &Payloads,
    connections: usize,
    interval: Option<Duration>,
) -> anyhow::Result<Sent> {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    let outcomes: Vec<anyhow::Result<Sent>> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| send_some(server, payloads, &next, begun, interval)))
            .collect();
        senders
            .into_iter()
            .map(|sender| {
                sender
                    .join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("a sender panicked")))
            })
            .collect()
    });
    let mut all = Sent::default();
    for outcome in outcomes {
        let sent = outcome?;
        all.times.extend(sent.times);
        all.retries += sent.retries;
    }
    Ok(all)
}

fn send_some(
    server: &Server,
    payloads: &Payloads,
    next: &AtomicUsize,
    begun: Instant,
    interval: Option<Duration>,
) -> anyhow::Result<Sent> {
    let mut connection = HttpConnection::open(&server.vigil.address, ANSWER)?;
    let authorization = format!("Bearer {}", server.vigil.token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", payloads.door.content_type()),
    ];
    let mut sent = Sent::default();
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some((count, body)) = payloads.bodies.get(place) else {
            return Ok(sent);
        };
        let mut moment = Instant::now();
        if let Some(interval) = interval {
            let offset = interval * u32::try_from(place).unwrap_or(u32::MAX);
            if offset > HALF_LOAD {
                return Ok(sent);
            }
            std::thread::sleep((begun + offset).saturating_duration_since(moment));
            moment = begun + offset;
        }
        loop {
            let answer = connection.exchange("POST", payloads.door.path(), &headers, body)?;
            match payloads.door.verdict(answer.status, &answer.body, *count) {
                Verdict::Taken => break,
                Verdict::TryAgain(_) => {
                    sent.retries += 1;
                    std::thread::sleep(PAUSE);
                }
                other => bail!("unexpected answer: {other:?}"),
            }
        }
        sent.times.push(moment.elapsed());
    }
}

/// How many records the server counts since an instant.
pub fn count(server: &Server, from: &str) -> anyhow::Result<u64> {
    let session = server.vigil.session()?;
    let authorization = format!("Bearer {session}");
    let answer = HttpConnection::open(&server.vigil.address, ANSWER)?.exchange(
        "GET",
        &format!("/api/v1/logs/histogram?from={from}"),
        &[("authorization", &authorization)],
        &[],
    )?;
    let json: serde_json::Value = serde_json::from_slice(&answer.body)?;
    json["total"]
        .as_u64()
        .with_context(|| format!("the histogram answers {}: {}", answer.status, answer.text()))
}

fn print_head() {
    println!(
        "| door | bytes a row sent | rows per CPU-second (until acknowledged) | the same until settled | bytes a row \
         stored | the same with the database's log | peak resident, MiB | p50, ms | p99, ms | p50 / p99 at half load, ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
}

fn print_row(figures: &Figures) {
    let rows = figures.rows as f64;
    let half_load = figures.half_load.as_ref().map_or_else(
        || "-".to_owned(),
        |latencies| {
            format!(
                "{:.1} / {:.1}",
                latencies.percentile_ms(0.5),
                latencies.percentile_ms(0.99)
            )
        },
    );
    println!(
        "| {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} | {} | {:.1} | {:.1} | {half_load} |",
        figures.door.name(),
        figures.row_bytes,
        rows / figures.cpu_acknowledged.max(0.01),
        rows / figures.cpu_settled.max(0.01),
        figures.stored.data as f64 / rows,
        figures.stored.total() as f64 / rows,
        figures.peak_bytes >> 20,
        figures.latencies.percentile_ms(0.5),
        figures.latencies.percentile_ms(0.99),
    );
    eprintln!(
        "{}: {:.1} s wall, {:.2} and {:.2} CPU-seconds, {} retries",
        figures.door.name(),
        figures.wall.as_secs_f64(),
        figures.cpu_acknowledged,
        figures.cpu_settled,
        figures.retries
    );
}
