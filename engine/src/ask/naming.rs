//! What the patterns of a project call their values: `device` of `device=pump-<num>`, `pipeline` of `pipeline portal
//! failed` where others say `pipeline infra failed`, `rows` of `imported <num> rows`.

pub(super) mod numbered;

use std::collections::{HashMap, HashSet};

use domain::{ProjectId, Template, TemplateId};

use super::words::split;
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Patterns whose words are known, the most frequent first.
const PATTERNS: usize = 2_000;
/// Words of a pattern that are looked at.
const WORDS: usize = 60;
/// Words right before the field that is asked for: "which pipelines", "top 5 pipelines", "per pipeline".
const LEADS: [&str; 14] = [
    "which",
    "what",
    "top",
    "per",
    "by",
    "each",
    "most",
    "different",
    "distinct",
    "unique",
    "many",
    "list",
    "of",
    "every",
];
/// Words within which it stands behind such a word.
const REACH: usize = 3;
/// Words that tell what something did and are no name.
const NO_NAMES: [&str; 50] = [
    "failing",
    "starting",
    "stopping",
    "running",
    "waiting",
    "ending",
    "closing",
    "opening",
    "loading",
    "processing",
    "pending",
    "taking",
    "is",
    "are",
    "was",
    "were",
    "has",
    "have",
    "had",
    "not",
    "no",
    "ok",
    "up",
    "down",
    "start",
    "stop",
    "begin",
    "end",
    "done",
    "lost",
    "sent",
    "got",
    "will",
    "can",
    "could",
    "cannot",
    "to",
    "from",
    "for",
    "in",
    "on",
    "of",
    "at",
    "by",
    "with",
    "and",
    "or",
    "the",
    "a",
    "an",
];

/// What patterns call their values.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Words before values, sorted.
    pub(super) slots: Vec<String>,
    /// Words behind numbers, sorted.
    pub(super) counted: Vec<String>,
}

impl Inner {
    /// What the patterns of a project call their values, as far as a question may ask for it. Blocks.
    pub(super) fn value_names(
        &self,
        project_id: ProjectId,
        question: &str,
    ) -> Result<Names, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut slots: Vec<String> = Vec::new();
        let mut counted: Vec<String> = Vec::new();
        for template in dictionary.iter().take(PATTERNS) {
            slots.extend(words_before_values(&template.text));
            slots.extend(keys(&template.text));
            counted.extend(words_behind_numbers(&template.text));
        }
        slots.extend(asked(question).filter(|word| {
            !varying(&dictionary, word).is_empty() || numbered::is_kind(&dictionary, word)
        }));
        for words in [&mut slots, &mut counted] {
            words.sort_unstable();
            words.dedup();
        }
        Ok(Names { slots, counted })
    }
}

/// The words of a question that may be a field which is asked for, in the singular.
fn asked(question: &str) -> impl Iterator<Item = String> {
    let words: Vec<String> = question
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut found = HashSet::new();
    for at in 0..words.len() {
        let leads = (at.saturating_sub(REACH)..at).any(|it| LEADS.contains(&words[it].as_str()));
        let is_plain = words[at].len() > 1 && !query::is_word_of_questions(&words[at]);
        if leads && is_plain {
            let word = words[at].strip_suffix('s').unwrap_or(&words[at]);
            found.insert(word.to_owned());
        }
    }
    found.into_iter()
}

/// The patterns that differ from each other in nothing but the word behind this one, which is then its value.
pub(super) fn varying(dictionary: &Dictionary, name: &str) -> HashSet<TemplateId> {
    let mut values: HashMap<String, (String, TemplateId)> = HashMap::new();
    let mut found = HashSet::new();
    let holding = dictionary.texts().holding(name);
    let live = holding
        .into_iter()
        .filter_map(|id| dictionary.get(id))
        .filter(|template| template.merged_into.is_none());
    for template in live.take(PATTERNS) {
        let Some((rest, value)) = around(template, name) else {
            continue;
        };
        match values.get(&rest) {
            Some((known, other)) if *known != value => found.extend([*other, template.id]),
            Some(_) => {}
            None => {
                values.insert(rest, (value, template.id));
            }
        }
    }
    found
}

/// A pattern without the word behind a name, and that word.
fn around(template: &Template, name: &str) -> Option<(String, String)> {
    let words: Vec<&str> = template.text.split(' ').take(WORDS).collect();
    let at = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case(name))?;
    let value = *words.get(at + 1)?;
    is_name(value).then(|| {
        let mut rest = words.clone();
        rest[at + 1] = "";
        (rest.join(" "), value.to_lowercase())
    })
}

/// Whether a word may be the name of something: no slot, no verb and nothing that binds.
pub(super) fn is_name(word: &str) -> bool {
    let word = word.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '\'' | '"' | '(' | ')'));
    let lower = word.to_lowercase();
    lower.len() > 1
        && lower.starts_with(|c: char| c.is_ascii_alphabetic())
        && lower
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !NO_NAMES.contains(&lower.as_str())
        && !["ed", "n't"].iter().any(|end| lower.ends_with(end))
}

/// The words right before the values of a pattern. Every question asks for those of all patterns: nothing but a walk over
/// the text is made for it.
fn words_before_values(text: &str) -> Vec<String> {
    const VALUES: [&str; 5] = ["<num>", "<*>", "<hex>", "<uuid>", "<quoted>"];
    let is_mark = |c: char| !(c.is_alphanumeric() || c == '_' || c == '<' || c == '>' || c == '*');
    let mut words = Vec::new();
    let mut before = "";
    for part in text.split(is_mark).filter(|part| !part.is_empty()) {
        let is_word = before.len() > 2 && before.chars().all(|c| c.is_alphabetic() || c == '_');
        if is_word && VALUES.iter().any(|value| part.starts_with(value)) {
            words.push(before.to_lowercase());
        }
        before = part;
    }
    words
}

/// The keys of `key=value` in a pattern, whatever the value is.
fn keys(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split([' ', ',', ';', '(', '[', '{'])
        .filter_map(|part| part.split_once('='))
        .filter(|(key, value)| {
            key.len() > 2
                && !value.is_empty()
                && key.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
        })
        .map(|(key, _)| key.to_lowercase())
}

/// The words right behind numbers of a pattern: `rows` of `<num> rows`.
fn words_behind_numbers(text: &str) -> impl Iterator<Item = String> + '_ {
    text.match_indices("<num> ").filter_map(|(at, slot)| {
        // "<num> expired offsets"
        let part = text[at + slot.len()..].split([',', ';', '<', '(']).next()?;
        split(part).take(2).find(|word| {
            word.len() > 3 && word.ends_with('s') && word.chars().all(char::is_alphabetic)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_before_values_are_read_off_the_pattern() {
        assert_eq!(
            words_before_values(
                "invoice INV-<num> for customer <num> amount=<num> user '<*>' <ip> took <num>"
            ),
            ["INV", "customer", "amount", "user", "took"].map(str::to_lowercase)
        );
        assert!(words_before_values("nothing varies here").is_empty());
    }

    #[test]
    fn keys_name_their_values_also_where_these_are_constant() {
        let found: Vec<String> =
            keys("event=leave door=north-<num>, why=timeout x=1 = y").collect();
        assert_eq!(found, ["event", "door", "why"]);
    }

    #[test]
    fn what_is_counted_stands_behind_numbers() {
        let found: Vec<String> =
            words_behind_numbers("read <num> rows and <num> ms of <num>").collect();
        assert_eq!(found, ["rows"]);
        let found: Vec<String> =
            words_behind_numbers("removed <num> expired offsets in <num> ms").collect();
        assert_eq!(found, ["offsets"]);
    }

    #[test]
    fn a_name_is_no_verb() {
        for name in ["north", "night-report", "db_2", "billing"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["started", "failing", "is", "<num>", "->", "7"] {
            assert!(!is_name(other), "{other}");
        }
    }

    #[test]
    fn the_field_stands_near_the_word_that_asks_for_it() {
        let of = |question: &str| {
            let mut found: Vec<String> = asked(question).collect();
            found.sort();
            found
        };
        assert_eq!(of("Which pipelines fail?"), ["fail", "pipeline"]);
        assert!(of("why does the pipeline fail").is_empty());
    }
}
