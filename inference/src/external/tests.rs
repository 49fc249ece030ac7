use std::sync::Mutex;

use domain::ManualClock;
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
        micro_dollars_per_day: None,
        input_price: 150_000,
        output_price: 600_000,
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
                    spending.reserve().ok();
                    spending.record(1, 2);
                }
            });
        }
    });
    // Half of the reservations came after the limit of 4,000 calls.
    assert_eq!(spending.today(), (4_000, 24_000, 0));
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
    let generator = openai(&server).with_audit(Arc::new(move |sent: &SentPrompt<'_>| {
        sink.lock()
            .unwrap()
            .push((sent.model.to_owned(), sent.prompt.to_owned()));
    }));
    let hurried = GenerateRequest {
        timeout: Duration::from_millis(50),
        ..request()
    };
    let outcome = generator.generate(hurried, CancellationToken::new()).await;
    assert!(
        matches!(outcome, Err(Error::Timeout { budget_ms: 50 })),
        "{outcome:?}"
    );
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].0, "openai:small");
    assert!(!seen[0].1.contains("jane.doe"));
}
