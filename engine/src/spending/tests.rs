use domain::{Clock, ManualClock};
use inference::{
    CancellationToken, ExternalAnswer, ExternalModel, ExternalRequest, GenerateRequest, Generator,
    Origin, ScrubbedGenerator, SpendingLimits,
};

use super::*;
use crate::testing::{Bench, NOON};

const DAY_NS: i64 = 24 * 60 * 60 * 1_000_000_000;

/// A provider that takes its time and says what it used.
struct Provider;

#[async_trait::async_trait]
impl ExternalModel for Provider {
    fn name(&self) -> &str {
        "openai:small"
    }

    async fn complete(&self, _: &ExternalRequest) -> inference::Result<ExternalAnswer> {
        tokio::time::sleep(Duration::from_millis(30)).await;
        Ok(ExternalAnswer {
            text: "yes".to_owned(),
            is_cut: false,
            prompt_tokens: 40,
            generated_tokens: 10,
        })
    }
}

/// One process: its counts, its provider, and the loop that keeps them.
struct Process {
    spending: Arc<Spending>,
    generator: ScrubbedGenerator<Provider>,
    stop: CancellationToken,
    kept: tokio::task::JoinHandle<()>,
}

impl Process {
    fn start(bench: &Bench, clock: &Arc<ManualClock>) -> Self {
        let limits = SpendingLimits {
            project_tokens_per_day: Some(120),
            input_price: 1_000_000,
            ..SpendingLimits::default()
        };
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        let spending = Arc::new(Spending::new(limits, clock).in_ledger());
        let generator =
            ScrubbedGenerator::new(Provider, redact::Scrubber::new(), Arc::clone(&spending));
        let stop = CancellationToken::new();
        let keeping = keep_spending(
            Arc::clone(&spending),
            "house".to_owned(),
            bench.inner.store.clone(),
            stop.clone(),
        );
        Self {
            spending,
            generator,
            kept: bench.tasks.spawn("spending", keeping),
            stop,
        }
    }

    async fn ask(&self, project_id: ProjectId) -> inference::Result<()> {
        let request = GenerateRequest {
            origin: Origin {
                project_id: Some(project_id),
                ..Origin::default()
            },
            ..GenerateRequest::new("test", "Rules.", "text".to_owned())
        };
        let answer = self.generator.generate(request, CancellationToken::new());
        answer.await.map(|_| ())
    }

    /// Asks as soon as it is known what was spent before.
    async fn ask_when_known(&self, project_id: ProjectId) -> inference::Result<()> {
        for _ in 0..500 {
            match self.ask(project_id).await {
                Err(inference::Error::Unavailable(why)) if why.contains("not known yet") => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                outcome => return outcome,
            }
        }
        panic!("what was spent never becomes known");
    }

    async fn end(self) {
        self.stop.cancel();
        self.kept.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_holds_over_a_restart_and_begins_anew_with_the_day() {
    let bench = Bench::new();
    let clock = Arc::new(ManualClock::new(NOON));
    let first = Process::start(&bench, &clock);
    first.ask_when_known(bench.project_id).await.unwrap();
    first.ask(bench.project_id).await.unwrap();
    // It stops right after a call: that is written as well.
    first.end().await;
    let day = NOON.div_euclid(DAY_NS);
    let row = ModelSpending {
        project_id: Some(bench.project_id),
        calls: 2,
        tokens: 100,
        pico_dollars: 80_000_000,
    };
    let store = &bench.inner.store;
    assert_eq!(store.spending("house", day).unwrap(), [row]);
    let second = Process::start(&bench, &clock);
    second.ask_when_known(bench.project_id).await.unwrap();
    let refused = second.ask(bench.project_id).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "150 tokens of this project spent in this period, the limit is 120"
    );
    clock.advance(DAY_NS);
    second.ask(bench.project_id).await.unwrap();
    assert_eq!(second.spending.today(), (1, 50, 40));
    second.end().await;
    let tokens = |day| store.spending("house", day).unwrap()[0].tokens;
    assert_eq!((tokens(day), tokens(day + 1)), (150, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_budget() {
    let bench = Bench::new();
    let clock = Arc::new(ManualClock::new(NOON));
    let (one, other) = (
        Process::start(&bench, &clock),
        Process::start(&bench, &clock),
    );
    one.ask_when_known(bench.project_id).await.unwrap();
    other.ask_when_known(bench.project_id).await.unwrap();
    let day = NOON.div_euclid(DAY_NS);
    let tokens = || {
        let rows = bench.inner.store.spending("house", day).unwrap();
        rows.first().map_or(0, |row| row.tokens)
    };
    until(|| tokens() == 100).await;
    // Each reads what the other wrote when it writes itself.
    one.ask(bench.project_id).await.unwrap();
    until(|| one.spending.today().1 == 150).await;
    assert!(one.ask(bench.project_id).await.is_err());
    one.end().await;
    other.end().await;
    let rows = bench.inner.store.spending("house", day).unwrap();
    assert_eq!((rows.len(), rows[0].calls, rows[0].tokens), (1, 3, 150));
}

async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not become so within ten seconds");
}
