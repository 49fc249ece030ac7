//! What a block may hold, small enough to look at every block of a range: a bloom filter and a vocabulary.
//!
//! A search looks for pieces of text, not for words, so a filter of words would miss some. Three things
//! together leave out no match (letters are compared without regard to ASCII case; a *run* is a stretch of letters
//! and digits, bytes beyond ASCII among them):
//! - **words**: every stretch of at least [`MIN_WORD`] letters, as text. A term's word is looked for inside them.
//! - **minimizers** of every run of at least [`LONG_RUN`] bytes (ids, digests): of each window of [`WINDOW`] neighbouring
//!   pieces of [`PIECE`] bytes the one with the smallest hash. Two texts that share [`LONG_RUN`] bytes share a window,
//!   hence its minimizer. Source: Roberts et al., "Reducing storage requirements for biological sequence comparison" (2004).
//! - **whole values**: trace ids, and pairs of an attribute's key and value.
//!
//! The filter has ten bits and six probes a key: one in a hundred answers is a false yes. Probes by double hashing
//! (Kirsch and Mitzenmacher, "Less hashing, same performance", 2006).

mod needles;

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use domain::TraceId;
use twox_hash::XxHash3_64;

use super::super::log::attributes::decoded;
use crate::Error;

pub(crate) use needles::Needles;

/// Letters in a row that make a word.
const MIN_WORD: usize = 4;
/// Bytes of a minimizer.
const PIECE: usize = 6;
/// Pieces in a window.
const WINDOW: usize = 11;
/// Bytes of a run that holds a window.
const LONG_RUN: usize = PIECE + WINDOW - 1;
/// Values longer than this are not in the filter; nobody asks for them.
const MAX_VALUE_BYTES: usize = 256;
/// The vocabulary ends here; a block with more words cannot be ruled out by them.
const MAX_VOCABULARY_BYTES: usize = 128 * 1024;
const BITS_PER_KEY: usize = 10;
const PROBES: u32 = 6;
/// The version that is written. The first one had no digest at its end.
const VERSION: u8 = 2;
/// The vocabulary is incomplete.
const VOCABULARY_FULL: u8 = 1;
/// Some attributes are not in the filter.
const OPAQUE_ATTRIBUTES: u8 = 2;
const HEAD_BYTES: usize = 6;
/// A digest of everything before it: a filter with a lost bit would hide matches and say nothing.
const DIGEST_BYTES: usize = 8;

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn word_hash(lower: &[u8]) -> u64 {
    XxHash3_64::oneshot(lower)
}

fn trace_hash(trace_id: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(1, trace_id.as_bytes())
}

fn attribute_hash(key: &str, content: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(
        XxHash3_64::oneshot_with_seed(2, key.as_bytes()),
        content.as_bytes(),
    )
}

/// The hash of a piece; `value` holds its bytes.
fn piece_hash(value: u64) -> u64 {
    // The finaliser of MurmurHash3: every bit of the input reaches every bit of the output.
    let mut hash = value ^ 0x9e37_79b9_7f4a_7c15;
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Calls `found` with the minimizers of a run; neighbouring windows often share one, which is reported once.
fn minimizers(run: &[u8], mut found: impl FnMut(u64)) {
    if run.len() < LONG_RUN {
        return;
    }
    let mut hashes = [0_u64; WINDOW];
    let mut value = 0_u64;
    let mask = (1 << (8 * PIECE)) - 1;
    let mut last = None;
    for (at, byte) in run.iter().enumerate() {
        value = (value << 8 | u64::from(byte.to_ascii_lowercase())) & mask;
        let Some(piece) = (at + 1).checked_sub(PIECE) else {
            continue;
        };
        hashes[piece % WINDOW] = piece_hash(value);
        if piece + 1 >= WINDOW {
            let smallest = hashes.iter().copied().min().unwrap_or_default();
            if last != Some(smallest) {
                last = Some(smallest);
                found(smallest);
            }
        }
    }
}

/// Calls `run` with each stretch of letters and digits.
fn runs<'t>(text: &'t [u8], mut run: impl FnMut(&'t [u8])) {
    let mut at = 0;
    while at < text.len() {
        if !is_run(text[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < text.len() && is_run(text[at]) {
            at += 1;
        }
        run(&text[start..at]);
    }
}

/// Calls `word` with each stretch of letters of a run that is long enough.
fn words<'t>(run: &'t [u8], mut word: impl FnMut(&'t [u8])) {
    for stretch in run.split(|byte| !is_letter(*byte)) {
        if stretch.len() >= MIN_WORD {
            word(stretch);
        }
    }
}

/// Keys are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type Hashes = HashSet<u64, BuildHasherDefault<AsItIs>>;

/// Collects while a block is encoded.
#[derive(Default)]
pub(crate) struct IndexBuilder {
    keys: Hashes,
    known_words: Hashes,
    vocabulary: Vec<u8>,
    flags: u8,
    lower: Vec<u8>,
}

impl IndexBuilder {
    pub(crate) fn add_trace(&mut self, trace_id: &str) {
        self.keys.insert(trace_hash(trace_id));
    }

    /// A member of the attributes, raw as JSON writes it.
    pub(crate) fn add_attribute(&mut self, raw_key: &str, raw_value: &str) {
        if raw_value.len() > MAX_VALUE_BYTES || raw_key.contains('\\') {
            // Only an exact look tells then; values beyond the limit are never asked of the filter.
            if raw_key.contains('\\') {
                self.flags |= OPAQUE_ATTRIBUTES;
            }
            return;
        }
        self.keys
            .insert(attribute_hash(raw_key, &decoded(raw_value)));
    }

    /// Attributes that are kept as one text.
    pub(crate) fn add_opaque_attributes(&mut self) {
        self.flags |= OPAQUE_ATTRIBUTES;
    }

    /// A whole text.
    pub(crate) fn add_body(&mut self, body: &str) {
        self.add_bytes(body.as_bytes());
    }

    /// The values of a split body, each with what of the constant parts belongs to the same run.
    pub(crate) fn add_split(&mut self, body: &str, values: &[&str]) {
        let bytes = body.as_bytes();
        let base = bytes.as_ptr().addr();
        let mut done = 0;
        for value in values {
            // Values are slices of the body.
            let Some(mut start) = value.as_ptr().addr().checked_sub(base) else {
                return self.add_bytes(bytes);
            };
            let mut end = start + value.len();
            if end > bytes.len() {
                return self.add_bytes(bytes);
            }
            while start > done && is_run(bytes[start - 1]) {
                start -= 1;
            }
            while end < bytes.len() && is_run(bytes[end]) {
                end += 1;
            }
            if end > done {
                // What ended at `done` ended with its run, so no run is cut here.
                self.add_bytes(&bytes[start.max(done)..end]);
                done = end;
            }
        }
    }

    fn add_bytes(&mut self, text: &[u8]) {
        runs(text, |run| {
            minimizers(run, |hash| {
                self.keys.insert(hash);
            });
            words(run, |word| {
                self.lower.clear();
                self.lower.extend(word.iter().map(u8::to_ascii_lowercase));
                if self.known_words.insert(word_hash(&self.lower)) {
                    if self.vocabulary.len() + self.lower.len() < MAX_VOCABULARY_BYTES {
                        self.vocabulary.extend_from_slice(&self.lower);
                        self.vocabulary.push(b'\n');
                    } else {
                        self.flags |= VOCABULARY_FULL;
                    }
                }
            });
        });
    }

    /// Version, flags, number of bits (little-endian u32), the filter, the vocabulary by zstd, and XXH3 of all of it
    /// (little-endian u64).
    pub(crate) fn finish(self) -> Vec<u8> {
        self.finish_with(BITS_PER_KEY)
    }

    fn finish_with(self, bits_per_key: usize) -> Vec<u8> {
        let bits = (self.keys.len() * bits_per_key).div_ceil(64) * 64;
        let bits = u32::try_from(bits).unwrap_or(u32::MAX - 63).max(64);
        let mut out = vec![VERSION, self.flags];
        out.extend_from_slice(&bits.to_le_bytes());
        out.resize(HEAD_BYTES + bits as usize / 8, 0);
        for key in &self.keys {
            for at in probes(*key, bits) {
                out[HEAD_BYTES + at / 8] |= 1 << (at % 8);
            }
        }
        // In memory nothing can go wrong; an index without words is none at all, and one that says so is right.
        match zstd::bulk::compress(&self.vocabulary, 3) {
            Ok(vocabulary) => out.extend_from_slice(&vocabulary),
            Err(_) => out[1] |= VOCABULARY_FULL,
        }
        let digest = XxHash3_64::oneshot(&out);
        out.extend_from_slice(&digest.to_le_bytes());
        out
    }
}

/// An index that has traces only. It is asked for hundreds of them at once, so it gets more bits: three in ten thousand answers
/// are a false yes.
pub(crate) fn of_traces(traces: impl Iterator<Item = TraceId>) -> Vec<u8> {
    let mut builder = IndexBuilder::default();
    builder.keys.extend(traces.map(trace_key));
    builder.finish_with(2 * BITS_PER_KEY)
}

/// The key of a trace for [`BlockIndex::may_have`].
pub(crate) fn trace_key(trace_id: TraceId) -> u64 {
    trace_hash(&trace_id.to_string())
}

fn probes(key: u64, bits: u32) -> impl Iterator<Item = usize> {
    let first = key as u32;
    let step = (key >> 32) as u32 | 1;
    (0..PROBES).map(move |probe| {
        let spread = first.wrapping_add(step.wrapping_mul(probe));
        ((u64::from(spread) * u64::from(bits)) >> 32) as usize
    })
}

/// What was built, read back.
pub(crate) struct BlockIndex {
    bits: u32,
    filter: Vec<u8>,
    /// Lower-case words, each followed by a line feed.
    vocabulary: Vec<u8>,
    flags: u8,
}

impl BlockIndex {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let damaged = |detail: &str| Error::damaged("log_block_index.data", detail);
        let Some((head, rest)) = bytes.split_at_checked(HEAD_BYTES) else {
            return Err(damaged("it is too short"));
        };
        let rest = match head[0] {
            1 => rest,
            VERSION => {
                let (content, digest) = bytes.split_at(bytes.len() - DIGEST_BYTES.min(rest.len()));
                if XxHash3_64::oneshot(content).to_le_bytes() != *digest {
                    return Err(damaged("it is not what was written"));
                }
                &content[HEAD_BYTES..]
            }
            version => return Err(damaged(&format!("version {version} is unknown"))),
        };
        let bits = u32::from_le_bytes([head[2], head[3], head[4], head[5]]);
        let Some((filter, vocabulary)) = rest.split_at_checked(bits as usize / 8) else {
            return Err(damaged("the filter is cut off"));
        };
        let vocabulary = zstd::bulk::decompress(vocabulary, MAX_VOCABULARY_BYTES)
            .map_err(|error| damaged(&error.to_string()))?;
        Ok(Self {
            bits,
            filter: filter.to_vec(),
            vocabulary,
            flags: head[1],
        })
    }

    /// Bytes in memory, about.
    pub(crate) fn size(&self) -> usize {
        self.filter.len() + self.vocabulary.len() + 64
    }

    /// False when the block does not have the key.
    pub(crate) fn may_have(&self, key: u64) -> bool {
        self.has(key)
    }

    fn has(&self, key: u64) -> bool {
        probes(key, self.bits).all(|at| {
            let byte = self.filter.get(at / 8).copied().unwrap_or(u8::MAX);
            byte & (1 << (at % 8)) != 0
        })
    }
}

#[cfg(test)]
mod tests;
