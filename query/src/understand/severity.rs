//! How bad the records should be.

use domain::Severity;

use super::{Claim, Reading};

/// What a severity word of a question means: all that it covers.
fn meaning(word: &str) -> Option<&'static [Severity]> {
    use Severity::{Debug, Error, Fatal, Info, Trace, Warn};
    Some(match word {
        "error" | "errors" | "err" | "errs" | "erroring" | "failures" | "failure" | "erros"
        | "errores" | "eror" | "erors" | "exceptions" => &[Error, Fatal],
        "warning" | "warnings" | "warn" | "warns" | "warnigs" | "warings" | "wanring" => &[Warn],
        "fatal" | "fatals" | "critical" | "criticals" | "emergency" => &[Fatal],
        "info" | "infos" | "informational" => &[Info],
        "debug" => &[Debug],
        "trace-level" => &[Trace],
        _ => return None,
    })
}

/// The severities named at a free word, and how many words do so.
pub(super) fn here(reading: &Reading<'_>, at: usize) -> Option<(Vec<Severity>, usize)> {
    let word = reading.free(at);
    if let Some(value) = word
        .strip_prefix("level:")
        .or_else(|| word.strip_prefix("level="))
        .or_else(|| word.strip_prefix("severity:"))
    {
        return meaning(value).map(|severities| (severities.to_vec(), 1));
    }
    if let Some(base) = word.strip_suffix('+') {
        return meaning(base).map(|severities| (from(severities[0]), 1));
    }
    if word == "at" && reading.free(at + 1) == "least" {
        return meaning(reading.free(at + 2)).map(|severities| (from(severities[0]), 3));
    }
    let severities = meaning(word)?;
    // "error message" and "error handler" are things, "error logs" are logs.
    let follows = (reading.free(at + 1), reading.free(at + 2));
    // "fatal errors" are the fatal ones.
    if severities == [Severity::Fatal]
        && matches!(follows.0, "error" | "errors" | "failure" | "failures")
    {
        return Some((severities.to_vec(), 2));
    }
    // "at warning level or above"
    if matches!(follows.0, "level" | "severity")
        && matches!(
            (follows.1, reading.free(at + 3)),
            (
                "and" | "or",
                "above" | "worse" | "higher" | "up" | "greater"
            )
        )
    {
        return Some((from(severities[0]), 4));
    }
    match follows {
        ("and" | "or", "above" | "worse" | "higher" | "up" | "greater") => {
            Some((from(severities[0]), 3))
        }
        ("level" | "levels" | "severity" | "logs" | "messages" | "lines" | "records", _) => {
            Some((severities.to_vec(), 2))
        }
        _ => Some((severities.to_vec(), 1)),
    }
}

fn from(least: Severity) -> Vec<Severity> {
    Severity::ALL
        .into_iter()
        .filter(|severity| *severity >= least)
        .collect()
}

/// Claims all severity words; returns their severities without the excluded ones, least first.
pub(super) fn read(reading: &mut Reading<'_>, excluded: &[Severity]) -> Vec<Severity> {
    let mut found: Vec<Severity> = Vec::new();
    let mut at = 0;
    while at < reading.words.len() {
        match here(reading, at) {
            Some((severities, length)) => {
                reading.claim(at..at + length, Claim::Severity);
                found.extend(severities);
                at += length;
            }
            None => at += 1,
        }
    }
    if found.is_empty() && !excluded.is_empty() {
        found.extend(Severity::ALL);
    }
    found.retain(|severity| !excluded.contains(severity));
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether two severities are set beside each other: "warnings vs errors", "compare errors and warnings". Their words are
/// claimed already, and so may be the one between them.
pub(super) fn are_compared(reading: &Reading<'_>) -> bool {
    let is_severity = |at: usize| reading.claims.get(at) == Some(&Some(Claim::Severity));
    (2..reading.words.len()).any(|at| {
        is_severity(at)
            && is_severity(at - 2)
            && matches!(
                reading.lower(at - 1),
                "vs" | "versus" | "and" | "to" | "with" | "against"
            )
            && meaning(reading.lower(at)) != meaning(reading.lower(at - 2))
    })
}
