//! Numbers, identifiers and plain words of a model's text.

use std::collections::BTreeSet;

use domain::Evidence;

use super::{Grounds, Rejection, numbers};

/// Abbreviations that need no evidence.
const COMMON: [&str; 19] = [
    "HTTP", "HTTPS", "API", "TCP", "UDP", "IP", "TLS", "SSL", "DNS", "SQL", "CPU", "IO", "ID",
    "OK", "UTC", "JVM", "SSH", "RPC", "URL",
];

/// Words that say nothing about a matter.
const STOP: [&str; 64] = [
    "this",
    "that",
    "these",
    "those",
    "with",
    "from",
    "have",
    "been",
    "were",
    "which",
    "while",
    "when",
    "then",
    "than",
    "they",
    "their",
    "them",
    "there",
    "into",
    "over",
    "also",
    "some",
    "many",
    "more",
    "most",
    "several",
    "multiple",
    "number",
    "numerous",
    "increase",
    "increased",
    "began",
    "begin",
    "started",
    "start",
    "during",
    "after",
    "before",
    "same",
    "time",
    "times",
    "usual",
    "unusual",
    "high",
    "service",
    "services",
    "system",
    "error",
    "errors",
    "message",
    "messages",
    "failed",
    "fail",
    "failure",
    "failures",
    "issue",
    "issues",
    "problem",
    "problems",
    "reported",
    "record",
    "records",
    "occurred",
    "experienced",
];

/// Letters, marks and punctuation of ordinary prose. Symbols of markup are not among them.
pub(super) fn is_ordinary(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(
            c,
            ' ' | '.'
                | ','
                | ';'
                | ':'
                | '\''
                | '’'
                | '-'
                | '–'
                | '('
                | ')'
                | '"'
                | '“'
                | '”'
                | '/'
                | '%'
                | '_'
                | '?'
                | '!'
                | '&'
                | '+'
                | '@'
                | '$'
                | '#'
                | '='
                | '['
                | ']'
        )
}

/// Whether each word is plain, or stands in the cited evidence, or is the name of a service. Digits are not written at
/// all; numbers in words have to be computed figures of the cited evidence, never numbers out of log text.
pub(super) fn check(
    text: &str,
    cited: &[&Evidence],
    cited_text: &str,
    grounds: &Grounds<'_>,
) -> Result<(), Rejection> {
    let figures = figures(cited);
    if let Some(number) = numbers::unfounded(text, cited_text, &figures) {
        return Err(Rejection::Number(number));
    }
    for raw in text.split_whitespace() {
        let word = raw.trim_matches(|c: char| {
            !c.is_alphanumeric()
                && !matches!(c, '/' | '@' | '_' | '$' | '#' | '=' | '&' | '[' | ']')
        });
        let word = word
            .strip_suffix("'s")
            .or_else(|| word.strip_suffix("’s"))
            .unwrap_or(word);
        if word.is_empty() || is_service(word, grounds) {
            continue;
        }
        // Also right ones: numbers are rendered from facts.
        if word.chars().any(|c| c.is_numeric()) {
            return Err(Rejection::Number(word.to_owned()));
        }
        if (is_plain_word(word) && !is_made_up(word)) || COMMON.contains(&word) {
            continue;
        }
        let is_name = word
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '-' | '_'));
        let lower = word.to_lowercase();
        let is_cited = cited_text
            .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
            .any(|token| token == lower);
        if !(is_name && is_cited) {
            return Err(Rejection::Identifier(word.to_owned()));
        }
    }
    Ok(())
}

/// Stems of the words that carry meaning: at least four letters, no stop words, cut to six letters.
pub(super) fn content_words(text: &str) -> BTreeSet<String> {
    // Camel case is split as well: `NoRouteToHostException` holds `route` and `host`.
    let mut spaced = String::with_capacity(text.len() + 16);
    let mut was_lower = false;
    for c in text.chars() {
        if c.is_uppercase() && was_lower {
            spaced.push(' ');
        }
        was_lower = c.is_lowercase();
        spaced.push(c);
    }
    spaced
        .split(|c: char| !c.is_alphabetic())
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() >= 4 && !STOP.contains(&word.as_str()))
        .map(|word| word.chars().take(6).collect())
        .collect()
}

/// Lowercase, or with one leading capital; hyphens, slashes and apostrophes inside.
fn is_plain_word(word: &str) -> bool {
    word.split(['-', '\'', '’', '–']).all(|part| {
        let mut chars = part.chars();
        match chars.next() {
            None => true,
            Some(first) => first.is_alphabetic() && chars.all(char::is_lowercase),
        }
    })
}

/// Longer than words of prose are, many parts, or parts that repeat: what a model writes that has lost its way
/// (`db-vm-vm-vm`). Such a word has to stand in the evidence.
fn is_made_up(word: &str) -> bool {
    const MAX_PARTS: usize = 3;
    const MAX_LETTERS: usize = 18;
    let parts: Vec<String> = word
        .split(['-', '–'])
        .map(|part| part.trim_end_matches(['\'', '’']).to_lowercase())
        .collect();
    parts.len() > MAX_PARTS
        || parts.iter().any(|part| part.chars().count() > MAX_LETTERS)
        || parts.windows(2).any(|pair| pair[0] == pair[1])
}

fn is_service(word: &str, grounds: &Grounds<'_>) -> bool {
    grounds
        .services
        .iter()
        .map(String::as_str)
        .chain(
            grounds
                .evidence
                .iter()
                .filter_map(|item| item.service.as_deref()),
        )
        .any(|service| crate::runbook::is_plain_name(service) && service.eq_ignore_ascii_case(word))
}

/// Counts and expectations of the cited evidence, as digits.
fn figures(cited: &[&Evidence]) -> BTreeSet<String> {
    let mut figures = BTreeSet::new();
    for item in cited {
        figures.insert(item.count.to_string());
        if let Some(expected) = item.expected {
            figures.insert(format!("{expected:.0}"));
            let ratio = item.count as f64 / expected.max(1.0);
            figures.insert(format!("{ratio:.0}"));
        }
    }
    figures
}
