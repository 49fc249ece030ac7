//! BM25 as sparse vectors: log-aware words, hashed, weighted by frequency.
//!
//! The index multiplies each word by its inverse document frequency (Qdrant's `idf` modifier), so
//! what is stored is the term-frequency half of BM25. Both backends get the same vectors.

use std::sync::LazyLock;

use qdrant_edge::bm25_embed::{EdgeBm25, EdgeBm25Config};
use serde_json::json;

mod words;

/// Words of an average document, whole compounds and their parts counted. Measured with
/// `index_text` over the 1,363 templates of loghub: see `examples/encode_speed.rs`.
const AVERAGE_WORDS: u32 = 36;

/// Words of one text that count; the rest is cut.
const MAX_WORDS: usize = 512;

/// Words that say nothing in a question or a log line. Shorter than the usual English list on
/// purpose: "down", "out", "off", "up", "over", "not", "no", "before", "after", "again" and
/// "same" matter in logs ("link down", "timed out", "not found").
const STOP_WORDS: &[&str] = &[
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

/// The vector of a text that is stored.
pub(crate) fn document(text: &str) -> Sparse {
    let vector = BM25.embed_document(&split(text));
    Sparse {
        indices: vector.indices,
        values: vector.values,
    }
}

/// The vector of a text that is looked for: weight 1 for every distinct word.
pub(crate) fn query(text: &str) -> Sparse {
    let vector = BM25.embed_query(&split(text));
    Sparse {
        indices: vector.indices,
        values: vector.values,
    }
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
