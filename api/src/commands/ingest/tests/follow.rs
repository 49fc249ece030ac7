//! Files that are written, replaced and cut while they are read. Time is a parameter: nothing is waited for.

use domain::ManualClock;

use super::*;

/// 2026-11-23T14:00:00Z.
const NOW_NS: i64 = 1_795_442_400_000_000_000;
const NAME: &str = "app.log";

/// A followed file, its feed, and a clock that is moved by hand.
struct Followed<'f, 's> {
    tail: Tail,
    feed: Feed<'f, 's>,
    started: Instant,
}

impl Followed<'_, '_> {
    /// Takes all that is there and looks once more, so many milliseconds after the start.
    async fn poll(&mut self, at_ms: u64) {
        let now = self.started + Duration::from_millis(at_ms);
        while self.tail.poll(&mut self.feed, now).await.unwrap() > 0 {}
    }
}

fn context(limits: &Limits) -> Context<'_> {
    Context {
        project_id: ProjectId(uuid::Uuid::nil()),
        received_at_ns: 0,
        default_service: None,
        limits,
    }
}

/// Follows `app.log`, whose first text is given.
macro_rules! follow {
    ($followed:ident, $bench:ident, $clock:expr, $first:expr) => {
        $bench.append(NAME, $first);
        let limits = Limits::default();
        let mut sender = Sender::new(&$bench.server, $bench.retry(), $bench.pace.oldest);
        let mut $followed = Followed {
            tail: Tail::open(&$bench.path(NAME)).await.unwrap(),
            feed: Feed::new(
                &context(&limits),
                $clock,
                $bench.pace.long_quiet,
                &mut sender,
            ),
            started: Instant::now(),
        };
    };
}

#[tokio::test]
async fn a_torn_line_waits_for_its_end() {
    let mut fake = FakeServer::start(&[]);
    let bench = Bench::new(fake.url()).await;
    follow!(followed, bench, &SystemClock, "one\ntw");
    followed.poll(0).await;
    followed.poll(1_000).await;
    assert_eq!(fake.messages(), [""; 0], "the torn line may belong to it");
    bench.append(NAME, "o\n");
    followed.poll(1_250).await;
    assert_eq!(fake.messages(), ["one", "two"]);
}

#[tokio::test]
async fn an_unfinished_line_is_taken_when_its_writer_is_quiet_for_long() {
    let mut fake = FakeServer::start(&[]);
    let bench = Bench::new(fake.url()).await;
    follow!(followed, bench, &SystemClock, "password: ");
    followed.poll(0).await;
    followed.poll(4_999).await;
    assert_eq!(fake.messages(), [""; 0]);
    followed.poll(5_000).await;
    assert_eq!(fake.messages(), ["password:"]);
}

#[tokio::test]
async fn a_rotated_file_is_read_to_its_end_before_the_new_one() {
    let mut fake = FakeServer::start(&[]);
    let bench = Bench::new(fake.url()).await;
    follow!(followed, bench, &SystemClock, "one\n");
    followed.poll(0).await;
    assert_eq!(fake.messages(), ["one"]);

    std::fs::rename(bench.path(NAME), bench.path("app.log.1")).unwrap();
    bench.append("app.log.1", "two, to the old file\n");
    followed.poll(250).await;
    bench.append(NAME, "four, to the new file\n");
    followed.poll(4_000).await;
    bench.append("app.log.1", "three, to the old file");
    followed.poll(4_250).await;
    followed.poll(9_000).await;
    assert_eq!(fake.messages(), ["two, to the old file"]);
    followed.poll(9_250).await;
    followed.poll(9_500).await;
    assert_eq!(
        fake.messages(),
        ["three, to the old file", "four, to the new file"]
    );
}

#[tokio::test]
async fn a_file_that_is_away_for_a_while_is_waited_for() {
    let mut fake = FakeServer::start(&[]);
    let bench = Bench::new(fake.url()).await;
    follow!(followed, bench, &SystemClock, "one\n");
    followed.poll(0).await;
    std::fs::remove_file(bench.path(NAME)).unwrap();
    for at_ms in [250, 6_000, 12_000] {
        followed.poll(at_ms).await;
    }
    // A name that cannot be read is as good as none.
    std::fs::create_dir(bench.path(NAME)).unwrap();
    followed.poll(12_250).await;
    std::fs::remove_dir(bench.path(NAME)).unwrap();
    bench.append(NAME, "two\n");
    followed.poll(18_000).await;
    followed.poll(24_000).await;
    assert_eq!(fake.messages(), ["one", "two"]);
}

#[tokio::test]
async fn a_file_that_was_cut_is_read_from_its_start() {
    let mut fake = FakeServer::start(&[]);
    let bench = Bench::new(fake.url()).await;
    follow!(followed, bench, &SystemClock, "a long first line\ntorn");
    followed.poll(0).await;
    // What copytruncate does.
    std::fs::copy(bench.path(NAME), bench.path("app.log.1")).unwrap();
    std::fs::write(bench.path(NAME), "two\n").unwrap();
    followed.poll(250).await;
    followed.poll(500).await;
    assert_eq!(fake.messages(), ["a long first line", "torn", "two"]);
}

#[tokio::test]
async fn lines_without_a_time_get_the_time_when_they_came() {
    let mut fake = FakeServer::start(&[]);
    let bench = Bench::new(fake.url()).await;
    let clock = ManualClock::new(NOW_NS);
    follow!(followed, bench, &clock, "one\n");
    followed.poll(0).await;
    let tomorrow_ns = NOW_NS + 24 * 3_600 * domain::NANOS_PER_SECOND;
    clock.set(tomorrow_ns);
    bench.append(NAME, "two\n00:30:00 three\n");
    followed.poll(250).await;
    let mut times = Vec::new();
    for _ in 0..2 {
        for record in fake.next().await.records() {
            times.push(record["timestamp"].as_str().unwrap().to_owned());
        }
    }
    let half_past_ns =
        tomorrow_ns - 13 * 3_600 * domain::NANOS_PER_SECOND - 30 * 60 * domain::NANOS_PER_SECOND;
    assert_eq!(
        times,
        [NOW_NS, tomorrow_ns, half_past_ns].map(|at| at.to_string())
    );
}

#[tokio::test]
async fn a_restart_of_the_server_costs_neither_the_shipper_nor_a_record() {
    let mut fake = FakeServer::start(&[]);
    let port = fake.port();
    let mut bench = Bench::new(fake.url()).await;
    bench.args.follow = true;
    bench.args.files = vec![bench.write(NAME, b"one\n")];
    let job = bench.job();
    let scene = async {
        assert_eq!(fake.next().await.messages(), ["one"]);
        drop(fake);
        bench.append(NAME, "two\n");
        // The first tries meet nobody, the next a server that dies and one that is not ready.
        let answers = [
            fake_server::Answer::Cut,
            fake_server::Answer::Status(503),
            fake_server::Answer::Status(429),
        ];
        let mut fake = FakeServer::start_at(port, &answers);
        let mut keys = std::collections::BTreeSet::new();
        for _ in 0..=answers.len() {
            let request = fake.next().await;
            assert_eq!(request.messages(), ["two"]);
            keys.insert(request.key);
        }
        assert_eq!(keys.len(), 1, "every try has the same key");
        assert!(uuid::Uuid::parse_str(&keys.pop_first().unwrap()).is_ok());
        bench.append(NAME, "three\nfour, without an end");
        bench.stop.cancel();
        let mut rest = fake.next().await.messages();
        rest.extend(fake.messages());
        assert_eq!(rest, ["three", "four, without an end"]);
        fake
    };
    let (outcome, _fake) = tokio::join!(job.run(), scene);
    outcome.unwrap();
}
