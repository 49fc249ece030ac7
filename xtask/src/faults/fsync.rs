//! The disk says that it could not write (`EIO` of `fsync`), or takes its time; injected by strace.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use testkit::{Door, Postgres, Random, Verdict, now_ns};

use super::batch::Batch;
use super::ledger::{Ledger, Tally};
use super::load::{Load, ensure_no_refusal};
use super::processes::{is_alive, of_postgres, revive, signal};
use super::site::{Site, Stage, answers};

/// What strace watches.
const CALLS: &str = "fsync,fdatasync";
/// How long commits that were under way when the injection began may still be answered.
const UNDER_WAY: Duration = Duration::from_secs(2);
/// How long nothing may be acknowledged.
const FAILING: Duration = Duration::from_secs(3);
/// How long until the load goes on.
const RECOVERY: Duration = Duration::from_secs(60);
/// How much longer each `fsync` takes in [`wait`].
const DELAY: Duration = Duration::from_millis(400);

/// Every `fsync` fails for some seconds. Nothing is acknowledged meanwhile; afterwards, and after a kill, everything
/// acknowledged is there. A server that ends itself is started again, as its supervisor would.
pub fn error(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    let own = match stage.postgres {
        Some(_) => Some(stage.with_fresh_postgres()?),
        None => None,
    };
    let stage = own.as_ref().unwrap_or(stage);
    let mut site = Site::open_plain(stage)?;
    let load = Load::start(&site, "eio", 1, random);
    load.wait_for_more(&site, 10, RECOVERY)?;
    let database = writers(&site)?;
    let injection = Injection::start(&database, "error=EIO")?;
    std::thread::sleep(UNDER_WAY);
    let before = load.acknowledged();
    std::thread::sleep(FAILING);
    let promised = load.acknowledged() - before;
    injection.end()?;
    let mut notes = Vec::new();
    if let Some(postgres) = &stage.postgres
        && !recovers(postgres, database[0])
    {
        notes.push("PostgreSQL ended itself");
        revive(postgres, &database)?;
    }
    if !site.vigil.pid().is_some_and(is_alive) {
        notes.push("the server ended itself");
        site.vigil.start_again()?;
    }
    load.wait_for_more(&site, 20, RECOVERY)
        .context("after the disk was well again")?;
    site.vigil.kill();
    let mut ledger = load.finish()?;
    ensure_no_refusal(&ledger)?;
    ensure!(
        promised == 0,
        "{promised} requests were acknowledged while every fsync failed"
    );
    site.vigil.start_again()?;
    site.settle(&mut ledger, random)?;
    let mut tally = site.check("eio", &ledger)?;
    tally.notes.extend(notes.into_iter().map(str::to_owned));
    Ok(tally)
}

/// Every `fsync` takes 400 ms longer: an acknowledgement that comes sooner did not wait for one.
pub fn wait(stage: &Stage, _random: &mut Random) -> anyhow::Result<Tally> {
    let site = Site::open_plain(stage)?;
    let injection = Injection::start(
        &writers(&site)?,
        &format!("delay_enter={}", DELAY.as_micros()),
    )?;
    let mut ledger = Ledger::default();
    let mut fastest = Duration::MAX;
    for door in Door::ALL {
        let batch = Batch {
            key: format!("wait-{}", door.name()),
            door,
            is_grpc: false,
            count: 5,
            service: "wait".to_owned(),
            made_at_ns: now_ns(),
        };
        let begun = Instant::now();
        let verdict = batch.send_alone(&site.vigil.address, &site.vigil.token)?;
        let took = begun.elapsed();
        ensure!(verdict == Verdict::Taken, "{}: {verdict:?}", door.name());
        ensure!(
            took >= DELAY,
            "{}: acknowledged after {} ms, though every fsync takes {} ms",
            door.name(),
            took.as_millis(),
            DELAY.as_millis()
        );
        fastest = fastest.min(took);
        ledger.acknowledged.push(batch);
    }
    injection.end()?;
    let tally = site.check("wait", &ledger)?;
    Ok(tally.with_note(format!("fastest answer {} ms", fastest.as_millis())))
}

/// Whether PostgreSQL comes back by itself after the failure that it treats as a crash.
fn recovers(postgres: &Postgres, first: u32) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < RECOVERY && is_alive(first) {
        if answers(postgres) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// The processes that make records durable.
fn writers(site: &Site<'_>) -> anyhow::Result<Vec<u32>> {
    match &site.stage.postgres {
        Some(postgres) => of_postgres(postgres),
        None => Ok(vec![site.vigil.pid().context("the server is down")?]),
    }
}

/// strace at work on processes.
struct Injection {
    child: Child,
}

impl Injection {
    /// Attaches and returns when the calls are changed from now on.
    fn start(processes: &[u32], change: &str) -> anyhow::Result<Self> {
        let mut command = Command::new("strace");
        command
            .args(["-f", "-o", "/dev/null", "-e"])
            .arg(format!("trace={CALLS}"))
            .arg("-e")
            .arg(format!("inject={CALLS}:{change}"));
        for id in processes {
            command.args(["-p", &id.to_string()]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("running strace")?;
        let errors = child.stderr.take().context("strace has no output")?;
        let injection = Self { child };
        let mut lines = BufReader::new(errors).lines();
        let mut said = String::new();
        for _ in processes {
            // `strace: Process 4711 attached with 12 threads`
            let Some(Ok(line)) = lines.next() else {
                bail!("strace could not attach: {said}");
            };
            ensure!(line.contains("attached"), "strace could not attach: {line}");
            said.push_str(&line);
        }
        // What it says later must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(injection)
    }

    /// Detaches; the calls are as they were.
    fn end(mut self) -> anyhow::Result<()> {
        signal("-INT", &[self.child.id()]);
        self.child.wait().context("waiting for strace")?;
        Ok(())
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
