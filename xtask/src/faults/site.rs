//! A server with its store, for one trial or several.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;
use testkit::{HttpConnection, Postgres, Random, Verdict, Vigil, VigilSettings};

use super::batch::ANSWER;
use super::ledger::{Ledger, Stored, Tally, compare};
use super::processes::{ending, is_alive};

/// How long one trial may take in all.
const TRIAL: Duration = Duration::from_secs(240);
/// Records of a page when reading back: the most that the server gives.
const PAGE: usize = 1_000;
/// How far back records may lie.
const BACK: &str = "72h";
/// Acknowledged requests that are sent again, as a client does whose answer was lost.
const REPEATED: usize = 12;

/// What all trials on one database share.
pub struct Stage {
    /// The executable.
    pub program: PathBuf,
    /// The private server; SQLite otherwise.
    pub postgres: Option<Postgres>,
    /// Further arguments of the executable.
    pub arguments: Vec<String>,
    /// Whether folders stay for a look.
    pub is_kept: bool,
    /// Longest time between the beginning of the load and the fault.
    pub window: Duration,
    /// How long the database is stopped.
    pub freeze: Duration,
    /// How long more comes than can be stored.
    pub overload: Duration,
}

impl Stage {
    /// The database's name.
    pub fn name(&self) -> &'static str {
        if self.postgres.is_some() {
            "postgres"
        } else {
            "sqlite"
        }
    }

    /// The same with a private PostgreSQL that nobody else uses.
    pub fn with_fresh_postgres(&self) -> anyhow::Result<Self> {
        Ok(Self {
            program: self.program.clone(),
            postgres: Some(Postgres::start()?),
            arguments: self.arguments.clone(),
            ..*self
        })
    }

    /// PostgreSQL, where a fault is one of its own.
    pub fn postgres(&self) -> anyhow::Result<&Postgres> {
        self.postgres.as_ref().context("not on PostgreSQL")
    }
}

/// A server, its store and the time that is left.
pub struct Site<'a> {
    /// What it stands on.
    pub stage: &'a Stage,
    /// The server.
    pub vigil: Vigil,
    /// Where it listens for syslog.
    pub syslog_address: String,
    /// The name of its database on PostgreSQL.
    pub database: String,
    folder: Option<TempDir>,
    ends_at: Instant,
}

impl<'a> Site<'a> {
    /// Starts a server on an empty store. `place` is where its data go, when not beside its logs; `prepare` sees the
    /// name of the database on PostgreSQL before anything is in it.
    pub fn open(
        stage: &'a Stage,
        place: Option<&Path>,
        prepare: impl FnOnce(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        Self::open_with(stage, place, &[], prepare)
    }

    /// The same with further arguments of the executable.
    pub fn open_with(
        stage: &'a Stage,
        place: Option<&Path>,
        arguments: &[&str],
        prepare: impl FnOnce(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("vigil-faults-")
            .tempdir()
            .context("making a folder")?;
        let mut settings = VigilSettings::new(&stage.program, folder.path());
        if let Some(place) = place {
            settings.data_dir = place.join("data");
        }
        let mut database = String::new();
        if let Some(postgres) = &stage.postgres {
            if !answers(postgres) {
                // A trial before this one ended badly.
                postgres.crash()?;
                postgres.resume()?;
            }
            let url = postgres.database()?;
            url.rsplit('/')
                .next()
                .unwrap_or_default()
                .clone_into(&mut database);
            prepare(&database)?;
            settings.database_url = Some(url);
        }
        let syslog_address = format!("127.0.0.1:{}", testkit::free_port()?);
        settings.arguments = stage.arguments.clone();
        settings
            .arguments
            .extend(["--syslog-addr".to_owned(), syslog_address.clone()]);
        let more = arguments.iter().map(|argument| (*argument).to_owned());
        settings.arguments.extend(more);
        Ok(Self {
            stage,
            vigil: Vigil::start(settings)?,
            syslog_address,
            database,
            folder: Some(folder),
            ends_at: Instant::now() + TRIAL,
        })
    }

    /// The same with nothing special.
    pub fn open_plain(stage: &'a Stage) -> anyhow::Result<Self> {
        Self::open(stage, None, |_| Ok(()))
    }

    /// Gives a further trial its time.
    pub fn renew(&mut self) {
        self.ends_at = Instant::now() + TRIAL;
    }

    /// Gives this trial more time than others.
    pub fn allow(&mut self, limit: Duration) {
        self.ends_at = Instant::now() + limit;
    }

    /// Fails when the time of the trial is over.
    pub fn check_time(&self) -> anyhow::Result<()> {
        ensure!(
            Instant::now() < self.ends_at,
            "the trial takes longer than it may"
        );
        Ok(())
    }

    /// Waits until something holds; says what when it does not within `limit`.
    pub fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        mut holds: impl FnMut() -> bool,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !holds() {
            self.check_time()?;
            if let Some(id) = self.vigil.pid()
                && !is_alive(id)
            {
                let log = self.vigil.log_end();
                let last = log.lines().next_back().unwrap_or_default();
                bail!(
                    "{what}: the server ended ({}); its last words: {last}",
                    ending(id)
                );
            }
            if begun.elapsed() > limit {
                bail!("{what}: not within {} s", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// What clients do after the fault: most requests of which nobody knows are sent again under their key until
    /// they are taken (the others never come again), and some that were acknowledged are sent once more.
    pub fn settle(&self, ledger: &mut Ledger, random: &mut Random) -> anyhow::Result<()> {
        let (address, token) = (&self.vigil.address, &self.vigil.token);
        for batch in std::mem::take(&mut ledger.unknown) {
            if random.is_one_of(4) {
                ledger.unknown.push(batch);
                continue;
            }
            loop {
                self.check_time()?;
                match batch.send_alone(address, token) {
                    Ok(Verdict::Taken) => break,
                    Ok(Verdict::TryAgain(_)) => std::thread::sleep(Duration::from_millis(100)),
                    Ok(other) => bail!("a repeated request ({}): {other:?}", batch.door.name()),
                    Err(error) => bail!("a repeated request ({}): {error}", batch.door.name()),
                }
            }
            ledger.acknowledged.push(batch);
        }
        for samples in std::mem::take(&mut ledger.samples_unknown) {
            if random.is_one_of(4) {
                ledger.samples_unknown.push(samples);
                continue;
            }
            loop {
                self.check_time()?;
                match samples.send_alone(address, token)? {
                    Verdict::Taken => break,
                    Verdict::TryAgain(_) => std::thread::sleep(Duration::from_millis(100)),
                    other => bail!("repeated samples: {other:?}"),
                }
            }
            ledger.samples_taken.push(samples);
        }
        for _ in 0..REPEATED.min(ledger.acknowledged.len()) {
            let place = random.below(ledger.acknowledged.len() as u64) as usize;
            let batch = &ledger.acknowledged[place];
            match batch.send_alone(address, token) {
                Ok(Verdict::Taken | Verdict::TryAgain(_)) => {}
                other => bail!("an acknowledged request sent again: {other:?}"),
            }
        }
        Ok(())
    }

    /// Reads everything of a service back and holds it against the ledger; the counts of the histogram, which come
    /// from rollups, must agree.
    pub fn check(&self, service: &str, ledger: &Ledger) -> anyhow::Result<Tally> {
        let session = self.vigil.session()?;
        let stored = self.read(&session, service, "oldest")?;
        let mut tally = compare(ledger, &stored);
        let path = format!("/api/v1/logs/histogram?service={service}&from={BACK}");
        let histogram = self.get(&session, &path)?;
        let total = histogram["total"].as_u64().unwrap_or_default();
        if total != stored.count() as u64 {
            tally.altered.push(format!(
                "the histogram counts {total} records, {} are stored",
                stored.count()
            ));
        }
        for (status, count) in &ledger.busy {
            tally.notes.push(format!("{count} times {status}"));
        }
        for (text, count) in &ledger.refusals {
            tally.notes.push(format!("{count} times {text}"));
        }
        Ok(tally)
    }

    /// All records of a service, page by page.
    pub fn read(&self, session: &str, service: &str, order: &str) -> anyhow::Result<Stored> {
        let mut stored = Stored::default();
        self.read_into(&mut stored, session, service, order)?;
        Ok(stored)
    }

    /// The same; what was read before a failure stays.
    pub fn read_into(
        &self,
        stored: &mut Stored,
        session: &str,
        service: &str,
        order: &str,
    ) -> anyhow::Result<()> {
        let mut cursor = String::new();
        loop {
            self.check_time()?;
            let path = format!(
                "/api/v1/logs?service={service}&limit={PAGE}&order={order}&from={BACK}{cursor}"
            );
            let page = self.get(session, &path)?;
            let records = page["records"].as_array().context("no records in a page")?;
            for record in records {
                stored.take(record["body"].as_str().unwrap_or_default());
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(()),
            }
        }
    }

    /// The JSON of a read; another status than 200 is an error.
    pub fn get(&self, session: &str, path: &str) -> anyhow::Result<Value> {
        let authorization = format!("Bearer {session}");
        let headers = [("authorization", authorization.as_str())];
        let answer = HttpConnection::open(&self.vigil.address, ANSWER)?.exchange(
            "GET",
            path,
            &headers,
            &[],
        )?;
        ensure!(
            answer.status == 200,
            "{path} answers {}: {}",
            answer.status,
            answer.text()
        );
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

/// Whether PostgreSQL takes statements.
pub fn answers(postgres: &Postgres) -> bool {
    postgres.execute("postgres", "select 1").is_ok()
}

impl Drop for Site<'_> {
    fn drop(&mut self) {
        self.vigil.kill();
        if let Some(folder) = self.folder.take()
            && self.stage.is_kept
        {
            println!("kept: {}", folder.keep().display());
        }
    }
}
