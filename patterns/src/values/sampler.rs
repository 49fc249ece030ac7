//! Which records are looked at.

/// Whether the values of a record should be looked at, so that about `wanted` of the `records` of its template and minute
/// are: all when there are fewer, an even part otherwise. `tag` is what the record is known by, its id for one: the
/// same record gets the same answer, in whatever order records come.
#[must_use]
pub fn is_sampled(tag: u128, records: u64, wanted: u32) -> bool {
    let stride = records / u64::from(wanted.max(1));
    if stride <= 1 {
        return true;
    }
    // The finaliser of SplitMix64 (Steele, Lea and Flood 2014): ids that count up must spread.
    let mut hash = (tag as u64) ^ ((tag >> 64) as u64).rotate_left(32);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ (hash >> 31)).is_multiple_of(stride)
}
