//! What people say and what programs print for it: ideas that a question and a template share without sharing a word.
//!
//! The groups are in `vocabulary/concepts.txt` and, by kinds of software, in `vocabulary/kinds.txt`. A question holds the ideas of what it says and of what programs
//! print; a template holds those of what programs print only: "machine" is a computer to a person and half of
//! "machine check" to a kernel.

mod coverage;
mod parse;
mod rarity;
mod stem;
mod translate;
mod worded;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use coverage::EMPTY;
pub use coverage::{Coverage, coverage};
pub use stem::stem;
pub(crate) use translate::{opened, said_texts, translated};
pub(crate) use worded::worded;

use parse::Group;
use rarity::Rarity;

/// Ideas that are written out for one text: with more of them the text is about everything.
const SPELLED: usize = 4;
/// Phrases of one idea that a question is widened by.
const PRINTED_PHRASES: usize = 5;
/// Phrases of one idea that a template is explained by.
const SAID_PHRASES: usize = 5;
/// Letters that two neighbours have at least to be looked up as one word: `data node` is `datanode`.
const LEAST_COMPOUND: usize = 6;
/// What two neighbours weigh that are one word together; a word that tells one idea weighs 1.
const COMPOUND_WEIGHT: f32 = 0.7;
/// What each further word of a phrase adds to its weight.
const FURTHER_WORD: f32 = 0.5;

/// Words that bind others and are passed over in phrases.
const PASSED_OVER: [&str; 21] = [
    "a", "an", "the", "of", "is", "was", "were", "be", "been", "are", "and", "that", "it", "its",
    "their", "his", "my", "our", "your", "this", "these",
];

const CONCEPTS: &str = concat!(
    include_str!("vocabulary/concepts.txt"),
    "\n",
    include_str!("vocabulary/kinds.txt")
);

static VOCABULARY: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::new(parse::groups(CONCEPTS)));

/// Ideas in a text: the group, and how surely it is meant. A word that tells one idea weighs 1 at most (see
/// [`Rarity`]), each further word of a phrase 0.5 more, and a phrase that tells several ideas less for
/// each: by the root of how many. Recall@10 rose by it from 0.82 to 0.84 on the test half of the bench's questions.
pub(crate) type Ideas = BTreeMap<usize, f32>;

/// A phrase's stems, with blanks between them, to the groups that have it.
type Phrases = HashMap<String, Vec<usize>>;

/// All groups, and their phrases for looking up.
struct Vocabulary {
    groups: Vec<Group>,
    said: Phrases,
    printed: Phrases,
    /// Stems of every word in it.
    known: HashSet<String>,
    /// Of words that programs print.
    printed_words: Rarity,
    /// Of words that anybody says or prints.
    all_words: Rarity,
    /// Words of its longest phrase.
    longest: usize,
}

/// One word of a text.
struct Word {
    text: String,
    stem: String,
}

impl Vocabulary {
    fn new(groups: Vec<Group>) -> Self {
        let mut all = Self {
            groups: Vec::new(),
            said: Phrases::new(),
            printed: Phrases::new(),
            known: HashSet::new(),
            printed_words: Rarity::of(groups.iter().map(|group| group.printed.iter())),
            all_words: Rarity::of(
                groups
                    .iter()
                    .map(|group| group.printed.iter().chain(group.said.iter())),
            ),
            longest: 1,
        };
        for (number, group) in groups.iter().enumerate() {
            for (phrases, is_said) in [(&group.said, true), (&group.printed, false)] {
                for phrase in phrases {
                    let stems: Vec<String> = words(phrase).into_iter().map(|it| it.stem).collect();
                    all.longest = all.longest.max(stems.len());
                    let map = if is_said {
                        &mut all.said
                    } else {
                        &mut all.printed
                    };
                    let holders = map.entry(stems.join(" ")).or_default();
                    if !holders.contains(&number) {
                        holders.push(number);
                    }
                    all.known.extend(stems);
                }
            }
        }
        all.groups = groups;
        all
    }

    /// Calls `found` with the place and length of every phrase of `maps` in the words, and its groups.
    fn each(
        &self,
        words: &[Word],
        maps: &[&Phrases],
        mut found: impl FnMut(usize, usize, &[usize]),
    ) {
        let mut key = String::new();
        let mut groups: Vec<usize> = Vec::new();
        for start in 0..words.len() {
            key.clear();
            for (length, word) in (1..).zip(&words[start..words.len().min(start + self.longest)]) {
                if length > 1 {
                    key.push(' ');
                }
                key.push_str(&word.stem);
                groups.clear();
                for group in maps.iter().filter_map(|map| map.get(&key)).flatten() {
                    if !groups.contains(group) {
                        groups.push(*group);
                    }
                }
                if !groups.is_empty() {
                    found(start, length, &groups);
                }
            }
        }
    }

    /// `telling` tells of a word's stem how surely the word by itself means what it says, 0 to 1.
    fn ideas(&self, words: &[Word], maps: &[&Phrases], telling: impl Fn(&str) -> f32) -> Ideas {
        let mut ideas = Ideas::new();
        self.each(words, maps, |start, length, groups| {
            let words = match length {
                1 => telling(&words[start].stem),
                _ => 1.0 + FURTHER_WORD * (length - 1) as f32,
            };
            let weight = words / (groups.len() as f32).sqrt();
            for group in groups {
                let most = ideas.entry(*group).or_insert(0.0);
                *most = weight.max(*most);
            }
        });
        ideas
    }

    /// The ideas that tell the most: those that few lines have, then the surest.
    fn telling<'it>(&'it self, ideas: &'it Ideas) -> impl Iterator<Item = &'it Group> {
        let mut order: Vec<(&usize, &f32)> = ideas.iter().collect();
        order.sort_by(|a, b| {
            let is_common = |group: &usize| self.groups[*group].is_common;
            is_common(a.0)
                .cmp(&is_common(b.0))
                .then(b.1.total_cmp(a.1))
                .then(a.0.cmp(b.0))
        });
        order
            .into_iter()
            .take(SPELLED)
            .map(|(group, _)| &self.groups[*group])
    }
}

/// Tells one vocabulary from another, 16 hex digits: what was indexed with another one is worth indexing again.
#[must_use]
pub fn vocabulary_mark() -> String {
    // FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
    let hash = CONCEPTS
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

/// The ideas of a question.
pub(crate) fn of_question(text: &str) -> Ideas {
    let all = &*VOCABULARY;
    all.ideas(&words(text), &[&all.said, &all.printed], |stem| {
        all.all_words.of_question(stem)
    })
}

/// The ideas of a template or of a line.
pub(crate) fn of_log_text(text: &str) -> Ideas {
    let all = &*VOCABULARY;
    let words = words(text);
    let mut ideas = all.ideas(&words, &[&all.printed], |stem| {
        all.printed_words.of_line(stem)
    });
    for pair in words.windows(2) {
        let (first, second) = (&pair[0].text, &pair[1].text);
        if first.len() + second.len() < LEAST_COMPOUND || first.len() < 2 || second.len() < 2 {
            continue;
        }
        let compound = stem(&format!("{first}{second}"));
        for group in all.printed.get(&compound).into_iter().flatten() {
            ideas.entry(*group).or_insert(COMPOUND_WEIGHT);
        }
    }
    ideas
}

/// What a broader idea weighs, as a share of the idea that is under it. On broad questions about made-up lines
/// recall@10 rose by 0.02 to 0.03 with it.
const BROADER: f32 = 0.7;

/// The ideas of a template with those that are broader: "heartbeat too late" is told to who asks for timeouts.
pub(crate) fn with_broader(mut ideas: Ideas) -> Ideas {
    let broader: Vec<(usize, f32)> = ideas
        .iter()
        .flat_map(|(idea, weight)| {
            let under = VOCABULARY.groups[*idea].under.iter();
            under.map(move |broader| (*broader, BROADER * weight.min(1.0)))
        })
        .filter(|(broader, _)| !ideas.contains_key(broader))
        .collect();
    for (idea, weight) in broader {
        let most = ideas.entry(idea).or_insert(0.0);
        *most = weight.max(*most);
    }
    ideas
}

/// What a group's place in a sparse vector is called, the same as long as its name is.
pub(crate) fn name(group: usize) -> &'static str {
    &VOCABULARY.groups[group].name
}

/// Whether the ideas of a question and of a template contradict: the question has one, and the template its
/// opposite without it.
pub(crate) fn contradict(question: &Ideas, template: &Ideas) -> bool {
    question.keys().any(|asked| {
        let against = &VOCABULARY.groups[*asked].against;
        !template.contains_key(asked)
            && against
                .iter()
                .any(|other| template.contains_key(other) && !question.contains_key(other))
    })
}

/// How much of a question a template is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cover {
    /// Ideas of the question that tell something.
    pub(crate) asked: usize,
    /// Those of them that the template has.
    pub(crate) shared: usize,
    /// What the shared ones weigh of all, 0 to 1.
    pub(crate) share: f32,
}

/// How much of the ideas of a question a template has, without those that nearly every line has.
pub(crate) fn cover(question: &Ideas, template: &Ideas) -> Cover {
    let telling: Vec<(&usize, &f32)> = question
        .iter()
        .filter(|(group, _)| !VOCABULARY.groups[**group].is_common)
        .collect();
    let shared: Vec<f32> = telling
        .iter()
        .filter(|(group, _)| template.contains_key(group))
        .map(|(_, weight)| **weight)
        .collect();
    let all: f32 = telling.iter().map(|(_, weight)| **weight).sum();
    Cover {
        asked: telling.len(),
        shared: shared.len(),
        share: shared.iter().sum::<f32>() / all.max(f32::MIN_POSITIVE),
    }
}

/// A question with what programs print for its ideas, and where it has few for those that it is `near` to, the
/// nearest first; `None` when it has none.
pub(crate) fn widened(question: &str, near: &[usize]) -> Option<String> {
    let all = &*VOCABULARY;
    let ideas = of_question(question);
    let others = near.iter().filter(|idea| !ideas.contains_key(idea));
    let mut text = question.trim().to_owned();
    text.push('.');
    let spelled = all
        .telling(&ideas)
        .chain(others.map(|idea| &all.groups[*idea]))
        .take(SPELLED);
    for group in spelled {
        spell(&mut text, &group.printed, PRINTED_PHRASES);
    }
    (!ideas.is_empty() || !near.is_empty()).then_some(text)
}

/// What people say for the ideas of a template; empty when it has none.
pub(crate) fn gloss(template: &str) -> String {
    let ideas = of_log_text(template);
    let mut text = String::new();
    for group in VOCABULARY.telling(&ideas) {
        spell(&mut text, &group.said, SAID_PHRASES);
    }
    text
}

fn spell(text: &mut String, phrases: &[String], most: usize) {
    for (place, phrase) in phrases.iter().take(most).enumerate() {
        if place > 0 {
            text.push(',');
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(phrase);
    }
}

/// The words of a question that its ideas do not stand for already, for comparing with log lines word by word:
/// without what only people say. All of them when nothing would be left.
pub(crate) fn literal_words(question: &str) -> String {
    let all = &*VOCABULARY;
    let words = words(question);
    let mut covered = vec![false; words.len()];
    all.each(&words, &[&all.said], |start, length, _| {
        let phrase: Vec<&str> = words[start..start + length]
            .iter()
            .map(|word| word.stem.as_str())
            .collect();
        if !all.printed.contains_key(&phrase.join(" ")) {
            covered[start..start + length].fill(true);
        }
    });
    let said: HashSet<&str> = words
        .iter()
        .zip(&covered)
        .filter(|(_, is_covered)| **is_covered)
        .map(|(word, _)| word.stem.as_str())
        .collect();
    let kept: Vec<&str> = question
        .split_whitespace()
        .filter(|chunk| {
            let parts = self::words(chunk);
            parts.is_empty() || parts.iter().any(|part| !said.contains(part.stem.as_str()))
        })
        .collect();
    if kept.is_empty() {
        return question.to_owned();
    }
    kept.join(" ")
}

/// The share of a question's words, 0 to 1, that the vocabulary does not know: names of things, most of the time.
pub(crate) fn unknown_share(question: &str) -> f32 {
    let words = words(question);
    let unknown = words
        .iter()
        .filter(|word| !VOCABULARY.known.contains(&word.stem))
        .count();
    unknown as f32 / words.len().max(1) as f32
}

fn words(text: &str) -> Vec<Word> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| !PASSED_OVER.contains(&word.as_str()))
        .map(|text| Word {
            stem: stem(&text),
            text,
        })
        .collect()
}

#[cfg(test)]
mod tests;
