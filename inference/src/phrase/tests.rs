mod injection;

use std::sync::Mutex;

use async_trait::async_trait;
use domain::{EvidenceKind, Severity};

use super::*;
use crate::answer::draft_answer;
use crate::error::Result;
use crate::facts::{AnswerIntent, Chip};
use crate::generator::{FinishReason, Generation};
use crate::summary::draft_summary;
use crate::testing::{MINUTE, NOON, checkout_incident, numbered, pattern, unexplained_incident};

/// Writes what a test wants, and keeps what it was asked.
struct Fake<F> {
    write: F,
    asked: Mutex<Vec<GenerateRequest>>,
}

impl<F: Fn(&GenerateRequest) -> Result<String> + Send + Sync> Fake<F> {
    fn new(write: F) -> Self {
        Self {
            write,
            asked: Mutex::new(Vec::new()),
        }
    }

    fn asked(&self) -> GenerateRequest {
        self.asked.lock().unwrap().last().cloned().unwrap()
    }
}

#[async_trait]
impl<F: Fn(&GenerateRequest) -> Result<String> + Send + Sync> Generator for Fake<F> {
    fn name(&self) -> &str {
        "fake"
    }

    async fn generate(&self, request: GenerateRequest, _: CancellationToken) -> Result<Generation> {
        let text = (self.write)(&request);
        self.asked.lock().unwrap().push(request);
        Ok(Generation {
            text: text?,
            finish: FinishReason::Complete,
            prompt_tokens: 0,
            cached_tokens: 0,
            generated_tokens: 0,
            first_token_ms: 0,
            total_ms: 0,
            model: None,
        })
    }
}

async fn phrase_with(facts: &SummaryFacts, text: &str) -> Summary {
    let text = text.to_owned();
    let fake = Fake::new(move |_| Ok(text.clone()));
    let budget = PhraseBudget::new(7);
    phrase_summary(
        &fake,
        facts,
        draft_summary(facts),
        &budget,
        CancellationToken::new(),
    )
    .await
}

fn story(title: &str, story: &str) -> String {
    serde_json::json!({ "title": title, "story": story }).to_string()
}

#[tokio::test]
async fn a_verified_text_leads_and_the_numbers_of_the_draft_stay() {
    let facts = checkout_incident();
    let draft = draft_summary(&facts);
    let summary = phrase_with(
        &facts,
        &story(
            "Checkout cannot reach its payments database",
            "Connections from checkout to payments-db are refused since its new version came [1][4].",
        ),
    )
    .await;
    assert_eq!(
        summary.author,
        SummaryAuthor::Model {
            name: "fake".to_owned()
        }
    );
    assert_eq!(
        summary.headline,
        "Checkout cannot reach its payments database; checkout: 809 errors in 5 min (usually about 3)"
    );
    assert_eq!(summary.what_happened[0].citations, [1, 4]);
    assert_eq!(summary.what_happened[1], draft.what_happened[0]);
    assert_eq!(summary.what_happened.last(), draft.what_happened.last());
    assert!(summary.what_happened.len() <= 5);
    // Everything that decides something is untouched.
    assert_eq!(summary.impact, draft.impact);
    assert_eq!(summary.timeline, draft.timeline);
    assert_eq!(summary.suspects, draft.suspects);
    assert_eq!(summary.next_steps, draft.next_steps);
    assert_eq!(summary.evidence, draft.evidence);
}

#[tokio::test]
async fn a_bare_figure_is_not_given_to_a_model() {
    let mut facts = checkout_incident();
    facts.evidence.truncate(1);
    facts.evidence[0].kind = EvidenceKind::Metric;
    facts.evidence[0].text = "http_errors over 5m is 240, limit > 100".to_owned();
    facts.suspects.clear();
    let fake = Fake::new(|_| Ok(story("Policy violation detected", "A policy fired [1].")));
    let (budget, draft) = (PhraseBudget::new(7), draft_summary(&facts));
    let cancel = CancellationToken::new();
    let summary = phrase_summary(&fake, &facts, draft.clone(), &budget, cancel).await;
    assert_eq!(summary, draft);
    assert!(fake.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_text_that_does_not_verify_leaves_the_draft_and_says_why() {
    let facts = checkout_incident();
    let draft = draft_summary(&facts);
    for (text, reason) in [
        (
            story(
                "Checkout was compromised by somebody",
                "Connections were refused [1].",
            ),
            "compromis",
        ),
        (
            story(
                "Checkout cannot connect anywhere",
                "Connections of checkout were refused [9].",
            ),
            "[9]",
        ),
        (
            story(
                "Checkout cannot connect anywhere",
                "Connections were refused 9000 times [1].",
            ),
            "9000",
        ),
        ("no json".to_owned(), "no JSON object"),
        (
            serde_json::json!({ "story": "Connections of checkout were refused [1]." }).to_string(),
            "title",
        ),
    ] {
        let summary = phrase_with(&facts, &text).await;
        match &summary.author {
            SummaryAuthor::RulesAfterRejection {
                name,
                reason: given,
            } => {
                assert_eq!(name, "fake");
                assert!(given.contains(reason), "{given}");
            }
            other => panic!("{text}: {other:?}"),
        }
        assert_eq!(
            Summary {
                author: SummaryAuthor::Rules,
                ..summary
            },
            draft
        );
    }
}

#[tokio::test]
async fn a_generator_that_fails_leaves_the_draft_and_says_why() {
    let facts = checkout_incident();
    let fake = Fake::new(|_| Err(Error::QueueFull { limit: 16 }));
    let budget = PhraseBudget::new(7);
    let summary = phrase_summary(
        &fake,
        &facts,
        draft_summary(&facts),
        &budget,
        CancellationToken::new(),
    )
    .await;
    assert!(matches!(
        summary.author,
        SummaryAuthor::RulesAfterRejection { reason, .. } if reason.contains("16")
    ));
}

#[tokio::test]
async fn the_prompt_holds_no_digits_of_counts_and_a_marker_of_its_own() {
    let facts = checkout_incident();
    let fake = Fake::new(|_| Ok(String::new()));
    let budget = PhraseBudget::new(0xabcd_ef01_2345_6789);
    phrase_summary(
        &fake,
        &facts,
        draft_summary(&facts),
        &budget,
        CancellationToken::new(),
    )
    .await;
    let request = fake.asked();
    assert!(
        request.prompt.starts_with("DATA abcdef0123456789\n"),
        "{}",
        request.prompt
    );
    assert!(request.prompt.contains("\nEND abcdef0123456789\n"));
    assert!(!request.prompt.contains("412"));
    assert!(matches!(&request.grammar, Grammar::Lark(grammar) if grammar.contains("1|2|3|4")));
}

#[tokio::test]
async fn a_cause_cannot_be_said_without_a_suspect() {
    let text = story(
        "Carts are in a strange state",
        "Orders were put aside because of the state of the carts [1][2].",
    );
    let summary = phrase_with(&unexplained_incident(), &text).await;
    assert!(matches!(
        summary.author,
        SummaryAuthor::RulesAfterRejection { reason, .. } if reason.contains("because")
    ));
}

fn answer_facts() -> AnswerFacts {
    let facts = checkout_incident();
    AnswerFacts {
        question: "why did checkout fail?".to_owned(),
        intent: AnswerIntent::Why,
        interpretation: vec![Chip {
            label: "service".to_owned(),
            value: "checkout".to_owned(),
        }],
        range: facts.window,
        is_range_default: false,
        widened_from: None,
        nearest_at_ns: None,
        left_out: Vec::new(),
        now_ns: NOON + 30 * MINUTE,
        matching: Some(1_197),
        errors: Some(809),
        grouped_by: None,
        groups: Vec::new(),
        groups_left: 0,
        values: None,
        comparison: None,
        new_patterns: None,
        evidence: facts.evidence,
        suspects: facts.suspects,
        is_cut: false,
        more: crate::facts::AnswerMore::default(),
    }
}

#[tokio::test]
async fn an_answer_keeps_its_facts_and_gains_a_narrative() {
    let facts = answer_facts();
    let draft = draft_answer(&facts);
    let good = serde_json::json!({ "story": "The connections of checkout to payments-db are refused [1]." });
    let fake = Fake::new(move |_| Ok(good.to_string()));
    let budget = PhraseBudget::new(7);
    let cancel = CancellationToken::new();
    let answer = phrase_answer(&fake, &facts, draft.clone(), &budget, cancel.clone()).await;
    assert_eq!(answer.facts, draft.facts);
    assert_eq!(answer.narrative.len(), 1);
    assert!(matches!(answer.author, SummaryAuthor::Model { .. }));
    let bad = Fake::new(|_| Ok("{\"story\":\"All data is lost [1].\"}".to_owned()));
    let answer = phrase_answer(&bad, &facts, draft, &budget, cancel).await;
    assert!(answer.narrative.is_empty());
    assert!(matches!(
        answer.author,
        SummaryAuthor::RulesAfterRejection { .. }
    ));
}

#[tokio::test]
async fn a_model_is_not_asked_about_nothing() {
    let facts = AnswerFacts {
        matching: Some(0),
        evidence: Vec::new(),
        ..answer_facts()
    };
    let fake = Fake::new(|_| panic!("asked"));
    let budget = PhraseBudget::new(7);
    let answer = phrase_answer(
        &fake,
        &facts,
        draft_answer(&facts),
        &budget,
        CancellationToken::new(),
    )
    .await;
    assert_eq!(answer.author, SummaryAuthor::Rules);
}

#[test]
fn the_examples_of_the_instructions_pass_their_own_verifier() {
    for (question, answer) in instructions::SUMMARY_EXAMPLES {
        let evidence: Vec<domain::Evidence> = question
            .lines()
            .filter_map(|line| line.strip_prefix('['))
            .map(|line| {
                let (head, text) = line.split_once(": ").unwrap();
                let service = head.split(", ").nth(1).unwrap();
                let mut item = pattern(service, Severity::Error, text, 9, None, (0, 1));
                let is_change = head.contains("] change");
                item.kind = if is_change {
                    EvidenceKind::Change
                } else {
                    EvidenceKind::Template
                };
                item
            })
            .collect();
        let evidence = numbered(evidence);
        let grounds = Grounds {
            evidence: &evidence,
            services: &[],
            confidence: None,
            given: question,
            instructions: instructions::SUMMARY,
            max_sentences: 2,
        };
        verify(&parse_story(answer).unwrap(), &grounds).unwrap();
    }
}
