//! Which of the real services a question names.

use super::{Claim, Reading, entity, vocabulary};
use crate::words::Word;

/// Last parts of service names that people leave out.
const SUFFIXES: [&str; 9] = [
    "service",
    "svc",
    "api",
    "server",
    "app",
    "worker",
    "backend",
    "srv",
    "microservice",
];
/// Words after which a misspelt service name is looked for.
const PREPOSITIONS: [&str; 9] = ["in", "of", "for", "from", "on", "by", "at", "to", "did"];
/// Shortest first part of a name whose number people leave out: `hadoop_2k` is hadoop.
const NUMBERED_MIN: usize = 4;
/// Shortest word that may be misspelt by one letter.
const FUZZY_MIN: usize = 5;
/// Shortest word that may be misspelt by two letters.
const FUZZY_TWO_MIN: usize = 8;

/// The parts of a name in lower case: `payments-api` and `PaymentsApi` are `payments`, `api`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for piece in name.split(|c: char| !c.is_alphanumeric()) {
        let mut part = String::new();
        let mut after_small = false;
        for c in piece.chars() {
            if c.is_uppercase() && after_small {
                parts.push(std::mem::take(&mut part));
            }
            after_small = c.is_lowercase() || c.is_numeric();
            part.extend(c.to_lowercase());
        }
        if !part.is_empty() {
            parts.push(part);
        }
    }
    parts
}

/// A word as it was written, without a possessive `'s`.
fn written(word: &Word) -> &str {
    if word
        .text
        .chars()
        .flat_map(char::to_lowercase)
        .eq(word.lower.chars())
    {
        &word.text
    } else {
        &word.lower
    }
}

/// Like [`at`], but only where every word can be a name.
pub(super) fn name_at(
    words: &[Word],
    from: usize,
    services: &[String],
) -> Option<(Vec<String>, usize)> {
    if !is_name(&words[from]) {
        return None;
    }
    at(words, from, services).filter(|(_, length)| words[from..from + length].iter().all(is_name))
}

/// Whether a word can be the name of a service: no path, address, attribute or quoted text.
fn is_name(word: &Word) -> bool {
    !word.quoted
        && word.lower.starts_with(char::is_alphanumeric)
        && word
            .lower
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// The services that a question names anywhere, each by its own words.
pub(super) fn named(words: &[Word], services: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < words.len() {
        let Some((names, length)) = name_at(words, from, services) else {
            from += 1;
            continue;
        };
        found.extend(names);
        from += length;
    }
    found
}

/// Whether the first part of a name may be `part`; a cheap look before the name is cut up.
fn starts_with(name: &str, part: &str) -> bool {
    let name = name.trim_start_matches(|c: char| !c.is_alphanumeric());
    !name.is_ascii()
        || name
            .get(..part.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(part))
}

/// The parts of a service's name without a last one that people leave out: a suffix, or a number, size or
/// version.
fn stem(parts: &[String]) -> &[String] {
    let is_number = |part: &str| {
        part.strip_prefix('v')
            .unwrap_or(part)
            .starts_with(|c: char| c.is_ascii_digit())
    };
    match parts.split_last() {
        Some((last, [first, ..])) if is_number(last) && first.len() >= NUMBERED_MIN => {
            &parts[..parts.len() - 1]
        }
        _ => without_suffix(parts),
    }
}

/// The parts without a suffix that people leave out.
fn without_suffix(parts: &[String]) -> &[String] {
    match parts.split_last() {
        Some((last, rest)) if !rest.is_empty() && SUFFIXES.contains(&last.as_str()) => rest,
        _ => parts,
    }
}

/// The services that the words at `at` name exactly, by their full name or without their suffix,
/// and how many words do so.
pub(crate) fn at(words: &[Word], at: usize, services: &[String]) -> Option<(Vec<String>, usize)> {
    for length in (1..=4.min(words.len().saturating_sub(at))).rev() {
        let said = &words[at..at + length];
        if said.iter().any(|word| word.quoted)
            || said[..length - 1].iter().any(|word| word.ends_phrase)
        {
            continue;
        }
        let said: Vec<String> = said.iter().flat_map(|word| parts(written(word))).collect();
        let Some(first) = said.first() else {
            continue;
        };
        let pick = |matches: &dyn Fn(&[String]) -> bool| -> Vec<String> {
            services
                .iter()
                .filter(|service| starts_with(service, first) && matches(&parts(service)))
                .cloned()
                .collect()
        };
        // "checkoutservice" is the CheckoutService.
        let exact = pick(&|parts| parts == said || length == 1 && parts.concat() == said.concat());
        if !exact.is_empty() {
            let generic = usize::from(is_service_word(words, at + length));
            return Some((exact, length + generic));
        }
        let by_stem = pick(&|parts| {
            stem(parts) == said
                || parts == without_suffix(&said)
                || stem(parts) == without_suffix(&said) && said.len() > 1
        });
        if !by_stem.is_empty() {
            let generic = usize::from(is_service_word(words, at + length));
            return Some((by_stem, length + generic));
        }
    }
    None
}

fn is_service_word(words: &[Word], at: usize) -> bool {
    at > 0
        && !words[at - 1].ends_phrase
        && words
            .get(at)
            .is_some_and(|word| matches!(word.lower.as_str(), "service" | "svc" | "microservice"))
}

/// Claims the services of a question; returns them and names of services that do not exist.
pub(super) fn read(reading: &mut Reading<'_>) -> (Vec<String>, Vec<String>) {
    let mut found: Vec<String> = Vec::new();
    let mut unknown = Vec::new();
    let mut at = 0;
    while at < reading.words.len() {
        let Some((services, length)) = here(reading, at) else {
            unknown.extend(unknown_name(reading, at));
            at += 1;
            continue;
        };
        let from = if at > 0
            && matches!(
                reading.free(at - 1),
                "in" | "of" | "for" | "from" | "on" | "by"
            ) {
            at - 1
        } else {
            at
        };
        reading.claim(from..at + length, Claim::Service);
        found.extend(services);
        at += length;
    }
    found.sort();
    found.dedup();
    (found, unknown)
}

/// The services named at a free word.
pub(super) fn here(reading: &Reading<'_>, at: usize) -> Option<(Vec<String>, usize)> {
    // "order 4711" is an order, not the order service.
    let is_numbered_thing = entity::NUMBERED.contains(&reading.free(at))
        && reading.claims.get(at + 1) == Some(&Some(Claim::Entity));
    if reading.free(at).is_empty() || is_numbered_thing {
        return None;
    }
    let free_until = (at..reading.words.len())
        .find(|index| reading.claims[*index].is_some())
        .unwrap_or(reading.words.len());
    if let Some(found) = self::at(&reading.words[..free_until], at, &reading.context.services) {
        let leads = at == 0
            && matches!(
                reading.free(0),
                "search" | "find" | "show" | "list" | "count" | "compare"
            );
        return (!leads).then_some(found);
    }
    let before_service = is_service_word(&reading.words, at + 1);
    let after_preposition = at > 0 && PREPOSITIONS.contains(&reading.lower(at - 1));
    let word = reading.free(at);
    // "chekout-api errors"
    let before_severity = word.len() > FUZZY_MIN
        && word.contains(['-', '_'])
        && super::severity::here(reading, at).is_none()
        && super::severity::here(reading, at + 1).is_some();
    if vocabulary::is_filler(word) || !(before_service || after_preposition || before_severity) {
        return None;
    }
    let services = similar(word, &reading.context.services);
    (!services.is_empty()).then(|| (services, 1 + usize::from(before_service)))
}

/// Services whose name or stem is the word but for a plural or a slip of the keyboard; the closest only.
fn similar(word: &str, services: &[String]) -> Vec<String> {
    let allowed = match word.chars().count() {
        FUZZY_TWO_MIN.. => 2,
        FUZZY_MIN.. => 1,
        _ => 0,
    };
    let singular = |text: &str| text.strip_suffix('s').unwrap_or(text).to_owned();
    let distance_to = |service: &String| {
        let all = parts(service);
        [all.join("-"), stem(&all).join("-")]
            .iter()
            .map(|name| {
                if singular(name) == singular(word) {
                    0
                } else {
                    distance(name, word)
                }
            })
            .min()
            .unwrap_or(usize::MAX)
    };
    let best = services.iter().map(distance_to).min().unwrap_or(usize::MAX);
    if best > allowed {
        return Vec::new();
    }
    services
        .iter()
        .filter(|service| distance_to(service) == best)
        .cloned()
        .collect()
}

/// Damerau-Levenshtein distance (optimal string alignment).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (index, row) in rows.iter_mut().enumerate() {
        row[0] = index;
    }
    for (index, cell) in rows[0].iter_mut().enumerate() {
        *cell = index;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// A name before "service" that no service has.
fn unknown_name(reading: &mut Reading<'_>, at: usize) -> Option<String> {
    let word = reading.free(at);
    let generic = vocabulary::is_filler(word)
        || matches!(
            word,
            "" | "failing"
                | "affected"
                | "noisiest"
                | "worst"
                | "broken"
                | "same"
                | "different"
                | "top"
                | "first"
                | "slow"
        )
        || matches!(
            word,
            "slowest"
                | "fastest"
                | "quickest"
                | "busiest"
                | "loudest"
                | "quietest"
                | "biggest"
                | "largest"
                | "smallest"
                | "newest"
                | "latest"
                | "oldest"
                | "healthiest"
                | "unhealthiest"
        );
    let is_named = is_service_word(&reading.words, at + 1);
    // "errors in warehouse-sync": a name in the way of services, where one is expected.
    let text = &reading.words[at].text;
    let is_like_one = at > 0
        && matches!(reading.lower(at - 1), "in" | "from" | "of" | "by" | "for")
        && text.contains('-')
        && text.len() > 4
        && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        && text.split('-').all(|part| part.len() > 1);
    if generic || !(is_named || is_like_one) {
        return None;
    }
    let name = reading.words[at].text.clone();
    reading.claim(at..at + 1, Claim::NotUnderstood);
    Some(name)
}
