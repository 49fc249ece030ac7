use std::collections::BTreeMap;
use std::sync::Mutex;

use domain::{MetricKind, TimeRange};
use store::MetricStore as _;
use tokio::sync::mpsc;

use super::*;
use crate::testing::{Bench, NOON};

/// What a target answers, one after the other; the last one for ever.
struct Answers {
    pages: Mutex<Vec<Result<&'static str, &'static str>>>,
    content_type: Option<&'static str>,
    asked: mpsc::UnboundedSender<()>,
}

#[async_trait]
impl Fetch for Answers {
    async fn fetch(&self) -> Result<Page, String> {
        let mut pages = self.pages.lock().unwrap();
        let page = if pages.len() > 1 {
            pages.remove(0)
        } else {
            pages[0]
        };
        drop(pages);
        self.asked.send(()).ok();
        Ok(Page {
            content_type: self.content_type.map(str::to_owned),
            body: page?.as_bytes().to_vec(),
            place: None,
        })
    }
}

/// A target that never answers.
struct Silent;

#[async_trait]
impl Fetch for Silent {
    async fn fetch(&self) -> Result<Page, String> {
        std::future::pending().await
    }
}

fn target(bench: &Bench, fetch: Arc<dyn Fetch>) -> ScrapeTarget {
    let labels = [("job", "shop"), ("instance", "shop:9100")];
    ScrapeTarget {
        project_id: bench.project_id,
        labels: TargetLabels {
            labels: labels
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            honor_labels: false,
        },
        interval: Duration::from_millis(5),
        timeout: Duration::from_millis(5),
        fetch,
    }
}

fn answers(
    pages: &[Result<&'static str, &'static str>],
) -> (Arc<Answers>, mpsc::UnboundedReceiver<()>) {
    let (asked, heard) = mpsc::unbounded_channel();
    let answers = Answers {
        pages: Mutex::new(pages.to_vec()),
        content_type: None,
        asked,
    };
    (Arc::new(answers), heard)
}

fn values(points: &[MetricPoint]) -> BTreeMap<&str, f64> {
    points
        .iter()
        .map(|point| (point.name.as_str(), point.value))
        .collect()
}

async fn round(bench: &Bench, fetch: Arc<dyn Fetch>) -> (Outcome, Vec<MetricPoint>) {
    let scraper = Scraper {
        inner: Arc::clone(&bench.inner),
        target: target(bench, fetch),
        limits: Limits::default(),
    };
    scraper.round().await
}

#[tokio::test]
async fn a_page_becomes_its_samples_and_how_the_scrape_went() {
    let bench = Bench::new();
    let page = "# TYPE orders counter\norders 7\nbroken{ 1\nload 0.5\n";
    let (fetch, _heard) = answers(&[Ok(page)]);
    let (outcome, points) = round(&bench, fetch).await;
    assert_eq!((outcome.samples, outcome.rejected), (2, 1));
    let values = values(&points);
    assert_eq!(values["orders"], 7.0);
    assert_eq!(values["load"], 0.5);
    assert_eq!(values["up"], 1.0);
    assert_eq!(values["scrape_samples_scraped"], 2.0);
    assert!(values["scrape_duration_seconds"] >= 0.0);
    assert_eq!(points[0].kind, MetricKind::Counter);
    for point in &points {
        assert_eq!(point.timestamp_ns, NOON, "{}", point.name);
        assert_eq!(point.labels["job"], "shop", "{}", point.name);
        assert_eq!(point.labels["instance"], "shop:9100", "{}", point.name);
        assert_eq!(point.labels["service"], "shop", "{}", point.name);
    }
}

#[tokio::test]
async fn a_target_that_fails_or_is_silent_is_down() {
    let bench = Bench::new();
    let (fetch, _heard) = answers(&[Err("it answered 500")]);
    for (fetch, expected) in [
        (fetch as Arc<dyn Fetch>, "it answered 500"),
        (Arc::new(Silent), "no answer within 0.005 s"),
    ] {
        let (outcome, points) = round(&bench, fetch).await;
        assert_eq!(outcome.failure.as_deref(), Some(expected));
        let values = values(&points);
        assert_eq!(values["up"], 0.0);
        assert_eq!(values["scrape_samples_scraped"], 0.0);
        assert_eq!(values.len(), 3);
    }
}

#[tokio::test]
async fn targets_are_scraped_again_and_again_until_the_stop() {
    let bench = Bench::new();
    let (fetch, mut heard) = answers(&[Ok("load 1\n"), Err("gone"), Ok("load 3\n")]);
    let targets = vec![target(&bench, fetch)];
    start(&bench.inner, targets, Limits::default(), &bench.tasks);
    // A scrape begins when the one before is stored, so the fourth tells of three. The clock stands still meanwhile:
    // all three have one instant, and the last of them is what is there.
    for _ in 0..4 {
        heard.recv().await.unwrap();
    }
    bench.tasks.stop(Duration::from_secs(10)).await;
    let range = TimeRange {
        start_ns: NOON,
        end_ns: NOON + 1,
    };
    let query = |name: &str| {
        let store = &bench.inner.store;
        let found = store.metric_query(bench.project_id, name, &[], range);
        found.unwrap()[0].samples.clone()
    };
    assert_eq!(query("load"), [(NOON, 3.0)]);
    assert_eq!(query("up"), [(NOON, 1.0)]);
}
