//! What the end of a word says: endings of family names, and endings that names hardly ever have.

use super::row::Word;

/// Endings that words have and names hardly ever.
pub(super) fn looks_common(text: &str, word: Word) -> bool {
    let word = &text[word.start..word.end];
    const ENDINGS: [&str; 31] = [
        "ing", "tion", "sion", "ment", "ness", "ity", "able", "ible", "ful", "less", "ory", "ics",
        "ware", "ship", "ance", "ence", "ism", "ist", "ous", "ive", "ward", "logy", "graph", "ted",
        "ized", "ised", "ation", "ator", "ators", "izer", "ings",
    ];
    // `Söding`
    word.len() > 4 && word.is_ascii() && ENDINGS.iter().any(|ending| ends_with(word, ending))
}

/// Endings by which family names of a language are made: `Lewandowski`, `Jónsdóttir`, `Papadopoulos`, `Petrescu`.
pub(super) fn is_of_family(text: &str, word: Word) -> bool {
    let word = &text[word.start..word.end];
    const ENDINGS: [&str; 76] = [
        "owski", "owska", "ewski", "ewska", "nski", "nska", "zki", "zka", "wicz", "czyk", "czak",
        "enko", "chuk", "czuk", "shuk", "ovic", "evic", "ovich", "evich", "ovski", "ovsky",
        "evsky", "nsky", "insky", "inski", "sson", "dottir", "berg", "bergh", "stein", "mann",
        "inen", "onen", "anen", "quist", "qvist", "lund", "strom", "gren", "dahl", "gaard", "escu",
        "eanu", "oiu", "poulos", "poulou", "idis", "akis", "ellis", "shvili", "adze", "zadeh",
        "oglu", "ndez", "nguez", "rez", "quez", "elli", "etti", "ucci", "otti", "acci", "eira",
        "inho", "eaux", "moto", "mura", "yama", "zaki", "gawa", "kawa", "shita", "bayashi",
        "hashi", "swamy", "nathan",
    ];
    const RUSSIAN: [&str; 6] = ["ov", "ova", "ev", "eva", "yan", "sen"];
    let letters = word.chars().count();
    (letters >= 6
        && ENDINGS
            .iter()
            .chain(&RUSSIAN)
            .any(|ending| ends_with(word, ending)))
        || (letters >= 5
            && ["ić", "ová", "czyń", "oğlu", "ów", "ős", "ström"]
                .iter()
                .any(|ending| word.ends_with(ending)))
}

/// Whether a word has letters that English has not, or is written in letters of another script.
pub(super) fn is_foreign(text: &str, word: Word) -> bool {
    !text[word.start..word.end].is_ascii()
}

fn ends_with(word: &str, ending: &str) -> bool {
    word.len() > ending.len()
        && word.is_char_boundary(word.len() - ending.len())
        && word[word.len() - ending.len()..].eq_ignore_ascii_case(ending)
}
