//! The rules of the house that a program can check.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::root;

/// A file longer than this fails.
const FILE_LINES: usize = 800;
/// The map stays one that can be read.
const MAP_LINES: usize = 250;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 5] = ["util", "utils", "common", "helper", "helpers"];
/// The floors of the house; a room may depend on rooms of lower floors only.
const FLOORS: [(u8, &[&str]); 6] = [
    (0, &["domain"]),
    (1, &["redact", "models"]),
    (
        2,
        &[
            "ingest",
            "patterns",
            "store",
            "query",
            "embeddings",
            "anomaly",
            "inference",
            "alerting",
            "notify",
        ],
    ),
    (3, &["engine"]),
    (4, &["api"]),
    // Helpers stand outside and may see everything that they need.
    (9, &["bench", "xtask", "sdk", "testkit"]),
];
/// Heavy libraries and the only rooms that may name them.
const OWNERS: [(&str, &[&str]); 16] = [
    ("diesel", &["store"]),
    ("diesel_migrations", &["store"]),
    ("qdrant-client", &["embeddings"]),
    ("qdrant-edge", &["embeddings"]),
    ("candle-core", &["embeddings", "inference"]),
    ("candle-nn", &["embeddings", "inference"]),
    ("candle-transformers", &["embeddings", "inference"]),
    ("linfa", &["anomaly"]),
    ("linfa-clustering", &["anomaly"]),
    ("linfa-nn", &["anomaly"]),
    ("linfa-reduction", &["anomaly"]),
    ("datafusion", &["query"]),
    ("axum", &["api"]),
    ("tonic", &["api"]),
    ("tower-http", &["api"]),
    ("utoipa", &["api"]),
];
/// Words that may not stand in a committed file: they would tie the project to a machine or a registry.
const FORBIDDEN_WORDS: [&str; 6] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("index.crates", ".io"),
    concat!("registry.npm", "js.org"),
    concat!("files.python", "hosted.org"),
    concat!("pypi", ".org"),
];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// Checks everything and fails with all findings.
pub fn run() -> anyhow::Result<()> {
    let mut findings = rooms()?;
    let files = committed_files()?;
    findings.extend(sizes(&files)?);
    findings.extend(names(&files));
    findings.extend(map()?);
    findings.extend(words(&files));
    if findings.is_empty() {
        eprintln!("tidy: {} files, no finding", files.len());
        return Ok(());
    }
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    bail!("{} findings", findings.len())
}

fn rooms() -> anyhow::Result<Vec<String>> {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .context("running cargo metadata")?;
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
    Ok(check_rooms(&metadata))
}

fn check_rooms(metadata: &Metadata) -> Vec<String> {
    let floors: BTreeMap<&str, u8> = FLOORS
        .iter()
        .flat_map(|(floor, rooms)| rooms.iter().map(|room| (*room, *floor)))
        .collect();
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let Some(floor) = floors.get(package.name.as_str()) else {
            findings.push(format!("package '{}' stands on no floor", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            if dependency.kind.as_deref() == Some("dev") {
                continue;
            }
            if let Some(below) = floors.get(dependency.name.as_str())
                && below >= floor
                && *floor != 9
            {
                findings.push(format!(
                    "'{}' (floor {floor}) depends on '{}' (floor {below})",
                    package.name, dependency.name
                ));
            }
            if let Some((_, owners)) = OWNERS.iter().find(|(name, _)| *name == dependency.name)
                && !owners.contains(&package.name.as_str())
            {
                findings.push(format!(
                    "'{}' names '{}', which belongs to {}",
                    package.name,
                    dependency.name,
                    owners.join(", ")
                ));
            }
        }
    }
    findings
}

fn committed_files() -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("running git ls-files")?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(PathBuf::from)
        // One that was deleted is listed until that is committed.
        .filter(|path| root().join(path).exists())
        .collect())
}

fn is_source(path: &Path) -> bool {
    let is_code = path
        .extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| matches!(extension, "rs" | "ts" | "tsx" | "css"));
    is_code && !path.starts_with("ui/dist")
}

fn sizes(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut lengths = Vec::new();
    for path in files.iter().filter(|path| is_source(path)) {
        let Ok(text) = std::fs::read_to_string(root().join(path)) else {
            continue;
        };
        let lines = text.lines().count();
        lengths.push(lines);
        if lines > FILE_LINES {
            findings.push(format!(
                "{} has {lines} lines, limit is {FILE_LINES}",
                path.display()
            ));
        }
    }
    lengths.sort_unstable();
    if let (Some(median), Some(ninth)) = (
        lengths.get(lengths.len() / 2),
        lengths.get(lengths.len() * 9 / 10),
    ) {
        eprintln!(
            "tidy: {} source files, median {median} lines, nine in ten under {ninth}",
            lengths.len()
        );
    }
    Ok(findings)
}

fn names(files: &[PathBuf]) -> Vec<String> {
    let mut findings = Vec::new();
    for path in files {
        let shown = path.display();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        // insta leaves these behind when a snapshot was not reviewed.
        if name.ends_with(".pending-snap") || name.ends_with(".snap.new") {
            findings.push(format!("{shown} is a snapshot that nobody reviewed"));
        }
        if name == "mod.rs" {
            findings.push(format!("{shown}: write foo.rs beside foo/"));
        }
        let stem = name.split('.').next().unwrap_or("");
        if is_source(path) && EMPTY_NAMES.contains(&stem) {
            findings.push(format!("{shown}: name a file after what is in it"));
        }
    }
    findings
}

fn map() -> anyhow::Result<Option<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md"))
        .context("reading ARCHITECTURE.md")?;
    let lines = text.lines().count();
    Ok((lines > MAP_LINES)
        .then(|| format!("ARCHITECTURE.md has {lines} lines, limit is {MAP_LINES}")))
}

fn words(files: &[PathBuf]) -> Vec<String> {
    let mut findings = Vec::new();
    for path in files {
        if path.ends_with("Cargo.lock") || path.starts_with("ui/dist") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(root().join(path)) else {
            continue;
        };
        for word in FORBIDDEN_WORDS {
            if text.contains(word) {
                findings.push(format!("{} names '{word}'", path.display()));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests;
