//! Rows of `INSERT INTO t (name, password) VALUES ('x', 'y')`: the place of a value gives it the name of its column.

use super::Finding;
use super::assignment;
use super::lexicon::Lexicon;
use super::shape::after_spaces;

/// Most columns that are told apart.
const MOST_COLUMNS: usize = 64;
/// Most rows that are read.
const MOST_ROWS: usize = 16;
/// How far the list of columns may lie before the word, bytes.
const LONGEST_LIST: usize = 2_048;

/// Reads what stands around the word `values` at `start..end`.
pub(super) fn values(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    end: usize,
    found: &mut Vec<Finding>,
) {
    let Some(columns) = columns(&text[..start]) else {
        return;
    };
    let mut at = after_spaces(text, end);
    for _ in 0..MOST_ROWS {
        if text.as_bytes().get(at) != Some(&b'(') {
            return;
        }
        let Some(after) = row(lexicon, text, at + 1, &columns, found) else {
            return;
        };
        at = after_spaces(text, after);
        if text.as_bytes().get(at) != Some(&b',') {
            return;
        }
        at = after_spaces(text, at + 1);
    }
}

/// The names in the brackets that end right before `values`.
fn columns(head: &str) -> Option<Vec<&str>> {
    let head = head.trim_end().strip_suffix(')')?;
    let from = head.floor_char_boundary(head.len().saturating_sub(LONGEST_LIST));
    let open = head[from..].rfind('(')?;
    let names: Vec<&str> = head[from + open + 1..]
        .split(',')
        .take(MOST_COLUMNS)
        .map(|name| name.trim_matches([' ', '"', '`', '\'', '[', ']', '\\']))
        .collect();
    let are_names = names.iter().all(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
    });
    are_names.then_some(names)
}

/// Reads the values of a row up to its closing bracket and gives the place behind it.
fn row(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    columns: &[&str],
    found: &mut Vec<Finding>,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start;
    for column in columns {
        at = after_spaces(text, at);
        let is_quoted = matches!(bytes.get(at), Some(b'\'' | b'"' | b'\\'));
        if is_quoted {
            assignment::of_column(lexicon, text, column, at, found);
        }
        at = after_value(bytes, at)?;
        match bytes.get(at) {
            Some(b',') => at += 1,
            Some(b')') => return Some(at + 1),
            _ => return None,
        }
    }
    None
}

/// The comma or bracket behind a value; quotes are stepped over, doubled ones with them.
fn after_value(bytes: &[u8], start: usize) -> Option<usize> {
    const LONGEST_VALUE: usize = 4_096;
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(start).take(LONGEST_VALUE) {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(*byte),
            (None, b'(') => depth += 1,
            (None, b')') if depth > 0 => depth -= 1,
            (None, b',' | b')') if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}
