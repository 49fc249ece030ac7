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
mod interpretation;
mod measure;
mod negation;
mod number;
mod range;
mod reading;
pub(crate) mod service;
mod severity;
mod topic;
mod trouble;
pub(crate) mod vocabulary;
mod zone;

use domain::{Severity, TimeRange};

pub use chip::{Chip, ChipKind};
pub use deploy::{is_deploy_word, is_version};
pub use entity::StatusCode;
pub use field::Field;
pub use follow::follow_up;
pub use group::{GroupBy, TimeUnit};
pub use intent::Intent;
pub use interpretation::Interpretation;
pub use measure::Measure;
pub use number::{NumberCondition, NumberOp, Quantity};

use self::intent::Asked;
use self::range::{Ranges, Shift};
use self::reading::{Claim, Reading};
use crate::context::QuestionContext;
use crate::time;
use crate::words::words;

/// A table of more stretches of time tells less than their average.
const MOST_STRETCHES: i64 = 48;

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
    idiom::complete_dates(&mut words, context.now().date());
    let mut reading = Reading::new(words, context);
    idiom::claim_once(&mut reading);
    let mut numbers = number::read(&mut reading);
    let other_codes = negation::statuses(&mut reading);
    let mut entities = entity::read(&mut reading);
    entities.status_codes.append(&mut numbers.status_codes);
    let times = times(&mut reading, &mut numbers);
    let future = zone::future(&mut reading);
    let shift = range::shifted(&mut reading);
    let negated = negation::read(&mut reading);
    entities.status_codes.extend(other_codes);
    let mut group_by = group::read(&mut reading);
    let (services, unknown_services) = service::read(&mut reading);
    idiom::claim_writing(&mut reading);
    let on_call = idiom::claim_on_call(&mut reading);
    let trouble = trouble::read(&mut reading);
    let limit = intent::read_limit(&mut reading);
    let measure = measure::read(&mut reading, &mut group_by);
    let mut asked = intent::read(&mut reading, group_by, measure);
    if is_never_before {
        asked = Asked::new(Intent::Compare);
    }
    if let Some(trouble) = trouble {
        trouble.settle(&mut asked);
    }
    let mut severities = severities(&mut reading, &negated.severities, &asked);
    if severities.is_empty() {
        severities.extend(trouble.into_iter().flat_map(trouble::Trouble::severities));
    }
    if asked.intent == Intent::Compare
        && times.len() < 2
        && asked.group_by.is_none()
        && severity::are_compared(&reading)
    {
        // "warnings vs errors": one beside the other, not beside another time.
        (asked.intent, asked.group_by) = (Intent::Top, Some(GroupBy::Severity));
    }
    let mut ranges = range::choose(asked.intent, &times, &reading);
    let onset = trouble.and_then(|trouble| trouble.range(asked.intent, &services, context));
    let is_of_trouble = trouble.is_some_and(trouble::Trouble::is_own);
    // Where nothing is wrong now, what was wrong long ago is no answer.
    let is_default_time =
        times.is_empty() && onset.is_none() && (!is_of_trouble || context.default_range.is_some());
    if let Some(onset) = onset.filter(|_| times.is_empty()) {
        ranges.main = onset;
    }
    if is_never_before {
        ranges.reference = Some(TimeRange::last(ranges.main.start_ns, range::EXTREME_NS));
    }
    settle_groups(&mut asked, ranges.main, times.is_empty());
    settle_comparison(&mut asked, &mut ranges, shift, &services, &times);
    let mut not_understood = unknown_services.clone();
    not_understood.extend(on_call);
    not_understood.extend(future.iter().flatten().cloned());
    numbers
        .conditions
        .extend(number::thing::named(&mut reading));
    let mut loose = number::thing::loose(&mut reading);
    not_understood.extend(leftovers(&mut reading, &asked, &mut numbers));
    let is_plain = severities.is_empty() && entities.status_codes.is_empty();
    let mut named = topic::named(&reading);
    named.append(&mut entities.whole);
    let mut retrieval_text = topic_beside(&reading, &numbers.conditions);
    if retrieval_text.is_empty() {
        not_understood.append(&mut loose);
    }
    for number in loose {
        retrieval_text = format!("{retrieval_text} {number}");
        named.push(number);
    }
    if is_plain && let Some(rest) = of_failed_requests(&reading, &retrieval_text) {
        severities = vec![Severity::Error, Severity::Fatal];
        retrieval_text = rest;
    }

    let mut interpretation = Interpretation {
        intent: asked.intent,
        range: ranges.main,
        range_is_default: is_default_time,
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
        measure: asked.measure,
        among: Vec::new(),
        having: numbers.having,
        group_by: asked.group_by,
        limit,
        retrieval_text,
        named,
        chips: Vec::new(),
        not_understood,
        unknown_services,
        is_future: future.is_some(),
        is_of_trouble,
        offset_seconds: context.now().offset().seconds(),
        explained: None,
    };
    interpretation.chips = chip::all(&interpretation, &reading);
    interpretation
}

/// Claims the times that are said.
fn times(reading: &mut Reading<'_>, numbers: &mut number::Numbers) -> Vec<time::Found> {
    let about = deploy::of_named(&reading.words, reading.context);
    let times = time::find(&reading.words, about.as_ref().unwrap_or(reading.context))
        .into_iter()
        .filter(|found| {
            reading.claims[found.from..found.until]
                .iter()
                .all(Option::is_none)
        })
        .collect::<Vec<_>>();
    let times = number::lengths(reading, times, numbers);
    for found in &times {
        reading.claim(found.from..found.until, Claim::Time);
    }
    if !times.is_empty() {
        idiom::claim_outage(reading);
    }
    times
}

/// Claims the severities that are said.
fn severities(reading: &mut Reading<'_>, excluded: &[Severity], asked: &Asked) -> Vec<Severity> {
    let is_worst = ["worst", "unhealthiest"]
        .iter()
        .any(|word| reading.words.iter().any(|it| it.lower == *word));
    let severities = severity::read(reading, excluded);
    if is_worst && severities.is_empty() && asked.group_by == Some(GroupBy::Service) {
        // The worst service is the one with the most errors.
        return vec![Severity::Error, Severity::Fatal];
    }
    severities
}

/// Fits the stretches of time that are counted apart to the range.
fn settle_groups(asked: &mut Asked, range: TimeRange, is_range_default: bool) {
    if let (Intent::Count, Some(GroupBy::Time(unit)), None) =
        (asked.intent, &asked.group_by, &asked.measure)
        && is_range_default
        && *unit != TimeUnit::Fitting
        && range.duration_ns() / unit.nanos() > MOST_STRETCHES
    {
        // "how many requests per minute does it get?" wants no table of a day's minutes.
        (asked.intent, asked.measure) = (Intent::Rate, Some(Measure::Rate(*unit)));
        asked.group_by = None;
    }
    asked.group_by = asked.group_by.take().map(|group| group.resolved(range));
}

/// Chooses what a comparison is made with.
fn settle_comparison(
    asked: &mut Asked,
    ranges: &mut Ranges,
    shift: Option<Shift>,
    services: &[String],
    times: &[time::Found],
) {
    if let (Intent::Compare, Some(shift)) = (asked.intent, shift) {
        ranges.reference = Some(shift.of(ranges.main));
    } else if asked.intent == Intent::Compare
        && services.len() > 1
        && times.len() < 2
        && asked.group_by.is_none()
    {
        // "compare checkout and payments": two services over one range.
        asked.group_by = Some(GroupBy::Service);
        ranges.reference = times.first().and_then(|found| found.before);
    }
}

/// Reads what is left of numbers and times; gives what could not be resolved.
fn leftovers(
    reading: &mut Reading<'_>,
    asked: &Asked,
    numbers: &mut number::Numbers,
) -> Vec<String> {
    let mut lost = Vec::new();
    if asked.group_by.is_none() {
        // "were there hours with more than 30 errors?"
        lost.extend(numbers.having.take().map(|having| having.value.to_string()));
    }
    lost.extend(range::leftovers(reading));
    lost
}

/// The topic without what conditions on numbers say already.
fn topic_beside(reading: &Reading<'_>, conditions: &[NumberCondition]) -> String {
    let topic = topic::text(reading);
    if conditions
        .iter()
        .any(|it| it.quantity == Quantity::Duration)
    {
        return idiom::without_slow(&topic);
    }
    topic
}

/// The rest of a topic that says "failed requests", unless the question negates anything.
fn of_failed_requests(reading: &Reading<'_>, topic: &str) -> Option<String> {
    let is_negated = reading
        .words
        .iter()
        .any(|word| idiom::is_negation(&word.lower));
    if is_negated {
        return None;
    }
    idiom::of_failed_requests(topic)
}
