//! Ranks root causes of PetShop's injected issues (Hardt et al. 2023, CC-BY-4.0; the folders that are at
//! hand), with and without the call graph. Run:
//! `cargo run -p anomaly --example petshop -- ../shared/data/petshop`.
//!
//! A component's symptom is the robust deviation of the metric that the issue shows in (latency or
//! availability) from the folder's normal operation; the callers' views of their calls ("_remote") are no
//! components and left out. Prints top-1, top-3 and how often each
//! confidence was right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anomaly::{RootCauseInput, Symptom, Topology, rank_suspects};
use domain::{Anomaly, AnomalyId, AnomalyKind, NANOS_PER_SECOND, ProjectId, Severity, Suspect};

type AnyError = Box<dyn std::error::Error>;

/// Columns of a metrics file: (component, metric, statistic) -> values by row.
struct Table {
    at_s: Vec<i64>,
    columns: BTreeMap<(String, String, String), Vec<Option<f64>>>,
}

struct Issue {
    path: PathBuf,
    target: String,
    metric: String,
    at_s: i64,
    root: String,
}

fn main() -> Result<(), AnyError> {
    let root = std::env::args()
        .nth(1)
        .or_else(|| {
            std::env::var("VIGIL_SHARED_DATA")
                .ok()
                .map(|d| format!("{d}/petshop"))
        })
        .unwrap_or_else(|| "../shared/data/petshop".to_owned());
    let verbose = std::env::args().any(|a| a == "--verbose");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&root)?
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.join("noissue/metrics.csv").is_file())
        .collect();
    folders.sort();
    for with_graph in [true, false] {
        let mut tally = Tally::default();
        for folder in &folders {
            let normal = table(&folder.join("noissue/metrics.csv"))?;
            let graph = if with_graph {
                graph(&folder.join("graph.csv"))?
            } else {
                Topology::new()
            };
            for issue in issues(folder)? {
                let now = table(&issue.path.join("metrics.csv"))?;
                let suspects = suspects(&symptoms(&normal, &now, &issue), &issue, &graph);
                tally.add(&issue, &suspects);
                if verbose {
                    print_one(&issue, &suspects);
                }
            }
        }
        println!("graph: {with_graph}");
        tally.print();
    }
    Ok(())
}

fn suspects(symptoms: &[Anomaly], issue: &Issue, graph: &Topology) -> Vec<Suspect> {
    rank_suspects(&RootCauseInput {
        onset_ns: issue.at_s * NANOS_PER_SECOND,
        symptoms: symptoms
            .iter()
            .map(|anomaly| Symptom {
                anomaly,
                texts: Vec::new(),
                evidence: None,
            })
            .collect(),
        patterns: Vec::new(),
        changes: Vec::new(),
        topology: graph,
        services: Vec::new(),
        affected: Some(&issue.target),
        limit: 10,
    })
}

fn print_one(issue: &Issue, suspects: &[Suspect]) {
    println!(
        "{} {} -> {}",
        issue.path.display(),
        issue.metric,
        issue.root
    );
    for s in suspects.iter().take(4) {
        println!("      {:.3} {} {}", s.score, s.name, s.reason);
    }
}

/// Issues, right first suspects and right among the first three, by metric; and by confidence.
#[derive(Default)]
struct Tally {
    metrics: BTreeMap<String, (usize, usize, usize)>,
    confidences: BTreeMap<&'static str, (usize, usize)>,
}

impl Tally {
    fn add(&mut self, issue: &Issue, suspects: &[Suspect]) {
        let place = suspects.iter().position(|s| s.name == issue.root);
        for metric in [issue.metric.as_str(), "all"] {
            let entry = self.metrics.entry(metric.to_owned()).or_default();
            entry.0 += 1;
            entry.1 += usize::from(place == Some(0));
            entry.2 += usize::from(place.is_some_and(|p| p < 3));
        }
        if let Some(first) = suspects.first() {
            let entry = self
                .confidences
                .entry(first.confidence.as_str())
                .or_default();
            entry.0 += 1;
            entry.1 += usize::from(place == Some(0));
        }
    }

    fn print(&self) {
        for (metric, (n, first, third)) in &self.metrics {
            let share = |k: usize| k as f64 / *n as f64;
            println!(
                "  {metric}: {n} issues, top-1 {:.3}, top-3 {:.3}",
                share(*first),
                share(*third)
            );
        }
        for (confidence, (n, right)) in &self.confidences {
            println!("  first suspect with {confidence} confidence: {right} of {n} right");
        }
    }
}

fn symptoms(normal: &Table, now: &Table, issue: &Issue) -> Vec<Anomaly> {
    let mut strongest: BTreeMap<&str, Anomaly> = BTreeMap::new();
    let is_latency = issue.metric == "latency";
    for ((component, metric, statistic), values) in &now.columns {
        // The tail percentiles of rare calls are noise; the mean and the median say enough.
        // A "remote" is the caller's view of a call, not a component that could be at fault.
        if *metric != issue.metric || statistic != "Average" || component.ends_with("_remote") {
            continue;
        }
        let usual = normal
            .columns
            .get(&(component.clone(), metric.clone(), statistic.clone()));
        let usual: Vec<f64> = usual.into_iter().flatten().flatten().copied().collect();
        let during: Vec<(i64, f64)> = now
            .at_s
            .iter()
            .zip(values)
            .filter_map(|(at, v)| Some((*at, (*v)?)))
            .collect();
        if usual.len() < 10 || during.is_empty() {
            continue;
        }
        let Some(found) = deviation(component, &usual, &during, is_latency) else {
            continue;
        };
        let better = strongest
            .get(component.as_str())
            .is_none_or(|s| found.score > s.score);
        if better {
            strongest.insert(component, found);
        }
    }
    strongest.into_values().collect()
}

/// The component's symptom, when its values during the issue are out of the range of normal operation.
fn deviation(component: &str, usual: &[f64], during: &[(i64, f64)], up: bool) -> Option<Anomaly> {
    let mut sorted = usual.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |q: f64| sorted[((sorted.len() - 1) as f64 * q).round() as usize];
    let median = at(0.5);
    let mut away: Vec<f64> = sorted.iter().map(|v| (v - median).abs()).collect();
    away.sort_by(f64::total_cmp);
    let scale = (1.4826 * away[away.len() / 2])
        .max((at(0.95) - at(0.05)) / 3.3)
        .max(1e-3 * median.abs())
        .max(1e-6);
    let sign = if up { 1.0 } else { -1.0 };
    let mean = during.iter().map(|d| d.1).sum::<f64>() / during.len() as f64;
    let z = sign * (mean - median) / scale;
    if z < 2.0 {
        return None;
    }
    let started = during
        .iter()
        .find(|d| sign * (d.1 - median) / scale >= 2.0)
        .map_or(during[0].0, |d| d.0);
    Some(Anomaly {
        id: AnomalyId::from_parts(0, [0; 10]),
        project_id: ProjectId::from_parts(0, [0; 10]),
        kind: AnomalyKind::Metric,
        service: Some(component.to_owned()),
        severity: Severity::Unspecified,
        template_id: None,
        metric: Some("metric".to_owned()),
        labels: BTreeMap::new(),
        started_at_ns: started * NANOS_PER_SECOND,
        detected_at_ns: started * NANOS_PER_SECOND,
        observed: mean,
        expected: median,
        expected_low: median - 3.0 * scale,
        expected_high: median + 3.0 * scale,
        unit: String::new(),
        score: 1.0 - (-z / 6.0).exp(),
        reason: format!("{mean:.3} instead of {median:.3} (z {z:.1})"),
    })
}

fn table(path: &Path) -> Result<Table, AnyError> {
    let text = std::fs::read_to_string(path)?;
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split(',').collect()).collect();
    let (names, metrics, statistics) = (&rows[0], &rows[1], &rows[2]);
    let body: Vec<&Vec<&str>> = rows[4..]
        .iter()
        .filter(|r| r.len() == names.len())
        .collect();
    let mut columns = BTreeMap::new();
    for i in 1..names.len() {
        let key = (
            names[i].to_owned(),
            metrics[i].to_owned(),
            statistics[i].to_owned(),
        );
        columns.insert(key, body.iter().map(|r| r[i].parse().ok()).collect());
    }
    let at_s = body
        .iter()
        .map(|r| Ok(r[0].parse::<f64>()? as i64))
        .collect::<Result<_, AnyError>>()?;
    Ok(Table { at_s, columns })
}

fn graph(path: &Path) -> Result<Topology, AnyError> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().ok_or("an empty graph")?.split(',').collect();
    let mut topology = Topology::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        for (i, cell) in cells.iter().enumerate().skip(1) {
            if cell.parse::<f64>().is_ok_and(|v| v > 0.0) {
                topology.add(cells[0], names[i], 1.0);
            }
        }
    }
    Ok(topology)
}

fn issues(folder: &Path) -> Result<Vec<Issue>, AnyError> {
    let mut found = Vec::new();
    for part in ["train", "test"] {
        let Ok(entries) = std::fs::read_dir(folder.join(part)) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            let text = std::fs::read_to_string(path.join("target.json"))?;
            let json: serde_json::Value = serde_json::from_str(&text)?;
            let word = |pointer: &str| {
                json.pointer(pointer)
                    .and_then(|v| v.as_str())
                    .unwrap_or_default()
                    .to_owned()
            };
            found.push(Issue {
                target: word("/target/node"),
                metric: word("/target/metric"),
                root: word("/root_cause/node"),
                at_s: json
                    .pointer("/target/timestamp")
                    .and_then(serde_json::Value::as_i64)
                    .unwrap_or(0),
                path,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}
