//! What nobody claims: the words that are looked for by meaning, and the values among them.

use super::{Claim, Reading, idiom, vocabulary};

/// The words that are looked for by meaning.
pub(super) fn text(reading: &Reading<'_>) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for (at, (word, claim)) in reading.words.iter().zip(&reading.claims).enumerate() {
        // What must occur literally is a condition already.
        let leads = reading.claims.get(at + 1) == Some(&Some(Claim::Entity)) && !word.quoted;
        if claim.is_some()
            || leads
                && matches!(
                    word.lower.as_str(),
                    "ip" | "address" | "host" | "path" | "url"
                )
        {
            continue;
        }
        if is_login(reading, at) {
            kept.push("login");
        } else if idiom::is_recovery(reading, at) {
            kept.push("recovered");
        } else if is_before_name(reading, at) {
            // "for the user deploy" is about deploy.
        } else if word.quoted || !vocabulary::is_filler(&word.lower) {
            kept.push(&word.text);
        }
    }
    kept.join(" ")
}

/// Whether a word says only what the name behind it is: "user deploy".
fn is_before_name(reading: &Reading<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |before| reading.lower(before));
    let is_kind = matches!(reading.free(at), "user" | "account" | "username")
        && matches!(before, "for" | "of" | "by" | "from" | "the" | "with");
    is_kind
        && !idiom::is_negation(reading.free(at + 1))
        && named(reading)
            .iter()
            .any(|name| name == reading.free(at + 1))
}

/// "failed to log in": here the log is no record.
fn is_login(reading: &Reading<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |before| reading.lower(before));
    let joins = |word: &str| matches!(word, "in" | "into" | "on" | "onto");
    matches!(reading.free(at), "log" | "logged" | "logging" | "logs")
        // In "to log in today" the time takes its preposition.
        && (joins(reading.free(at + 1))
            || (matches!(before, "to" | "who" | "user" | "they" | "last" | "first")
                || vocabulary::is_plural_of_people(before))
                && joins(reading.lower(at + 1)))
        && !matches!(before, "the" | "a" | "this" | "my" | "our" | "in")
}

/// Words of the topic that stand alone where a value stands.
pub(super) fn named(reading: &Reading<'_>) -> Vec<String> {
    let is_topic = |at: usize| {
        let word = reading.free(at);
        !word.is_empty() && !vocabulary::is_filler(word)
    };
    (1..reading.words.len())
        .filter(|at| {
            let announced = matches!(
                reading.lower(at - 1),
                "for"
                    | "from"
                    | "by"
                    | "user"
                    | "host"
                    | "account"
                    | "called"
                    | "named"
                    | "name"
                    | "as"
            );
            // "user wolfgang logins": a name that nobody has selects nothing, whatever stands behind it.
            let follows = !reading.words[*at].ends_phrase
                && is_topic(at + 1)
                && reading.lower(at - 1) != "user";
            let leads = reading.claims.get(*at + 1) == Some(&Some(Claim::Entity));
            announced
                && !leads
                && is_topic(*at)
                && !follows
                && !vocabulary::is_plural_of_people(reading.free(*at))
        })
        .map(|at| reading.words[at].lower.clone())
        .collect()
}
