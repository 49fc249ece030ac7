//! Samples of metrics through Prometheus' remote write. Every one has a value of its own; they are read back out of the
//! database, for no interface gives them.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use anyhow::ensure;
use testkit::{HttpConnection, Verdict, now_ns, remote_write};

use super::batch::ANSWER;
use super::damage::database_file;
use super::ledger::Ledger;
use super::site::Site;
use super::sqlite::{DatabaseFile, Value};

/// Where requests go.
const PATH: &str = "/api/v1/write";
/// How long a stop may take.
const STOP: Duration = Duration::from_secs(30);

/// A request: samples of one series whose values are the whole numbers from `first` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    /// The series' label.
    pub service: String,
    /// The first value, below 2^53.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// The instant of value 0, unix milliseconds; each value is a millisecond later than the one before.
    pub origin_ms: i64,
}

impl Samples {
    /// Where the values of a load begin: at an instant in microseconds, so that no two loads share one.
    pub fn first_value() -> u64 {
        (now_ns() / 1_000).unsigned_abs()
    }

    /// Sends it; after an error nobody knows whether it was stored.
    pub fn send(&self, connection: &mut HttpConnection, token: &str) -> io::Result<Verdict> {
        let labels = [
            ("__name__", "fault_trial"),
            ("service", self.service.as_str()),
        ];
        let samples: Vec<(i64, f64)> = (self.first..self.first + self.count)
            .map(|value| (self.origin_ms + value.cast_signed(), value as f64))
            .collect();
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-protobuf"),
            ("content-encoding", "snappy"),
        ];
        let body = remote_write(&labels, &samples);
        let answer = connection.exchange("POST", PATH, &headers, &body)?;
        Ok(match answer.status {
            204 => Verdict::Taken,
            status @ (429 | 503) => Verdict::TryAgain(status),
            status => Verdict::Refused {
                status,
                text: answer.text().chars().take(300).collect(),
            },
        })
    }

    /// Sends it over a connection of its own.
    pub fn send_alone(&self, address: &str, token: &str) -> io::Result<Verdict> {
        self.send(&mut HttpConnection::open(address, ANSWER)?, token)
    }
}

/// Stops the server, holds the stored samples against what was promised, and starts it again. How many there are.
pub fn check<'l>(
    site: &mut Site<'_>,
    ledgers: impl Iterator<Item = &'l Ledger>,
) -> anyhow::Result<usize> {
    let mut taken = Vec::new();
    let mut unknown = 0;
    for ledger in ledgers {
        taken.extend(ledger.samples_taken.iter().cloned());
        unknown += ledger.samples_unknown.iter().map(|s| s.count).sum::<u64>();
    }
    let status = site.vigil.terminate(STOP)?;
    ensure!(status.is_some(), "still running 30 s after SIGTERM");
    let stored = match &site.stage.postgres {
        None => of_file(site, &taken)?,
        Some(_) => of_postgres(site, &taken)?,
    };
    let promised: u64 = taken.iter().map(|samples| samples.count).sum();
    ensure!(
        (promised..=promised + unknown).contains(&(stored as u64)),
        "{stored} samples are stored, {promised} were acknowledged and {unknown} more were sent"
    );
    site.vigil.start_again()?;
    Ok(stored)
}

/// Reads the samples out of the SQLite file; how many there are.
fn of_file(site: &Site<'_>, taken: &[Samples]) -> anyhow::Result<usize> {
    let (_, path) = database_file(site)?;
    let rows = DatabaseFile::open(&path)?.rows("metric_samples")?;
    let mut copies: HashMap<u64, usize> = HashMap::new();
    for row in &rows {
        let value = match row.values()?.pop() {
            Some(Value::Int(value)) => value.unsigned_abs(),
            Some(Value::Float(value)) => value as u64,
            other => anyhow::bail!("a sample has the value {other:?}"),
        };
        *copies.entry(value).or_default() += 1;
    }
    for samples in taken {
        for value in samples.first..samples.first + samples.count {
            let found = copies.get(&value).copied().unwrap_or_default();
            ensure!(
                found == 1,
                "sample {value} of {samples:?} is there {found} times"
            );
        }
    }
    Ok(rows.len())
}

/// Lets PostgreSQL compare, and say what it found in an error: its answers are read no further here.
fn of_postgres(site: &Site<'_>, taken: &[Samples]) -> anyhow::Result<usize> {
    let list = |number: fn(&Samples) -> u64| {
        let numbers: Vec<String> = taken.iter().map(|s| number(s).to_string()).collect();
        format!("array[{}]::bigint[]", numbers.join(","))
    };
    let (first, last) = (list(|s| s.first), list(|s| s.first + s.count - 1));
    let postgres = site.stage.postgres()?;
    let question = format!(
        "do $$ declare wrong bigint; stored bigint; begin \
         select count(*) into wrong from unnest({first}, {last}) as r(a, b), generate_series(r.a, r.b) as v \
         left join (select value, count(*) as copies from metric_samples group by value) m on m.value = v \
         where m.copies is distinct from 1; \
         select count(*) into stored from metric_samples; \
         raise exception 'wrong=% stored=%;', wrong, stored; end $$"
    );
    let Err(testkit::Error::Statement { message, .. }) =
        postgres.execute(&site.database, &question)
    else {
        anyhow::bail!("PostgreSQL does not say what it knows about the samples");
    };
    let number = |name: &str| {
        let (_, rest) = message.split_once(name)?;
        rest.split([' ', ';']).next()?.parse::<usize>().ok()
    };
    let (Some(wrong), Some(stored)) = (number("wrong="), number("stored=")) else {
        anyhow::bail!("PostgreSQL says about the samples: {message}");
    };
    ensure!(
        wrong == 0,
        "{wrong} acknowledged samples are not there once"
    );
    Ok(stored)
}
