//! Log text in plain words: the class of causes it speaks for, and what its terms mean. By rules, out of catalogues.

mod glossary;

use domain::{Evidence, Suspect};

use crate::cause::classify_suspected;
use crate::runbook::runbook;

/// Terms that are explained of one text.
const MAX_TERMS: usize = 4;

/// What a text speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// A noun phrase: `connections refused or unreachable`.
    pub name: String,
    /// A clause: `a dependency cannot be reached at all`.
    pub means: String,
    /// What helps, from the catalogue of runbook steps.
    pub next_steps: Vec<String>,
}

/// The class of causes that a text speaks for, the most telling one; `None` when none is known.
#[must_use]
pub fn meaning(text: &str, service: Option<&str>) -> Option<Meaning> {
    let hits = runbook().hits(text);
    let cause = hits
        .into_iter()
        .map(|index| runbook().at(index))
        .max_by(|a, b| a.weight.total_cmp(&b.weight))?;
    Some(Meaning {
        name: cause.name.clone(),
        means: cause.means.clone(),
        next_steps: runbook().steps(&cause.id, service),
    })
}

/// The class of causes that a summary with this evidence and these suspects speaks for; `None` when none is known.
#[must_use]
pub fn cause_of(evidence: &[Evidence], suspects: &[Suspect]) -> Option<String> {
    classify_suspected(evidence, suspects).map(|found| found.cause.name.clone())
}

/// The terms of log vocabulary in a text with what each means, at most four, in the order of the text.
#[must_use]
pub fn terms(text: &str) -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let known = glossary::TERMS
            .iter()
            .find(|(term, _)| term.eq_ignore_ascii_case(word));
        if let Some(known) = known
            && !found.contains(known)
        {
            found.push(*known);
        }
        if found.len() >= MAX_TERMS {
            break;
        }
    }
    found
}

/// What an HTTP status says; `None` for a number that is none.
#[must_use]
pub fn http_status(code: u16) -> Option<&'static str> {
    Some(match code {
        100..=199 => "an interim answer",
        200..=299 => "success",
        301 | 308 => "it has moved for good",
        300 | 302..=307 | 309..=399 => "it is elsewhere",
        400 => "the request is malformed",
        401 => "nobody is logged in",
        403 => "it is not allowed",
        404 => "there is no such thing",
        408 => "the client was too slow",
        409 => "it collides with the state of the thing",
        413 => "the body is too large",
        429 => "too many requests",
        402 | 405..=407 | 410..=412 | 414..=428 | 430..=499 => "the request was refused",
        500 => "the server failed",
        502 => "a server behind it answered nonsense or not at all",
        503 => "the server cannot serve at the moment",
        504 => "a server behind it did not answer in time",
        501 | 505..=599 => "the server failed",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
