//! Answering questions: understand, retrieve, count, and only then let a model phrase.

mod about;
mod conversation;
mod entities;
mod explained;
mod facts;
mod figures;
mod group;
mod happenings;
mod numbers;
mod plan;
mod retrieve;
mod scope;
#[cfg(test)]
mod tests;
mod thin;
mod topic;
mod values;
mod walk;
mod why;
mod widen;
mod words;

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Evidence, LogRecord, ProjectId, Severity, TimeRange};
use inference::{AnswerFacts, Generator, PhraseBudget, StoryPieces};
use query::ChipKind;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

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
    /// Whether the model may add its sentences.
    pub is_narrated: bool,
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
    /// How the question was understood; once more when it was answered otherwise: for a wider range, or while the
    /// semantic index does not answer.
    Interpretation(Box<Interpretation>),
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
            let answered = tokio::select! {
                () = sender.closed() => {
                    cancel.cancel();
                    return;
                }
                outcome = tokio::time::timeout(
                    BUDGET,
                    answer(&inner, project_id, request, zone, &sender, cancel.clone()),
                ) => outcome,
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

impl Inner {
    /// What a question means: by its plan, by its words, or by its words after the question before. Blocks.
    fn read(
        &self,
        project_id: ProjectId,
        request: &AskRequest,
        zone: jiff::tz::TimeZone,
    ) -> Result<query::Interpretation, Error> {
        let mut context = self.question_context(project_id)?;
        context.time_zone = zone;
        let key = request.conversation.clone();
        if let Some(plan) = &request.plan {
            let understood = plan.interpretation(&context)?;
            if let Some(key) = key {
                self.conversations
                    .remember(project_id, key, understood.clone());
            }
            return Ok(understood);
        }
        context.attributes = self.attribute_names(project_id, &context.services)?;
        context.happenings = self.happenings(
            project_id,
            &request.question,
            &context.services,
            context.now_ns,
        )?;
        let before = key
            .as_ref()
            .and_then(|key| self.conversations.last(project_id, key));
        let understood = before
            .and_then(|before| query::follow_up(&request.question, &before, &context))
            .unwrap_or_else(|| query::understand(&request.question, &context));
        if let Some(key) = key {
            self.conversations
                .remember(project_id, key, understood.clone());
        }
        self.with_attribute_values(project_id, understood, &context.attributes)
    }
}

async fn answer(
    inner: &Arc<Inner>,
    project_id: ProjectId,
    request: AskRequest,
    zone: jiff::tz::TimeZone,
    sender: &mpsc::Sender<AskEvent>,
    cancel: CancellationToken,
) -> Result<AskStages, Error> {
    let started = Instant::now();
    let mut stages = AskStages::default();
    let worker = Arc::clone(inner);
    let asked = request.clone();
    let asked_in = zone.clone();
    let understood = blocking(move || worker.read(project_id, &asked, asked_in)).await?;
    stages.interpretation = started.elapsed();
    let interpretation = shown(&understood, &request.question);
    let first = AskEvent::Interpretation(Box::new(interpretation.clone()));
    send(sender, first).await?;
    let worker = Arc::clone(inner);
    let question = request.question.clone();
    let found =
        blocking(move || worker.answer_facts(project_id, &understood, &question, &zone)).await?;
    stages.retrieval = found.retrieval;
    // What was shown as understood may not be what was done.
    let mut done = shown(&found.understood, &request.question);
    if found.is_words_only {
        let (label, value) = facts::INDEX_CHIP;
        done.chips.push((label.into(), value.into()));
    }
    if done != interpretation {
        send(sender, AskEvent::Interpretation(Box::new(done))).await?;
    }
    let evidence = found.facts.shown_evidence();
    let samples = found.samples;
    send(sender, AskEvent::Evidence { evidence, samples }).await?;
    let draft = inference::draft_answer(&found.facts);
    stages.facts = started
        .elapsed()
        .saturating_sub(stages.interpretation + stages.retrieval);
    send(sender, AskEvent::Answer(Box::new(draft.clone()))).await?;
    let generator = match request.is_narrated && draft.is_found {
        true => inner.generator_of(project_id).await,
        false => None,
    };
    let Some(generator) = generator else {
        return Ok(stages);
    };
    let asked = started.elapsed();
    let generator = (project_id, generator.as_ref());
    let (phrased, first) = phrase(generator, &found.facts, draft, sender, cancel).await?;
    stages.first_token = first.map(|at| at.saturating_duration_since(started));
    stages.narrative = Some(started.elapsed().saturating_sub(asked));
    send(sender, AskEvent::Answer(Box::new(phrased))).await?;
    Ok(stages)
}

/// Lets the model add its sentences; what it writes is passed on while it comes. Also when its first words came.
async fn phrase(
    (project_id, generator): (ProjectId, &dyn Generator),
    facts: &AnswerFacts,
    draft: Answer,
    sender: &mpsc::Sender<AskEvent>,
    cancel: CancellationToken,
) -> Result<(Answer, Option<Instant>), Error> {
    let mut first = None;
    let (pieces, mut written) = mpsc::unbounded_channel();
    let mut budget = PhraseBudget::new(uuid::Uuid::new_v4().as_u64_pair().0);
    budget.pieces = Some(pieces);
    budget.origin.project_id = Some(project_id);
    let mut story = StoryPieces::default();
    let phrasing = inference::phrase_answer(generator, facts, draft, &budget, cancel);
    tokio::pin!(phrasing);
    loop {
        tokio::select! {
            biased;
            Some(piece) = written.recv() => {
                let text = story.read(&piece);
                if !text.is_empty() {
                    first.get_or_insert_with(Instant::now);
                    send(sender, AskEvent::Delta(text)).await?;
                }
            }
            phrased = &mut phrasing => return Ok((phrased, first)),
        }
    }
}

async fn send(sender: &mpsc::Sender<AskEvent>, event: AskEvent) -> Result<(), Error> {
    sender
        .send(event)
        .await
        .map_err(|_| Error::Unavailable("the asker has left".into()))
}

fn shown(understood: &query::Interpretation, question: &str) -> Interpretation {
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
    }
}
