use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::generator::FinishReason;

/// Answers or fails, and keeps the time that it was given.
struct Fake {
    name: &'static str,
    failure: Option<Error>,
    given: Mutex<Vec<Duration>>,
}

fn fake(name: &'static str, failure: Option<Error>) -> Arc<Fake> {
    Arc::new(Fake {
        name,
        failure,
        given: Mutex::default(),
    })
}

#[async_trait]
impl Generator for Fake {
    fn name(&self) -> &str {
        self.name
    }

    async fn generate(&self, request: GenerateRequest, _: CancellationToken) -> Result<Generation> {
        self.given.lock().unwrap().push(request.timeout);
        match &self.failure {
            Some(error) => Err(error.clone()),
            None => Ok(Generation {
                text: self.name.to_owned(),
                finish: FinishReason::Complete,
                prompt_tokens: 0,
                cached_tokens: 0,
                generated_tokens: 0,
                first_token_ms: 0,
                total_ms: 0,
                model: None,
            }),
        }
    }
}

async fn ask(order: &[&Arc<Fake>]) -> Result<Generation> {
    let order = order
        .iter()
        .map(|one| Arc::clone(one) as Arc<dyn Generator>);
    let request = GenerateRequest::new("test", "", String::new());
    let fallback = Fallback::new(order.collect()).unwrap();
    fallback.generate(request, CancellationToken::new()).await
}

#[tokio::test]
async fn the_next_one_answers_when_one_cannot_and_is_named() {
    let budget = Error::BudgetSpent {
        spent: 1,
        limit: 1,
        unit: "calls",
    };
    let (first, second, third) = (
        fake("first", Some(budget)),
        fake("second", Some(Error::Unreadable("prose".to_owned()))),
        fake("third", None),
    );
    let generation = ask(&[&first, &second, &third]).await.unwrap();
    assert_eq!(generation.text, "third");
    assert_eq!(generation.model.as_deref(), Some("third"));
    let given = |one: &Arc<Fake>| one.given.lock().unwrap()[0];
    assert!(
        given(&first) <= Duration::from_secs(30),
        "one that hangs leaves time"
    );
    assert!(given(&third) > Duration::from_secs(59));
}

#[tokio::test]
async fn a_cancellation_asks_nobody_else_and_the_last_failure_is_told() {
    let (left, next) = (fake("left", Some(Error::Cancelled)), fake("next", None));
    assert!(matches!(ask(&[&left, &next]).await, Err(Error::Cancelled)));
    assert!(next.given.lock().unwrap().is_empty());
    let full = fake("full", Some(Error::QueueFull { limit: 3 }));
    let quiet = fake("quiet", Some(Error::NotSampled { percent: 10 }));
    let outcome = ask(&[&full, &quiet]).await;
    assert!(
        matches!(outcome, Err(Error::QueueFull { limit: 3 })),
        "{outcome:?}"
    );
    let outcome = ask(&[&quiet]).await;
    assert!(
        matches!(outcome, Err(Error::NotSampled { .. })),
        "{outcome:?}"
    );
    assert!(Fallback::new(Vec::new()).is_none());
}
