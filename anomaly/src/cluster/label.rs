//! A name for a group of templates.

use std::collections::{BTreeMap, BTreeSet};

/// What a cluster is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterLabel {
    /// The most central template's text on one line, at most 120 characters.
    pub title: String,
    /// Words that most members share and the title's slots do not hide, at most five.
    pub words: Vec<String>,
}

const LONGEST_TITLE: usize = 120;
const MOST_WORDS: usize = 5;
/// Words that say nothing about what a group is about.
const EMPTY_WORDS: [&str; 28] = [
    "the", "a", "an", "and", "or", "of", "to", "in", "on", "at", "for", "from", "by", "with", "is",
    "was", "are", "be", "been", "has", "have", "not", "no", "it", "this", "that", "as", "after",
];

/// Names a cluster from the texts of its members, the most central first (the order of
/// [`Cluster::members`](crate::Cluster::members)).
#[must_use]
pub fn label_cluster(texts: &[&str]) -> ClusterLabel {
    let title = texts.first().map_or_else(String::new, |text| {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut short: String = line.chars().take(LONGEST_TITLE).collect();
        if short.len() < line.len() {
            short.push('…');
        }
        short
    });
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in texts {
        for word in words(text) {
            *counts.entry(word).or_insert(0) += 1;
        }
    }
    let enough = texts.len().div_ceil(2);
    let mut common: Vec<(usize, String)> = counts
        .into_iter()
        .filter(|(_, count)| *count >= enough)
        .map(|(word, count)| (count, word))
        .collect();
    common.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    ClusterLabel {
        title,
        words: common.into_iter().take(MOST_WORDS).map(|c| c.1).collect(),
    }
}

/// Lowercase words of three letters or more, without slots such as `<num>`.
fn words(text: &str) -> BTreeSet<String> {
    let mut without_slots = String::with_capacity(text.len());
    let mut in_slot = false;
    for c in text.chars() {
        match c {
            '<' => in_slot = true,
            '>' if in_slot => {
                in_slot = false;
                without_slots.push(' ');
            }
            c if c.is_whitespace() => {
                in_slot = false; // a lone '<' opens nothing
                without_slots.push(' ');
            }
            _ if in_slot => {}
            c => without_slots.push(c),
        }
    }
    without_slots
        .split(|c: char| !c.is_alphabetic())
        .filter(|w| w.chars().count() >= 3)
        .map(str::to_lowercase)
        .filter(|w| !EMPTY_WORDS.contains(&w.as_str()))
        .collect()
}
