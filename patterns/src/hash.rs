//! The two hashes: a stable one that names templates, and a fast one that finds masked lines.

use domain::TemplateId;

/// FNV-1a, 64 bit: offset basis and prime of <http://www.isthe.com/chongo/tech/comp/fnv/>.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The id of a template: a hash of nothing but its text, the same on every node, machine and release.
///
/// FNV-1a over the UTF-8 bytes, then the 64-bit finaliser of MurmurHash3 so that short texts
/// spread over all bits. Never zero, because zero means "not mined yet".
#[must_use]
pub fn template_id(text: &str) -> TemplateId {
    let fnv = text.bytes().fold(FNV_OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
    });
    TemplateId(finalise(fnv).max(1))
}

/// The 64-bit finaliser of `MurmurHash3` (a bijection).
const fn finalise(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// A fast hash of bytes for tables that never leave the process.
#[inline]
pub(crate) fn quick(bytes: &[u8]) -> u64 {
    fold_words(bytes, |word| word)
}

/// Like [`quick`], but any digit counts as the same digit.
#[inline]
pub(crate) fn quick_with_digits_alike(bytes: &[u8]) -> u64 {
    fold_words(bytes, zero_digits)
}

/// Eight bytes with each ASCII digit replaced by `0`, all at once.
#[inline]
const fn zero_digits(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // A digit xor `0` is at most 9, so adding 0x76 leaves its high bit clear; no carry can leave a byte.
    let distance = word ^ (EACH * 0x30);
    let above_nine = (((distance & (EACH * 0x7f)) + EACH * 0x76) | distance) & (EACH * 0x80);
    let digits = (above_nine ^ (EACH * 0x80)) >> 7;
    word & !(digits * 0x0f)
}

#[inline]
fn fold_words(bytes: &[u8], map: impl Fn(u64) -> u64) -> u64 {
    // An odd constant with mixed bits: 2^64 divided by the golden ratio.
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(MULTIPLIER);
        let folded = (product as u64) ^ ((product >> 64) as u64);
        folded.wrapping_add(MULTIPLIER)
    };
    let mut chunks = bytes.chunks_exact(8);
    let mut hash = fold(MULTIPLIER, bytes.len() as u64);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        hash = fold(hash, map(u64::from_le_bytes(word)));
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = fold(hash, map(u64::from_le_bytes(word)));
    }
    hash
}
