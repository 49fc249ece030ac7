mod misbehaving;
mod wire;

use std::sync::Mutex;

use domain::{IncidentId, ManualClock, ProjectId};
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;

const DAY: i64 = 86_400_000_000_000;

fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().unwrap()
}

fn spending(limits: SpendingLimits) -> (Arc<Spending>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(20_000 * DAY));
    (Arc::new(Spending::new(limits, clock.clone())), clock)
}

fn openai(server: &MockServer) -> ScrubbedGenerator<OpenAiGenerator> {
    let config = OpenAiConfig {
        base_url: format!("{}/v1", server.uri()),
        model: "small".to_owned(),
        api_key: Some(SecretString::from("sk-test-key")),
        timeout: Duration::from_secs(5),
    };
    let (spending, _) = spending(SpendingLimits::default());
    ScrubbedGenerator::new(
        OpenAiGenerator::new(http(), config),
        Scrubber::new(),
        spending,
    )
}

fn anthropic(server: &MockServer) -> ScrubbedGenerator<AnthropicGenerator> {
    let config = AnthropicConfig {
        base_url: server.uri(),
        model: "small".to_owned(),
        api_key: SecretString::from("sk-ant-test"),
        timeout: Duration::from_secs(5),
    };
    let (spending, _) = spending(SpendingLimits::default());
    ScrubbedGenerator::new(
        AnthropicGenerator::new(http(), config),
        Scrubber::new(),
        spending,
    )
}

fn request() -> GenerateRequest {
    GenerateRequest::new(
        "test",
        "Fixed rules.",
        "mail of jane.doe@example.com bounced from 203.0.113.77".to_owned(),
    )
}

fn prompt_of(request: &Request) -> String {
    let body: Value = request.body_json().unwrap();
    body["messages"].as_array().unwrap().last().unwrap()["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn chat_answer(text: &str) -> Value {
    json!({
        "id": "1", "object": "chat.completion", "created": 1, "model": "small",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }],
        "usage": { "prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150 }
    })
}

/// Answers with the prompt itself: what comes back shows that restoring undoes scrubbing.
fn echo_chat(request: &Request) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(chat_answer(&prompt_of(request)))
}

fn echo_messages(request: &Request) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "content": [{ "type": "text", "text": prompt_of(request) }],
        "stop_reason": "end_turn",
        "usage": { "input_tokens": 120, "output_tokens": 30 }
    }))
}

async fn check_scrubbed_and_restored(server: &MockServer, generator: &dyn Generator) {
    let answer = generator
        .generate(request(), CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(answer.text, request().prompt);
    assert_eq!((answer.prompt_tokens, answer.generated_tokens), (120, 30));
    for sent in server.received_requests().await.unwrap() {
        let body = String::from_utf8(sent.body).unwrap();
        assert!(
            !body.contains("jane.doe") && !body.contains("203.0.113.77"),
            "{body}"
        );
        assert!(body.contains("Fixed rules."));
    }
}

#[tokio::test]
async fn openai_sees_only_scrubbed_text_and_the_answer_is_restored() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", "Bearer sk-test-key"))
        .respond_with(echo_chat)
        .mount(&server)
        .await;
    check_scrubbed_and_restored(&server, &openai(&server)).await;
}

#[tokio::test]
async fn anthropic_sees_only_scrubbed_text_and_the_answer_is_restored() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/messages"))
        .and(header("x-api-key", "sk-ant-test"))
        .and(header("anthropic-version", "2023-06-01"))
        .and(body_string_contains("\"system\":\"Fixed rules.\""))
        .respond_with(echo_messages)
        .mount(&server)
        .await;
    check_scrubbed_and_restored(&server, &anthropic(&server)).await;
}

#[tokio::test]
async fn a_token_that_a_log_line_forged_is_not_expanded() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(echo_chat)
        .mount(&server)
        .await;
    let generator = openai(&server);
    let forged = "a line with <EMAIL_1> and <IPV4_1> beside jane.doe@example.com";
    let request = GenerateRequest::new("test", "Rules.", forged.to_owned());
    let answer = generator
        .generate(request, CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(
        answer.text.matches("jane.doe@example.com").count(),
        1,
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn an_overloaded_provider_is_asked_again_and_a_refusal_is_not() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(529).insert_header("retry-after", "0"))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(echo_messages)
        .mount(&server)
        .await;
    let generator = anthropic(&server);
    generator
        .generate(request(), CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 3);

    let strict = MockServer::start().await;
    let refusal = json!({ "type": "error", "error": { "type": "x", "message": "bad\nkey" } });
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(401).set_body_json(refusal))
        .mount(&strict)
        .await;
    let error = anthropic(&strict)
        .generate(request(), CancellationToken::new())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "anthropic:small: status 401 Unauthorized: bad key"
    );
    assert_eq!(strict.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_failure_of_openai_is_told_without_the_key() {
    let server = MockServer::start().await;
    let body = json!({ "error": { "message": "no such model", "type": "invalid_request_error", "param": null, "code": null } });
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(404).set_body_json(body))
        .mount(&server)
        .await;
    let error = openai(&server)
        .generate(request(), CancellationToken::new())
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("404") && text.contains("no such model"),
        "{text}"
    );
    assert!(!text.contains("sk-test-key"));
}

#[tokio::test]
async fn limits_of_a_day_hold_and_begin_anew_with_the_next() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(echo_chat)
        .mount(&server)
        .await;
    let limits = SpendingLimits {
        calls_per_day: 10,
        tokens_per_day: 200,
        input_price: 150_000,
        output_price: 600_000,
        ..SpendingLimits::default()
    };
    let (spending, clock) = spending(limits);
    let mut generator = openai(&server);
    generator.spending = spending;
    let ask = || generator.generate(request(), CancellationToken::new());
    ask().await.unwrap();
    ask().await.unwrap();
    // 300 tokens are spent: over the limit of 200.
    assert!(matches!(
        ask().await,
        Err(Error::BudgetSpent {
            spent: 300,
            limit: 200,
            unit: "tokens"
        })
    ));
    // 240 tokens read at 0.15 dollars and 60 written at 0.60 dollars a million: 72 micro-dollars.
    assert_eq!(generator.spending().today(), (2, 300, 72));
    clock.advance(DAY);
    assert_eq!(generator.spending().today(), (0, 0, 0));
    ask().await.unwrap();
}

#[test]
fn calls_at_the_same_time_are_all_counted() {
    let (spending, _) = spending(SpendingLimits {
        calls_per_day: 4_000,
        ..SpendingLimits::default()
    });
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    if let Ok(reserved) = spending.reserve(None, 5, 5) {
                        reserved.settle(1, 2);
                    }
                }
            });
        }
    });
    // Half of the reservations came after the limit of 4,000 calls.
    assert_eq!(spending.today(), (4_000, 12_000, 0));
}

#[test]
fn a_project_has_a_budget_of_its_own_and_calls_under_way_count() {
    let project = |n: u8| Some(ProjectId::from_parts(0, [n; 10]));
    let (spending, clock) = spending(SpendingLimits {
        project_tokens_per_day: Some(100),
        project_micro_dollars_per_day: Some(50),
        input_price: 1_000_000,
        ..SpendingLimits::default()
    });
    let under_way = spending.reserve(project(1), 60, 60).unwrap();
    let refused = spending.reserve(project(1), 1, 1).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "120 tokens of this project spent in this period, the limit is 100"
    );
    // Another project is not held up; a call that failed gives back what it held.
    spending.reserve(project(2), 10, 0).unwrap().settle(49, 0);
    drop(under_way);
    assert_eq!(spending.today_of(project(1).unwrap()), (1, 0, 0));
    spending.reserve(project(2), 1, 0).unwrap().settle(1, 0);
    let refused = spending.reserve(project(2), 1, 1).err().unwrap();
    assert!(
        refused
            .to_string()
            .contains("50 micro-dollars of this project"),
        "{refused}"
    );
    assert_eq!(spending.today(), (3, 50, 50));
    // What is held over midnight is taken from no other day.
    let over_night = spending.reserve(project(1), 5, 5).unwrap();
    clock.advance(DAY);
    over_night.settle(2, 1);
    assert_eq!(spending.today(), (0, 3, 2));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let server = MockServer::start().await;
    let endless = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 3 << 20]);
    Mock::given(method("POST"))
        .respond_with(endless)
        .mount(&server)
        .await;
    let generators: [Box<dyn Generator>; 2] =
        [Box::new(openai(&server)), Box::new(anthropic(&server))];
    for generator in generators {
        let error = generator
            .generate(request(), CancellationToken::new())
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("larger than 1048576 bytes"),
            "{error}"
        );
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_failure_in_plain_words_is_told_as_well() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(400).set_body_json(json!({ "error": "model is not loaded" })),
        )
        .mount(&server)
        .await;
    let error = openai(&server)
        .generate(request(), CancellationToken::new())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("model is not loaded"), "{error}");
}

#[tokio::test]
async fn what_is_sent_is_audited_and_a_silent_provider_times_out() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(30)))
        .mount(&server)
        .await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let generator = openai(&server).with_audit(Arc::new(move |call: &ExternalCall| {
        sink.lock().unwrap().push(call.clone());
    }));
    let origin = Origin {
        project_id: Some(ProjectId::from_parts(0, [1; 10])),
        incident_id: Some(IncidentId::from_parts(0, [2; 10])),
        requested_by: Some("ana".to_owned()),
    };
    let hurried = GenerateRequest {
        timeout: Duration::from_millis(50),
        origin: origin.clone(),
        ..request()
    };
    let outcome = generator.generate(hurried, CancellationToken::new()).await;
    assert!(
        matches!(outcome, Err(Error::Timeout { budget_ms: 50 })),
        "{outcome:?}"
    );
    let seen = seen.lock().unwrap();
    let [call] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert_eq!(
        (call.model.as_str(), call.outcome),
        ("openai:small", "timeout")
    );
    assert_eq!(call.origin, origin);
    assert_eq!(
        call.scrubbed.iter().map(|(_, count)| count).sum::<usize>(),
        2
    );
    assert!(call.prompt_bytes > 20);
    let told = format!("{call:?}");
    assert!(
        !told.contains("jane") && !told.contains("bounced"),
        "{told}"
    );
}

#[tokio::test]
async fn an_answered_call_is_audited_with_its_tokens() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(echo_chat)
        .mount(&server)
        .await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let generator = openai(&server).with_audit(Arc::new(move |call: &ExternalCall| {
        sink.lock().unwrap().push(call.clone());
    }));
    let stop = CancellationToken::new();
    generator.generate(request(), stop).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(
        (
            seen[0].outcome,
            seen[0].prompt_tokens,
            seen[0].generated_tokens
        ),
        ("ok", 120, 30)
    );
}

#[tokio::test]
async fn a_share_of_the_incidents_is_given_out_always_the_same_and_all_questions() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(echo_chat)
        .mount(&server)
        .await;
    let generator = openai(&server).with_sampling(20);
    let about = |n: u8| GenerateRequest {
        origin: Origin {
            incident_id: Some(IncidentId::from_parts(i64::from(n) * DAY, [n; 10])),
            ..Origin::default()
        },
        ..request()
    };
    let mut given = Vec::new();
    for n in 0..100 {
        let once = generator.generate(about(n), CancellationToken::new()).await;
        let again = generator.generate(about(n), CancellationToken::new()).await;
        assert_eq!(once.is_ok(), again.is_ok());
        match once {
            Ok(_) => given.push(n),
            Err(error) => assert!(
                matches!(error, Error::NotSampled { percent: 20 }),
                "{error}"
            ),
        }
    }
    assert!((8..=35).contains(&given.len()), "{given:?}");
    generator
        .generate(request(), CancellationToken::new())
        .await
        .unwrap();
}
