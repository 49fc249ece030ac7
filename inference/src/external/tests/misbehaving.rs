//! Providers that misbehave in every way that a network allows: what comes back is an error in time, with bounded memory,
//! and the text of the rules stays.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use domain::{Summary, SummaryAuthor};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::phrase::{PhraseBudget, phrase_summary};
use crate::planner::{PlanBudget, PlanForm, PlannedForm, plan_question};
use crate::summary::draft_summary;
use crate::testing::checkout_incident;

/// How it answers.
#[derive(Debug, Clone)]
enum Manner {
    /// With this status and body.
    Plain(u16, String),
    /// Takes the request and says nothing.
    Hangs,
    /// One byte of an answer that never ends, and a pause, again and again.
    Trickles,
    /// A head that promises so many bytes, and blanks without end.
    Pours(u64),
    /// Closes in the middle of its answer.
    Breaks,
}

struct Provider {
    address: String,
    calls: Arc<AtomicUsize>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a peer of the test, which ends with its runtime"
)]
async fn provider(manner: Manner) -> Provider {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(answer(stream, manner.clone()));
        }
    });
    Provider { address, calls }
}

async fn answer(mut stream: TcpStream, manner: Manner) -> std::io::Result<()> {
    read_request(&mut stream).await?;
    let head = |status: u16, length: u64| {
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nretry-after: 0\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        )
    };
    match manner {
        Manner::Plain(status, body) => {
            let text = head(status, body.len() as u64) + &body;
            stream.write_all(text.as_bytes()).await?;
        }
        Manner::Hangs => std::future::pending().await,
        Manner::Trickles => {
            stream.write_all(head(200, 1 << 20).as_bytes()).await?;
            loop {
                stream.write_all(b" ").await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Manner::Pours(length) => {
            stream.write_all(head(200, length).as_bytes()).await?;
            let blanks = vec![b' '; 1 << 16];
            for _ in 0..length >> 16 {
                stream.write_all(&blanks).await?;
            }
        }
        Manner::Breaks => {
            stream.write_all(head(200, 1_000).as_bytes()).await?;
            stream.write_all(b"{\"choices\":").await?;
        }
    }
    stream.shutdown().await
}

/// Reads the head and as much of the body as it promises.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4_096];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse::<usize>()
                    .ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            return Ok(());
        }
    }
}

fn generator(provider: &Provider, timeout: Duration) -> ScrubbedGenerator<OpenAiGenerator> {
    let config = OpenAiConfig {
        base_url: provider.address.clone(),
        model: "small".to_owned(),
        api_key: None,
        timeout,
    };
    let (spending, _) = spending(SpendingLimits::default());
    ScrubbedGenerator::new(
        OpenAiGenerator::new(http(), config),
        Scrubber::new(),
        spending,
    )
}

/// What becomes of a summary that this provider is to phrase, how long it takes, and how often it is called.
async fn phrased(manner: Manner, timeout: Duration) -> (Summary, Duration, usize) {
    let provider = provider(manner).await;
    let generator = generator(&provider, timeout);
    let facts = checkout_incident();
    let mut budget = PhraseBudget::new(7);
    budget.timeout = Duration::from_secs(3);
    let began = Instant::now();
    let draft = draft_summary(&facts);
    let stop = CancellationToken::new();
    let summary = phrase_summary(&generator, &facts, draft, &budget, stop).await;
    let calls = provider.calls.load(Ordering::Relaxed);
    (summary, began.elapsed(), calls)
}

/// Whatever happens, the text of the rules stays and the reason is said.
async fn check(manner: Manner, timeout_ms: u64, reason: &str, calls: usize) {
    let what = format!("{manner:?}");
    let (summary, took, called) = phrased(manner, Duration::from_millis(timeout_ms)).await;
    let SummaryAuthor::RulesAfterRejection { reason: given, .. } = &summary.author else {
        panic!("{what}: {:?}", summary.author);
    };
    assert!(given.contains(reason), "{what}: {given}");
    assert!(took < Duration::from_secs(10), "{what}: {took:?}");
    assert_eq!(called, calls, "{what}");
    let draft = draft_summary(&checkout_incident());
    let rules = Summary {
        author: SummaryAuthor::Rules,
        ..summary
    };
    assert_eq!(rules, draft, "{what}");
}

#[tokio::test]
async fn errors_of_a_provider_are_tried_again_within_limits() {
    let body = json!({ "error": { "message": "slow down" } }).to_string();
    check(Manner::Plain(400, body), 5_000, "slow down", 1).await;
    let body = "<html>busy</html>".to_owned();
    check(Manner::Plain(429, body.clone()), 5_000, "429", 3).await;
    check(Manner::Plain(500, body), 5_000, "500", 3).await;
}

#[tokio::test]
async fn a_provider_that_hangs_or_trickles_is_given_up_in_time() {
    check(Manner::Hangs, 60_000, "no answer within 3000 ms", 1).await;
    check(Manner::Trickles, 60_000, "no answer within 3000 ms", 1).await;
}

#[tokio::test]
async fn an_answer_of_a_hundred_megabytes_is_not_read() {
    let reason = "larger than 1048576 bytes";
    check(Manner::Pours(100 << 20), 60_000, reason, 1).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_broken_connection() {
    let (summary, _, calls) = phrased(Manner::Breaks, Duration::from_secs(5)).await;
    assert!(matches!(
        summary.author,
        SummaryAuthor::RulesAfterRejection { .. }
    ));
    assert!((1..=3).contains(&calls), "{calls}");
}

#[tokio::test]
async fn answers_that_are_no_answers_are_refused() {
    let not_it = "its answer is not what it should be";
    for body in [
        "",
        "nonsense",
        "[]",
        "{\"choices\": 7}",
        "{\"choices\": [{}]}",
    ] {
        check(Manner::Plain(200, body.to_owned()), 5_000, not_it, 1).await;
    }
    let empty = json!({ "id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [] });
    check(
        Manner::Plain(200, empty.to_string()),
        5_000,
        "answered without text",
        1,
    )
    .await;
}

/// The text of a model in the words of the protocol; a refused text is asked for once more, so two calls.
async fn check_text(text: &str, reason: &str) {
    check(
        Manner::Plain(200, chat_answer(text).to_string()),
        5_000,
        reason,
        2,
    )
    .await;
}

#[tokio::test]
async fn malicious_and_misshapen_texts_are_asked_for_once_more_and_dropped() {
    let story = |title: &str, story: &str| json!({ "title": title, "story": story }).to_string();
    let title = "Checkout cannot connect to its database";
    check_text("I cannot help with that.", "no JSON object").await;
    check_text("{\"title\": 5, \"story\": [\"a\"]}", "no field 'story'").await;
    check_text(
        &story(title, "Connections were refused."),
        "without a citation",
    )
    .await;
    check_text(
        &story(title, "See https://evil.invalid/x about connections [1]."),
        "link",
    )
    .await;
    check_text(
        &story(title, "Run this to fix the connection: please drop it [1]."),
        "advice",
    )
    .await;
    check_text(
        &story(title, "<script>alert(1)</script> connections refused [1]."),
        "unprintable",
    )
    .await;
    check_text(
        &story(
            "Checkout was hacked by somebody",
            "Connections were refused [1].",
        ),
        "hack",
    )
    .await;
    check_text(
        &story(title, &"Connections were refused [1]. ".repeat(400)),
        "bytes, the limit",
    )
    .await;
}

#[tokio::test]
async fn a_provider_that_keeps_failing_is_left_alone() {
    let provider = provider(Manner::Plain(400, String::new())).await;
    let broken = self::provider(Manner::Plain(500, String::new())).await;
    let ask = async |generator: &ScrubbedGenerator<OpenAiGenerator>| {
        let outcome = generator
            .generate(request(), CancellationToken::new())
            .await;
        outcome.unwrap_err().to_string()
    };
    let refusing = generator(&provider, Duration::from_secs(5));
    for _ in 0..7 {
        ask(&refusing).await;
    }
    // A refusal is no outage.
    assert_eq!(provider.calls.load(Ordering::Relaxed), 7);
    let failing = generator(&broken, Duration::from_secs(5));
    for _ in 0..5 {
        assert!(ask(&failing).await.contains("500"));
    }
    let calls = broken.calls.load(Ordering::Relaxed);
    assert_eq!(calls, 15);
    assert!(ask(&failing).await.contains("left alone for another"));
    assert_eq!(broken.calls.load(Ordering::Relaxed), calls);
}

/// What becomes of a plan that this provider is to make, and how long it takes.
async fn planned(manner: Manner) -> (Result<PlannedForm>, Duration) {
    let provider = provider(manner).await;
    let generator = generator(&provider, Duration::from_secs(60));
    let form = PlanForm {
        question: "give me the tally of declined cards".to_owned(),
        words: ["tally", "declined", "cards"].map(str::to_owned).to_vec(),
        has_time_field: true,
        ..PlanForm::default()
    };
    let budget = PlanBudget {
        timeout: Duration::from_secs(2),
        nonce: 7,
        origin: Origin::default(),
    };
    let began = Instant::now();
    let outcome = plan_question(&generator, &form, &budget, CancellationToken::new()).await;
    (outcome, began.elapsed())
}

#[tokio::test]
async fn a_provider_that_misbehaves_plans_nothing_and_is_given_up_in_time() {
    let says = |text: &str| Manner::Plain(200, chat_answer(text).to_string());
    for manner in [
        Manner::Hangs,
        Manner::Trickles,
        Manner::Pours(100 << 20),
        Manner::Breaks,
        Manner::Plain(500, String::new()),
        Manner::Plain(200, "nonsense".to_owned()),
        says("I cannot help with that."),
        says("{\"intent\": \"count\", \"about\": "),
        says("{\"plan\": {\"intent\": \"count\"}}"),
        says("{\"intent\": \"count\", \"about\": \"payments of jane\"}"),
        says(&format!("{{\"intent\": \"count\"{}}}", " ".repeat(4_000))),
    ] {
        let what: String = format!("{manner:?}").chars().take(120).collect();
        let (outcome, took) = planned(manner).await;
        assert!(outcome.is_err(), "{what}: {outcome:?}");
        assert!(took < Duration::from_secs(6), "{what}: {took:?}");
    }
    let good = says("{\"intent\": \"count\", \"about\": \"declined cards\"}");
    let (outcome, _) = planned(good).await;
    assert_eq!(outcome.unwrap().about, "declined cards");
}
