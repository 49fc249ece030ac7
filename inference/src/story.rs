//! A model's text as title and cited sentences.

use domain::Sentence;
use serde_json::Value;

/// What a model wrote, taken apart but not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) title: Option<String>,
    pub(crate) sentences: Vec<Sentence>,
}

/// Characters of a model's answer that are looked at: many times what a story needs.
const MAX_ANSWER: usize = 8_192;

/// Reads `{"title": "...", "story": "Sentence [1]. Sentence [2][3]."}`, also out of a fenced block or with
/// words around it; the reason when it cannot.
pub(crate) fn parse_story(text: &str) -> Result<Story, String> {
    if text.len() > MAX_ANSWER {
        return Err(format!("{} bytes, the limit is {MAX_ANSWER}", text.len()));
    }
    let document = json_object(text).ok_or("no JSON object in it")?;
    let field = |name: &str| document.get(name).and_then(Value::as_str).map(str::trim);
    let story = field("story").ok_or("no field 'story' in it")?;
    let sentences = split_sentences(story)?;
    if sentences.is_empty() {
        return Err("no sentence in it".to_owned());
    }
    Ok(Story {
        title: field("title")
            .filter(|title| !title.is_empty())
            .map(str::to_owned),
        sentences,
    })
}

/// Reads a list of texts: `["...", "..."]`.
pub(crate) fn parse_list(text: &str) -> Option<Vec<String>> {
    let start = text.find('[')?;
    let end = text.rfind(']')?;
    serde_json::from_str(text.get(start..=end)?).ok()
}

fn json_object(text: &str) -> Option<Value> {
    let start = text.find('{')?;
    let end = text.rfind('}')?;
    let value: Value = serde_json::from_str(text.get(start..=end)?).ok()?;
    value.is_object().then_some(value)
}

/// Each sentence is the text before a run of `[n]` marks; marks may stand before or after the full stop.
fn split_sentences(story: &str) -> Result<Vec<Sentence>, String> {
    let mut sentences = Vec::new();
    let mut rest = story;
    while !rest.trim().is_empty() {
        let Some(open) = find_mark(rest) else {
            return Err("a sentence without a citation".to_owned());
        };
        let body = rest[..open].trim();
        let mut citations = Vec::new();
        let mut at = open;
        while let Some((number, length)) = mark_at(&rest[at..]) {
            if !citations.contains(&number) {
                citations.push(number);
            }
            at += length;
            let gap = rest[at..].len() - rest[at..].trim_start_matches([' ', ',']).len();
            if mark_at(&rest[at + gap..]).is_some() {
                at += gap;
            }
        }
        rest = rest[at..].trim_start();
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let text = body.trim_end_matches(['.', ' ', ',']);
        if let Some(second) = second_sentence(text) {
            return Err(format!("a sentence without a citation before '{second}'"));
        }
        if text.is_empty() {
            // Marks that follow marks belong to the sentence before.
            continue;
        }
        sentences.push(Sentence {
            text: format!("{text}."),
            citations,
        });
    }
    Ok(sentences)
}

/// Abbreviations whose full stop ends no sentence.
const ABBREVIATIONS: [&str; 6] = ["e.g", "i.e", "vs", "approx", "cf", "ca"];

/// The first word of a further sentence inside of what one citation covers: only the last sentence before a
/// mark would be held against it by a reader, so each needs its own.
fn second_sentence(text: &str) -> Option<&str> {
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let next = words.peek()?;
        let bare = word.trim_end_matches(['"', '\'', ')', '”', '’']);
        let Some(stem) = bare.strip_suffix(['.', '!', '?', '…', '。']) else {
            continue;
        };
        let stem = stem.trim_start_matches(['(', '"']).to_lowercase();
        if !ABBREVIATIONS.contains(&stem.as_str()) {
            return Some(next);
        }
    }
    None
}

fn find_mark(text: &str) -> Option<usize> {
    text.match_indices('[')
        .map(|(at, _)| at)
        .find(|at| mark_at(&text[*at..]).is_some())
}

/// The number and length of a `[12]` (or `[1, 2]`'s first part is no mark) at the start of a text.
fn mark_at(text: &str) -> Option<(u32, usize)> {
    let inner = text.strip_prefix('[')?;
    let close = inner.find(']')?;
    let digits = inner.get(..close)?;
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, close + 2))
}

#[cfg(test)]
mod tests;
