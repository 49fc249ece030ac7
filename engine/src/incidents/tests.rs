use std::sync::Mutex;

use async_trait::async_trait;
use domain::TimelineKind;
use inference::{GenerateRequest, Generation, Generator};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::alerts::tests::anomaly;
use crate::testing::{Bench, NOON};

/// A model that has no time, or writes what cannot be read; and for whom it was asked.
struct Fake(Mutex<bool>, Mutex<Vec<inference::Origin>>);

#[async_trait]
impl Generator for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        _: CancellationToken,
    ) -> inference::Result<Generation> {
        self.1.lock().unwrap().push(request.origin);
        if *self.0.lock().unwrap() {
            return Err(inference::Error::Unreadable("nonsense".into()));
        }
        Err(inference::Error::Timeout { budget_ms: 1 })
    }
}

fn stored(bench: &Bench, id: IncidentId) -> Summary {
    let incident = bench.inner.stored_incident(bench.project_id, id);
    incident.unwrap().summary.unwrap()
}

fn lines(bench: &Bench, id: IncidentId) -> usize {
    let lines = bench.inner.store.timeline(bench.project_id, id).unwrap();
    let written = |line: &&TimelineEntry| line.kind == TimelineKind::Summarised;
    lines.iter().filter(written).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_a_model_stays_when_it_has_no_time_for_another() {
    let bench = Bench::new();
    let shop = bench.project_id;
    bench.minute(0, 100, "checkout", 20);
    bench.clock.advance(domain::NANOS_PER_MINUTE);
    let mut surge = anomaly(shop, "checkout", NOON);
    surge.template_id = Some(domain::TemplateId(100));
    let id = bench.find(surge)[0];
    let inner = &bench.inner;
    inner.summarise(shop, id, Wording::TryAgain).await.unwrap();
    assert_eq!(stored(&bench, id).author, SummaryAuthor::Rules);
    inner.summarise(shop, id, Wording::TryAgain).await.unwrap();
    assert_eq!(lines(&bench, id), 1, "one line for one author");
    let accepted = Summary {
        headline: "Checkout cannot reach its database".into(),
        author: SummaryAuthor::Model {
            name: "fake".into(),
        },
        ..stored(&bench, id)
    };
    inner.save_summary(shop, id, &accepted).unwrap();
    assert_eq!(lines(&bench, id), 2);
    let fake = Arc::new(Fake(Mutex::new(false), Mutex::default()));
    inner.narrator.set(Arc::clone(&fake) as _);
    let later = inner.summarise(shop, id, Wording::TryAgain).await;
    assert_eq!(later.unwrap_err().kind(), domain::ErrorKind::Unavailable);
    assert_eq!(stored(&bench, id), accepted);
    *fake.0.lock().unwrap() = true;
    inner.summarise(shop, id, Wording::TryAgain).await.unwrap();
    inner.summarise(shop, id, Wording::TryAgain).await.unwrap();
    assert!(matches!(
        stored(&bench, id).author,
        SummaryAuthor::RulesAfterRejection { .. }
    ));
    assert_eq!(lines(&bench, id), 3);
    *fake.0.lock().unwrap() = false;
    inner.summarise(shop, id, Wording::LastTry).await.unwrap();
    assert_eq!(stored(&bench, id).author, SummaryAuthor::Rules);
    // Nobody asked for it: Vigil did.
    let ours = inference::Origin {
        project_id: Some(shop),
        incident_id: Some(id),
        requested_by: Some("system".to_owned()),
    };
    let origins = fake.1.lock().unwrap();
    assert!(!origins.is_empty() && origins.iter().all(|origin| *origin == ours));
}
