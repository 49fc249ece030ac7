//! The command as a whole; the files themselves are tested where they are read.

use super::*;
use crate::commands::ingest::follow::{default_state, is_stream, patterns};

/// A run that follows the files of a folder.
async fn bench(url: String) -> Bench {
    let mut bench = Bench::new(url).await;
    std::fs::create_dir(bench.path("logs")).unwrap();
    bench.args.follow = true;
    bench.args.files = vec![bench.path("logs")];
    bench.args.state = Some(bench.path("state.json"));
    bench
}

#[tokio::test]
async fn a_restart_of_the_server_costs_neither_the_shipper_nor_a_record() {
    let mut fake = FakeServer::start(&[]);
    let port = fake.port();
    let bench = bench(fake.url()).await;
    bench.write("logs/app.log", b"one\n");
    let job = bench.job();
    let scene = async {
        assert_eq!(fake.next().await.messages(), ["one"]);
        drop(fake);
        bench.append("logs/app.log", "two\n");
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
        bench.append("logs/new.log", "three\n");
        assert_eq!(fake.next().await.messages(), ["three"]);
        bench.append("logs/app.log", "four\ntorn");
        bench.stop.cancel();
        fake
    };
    let (outcome, mut fake) = tokio::join!(job.run(), scene);
    outcome.unwrap();
    // Whether the last line came before the end or not, the next run goes on there.
    let mut rest = fake.messages();
    bench.append("logs/app.log", ", mended\n");
    let bench = Bench {
        stop: CancellationToken::new(),
        ..bench
    };
    let job = bench.job();
    let scene = async {
        while !rest.iter().any(|message| message == "torn, mended") {
            rest.extend(fake.next().await.messages());
        }
        bench.stop.cancel();
        rest
    };
    let (outcome, rest) = tokio::join!(job.run(), scene);
    outcome.unwrap();
    assert_eq!(rest, ["four", "torn, mended"]);
}

#[tokio::test]
async fn a_server_that_refuses_the_token_ends_the_run_and_costs_no_record() {
    let mut fake = FakeServer::start(&[fake_server::Answer::Status(401)]);
    let bench = bench(fake.url()).await;
    bench.write("logs/app.log", b"one\n");
    let error = format!("{:#}", bench.job().run().await.unwrap_err());
    assert!(error.contains("401"), "{error}");
    let refused = fake.next().await;
    let job = bench.job();
    let scene = async {
        let again = fake.next().await;
        bench.stop.cancel();
        again
    };
    let (outcome, again) = tokio::join!(job.run(), scene);
    outcome.unwrap();
    assert_eq!((again.key, again.body), (refused.key, refused.body));
}

#[tokio::test]
async fn lines_without_a_time_get_the_time_when_they_came() {
    let mut fake = FakeServer::start(&[]);
    let bench = bench(fake.url()).await;
    let clock = domain::ManualClock::new(1_795_442_400_000_000_000);
    bench.write("logs/app.log", b"one\n");
    let job = Job {
        clock: &clock,
        ..bench.job()
    };
    let scene = async {
        let mut times = Vec::new();
        for line in ["two\n", "three\n"] {
            let record = fake.next().await.records().remove(0);
            times.push(record["timestamp"].as_str().unwrap().to_owned());
            clock.set(1_795_442_400_000_000_000 + domain::NANOS_PER_SECOND);
            bench.append("logs/app.log", line);
        }
        fake.next().await;
        bench.stop.cancel();
        times
    };
    let (outcome, times) = tokio::join!(job.run(), scene);
    outcome.unwrap();
    assert_eq!(times, ["1795442400000000000", "1795442401000000000"]);
}

#[test]
fn arguments_are_checked_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.log");
    let error = patterns(std::slice::from_ref(&missing), false).unwrap_err();
    assert!(format!("{error:#}").contains("missing.log"), "{error:#}");
    assert!(patterns(&[folder.path().join("*.log")], false).is_ok());
    assert!(is_stream(&["-".into()]).unwrap());
    assert!(!is_stream(&[folder.path().into()]).unwrap());
    assert!(is_stream(&["-".into(), missing]).is_err());
    let config = Config::load(&Settings::default()).unwrap();
    let state = |name: &str, url: &str| {
        let arguments = [PathBuf::from(name)];
        default_state(&arguments, url, &config)
    };
    assert_eq!(state("/a", "u"), state("/a", "u"));
    assert_ne!(state("/a", "u"), state("/b", "u"));
    assert_ne!(state("/a", "u"), state("/a", "v"));
}
