//! The fields inside of a line: what `| json` and `| logfmt` find.

use serde_json::Value;

use super::ast::{FieldChoice, Step};
use super::labels::{Labels, add, flatten, label_name};

/// The members of the JSON object that the line is; `None` when it is none.
pub(super) fn of_json(line: &str, is_taken: &dyn Fn(&str) -> bool) -> Option<Labels> {
    let line = line.trim();
    if !line.starts_with('{') {
        return None;
    }
    let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
        return None;
    };
    let mut labels = Labels::new();
    for (key, value) in fields {
        // As Loki does: lists have no label.
        if !value.is_array() {
            flatten(&mut labels, label_name(&key), value, 0, is_taken);
        }
    }
    Some(labels)
}

/// These fields of the JSON object that the line is; `None` when it is none. What is an object or a list stays JSON.
pub(super) fn chosen_of_json(
    line: &str,
    choices: &[FieldChoice],
    is_taken: &dyn Fn(&str) -> bool,
) -> Option<Labels> {
    let whole: Value = serde_json::from_str(line.trim()).ok()?;
    whole.as_object()?;
    let mut labels = Labels::new();
    for choice in choices {
        let found = choice
            .path
            .steps()
            .iter()
            .try_fold(&whole, |at, step| match step {
                Step::Key(key) => at.get(key),
                Step::Index(index) => at.get(index),
            });
        let text = match found {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        add_extracted(&mut labels, &choice.name, &text, is_taken);
    }
    Some(labels)
}

/// These of the `key=value` pairs of the line.
pub(super) fn chosen_of_logfmt(
    line: &str,
    choices: &[FieldChoice],
    is_taken: &dyn Fn(&str) -> bool,
) -> Labels {
    let all = of_logfmt(line, &|_| false);
    let mut labels = Labels::new();
    for choice in choices {
        if let Some(value) = all.get(&label_name(choice.path.text())) {
            add_extracted(&mut labels, &choice.name, value, is_taken);
        }
    }
    labels
}

/// The `key=value` pairs of the line; words without a `=` are passed over.
pub(super) fn of_logfmt(line: &str, is_taken: &dyn Fn(&str) -> bool) -> Labels {
    let mut labels = Labels::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(|character: char| character == '=' || character.is_whitespace())
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix('=') else {
            rest = after.trim_start();
            continue;
        };
        let (value, after) = value(after);
        if !key.is_empty() && !value.is_empty() {
            add(&mut labels, label_name(key), value, is_taken);
        }
        rest = after.trim_start();
    }
    labels
}

/// Adds what a pattern or an expression found; nothing is no label.
pub(super) fn add_extracted(
    labels: &mut Labels,
    name: &str,
    value: &str,
    is_taken: &dyn Fn(&str) -> bool,
) {
    if !value.is_empty() {
        add(labels, name.to_owned(), value.to_owned(), is_taken);
    }
}

/// The value at the beginning, and what comes after it.
fn value(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &inner[at + 1..]),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, other)) => value.push(other),
                None => break,
            },
            other => value.push(other),
        }
    }
    (value, "")
}
