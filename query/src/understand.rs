//! Deterministic understanding of questions: no model, the same answer every time.
//!
//! Readers run one after the other and claim words; what nobody claims and is no filler is the
//! topic, which is looked for by meaning.

mod chip;
pub(crate) mod deploy;
mod entity;
mod explain;
mod field;
mod follow;
mod group;
mod idiom;
mod intent;
mod measure;
mod negation;
mod number;
mod range;
pub(crate) mod service;
mod severity;
pub(crate) mod vocabulary;
mod zone;

use domain::{AttributeFilter, LogFilter, Severity, TextTerm, TimeRange};
use serde::{Deserialize, Serialize};

pub use chip::{Chip, ChipKind};
pub use deploy::{is_deploy_word, is_version};
pub use entity::StatusCode;
pub use field::Field;
pub use follow::follow_up;
pub use group::{GroupBy, TimeUnit};
pub use intent::Intent;
pub use measure::Measure;
pub use number::{NumberCondition, NumberOp, Quantity};

use crate::context::QuestionContext;
use crate::time;
use crate::words::{Word, words};

/// What a question asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interpretation {
    /// What to do.
    pub intent: Intent,
    /// Where to look.
    pub range: TimeRange,
    /// No time was said: `range` is the default of the intent.
    pub range_is_default: bool,
    /// The default range, when nothing was in it and `range` is where something is.
    pub widened_from: Option<TimeRange>,
    /// The other range of [`Intent::Compare`], or of "before and after the deploy": the reference.
    pub compare_with: Option<TimeRange>,
    /// Any of these services; empty means all.
    pub services: Vec<String>,
    /// None of these.
    pub excluded_services: Vec<String>,
    /// Any of these severities, least first; empty means all.
    pub severities: Vec<Severity>,
    /// Texts that must (or must not) occur.
    pub terms: Vec<TextTerm>,
    /// Attribute conditions (`region=eu`).
    pub attributes: Vec<AttributeFilter>,
    /// Status codes that were asked about. They are not part of [`Interpretation::filter`], because
    /// services keep them in different attributes or only in the text.
    pub status_codes: Vec<StatusCode>,
    /// Numbers that records must have. They are not part of [`Interpretation::filter`].
    #[serde(default)]
    pub numbers: Vec<NumberCondition>,
    /// Exactly this trace.
    pub trace_id: Option<String>,
    /// What is computed besides a count.
    #[serde(default)]
    pub measure: Option<Measure>,
    /// How to group a count, a top list or a comparison.
    pub group_by: Option<GroupBy>,
    /// How many records a group must have to be told: "users with more than 30 failed logins".
    #[serde(default)]
    pub having: Option<NumberCondition>,
    /// How many were asked for ("top 5"), 1 to 1,000.
    pub limit: Option<usize>,
    /// The question without time, service, severity and intent words and without what must occur
    /// literally: what to search by meaning. Empty when nothing else was said.
    pub retrieval_text: String,
    /// Words of `retrieval_text` that come right after "for", "from", "user" and the like, alone: likely a
    /// value, as in "failed passwords for root".
    pub named: Vec<String>,
    /// What was understood, for people, in the order of the fields above.
    pub chips: Vec<Chip>,
    /// Words that looked like a time, a service or a number but could not be resolved.
    pub not_understood: Vec<String>,
    /// Names of services that were asked about and that nobody has.
    #[serde(default)]
    pub unknown_services: Vec<String>,
    /// It asks about a time that has not come.
    #[serde(default)]
    pub is_future: bool,
    /// Seconds east of UTC of the asker's zone, at the time of the question.
    #[serde(default)]
    pub offset_seconds: i32,
    /// The line or pattern that is to be explained, as it was given.
    #[serde(default)]
    pub explained: Option<String>,
}

impl Interpretation {
    /// The filter of the main range.
    #[must_use]
    pub fn filter(&self) -> LogFilter {
        LogFilter {
            services: self.services.clone(),
            excluded_services: self.excluded_services.clone(),
            severities: self.severities.clone(),
            text: self.terms.clone(),
            attributes: self.attributes.clone(),
            trace_id: self.trace_id.clone(),
            ..LogFilter::in_range(self.range)
        }
    }

    /// Whether the topic decides what matches: there is one, and nothing that must occur literally
    /// (a text, an attribute, a trace, a status code), which is exact and therefore decides alone.
    #[must_use]
    pub fn is_by_meaning(&self) -> bool {
        !self.retrieval_text.is_empty()
            && self.terms.iter().all(|term| term.negated)
            && self.attributes.is_empty()
            && self.trace_id.is_none()
            && self.status_codes.is_empty()
            && self.numbers.is_empty()
    }

    /// The same question about another range, because nothing was in the default one.
    #[must_use]
    pub fn widened(&self, range: TimeRange, zone: &jiff::tz::TimeZone) -> Self {
        let mut wider = self.clone();
        wider.range = range;
        wider.widened_from = Some(self.range);
        for chip in &mut wider.chips {
            if chip.kind == ChipKind::Time {
                chip.label = chip::widened_label(range, zone);
            }
        }
        wider
    }

    /// The same question with its severity words as words of the topic, and these words: many programs write
    /// their failures without a severity. `None` when no topic is beside them.
    #[must_use]
    pub fn with_severities_as_words(&self) -> Option<(Self, String)> {
        let said = &self
            .chips
            .iter()
            .find(|chip| chip.kind == ChipKind::Severity)?
            .words;
        let is_thing = |word: &str| {
            matches!(
                word.to_lowercase().as_str(),
                "failure" | "failures" | "error" | "errors" | "exception" | "exceptions"
            )
        };
        if self.retrieval_text.is_empty() || !said.split_whitespace().all(is_thing) {
            return None;
        }
        let mut other = self.clone();
        other.severities.clear();
        other.retrieval_text = format!("{} {said}", self.retrieval_text);
        other.chips.retain(|chip| chip.kind != ChipKind::Severity);
        for chip in &mut other.chips {
            if chip.kind == ChipKind::Topic {
                chip.label.clone_from(&other.retrieval_text);
            }
        }
        Some((other, said.clone()))
    }

    /// The same question without its topic, whose words are then not understood.
    #[must_use]
    pub fn without_topic(&self) -> Self {
        let mut other = self.clone();
        other.chips.retain(|chip| chip.kind != ChipKind::Topic);
        let topic = std::mem::take(&mut other.retrieval_text);
        other
            .not_understood
            .extend(topic.split_whitespace().map(str::to_owned));
        other.named.clear();
        other
    }

    /// The filter of the range to compare with, if there is one.
    #[must_use]
    pub fn comparison_filter(&self) -> Option<LogFilter> {
        self.compare_with.map(|range| LogFilter {
            range,
            ..self.filter()
        })
    }
}

/// What a word was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    Time,
    Service,
    Severity,
    Intent,
    Group,
    Entity,
    Negation,
    Limit,
    Number,
    NotUnderstood,
}

/// A question on its way to an interpretation.
struct Reading<'context> {
    words: Vec<Word>,
    claims: Vec<Option<Claim>>,
    context: &'context QuestionContext,
}

impl Reading<'_> {
    /// A word in lower case; `""` past the end, for quoted text and for words that are claimed.
    fn free(&self, at: usize) -> &str {
        match (self.words.get(at), self.claims.get(at)) {
            (Some(word), Some(None)) if !word.quoted => &word.lower,
            _ => "",
        }
    }

    /// A word in lower case whether claimed or not.
    fn lower(&self, at: usize) -> &str {
        self.words
            .get(at)
            .filter(|word| !word.quoted)
            .map_or("", |word| &word.lower)
    }

    fn claim(&mut self, range: std::ops::Range<usize>, claim: Claim) {
        for slot in &mut self.claims[range] {
            *slot = Some(claim);
        }
    }

    /// The first place where this sequence of free words stands.
    fn position(&self, sequence: &[&str]) -> Option<usize> {
        (0..self.words.len()).find(|at| {
            sequence
                .iter()
                .enumerate()
                .all(|(offset, word)| self.free(at + offset) == *word)
        })
    }

    fn text(&self, claim: Claim) -> String {
        let said: Vec<&str> = self
            .words
            .iter()
            .zip(&self.claims)
            .filter(|(_, slot)| **slot == Some(claim))
            .map(|(word, _)| word.text.as_str())
            .collect();
        said.join(" ")
    }
}

/// Understands a question. Never fails: at worst everything is the topic and the range a default.
#[must_use]
pub fn understand(question: &str, context: &QuestionContext) -> Interpretation {
    if let Some(text) = explain::text(question) {
        return explain::interpretation(&text, context);
    }
    let mut words = words(question);
    let is_never_before = idiom::take_never_before(&mut words);
    let zoned = zone::taken(&mut words, context);
    let context = zoned.as_ref().unwrap_or(context);
    let claims = vec![None; words.len()];
    let mut reading = Reading {
        words,
        claims,
        context,
    };
    let mut numbers = number::read(&mut reading);
    let other_codes = negation::statuses(&mut reading);
    let mut entities = entity::read(&mut reading);
    entities.status_codes.append(&mut numbers.status_codes);
    let about = deploy::of_named(&reading.words, context);
    let times = time::find(&reading.words, about.as_ref().unwrap_or(context))
        .into_iter()
        .filter(|found| {
            reading.claims[found.from..found.until]
                .iter()
                .all(Option::is_none)
        })
        .collect::<Vec<_>>();
    let times = number::lengths(&mut reading, times, &mut numbers);
    for found in &times {
        reading.claim(found.from..found.until, Claim::Time);
    }
    if !times.is_empty() {
        idiom::claim_outage(&mut reading);
    }
    let future = zone::future(&mut reading);
    let shift = range::shifted(&mut reading);
    let negated = negation::read(&mut reading);
    entities.status_codes.extend(other_codes);
    let mut group_by = group::read(&mut reading);
    let (services, unknown_services) = service::read(&mut reading);
    idiom::claim_writing(&mut reading);
    let limit = intent::read_limit(&mut reading);
    let measure = measure::read(&mut reading, &mut group_by);
    let (mut intent, mut group_by, mut measure) = intent::read(&mut reading, group_by, measure);
    if is_never_before {
        (intent, group_by, measure) = (Intent::Compare, None, None);
    }
    let is_worst = ["worst", "unhealthiest"]
        .iter()
        .any(|word| reading.words.iter().any(|it| it.lower == *word));
    let mut severities = severity::read(&mut reading, &negated.severities);
    if is_worst && severities.is_empty() && group_by == Some(GroupBy::Service) {
        // The worst service is the one with the most errors.
        severities = vec![Severity::Error, Severity::Fatal];
    }
    let mut ranges = range::choose(intent, &times, context);
    if is_never_before {
        ranges.reference = Some(TimeRange::last(ranges.main.start_ns, range::EXTREME_NS));
    }
    if let (Intent::Count, Some(GroupBy::Time(unit)), None) = (intent, &group_by, &measure)
        && times.is_empty()
        && *unit != TimeUnit::Fitting
        && ranges.main.duration_ns() / unit.nanos() > MOST_STRETCHES
    {
        // "how many requests per minute does it get?" wants no table of a day's minutes.
        (intent, measure) = (Intent::Rate, Some(Measure::Rate(*unit)));
        group_by = None;
    }
    let mut group_by = group_by.map(|group| group.resolved(ranges.main));
    if let (Intent::Compare, Some(shift)) = (intent, shift) {
        ranges.reference = Some(shift.of(ranges.main));
    } else if intent == Intent::Compare
        && services.len() > 1
        && times.len() < 2
        && group_by.is_none()
    {
        // "compare checkout and payments": two services over one range.
        group_by = Some(GroupBy::Service);
        ranges.reference = times.first().and_then(|found| found.before);
    }
    let mut not_understood = unknown_services.clone();
    not_understood.extend(future.iter().flatten().cloned());
    if group_by.is_none() {
        // "were there hours with more than 30 errors?"
        let lost = numbers.having.take().map(|having| having.value.to_string());
        not_understood.extend(lost);
    }
    numbers
        .conditions
        .extend(number::thing::named(&mut reading));
    not_understood.extend(range::leftovers(&mut reading));
    let mut retrieval_text = topic(&reading);
    if numbers
        .conditions
        .iter()
        .any(|it| it.quantity == Quantity::Duration)
    {
        retrieval_text = idiom::without_slow(&retrieval_text);
    }
    if severities.is_empty()
        && entities.status_codes.is_empty()
        && !reading
            .words
            .iter()
            .any(|word| idiom::is_negation(&word.lower))
        && let Some(rest) = idiom::of_failed_requests(&retrieval_text)
    {
        severities = vec![Severity::Error, Severity::Fatal];
        retrieval_text = rest;
    }

    let mut interpretation = Interpretation {
        intent,
        range: ranges.main,
        range_is_default: times.is_empty(),
        widened_from: None,
        compare_with: ranges.reference,
        services,
        excluded_services: negated.services,
        severities,
        terms: entities.terms.into_iter().chain(negated.terms).collect(),
        attributes: entities.attributes,
        status_codes: entities.status_codes,
        numbers: numbers.conditions,
        trace_id: entities.trace_id,
        measure,
        having: numbers.having,
        group_by,
        limit,
        retrieval_text,
        named: named(&reading),
        chips: Vec::new(),
        not_understood,
        unknown_services,
        is_future: future.is_some(),
        offset_seconds: context.now().offset().seconds(),
        explained: None,
    };
    interpretation.chips = chip::all(&interpretation, &reading);
    interpretation
}

impl Interpretation {
    /// The same with chips made anew out of what it says, after it was changed by hand or taken over from another one.
    #[must_use]
    pub fn described(mut self, zone: &jiff::tz::TimeZone) -> Self {
        let context = QuestionContext::at(self.range.end_ns, zone.clone());
        let reading = Reading {
            words: Vec::new(),
            claims: Vec::new(),
            context: &context,
        };
        self.chips = chip::all(&self, &reading);
        self
    }
}

/// A table of more stretches of time tells less than their average.
const MOST_STRETCHES: i64 = 48;

/// The words that are looked for by meaning.
fn topic(reading: &Reading<'_>) -> String {
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
fn named(reading: &Reading<'_>) -> Vec<String> {
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
