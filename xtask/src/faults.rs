//! Proof by trial that an acknowledged record survives: a built server under load of many protocols, a fault, and every
//! record held against a ledger that this process keeps.

mod batch;
mod block;
mod clients;
mod damage;
mod disk;
mod failpoints;
mod flood;
mod fsync;
mod kill;
mod ledger;
mod load;
mod outage;
mod overload;
mod poison;
mod processes;
mod report;
mod samples;
mod site;
mod sqlite;
mod webhook;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use testkit::Random;

use self::failpoints::Points;
use self::kill::Kills;
use self::ledger::Tally;
use self::report::{Outcome, Report};
use self::site::Stage;

/// Files that a trial with a thousand connections holds open, in either process.
const FILES: u32 = 8_192;

/// What is tried.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Trials of each database: of the kill, and of each fault that is named; every other fault is tried once.
    #[arg(long, default_value_t = 3)]
    trials: usize,
    /// Which database.
    #[arg(long, value_enum, default_value_t = Databases::Both)]
    database: Databases,
    /// Only these faults; all otherwise.
    #[arg(long = "fault", value_enum)]
    faults: Vec<Fault>,
    /// The seed of all chance; drawn and printed otherwise.
    #[arg(long)]
    seed: Option<u64>,
    /// The executable; the one beside this program otherwise.
    #[arg(long)]
    vigil: Option<PathBuf>,
    /// Longest time between the beginning of the load and the fault.
    #[arg(long, default_value_t = 2_000)]
    window_ms: u64,
    /// How long PostgreSQL is stopped.
    #[arg(long, default_value_t = 5)]
    freeze_seconds: u64,
    /// How long ten times as much comes as can be stored; 300 in the long run.
    #[arg(long, default_value_t = 20)]
    overload_seconds: u64,
    /// Only what a contributor waits for, in some four minutes: unless faults are named, some of them, smaller.
    #[arg(long)]
    short: bool,
    /// Keep the folders of the servers.
    #[arg(long)]
    keep: bool,
    /// Further arguments of the server.
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Databases {
    /// The embedded file.
    Sqlite,
    /// A private server, fsync on.
    Postgres,
    /// One after the other.
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// kill -9 of the server at a random moment.
    Kill,
    /// kill -TERM under load.
    Stop,
    /// kill -9 of PostgreSQL, or of one of its processes.
    PostgresKill,
    /// PostgreSQL stopped for a while (SIGSTOP).
    PostgresFreeze,
    /// No room left where the store lies; needs root.
    DiskFull,
    /// fsync fails; needs strace.
    FsyncError,
    /// fsync is slow: no acknowledgement may be faster; needs strace.
    FsyncWait,
    /// A page of the embedded database is overwritten.
    DamagedPage,
    /// A byte of a block changes, and one of a block's index.
    DamagedBlock,
    /// The server ends itself at each of its failpoints.
    Failpoints,
    /// Ten times as much comes as can be stored.
    Overload,
    /// The same request fifty times at once.
    RetryStorm,
    /// A thousand idle and a hundred half-open connections.
    IdleClients,
    /// One bad record among a thousand, every protocol.
    Poison,
}

/// The faults of the short set.
const SHORT: [Fault; 8] = [
    Fault::Kill,
    Fault::Stop,
    Fault::FsyncError,
    Fault::DamagedPage,
    Fault::DamagedBlock,
    Fault::Failpoints,
    Fault::RetryStorm,
    Fault::Poison,
];

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::PostgresKill => "postgres-kill",
            Self::PostgresFreeze => "postgres-freeze",
            Self::DiskFull => "disk-full",
            Self::FsyncError => "fsync-error",
            Self::FsyncWait => "fsync-wait",
            Self::DamagedPage => "damaged-page",
            Self::DamagedBlock => "damaged-block",
            Self::Failpoints => "failpoints",
            Self::Overload => "overload",
            Self::RetryStorm => "retry-storm",
            Self::IdleClients => "idle-clients",
            Self::Poison => "poison",
        }
    }

    /// Whether it is one of this database.
    fn concerns(self, stage: &Stage) -> bool {
        match self {
            Self::PostgresKill | Self::PostgresFreeze => stage.postgres.is_some(),
            Self::DamagedPage => stage.postgres.is_none(),
            _ => true,
        }
    }

    /// Why it cannot be tried here.
    fn obstacle(self) -> Option<&'static str> {
        match self {
            Self::DiskFull if !processes::is_root() => {
                Some("mounting a small disk needs root; nothing was proven")
            }
            Self::FsyncError | Self::FsyncWait if !processes::is_installed("strace", "-V") => {
                Some("strace is not installed; nothing was proven")
            }
            _ => None,
        }
    }
}

/// Runs the trials and fails when a promise was broken.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let seed = options
        .seed
        .unwrap_or_else(|| testkit::now_ns().unsigned_abs());
    let program = options.vigil.clone().map_or_else(beside, Ok)?;
    ensure!(
        program.exists(),
        "{} is not there: build it with `cargo build`, or name it with --vigil",
        program.display()
    );
    let program = std::path::absolute(program)?;
    println!("faults: {}, seed {seed}", program.display());
    let mut random = Random::new(seed);
    let mut report = Report::default();
    let postgres = match options.database {
        Databases::Sqlite => vec![false],
        Databases::Postgres => vec![true],
        Databases::Both => vec![false, true],
    };
    for is_postgres in postgres {
        let stage = Stage {
            program: program.clone(),
            postgres: is_postgres.then(testkit::Postgres::start).transpose()?,
            arguments: options.arguments.clone(),
            is_kept: options.keep,
            window: Duration::from_millis(options.window_ms),
            freeze: Duration::from_secs(options.freeze_seconds),
            overload: Duration::from_secs(options.overload_seconds),
        };
        all(&stage, options, &mut random, &mut report)?;
    }
    report.print();
    if report.skipped() > 0 {
        println!("{} trials were SKIPPED, see above", report.skipped());
    }
    match report.failures() {
        0 => Ok(()),
        count => bail!("{count} trials failed; repeat with --seed {seed}"),
    }
}

/// All faults of one database.
fn all(
    stage: &Stage,
    options: &Options,
    random: &mut Random,
    report: &mut Report,
) -> anyhow::Result<()> {
    let is_named = |fault: &Fault| match options.faults.as_slice() {
        [] => !options.short || SHORT.contains(fault),
        named => named.contains(fault),
    };
    for fault in Fault::value_variants().iter().copied().filter(is_named) {
        if !fault.concerns(stage) {
            continue;
        }
        let is_repeated = fault == Fault::Kill || !options.faults.is_empty();
        let mut trials = if is_repeated { options.trials } else { 1 };
        if fault == Fault::Failpoints {
            trials *= Points::COUNT;
        }
        let mut series = Series {
            kills: Kills::new(stage),
            points: Points::new(stage)?,
        };
        for _ in 0..trials {
            let seed = random.draw();
            let begun = Instant::now();
            let outcome = one(fault, stage, &mut series, &mut Random::new(seed));
            report.add(stage.name(), fault.name(), seed, begun.elapsed(), &outcome);
        }
        let begun = Instant::now();
        if let Err(error) = series
            .kills
            .finish_last()
            .and_then(|()| series.points.finish_last())
        {
            let outcome = Outcome::Failed(format!("{error:#}"));
            report.add(stage.name(), fault.name(), 0, begun.elapsed(), &outcome);
        }
    }
    Ok(())
}

/// Trials of one fault that go on where the one before ended.
struct Series<'a> {
    kills: Kills<'a>,
    points: Points<'a>,
}

fn one<'a>(
    fault: Fault,
    stage: &'a Stage,
    series: &mut Series<'a>,
    random: &mut Random,
) -> Outcome {
    if let Some(why) = fault.obstacle() {
        return Outcome::Skipped(why.to_owned());
    }
    let tally: anyhow::Result<Tally> = match fault {
        Fault::Kill => series.kills.trial(random),
        Fault::Stop => kill::stop(stage, random),
        Fault::PostgresKill => outage::kill(stage, random),
        Fault::PostgresFreeze => outage::freeze(stage, random),
        Fault::DiskFull => disk::full(stage, random),
        Fault::FsyncError => fsync::error(stage, random),
        Fault::FsyncWait => fsync::wait(stage, random),
        Fault::DamagedPage => damage::page(stage, random),
        Fault::DamagedBlock => block::trial(stage, random),
        Fault::Failpoints => series.points.trial(random),
        Fault::Overload => overload::trial(stage, random),
        Fault::RetryStorm => clients::storm(stage, random),
        Fault::IdleClients => files().and_then(|()| clients::idle(stage, random)),
        Fault::Poison => poison::poison(stage, random),
    };
    match tally {
        Ok(tally) => Outcome::Done(tally),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

/// The executable that was built with this program.
fn beside() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("finding this program")?;
    Ok(own.with_file_name("vigil"))
}

/// Raises how many files this process and its children may open.
fn files() -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    let status = std::process::Command::new("prlimit")
        .args(["--pid", &own, &format!("--nofile={FILES}:")])
        .status()
        .context("running prlimit")?;
    ensure!(status.success(), "prlimit cannot allow {FILES} open files");
    Ok(())
}
