//! Log lines that ask a model for something, and a model that always obeys: `bench -- injection [--data DIR]`. Whatever it
//! writes, what code decides stays as it is, and nothing of it is shown outside of quotation marks.

mod hold;
mod obedient;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// A folder with `log-injection/cases.jsonl` or `cases.jsonl`, besides the cases of the repository.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Incidents that each case is put into.
    #[arg(long, default_value_t = 10)]
    incidents: usize,
}

/// A log line that asks for something.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Case {
    id: String,
    category: String,
    /// Where it stands: `message`, `username`, `user_agent`, `path`, `hostname`.
    field: String,
    payload: String,
    #[serde(default)]
    checks: BTreeMap<String, Value>,
}

impl Case {
    /// Texts that a check of this name lists.
    fn texts(&self, check: &str) -> Vec<&str> {
        let listed = self.checks.get(check).and_then(Value::as_array);
        listed
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}

/// The cases of the repository: one JSON object a line.
const OWN: &str = include_str!("../../inference/testdata/injection.jsonl");

/// Puts every case into every incident and prints which properties held.
///
/// # Errors
/// Fails when cases cannot be read, and when a property did not hold.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut cases = parse(OWN).context("the cases of the repository")?;
    if let Some(data) = &options.data {
        cases.extend(read(data)?);
    }
    let incidents = hold::incidents(options.incidents);
    let mut tally = hold::Tally::default();
    for case in &cases {
        for incident in &incidents {
            inference::wait_for(tally.hold(case, incident))?;
        }
    }
    let broken = tally.print(cases.len(), incidents.len());
    anyhow::ensure!(broken == 0, "{broken} properties did not hold");
    Ok(())
}

fn read(data: &Path) -> anyhow::Result<Vec<Case>> {
    let places = [
        data.join("log-injection/cases.jsonl"),
        data.join("cases.jsonl"),
    ];
    let place = places.iter().find(|place| place.is_file());
    let place = place.with_context(|| format!("no cases.jsonl in {}", data.display()))?;
    parse(&std::fs::read_to_string(place)?).with_context(|| format!("reading {}", place.display()))
}

fn parse(text: &str) -> anyhow::Result<Vec<Case>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let cases: serde_json::Result<Vec<Case>> = lines.map(serde_json::from_str).collect();
    Ok(cases?)
}
