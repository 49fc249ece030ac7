//! Quality of the detectors on labelled data that is read where it lies: `bench -- detect --data DIR`.

mod loghub;
mod nab;
mod petshop;
pub(crate) mod scenarios;
mod sessions;

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use testkit::scenario;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The folder with a folder for each data set; sets that are not there are left out.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Only this set: `nab`, `petshop`, `hdfs-sessions`, `loghub`, or the `scenarios`, which need no data.
    #[arg(long)]
    only: Option<String>,
    /// How often each scenario is played.
    #[arg(long, default_value_t = 8)]
    seeds: u64,
    /// The seed of its first play.
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
}

type Measure = fn(&Path) -> io::Result<()>;

/// A set's folder, and what measures it.
const SETS: [(&str, Measure); 4] = [
    ("nab", nab::run),
    ("petshop", petshop::run),
    ("hdfs-sessions", sessions::run),
    ("loghub", loghub::run),
];

/// Measures every set that is there, and prints the outcomes.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let is_wanted = |name: &str| options.only.as_deref().is_none_or(|only| only == name);
    let mut measured = 0;
    for (name, measure) in SETS {
        let folder = options.data.as_ref().map(|data| data.join(name));
        if let Some(folder) = folder.filter(|folder| is_wanted(name) && folder.is_dir()) {
            measure(&folder).with_context(|| format!("measuring {name}"))?;
            measured += 1;
        }
    }
    if is_wanted("scenarios") {
        let classify: scenarios::Classify = &inference::cause_class;
        scenarios::run(options.seeds, options.first_seed, Some(classify))?;
        measured += 1;
    }
    anyhow::ensure!(measured > 0, "nothing of that name is there to measure");
    Ok(())
}
