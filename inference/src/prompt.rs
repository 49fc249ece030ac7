//! How evidence is put before a model: templates in a data block, never raw lines, never as instructions.

use std::fmt::Write as _;

use domain::{Evidence, EvidenceKind};

use crate::words;

/// Evidence lines in one prompt.
const MAX_LINES: usize = 8;
/// Lines of one service when there are several: a flood in one fills at most half and cannot push out the others.
/// Changes are counted apart: people and pipelines report them, not log lines.
const MAX_PER_SERVICE: usize = MAX_LINES / 2;
/// Characters of one line.
const LINE_LIMIT: usize = 150;

/// Evidence that is shown to a model, best first.
pub(crate) fn selection(evidence: &[Evidence]) -> Vec<&Evidence> {
    let services: std::collections::BTreeSet<&str> = evidence
        .iter()
        .filter_map(|item| item.service.as_deref())
        .collect();
    let per_service = if services.len() > 1 {
        MAX_PER_SERVICE
    } else {
        MAX_LINES
    };
    let mut taken: Vec<&Evidence> = Vec::new();
    for item in evidence {
        if item.number > crate::grammar::MAX_CITED || taken.len() >= MAX_LINES {
            continue;
        }
        let is_change = item.kind == EvidenceKind::Change;
        let same = taken
            .iter()
            .filter(|other| other.service == item.service && other.kind != EvidenceKind::Change)
            .count();
        if same < per_service || is_change {
            taken.push(item);
        }
    }
    taken
}

/// The data block: the evidence, and in `given` what code says about it. Its markers hold a number that log text cannot
/// know, and nothing that comes from outside stands outside of it.
pub(crate) fn data_block(items: &[&Evidence], given: &str, nonce: u64) -> String {
    let mark = format!("{nonce:016x}");
    let mut block = format!("DATA {mark}\n");
    for item in items {
        let kind = match item.kind {
            EvidenceKind::Template | EvidenceKind::Record | EvidenceKind::Related => "pattern",
            EvidenceKind::Anomaly => "anomaly",
            EvidenceKind::Change => "change",
            EvidenceKind::Metric => "metric",
            EvidenceKind::Fact => "fact",
        };
        let _ = write!(block, "[{}] {kind}", item.number);
        if let Some(service) = &item.service {
            let _ = write!(block, ", {}", data(service, 48));
        }
        if matches!(item.kind, EvidenceKind::Template | EvidenceKind::Record) {
            let _ = write!(block, ", {}, {}", item.severity, amount(item));
        }
        let text = match item.kind {
            EvidenceKind::Record => without_digits(&typed(&item.text)),
            _ => without_digits(&item.text),
        };
        // A model that sees `<num>` wants to write it, which its grammar has not: "number", "umber".
        let text = words::without_slots(&text);
        let _ = writeln!(block, ": {}", data(&text, LINE_LIMIT));
    }
    if !given.is_empty() {
        let _ = writeln!(block, "{given}");
    }
    let _ = write!(block, "END {mark}");
    block
}

/// A record as a pattern: what stands in quotes, behind `=` or looks like an address or a path becomes a slot, so that
/// of one line only what every line of its kind says is shown. (A pattern has its slots from the miner.)
fn typed(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(end) if c == end => {
                plain.push_str("<str>");
                quote = None;
            }
            Some(_) => {}
            None if matches!(c, '"' | '`' | '“') => {
                quote = Some(if c == '“' { '”' } else { c })
            }
            None => plain.push(c),
        }
    }
    if quote.is_some() {
        plain.push_str("<str>");
    }
    let words = plain.split_whitespace().map(|word| {
        if let Some((key, value)) = word.split_once('=')
            && !value.is_empty()
        {
            return format!("{key}=<str>");
        }
        match word {
            word if word.contains("://") => "<url>".to_owned(),
            word if word.contains('@') => "<email>".to_owned(),
            word if word.starts_with(['/', '\\']) || word.matches('/').count() > 1 => {
                "<path>".to_owned()
            }
            word => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Names and versions with digits become slots. A model may write no digits (numbers come from code), and one
/// that begins to copy `worker-17` then goes on with letters of its own making.
fn without_digits(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part_of_name) {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest
            .find(|c: char| !is_part_of_name(c))
            .unwrap_or(rest.len());
        // A full stop at the end belongs to the sentence.
        let word = rest[..end].trim_end_matches(['.', '-']);
        plain.push_str(match word {
            word if !word.bytes().any(|byte| byte.is_ascii_digit()) => word,
            word if is_version(word) => "<version>",
            word if word.chars().any(char::is_alphabetic) => "<id>",
            _ => "<num>",
        });
        rest = &rest[word.len()..];
        if word.is_empty() {
            plain.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    plain.push_str(rest);
    plain
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn is_version(word: &str) -> bool {
    word.strip_prefix(['v', 'V']).is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.contains('.')
            && rest.split('.').all(|part| !part.is_empty())
    })
}

/// How unusual the amount is, in words: a model that sees no digits writes none.
fn amount(item: &Evidence) -> &'static str {
    let count = item.count as f64;
    match item.expected {
        Some(expected) if expected < 0.05 => "never seen in usual times",
        Some(expected) if count > expected * 10.0 => "far more often than usual",
        Some(expected) if count > expected * 2.0 => "more often than usual",
        Some(expected) if count < expected * 0.5 => "less often than usual",
        Some(_) => "as often as usual",
        None if item.count == 1 => "once",
        None => "many times",
    }
}

/// Text of machines for the data block: no control or invisible characters, no links, no control tokens of
/// chat formats, capped.
pub(crate) fn data(text: &str, limit: usize) -> String {
    words::plain(text, limit)
        .replace("<|", "< |")
        .replace("|>", "| >")
        .replace("```", "'''")
}

#[cfg(test)]
mod tests;
