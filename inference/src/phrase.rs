//! Letting a model phrase what code has computed, and believing it only when it verifies.

mod instructions;

use std::time::{Duration, Instant};

use domain::{Confidence, Evidence, EvidenceKind, Sentence, Summary, SummaryAuthor};
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::cause::classify_suspected;
use crate::error::Error;
use crate::facts::{AnswerFacts, SummaryFacts};
use crate::generator::{GenerateRequest, Generator, Grammar, Origin};
use crate::grammar::{StoryShape, story_grammar, story_schema};
use crate::metrics;
use crate::prompt::{data, data_block, selection};
use crate::story::{Story, parse_story};
use crate::summary;
use crate::verify::{Grounds, Rejection, lexicon, recited, verify};

/// Sentences that a model may write for a summary.
const SUMMARY_SENTENCES: usize = 3;
/// Sentences that a model may write for an answer.
const ANSWER_SENTENCES: usize = 2;
/// "What happened" has at most five sentences, the model's included.
const MAX_HAPPENED: usize = 5;
/// Sentences of the draft that stay in front of everything else: the ones with the numbers.
const KEPT_OF_DRAFT: usize = 3;

/// Texts that are asked for: a refused one is asked for once more.
const ATTEMPTS: u32 = 2;

/// Limits of one phrasing.
#[derive(Debug, Clone)]
pub struct PhraseBudget {
    /// Tokens to write; a title and three sentences need about 120.
    pub max_tokens: u32,
    /// From the call to the verdict, waiting in the queue and a second attempt included.
    pub timeout: Duration,
    /// A number that log text cannot know: take a new random one for each call.
    pub nonce: u64,
    /// Receives what the model writes as it comes, before anybody has verified it; see
    /// [`crate::StoryPieces`].
    pub pieces: Option<tokio::sync::mpsc::UnboundedSender<String>>,
    /// On whose behalf.
    pub origin: Origin,
}

impl PhraseBudget {
    /// 180 tokens, 60 seconds.
    #[must_use]
    pub fn new(nonce: u64) -> Self {
        Self {
            max_tokens: 180,
            timeout: Duration::from_secs(60),
            nonce,
            pieces: None,
            origin: Origin::default(),
        }
    }
}

/// Lets `generator` write a headline and up to three cited sentences for the draft.
///
/// Never fails: a text that does not verify is asked for once more; when that does not verify either, or the generator
/// fails, the draft comes back with [`SummaryAuthor::RulesAfterRejection`] and the reason. Severity, counts, impact, timeline, suspects,
/// steps and evidence are always the draft's.
pub async fn phrase_summary(
    generator: &dyn Generator,
    facts: &SummaryFacts,
    draft: Summary,
    budget: &PhraseBudget,
    cancel: CancellationToken,
) -> Summary {
    let mut summary = draft;
    // Of a bare figure a model can only say that something was detected; the rules say which and how much.
    let has_words = summary
        .evidence
        .iter()
        .any(|item| !matches!(item.kind, EvidenceKind::Fact | EvidenceKind::Metric));
    if !has_words {
        return summary;
    }
    match write_summary(generator, facts, &summary, budget, cancel).await {
        Ok(Written { story, name }) => {
            apply(facts, &mut summary, story);
            summary.author = SummaryAuthor::Model { name };
        }
        Err(Refused::LeftOut) => {}
        Err(Refused::Because { name, reason }) => {
            summary.author = SummaryAuthor::RulesAfterRejection { name, reason };
        }
    }
    summary
}

/// Lets `generator` write up to two cited sentences that go with a computed answer.
///
/// Never fails, like [`phrase_summary`]; an answer that found nothing is not given to a model at all.
pub async fn phrase_answer(
    generator: &dyn Generator,
    facts: &AnswerFacts,
    draft: Answer,
    budget: &PhraseBudget,
    cancel: CancellationToken,
) -> Answer {
    let mut answer = draft;
    if !answer.is_found || counted(&answer).is_empty() {
        return answer;
    }
    match write_answer(generator, facts, &answer, budget, cancel).await {
        Ok(Written { story, name }) => {
            answer.narrative = story.sentences;
            answer.author = SummaryAuthor::Model { name };
        }
        Err(Refused::LeftOut) => {}
        Err(Refused::Because { name, reason }) => {
            answer.author = SummaryAuthor::RulesAfterRejection { name, reason };
        }
    }
    answer
}

/// What an answer rests on. What is only near to the question was not counted: a model is not told of it, and may not cite it.
fn counted(answer: &Answer) -> Vec<Evidence> {
    let is_counted = |item: &&Evidence| item.kind != EvidenceKind::Related;
    answer.evidence.iter().filter(is_counted).cloned().collect()
}

/// A story that verified, and who wrote it.
struct Written {
    story: Story,
    name: String,
}

/// Why there is nothing to show.
enum Refused {
    /// The model is not asked about this one.
    LeftOut,
    /// It failed, or its text was not believed.
    Because { name: String, reason: String },
}

async fn write_summary(
    generator: &dyn Generator,
    facts: &SummaryFacts,
    draft: &Summary,
    budget: &PhraseBudget,
    cancel: CancellationToken,
) -> Result<Written, Refused> {
    let given = given(facts);
    let chosen = selection(&draft.evidence);
    let numbers: Vec<u32> = chosen.iter().map(|item| item.number).collect();
    let sentences = room(draft).min(SUMMARY_SENTENCES);
    let prompt = format!(
        "{}\nTitle and {} in JSON.",
        data_block(&chosen, &given, budget.nonce),
        if sentences == 1 {
            "one sentence"
        } else {
            "two sentences"
        },
    );
    let services: Vec<String> = facts.services.iter().map(|s| s.service.clone()).collect();
    let wish = Wish {
        task: "summary",
        instructions: instructions::SUMMARY,
        examples: &instructions::SUMMARY_EXAMPLES,
        prompt,
        shape: StoryShape {
            titled: true,
            sentences: u32::try_from(sentences).unwrap_or(1),
        },
        numbers: &numbers,
    };
    let grounds = Grounds {
        evidence: &draft.evidence,
        services: &services,
        confidence: surest(&draft.suspects),
        given: &given,
        instructions: instructions::SUMMARY,
        max_sentences: sentences,
    };
    write(generator, wish, &grounds, budget, cancel).await
}

async fn write_answer(
    generator: &dyn Generator,
    facts: &AnswerFacts,
    draft: &Answer,
    budget: &PhraseBudget,
    cancel: CancellationToken,
) -> Result<Written, Refused> {
    let evidence = counted(draft);
    let chosen = selection(&evidence);
    let numbers: Vec<u32> = chosen.iter().map(|item| item.number).collect();
    // The question is a person's, but it is data all the same.
    let prompt = format!(
        "{}\nQuestion: {}\nOne or two sentences in JSON.",
        data_block(&chosen, "", budget.nonce),
        data(&facts.question, 300),
    );
    let wish = Wish {
        task: "answer",
        instructions: instructions::ANSWER,
        examples: &instructions::ANSWER_EXAMPLES,
        prompt,
        shape: StoryShape {
            titled: false,
            sentences: ANSWER_SENTENCES as u32,
        },
        numbers: &numbers,
    };
    let grounds = Grounds {
        evidence: &evidence,
        services: &[],
        confidence: surest(&draft.suspects),
        // What the question says is no ground for an answer.
        given: "",
        instructions: instructions::ANSWER,
        max_sentences: ANSWER_SENTENCES,
    };
    write(generator, wish, &grounds, budget, cancel).await
}

/// What is wanted from the generator.
struct Wish<'a> {
    task: &'static str,
    instructions: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prompt: String,
    shape: StoryShape,
    numbers: &'a [u32],
}

/// Asks for a story and holds it against its grounds; a refused one is asked for once more, in other words.
async fn write(
    generator: &dyn Generator,
    wish: Wish<'_>,
    grounds: &Grounds<'_>,
    budget: &PhraseBudget,
    cancel: CancellationToken,
) -> Result<Written, Refused> {
    let began = Instant::now();
    let mut name = generator.name().to_owned();
    let Some(mut request) = first_request(&wish, grounds, budget) else {
        let reason = "there is nothing to cite".to_owned();
        return Err(Refused::Because { name, reason });
    };
    let mut attempt = 1;
    loop {
        let outcome = generator.generate(request.clone(), cancel.clone()).await;
        let generation = match outcome {
            Ok(generation) => generation,
            Err(Error::NotSampled { .. }) => return Err(Refused::LeftOut),
            Err(error) => {
                metrics::verdict(wish.task, "not_written");
                let reason = error.to_string();
                return Err(Refused::Because { name, reason });
            }
        };
        name = generation.model.unwrap_or(name);
        let rejection = match believed(&generation.text, wish.shape, grounds) {
            Ok(story) => {
                let verdict = if attempt == 1 {
                    "accepted"
                } else {
                    "accepted_second"
                };
                metrics::verdict(wish.task, verdict);
                return Ok(Written { story, name });
            }
            Err(rejection) => rejection,
        };
        let left = budget.timeout.saturating_sub(began.elapsed());
        tracing::info!(model = %name, task = wish.task, attempt, reason = %rejection, "a model's text is not shown");
        if attempt >= ATTEMPTS || left.is_zero() || cancel.is_cancelled() {
            metrics::verdict(wish.task, "rejected");
            let reason = rejection.to_string();
            return Err(Refused::Because { name, reason });
        }
        metrics::verdict(wish.task, "retried");
        request = second_request(request, &rejection, left);
        attempt += 1;
    }
}

fn first_request(
    wish: &Wish<'_>,
    grounds: &Grounds<'_>,
    budget: &PhraseBudget,
) -> Option<GenerateRequest> {
    let is_shown = |item: &&Evidence| wish.numbers.contains(&item.number);
    let shown: Vec<&Evidence> = grounds.evidence.iter().filter(is_shown).collect();
    let has_change = shown.iter().any(|item| item.kind == EvidenceKind::Change);
    let texts: Vec<&str> = shown.iter().map(|item| item.text.as_str()).collect();
    let may_say_cause = grounds.confidence >= Some(Confidence::Medium);
    Some(GenerateRequest {
        examples: wish.examples,
        grammar: Grammar::Lark(story_grammar(wish.shape, wish.numbers)?),
        schema: Some(story_schema(wish.shape)),
        origin: budget.origin.clone(),
        avoid: lexicon::avoided(&texts.join("\n"), may_say_cause, has_change),
        max_tokens: budget.max_tokens,
        timeout: budget.timeout,
        pieces: budget.pieces.clone(),
        ..GenerateRequest::new(wish.task, wish.instructions, wish.prompt.clone())
    })
}

/// The same once more: the word that was refused is avoided, and what kind of fault it was is said, never the words of
/// the refused text. Its pieces are not streamed: a reader has seen those of the first one.
fn second_request(
    first: GenerateRequest,
    rejection: &Rejection,
    left: Duration,
) -> GenerateRequest {
    let mut again = GenerateRequest {
        prompt: format!("{}\n{}", first.prompt, rejection.hint()),
        timeout: left,
        pieces: None,
        ..first
    };
    again.avoid.extend(rejection.word());
    again
}

/// The story in a model's text, when it may be shown.
fn believed(text: &str, shape: StoryShape, grounds: &Grounds<'_>) -> Result<Story, Rejection> {
    let story = parse_story(text).map_err(Rejection::Unreadable)?;
    if shape.titled && story.title.is_none() {
        return Err(Rejection::Unreadable("no field 'title' in it".to_owned()));
    }
    let story = recited(story, grounds);
    verify(&story, grounds)?;
    Ok(story)
}

/// What code says itself in the data block. Names come from whoever sends logs: only plain ones are written out, and
/// a suspect is named by its evidence.
fn given(facts: &SummaryFacts) -> String {
    let services: Vec<&str> = facts
        .services
        .iter()
        .map(|service| service.service.as_str())
        .filter(|name| crate::runbook::is_plain_name(name))
        .take(4)
        .collect();
    let cause = classify_suspected(&facts.evidence, &facts.suspects)
        .map_or_else(|| "not known".to_owned(), |found| found.cause.name.clone());
    let suspect = facts
        .suspects
        .first()
        .filter(|suspect| suspect.confidence >= Confidence::Medium)
        .map_or_else(
            || "none".to_owned(),
            |suspect| {
                let who = match (suspect.evidence.first(), &suspect.service) {
                    (Some(number), _) => format!("[{number}]"),
                    (None, Some(name)) if crate::runbook::is_plain_name(name) => name.clone(),
                    (None, _) => "one that is not in the evidence".to_owned(),
                };
                format!("{who}, {}", suspect.confidence.as_str())
            },
        );
    format!(
        "Services: {}\nKind of failure: {cause}\nSuspect: {suspect}",
        services.join(", ")
    )
}

fn surest(suspects: &[domain::Suspect]) -> Option<Confidence> {
    suspects.iter().map(|suspect| suspect.confidence).max()
}

/// How many sentences fit besides the draft's most important ones.
fn room(draft: &Summary) -> usize {
    MAX_HAPPENED - draft.what_happened.len().min(KEPT_OF_DRAFT)
}

/// The model's sentences first, then those of the draft with the numbers; the headline keeps its figures.
fn apply(facts: &SummaryFacts, summary: &mut Summary, story: Story) {
    if let Some(title) = story.title {
        let title = title.trim_end_matches(['.', ' ']);
        summary.headline = match summary::figures(facts) {
            Some((Some(service), figures)) => format!("{title}; {service}: {figures}"),
            Some((None, figures)) => format!("{title}; {figures}"),
            None => title.to_owned(),
        };
    }
    let space = MAX_HAPPENED - story.sentences.len().min(MAX_HAPPENED);
    let draft = std::mem::take(&mut summary.what_happened);
    summary.what_happened = story.sentences;
    summary.what_happened.extend(pick(draft, space));
}

/// The first sentences of a draft, but always its last one: the conclusion.
fn pick(mut draft: Vec<Sentence>, space: usize) -> Vec<Sentence> {
    if draft.len() <= space {
        return draft;
    }
    let conclusion = draft.pop();
    draft.truncate(space.saturating_sub(1));
    draft.extend(conclusion);
    draft.truncate(space);
    draft
}

#[cfg(test)]
mod tests;
