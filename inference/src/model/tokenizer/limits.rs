//! Limits on the words of a vocabulary. Files come from strangers; toktrie, which makes a tree of all words, panics beyond
//! its own limits, and walks the tree by a recursion as deep as the longest word is long.

use std::collections::HashSet;

/// Most words of a vocabulary (Gemma has 262,144).
pub(super) const MAX_WORDS: usize = 1 << 20;
/// Longest word. GLM 4 has one of 1,024 spaces, Qwen 2.5 one of 128 bytes.
/// Source: `PARENT_BITS` in toktrie 1.9's `toktree.rs`, which has room for a depth of 1,024.
pub(super) const MAX_WORD_BYTES: usize = 1_024;
/// Most bytes of all words; 262,144 words have about 2 MB. A byte is at most one node of the tree, and toktrie has room for
/// 2^22 - 1 of them.
pub(super) const MAX_ALL_BYTES: usize = 4_000_000;
/// Most words with the bytes of an earlier one: each costs every later word a step. SentencePiece has up to 256, the bytes
/// that are also pieces.
pub(super) const MAX_REPEATED: usize = 2_048;

/// Checks the bytes of each token.
///
/// # Errors
/// Says which limit is exceeded, and by what.
pub(super) fn check(words: &[Vec<u8>]) -> Result<(), String> {
    let count = words.len();
    if count == 0 || count > MAX_WORDS {
        return Err(format!(
            "the vocabulary has {count} words, the limit is {MAX_WORDS}"
        ));
    }
    let mut all_bytes = 0;
    for (token, word) in words.iter().enumerate() {
        let bytes = word.len();
        if bytes > MAX_WORD_BYTES {
            return Err(format!(
                "token {token} of the vocabulary is {bytes} bytes, the limit is {MAX_WORD_BYTES}"
            ));
        }
        all_bytes += bytes;
    }
    if all_bytes > MAX_ALL_BYTES {
        return Err(format!(
            "the words of the vocabulary are {all_bytes} bytes together, the limit is {MAX_ALL_BYTES}"
        ));
    }
    let mut seen = HashSet::with_capacity(count);
    let filled = words.iter().filter(|word| !word.is_empty());
    let repeated = filled.filter(|word| !seen.insert(word.as_slice())).count();
    if repeated > MAX_REPEATED {
        return Err(format!(
            "{repeated} tokens of the vocabulary have the bytes of another one, the limit is {MAX_REPEATED}"
        ));
    }
    Ok(())
}
