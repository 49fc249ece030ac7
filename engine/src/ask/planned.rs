//! A question that the grammar does not know, planned by a model into the same typed plan as any other.
//!
//! A model is asked only where nothing else is known: no word says what to do, nothing exact is named, and words are left
//! that no pattern of the project says. What was understood without it stays; it only fills in what nobody said, out of
//! what exists, and the result goes through the same checks as a plan that a person sends. Anything else, and the
//! question is answered as if there were no model.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use domain::ProjectId;
use inference::{CancellationToken, Generator, Origin, PlanBudget, PlanForm, PlannedForm};
use query::{ChipKind, Intent, Interpretation, QuestionContext};

use super::AskPlan;
use super::words::{alike, stem};
use crate::{Error, Inner};

/// How long a question waits for its plan, the queue of the model included.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long a model in this process may take to get ready for plans.
const WARMING: Duration = Duration::from_secs(90);
/// Whether it is doing so: once at a time, for it takes the whole machine.
static IS_WARMING: AtomicBool = AtomicBool::new(false);
/// When one was warmed last, unix seconds.
static WARMED_AT_S: AtomicI64 = AtomicI64::new(0);
/// How long it is left alone then, seconds.
const WARM_PAUSE_S: i64 = 600;
/// A shorter question is a search.
const LEAST_WORDS: usize = 5;
/// Words of the topic from which on it may be more than a topic.
const LEAST_TOPIC: usize = 2;
/// Words that nobody can explain may be left out of a plan, but no more than this.
const MOST_DROPPED: usize = 4;
/// Services that a model is told of; of a project with more none, for it could not choose.
const MOST_SERVICES: usize = 40;
/// Attributes that a model is told of.
const MOST_ATTRIBUTES: usize = 24;
/// Longest name that a model is told of, characters.
const NAME_CHARS: usize = 48;
/// What records can be counted by everywhere, in the words of a plan.
const GROUPS: [&str; 14] = [
    "service", "severity", "pattern", "minute", "hour", "day", "address", "host", "user", "path",
    "url", "status", "port", "id",
];

/// A question that a model may plan, and what it may choose from.
pub(super) struct Outside {
    form: PlanForm,
    context: QuestionContext,
    /// The words of the topic that patterns say.
    known: HashSet<String>,
}

impl Inner {
    /// What a model may plan of a question; `None` when the grammar understood it. Blocks.
    pub(super) fn outside(
        &self,
        project_id: ProjectId,
        question: &str,
        understood: &Interpretation,
        context: QuestionContext,
    ) -> Result<Option<Outside>, Error> {
        if !is_unsigned(question, understood) {
            return Ok(None);
        }
        let said = self.said(project_id)?;
        let words: Vec<String> = topic(understood).map(str::to_owned).collect();
        let is_known = |word: &&String| {
            let stem = stem(&word.to_lowercase());
            said.contains(&stem)
                || alike(&stem).any(|other| said.contains(&self::stem(other)))
                || understood.named.contains(&word.to_lowercase())
        };
        let known: HashSet<String> = words.iter().filter(is_known).cloned().collect();
        if known.len() == words.len() {
            return Ok(None);
        }
        let form = form(question, words, understood, &context);
        Ok(Some(Outside {
            form,
            context,
            known,
        }))
    }

    /// The stems of everything that the patterns of a project say. Blocks.
    fn said(&self, project_id: ProjectId) -> Result<HashSet<String>, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut said = HashSet::new();
        for template in dictionary.iter() {
            let readable = patterns::readable(&template.text);
            said.extend(readable.split(' ').map(|word| stem(&word.to_lowercase())));
        }
        Ok(said)
    }
}

impl Outside {
    async fn filled_in(
        &self,
        generator: &dyn Generator,
        origin: Origin,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> inference::Result<PlannedForm> {
        let budget = PlanBudget {
            timeout,
            nonce: uuid::Uuid::new_v4().as_u64_pair().0,
            origin,
        };
        inference::plan_question(generator, &self.form, &budget, cancel).await
    }

    /// Fills in the form once more without hurry, for nobody: a model in this process that was too slow has then read its
    /// weights and the fixed part of the prompt, and keeps both for the next question.
    ///
    /// Only for a generator that is this model alone, and for the project whose question it is: its rules of scrubbing
    /// and its budget hold whoever answers.
    pub(super) async fn warm(
        self,
        generator: Arc<dyn Generator>,
        origin: Origin,
        cancel: CancellationToken,
    ) {
        let Some(warming) = Warming::begin() else {
            return;
        };
        let filled_in = self.filled_in(generator.as_ref(), origin, WARMING, cancel);
        if let Err(error) = filled_in.await {
            tracing::debug!(model = generator.name(), %error, "a planner is not warm yet");
        }
        drop(warming);
    }
}

/// That one warms, until it is dropped.
struct Warming;

impl Warming {
    /// `None` while another one does, and soon after it did: a machine that is too slow does not get faster by it.
    fn begin() -> Option<Self> {
        let now_s = domain::Clock::now_ns(&domain::SystemClock) / domain::NANOS_PER_SECOND;
        let last_s = WARMED_AT_S.load(Ordering::Acquire);
        if now_s.saturating_sub(last_s) < WARM_PAUSE_S || IS_WARMING.swap(true, Ordering::AcqRel) {
            return None;
        }
        Some(Self)
    }
}

impl Drop for Warming {
    fn drop(&mut self) {
        let now_s = domain::Clock::now_ns(&domain::SystemClock) / domain::NANOS_PER_SECOND;
        WARMED_AT_S.store(now_s, Ordering::Release);
        IS_WARMING.store(false, Ordering::Release);
    }
}

/// What came of asking a model for a plan.
pub(super) enum Outcome {
    /// The interpretation, and who planned it.
    Planned(Box<Interpretation>, String),
    /// The question is answered as it was understood.
    Unplanned,
    /// The same, because the model had no time.
    TooSlow,
}

/// Lets a model plan a question.
pub(super) async fn plan(
    outside: &Outside,
    understood: &Interpretation,
    generator: &dyn Generator,
    origin: Origin,
    cancel: CancellationToken,
) -> Outcome {
    let planned = outside.filled_in(generator, origin, PATIENCE, cancel).await;
    let planned = match planned {
        Ok(planned) => planned,
        Err(error) => {
            tracing::info!(model = generator.name(), %error, "a question was not planned");
            count("failed");
            return match error {
                inference::Error::Timeout { .. } => Outcome::TooSlow,
                _ => Outcome::Unplanned,
            };
        }
    };
    match merged(outside, understood, &planned) {
        Ok(Some(interpretation)) => {
            count("planned");
            Outcome::Planned(Box::new(interpretation), planned.model)
        }
        Ok(None) => {
            count("same");
            Outcome::Unplanned
        }
        Err(error) => {
            tracing::info!(model = planned.model, %error, "the plan of a model was refused");
            count("refused");
            Outcome::Unplanned
        }
    }
}

/// `vigil_engine_plans_total{outcome}`: questions that a model was asked to plan: `planned`, `same` (it saw nothing but a
/// search), `refused` (its plan makes no sense), `failed` (it wrote none).
fn count(outcome: &'static str) {
    metrics::counter!("vigil_engine_plans_total", "outcome" => outcome).increment(1);
}

/// Whether no word of a question says what to do, nothing exact is in it, and it is more than a few words to search for.
fn is_unsigned(question: &str, it: &Interpretation) -> bool {
    let intent = it.chips.iter().find(|chip| chip.kind == ChipKind::Intent);
    it.intent == Intent::Find
        && intent.is_none_or(|chip| chip.words.is_empty())
        && it.is_by_meaning()
        && it.terms.is_empty()
        && it.measure.is_none()
        && it.group_by.is_none()
        && it.limit.is_none()
        && it.explained.is_none()
        && !it.is_future
        && it.unknown_services.is_empty()
        && question.split_whitespace().count() >= LEAST_WORDS
        && topic(it).count() >= LEAST_TOPIC
}

fn topic(it: &Interpretation) -> impl Iterator<Item = &str> {
    it.retrieval_text.split_whitespace()
}

fn form(
    question: &str,
    words: Vec<String>,
    understood: &Interpretation,
    context: &QuestionContext,
) -> PlanForm {
    let attributes: Vec<&String> = context
        .attributes
        .iter()
        .filter(|name| is_plain(name))
        .take(MOST_ATTRIBUTES)
        .collect();
    let own = attributes.iter().map(|name| format!("attribute {name}"));
    let services = &context.services;
    let is_open = understood.services.is_empty() && understood.excluded_services.is_empty();
    PlanForm {
        question: question.to_owned(),
        words,
        groups: GROUPS.map(str::to_owned).into_iter().chain(own).collect(),
        quantities: ["duration", "size"]
            .map(str::to_owned)
            .into_iter()
            .chain(attributes.iter().map(|name| (*name).clone()))
            .collect(),
        services: match is_open && services.len() <= MOST_SERVICES {
            true => services.iter().filter(|it| is_plain(it)).cloned().collect(),
            false => Vec::new(),
        },
        has_time_field: understood.range_is_default,
        has_level_field: understood.severities.is_empty(),
    }
}

/// A name of letters, digits and what binds them: it cannot be taken for words of ours, and a plan can hold it.
fn is_plain(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    !name.is_empty() && name.len() <= NAME_CHARS && name.chars().all(is_part)
}

/// What was understood, with what a model chose where nothing was said; `None` when that is what was understood anyway.
///
/// # Errors
/// Fails on choices that do not fit together and on a plan that leaves out what the question is about.
fn merged(
    outside: &Outside,
    understood: &Interpretation,
    planned: &PlannedForm,
) -> Result<Option<Interpretation>, Error> {
    let intent = Intent::parse(&planned.intent).ok_or_else(|| refused("its intent"))?;
    if intent == Intent::Find {
        return Ok(None);
    }
    check_together(intent, planned)?;
    check_about(outside, understood, intent, planned)?;
    let context = &outside.context;
    let mut plan = AskPlan::of(understood);
    plan.intent.clone_from(&planned.intent);
    plan.group_by = planned.by.clone().or(plan.group_by);
    if intent == Intent::Top && plan.group_by.is_none() {
        plan.group_by = Some("pattern".to_owned());
    }
    plan.measure.clone_from(&planned.compute);
    plan.topic.clone_from(&planned.about);
    let is_left = |value: &String| {
        plan.topic
            .to_lowercase()
            .split(' ')
            .any(|word| word == value)
    };
    plan.values.retain(is_left);
    plan.services.extend(planned.service.clone());
    plan.severities.extend(
        severities(planned.level.as_deref())
            .iter()
            .map(|level| (*level).to_owned()),
    );
    set_time(&mut plan, context, understood, intent, planned)?;
    Ok(Some(plan.interpretation(context)?))
}

/// The time that the model read, as our own parser reads its words; else the usual one of the intent, when none was said.
fn set_time(
    plan: &mut AskPlan,
    context: &QuestionContext,
    understood: &Interpretation,
    intent: Intent,
    planned: &PlannedForm,
) -> Result<(), Error> {
    if !understood.range_is_default {
        return Ok(());
    }
    let read = match &planned.when {
        Some(words) => {
            let read = query::understand(words, context);
            let is_time = !read.range_is_default
                && !read.is_future
                && read.retrieval_text.is_empty()
                && read.not_understood.is_empty()
                && read.services.is_empty();
            if !is_time {
                return Err(refused("its time"));
            }
            read
        }
        None => query::understand(usual(intent), context),
    };
    plan.is_default_time = planned.when.is_none();
    plan.from = Some(domain::format_timestamp(read.range.start_ns));
    plan.to = Some(domain::format_timestamp(read.range.end_ns));
    Ok(())
}

/// A question with this intent and nothing else, for its usual time.
fn usual(intent: Intent) -> &'static str {
    match intent {
        Intent::First => "first time",
        Intent::Last => "last time",
        Intent::Why => "why",
        _ => "",
    }
}

fn severities(level: Option<&str>) -> &'static [&'static str] {
    match level {
        Some("warn") => &["warn"],
        Some("error") => &["error", "fatal"],
        Some("fatal") => &["fatal"],
        _ => &[],
    }
}

/// Choices that belong together.
fn check_together(intent: Intent, planned: &PlannedForm) -> Result<(), Error> {
    let compute = planned.compute.as_deref();
    let is_rate = compute.is_some_and(|it| it == "share" || it.starts_with("per "));
    let fits = match intent {
        Intent::Measure => compute.is_some_and(|it| it != "distinct" && !is_rate),
        Intent::Rate => is_rate,
        Intent::Count => compute.is_none() || compute == Some("distinct") && planned.by.is_some(),
        _ => compute.is_none(),
    };
    if !fits {
        return Err(refused("what it computes"));
    }
    let may_group = matches!(
        intent,
        Intent::Count | Intent::Top | Intent::Compare | Intent::Rate | Intent::Measure
    );
    if planned.by.is_some() && !may_group {
        return Err(refused("what it counts by"));
    }
    Ok(())
}

/// A plan is about what the question is about: it keeps words that patterns say, and rests on something that does not come
/// from the model.
fn check_about(
    outside: &Outside,
    understood: &Interpretation,
    intent: Intent,
    planned: &PlannedForm,
) -> Result<(), Error> {
    let kept: HashSet<&str> = planned.about.split_whitespace().collect();
    let dropped = outside
        .form
        .words
        .iter()
        .filter(|word| !kept.contains(word.as_str()));
    if dropped.count() > MOST_DROPPED {
        return Err(refused("what it leaves out"));
    }
    let keeps_known = outside
        .known
        .iter()
        .any(|word| kept.contains(word.as_str()));
    let is_named = !understood.services.is_empty() || !understood.severities.is_empty();
    let is_general = intent == Intent::Summary && !understood.range_is_default;
    let is_anchored = keeps_known || outside.known.is_empty() && (is_named || is_general);
    if !is_anchored {
        return Err(refused("what it is about"));
    }
    Ok(())
}

fn refused(what: &str) -> Error {
    Error::BadRequest(format!("the plan is refused for {what}"))
}

#[cfg(test)]
mod tests;
