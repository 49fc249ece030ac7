//! Answering questions: understand, retrieve, count, and only then let a model phrase.

mod about;
mod asking;
mod beside;
mod conversation;
mod deploys;
mod entities;
mod explained;
mod facts;
mod figures;
mod group;
mod happenings;
mod known;
mod naming;
mod near;
mod numbers;
mod outcome;
mod owners;
mod plan;
mod planned;
mod retrieve;
mod scope;
mod severities;
mod spelling;
mod stop;
mod subject;
#[cfg(test)]
mod tests;
mod thin;
mod topic;
mod trouble;
mod values;
mod walk;
mod why;
mod widen;
mod words;

use std::time::{Duration, Instant};

use domain::{Evidence, LogRecord, ProjectId, Severity, TimeRange};
use query::ChipKind;
use tokio::sync::mpsc;

use crate::{Engine, Error};

use asking::Asking;

pub use about::{ABOUT_LIMIT, PatternHit};
pub use conversation::ConversationKey;
pub(crate) use conversation::Conversations;
pub use inference::{Answer, AnswerResult};
pub use plan::AskPlan;

/// Events that wait for a slow reader.
const EVENTS: usize = 16;
/// How long one question may take, the model included.
const BUDGET: Duration = Duration::from_secs(90);

/// A question.
#[derive(Debug, Clone, Default)]
pub struct AskRequest {
    /// In plain words. May be empty when there is a plan.
    pub question: String,
    /// What to do instead of what the words say: an interpretation that came with another answer, changed or not.
    pub plan: Option<AskPlan>,
    /// The conversation that it belongs to: it may lean on the question before.
    pub conversation: Option<ConversationKey>,
    /// IANA name of the asker's time zone; UTC otherwise.
    pub time_zone: Option<String>,
    /// Whether a model may plan a question that the grammar does not know, and add its sentences.
    pub is_narrated: bool,
    /// Who asks, for the audit of what models outside of the house are asked: `user anna`.
    pub requested_by: Option<String>,
}

/// How a question was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpretation {
    /// The question as asked.
    pub question: String,
    /// The word of what is done: `find`, `count`, `rate`, `measure`, `trend`, `first occurrence`, `last occurrence`,
    /// `most frequent`, `compare`, `why`, `explain`, `list services`, `summary`.
    pub intent: String,
    /// The time it is about.
    pub range: TimeRange,
    /// The other time of a comparison.
    pub compared_with: Option<TimeRange>,
    /// Services it names.
    pub services: Vec<String>,
    /// Severities it names.
    pub severities: Vec<Severity>,
    /// Texts that records must hold.
    pub terms: Vec<String>,
    /// What was understood, for people: (label, value).
    pub chips: Vec<(String, String)>,
    /// Words that changed nothing.
    pub ignored_words: Vec<String>,
    /// All of it in a shape that can be changed and asked again.
    pub plan: AskPlan,
}

/// How long the stages of an answer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AskStages {
    /// Understanding the question.
    pub interpretation: Duration,
    /// A model's plan of it and the check of that; `None` when none was asked.
    pub planning: Option<Duration>,
    /// Finding the patterns that it is about.
    pub retrieval: Duration,
    /// Counting, sampling, comparing, and writing the computed sentences.
    pub facts: Duration,
    /// From the question until the model's first words; `None` when it wrote none.
    pub first_token: Option<Duration>,
    /// The model's work and the check of what it wrote; `None` when no model was asked.
    pub narrative: Option<Duration>,
}

/// A step of an answer, in this order.
#[derive(Debug)]
pub enum AskEvent {
    /// How the question was understood; once more when a model planned it, and when it was answered otherwise: for a
    /// wider range, or while the semantic index does not answer.
    Interpretation(Box<Interpretation>),
    /// The grammar does not know the question: a model, by name, is asked for a plan. When it has a good one, the
    /// interpretation comes again.
    Planning(String),
    /// What was found.
    Evidence {
        /// Patterns, changes and facts with their numbers.
        evidence: Vec<Evidence>,
        /// Sample records.
        samples: Vec<LogRecord>,
    },
    /// The answer: first the computed one, then, when a model added to it, the whole again.
    Answer(Box<Answer>),
    /// A piece of the model's sentences while they are written. Not verified: show it as provisional, until the
    /// second answer takes its place.
    Delta(String),
    /// The end.
    Done {
        /// From the question on.
        elapsed: Duration,
        /// Of that, what each stage took.
        stages: AskStages,
    },
    /// The end, without an answer.
    Failed(Error),
}

impl Engine {
    /// Answers a question. The events come through the receiver; dropping it stops the work.
    ///
    /// # Errors
    /// Fails on an unknown time zone.
    pub fn ask(
        &self,
        project_id: ProjectId,
        request: AskRequest,
    ) -> Result<mpsc::Receiver<AskEvent>, Error> {
        let zone = match request.time_zone.as_deref() {
            None | Some("") => jiff::tz::TimeZone::UTC,
            Some(name) => jiff::tz::TimeZone::get(name).map_err(|_| {
                let name: String = name.chars().take(64).collect();
                Error::BadRequest(format!("time_zone '{name}' is not an IANA time zone"))
            })?,
        };
        let (sender, receiver) = mpsc::channel(EVENTS);
        let inner = self.inner();
        self.inner_ref().tasks.spawn("ask", async move {
            let started = Instant::now();
            let cancel = inner.tasks_stop.child_token();
            // However this ends: what still works on it in another thread notices.
            let _guard = cancel.clone().drop_guard();
            let asking = Asking {
                inner: &inner,
                project_id,
                request: &request,
                zone,
                sender: &sender,
                cancel: cancel.clone(),
            };
            let answered = tokio::select! {
                () = sender.closed() => {
                    metrics::counter!("vigil_engine_asks_left_total").increment(1);
                    return;
                }
                outcome = tokio::time::timeout(BUDGET, asking.answer()) => outcome,
            };
            cancel.cancel();
            let last = match answered {
                Ok(Ok(stages)) => AskEvent::Done {
                    elapsed: started.elapsed(),
                    stages,
                },
                Ok(Err(error)) => AskEvent::Failed(error),
                Err(_) => AskEvent::Failed(Error::Timeout(format!(
                    "the question took longer than {} s",
                    BUDGET.as_secs()
                ))),
            };
            metrics::histogram!("vigil_engine_ask_seconds").record(started.elapsed().as_secs_f64());
            sender.send(last).await.ok();
        });
        Ok(receiver)
    }
}

/// What was understood, for people; with `planned_by` the model that planned it.
fn shown(
    understood: &query::Interpretation,
    question: &str,
    planned_by: Option<&str>,
) -> Interpretation {
    let planned_by = planned_by.map(|model| ("planned by".to_owned(), model.to_owned()));
    Interpretation {
        question: question.to_owned(),
        intent: understood.intent.as_str().to_owned(),
        range: understood.range,
        compared_with: understood.compare_with,
        services: understood.services.clone(),
        severities: understood.severities.clone(),
        terms: understood
            .terms
            .iter()
            .map(|term| term.term.clone())
            .collect(),
        chips: understood
            .chips
            .iter()
            .map(|chip| (chip_label(chip.kind).to_owned(), chip.label.clone()))
            .chain(planned_by)
            .collect(),
        ignored_words: understood.not_understood.clone(),
        plan: AskPlan::of(understood),
    }
}

/// What a chip is about, in a word.
fn chip_label(kind: ChipKind) -> &'static str {
    match kind {
        ChipKind::Intent => "intent",
        ChipKind::Time => "time",
        ChipKind::ComparedWith => "compared with",
        ChipKind::Service => "service",
        ChipKind::ExcludedService => "not service",
        ChipKind::Severity => "severity",
        ChipKind::Text => "text",
        ChipKind::ExcludedText => "not text",
        ChipKind::Attribute => "attribute",
        ChipKind::Status => "status",
        ChipKind::Number => "number",
        ChipKind::Measure => "computed",
        ChipKind::Trace => "trace",
        ChipKind::GroupBy => "grouped by",
        ChipKind::Limit => "limit",
        ChipKind::Topic => "about",
        ChipKind::Spelling => inference::SPELLING_CHIP,
    }
}
