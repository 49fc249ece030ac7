//! Whether a model's text may be shown: pure rules over the text and the evidence that it cites.
//!
//! A model of this size invents consequences in about half of its free narratives ("data loss", "was
//! compromised"), and log lines may ask it to. So its text has to earn its place, and everything that
//! decides anything (severity, counts, suspects, steps) is not its to write.

pub(crate) mod lexicon;
mod numbers;
mod said;
mod tokens;

use std::collections::BTreeSet;
use std::fmt;

use domain::{Confidence, Evidence, EvidenceKind, Sentence};

use crate::story::Story;

/// Why a text was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rejection {
    Unreadable(String),
    TooLong {
        what: &'static str,
        length: usize,
        limit: usize,
    },
    TooShort {
        what: &'static str,
    },
    TooMany {
        sentences: usize,
        limit: usize,
    },
    UnknownCitation(u32),
    Number(String),
    Identifier(String),
    Link,
    Unprintable,
    Overclaim(String),
    Cause(String),
    Sequence(String),
    Stranger(String),
    Advice(String),
    Repeated,
    Echo,
    Unsaid(String),
    Ungrounded(String),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => write!(f, "not readable: {reason}"),
            Self::TooLong {
                what,
                length,
                limit,
            } => {
                write!(
                    f,
                    "the {what} has {length} characters, the limit is {limit}"
                )
            }
            Self::TooShort { what } => write!(f, "the {what} says nothing"),
            Self::TooMany { sentences, limit } => {
                write!(f, "{sentences} sentences, the limit is {limit}")
            }
            Self::UnknownCitation(number) => write!(f, "cites [{number}], which does not exist"),
            Self::Number(number) => write!(f, "the number {number} is in no cited fact"),
            Self::Identifier(word) => write!(f, "'{word}' is in no cited evidence"),
            Self::Link => f.write_str("it holds a link"),
            Self::Unprintable => f.write_str("it holds unprintable characters"),
            Self::Overclaim(word) => write!(f, "claims '{word}', which no cited evidence says"),
            Self::Cause(word) => {
                write!(
                    f,
                    "says '{word}' although no suspect is at least medium sure"
                )
            }
            Self::Sequence(word) => write!(f, "says '{word}' and cites no change"),
            Self::Stranger(name) => {
                write!(f, "names {name}, which nothing that it cites is about")
            }
            Self::Advice(word) => write!(f, "gives advice or plays down ('{word}')"),
            Self::Repeated => f.write_str("says the same twice"),
            Self::Echo => f.write_str("repeats its instructions"),
            Self::Unsaid(word) => write!(f, "says '{word}', which nothing that it cites says"),
            Self::Ungrounded(sentence) => {
                write!(f, "has nothing in common with what it cites: {sentence}")
            }
        }
    }
}

impl Rejection {
    /// What to do otherwise, for the one that wrote the text; never a word of the text itself.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => {
                "Answer with the JSON object and nothing else; each sentence ends with its marks."
            }
            Self::TooLong { .. } | Self::TooMany { .. } => "Be shorter.",
            Self::UnknownCitation(_) => "Cite only marks that stand in the evidence.",
            Self::Number(_) => "Write no numbers, neither digits nor words.",
            Self::Identifier(_) => "Use plain words and names of the cited evidence only.",
            Self::Link | Self::Unprintable => "Write plain prose without links and symbols.",
            Self::Overclaim(_)
            | Self::Cause(_)
            | Self::Sequence(_)
            | Self::Stranger(_)
            | Self::Unsaid(_)
            | Self::Ungrounded(_) => "Say only what the cited evidence itself says.",
            Self::Advice(_) => "Give no advice and play nothing down.",
            Self::TooShort { .. } | Self::Repeated | Self::Echo => {
                "Say in words of your own what the evidence shows, once."
            }
        }
    }

    /// The plain word that was refused, to be avoided by decoders that can.
    pub(crate) fn word(&self) -> Option<String> {
        let (Self::Number(word)
        | Self::Identifier(word)
        | Self::Overclaim(word)
        | Self::Cause(word)
        | Self::Sequence(word)
        | Self::Unsaid(word)
        | Self::Advice(word)) = self
        else {
            return None;
        };
        let is_plain = (3..=24).contains(&word.len()) && word.chars().all(char::is_alphabetic);
        is_plain.then(|| word.to_lowercase())
    }
}

/// What a text is held against.
pub(crate) struct Grounds<'a> {
    /// Everything that can be cited.
    pub(crate) evidence: &'a [Evidence],
    /// Names of services besides those of the evidence.
    pub(crate) services: &'a [String],
    /// The surest suspect, if any.
    pub(crate) confidence: Option<Confidence>,
    /// Words that code has put into the prompt itself, such as the class of the cause.
    pub(crate) given: &'a str,
    /// The fixed part of the prompt, which must not come back.
    pub(crate) instructions: &'a str,
    /// Sentences at most.
    pub(crate) max_sentences: usize,
}

/// Characters of a title.
pub(crate) const MAX_TITLE: usize = 100;
/// Characters of a sentence.
pub(crate) const MAX_SENTENCE: usize = 280;
/// Pieces of evidence that one sentence cites.
const MAX_CITATIONS: usize = 3;
/// Consecutive words that count as an echo of the instructions.
const ECHO_WORDS: usize = 7;

/// Whether the story may be shown.
pub(crate) fn verify(story: &Story, grounds: &Grounds<'_>) -> Result<(), Rejection> {
    if story.sentences.len() > grounds.max_sentences {
        return Err(Rejection::TooMany {
            sentences: story.sentences.len(),
            limit: grounds.max_sentences,
        });
    }
    let mut said: Vec<BTreeSet<String>> = Vec::new();
    for sentence in &story.sentences {
        holds(sentence, grounds)?;
        let words = tokens::content_words(&sentence.text);
        if said.iter().any(|earlier| overlap(earlier, &words) > 0.8) {
            return Err(Rejection::Repeated);
        }
        said.push(words);
    }
    if let Some(title) = &story.title {
        length("title", title, MAX_TITLE)?;
        let cited: Vec<&Evidence> = story
            .sentences
            .iter()
            .flat_map(|sentence| &sentence.citations)
            .filter_map(|number| find(grounds.evidence, *number))
            .collect();
        text(title, &cited, grounds)?;
        if !is_grounded(title, &cited, grounds) {
            return Err(Rejection::Ungrounded(title.clone()));
        }
        all_said(title, &cited, grounds)?;
    }
    Ok(())
}

/// Whether one sentence may be shown.
fn holds(sentence: &Sentence, grounds: &Grounds<'_>) -> Result<(), Rejection> {
    let cited = cited(sentence, grounds)?;
    length("sentence", &sentence.text, MAX_SENTENCE)?;
    text(&sentence.text, &cited, grounds)?;
    if !is_grounded(&sentence.text, &cited, grounds) {
        return Err(Rejection::Ungrounded(sentence.text.clone()));
    }
    all_said(&sentence.text, &cited, grounds)
}

/// The story with the citations that its sentences lack: one that says what other evidence says cites it as well, when it then
/// holds. Who names a service that nothing cited is about gets none: that would tell of it what others did.
pub(crate) fn recited(mut story: Story, grounds: &Grounds<'_>) -> Story {
    for sentence in &mut story.sentences {
        let lacks = matches!(
            holds(sentence, grounds),
            Err(Rejection::Unsaid(_) | Rejection::Identifier(_))
        );
        if !lacks || sentence.citations.len() >= MAX_CITATIONS {
            continue;
        }
        let found = grounds.evidence.iter().find_map(|item| {
            let is_near = !sentence.citations.contains(&item.number)
                && is_grounded(&sentence.text, &[item], grounds);
            let mut other = sentence.clone();
            other.citations.push(item.number);
            (is_near && holds(&other, grounds).is_ok()).then_some(other)
        });
        if let Some(found) = found {
            *sentence = found;
        }
    }
    story
}

/// Every word with a meaning stands in what is cited.
fn all_said(text: &str, cited: &[&Evidence], grounds: &Grounds<'_>) -> Result<(), Rejection> {
    let unsaid =
        said::unsaid(text, cited, grounds).or_else(|| said::made_wrong(text, cited, grounds));
    unsaid.map_or(Ok(()), |word| Err(Rejection::Unsaid(word)))
}

fn cited<'a>(sentence: &Sentence, grounds: &Grounds<'a>) -> Result<Vec<&'a Evidence>, Rejection> {
    sentence
        .citations
        .iter()
        .map(|number| find(grounds.evidence, *number).ok_or(Rejection::UnknownCitation(*number)))
        .collect()
}

fn find(evidence: &[Evidence], number: u32) -> Option<&Evidence> {
    evidence.iter().find(|item| item.number == number)
}

fn length(what: &'static str, text: &str, limit: usize) -> Result<(), Rejection> {
    let length = text.chars().count();
    if length > limit {
        return Err(Rejection::TooLong {
            what,
            length,
            limit,
        });
    }
    if text.split_whitespace().count() < 3 {
        return Err(Rejection::TooShort { what });
    }
    Ok(())
}

/// The rules that hold for titles and sentences alike.
fn text(text: &str, cited: &[&Evidence], grounds: &Grounds<'_>) -> Result<(), Rejection> {
    if text
        .chars()
        .any(|c| crate::words::is_invisible(c) || !tokens::is_ordinary(c))
    {
        return Err(Rejection::Unprintable);
    }
    if crate::words::plain(text, usize::MAX / 16).contains("<url>") {
        return Err(Rejection::Link);
    }
    let lower = text.to_lowercase();
    let cited_text = cited_text(cited);
    if let Some(word) = lexicon::advice(&lower) {
        return Err(Rejection::Advice(word.to_owned()));
    }
    let sure = grounds.confidence >= Some(Confidence::Medium);
    if let (false, Some(word)) = (sure, lexicon::cause(&lower)) {
        return Err(Rejection::Cause(word.to_owned()));
    }
    if let Some(word) = lexicon::overclaim(&lower, &cited_text) {
        return Err(Rejection::Overclaim(word.to_owned()));
    }
    let has_change = cited.iter().any(|item| item.kind == EvidenceKind::Change);
    if let (false, Some(word)) = (has_change, lexicon::sequence(&lower, &cited_text)) {
        return Err(Rejection::Sequence(word.to_owned()));
    }
    if let Some(name) = stranger(&lower, &cited_text, grounds) {
        return Err(Rejection::Stranger(name));
    }
    tokens::check(text, cited, &cited_text, grounds)?;
    if is_echo(&lower, grounds.instructions) {
        return Err(Rejection::Echo);
    }
    Ok(())
}

/// A service that the text names and that none of what it cites was written by or speaks of.
fn stranger(lower: &str, cited_text: &str, grounds: &Grounds<'_>) -> Option<String> {
    let names_of = |text: &str| -> BTreeSet<String> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let words = text.split(|c: char| !is_part(c));
        let bare = words.map(|word| word.trim_matches(['.', '-']).to_owned());
        bare.filter(|word| !word.is_empty()).collect()
    };
    let (said, cited) = (names_of(lower), names_of(cited_text));
    let known = grounds
        .evidence
        .iter()
        .filter_map(|item| item.service.as_ref());
    known
        .chain(grounds.services)
        .find(|name| {
            let name = name.to_lowercase();
            said.contains(&name) && !cited.contains(&name)
        })
        .cloned()
}

fn cited_text(cited: &[&Evidence]) -> String {
    let mut text = String::new();
    for item in cited {
        text.push_str(&item.text.to_lowercase());
        text.push(' ');
        text.push_str(&item.service.as_deref().unwrap_or_default().to_lowercase());
        text.push('\n');
    }
    text
}

/// At least one word with a meaning is also in what is cited, or in what code said itself. The name of the service
/// does not count: it is in everything.
fn is_grounded(text: &str, cited: &[&Evidence], grounds: &Grounds<'_>) -> bool {
    let mut known = BTreeSet::new();
    for item in cited {
        known.extend(tokens::content_words(&item.text));
    }
    known.extend(tokens::content_words(grounds.given));
    for item in cited {
        for word in tokens::content_words(item.service.as_deref().unwrap_or_default()) {
            known.remove(&word);
        }
    }
    tokens::content_words(text)
        .iter()
        .any(|word| known.contains(word))
}

fn is_echo(lower: &str, instructions: &str) -> bool {
    let fold = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let words = fold(lower);
    let instructions = fold(instructions);
    words
        .windows(ECHO_WORDS)
        .any(|run| instructions.windows(ECHO_WORDS).any(|other| other == run))
}

/// Share of common words of two sentences.
fn overlap(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let common = a.intersection(b).count() as f64;
    let all = a.union(b).count() as f64;
    if all == 0.0 { 1.0 } else { common / all }
}

#[cfg(test)]
mod tests;
