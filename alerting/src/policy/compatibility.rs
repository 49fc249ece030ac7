//! What the project's charter writes but YAML does not allow: tabs, and `- escalate_after: 10m -> notify: x`.
//!
//! The text is rewritten line by line before the YAML parser sees it, so line numbers stay true.

/// Something that was read although it is not the canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Line, from 1.
    pub line: usize,
    /// What was read as what.
    pub text: String,
}

const VERBS: [&str; 2] = ["notify", "page"];

/// What of a policy text is read only for compatibility; `vigil policy fmt` writes it the canonical way.
#[must_use]
pub fn compatibility_notes(text: &str) -> Vec<Note> {
    rewrite(text).1
}

/// Tabs at the start of a line become two spaces each, the arrow form becomes a two-key step on the same line.
pub(crate) fn rewrite(text: &str) -> (String, Vec<Note>) {
    let mut rewritten = String::with_capacity(text.len());
    let mut notes = Vec::new();
    let mut tabs_noted = false;
    for (index, raw) in text.trim_start_matches('\u{feff}').split('\n').enumerate() {
        if index > 0 {
            rewritten.push('\n');
        }
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        let body = raw.trim_start_matches([' ', '\t']);
        let indent = &raw[..raw.len() - body.len()];
        if indent.contains('\t') && !body.is_empty() && !tabs_noted {
            tabs_noted = true;
            notes.push(Note {
                line: index + 1,
                text: "tabs are not allowed in YAML; each is read as two spaces".to_owned(),
            });
        }
        for character in indent.chars() {
            rewritten.push_str(if character == '\t' { "  " } else { " " });
        }
        match arrow_step(body) {
            Some(step) => {
                notes.push(Note {
                    line: index + 1,
                    text: "the arrow form is read as a step with two keys".to_owned(),
                });
                rewritten.push_str(&step);
            }
            None => rewritten.push_str(&tabs_after_markers(body)),
        }
    }
    (rewritten, notes)
}

/// `-\tkey: value` and `key:\tvalue`: a tab after a marker separates too, outside quotes.
fn tabs_after_markers(body: &str) -> String {
    if !body.contains('\t') || body.starts_with('#') {
        return body.to_owned();
    }
    let mut text = String::with_capacity(body.len() + 4);
    let mut quote = None;
    for character in body.chars() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        text.push(if character == '\t' && quote.is_none() {
            ' '
        } else {
            character
        });
    }
    text
}

/// `- escalate_after: 10m -> notify: pagerduty:x, sms:y # comment` as one flow mapping.
fn arrow_step(body: &str) -> Option<String> {
    let rest = body.strip_prefix('-')?.trim_start();
    let rest = rest
        .strip_prefix("escalate_after")?
        .trim_start()
        .strip_prefix(':')?
        .trim();
    let (delay, target) = ["->", "\u{2192}", "=>"]
        .iter()
        .find_map(|arrow| rest.split_once(arrow))?;
    let delay = delay.trim().trim_matches(['"', '\'']);
    let target = target.split(" #").next()?.trim();
    let (verb, receivers) = VERBS
        .iter()
        .find_map(|verb| {
            let after = target.strip_prefix(verb)?.trim_start().strip_prefix(':')?;
            Some((*verb, after.trim()))
        })
        .or_else(|| other_verb(target))
        .unwrap_or(("notify", target));
    let receivers: Vec<String> = receivers
        .trim_start_matches('[')
        .trim_end_matches(']')
        .split(',')
        .map(|name| quoted(name.trim().trim_matches(['"', '\''])))
        .collect();
    Some(format!(
        "- {{escalate_after: {}, {verb}: [{}]}}",
        quoted(delay),
        receivers.join(", ")
    ))
}

/// A verb that later versions know (`ticket: jira:OPS`) stays a key, so that the reader can name it.
fn other_verb(target: &str) -> Option<(&str, &str)> {
    let (verb, rest) = target.split_once(": ")?;
    verb.chars()
        .all(|c| c.is_ascii_lowercase())
        .then(|| (verb, rest.trim()))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
