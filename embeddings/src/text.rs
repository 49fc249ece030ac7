//! The texts of a template that are embedded and indexed.

use crate::vocabulary;

/// Bytes of the text that is embedded and indexed. 256 tokens of log text, all that the model
/// reads, are about 1,000 bytes (measured on the 16 loghub sets: 3.6 bytes a token), so twice that
/// loses nothing to the model and keeps one absurd record from filling the lexical index.
pub const MAX_INDEX_TEXT_BYTES: usize = 2_048;

/// Of those, bytes for the template; the example gets what is left.
const MAX_TEMPLATE_BYTES: usize = 1_200;

/// Services named in the text; one that writes a template everywhere says nothing about it.
const MAX_SERVICES: usize = 4;

/// Bytes of one service name.
const MAX_SERVICE_BYTES: usize = 64;

/// What is indexed by its words for a template: `service: words of the template. example`.
///
/// `template_readable` is the template without slots and with split words (`patterns::readable`),
/// `example` one body that matched it. White space is collapsed. At most [`MAX_INDEX_TEXT_BYTES`]
/// bytes, cut between words where possible. Words that run together are followed by their parts.
///
/// The service prefix and the cleaned template raised recall@5 from 0.49 to 0.56, one example line
/// raised MRR from 0.74 to 0.77 (see "What was measured" in the crate's README).
#[must_use]
pub fn index_text(template_readable: &str, services: &[String], example: &str) -> String {
    let mut text = String::with_capacity(256);
    for service in services.iter().take(MAX_SERVICES) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        push_words(&mut text, service, MAX_SERVICE_BYTES);
    }
    if !text.is_empty() {
        text.push_str(": ");
    }
    let readable = vocabulary::opened(template_readable);
    push_words(&mut text, &readable, MAX_TEMPLATE_BYTES);
    if !example.is_empty() && text.len() + 3 < MAX_INDEX_TEXT_BYTES {
        if !text.is_empty() {
            text.push_str(". ");
        }
        let room = MAX_INDEX_TEXT_BYTES - text.len();
        push_words(&mut text, example, room);
    }
    text
}

/// A template of fewer words says too little by itself: its example is embedded too.
const SHORT_TEMPLATE_WORDS: usize = 4;

/// What gets embedded for a template: `service: words of the template. what people say for that`.
///
/// The other half of [`index_text`], whose words are indexed: with an example in it vectors were no better on
/// questions about meaning, with what people say for its ideas recall@10 rose from 0.84 to 0.86 (README).
#[must_use]
pub fn meaning_text(template_readable: &str, services: &[String], example: &str) -> String {
    let is_short = template_readable.split_whitespace().count() < SHORT_TEMPLATE_WORDS;
    let example = if is_short { example } else { "" };
    let gloss = vocabulary::gloss(&vocabulary::opened(template_readable));
    let mut text = index_text(template_readable, services, &gloss);
    if !example.is_empty() && text.len() + 3 < MAX_INDEX_TEXT_BYTES {
        if !text.is_empty() {
            text.push_str(". ");
        }
        let room = MAX_INDEX_TEXT_BYTES - text.len();
        push_words(&mut text, example, room);
    }
    text
}

/// Appends at most `limit` bytes of `words`, with single spaces between them. Only a first word
/// that is too long by itself is cut inside.
fn push_words(text: &mut String, words: &str, limit: usize) {
    let start = text.len();
    for word in words.split_whitespace() {
        let used = text.len() - start;
        let gap = usize::from(used > 0);
        if used + gap + word.len() > limit {
            if used == 0 {
                text.push_str(prefix(word, limit));
            }
            return;
        }
        if gap == 1 {
            text.push(' ');
        }
        text.push_str(word);
    }
}

/// The longest start of `text` that has at most `limit` bytes and ends between characters.
pub(crate) fn prefix(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests;
