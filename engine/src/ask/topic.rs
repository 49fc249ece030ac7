//! The words of a topic as they stand in patterns and values: which patterns say them, and which of them are
//! values of their records. Where most of a topic is found so, meaning does not decide what is counted.

mod among;

use std::collections::{HashMap, HashSet};

use anomaly::TemplateInfo as _;
use domain::{LogFilter, LogReader, PageRequest, ProjectId, TemplateId};
use query::Interpretation;

use self::among::{Among, best, bits, texts, weight};
use super::subject::{is_common_noun, is_doing};
use super::words::{Stems, alike, holds_value, is_negated, split, stem, without_negation};
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Words of a topic that are looked at.
const MAX_WORDS: usize = 8;
/// Letters by which patterns are looked up before their words are compared.
const PREFIX: usize = 3;
/// A topic is decided by its words when more than this share of their weight is found together.
const DECISIVE: f64 = 0.5;
/// Records in which a value is looked for at most; in more a word is no value, unless it is named as one.
const SCANNED: u64 = 1_000_000;
/// Records that hold the letters of a value and are looked at for the word.
const TRIED: usize = 50;

/// What the words of a topic select.
#[derive(Debug, Default)]
pub(super) struct Literal {
    /// The patterns; empty when values alone decide.
    pub(super) ids: Vec<TemplateId>,
    /// Values that the records must hold as words.
    pub(super) values: Vec<String>,
    /// Words that were said like values and occur in none of the records.
    pub(super) left_out: Vec<String>,
}

/// A word of a topic.
struct Word {
    text: String,
    stem: String,
    /// What may be said for it: used when no pattern says it.
    alike: Vec<&'static str>,
    weight: f64,
    is_named: bool,
}

impl Word {
    fn is_in(&self, stems: &Stems) -> bool {
        stems.hold(&self.text, &self.stem)
            || self.alike.iter().any(|word| stems.hold(word, &stem(word)))
    }
}

/// A pattern that holds words of the topic: their places, as bits.
struct Holder {
    id: TemplateId,
    held: u32,
    has_slots: bool,
}

impl Inner {
    /// What the words of the topic select by themselves; `None` when they do not decide. `present` counts the
    /// records of each pattern where the filter looks. Blocks.
    pub(super) fn literal(
        &self,
        project_id: ProjectId,
        dictionary: &Dictionary,
        understood: &Interpretation,
        filter: &LogFilter,
        present: &HashMap<TemplateId, u64>,
        known: Option<&HashSet<TemplateId>>,
    ) -> Result<Option<Literal>, Error> {
        let Some((words, holders)) = words_and_holders(dictionary, understood, known) else {
            return Ok(None);
        };
        let search = Search {
            inner: self,
            project_id,
            dictionary,
            filter,
            present,
        };
        if let [word] = words.as_slice()
            && holders.is_empty()
        {
            let is_value = search.holds(&[], word)?;
            return Ok(is_value.then(|| Literal {
                values: vec![word.text.clone()],
                ..Literal::default()
            }));
        }
        let all = (1_u32 << words.len()) - 1;
        let named = bits(&words, |word| word.is_named);
        let core = if named == all { all } else { all & !named };
        let Some(best) = best(&words, &holders, core) else {
            return Ok(None);
        };
        let values = search.values(&words, &holders, best)?;
        let mut required = match best & !values {
            0 => best,
            required => required,
        };
        // What is named and is no value may be a constant of some of the patterns: "timeouts for payments".
        for place in 0..words.len() {
            let wanted = required | (named & !values & (1 << place));
            if holders.iter().any(|it| it.held & wanted == wanted) {
                required = wanted;
            }
        }
        let values = values & !required;
        let found = weight(&words, required | values);
        if found <= DECISIVE * weight(&words, all) {
            return Ok(None);
        }
        let chosen: Vec<&Holder> = holders
            .iter()
            .filter(|it| it.held & required == required)
            .filter(|it| it.has_slots || it.held & values == values)
            .collect();
        let chosen = match understood.severities.is_empty() {
            true => of_same_aspect(dictionary, &words, required, chosen),
            false => chosen,
        };
        // A word that some of the patterns say is only asked for more of; it selects nothing.
        let said = chosen.iter().fold(0, |said, it| said | it.held);
        Ok(Some(Literal {
            ids: chosen.iter().map(|it| it.id).collect(),
            values: texts(&words, values),
            left_out: texts(&words, named & !values & !said),
        }))
    }
}

/// The words of a topic and the patterns that hold them; `None` when it says that something is not so and no pattern has a
/// word for that: "not reached" is another thing than "reached".
fn words_and_holders(
    dictionary: &Dictionary,
    understood: &Interpretation,
    known: Option<&HashSet<TemplateId>>,
) -> Option<(Vec<Word>, Vec<Holder>)> {
    let is_written = |word: &str| !dictionary.texts().holding(word).is_empty();
    let named = &understood.named;
    let text = without_negation(&understood.retrieval_text, is_written)?;
    let mut words = topic_words(&joined(&text, named, is_written), named);
    // Who asks for connections does not mean those that could not be made, unless they ask what went wrong.
    let with_denied = is_negated(&text) || words.iter().any(|word| tells_failure(&word.text));
    let among = Among {
        dictionary,
        known,
        with_denied,
    };
    let mut holders = among.weighed(&mut words);
    if drop_doing(&mut words, &holders) {
        holders = among.weighed(&mut words);
    }
    Some((words, holders))
}

/// Looks for values in records.
struct Search<'a> {
    inner: &'a Inner,
    project_id: ProjectId,
    dictionary: &'a Dictionary,
    filter: &'a LogFilter,
    present: &'a HashMap<TemplateId, u64>,
}

impl Search<'_> {
    /// The words, as bits, that records of the patterns hold which have all the others of `best`.
    fn values(&self, words: &[Word], holders: &[Holder], best: u32) -> Result<u32, Error> {
        let mut values = 0;
        for (place, word) in words.iter().enumerate() {
            let bit = 1 << place;
            let rest = best & !bit;
            let others: Vec<TemplateId> = holders
                .iter()
                .filter(|it| it.has_slots && it.held & rest == rest && it.held & bit == 0)
                .map(|it| it.id)
                .collect();
            if rest != 0 && !others.is_empty() && self.holds(&others, word)? {
                values |= bit;
            }
        }
        Ok(values)
    }

    /// Whether a record of these patterns (of any, when none is named) holds a word in its text.
    fn holds(&self, ids: &[TemplateId], word: &Word) -> Result<bool, Error> {
        let there: Vec<TemplateId> = ids
            .iter()
            .copied()
            .filter(|id| self.present.contains_key(id))
            .collect();
        if there.is_empty() && !ids.is_empty() {
            return Ok(false);
        }
        let records: u64 = if ids.is_empty() {
            self.present.values().sum()
        } else {
            there.iter().filter_map(|id| self.present.get(id)).sum()
        };
        if records == 0 || records > SCANNED && !word.is_named {
            return Ok(false);
        }
        let mut filter = LogFilter {
            template_ids: with_merged(self.dictionary, &there),
            ..self.filter.clone()
        };
        filter.text.push(domain::TextTerm {
            term: word.text.clone(),
            negated: false,
            template_ids: Vec::new(),
        });
        let page = PageRequest::first(TRIED);
        let page = self.inner.store.search(self.project_id, &filter, &page)?;
        Ok(page
            .items
            .iter()
            .any(|record| holds_value(&record.body, &word.text)))
    }
}

/// Patterns and all that were merged into them, since old records carry the old ids.
pub(super) fn with_merged(dictionary: &Dictionary, ids: &[TemplateId]) -> Vec<TemplateId> {
    let kept: HashSet<TemplateId> = ids.iter().copied().collect();
    let mut all = ids.to_vec();
    if kept.is_empty() {
        return all;
    }
    all.extend(
        dictionary
            .iter()
            .map(|template| template.id)
            .filter(|id| !kept.contains(id) && kept.contains(&dictionary.resolve(*id))),
    );
    all
}

/// The patterns among these that do not say the opposite of the topic: those with the most of its words first,
/// among these the most frequent; as they come when the best has none of the words.
pub(super) fn without_contradictions(
    dictionary: &Dictionary,
    understood: &Interpretation,
    present: &HashMap<TemplateId, u64>,
    ids: Vec<TemplateId>,
) -> Vec<TemplateId> {
    if is_negated(&understood.retrieval_text) {
        return ids;
    }
    let words = topic_words(&understood.retrieval_text, &understood.named);
    let mut kept: Vec<(TemplateId, usize)> = ids
        .into_iter()
        .filter_map(|id| {
            let stems = Stems::of(&dictionary.get(id)?.text);
            let is_opposed = words
                .iter()
                .any(|word| stems.contradict(&word.text, &word.stem));
            let held = words
                .iter()
                .filter(|word| stems.hold(&word.text, &word.stem))
                .count();
            (!is_opposed).then_some((id, held))
        })
        .collect();
    // Where the best one has words of the topic, those without any are only near it.
    if kept.first().is_some_and(|(_, held)| *held > 0) {
        kept.retain(|(_, held)| *held > 0);
        let count = |id: &TemplateId| present.get(id).copied().unwrap_or(0);
        kept.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| count(&b.0).cmp(&count(&a.0))));
    }
    kept.into_iter().map(|(id, _)| id).collect()
}

/// Whether every pattern says each of these words, or one that is said for it.
pub(super) fn all_say(dictionary: &Dictionary, ids: &[TemplateId], text: &str) -> bool {
    let words: Vec<(String, String)> = split(text).map(|word| (stem(&word), word)).collect();
    ids.iter().all(|id| {
        let stems = dictionary.get(*id).map(|it| Stems::of(&it.text));
        stems.is_some_and(|stems| {
            words.iter().all(|(own, word)| {
                stems.hold(word, own) || alike(own).any(|word| stems.hold(word, &stem(word)))
            })
        })
    })
}

/// A topic in which two words are one where the patterns write them so: `public key` is `publickey`.
fn joined(text: &str, named: &[String], is_written: impl Fn(&str) -> bool) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut kept: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let pair = words
            .get(at + 1)
            .map(|next| (words[at].to_lowercase(), next.to_lowercase()));
        let one = pair
            .filter(|(first, second)| {
                let is_plain = |word: &String| {
                    word.len() > 2 && word.chars().all(char::is_alphabetic) && !named.contains(word)
                };
                is_plain(first) && is_plain(second) && !is_written(&format!("{first} {second}"))
            })
            .map(|(first, second)| format!("{first}{second}"))
            .filter(|one| is_written(one));
        at += 1 + usize::from(one.is_some());
        kept.push(one.unwrap_or_else(|| words[at - 1].to_owned()));
    }
    kept.join(" ")
}

/// Leaves out the verbs for doing anything that no pattern says, beside other words: who "sends requests" requests. True
/// when some were.
fn drop_doing(words: &mut Vec<Word>, holders: &[Holder]) -> bool {
    let said = holders.iter().fold(0, |said, it| said | it.held);
    let all = words.len();
    let is_common = |word: &Word| !word.is_named && is_common_noun(&word.text);
    if said == 0 {
        // "bounced mails" where each line is of a mail: the other words may be values.
        if words.iter().any(|word| !is_common(word)) {
            words.retain(|word| !is_common(word));
        }
        return words.len() < all;
    }
    let mut place = 0;
    words.retain(|word| {
        let is_said = said & (1 << place) != 0;
        place += 1;
        is_said || word.is_named || !(is_doing(&word.text) || is_common(word))
    });
    words.len() < all
}

/// Whether a word of a topic tells that something went wrong.
fn tells_failure(word: &str) -> bool {
    [
        "fail", "error", "problem", "issue", "unable", "refus", "trouble", "broken", "wrong",
        "timeout", "attempt", "tri",
    ]
    .iter()
    .any(|start| word.starts_with(start))
}

/// Without the patterns that tell only of what goes on where what is done was asked, or the other way round, if others say
/// it as it was asked.
fn of_same_aspect<'a>(
    dictionary: &Dictionary,
    words: &[Word],
    required: u32,
    chosen: Vec<&'a Holder>,
) -> Vec<&'a Holder> {
    // Who asks what went wrong means what was not done as well.
    let is_of_failure = words.iter().any(|word| tells_failure(&word.text));
    let mut kept: Vec<(&Holder, Stems)> = chosen
        .into_iter()
        .filter_map(|it| Some((it, Stems::of(&dictionary.get(it.id)?.text))))
        .collect();
    for (place, word) in words.iter().enumerate() {
        let is_said_so = kept.iter().any(|(_, stems)| stems.has_word(&word.text));
        if required & (1 << place) != 0 && is_said_so {
            kept.retain(|(_, stems)| !stems.has_other_aspect(&word.text, &word.stem));
        }
        let is_asserted = kept.iter().any(|(_, stems)| !stems.deny(&word.stem));
        if required & (1 << place) != 0 && is_asserted && !is_of_failure {
            kept.retain(|(_, stems)| !stems.deny(&word.stem));
        }
    }
    kept.into_iter().map(|(it, _)| it).collect()
}

fn topic_words(topic: &str, named: &[String]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for text in split(topic) {
        let stem = stem(&text);
        if words.len() < MAX_WORDS && words.iter().all(|word| word.stem != stem) {
            words.push(Word {
                is_named: named.contains(&text),
                alike: Vec::new(),
                weight: 0.0,
                text,
                stem,
            });
        }
    }
    words
}
