//! Letting a model phrase what code has computed, and believing it only when it verifies.

mod instructions;

use std::time::Duration;

use domain::{Confidence, EvidenceKind, Sentence, Summary, SummaryAuthor};
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::cause::classify;
use crate::error::Error;
use crate::facts::{AnswerFacts, SummaryFacts};
use crate::generator::{GenerateRequest, Generator, Grammar};
use crate::grammar::{StoryShape, story_grammar};
use crate::metrics;
use crate::prompt::{data, data_block, selection};
use crate::story::{Story, parse_story};
use crate::summary;
use crate::verify::{Grounds, Rejection, lexicon, verify};

/// Sentences that a model may write for a summary.
const SUMMARY_SENTENCES: usize = 3;
/// Sentences that a model may write for an answer.
const ANSWER_SENTENCES: usize = 2;
/// "What happened" has at most five sentences, the model's included.
const MAX_HAPPENED: usize = 5;
/// Sentences of the draft that stay in front of everything else: the ones with the numbers.
const KEPT_OF_DRAFT: usize = 3;

/// Limits of one phrasing.
#[derive(Debug, Clone)]
pub struct PhraseBudget {
    /// Tokens to write; a title and three sentences need about 120.
    pub max_tokens: u32,
    /// From the call to the verdict, waiting in the queue included.
    pub timeout: Duration,
    /// A number that log text cannot know: take a new random one for each call.
    pub nonce: u64,
    /// Receives what the model writes as it comes, before anybody has verified it; see
    /// [`crate::StoryPieces`].
    pub pieces: Option<tokio::sync::mpsc::UnboundedSender<String>>,
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
        }
    }
}

/// Lets `generator` write a headline and up to three cited sentences for the draft.
///
/// Never fails: when the generator fails or its text does not verify, the draft comes back with
/// [`SummaryAuthor::RulesAfterRejection`] and the reason. Severity, counts, impact, timeline, suspects,
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
    let name = generator.name().to_owned();
    match write_summary(generator, facts, &summary, budget, cancel).await {
        Ok(story) => {
            metrics::verdict("summary", "accepted");
            apply(facts, &mut summary, story);
            summary.author = SummaryAuthor::Model { name };
        }
        Err(reason) => {
            metrics::verdict("summary", "rejected");
            tracing::info!(model = %name, %reason, "the model's summary is not shown");
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
    if !answer.is_found || answer.evidence.is_empty() {
        return answer;
    }
    let name = generator.name().to_owned();
    match write_answer(generator, facts, &answer, budget, cancel).await {
        Ok(story) => {
            metrics::verdict("answer", "accepted");
            answer.narrative = story.sentences;
            answer.author = SummaryAuthor::Model { name };
        }
        Err(reason) => {
            metrics::verdict("answer", "rejected");
            tracing::info!(model = %name, %reason, "the model's answer is not shown");
            answer.author = SummaryAuthor::RulesAfterRejection { name, reason };
        }
    }
    answer
}

async fn write_summary(
    generator: &dyn Generator,
    facts: &SummaryFacts,
    draft: &Summary,
    budget: &PhraseBudget,
    cancel: CancellationToken,
) -> Result<Story, String> {
    let given = given(facts);
    let chosen = selection(&draft.evidence);
    let numbers: Vec<u32> = chosen.iter().map(|item| item.number).collect();
    let confidence = surest(&draft.suspects);
    let sentences = room(draft).min(SUMMARY_SENTENCES);
    let prompt = format!(
        "{}\n{given}\nTitle and {} in JSON.",
        data_block(&chosen, budget.nonce),
        if sentences == 1 {
            "one sentence"
        } else {
            "two sentences"
        },
    );
    let services: Vec<String> = facts.services.iter().map(|s| s.service.clone()).collect();
    let story = write(
        generator,
        Wish {
            task: "summary",
            instructions: instructions::SUMMARY,
            examples: &instructions::SUMMARY_EXAMPLES,
            prompt,
            shape: StoryShape {
                titled: true,
                sentences: u32::try_from(sentences).unwrap_or(1),
            },
            numbers: &numbers,
        },
        &Grounds {
            evidence: &draft.evidence,
            services: &services,
            confidence,
            given: &given,
            instructions: instructions::SUMMARY,
            max_sentences: sentences,
        },
        budget,
        cancel,
    )
    .await?;
    if story.title.is_none() {
        return Err(Rejection::Unreadable("no field 'title' in it".to_owned()).to_string());
    }
    Ok(story)
}

async fn write_answer(
    generator: &dyn Generator,
    facts: &AnswerFacts,
    draft: &Answer,
    budget: &PhraseBudget,
    cancel: CancellationToken,
) -> Result<Story, String> {
    let chosen = selection(&draft.evidence);
    let numbers: Vec<u32> = chosen.iter().map(|item| item.number).collect();
    // The question is a person's, but it is data all the same.
    let given = format!("Question: {}", data(&facts.question, 300));
    let prompt = format!(
        "{}\n{given}\nOne or two sentences in JSON.",
        data_block(&chosen, budget.nonce),
    );
    write(
        generator,
        Wish {
            task: "answer",
            instructions: instructions::ANSWER,
            examples: &instructions::ANSWER_EXAMPLES,
            prompt,
            shape: StoryShape {
                titled: false,
                sentences: ANSWER_SENTENCES as u32,
            },
            numbers: &numbers,
        },
        &Grounds {
            evidence: &draft.evidence,
            services: &[],
            confidence: surest(&draft.suspects),
            // What the question says is no ground for an answer.
            given: "",
            instructions: instructions::ANSWER,
            max_sentences: ANSWER_SENTENCES,
        },
        budget,
        cancel,
    )
    .await
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

async fn write(
    generator: &dyn Generator,
    wish: Wish<'_>,
    grounds: &Grounds<'_>,
    budget: &PhraseBudget,
    cancel: CancellationToken,
) -> Result<Story, String> {
    let mut shown = String::new();
    for item in grounds.evidence {
        if wish.numbers.contains(&item.number) {
            shown.push_str(&item.text);
            shown.push('\n');
        }
    }
    let may_say_cause = grounds.confidence >= Some(Confidence::Medium);
    let grammar = story_grammar(wish.shape, wish.numbers).ok_or("there is nothing to cite")?;
    let request = GenerateRequest {
        examples: wish.examples,
        grammar: Grammar::Lark(grammar),
        avoid: lexicon::avoided(&shown, may_say_cause),
        max_tokens: budget.max_tokens,
        timeout: budget.timeout,
        pieces: budget.pieces.clone(),
        ..GenerateRequest::new(wish.task, wish.instructions, wish.prompt)
    };
    let generation = generator
        .generate(request, cancel)
        .await
        .map_err(|error: Error| error.to_string())?;
    let story = parse_story(&generation.text)
        .map_err(|reason| Rejection::Unreadable(reason).to_string())?;
    verify(&story, grounds).map_err(|rejection| rejection.to_string())?;
    Ok(story)
}

/// What code says itself in the prompt.
fn given(facts: &SummaryFacts) -> String {
    let services: Vec<String> = facts
        .services
        .iter()
        .take(4)
        .map(|service| data(&service.service, 48))
        .collect();
    let cause = classify(&facts.evidence)
        .map_or_else(|| "not known".to_owned(), |found| found.cause.name.clone());
    let suspect = facts
        .suspects
        .first()
        .filter(|suspect| suspect.confidence >= Confidence::Medium)
        .map_or_else(
            || "none".to_owned(),
            |suspect| {
                format!(
                    "{}, {}",
                    data(&suspect.name, 60),
                    suspect.confidence.as_str()
                )
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
            Some(figures) => format!("{title}, {figures}"),
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
