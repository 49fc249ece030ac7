//! Answering questions: understand, retrieve, count, and only then let a model phrase.

mod facts;
mod group;
mod retrieve;
mod scope;
#[cfg(test)]
mod tests;
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

pub use inference::Answer;

/// Events that wait for a slow reader.
const EVENTS: usize = 16;
/// How long one question may take, the model included.
const BUDGET: Duration = Duration::from_secs(90);

/// A question.
#[derive(Debug, Clone)]
pub struct AskRequest {
    /// In plain words.
    pub question: String,
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
    /// `find`, `count`, `first`, `last`, `top`, `compare`, `why`.
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
                Ok(Ok(())) => AskEvent::Done {
                    elapsed: started.elapsed(),
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

async fn answer(
    inner: &Arc<Inner>,
    project_id: ProjectId,
    request: AskRequest,
    zone: jiff::tz::TimeZone,
    sender: &mpsc::Sender<AskEvent>,
    cancel: CancellationToken,
) -> Result<(), Error> {
    let worker = Arc::clone(inner);
    let question = request.question.clone();
    let asked_in = zone.clone();
    let understood = blocking(move || worker.understand(project_id, &question, asked_in)).await?;
    let interpretation = shown(&understood, &request.question);
    let first = AskEvent::Interpretation(Box::new(interpretation.clone()));
    send(sender, first).await?;
    let worker = Arc::clone(inner);
    let question = request.question.clone();
    let found =
        blocking(move || worker.answer_facts(project_id, &understood, &question, &zone)).await?;
    // What was shown as understood may not be what was done.
    let mut done = shown(&found.understood, &request.question);
    if found.is_words_only {
        let (label, value) = facts::INDEX_CHIP;
        done.chips.push((label.into(), value.into()));
    }
    if done != interpretation {
        send(sender, AskEvent::Interpretation(Box::new(done))).await?;
    }
    let evidence = found.facts.evidence.clone();
    let samples = found.samples;
    send(sender, AskEvent::Evidence { evidence, samples }).await?;
    let draft = inference::draft_answer(&found.facts);
    send(sender, AskEvent::Answer(Box::new(draft.clone()))).await?;
    let generator = inner.narrator.generator().filter(|_| request.is_narrated);
    let Some(generator) = generator.filter(|_| draft.is_found) else {
        return Ok(());
    };
    let phrased = phrase(generator.as_ref(), &found.facts, draft, sender, cancel).await?;
    send(sender, AskEvent::Answer(Box::new(phrased))).await
}

/// Lets the model add its sentences; what it writes is passed on while it comes.
async fn phrase(
    generator: &dyn Generator,
    facts: &AnswerFacts,
    draft: Answer,
    sender: &mpsc::Sender<AskEvent>,
    cancel: CancellationToken,
) -> Result<Answer, Error> {
    let (pieces, mut written) = mpsc::unbounded_channel();
    let mut budget = PhraseBudget::new(uuid::Uuid::new_v4().as_u64_pair().0);
    budget.pieces = Some(pieces);
    let mut story = StoryPieces::default();
    let phrasing = inference::phrase_answer(generator, facts, draft, &budget, cancel);
    tokio::pin!(phrasing);
    loop {
        tokio::select! {
            biased;
            Some(piece) = written.recv() => {
                let text = story.read(&piece);
                if !text.is_empty() {
                    send(sender, AskEvent::Delta(text)).await?;
                }
            }
            phrased = &mut phrasing => return Ok(phrased),
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
        ChipKind::Trace => "trace",
        ChipKind::GroupBy => "grouped by",
        ChipKind::Limit => "limit",
        ChipKind::Topic => "about",
    }
}
