//! BM25 as sparse vectors: log-aware words, hashed, weighted by frequency.
//!
//! The index multiplies each word by its inverse document frequency (Qdrant's `idf` modifier), so
//! what is stored is the term-frequency half of BM25. Both backends get the same vectors.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use qdrant_edge::bm25_embed::{EdgeBm25, EdgeBm25Config};
use serde_json::json;

use crate::index::NearIdea;
use crate::vocabulary;

mod words;

/// Words of an average document, whole compounds and their parts counted. Measured with
/// `index_text` over the 1,363 templates of loghub: see `examples/encode_speed.rs`.
const AVERAGE_WORDS: u32 = 36;

/// Words of one text that count; the rest is cut.
const MAX_WORDS: usize = 512;

/// Words that say nothing in a question or a log line. Shorter than the usual English list on
/// purpose: "down", "out", "off", "up", "over", "not", "no", "before", "after", "again" and
/// "same" matter in logs ("link down", "timed out", "not found").
pub(crate) const STOP_WORDS: &[&str] = &[
    "a", "about", "am", "an", "and", "are", "as", "at", "be", "been", "being", "but", "by", "can",
    "could", "did", "do", "does", "doing", "for", "from", "had", "has", "have", "having", "he",
    "her", "here", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "me",
    "my", "of", "on", "or", "our", "she", "should", "so", "some", "such", "than", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "those", "to", "too", "us", "very",
    "was", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "why", "will",
    "with", "would", "you", "your",
];

/// A sparse vector: sorted, distinct indices with one value each.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sparse {
    pub(crate) indices: Vec<u32>,
    pub(crate) values: Vec<f32>,
}

impl Sparse {
    pub(crate) fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

/// k1 1.2 and b 0.75 (the usual BM25 constants), English stems.
static BM25: LazyLock<EdgeBm25> = LazyLock::new(|| {
    let config: EdgeBm25Config = serde_json::from_value(json!({
        "k": 1.2,
        "b": 0.75,
        "avg_len": AVERAGE_WORDS,
        "tokenizer": "whitespace",
        "language": "english",
        "lowercase": true,
        "stopwords": { "custom": STOP_WORDS },
    }))
    .expect("a constant that a test reads too");
    EdgeBm25::new(config).expect("constants inside the permitted ranges")
});

/// The vector of a text that is stored: its words, and the ideas that they stand for.
pub(crate) fn document(text: &str) -> Sparse {
    let vector = BM25.embed_document(&split(text));
    let words = Sparse {
        indices: vector.indices,
        values: vector.values,
    };
    add_topic(words, text)
}

/// The vector of a text that is looked for: weight 1 for every distinct word, without those that only people
/// say (see [`crate::vocabulary`]).
pub(crate) fn query(text: &str) -> Sparse {
    let vector = BM25.embed_query(&split(&vocabulary::literal_words(text)));
    Sparse {
        indices: vector.indices,
        values: vector.values,
    }
}

/// The ideas of a question as a vector beside those of its words: those that its words tell, those whose phrases have
/// words in common with it, and those that it is near to by meaning.
pub(crate) fn topic(text: &str, near: &[NearIdea]) -> Sparse {
    let mut weights: BTreeMap<usize, f32> = vocabulary::of_question(text);
    let worded = vocabulary::worded(text, !near.is_empty());
    let near = near.iter().map(|near| (near.idea, near.weight));
    for (idea, weight) in worded.into_iter().chain(near) {
        *weights.entry(idea).or_insert(0.0) += weight;
    }
    sparse(weights)
}

/// Adds the ideas of a text that is stored to its words. Each counts less where there are many: a text about
/// everything is about nothing (the slope was chosen on the tuning half of the bench's questions, from 0 to 0.12
/// it hardly mattered).
fn add_topic(words: Sparse, text: &str) -> Sparse {
    let ideas = vocabulary::with_broader(vocabulary::of_log_text(text));
    let share = 1.0 / (1.0 + 0.06 * ideas.len() as f32);
    let topic = sparse(
        ideas
            .into_iter()
            .map(|(idea, weight)| (idea, share * weight.min(1.0))),
    );
    // Every index of an idea lies above every index of a word.
    Sparse {
        indices: [words.indices, topic.indices].concat(),
        values: [words.values, topic.values].concat(),
    }
}

/// Ideas have the upper half of the indices: those of words have no sign bit (`token_id` of the engine's BM25).
fn sparse(ideas: impl IntoIterator<Item = (usize, f32)>) -> Sparse {
    let by_index: BTreeMap<u32, f32> = ideas
        .into_iter()
        .map(|(idea, value)| (index_of(vocabulary::name(idea)), value))
        .collect();
    Sparse {
        indices: by_index.keys().copied().collect(),
        values: by_index.values().copied().collect(),
    }
}

/// FNV-1a of the name (<http://www.isthe.com/chongo/tech/comp/fnv/>) in the upper half.
fn index_of(name: &str) -> u32 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash | 0x8000_0000
}

/// Whether a question names something exactly (an id, an address, a path, a type name), so that
/// finding that very word matters more than meaning.
pub(crate) fn names_something(text: &str) -> bool {
    words::chunks(text).any(words::is_identifier)
}

fn split(text: &str) -> String {
    let mut joined = String::with_capacity(text.len() * 2);
    let mut left = MAX_WORDS;
    for chunk in words::chunks(text) {
        words::of_chunk(chunk, |word| {
            if left > 0 {
                joined.push_str(word);
                joined.push(' ');
                left -= 1;
            }
        });
        if left == 0 {
            break;
        }
    }
    joined
}

#[cfg(test)]
mod tests;
