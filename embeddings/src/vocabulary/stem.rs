//! What is left of a word without what bends it.

/// `failed`, `failing` and `failure` are `fail`, `denied` and `deny` are `deni`. Made for comparing, not for
/// reading: doubled letters are single in it.
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
    cut(&mut stem, "ure", 4, "");
    if stem.ends_with("tion") || stem.ends_with("sion") {
        cut(&mut stem, "ion", 4, "");
    }
    cut(&mut stem, "e", 3, "");
    cut(&mut stem, "y", 3, "i");
    let mut single = String::with_capacity(stem.len());
    for c in stem.chars() {
        if !single.ends_with(c) || c.is_ascii_digit() {
            single.push(c);
        }
    }
    single
}
