//! "Explain this line: ...", "what does \"...\" mean?": the text that is to be explained.

use domain::TimeRange;

use super::chip::{Chip, ChipKind};
use super::{Intent, Interpretation};
use crate::context::QuestionContext;
use crate::time::DAY_NS;

/// Words that announce a line to be explained, at the start of a question, in lower case; the longest first.
const STARTS: [&str; 10] = [
    "please explain",
    "can you explain",
    "could you explain",
    "explain",
    "what does",
    "what do",
    "what is meant by",
    "what is the meaning of",
    "meaning of",
    "what mean",
];
/// What may follow them.
const THINGS: [&str; 24] = [
    "this",
    "the",
    "that",
    "me",
    "a",
    "log",
    "line",
    "message",
    "pattern",
    "template",
    "error",
    "warning",
    "record",
    "entry",
    "text",
    "to",
    "following",
    "means",
    "mean",
    "of",
    "it",
    "when",
    "says",
    "say",
];
/// Longest text, characters.
const MAX_CHARS: usize = 2_000;

/// The line or pattern that a question asks to explain.
pub(super) fn text(question: &str) -> Option<String> {
    let trimmed = question.trim();
    let lower = trimmed.to_ascii_lowercase();
    let start = STARTS.iter().find(|start| lower.starts_with(**start))?;
    let rest = trimmed.get(start.len()..)?;
    if !rest.starts_with(|c: char| !c.is_alphanumeric()) {
        return None;
    }
    let after = after_things(rest);
    let announced = after.len() < rest.trim_start().len();
    // "explain why", "what does checkout do" are something else.
    let text = if let Some(inside) = quoted(rest) {
        inside
    } else if let Some(text) = after.strip_prefix(':') {
        text.trim()
    } else if *start != "what does"
        && *start != "what do"
        && announced
        && after.split_whitespace().count() > 2
        && !starts_with_question(after)
    {
        after
    } else if is_template_id(after.trim_end_matches(['?', '.'])) {
        after.trim_end_matches(['?', '.'])
    } else {
        let end = lower.trim_end_matches(['?', '.', ' ']);
        let said = end
            .strip_suffix(" mean")
            .or_else(|| end.strip_suffix(" means"))?;
        let from = trimmed.len() - after.len();
        trimmed
            .get(from..said.len())
            .map(str::trim)
            .filter(|said| !said.is_empty())?
    };
    let text: String = text.trim().chars().take(MAX_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

fn after_things(rest: &str) -> &str {
    let mut rest = rest.trim_start();
    loop {
        let end = rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(rest.len());
        let word = rest[..end].to_ascii_lowercase();
        if end == 0 || !THINGS.contains(&word.as_str()) {
            return rest;
        }
        // "error:" begins a line, "the error" announces one.
        if rest[end..].starts_with(':')
            && matches!(word.as_str(), "error" | "warning")
            && rest[end + 1..].trim().is_empty()
        {
            return rest;
        }
        rest = rest[end..].trim_start();
    }
}

fn starts_with_question(text: &str) -> bool {
    let first = text
        .split_whitespace()
        .next()
        .unwrap_or("")
        .to_ascii_lowercase();
    matches!(
        first.as_str(),
        "why"
            | "how"
            | "what"
            | "which"
            | "errors"
            | "failures"
            | "spike"
            | "drop"
            | "increase"
            | "cause"
            | "reason"
    )
}

/// What stands in the first quotes.
fn quoted(text: &str) -> Option<&str> {
    for (open, close) in [('"', '"'), ('\u{201c}', '\u{201d}'), ('`', '`')] {
        if let Some((_, after)) = text.split_once(open)
            && let Some((inside, _)) = after.rsplit_once(close)
            && !inside.trim().is_empty()
        {
            return Some(inside);
        }
    }
    None
}

fn is_template_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The interpretation of such a question: where the pattern occurs, in all the time that there is.
pub(super) fn interpretation(text: &str, context: &QuestionContext) -> Interpretation {
    let range = context
        .default_range
        .unwrap_or(TimeRange::last(context.now_ns, 30 * DAY_NS));
    let mut interpretation = Interpretation {
        intent: Intent::Explain,
        range,
        range_is_default: true,
        widened_from: None,
        compare_with: None,
        services: Vec::new(),
        excluded_services: Vec::new(),
        severities: Vec::new(),
        terms: Vec::new(),
        attributes: Vec::new(),
        status_codes: Vec::new(),
        numbers: Vec::new(),
        trace_id: None,
        measure: None,
        among: Vec::new(),
        having: None,
        group_by: None,
        limit: None,
        retrieval_text: text.to_owned(),
        named: Vec::new(),
        chips: Vec::new(),
        not_understood: Vec::new(),
        unknown_services: Vec::new(),
        is_future: false,
        is_of_trouble: false,
        offset_seconds: context.now().offset().seconds(),
        explained: Some(text.to_owned()),
    };
    interpretation.chips = vec![
        Chip {
            kind: ChipKind::Intent,
            label: Intent::Explain.as_str().to_owned(),
            words: String::new(),
        },
        Chip {
            kind: ChipKind::Topic,
            label: text.to_owned(),
            words: text.to_owned(),
        },
    ];
    interpretation
}
