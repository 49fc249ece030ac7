//! PostgreSQL goes away under load: killed, or stopped for a while.

use std::time::{Duration, Instant};

use anyhow::ensure;
use testkit::Random;

use super::ledger::Tally;
use super::load::{Load, ensure_no_refusal};
use super::processes::{is_alive, of_postgres, revive, signal};
use super::site::{Site, Stage};

/// How long the load may need until it goes on after the outage: a commit's patience and a restart.
const RECOVERY: Duration = Duration::from_secs(60);
/// How long the server may need to say that it lives while its database does not.
const ALIVE: Duration = Duration::from_secs(2);

/// `kill -9` of one of its processes, which makes it start again by itself, or of the first one, which does not.
pub fn kill(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    let postgres = stage.postgres()?;
    let site = Site::open_plain(stage)?;
    let load = Load::start(&site, "outage", 1, random);
    load.wait_for_more(&site, 10, RECOVERY)?;
    std::thread::sleep(Duration::from_millis(random.below(1_000)));
    let processes = of_postgres(postgres)?;
    let is_whole = random.is_one_of(2);
    if is_whole {
        signal("-KILL", &processes[..1]);
        std::thread::sleep(Duration::from_millis(random.below(1_500)));
        check_alive(&site)?;
        revive(postgres, &processes)?;
    } else {
        let backend = processes.iter().find(|id| is_backend(**id));
        signal("-KILL", &[*backend.unwrap_or(&processes[0])]);
        if backend.is_none() {
            revive(postgres, &processes)?;
        }
    }
    let tally = go_on(&site, load, random)?;
    Ok(tally.with_note(if is_whole {
        "the whole server killed"
    } else {
        "one of its processes killed"
    }))
}

/// SIGSTOP for a while: connections stay, nothing is answered.
pub fn freeze(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    let postgres = stage.postgres()?;
    let site = Site::open_plain(stage)?;
    let load = Load::start(&site, "frozen", 1, random);
    load.wait_for_more(&site, 10, RECOVERY)?;
    let frozen = Frozen::new(of_postgres(postgres)?);
    let until = Instant::now() + stage.freeze;
    while Instant::now() < until {
        check_alive(&site)?;
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(frozen);
    let tally = go_on(&site, load, random)?;
    Ok(tally.with_note(format!("stopped for {} s", stage.freeze.as_secs())))
}

/// After the outage the same server takes records again, by itself.
fn go_on(site: &Site<'_>, load: Load, random: &mut Random) -> anyhow::Result<Tally> {
    let begun = Instant::now();
    load.wait_for_more(site, 20, RECOVERY)?;
    let took = begun.elapsed();
    let mut ledger = load.finish()?;
    ensure_no_refusal(&ledger)?;
    site.settle(&mut ledger, random)?;
    let service = ledger.acknowledged[0].service.clone();
    Ok(site
        .check(&service, &ledger)?
        .with_note(format!("went on after {:.1} s", took.as_secs_f64())))
}

fn check_alive(site: &Site<'_>) -> anyhow::Result<()> {
    let begun = Instant::now();
    let status = site.vigil.get("/livez")?;
    ensure!(
        status == 200 && begun.elapsed() < ALIVE,
        "/livez answers {status} after {:.1} s while the database is away",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Whether a process serves a connection: `postgres: vigil test_0 127.0.0.1(4711) idle`.
fn is_backend(id: u32) -> bool {
    let title = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    is_alive(id) && String::from_utf8_lossy(&title).contains("127.0.0.1(")
}

/// Stopped processes, which go on with the end of this value.
struct Frozen(Vec<u32>);

impl Frozen {
    fn new(processes: Vec<u32>) -> Self {
        signal("-STOP", &processes);
        Self(processes)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}
