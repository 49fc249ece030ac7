//! What a question leaves out: "excluding heartbeats", "except warnings", "but not from auth".

use domain::{Severity, TextTerm};

use super::{Claim, Reading, StatusCode, number, service, severity, vocabulary};

/// Excluded things.
#[derive(Debug, Default)]
pub(super) struct Negated {
    pub(super) services: Vec<String>,
    pub(super) severities: Vec<Severity>,
    pub(super) terms: Vec<TextTerm>,
}

/// Words of one excluded text.
const MAX_TEXT_WORDS: usize = 3;

/// Claims what is excluded.
pub(super) fn read(reading: &mut Reading<'_>) -> Negated {
    let mut negated = Negated::default();
    let mut at = 0;
    while at < reading.words.len() {
        let Some(length) = trigger(reading, at) else {
            at += 1;
            continue;
        };
        let end = items(reading, at + length, &mut negated);
        if end > at + length {
            reading.claim(at..end, Claim::Negation);
        }
        at = end.max(at + length);
    }
    negated
}

/// "did not return 200", "not 200", "non-200", "status != 200": all codes but this one.
pub(super) fn statuses(reading: &mut Reading<'_>) -> Vec<StatusCode> {
    let code = |word: &str| {
        word.parse::<u16>()
            .ok()
            .filter(|code| (100..=599).contains(code) && word.len() == 3)
    };
    for at in 0..reading.words.len() {
        let word = reading.free(at);
        let found = if let Some(code) = word.strip_prefix("non-").and_then(code) {
            Some((code, 1))
        } else if matches!(word, "other" | "else" | "different")
            && matches!(reading.free(at + 1), "than" | "from" | "then")
            && let Some(code) = code(reading.free(at + 2))
        {
            Some((code, 3))
        } else if matches!(
            word,
            "not" | "didn't" | "doesn't" | "don't" | "without" | "except" | "excluding"
        ) {
            (1..4).find_map(|skip| {
                let is_between = (1..skip).all(|it| {
                    matches!(
                        reading.free(at + it),
                        "return"
                            | "returned"
                            | "returning"
                            | "have"
                            | "with"
                            | "a"
                            | "status"
                            | "code"
                            | "answer"
                            | "answered"
                            | "get"
                            | "for"
                            | "http"
                            | "respond"
                    )
                });
                code(reading.free(at + skip))
                    .filter(|_| is_between)
                    .map(|code| (code, skip + 1))
            })
        } else {
            None
        };
        if let Some((code, length)) = found {
            reading.claim(at..at + length, Claim::Negation);
            return number::codes(|other| other != code);
        }
    }
    Vec::new()
}

/// How many words begin an exclusion here.
fn trigger(reading: &Reading<'_>, at: usize) -> Option<usize> {
    match (reading.free(at), reading.free(at + 1)) {
        (
            "excluding" | "except" | "without" | "ignoring" | "ignore" | "exclude" | "minus"
            | "besides" | "skipping",
            "for",
        ) => Some(2),
        (
            "excluding" | "except" | "without" | "ignoring" | "ignore" | "exclude" | "minus"
            | "besides" | "skipping",
            _,
        ) => Some(1),
        ("not", "counting" | "considering" | "only")
        | ("leaving" | "leave", "out")
        | ("other" | "rather", "than")
        | ("apart" | "aside", "from")
        | ("but", "not")
        | ("and", "not") => Some(2),
        ("not", "from" | "in" | "by" | "including") => Some(2),
        _ => None,
    }
}

/// Reads a list of excluded things; returns where it ends.
fn items(reading: &Reading<'_>, start: usize, negated: &mut Negated) -> usize {
    let mut at = start;
    let mut end = start;
    loop {
        while matches!(
            reading.free(at),
            "the" | "any" | "all" | "from" | "in" | "those" | "of" | "for"
        ) {
            at += 1;
        }
        if let Some((services, length)) = service::here(reading, at) {
            negated.services.extend(services);
            at += length;
        } else if let Some((severities, length)) = severity::here(reading, at) {
            negated.severities.extend(severities);
            at += length;
        } else if let Some((term, length)) = text(reading, at) {
            negated.terms.push(TextTerm {
                term,
                negated: true,
                template_ids: Vec::new(),
            });
            at += length;
        } else {
            return end;
        }
        end = at;
        let phrase_ended = reading
            .words
            .get(at - 1)
            .is_some_and(|word| word.ends_phrase);
        match reading.free(at) {
            "and" | "or" | "nor" => at += 1,
            _ if phrase_ended && at < reading.words.len() && continues(reading, at) => {}
            _ => return end,
        }
    }
}

/// After a comma a list goes on only with a service or severity.
fn continues(reading: &Reading<'_>, at: usize) -> bool {
    service::here(reading, at).is_some() || severity::here(reading, at).is_some()
}

/// A quoted text, or a few words; a plural loses its `s`, so that it finds both forms.
fn text(reading: &Reading<'_>, at: usize) -> Option<(String, usize)> {
    let word = reading.words.get(at)?;
    if word.quoted {
        return Some((word.text.clone(), 1));
    }
    let mut length = 0;
    while length < MAX_TEXT_WORDS {
        let word = reading.free(at + length);
        if word.is_empty() || vocabulary::is_filler(word) && !(length == 0 && word == "log") {
            break;
        }
        length += 1;
        if reading.words[at + length - 1].ends_phrase {
            break;
        }
    }
    if length == 0 {
        return None;
    }
    let said: Vec<&str> = reading.words[at..at + length]
        .iter()
        .map(|word| word.text.as_str())
        .collect();
    let said = said.join(" ");
    let singular = said
        .strip_suffix('s')
        .filter(|stem| stem.len() > 4 && !stem.ends_with('s'))
        .unwrap_or(&said);
    Some((singular.to_owned(), length))
}
