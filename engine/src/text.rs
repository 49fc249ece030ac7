//! Small pieces of text.

use std::fmt::Write as _;

use domain::Sentence;

/// A sentence with its `[n]` marks, before the full stop: `It failed [1][2].`
pub(crate) fn cited(sentence: &Sentence) -> String {
    let mut text = sentence.text.trim_end().to_owned();
    if sentence.citations.is_empty() {
        return text;
    }
    let end = text.pop().filter(|end| matches!(end, '.' | '!' | '?'));
    if end.is_none() {
        text.clear();
        text.push_str(sentence.text.trim_end());
    }
    text.push(' ');
    for number in &sentence.citations {
        // Writing to a string cannot fail.
        let _ = write!(text, "[{number}]");
    }
    text.extend(end);
    text
}
