//! What is left of a word without what bends it.

/// Nouns whose ending comes off a verb: `failure` is `fail`. Other words end in it by chance: `measure`, `feature`.
const NOUNS_IN_URE: [&str; 6] = [
    "closure",
    "departure",
    "erasure",
    "exposure",
    "failure",
    "seizure",
];
/// Letters from which on a doubled last one is taken for what bending made of it: `stopp` is `stop`, `add` stays.
const LEAST_DOUBLED: usize = 4;

/// `failed`, `failing` and `failure` are `fail`, `denied` and `deny` are `deni`, `stopped` is `stop`. Made for
/// comparing, not for reading: a doubled letter at the end is single in it.
#[must_use]
pub fn stem(word: &str) -> String {
    let mut stem = word.to_lowercase();
    let cut = |stem: &mut String, ending: &str, least: usize, put: &str| {
        let is_cut = stem.len() >= ending.len() + least && stem.ends_with(ending);
        if is_cut {
            stem.truncate(stem.len() - ending.len());
            stem.push_str(put);
        }
        is_cut
    };
    if !cut(&mut stem, "ies", 2, "y") && !["ss", "us", "is"].iter().any(|end| stem.ends_with(end)) {
        cut(&mut stem, "s", 3, "");
    }
    if !cut(&mut stem, "ied", 2, "y") && !cut(&mut stem, "ed", 3, "") {
        cut(&mut stem, "ing", 3, "");
    }
    if NOUNS_IN_URE.contains(&stem.as_str()) {
        cut(&mut stem, "ure", 4, "");
    }
    // Five letters left: a station is no state.
    if stem.ends_with("tion") || stem.ends_with("sion") {
        cut(&mut stem, "ion", 5, "");
    }
    // A cancellation is of what was cancelled.
    cut(&mut stem, "llat", 2, "lat");
    cut(&mut stem, "e", 3, "");
    cut(&mut stem, "y", 3, "i");
    let mut backwards = stem.chars().rev();
    let last = backwards.next();
    if stem.chars().count() >= LEAST_DOUBLED
        && last == backwards.next()
        && last.is_some_and(|c| !c.is_ascii_digit())
    {
        stem.pop();
    }
    stem
}
