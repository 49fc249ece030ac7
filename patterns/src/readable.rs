//! Template text as words, which is what gets embedded and searched.

use crate::slot::Slot;

/// The words of a template: slots dropped, punctuation dropped, `camelCase`, `snake_case` and
/// dotted names split, lower case, single blanks.
///
/// `PacketResponder <num> for block <*> terminating` becomes `packet responder for block terminating`.
#[must_use]
pub fn readable(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(current) = rest.chars().next() {
        if let Some((_, length)) = Slot::at_start_of(rest.as_bytes()) {
            rest = &rest[length..];
            previous = ' ';
            push_blank(&mut words);
            continue;
        }
        rest = &rest[current.len_utf8()..];
        let next = rest.chars().next().unwrap_or(' ');
        if !current.is_alphanumeric() {
            // An apostrophe inside a word belongs to it: "can't".
            if current == '\'' && previous.is_alphabetic() && next.is_alphabetic() {
                words.push(current);
            } else {
                push_blank(&mut words);
            }
        } else {
            let starts_word = current.is_uppercase()
                && (previous.is_lowercase() || previous.is_uppercase() && next.is_lowercase());
            if starts_word {
                push_blank(&mut words);
            }
            words.extend(current.to_lowercase());
        }
        previous = current;
    }
    words.truncate(words.trim_end().len());
    words
}

fn push_blank(words: &mut String) {
    if !words.is_empty() && !words.ends_with(' ') {
        words.push(' ');
    }
}
