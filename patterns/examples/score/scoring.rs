//! Reading the labelled sets, and the four scores.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use patterns::{Miner, MinerConfig};

/// Where the labelled sets would be.
pub fn default_directory() -> PathBuf {
    let shared = std::env::var_os("VIGIL_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    shared.join("loghub")
}

/// `(set name, csv)` of every labelled set below a directory.
pub fn labelled_files(directory: &Path) -> Option<Vec<(String, PathBuf)>> {
    let mut sets = Vec::new();
    for entry in std::fs::read_dir(directory).ok()?.flatten() {
        for file in std::fs::read_dir(entry.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            if file
                .file_name()
                .to_string_lossy()
                .ends_with("structured_corrected.csv")
            {
                sets.push((
                    entry.file_name().to_string_lossy().into_owned(),
                    file.path(),
                ));
            }
        }
    }
    sets.sort();
    (!sets.is_empty()).then_some(sets)
}

/// `(Content, EventTemplate)` of each row.
pub fn read_rows(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).expect("the file was listed and is text");
    let mut rows = csv_rows(&text).into_iter();
    let header = rows.next().unwrap_or_default();
    let column = |name: &str| {
        header
            .iter()
            .position(|title| title == name)
            .expect("loghub has this column")
    };
    let (content, template) = (column("Content"), column("EventTemplate"));
    rows.filter(|row| row.len() == header.len())
        .map(|row| (row[content].clone(), row[template].clone()))
        .collect()
}

/// RFC 4180.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            other => field.push(other),
        }
    }
    if !row.is_empty() || !field.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

fn untyped(text: &str) -> String {
    [
        "<num>", "<hex>", "<ip>", "<uuid>", "<path>", "<url>", "<email>", "<time>", "<quoted>",
        "<host>",
    ]
    .iter()
    .fold(text.to_owned(), |text, slot| text.replace(slot, "<*>"))
}

/// `([GA, FGA, PA, FTA], templates found, templates true)`.
pub fn score(rows: &[(String, String)], show_errors: bool) -> ([f64; 4], usize, usize) {
    let mut miner = Miner::new(MinerConfig::default());
    let ids: Vec<_> = rows
        .iter()
        .map(|(content, _)| miner.mine(content).template_id)
        .collect();
    let found: Vec<String> = ids
        .iter()
        .map(|id| {
            miner
                .text(miner.resolve(*id))
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    let mut by_found: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_truth: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, (text, (_, truth))) in found.iter().zip(rows).enumerate() {
        by_found.entry(text).or_default().push(index);
        by_truth.entry(truth).or_default().push(index);
    }
    let (mut right_lines, mut right_groups, mut right_templates) = (0, 0, 0);
    for (text, lines) in &by_found {
        let truths: HashSet<&str> = lines.iter().map(|line| rows[*line].1.as_str()).collect();
        let truth = rows[lines[0]].1.as_str();
        let exact = truths.len() == 1 && by_truth[truth].len() == lines.len();
        if exact {
            right_lines += lines.len();
            right_groups += 1;
        } else if show_errors {
            println!(
                "  {:>5} {} {text}",
                lines.len(),
                if truths.len() > 1 { "mixed" } else { "split" }
            );
        }
        let same_text = truths.len() == 1 && untyped(text) == truth;
        right_templates += usize::from(same_text);
        if show_errors && exact && !same_text {
            println!("  {:>5} text  {text}\n              {truth}", lines.len());
        }
    }
    let parsed = found
        .iter()
        .zip(rows)
        .filter(|(text, (_, truth))| untyped(text) == *truth)
        .count();
    let lines = rows.len() as f64;
    let f1 = |right: usize| 2.0 * right as f64 / (by_found.len() + by_truth.len()) as f64;
    let scores = [
        right_lines as f64 / lines,
        f1(right_groups),
        parsed as f64 / lines,
        f1(right_templates),
    ];
    (scores, by_found.len(), by_truth.len())
}
