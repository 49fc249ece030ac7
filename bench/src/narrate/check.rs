//! Whether a summary is true to its story: a check of its own that knows nothing of how summaries are written or
//! verified. Every figure is counted again out of the story, every quotation is looked for in it, every sentence has to
//! cite what exists, and words that claim something need a cited line that says so.

use std::collections::BTreeSet;

use domain::{Confidence, Evidence, EvidenceKind, NANOS_PER_MINUTE, Sentence, Severity, Summary};
use inference::SummaryFacts;
use testkit::scenario::{Lines, Story};

use super::play::BEGIN_NS;

/// Words that claim more than counts can show, those that name a cause, and those that tell people what to do. Own
/// lists: the verifier of the product has others.
const CLAIMS: [&str; 22] = [
    "compromised",
    "breach",
    "breached",
    "hacked",
    "stolen",
    "leaked",
    "attack",
    "attacker",
    "outage",
    "offline",
    "down",
    "dead",
    "lost",
    "loss",
    "corrupted",
    "corruption",
    "destroyed",
    "unavailable",
    "everyone",
    "everything",
    "catastrophic",
    "crashed",
];
const CAUSAL: [&str; 9] = [
    "because",
    "due",
    "caused",
    "causes",
    "causing",
    "therefore",
    "resulted",
    "resulting",
    "triggered",
];
const ADVICE: [&str; 9] = [
    "should",
    "must",
    "please",
    "recommend",
    "ignore",
    "restart",
    "rollback",
    "consider",
    "ensure",
];

/// What is wrong with a summary; nothing when it is faithful.
pub(super) fn check(story: &Story, facts: &SummaryFacts, summary: &Summary) -> Vec<String> {
    let truth = Truth { story, facts };
    let mut wrong = Vec::new();
    for sentence in summary.what_happened.iter().chain(&summary.impact) {
        let cited: Vec<&Evidence> = sentence
            .citations
            .iter()
            .filter_map(|n| summary.evidence.iter().find(|item| item.number == *n))
            .collect();
        if cited.is_empty() || cited.len() != sentence.citations.len() {
            wrong.push(format!("cites nothing that exists: {}", sentence.text));
        }
        truth.check(&sentence.text, &cited, &mut wrong);
    }
    let all: Vec<&Evidence> = summary.evidence.iter().collect();
    truth.check(&summary.headline, &all, &mut wrong);
    for suspect in &summary.suspects {
        if !facts.suspects.contains(suspect) {
            wrong.push(format!("a suspect that nobody ranked: {}", suspect.name));
        }
    }
    wrong
}

/// What is wrong with sentences that a model wrote: besides the above they may not hold a digit, a link, advice, or
/// words of which none stands in what they cite.
pub(super) fn check_written(facts: &SummaryFacts, sentences: &[&Sentence]) -> Vec<String> {
    let mut wrong = Vec::new();
    let sure = facts
        .suspects
        .iter()
        .any(|s| s.confidence >= Confidence::Medium);
    for sentence in sentences {
        let text = sentence.text.to_lowercase();
        let cited: String = facts
            .evidence
            .iter()
            .filter(|item| sentence.citations.contains(&item.number))
            .map(|item| format!("{} {}\n", item.text, item.service.as_deref().unwrap_or("")))
            .collect::<String>()
            .to_lowercase();
        let words = words(&text);
        let mut say = |what: &str| {
            wrong.push(format!(
                "{what}: {} {:?}",
                sentence.text, sentence.citations
            ))
        };
        if text.chars().any(|c| c.is_numeric()) {
            say("a digit");
        }
        if text.contains("://") || text.contains("www.") {
            say("a link");
        }
        if words.iter().any(|word| ADVICE.contains(&word.as_str())) {
            say("advice");
        }
        if !sure && words.iter().any(|word| CAUSAL.contains(&word.as_str())) {
            say("a cause that nobody found");
        }
        let known = self::words(&cited);
        let cites_change = facts.evidence.iter().any(|item| {
            item.kind == EvidenceKind::Change && sentence.citations.contains(&item.number)
        });
        let says_after = |word: &String| word == "after" && !known.contains(word);
        if !cites_change && words.iter().any(says_after) {
            say("something before it that is not cited");
        }
        let is_about = |name: &String| cited.contains(&name.to_lowercase());
        let named = facts.services.iter().map(|service| &service.service);
        for name in named.filter(|name| text.contains(&name.to_lowercase())) {
            if !is_about(name) {
                say("a service that nothing cited is about");
            }
        }
        let is_common = |word: &&String| {
            word.chars().count() >= 4 && known.iter().any(|k| stem(k) == stem(word))
        };
        if !words.iter().any(|word| is_common(&word)) {
            say("nothing of what it cites");
        }
    }
    wrong
}

fn stem(word: &str) -> String {
    word.chars().take(5).collect()
}

struct Truth<'a> {
    story: &'a Story,
    facts: &'a SummaryFacts,
}

impl Truth<'_> {
    fn check(&self, text: &str, cited: &[&Evidence], wrong: &mut Vec<String>) {
        let (plain, quotes) = unquoted(text);
        for quote in quotes {
            if !self.is_in_story(&quote) {
                wrong.push(format!("“{quote}” is nowhere in the story: {text}"));
            }
        }
        let mut figures = self.figures(cited, &plain);
        let names: BTreeSet<&str> = self.story.services.iter().map(String::as_str).collect();
        // What a detector says in its own words is held against the series, what the ranking says against its outcome.
        for item in cited.iter().filter(|item| {
            matches!(item.kind, EvidenceKind::Metric | EvidenceKind::Anomaly)
                && holds(&plain, &item.text)
        }) {
            self.check_measured(item, wrong);
            figures.extend(numbers(&item.text, &names));
        }
        for suspect in self.facts.suspects.iter().take(1) {
            if plain.contains(&suspect.name) && plain.contains("suspect") {
                figures.extend(numbers(&suspect.reason, &names));
                figures.extend(instants(&suspect.reason));
            }
        }
        for number in numbers(&plain, &names) {
            if !figures.contains(&number) {
                wrong.push(format!("{number} is no figure of what is cited: {text}"));
            }
        }
        let said: String = cited
            .iter()
            .map(|item| item.text.to_lowercase() + "\n")
            .collect();
        let known = words(&said);
        for word in words(&plain.to_lowercase()) {
            if CLAIMS.contains(&word.as_str()) && !known.contains(&word) {
                wrong.push(format!("claims '{word}': {text}"));
            }
        }
        if let Some(word) = ["high", "medium", "low"]
            .iter()
            .find(|w| plain.contains(&format!("({w} confidence)")))
        {
            let speaks_of_suspect = plain.contains("suspect");
            let leading = self.facts.suspects.first().map(|s| s.confidence.as_str());
            if speaks_of_suspect && leading != Some(word) {
                wrong.push(format!("confidence {word}, computed {leading:?}: {text}"));
            }
        }
    }

    /// Whether a quotation is a pattern, an example or a change of the story, whatever stands in its slots, and cut or not.
    fn is_in_story(&self, quote: &str) -> bool {
        let parts: Vec<String> = quote
            .split('…')
            .map(|part| part.trim().to_lowercase())
            .collect();
        let fits = |text: &str| {
            let mut rest = text.to_lowercase();
            parts.iter().filter(|part| !part.is_empty()).all(|part| {
                match rest.find(part.as_str()) {
                    Some(at) => {
                        rest.drain(..at + part.len());
                        true
                    }
                    None => false,
                }
            })
        };
        let minutes = || self.story.minutes.iter();
        let lines = minutes().flat_map(|m| &m.lines);
        let changes = minutes().flat_map(|m| &m.changes);
        lines
            .flat_map(|l| [&l.template, &l.example])
            .any(|text| fits(text))
            || changes
                .map(|c| format!("{} {} {}", c.kind.replace('_', " "), c.service, c.title))
                .any(|text| fits(&text) || text.contains(quote) || is_same(quote, &text))
            || self.facts.suspects.iter().any(|s| s.name == quote)
    }

    /// Every figure that a sentence may hold: counts of what it cites, their usual, ratios, shares, instants, durations.
    fn figures(&self, cited: &[&Evidence], plain: &str) -> BTreeSet<String> {
        let mut figures = BTreeSet::new();
        let window = (self.facts.window.start_ns, self.facts.window.end_ns);
        let minutes = (window.1 - window.0) / NANOS_PER_MINUTE;
        let scale = minutes as f64 / 60.0;
        let before = (window.0 - 60 * NANOS_PER_MINUTE, window.0);
        let amounts = |count: u64, usual: u64| {
            let expected = usual as f64 * scale;
            let ratio = count as f64 / expected;
            // "fewer than 1".
            let least = if expected < 0.95 { 1.0 } else { expected };
            [count as f64, expected, ratio, least].map(|value| format!("{value:.0}"))
        };
        let mut instants = vec![self.facts.started_at_ns, self.facts.now_ns];
        for item in cited {
            instants.push(item.first_at_ns);
            if let Some(service) = &item.service {
                let of = |l: &Lines| l.service == *service && is_same(&l.template, &item.text);
                let severity = item.severity;
                let with = |l: &Lines| of(l) && Severity::from_word(l.severity) == Some(severity);
                let (count, seen) = self.count(window, with);
                figures.extend(amounts(count, self.count(before, with).0));
                instants.extend(seen.into_iter().flat_map(|(a, b)| [a, b]));
            }
        }
        for service in &self.story.services {
            if !plain.contains(service.as_str()) {
                continue;
            }
            let all = self.count(window, |l| l.service == *service).0;
            let is_bad = |l: &Lines| {
                l.service == *service
                    && Severity::from_word(l.severity).is_some_and(Severity::is_error)
            };
            let errors = self.count(window, is_bad).0;
            figures.extend(amounts(errors, self.count(before, is_bad).0));
            figures.extend(amounts(all, 0));
            if all > 0 {
                figures.insert(format!("{:.0}", 100.0 * errors as f64 / all as f64));
            }
        }
        figures.extend(["1", "99"].map(str::to_owned)); // "under 1 %", "over 99 %"
        for at_ns in &instants {
            let day = 86_400 * 1_000_000_000;
            let minute = at_ns.rem_euclid(day) / NANOS_PER_MINUTE;
            figures.insert(format!("{:02}:{:02}", minute / 60, minute % 60));
            for other in &instants {
                let lag = (at_ns - other).abs() / NANOS_PER_MINUTE;
                figures.extend([lag, lag / 60, lag % 60].map(|n| n.to_string()));
            }
        }
        let shown = self
            .story
            .services
            .iter()
            .filter(|s| plain.contains(s.as_str()))
            .count();
        let affected = self.facts.services.len();
        figures.insert(affected.saturating_sub(shown).to_string());
        figures.insert(affected.to_string());
        figures
    }

    /// Lines in a stretch of time, and the first and last minute that has one.
    fn count(
        &self,
        range: (i64, i64),
        is_wanted: impl Fn(&Lines) -> bool,
    ) -> (u64, Option<(i64, i64)>) {
        let mut count = 0;
        let mut seen: Option<(i64, i64)> = None;
        for (at, minute) in self.story.minutes.iter().enumerate() {
            let at_ns = BEGIN_NS + at as i64 * NANOS_PER_MINUTE;
            if at_ns < range.0 || at_ns >= range.1 {
                continue;
            }
            for lines in minute.lines.iter().filter(|lines| is_wanted(lines)) {
                count += lines.count;
                seen = Some((seen.map_or(at_ns, |s| s.0), at_ns));
            }
        }
        (count, seen)
    }

    /// A gauge or a time of requests has to have been what the detector says, in some minute of the incident.
    fn check_measured(&self, item: &Evidence, wrong: &mut Vec<String>) {
        let Some(found) = self.facts.anomalies.iter().find(|a| a.reason == item.text) else {
            wrong.push(format!("a sentence that no detector said: {}", item.text));
            return;
        };
        let Some(metric) = &found.metric else {
            return;
        };
        let service = found
            .service
            .as_deref()
            .or(found.labels.get("service").map(String::as_str));
        let first =
            usize::try_from((found.started_at_ns - BEGIN_NS) / NANOS_PER_MINUTE).unwrap_or(0);
        let is_there = self
            .story
            .minutes
            .iter()
            .skip(first.saturating_sub(1))
            .any(|minute| {
                let gauge = minute.gauges.iter().any(|g| {
                    g.name == *metric
                        && Some(g.service.as_str()) == service
                        && is_near(g.value, found.observed)
                });
                let calls = minute
                    .calls
                    .iter()
                    .filter(|c| Some(c.callee.as_str()) == service);
                let (count, sum) = calls.fold((0.0, 0.0), |sum, c| {
                    (
                        sum.0 + c.count as f64,
                        sum.1 + c.mean_seconds * c.count as f64,
                    )
                });
                gauge || metric == "request_seconds" && is_near(sum / count, found.observed)
            });
        if !is_there {
            wrong.push(format!(
                "{metric} of {service:?} was never {}",
                found.observed
            ));
        }
    }
}

fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 0.01 * a.abs().max(b.abs()) + 1e-9
}

/// The same but for slots, spaces and capitals.
fn is_same(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    plain(a) == plain(b)
}

/// Whether a text holds another one, but for spaces, marks and capitals.
fn holds(text: &str, part: &str) -> bool {
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let part: String = plain(part).chars().take(60).collect();
    plain(text).contains(&part)
}

/// The times of day in `2026-11-23 14:05:00Z`, as sentences tell them.
fn instants(text: &str) -> Vec<String> {
    let words = text.split([' ', ')', ';', ',']);
    words
        .filter_map(|word| word.strip_suffix('Z'))
        .filter(|word| word.len() == 8)
        .flat_map(|word| [word.to_owned(), word[..5].to_owned()])
        .collect()
}

/// A text without what stands in quotation marks, and what stands in them.
fn unquoted(text: &str) -> (String, Vec<String>) {
    let (mut plain, mut quotes, mut rest) = (String::new(), Vec::new(), text);
    while let Some((before, after)) = rest.split_once('“') {
        plain.push_str(before);
        plain.push('“');
        let (inside, outside) = after.split_once('”').unwrap_or((after, ""));
        quotes.push(inside.to_owned());
        rest = outside;
    }
    plain.push_str(rest);
    (plain, quotes)
}

/// Numbers and times of day, without separators of thousands; those in names of services do not count.
fn numbers(text: &str, names: &BTreeSet<&str>) -> Vec<String> {
    text.split([' ', '(', ')', ';', '“', '”'])
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.chars().any(|c| c.is_ascii_digit()) && !names.contains(word))
        .map(|word| word.replace(',', ""))
        .collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests;
