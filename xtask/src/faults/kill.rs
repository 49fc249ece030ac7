//! The server is killed (`kill -9`), or told to stop (`kill -TERM`), in the middle of its work.

use std::time::Duration;

use anyhow::{Context, ensure};
use testkit::Random;

use super::damage::database_file;
use super::ledger::{Ledger, Tally};
use super::load::{Load, ensure_no_refusal};
use super::samples;
use super::site::{Site, Stage};

/// Senders of every protocol.
const SENDERS: usize = 2;
/// Requests that are acknowledged before the moment of the fault is drawn.
const BEFORE: usize = 10;
/// How long they may take.
const FIRST: Duration = Duration::from_secs(30);
/// How long a stop may take.
const STOP: Duration = Duration::from_secs(30);
/// Trials on one store before a fresh one is taken: a store that has been through some is the harder case.
const ON_ONE_STORE: usize = 10;

/// Kills one after the other on the same store.
pub struct Kills<'a> {
    stage: &'a Stage,
    site: Option<Site<'a>>,
    past: Vec<(String, Ledger)>,
}

impl<'a> Kills<'a> {
    /// None yet.
    pub fn new(stage: &'a Stage) -> Self {
        Self {
            stage,
            site: None,
            past: Vec::new(),
        }
    }

    /// Load, kill at a random moment, restart (killed once more while it starts, now and then), retries, comparison.
    pub fn trial(&mut self, random: &mut Random) -> anyhow::Result<Tally> {
        let mut site = match self.site.take() {
            Some(site) => site,
            None => Site::open_plain(self.stage)?,
        };
        site.renew();
        let service = format!("kill{}", self.past.len());
        let load = Load::start(&site, &service, SENDERS, random);
        load.wait_for_more(&site, BEFORE, FIRST)?;
        let moment = random.below(self.stage.window.as_millis() as u64);
        std::thread::sleep(Duration::from_millis(moment));
        site.vigil.kill();
        let mut ledger = load.finish()?;
        ensure_no_refusal(&ledger)?;
        let is_killed_again = random.is_one_of(4);
        if is_killed_again {
            site.vigil.spawn()?;
            std::thread::sleep(Duration::from_millis(random.below(400)));
        }
        let ready = site.vigil.start_again()?;
        site.settle(&mut ledger, random)?;
        let mut tally = site
            .check(&service, &ledger)?
            .with_note(format!("killed after {moment} ms"))
            .with_note(format!("ready in {:.1} s", ready.as_secs_f64()));
        if is_killed_again {
            tally.notes.push("killed while starting, too".to_owned());
        }
        if !tally.is_clean() {
            self.past.clear();
            return Ok(tally);
        }
        self.past.push((service, ledger));
        if self.past.len() >= ON_ONE_STORE {
            self.finish(&mut site)?;
        } else {
            self.site = Some(site);
        }
        Ok(tally)
    }

    /// Looks at the records of all trials on this store once more: a later kill must not have harmed them.
    pub fn finish_last(&mut self) -> anyhow::Result<()> {
        match self.site.take() {
            Some(mut site) => {
                site.renew();
                self.finish(&mut site)
            }
            None => Ok(()),
        }
    }

    fn finish(&mut self, site: &mut Site<'_>) -> anyhow::Result<()> {
        let past = std::mem::take(&mut self.past);
        samples::check(site, past.iter().map(|(_, ledger)| ledger))?;
        for (service, ledger) in past {
            let tally = site.check(&service, &ledger)?;
            ensure!(
                tally.is_clean(),
                "the records of {service} are not what they were after its own trial: {tally:?}"
            );
        }
        Ok(())
    }
}

/// A stop under load: exit status 0 within 30 s, and everything acknowledged is there.
pub fn stop(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    let mut site = Site::open_plain(stage)?;
    let load = Load::start(&site, "stop", SENDERS, random);
    load.wait_for_more(&site, BEFORE, FIRST)?;
    std::thread::sleep(Duration::from_millis(
        random.below(stage.window.as_millis() as u64),
    ));
    let begun = std::time::Instant::now();
    let status = site.vigil.terminate(STOP)?;
    let took = begun.elapsed();
    let mut ledger = load.finish()?;
    let status = status.context("still running 30 s after SIGTERM")?;
    ensure!(status.success(), "ended with {status} after SIGTERM");
    ensure_no_refusal(&ledger)?;
    if stage.postgres.is_none() {
        let (_, file) = database_file(&site)?;
        let log = std::fs::metadata(file.with_extension("sqlite3-wal"));
        let bytes = log.map_or(0, |log| log.len());
        ensure!(bytes == 0, "{bytes} bytes of the log are not in the file");
    }
    site.vigil.start_again()?;
    site.settle(&mut ledger, random)?;
    let samples = samples::check(&mut site, std::iter::once(&ledger))?;
    Ok(site
        .check("stop", &ledger)?
        .with_note(format!("stopped in {:.1} s", took.as_secs_f64()))
        .with_note(format!("{samples} samples of metrics")))
}
