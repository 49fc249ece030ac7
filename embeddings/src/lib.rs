#![doc = include_str!("../README.md")]

mod encoder;
mod error;
mod index;
mod lexical;
mod metrics;
mod question;
mod text;
mod vocabulary;

pub use encoder::{Encoder, EncoderConfig, MAX_TOKENS, Precision};
pub use error::{Error, Result};
pub use index::{
    EdgeIndex, IndexHit, IndexPoint, IndexQuery, IndexSchema, MAX_HITS, MAX_SERVICES, MAX_VECTORS,
    NearIdea, ServerIndex, VectorIndex,
};
pub use question::{Meaning, Said, retrieve};
pub use text::{MAX_INDEX_TEXT_BYTES, index_text, meaning_text};
pub use vocabulary::{Coverage, coverage, stem, vocabulary_mark};
