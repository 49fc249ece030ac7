//! Ranks the root causes of PetShop's injected faults (Hardt et al. 2023, "The PetShop dataset", CC-BY-4.0), with the call
//! graph and without, and scores ranking and confidence. It is also an example of the crate `anomaly`, which builds faster:
//! `cargo run --release -p anomaly --example petshop -- ../shared/data/petshop [--verbose]`.
//!
//! A set is a folder with `graph.csv` (row calls column), `noissue/metrics.csv` and issues under `train` and `test`; each issue
//! has five-minute values of every component and a `target.json` that says where, when and as what it was felt, and what
//! was at fault. What is felt and the time of the alert are what a user would know; the rest is for scoring only.

#[path = "petshop/stress.rs"]
mod stress;

use std::collections::BTreeMap;
use std::io::{self, Error};
use std::path::{Path, PathBuf};

use anomaly::{Explained, RootCauseInput, Slice, Topology, Trouble, Vitals, explain_suspects};
use stress::{Chance, STRESS_SEEDS, STRESSES, Stress};

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// Length of a row, seconds.
const ROW_S: i64 = 300;
/// Components that are only seen by who calls them.
const INFERRED: &str = "_remote";
/// Suspects that are looked at.
const LIMIT: usize = 5;

/// Ranks every issue under `dir` (a set, or a folder of sets) and prints the scores.
///
/// # Errors
/// Fails when there is no set or one cannot be read.
pub fn run(dir: &Path) -> io::Result<()> {
    run_all(dir, false)
}

/// As [`run`]; with `verbose`, also prints each issue's suspects.
///
/// # Errors
/// As [`run`].
pub fn run_all(dir: &Path, verbose: bool) -> io::Result<()> {
    let mut found = 0;
    for folder in sets(dir)? {
        let set = Set::read(&folder)?;
        found += set.issues.len();
        println!("petshop {}, {} issues", folder.display(), set.issues.len());
        for (name, way) in WAYS {
            let mut tally = Tally::default();
            for issue in &set.issues {
                let suspects = set.rank(issue, way);
                tally.add(issue, &suspects);
                if verbose {
                    print_one(issue, &suspects);
                }
            }
            tally.print(name, matches!(way, Way::Graph));
        }
        for (name, stress) in STRESSES {
            let mut all = (0, 0, 0);
            for seed in 1..=STRESS_SEEDS {
                let worse = set.under(stress, seed);
                let mut tally = Tally::default();
                for issue in &worse.issues {
                    tally.add(issue, &worse.rank(issue, Way::Graph));
                }
                all = (
                    all.0 + tally.all.0,
                    all.1 + tally.all.1,
                    all.2 + tally.all.2,
                );
            }
            println!("  with the call graph, {name}: {}", shares(&all));
        }
    }
    if found == 0 {
        return Err(Error::other(format!(
            "no PetShop issue under {}",
            dir.display()
        )));
    }
    Ok(())
}

/// What the ranking is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Calls, where and as what it is felt: what the published methods get.
    Graph,
    /// Calls and where, as an alert on a log pattern would tell.
    GraphWithoutKind,
    /// Calls only.
    GraphAlone,
    /// No calls.
    NoGraph,
}

const WAYS: [(&str, Way); 4] = [
    ("with the call graph", Way::Graph),
    ("with the graph, felt metric unknown", Way::GraphWithoutKind),
    ("with the graph, alerting service unknown", Way::GraphAlone),
    ("without the graph", Way::NoGraph),
];

fn sets(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let is_set = |path: &Path| {
        path.join("graph.csv").is_file() && path.join("noissue/metrics.csv").is_file()
    };
    if is_set(dir) {
        return Ok(vec![dir.to_owned()]);
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir(dir)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_set(path))
        .collect();
    folders.sort();
    Ok(folders)
}

/// Slices by component.
type Slices = BTreeMap<String, Vec<Slice>>;

struct Set {
    calls: Vec<(String, String)>,
    graph: Topology,
    usual: Slices,
    issues: Vec<Issue>,
}

#[derive(Clone)]
struct Issue {
    name: String,
    /// Where it is felt.
    target: String,
    /// As what.
    metric: String,
    at_s: i64,
    /// Who is at fault.
    root: String,
    slices: Slices,
}

impl Set {
    fn read(folder: &Path) -> io::Result<Self> {
        let mut issues = Vec::new();
        for part in ["train", "test"] {
            let Ok(entries) = std::fs::read_dir(folder.join(part)) else {
                continue;
            };
            for entry in entries {
                issues.push(Issue::read(part, &entry?.path())?);
            }
        }
        issues.sort_by(|a, b| a.name.cmp(&b.name));
        let calls = calls(&folder.join("graph.csv"))?;
        Ok(Self {
            graph: graph(&calls),
            calls,
            usual: slices(&folder.join("noissue/metrics.csv"))?,
            issues,
        })
    }

    /// The same set with worse data.
    fn under(&self, stress: Stress, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut calls = self.calls.clone();
        calls.retain(|_| chance.even() >= stress.cut);
        let mut issues = self.issues.clone();
        for issue in &mut issues {
            for slice in issue.slices.values_mut().flatten() {
                slice.requests = chance.worse(slice.requests, stress);
                slice.failed = chance.worse(slice.failed, stress);
                slice.seconds = chance.worse(slice.seconds, stress);
            }
        }
        Self {
            graph: graph(&calls),
            calls,
            usual: self.usual.clone(),
            issues,
        }
    }

    fn rank(&self, issue: &Issue, way: Way) -> Vec<Explained> {
        let none = Topology::new();
        let before: Slices = issue
            .slices
            .iter()
            .map(|(name, slices)| {
                let kept = slices
                    .iter()
                    .filter(|s| s.at_ns / SECOND + ROW_S > issue.at_s);
                (name.clone(), kept.copied().collect())
            })
            .collect();
        let vitals = before
            .iter()
            .map(|(service, during)| Vitals {
                service,
                usual: self.usual.get(service).map_or(&[], Vec::as_slice),
                during,
                is_inferred: service.ends_with(INFERRED),
                evidence: None,
            })
            .collect();
        explain_suspects(&RootCauseInput {
            onset_ns: issue.at_s * SECOND,
            symptoms: Vec::new(),
            patterns: Vec::new(),
            vitals,
            changes: Vec::new(),
            topology: if way == Way::NoGraph {
                &none
            } else {
                &self.graph
            },
            services: Vec::new(),
            affected: (way != Way::GraphAlone).then_some(issue.target.as_str()),
            felt: match issue.metric.as_str() {
                "latency" if way != Way::GraphWithoutKind => Some(Trouble::Latency),
                "availability" if way != Way::GraphWithoutKind => Some(Trouble::Failures),
                _ => None,
            },
            limit: LIMIT,
        })
    }
}

impl Issue {
    fn read(part: &str, folder: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(folder.join("target.json"))?;
        let json: serde_json::Value = serde_json::from_str(&text)?;
        let word = |pointer: &str| {
            let found = json.pointer(pointer).and_then(|value| value.as_str());
            found.unwrap_or_default().to_owned()
        };
        let number = folder.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: format!("{part}/{number}"),
            target: word("/target/node"),
            metric: word("/target/metric"),
            root: word("/root_cause/node"),
            at_s: json
                .pointer("/target/timestamp")
                .and_then(serde_json::Value::as_i64)
                .ok_or_else(|| Error::other(format!("{} has no timestamp", folder.display())))?,
            slices: slices(&folder.join("metrics.csv"))?,
        })
    }
}

fn slices(path: &Path) -> io::Result<Slices> {
    let text = std::fs::read_to_string(path)?;
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let [names, metrics, statistics, _, body @ ..] = rows.as_slice() else {
        return Err(Error::other(format!("{} has no rows", path.display())));
    };
    let mut found = Slices::new();
    for row in body.iter().filter(|row| row.len() == names.len()) {
        let Ok(at_s) = row[0].parse::<f64>() else {
            continue;
        };
        for column in 1..names.len() {
            let slices = found.entry(names[column].to_owned()).or_default();
            let at_ns = at_s as i64 * SECOND;
            if slices.last().is_none_or(|slice| slice.at_ns != at_ns) {
                slices.push(Slice {
                    at_ns,
                    requests: None,
                    failed: None,
                    seconds: None,
                });
            }
            let (Some(slice), Ok(value)) = (slices.last_mut(), row[column].parse::<f64>()) else {
                continue;
            };
            match (metrics[column], statistics[column]) {
                ("requests", "Sum") => slice.requests = Some(value),
                // A share in percent of those that succeeded.
                ("availability", "Average") => slice.failed = Some((100.0 - value) / 100.0),
                ("latency", "Average") => slice.seconds = Some(value),
                _ => {}
            }
        }
    }
    Ok(found)
}

/// Caller and callee of every call.
fn calls(path: &Path) -> io::Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let mut calls = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        for (name, cell) in names.iter().zip(&cells).skip(1) {
            if cell.parse::<f64>().is_ok_and(|value| value > 0.0) {
                calls.push((cells[0].to_owned(), (*name).to_owned()));
            }
        }
    }
    Ok(calls)
}

fn graph(calls: &[(String, String)]) -> Topology {
    let mut topology = Topology::new();
    for (caller, callee) in calls {
        topology.add(caller, callee, 1.0);
    }
    topology
}

fn print_one(issue: &Issue, suspects: &[Explained]) {
    println!(
        "  {} {} at {}: {}",
        issue.name, issue.metric, issue.target, issue.root
    );
    for found in suspects {
        let suspect = &found.suspect;
        let is_right = if suspect.name == issue.root { '*' } else { ' ' };
        println!(
            "   {is_right}{:.2} {}: {}",
            suspect.score, suspect.name, suspect.reason
        );
        println!("        {}", found.check);
    }
}

/// Issues, those with the right suspect first, and those with it among the first three.
type Places = (usize, usize, usize);

#[derive(Default)]
struct Tally {
    all: Places,
    by_metric: BTreeMap<String, Places>,
    by_fault: BTreeMap<String, Places>,
    /// First suspects by the word of their confidence: how many, how many of them right.
    by_confidence: BTreeMap<&'static str, (usize, usize)>,
    /// Squared differences between scores and truth: of the first suspects, and of all of an issue.
    brier: (f64, f64),
}

impl Tally {
    fn add(&mut self, issue: &Issue, suspects: &[Explained]) {
        let place = suspects.iter().position(|s| s.suspect.name == issue.root);
        let count = |places: &mut Places| {
            places.0 += 1;
            places.1 += usize::from(place == Some(0));
            places.2 += usize::from(place.is_some_and(|place| place < 3));
        };
        count(&mut self.all);
        count(self.by_metric.entry(issue.metric.clone()).or_default());
        let fault = format!("{} of {}", issue.metric, issue.root);
        count(self.by_fault.entry(fault).or_default());
        let miss = |score: f64, is_root: bool| (score - f64::from(u8::from(is_root))).powi(2);
        let first = suspects.first();
        self.brier.0 += first.map_or(1.0, |s| miss(s.suspect.score, place == Some(0)));
        self.brier.1 += f64::from(u8::from(place.is_none()))
            + suspects
                .iter()
                .map(|s| miss(s.suspect.score, s.suspect.name == issue.root))
                .sum::<f64>();
        if let Some(first) = first {
            let word = first.suspect.confidence.as_str();
            let entry = self.by_confidence.entry(word).or_default();
            entry.0 += 1;
            entry.1 += usize::from(place == Some(0));
        }
    }

    fn print(&self, name: &str, has_details: bool) {
        let issues = self.all.0.max(1) as f64;
        println!("  {name}: {}", shares(&self.all));
        println!(
            "    Brier score {:.3} of the first suspect, {:.3} of all of an issue together",
            self.brier.0 / issues,
            self.brier.1 / issues
        );
        for (word, (count, right)) in &self.by_confidence {
            println!("    first suspect with {word} confidence: {right} of {count} right");
        }
        if has_details {
            for (kind, places) in self.by_metric.iter().chain(&self.by_fault) {
                println!("    {kind}: {}", shares(places));
            }
        }
    }
}

fn shares((issues, first, third): &Places) -> String {
    let share = |count: &usize| *count as f64 / (*issues).max(1) as f64;
    format!(
        "top-1 {:.3}, top-3 {:.3} ({issues})",
        share(first),
        share(third)
    )
}
