//! The server ends itself at named points of its work (`VIGIL_FAILPOINT`), under load of every protocol.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use anyhow::{Context, ensure};
use tempfile::TempDir;
use testkit::{Door, HttpConnection, Random, Verdict, now_ns};

use super::batch::{ANSWER, Batch};
use super::ledger::{Ledger, Stored, Tally, compare};
use super::load::{Load, ensure_no_refusal};
use super::site::{Site, Stage};

/// The variable that arms a point.
const VARIABLE: &str = "VIGIL_FAILPOINT";
/// The signal that a process ends by when it aborts.
const SIGABRT: i32 = 6;
/// How long until an armed point is passed often enough.
const PASSED: Duration = Duration::from_secs(300);
/// Records of a request that becomes a block at once.
const LARGE: usize = 2_500;
/// Records of a request that becomes a block at once and is too large to be put together with younger ones.
const OLD: usize = 16_500;
/// Records of a request whose records stay rows.
const SMALL: usize = 100;
/// How old the records are that move to the block storage: older than the day after which they do.
const OLD_NS: i64 = 2 * 86_400 * 1_000_000_000;

/// What must be there, beside the load, for a point to be passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing.
    Load,
    /// A block of old records.
    OldBlock,
    /// Records that somebody deletes.
    Deletion,
}

/// Every point of the server: how many passes may go by at most, and what it needs.
const POINTS: [(&str, u64, Needs); 12] = [
    ("decoded", 100, Needs::Load),
    ("mined", 40, Needs::Load),
    ("receipted", 40, Needs::Load),
    ("committing", 40, Needs::Load),
    ("committed", 40, Needs::Load),
    ("sealing", 2, Needs::Load),
    ("compacting", 1, Needs::Load),
    ("indexed", 1, Needs::Load),
    ("object-written", 1, Needs::OldBlock),
    ("moving", 1, Needs::OldBlock),
    ("deleting", 1, Needs::Deletion),
    ("rewriting", 1, Needs::Deletion),
];

/// One point after the other on the same store.
pub struct Points<'a> {
    stage: &'a Stage,
    objects: TempDir,
    site: Option<Site<'a>>,
    past: Vec<(String, Ledger)>,
}

impl<'a> Points<'a> {
    /// None yet.
    pub fn new(stage: &'a Stage) -> anyhow::Result<Self> {
        let objects = tempfile::Builder::new()
            .prefix("vigil-objects-")
            .tempdir()
            .context("making a folder")?;
        Ok(Self {
            stage,
            objects,
            site: None,
            past: Vec::new(),
        })
    }

    /// How many trials it takes to see every point once.
    pub const COUNT: usize = POINTS.len();

    /// Load, the end of the server at the next point, restart, retries, comparison.
    pub fn trial(&mut self, random: &mut Random) -> anyhow::Result<Tally> {
        let number = self.past.len();
        let (name, passes, needs) = POINTS[number % POINTS.len()];
        let point = format!("{name}:{}", 1 + random.below(passes));
        let mut site = match self.site.take() {
            Some(site) => site,
            None => {
                // What was on another store is not on this one.
                let past = self.past.iter_mut();
                past.for_each(|(_, ledger)| *ledger = Ledger::default());
                self.open()?
            }
        };
        site.renew();
        let service = format!("point{number}");
        // Counted also when it fails: the next trial is about the next point.
        self.past.push((service.clone(), Ledger::default()));
        let trial = Trial {
            point: &point,
            needs,
            service: &service,
        };
        let (ledger, tally) = trial.run(&mut site, random).context(point.clone())?;
        if tally.is_clean() {
            // Of a store that lost something nothing more is to be learnt.
            self.past[number].1 = ledger;
            self.site = Some(site);
        }
        Ok(tally.with_note(format!("ended at {point}")))
    }

    fn open(&self) -> anyhow::Result<Site<'a>> {
        let storage = format!("file://{}", self.objects.path().display());
        let arguments = ["--block-storage", &storage, "--tier-after-days", "1"];
        Site::open_with(self.stage, None, &arguments, |_| Ok(()))
    }

    /// Looks at the records of all trials on this store once more: a later end must not have harmed them.
    pub fn finish_last(&mut self) -> anyhow::Result<()> {
        let Some(mut site) = self.site.take() else {
            return Ok(());
        };
        site.renew();
        for (service, ledger) in std::mem::take(&mut self.past) {
            if !ledger.acknowledged.is_empty() {
                let tally = site.check(&service, &ledger)?;
                ensure!(
                    tally.is_clean(),
                    "the records of {service} are not what they were after its own trial: {tally:?}"
                );
            }
        }
        Ok(())
    }
}

/// One end of the server.
struct Trial<'t> {
    point: &'t str,
    needs: Needs,
    service: &'t str,
}

impl Trial<'_> {
    fn run(&self, site: &mut Site<'_>, random: &mut Random) -> anyhow::Result<(Ledger, Tally)> {
        let mut prepared = Vec::new();
        if self.needs == Needs::OldBlock {
            prepared.push(send(site, Door::Ndjson, self.service, OLD, OLD_NS)?);
        }
        let gone = format!("{}gone", self.service);
        let mut deleted = Vec::new();
        if self.needs == Needs::Deletion {
            for (door, count) in [(Door::Splunk, SMALL), (Door::Elasticsearch, LARGE)] {
                deleted.push(send(site, door, &gone, count, 0)?);
            }
        }
        let load = Load::start(site, self.service, 1, random);
        site.vigil.set_variable(VARIABLE, Some(self.point));
        site.vigil.spawn()?;
        if self.needs == Needs::Deletion {
            let ready = site.vigil.wait_ready(PASSED);
            ready.context("waiting for the server that shall end")?;
            let session = site.vigil.session()?;
            let answer = delete(site, &session, &gone);
            ensure!(answer.is_err(), "the deletion was answered: {answer:?}");
        }
        let ended = site.vigil.wait_end(PASSED);
        site.vigil.set_variable(VARIABLE, None);
        let mut ledger = load.finish()?;
        let status = ended
            .with_context(|| format!("the server did not come there in {} s", PASSED.as_secs()))?;
        ensure!(
            status.signal() == Some(SIGABRT),
            "the server ended with {status}"
        );
        ensure_no_refusal(&ledger)?;
        let ready = site.vigil.start_again()?;
        ledger.acknowledged.extend(prepared);
        site.settle(&mut ledger, random)?;
        let mut tally = site.check(self.service, &ledger)?;
        if self.needs == Needs::Deletion {
            after_deletion(site, &gone, &deleted, &mut tally)?;
        }
        Ok((
            ledger,
            tally.with_note(format!("ready in {:.1} s", ready.as_secs_f64())),
        ))
    }
}

/// One request outside the load.
fn send(
    site: &Site<'_>,
    door: Door,
    service: &str,
    count: usize,
    age_ns: i64,
) -> anyhow::Result<Batch> {
    let batch = Batch {
        key: format!("{service}x{}-", door.name()),
        door,
        is_grpc: false,
        count,
        service: service.to_owned(),
        made_at_ns: now_ns() - age_ns,
    };
    let verdict = batch.send_alone(&site.vigil.address, &site.vigil.token)?;
    ensure!(verdict == Verdict::Taken, "{}: {verdict:?}", door.name());
    Ok(batch)
}

/// Asks for the deletion of a service's errors; how many went.
fn delete(site: &Site<'_>, session: &str, service: &str) -> anyhow::Result<u64> {
    let authorization = format!("Bearer {session}");
    let headers = [("authorization", authorization.as_str())];
    let path = format!("/api/v1/logs?service={service}&severity=error&from=3h&to=now");
    let mut connection = HttpConnection::open(&site.vigil.address, ANSWER)?;
    let answer = connection.exchange("DELETE", &path, &headers, &[])?;
    ensure!(answer.status == 200, "it answers {}", answer.text());
    let json: serde_json::Value = serde_json::from_slice(&answer.body)?;
    json["records"].as_u64().context("no count of what went")
}

/// Between the two attempts no record is altered; after the second one what was asked for is gone and nothing else.
fn after_deletion(
    site: &Site<'_>,
    service: &str,
    sent: &[Batch],
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let everything = Ledger {
        acknowledged: sent.to_vec(),
        ..Ledger::default()
    };
    let session = site.vigil.session()?;
    let half = compare(&everything, &site.read(&session, service, "newest")?);
    tally.doubled.extend(half.doubled);
    tally.altered.extend(half.altered);
    let more = delete(site, &session, service)?;
    let stored = site.read(&session, service, "oldest")?;
    let rows = || {
        sent.iter()
            .flat_map(|batch| batch.names().zip(batch.rows()))
    };
    let mut kept = Stored::default();
    for (name, row) in rows() {
        let is_there = stored.copies.contains_key(&name);
        if row.severity != "error" {
            kept.copies.insert(name.clone(), 1);
            if !is_there {
                tally.lost.push(name);
            }
        } else if is_there {
            tally.altered.push(format!("{name} is still there"));
        }
    }
    let path = format!("/api/v1/logs/histogram?service={service}&from=3h");
    let total = site.get(&session, &path)?["total"].as_u64();
    if total != Some(kept.count() as u64) {
        tally.altered.push(format!(
            "the histogram counts {total:?} records after the deletion, {} are left",
            kept.count()
        ));
    }
    tally.notes.push(format!("{more} went the second time"));
    Ok(())
}
