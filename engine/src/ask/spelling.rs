//! Questions with slips of the keyboard, read as they were meant: by the words of questions and of the project's patterns.

use std::collections::BTreeSet;

use domain::{LogFilter, LogReader as _, PageRequest, ProjectId, TextTerm, TimeRange};
use query::{Chip, ChipKind, QuestionContext};

use super::words::holds_value;
use crate::{Error, Inner};

/// Patterns whose words are known, and words of each.
const PATTERNS: usize = 2_000;
const WORDS_OF_PATTERN: usize = 30;
/// Shorter words are left as they are.
const SHORTEST: usize = 6;
/// Records that hold the letters of a word and are looked at for the word.
const TRIED: usize = 50;
/// Words behind which stands a name, which is written as it is.
const BEFORE_NAMES: [&str; 12] = [
    "user", "host", "for", "from", "by", "named", "called", "as", "account", "with", "of", "on",
];

/// A question without slips.
pub(super) struct Spelt {
    pub(super) question: String,
    /// A chip for each word that was read as another one.
    pub(super) chips: Vec<Chip>,
}

impl Inner {
    /// The question without slips: a word that is in no vocabulary and that no pattern, name, record or value holds is read
    /// as the one that was meant. Blocks.
    pub(super) fn spelt(
        &self,
        project_id: ProjectId,
        question: &str,
        context: &QuestionContext,
    ) -> Result<Spelt, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let is_written = |word: &str| {
            let one = word.strip_suffix('s').unwrap_or(word);
            !dictionary.texts().holding(one).is_empty()
        };
        let is_name = |word: &str| {
            let holds = |name: &String| name.to_lowercase().contains(word);
            context.services.iter().any(holds)
                || context.attributes.iter().any(holds)
                || context.slots.iter().any(holds)
        };
        let doubtful = |word: &str| {
            !query::is_word_of_questions(word)
                && embeddings::coverage(word, "", &|_| false).unknown > 0
                && !is_name(word)
                && !is_written(word)
        };
        let places = words_in_doubt(question, doubtful);
        let mut spelt = Spelt {
            question: question.to_owned(),
            chips: Vec::new(),
        };
        if places.is_empty() {
            return Ok(spelt);
        }
        let mut known: BTreeSet<String> = BTreeSet::new();
        for template in dictionary.iter().take(PATTERNS) {
            let text = patterns::readable(&template.text);
            let words = text.split(' ').take(WORDS_OF_PATTERN);
            known.extend(words.map(str::to_lowercase));
        }
        for (from, until) in places.into_iter().rev() {
            let word = question[from..until].to_lowercase();
            let Some(meant) = query::meant(&word, known.iter().map(String::as_str)) else {
                continue;
            };
            if self.is_value(project_id, &word)? {
                continue;
            }
            spelt.question.replace_range(from..until, &meant);
            spelt.chips.push(Chip {
                kind: ChipKind::Spelling,
                label: format!("\u{201c}{word}\u{201d} was read as \u{201c}{meant}\u{201d}"),
                words: word,
            });
        }
        spelt.chips.reverse();
        Ok(spelt)
    }

    /// Whether a record holds a word in its text, or an attribute has it as its value, as far as samples tell.
    fn is_value(&self, project_id: ProjectId, word: &str) -> Result<bool, Error> {
        let words = [word.to_owned()];
        if !self.known_values_of(project_id, &words).is_empty() {
            return Ok(true);
        }
        let term = TextTerm {
            term: word.to_owned(),
            negated: false,
            template_ids: Vec::new(),
        };
        let mut filter = LogFilter {
            text: vec![term],
            ..LogFilter::in_range(TimeRange::ALL)
        };
        self.plan(project_id, &mut filter)?;
        let page = PageRequest::first(TRIED);
        let page = self.store.search(project_id, &filter, &page)?;
        let mut records = page.items.iter();
        Ok(records.any(|record| holds_value(&record.body, word)))
    }
}

/// Where the words are that may be slips: outside of quotes, in small letters, and no names.
fn words_in_doubt(question: &str, is_doubtful: impl Fn(&str) -> bool) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut is_quoted = false;
    let mut before = String::new();
    let mut at = 0;
    for piece in question.split_inclusive(char::is_whitespace) {
        let start = at;
        at += piece.len();
        let quotes = piece.matches(['"', '`', '\u{201c}', '\u{201d}']).count();
        let text = piece.trim_end();
        let word = text.trim_end_matches([',', '.', '?', '!', ';', ':']);
        let lower = word.to_lowercase();
        let is_small = word.bytes().all(|byte| byte.is_ascii_lowercase())
            || start == 0 && word.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
        let is_plain = !is_quoted && quotes == 0 && is_small && !word.is_empty();
        if is_plain
            && word.len() >= SHORTEST
            && !BEFORE_NAMES.contains(&before.as_str())
            && is_doubtful(&lower)
        {
            places.push((start, start + word.len()));
        }
        if quotes % 2 == 1 {
            is_quoted = !is_quoted;
        }
        before = lower;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::words_in_doubt;

    #[test]
    fn quotes_names_and_codes_are_left_as_they_are() {
        let question = "Reqeusts \"faled logins\" of Smythe for zebediah, yestreday e_tags";
        let found: Vec<&str> = words_in_doubt(question, |_| true)
            .into_iter()
            .map(|(from, until)| &question[from..until])
            .collect();
        assert_eq!(found, ["Reqeusts", "yestreday"]);
    }
}
