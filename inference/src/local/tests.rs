use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;

use super::*;
use crate::generator::{FinishReason, Grammar};
use crate::model::tests::{TINY, write_tiny};

struct Fixture {
    model: LocalModel,
    _dir: tempfile::TempDir,
}

fn start(config: LocalConfig) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), TINY);
    Fixture {
        model: LocalModel::start(path, config).unwrap(),
        _dir: dir,
    }
}

/// A text of exactly `letters` letters: how long it takes does not depend on what the model likes.
fn request(letters: u32) -> GenerateRequest {
    GenerateRequest {
        grammar: Grammar::Lark(format!("start: /[a-z]{{{letters}}}/\n")),
        max_tokens: 512,
        ..GenerateRequest::new("test", "Write letters.", "Go.".to_owned())
    }
}

fn keep() -> CancellationToken {
    CancellationToken::new()
}

#[tokio::test]
async fn a_constrained_text_comes_back_and_streams_in_pieces() {
    let fixture = start(LocalConfig::default());
    let (pieces, mut stream) = unbounded_channel();
    let request = GenerateRequest {
        pieces: Some(pieces),
        ..request(40)
    };
    let generation = fixture.model.generate(request, keep()).await.unwrap();
    assert_eq!(generation.text.len(), 40);
    assert_eq!(generation.finish, FinishReason::Complete);
    let mut streamed = String::new();
    while let Some(piece) = stream.recv().await {
        streamed.push_str(&piece);
    }
    assert_eq!(streamed, generation.text);
    assert!(matches!(
        fixture.model.state(),
        ModelState::Ready { fast: true, .. }
    ));
}

#[tokio::test]
async fn a_kept_prefix_saves_work_and_changes_nothing() {
    let fixture = start(LocalConfig::default());
    let model = &fixture.model;
    let first = model.generate(request(20), keep()).await.unwrap();
    assert_eq!(first.cached_tokens, 0);
    let again = model.generate(request(20), keep()).await.unwrap();
    assert!(again.cached_tokens > 0);
    assert_eq!(again.text, first.text);
    // Another prompt overwrites the cache; the kept state of the prefix brings it back.
    let other = GenerateRequest::new("test", "Other rules that differ.", "Go.".to_owned());
    model
        .generate(
            GenerateRequest {
                max_tokens: 4,
                ..other
            },
            keep(),
        )
        .await
        .unwrap();
    let back = model.generate(request(20), keep()).await.unwrap();
    assert!(back.cached_tokens > 0 && back.cached_tokens <= again.cached_tokens);
    assert_eq!(back.text, first.text);
}

#[tokio::test]
async fn the_stock_engine_serves_the_same_requests() {
    let fixture = start(LocalConfig {
        engine: Engine::Stock,
        ..LocalConfig::default()
    });
    let generation = fixture.model.generate(request(10), keep()).await.unwrap();
    assert_eq!(generation.text.len(), 10);
    let again = fixture.model.generate(request(10), keep()).await.unwrap();
    assert_eq!(again.text, generation.text);
    assert!(matches!(
        fixture.model.state(),
        ModelState::Ready { fast: false, .. }
    ));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let fixture = start(LocalConfig {
        queue_limit: 2,
        ..LocalConfig::default()
    });
    fixture.model.ready().await.unwrap();
    let (pieces, mut stream) = unbounded_channel();
    let cancel = keep();
    let mut tasks = JoinSet::new();
    let running = fixture.model.clone();
    let long = GenerateRequest {
        pieces: Some(pieces),
        ..request(500)
    };
    let token = cancel.clone();
    tasks.spawn(async move { running.generate(long, token).await.map(|_| ()) });
    // The first piece shows that it has left the queue and runs.
    stream.recv().await.unwrap();
    let mut refused = 0;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut future = Box::pin(fixture.model.generate(request(5), cancel.clone()));
        // One poll puts it into the queue, or refuses it.
        match futures_util::poll!(&mut future) {
            std::task::Poll::Ready(Err(Error::QueueFull { limit: 2 })) => refused += 1,
            std::task::Poll::Ready(other) => panic!("{other:?}"),
            std::task::Poll::Pending => waiting.push(future),
        }
    }
    assert_eq!((refused, waiting.len()), (1, 2));
    assert_eq!(fixture.model.status().pending, 3);
    cancel.cancel();
    while tasks.join_next().await.is_some() {}
    // And it goes on working.
    drop(waiting);
    loop {
        // What was given up leaves the queue as soon as the thread comes to it.
        match fixture.model.generate(request(5), keep()).await {
            Err(Error::QueueFull { .. }) => tokio::task::yield_now().await,
            other => break drop(other.unwrap()),
        }
    }
}

#[tokio::test]
async fn an_avoided_word_is_not_written() {
    let fixture = start(LocalConfig::default());
    let plain = fixture
        .model
        .generate(request(30), keep())
        .await
        .unwrap()
        .text;
    let avoid = vec![plain[..1].to_owned()];
    let other = GenerateRequest {
        avoid,
        ..request(30)
    };
    let other = fixture.model.generate(other, keep()).await.unwrap().text;
    assert_ne!(other[..1], plain[..1]);
}

#[tokio::test]
async fn a_caller_that_leaves_stops_the_work() {
    let fixture = start(LocalConfig::default());
    fixture.model.ready().await.unwrap();
    let (pieces, mut stream) = unbounded_channel();
    {
        let request = GenerateRequest {
            pieces: Some(pieces),
            ..request(500)
        };
        let mut future = Box::pin(fixture.model.generate(request, keep()));
        tokio::select! {
            outcome = &mut future => panic!("finished: {outcome:?}"),
            piece = stream.recv() => assert!(piece.is_some()),
        }
    }
    // The future is gone, nothing was cancelled by hand: the pieces end early all the same.
    let mut rest = 1;
    while let Some(piece) = stream.recv().await {
        rest += piece.len();
    }
    assert!(rest < 500, "{rest} letters were written for nobody");
}

#[tokio::test]
async fn a_cancelled_request_ends_with_cancelled() {
    let fixture = start(LocalConfig::default());
    let cancel = keep();
    cancel.cancel();
    let outcome = fixture.model.generate(request(50), cancel).await;
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
}

#[tokio::test]
async fn time_and_tokens_are_budgets() {
    let fixture = start(LocalConfig::default());
    fixture.model.ready().await.unwrap();
    let hurried = GenerateRequest {
        timeout: Duration::from_nanos(1),
        ..request(50)
    };
    let outcome = fixture.model.generate(hurried, keep()).await;
    assert!(matches!(outcome, Err(Error::Timeout { .. })), "{outcome:?}");
    let short = GenerateRequest {
        max_tokens: 7,
        ..request(50)
    };
    let generation = fixture.model.generate(short, keep()).await.unwrap();
    assert_eq!(generation.finish, FinishReason::Length);
    assert!(generation.generated_tokens <= 7 + 1);
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_is_refused_with_both_numbers() {
    let fixture = start(LocalConfig {
        context_tokens: 256,
        ..LocalConfig::default()
    });
    let long = GenerateRequest::new("test", "Rules.", "word ".repeat(400));
    match fixture.model.generate(long, keep()).await {
        Err(Error::PromptTooLong {
            tokens,
            wanted,
            limit,
        }) => {
            assert!(tokens > 400);
            assert_eq!((wanted, limit), (160, 256));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_unloaded_model_comes_back_with_the_next_request() {
    let fixture = start(LocalConfig {
        load: LoadPolicy::OnFirstUse,
        ..LocalConfig::default()
    });
    assert_eq!(fixture.model.state(), ModelState::Unloaded);
    let first = fixture.model.generate(request(10), keep()).await.unwrap();
    fixture.model.unload();
    let mut state = fixture.model.inner.state.clone();
    state
        .wait_for(|state| *state == ModelState::Unloaded)
        .await
        .unwrap();
    let second = fixture.model.generate(request(10), keep()).await.unwrap();
    assert_eq!(first.text, second.text);
}

#[tokio::test]
async fn an_idle_model_gives_its_memory_back() {
    let fixture = start(LocalConfig {
        idle_unload_after: Some(Duration::ZERO),
        ..LocalConfig::default()
    });
    fixture.model.generate(request(10), keep()).await.unwrap();
    let mut state = fixture.model.inner.state.clone();
    state
        .wait_for(|state| *state == ModelState::Unloaded)
        .await
        .unwrap();
}

#[tokio::test]
async fn weights_that_cannot_be_loaded_are_an_answer_not_a_hang() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), TINY);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 10_000]).unwrap();
    let model = LocalModel::start(&path, LocalConfig::default()).unwrap();
    assert!(matches!(model.ready().await, Err(Error::Unavailable(_))));
    assert!(matches!(model.state(), ModelState::Failed { .. }));
    let outcome = model.generate(request(5), keep()).await;
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_model_that_does_not_fit_into_memory_is_not_loaded() {
    let fixture = start(LocalConfig {
        load: LoadPolicy::OnFirstUse,
        memory_bytes: Some(u64::MAX),
        ..LocalConfig::default()
    });
    let outcome = fixture.model.generate(request(5), keep()).await;
    assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    let Some(ModelState::Failed { reason }) = fixture.model.local_state() else {
        panic!("{:?}", fixture.model.state());
    };
    assert!(reason.contains("MB of memory"), "{reason}");
}

#[tokio::test]
async fn a_grammar_that_is_wrong_costs_only_its_own_request() {
    let fixture = start(LocalConfig::default());
    let wrong = GenerateRequest {
        grammar: Grammar::Lark("start: nothing".to_owned()),
        ..request(5)
    };
    let outcome = fixture.model.generate(wrong, keep()).await;
    assert!(matches!(outcome, Err(Error::Grammar(_))), "{outcome:?}");
    fixture.model.generate(request(5), keep()).await.unwrap();
}

#[tokio::test]
async fn a_line_is_shared_between_projects() {
    let fixture = start(LocalConfig {
        queue_limit: 4,
        ..LocalConfig::default()
    });
    let (pieces, mut stream) = unbounded_channel();
    let of = |project: u8, letters: u32| {
        let mut request = request(letters);
        request.origin.project_id = Some(domain::ProjectId::from_parts(0, [project; 10]));
        request
    };
    let mut tasks = JoinSet::new();
    let (running, stop) = (fixture.model.clone(), keep());
    let long = GenerateRequest {
        pieces: Some(pieces),
        ..of(1, 500)
    };
    let token = stop.clone();
    tasks.spawn(async move { running.generate(long, token).await.map(|_| 0) });
    stream.recv().await.unwrap();
    // Four of the first project fill the line, one of the second comes later and is served second.
    let mut waiting = Vec::new();
    for project in [1, 1, 1, 1, 2] {
        let model = fixture.model.clone();
        let request = of(project, 4);
        let mut future = Box::pin(async move { model.generate(request, keep()).await });
        assert!(futures_util::poll!(&mut future).is_pending());
        waiting.push((project, future));
    }
    stop.cancel();
    let mut outcomes = Vec::new();
    for (project, future) in waiting {
        outcomes.push((project, future.await.is_ok()));
    }
    assert_eq!(
        outcomes,
        [(1, true), (1, true), (1, true), (1, false), (2, true)]
    );
}

#[test]
fn a_cancelled_text_ends_within_one_token() {
    let dir = tempfile::tempdir().unwrap();
    let path = write_tiny(dir.path(), TINY);
    let config = LocalConfig {
        threads: Some(1),
        ..LocalConfig::default()
    };
    let (state, _) = watch::channel(ModelState::Unloaded);
    let pending = Arc::new(Mutex::new(0));
    let worker = Worker::new(path, config, state, pending, keep());
    let mut resident = worker.read().unwrap();
    let (pieces, stream) = unbounded_channel();
    let request = GenerateRequest {
        pieces: Some(pieces),
        ..request(200)
    };
    let began = Instant::now();
    let limits = sequence::Limits {
        asked_at: began,
        deadline: began + Duration::from_secs(60),
        is_abandoned: Box::new(|| stream.len() >= 3),
    };
    let text = sequence::Sequence::new(&mut resident, &request, &limits).unwrap();
    let outcome = text.run();
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
    assert_eq!(stream.len(), 3);
}
