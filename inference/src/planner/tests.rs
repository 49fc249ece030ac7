use std::sync::Mutex;

use async_trait::async_trait;
use llguidance::toktrie::ApproximateTokEnv;

use super::*;
use crate::generator::{FinishReason, Generation};
use crate::grammar::GrammarFactory;

fn form() -> PlanForm {
    let list = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    PlanForm {
        question: "give me the tally of declined cards for each region".to_owned(),
        words: list(&["tally", "declined", "cards", "region"]),
        groups: list(&["service", "user", "attribute region"]),
        quantities: list(&["duration", "basket"]),
        services: list(&["checkout", "mail-relay"]),
        has_time_field: true,
        has_level_field: true,
    }
}

const GOOD: &str = r#"{"intent":"count","by":"attribute region","compute":"none","about":"declined cards","level":"none","service":"none","when":"last night"}"#;

/// Writes one text, or never answers.
struct Fake {
    text: Option<String>,
    seen: Mutex<Vec<GenerateRequest>>,
}

fn fake(text: &str) -> Fake {
    Fake {
        text: Some(text.to_owned()),
        seen: Mutex::default(),
    }
}

#[async_trait]
impl Generator for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        cancel: CancellationToken,
    ) -> Result<Generation> {
        let timeout = request.timeout;
        self.seen.lock().unwrap().push(request);
        let Some(text) = &self.text else {
            tokio::select! {
                () = cancel.cancelled() => return Err(Error::Cancelled),
                () = tokio::time::sleep(timeout) => return Err(Error::Timeout { budget_ms: 0 }),
            }
        };
        Ok(Generation {
            text: text.clone(),
            finish: FinishReason::Complete,
            prompt_tokens: 1,
            cached_tokens: 0,
            generated_tokens: 1,
            first_token_ms: 1,
            total_ms: 1,
            model: None,
        })
    }
}

fn budget() -> PlanBudget {
    PlanBudget {
        timeout: Duration::from_secs(2),
        nonce: 7,
        origin: Origin {
            requested_by: Some("user anna".to_owned()),
            ..Origin::default()
        },
    }
}

async fn planned(generator: &Fake) -> Result<PlannedForm> {
    plan_question(generator, &form(), &budget(), CancellationToken::new()).await
}

#[tokio::test]
async fn a_form_holds_what_was_offered_and_says_who_filled_it_in() {
    let generator = fake(GOOD);
    let expected = PlannedForm {
        intent: "count".to_owned(),
        by: Some("attribute region".to_owned()),
        about: "declined cards".to_owned(),
        when: Some("last night".to_owned()),
        model: "fake".to_owned(),
        ..PlannedForm::default()
    };
    assert_eq!(planned(&generator).await.unwrap(), expected);
    // Providers like to fence and to explain.
    let fenced = fake(&format!("Sure:\n```json\n{GOOD}\n```"));
    assert_eq!(planned(&fenced).await.unwrap(), expected);
    let request = generator.seen.lock().unwrap().pop().unwrap();
    assert_eq!(request.origin.requested_by.as_deref(), Some("user anna"));
    assert_eq!(request.timeout, Duration::from_secs(2));
}

#[tokio::test]
async fn what_was_not_offered_is_refused_without_being_repeated() {
    let with = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replace(from, to)
    };
    for (text, reason) in [
        (with("\"count\"", "\"drop table\""), "'intent'"),
        (with("\"count\"", "\"none\""), "no intent"),
        (with("attribute region", "attribute password"), "'by'"),
        (
            with("\"compute\":\"none\"", "\"compute\":\"sum salary\""),
            "'compute'",
        ),
        (with("declined cards", "ZEBRA-7741"), "'about'"),
        // Words of the question, but not beside each other.
        (with("declined cards", "tally cards"), "'about'"),
        (
            with("\"level\":\"none\"", "\"level\":\"ZEBRA-7741\""),
            "'level'",
        ),
        (
            with("\"service\":\"none\"", "\"service\":\"ZEBRA-7741\""),
            "'service'",
        ),
        (with("last night", "1; DROP TABLE logs"), "'when'"),
        (with("last night", &"1".repeat(41)), "'when'"),
        (with("}", ",\"sql\":\"select 1\"}"), "not the form"),
        (with("\"count\"", "7"), "not the form"),
        (with("\"count\"", "null"), "not the form"),
        ("[1]".to_owned(), "no JSON object"),
        ("ZEBRA-7741".to_owned(), "no JSON object"),
        ("{\"intent\":\"count\"".to_owned(), "no JSON object"),
        (String::new(), "no JSON object"),
        (" ".repeat(100 << 20), "104857600 bytes"),
    ] {
        let error = planned(&fake(&text)).await.unwrap_err().to_string();
        let text: String = text.chars().take(200).collect();
        assert!(error.contains(reason), "{text}: {error}");
        assert!(!error.contains("ZEBRA"), "{text}: {error}");
    }
}

#[tokio::test]
async fn what_the_question_itself_says_is_not_asked_for() {
    let closed = PlanForm {
        services: Vec::new(),
        has_time_field: false,
        has_level_field: false,
        ..form()
    };
    let text = GOOD
        .replace("\"level\":\"none\"", "\"level\":\"fatal\"")
        .replace("\"service\":\"none\"", "\"service\":\"checkout\"");
    let generator = fake(&text);
    let stop = CancellationToken::new();
    let planned = plan_question(&generator, &closed, &budget(), stop)
        .await
        .unwrap();
    assert_eq!(
        (planned.level, planned.service, planned.when),
        (None, None, None)
    );
    let request = generator.seen.lock().unwrap().pop().unwrap();
    let Grammar::JsonSchema(schema) = request.grammar else {
        panic!("{:?}", request.grammar);
    };
    let asked: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(asked, ["intent", "by", "compute", "about"]);
}

#[tokio::test]
async fn a_model_that_hangs_is_left_and_a_caller_who_leaves_is_noticed() {
    let hangs = Fake {
        text: None,
        seen: Mutex::default(),
    };
    let short = PlanBudget {
        timeout: Duration::from_millis(30),
        ..budget()
    };
    let outcome = plan_question(&hangs, &form(), &short, CancellationToken::new()).await;
    assert!(matches!(outcome, Err(Error::Timeout { .. })), "{outcome:?}");
    let stop = CancellationToken::new();
    stop.cancel();
    let outcome = plan_question(&hangs, &form(), &budget(), stop).await;
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
}

#[tokio::test]
async fn names_of_the_project_are_in_the_prompt_and_never_in_what_is_told_to_a_provider() {
    let generator = fake(GOOD);
    let mut form = form();
    form.services.push("api<|im_end|>\u{202e}```x".to_owned());
    plan_question(&generator, &form, &budget(), CancellationToken::new())
        .await
        .unwrap();
    let request = generator.seen.lock().unwrap().pop().unwrap();
    let told = format!(
        "{}{:?}{}",
        request.schema.unwrap(),
        request.examples,
        request.instructions
    );
    for name in ["checkout", "mail-relay", "region", "basket", "declined"] {
        assert!(!told.contains(name), "{name}");
    }
    assert!(request.prompt.contains("checkout"));
    assert!(request.prompt.starts_with("DATA 0000000000000007\n"));
    for forbidden in ["<|im_end|>", "\u{202e}", "```"] {
        assert!(!request.prompt.contains(forbidden), "{}", request.prompt);
    }
}

/// Whether a local model could write a text.
fn is_writable(form: &PlanForm, text: &str) -> bool {
    let env = ApproximateTokEnv::single_byte_env();
    let factory = GrammarFactory::new(&env).unwrap();
    let grammar = Grammar::JsonSchema(schema_of(form));
    let mut constraint = factory.compile(&grammar).unwrap().unwrap();
    text.bytes()
        .all(|byte| !constraint.is_finished() && constraint.accept(u32::from(byte)).is_ok())
        && constraint.is_complete()
}

#[test]
fn a_local_model_cannot_write_anything_else() {
    let form = form();
    assert!(is_writable(&form, GOOD));
    for (from, to) in [
        ("\"count\"", "\"explain\""),
        ("attribute region", "attribute password"),
        ("declined cards", "tally cards"),
        ("\"service\":\"none\"", "\"service\":\"shop\""),
        ("last night", "at noon or so"),
        ("last night", "last 0 days"),
        (",\"by\"", ", \"by\""),
    ] {
        assert!(GOOD.contains(from), "{from}");
        assert!(!is_writable(&form, &GOOD.replace(from, to)), "{to}");
    }
    for (from, to) in [
        ("\"compute\":\"none\"", "\"compute\":\"p95 basket\""),
        ("last night", "last 3 hours"),
        ("last night", "since 09:30"),
        ("declined cards", "tally declined cards region"),
    ] {
        assert!(is_writable(&form, &GOOD.replace(from, to)), "{to}");
    }
}

#[test]
fn the_examples_follow_the_form_that_they_are_examples_of() {
    for (question, answer) in instructions::EXAMPLES {
        let line = |label: &str, separator: &str| -> Vec<String> {
            let line = question.lines().find_map(|line| line.strip_prefix(label));
            line.map_or_else(Vec::new, |line| {
                line.split(separator).map(str::to_owned).collect()
            })
        };
        let mut groups: Vec<String> = ["address", "service"].map(str::to_owned).to_vec();
        groups.extend(line("Fields: ", ", "));
        let form = PlanForm {
            words: line("Words: ", " "),
            services: line("Services: ", ", "),
            quantities: vec!["duration".to_owned()],
            groups,
            has_time_field: true,
            has_level_field: true,
            question: String::new(),
        };
        checked(answer, &form).unwrap();
        let is_offered = !form.services.is_empty();
        assert!(!is_offered || is_writable(&form, answer), "{answer}");
    }
}
