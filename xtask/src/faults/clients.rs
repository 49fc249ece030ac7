//! Clients that behave badly: all at once, or hardly at all.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail, ensure};
use testkit::{Door, HttpConnection, Random, Verdict, now_ns};

use super::batch::{ANSWER, Batch};
use super::ledger::{Ledger, Tally};
use super::processes::open_files;
use super::site::{Site, Stage};

/// How often one request comes at once.
const STORM: usize = 50;
/// Records of it.
const RECORDS: usize = 100;
/// Connections that say nothing.
const IDLE: usize = 1_000;
/// Connections that stop in the middle of the head, and of the body.
const SLOW: usize = 50;
/// Requests of a well-behaved client beside them.
const OTHERS: usize = 100;
/// What 99 of 100 of them may take.
const OTHERS_LIMIT: Duration = Duration::from_secs(2);

fn batch(service: &str, door: Door, number: usize) -> Batch {
    Batch {
        key: format!("{service}-{}-{number}", door.name()),
        door,
        is_grpc: false,
        count: RECORDS,
        service: service.to_owned(),
        made_at_ns: now_ns(),
    }
}

/// The same request fifty times at once, once more, and once more after a kill: it is stored once.
pub fn storm(stage: &Stage, _random: &mut Random) -> anyhow::Result<Tally> {
    let mut site = Site::open_plain(stage)?;
    let mut ledger = Ledger::default();
    for door in Door::ALL {
        let batch = batch("storm", door, 0);
        let taken = at_once(&site, &batch)?;
        ensure!(taken > 0, "{}: not taken once in {STORM}", door.name());
        ledger.acknowledged.push(batch);
    }
    repeat(&site, &ledger)?;
    site.vigil.kill();
    site.vigil.start_again()?;
    repeat(&site, &ledger)?;
    site.check("storm", &ledger)
}

/// How many of the senders were told that it is taken; the others must have been told to try again.
fn at_once(site: &Site<'_>, batch: &Batch) -> anyhow::Result<usize> {
    let (address, token) = (site.vigil.address.as_str(), site.vigil.token.as_str());
    let gate = std::sync::Barrier::new(STORM);
    let verdicts: Vec<_> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..STORM)
            .map(|_| {
                scope.spawn(|| {
                    let connection = HttpConnection::open(address, ANSWER);
                    gate.wait();
                    batch.send(&mut connection?, token)
                })
            })
            .collect();
        senders
            .into_iter()
            .map(std::thread::ScopedJoinHandle::join)
            .collect()
    });
    let mut taken = 0;
    for verdict in verdicts {
        match verdict.map_err(|_| anyhow!("a sender panicked"))?? {
            Verdict::Taken => taken += 1,
            Verdict::TryAgain(_) => {}
            other => bail!("{}: {other:?}", batch.door.name()),
        }
    }
    Ok(taken)
}

fn repeat(site: &Site<'_>, ledger: &Ledger) -> anyhow::Result<()> {
    for batch in &ledger.acknowledged {
        let verdict = batch.send_alone(&site.vigil.address, &site.vigil.token)?;
        ensure!(
            verdict == Verdict::Taken,
            "{}: {verdict:?}",
            batch.door.name()
        );
    }
    Ok(())
}

/// A thousand connections that say nothing and a hundred that stop in the middle: others are served as ever.
pub fn idle(stage: &Stage, _random: &mut Random) -> anyhow::Result<Tally> {
    let site = Site::open_plain(stage)?;
    let files = || site.vigil.pid().map_or(0, open_files);
    let before = files();
    let mut held = Vec::new();
    for number in 0..IDLE + 2 * SLOW {
        let mut stream = TcpStream::connect(&site.vigil.address)
            .map_err(|error| anyhow!("connection {number}: {error}"))?;
        match number {
            0..SLOW => stream.write_all(b"POST /api/v1/logs HTTP/1.1\r\nhost: vig")?,
            SLOW..100 => stream.write_all(&half_a_request(&site))?,
            _ => {}
        }
        held.push(stream);
    }
    let mut ledger = Ledger::default();
    let mut times = Vec::new();
    let mut connection = HttpConnection::open(&site.vigil.address, ANSWER)?;
    for number in 0..OTHERS {
        let batch = batch("idle", Door::ALL[number % Door::ALL.len()], number);
        let begun = Instant::now();
        let verdict = batch.send(&mut connection, &site.vigil.token)?;
        times.push(begun.elapsed());
        ensure!(
            verdict == Verdict::Taken,
            "{}: {verdict:?}",
            batch.door.name()
        );
        ledger.acknowledged.push(batch);
    }
    times.sort();
    let slowest = times[OTHERS * 99 / 100 - 1];
    ensure!(
        slowest < OTHERS_LIMIT,
        "beside {IDLE} idle connections a request takes {} ms",
        slowest.as_millis()
    );
    let during = files();
    drop(held);
    site.wait_for(
        "the server closes what its clients closed",
        Duration::from_secs(30),
        || files() < before + 100,
    )?;
    Ok(site
        .check("idle", &ledger)?
        .with_note(format!("p99 {} ms", slowest.as_millis()))
        .with_note(format!("{during} files open")))
}

/// A request whose body does not come to its end.
fn half_a_request(site: &Site<'_>) -> Vec<u8> {
    format!(
        "POST /api/v1/logs HTTP/1.1\r\nhost: vigil\r\nauthorization: Bearer {}\r\n\
         content-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n{{\"message\":",
        site.vigil.token
    )
    .into_bytes()
}
