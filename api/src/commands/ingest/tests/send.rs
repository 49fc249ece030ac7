//! Inputs that end, and how they are sent.

use domain::{LogRecord, Severity};
use tokio::sync::mpsc;

use super::fake_server::Answer;
use super::*;

fn record(body: String, attributes: &str) -> LogRecord {
    LogRecord {
        id: domain::RecordId(uuid::Uuid::nil()),
        project_id: ProjectId(uuid::Uuid::nil()),
        timestamp_ns: 1,
        observed_at_ns: 1,
        severity: Severity::Error,
        service: "shop".into(),
        body,
        attributes: attributes.into(),
        trace_id: Some("abc".into()),
        span_id: None,
        template_id: domain::TemplateId::default(),
    }
}

fn wire(record: &LogRecord) -> String {
    let mut line = String::new();
    wire::push_line(record, &[], &mut line);
    line
}

#[test]
fn a_record_becomes_the_servers_own_json() {
    assert_eq!(
        wire(&record("a \"b\"".into(), r#"{"k":1,"message":null}"#)),
        "{\"k\":1,\"message\":null,\"timestamp\":\"1\",\"severity\":\"error\",\"service\":\"shop\",\"trace_id\":\"abc\",\"message\":\"a \\\"b\\\"\"}\n"
    );
}

#[test]
fn no_record_is_larger_than_the_server_takes() {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId(uuid::Uuid::nil()),
        received_at_ns: 1,
        default_service: None,
        limits: &limits,
    };
    let half = format!("{{\"k\":\"{}\"}}", "v".repeat(600_000));
    let whole = format!("{{\"k\":\"{}\"}}", "v".repeat(1_048_500));
    for (body, attributes) in [
        ("x".repeat(1_048_576), ""),
        ("\"".repeat(1_048_576), ""),
        ("\u{1}é".repeat(300_000), ""),
        ("\u{7f}\u{fffd}".repeat(262_144), ""),
        ("x".repeat(1_048_576), half.as_str()),
        ("short".into(), whole.as_str()),
    ] {
        let line = wire(&record(body, attributes));
        let decoded =
            ingest::decode_logs(ingest::LogFormat::Ndjson, line.as_bytes(), &context).unwrap();
        assert_eq!(decoded.rejected, []);
        let kept = decoded.accepted[0].body.len() + decoded.accepted[0].attributes.len();
        assert!(kept > 170_000 || attributes == whole, "{kept}");
    }
}

#[tokio::test]
async fn a_line_of_megabytes_is_cut_and_taken() {
    let mut fake = FakeServer::start(&[]);
    let mut bench = Bench::new(fake.url()).await;
    let mut text = b"\"\\".repeat(3_000_000);
    text.extend_from_slice(b"\nnext\n");
    bench.args.files = vec![bench.write("app.log", &text)];
    bench.job().run().await.unwrap();
    let messages = fake.messages();
    assert_eq!((messages.len(), messages[1].as_str()), (2, "next"));
    assert!(messages[0].len() > 500_000, "{}", messages[0].len());
}

#[tokio::test]
async fn standard_input_is_sent_when_it_is_quiet_and_keeps_an_unfinished_line() {
    let mut fake = FakeServer::start(&[]);
    let bench = Bench::new(fake.url()).await;
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId(uuid::Uuid::nil()),
        received_at_ns: 1,
        default_service: None,
        limits: &limits,
    };
    let mut sender = Sender::new(&bench.server, bench.retry(), bench.pace.oldest);
    let mut feed = Feed::new(&context, &SystemClock, bench.pace.long_quiet, &mut sender);
    let (pipe, chunks) = mpsc::channel(4);
    let job = bench.job();
    let writer = async {
        pipe.send(Ok(b"one\n".to_vec())).await.unwrap();
        assert_eq!(fake.next().await.messages(), ["one"], "before the end");
        pipe.send(Ok(b"two\n".to_vec())).await.unwrap();
        assert_eq!(fake.next().await.messages(), ["two"]);
        pipe.send(Ok(b"thr".to_vec())).await.unwrap();
        pipe.send(Ok(b"ee\nfo".to_vec())).await.unwrap();
        // Ctrl-C
        bench.stop.cancel();
        assert_eq!(fake.next().await.messages(), ["three", "fo"]);
    };
    let (outcome, ()) = tokio::join!(job.stream(chunks, &mut feed), writer);
    assert!(outcome.unwrap(), "it was stopped");
}

#[tokio::test]
async fn packed_files_are_unpacked_and_several_files_are_one_run() {
    let mut fake = FakeServer::start(&[]);
    let mut bench = Bench::new(fake.url()).await;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(b"from gzip\n").unwrap();
    bench.args.files = vec![
        bench.write("a.log", b"plain\n"),
        bench.write("b.log.gz", &packer.finish().unwrap()),
        bench.write(
            "c.log.zst",
            &zstd::encode_all(&b"from zstd"[..], 1).unwrap(),
        ),
    ];
    bench.job().run().await.unwrap();
    assert_eq!(fake.messages(), ["plain", "from gzip", "from zstd"]);
}

#[tokio::test]
async fn a_run_whose_every_record_was_refused_fails() {
    let fake = FakeServer::start(&[Answer::RefuseAll]);
    let mut bench = Bench::new(fake.url()).await;
    bench.args.files = vec![bench.write("app.log", b"one\ntwo\n")];
    let error = bench.job().run().await.unwrap_err();
    assert_eq!(format!("{error:#}"), "the server refused every record");
}

#[tokio::test]
async fn patience_ends_with_the_file_and_how_much_of_it_was_sent() {
    let fake = FakeServer::start(&[Answer::Take, Answer::Status(503)]);
    let mut bench = Bench::new(fake.url()).await;
    bench.pace.patience = Duration::ZERO;
    bench.args.files = vec![bench.write("app.log", "line\n".repeat(2_500).as_bytes())];
    let error = format!("{:#}", bench.job().run().await.unwrap_err());
    assert!(
        error.contains("app.log: 2000 records of it were sent before this")
            && error.contains("503")
            && error.contains("given up"),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_request_ends_the_run_with_the_servers_words() {
    let fake = FakeServer::start(&[Answer::Status(401)]);
    let mut bench = Bench::new(fake.url()).await;
    bench.args.files = vec![bench.write("app.log", b"one\n")];
    let error = format!("{:#}", bench.job().run().await.unwrap_err());
    assert!(
        error.contains("401") && error.contains("not now"),
        "{error}"
    );
}

#[tokio::test]
async fn without_a_server_the_message_says_how_to_start_one() {
    let fake = FakeServer::start(&[]);
    let mut bench = Bench::new(fake.url()).await;
    assert!(bench.server.is_there().await);
    bench.args.files = vec![bench.write("app.log", b"one\n")];
    // A port below 1024 that nobody uses.
    bench.args.remote.url = "http://127.0.0.1:1".into();
    let config = Config::load(&Settings::default()).unwrap();
    let error = run(bench.args.clone(), &config).await.unwrap_err();
    assert!(error.to_string().contains("`vigil serve`"), "{error}");
    bench.args.files = vec![bench.folder.path().to_owned()];
    let error = run(bench.args, &config).await.unwrap_err();
    assert!(error.to_string().contains("is a folder"), "{error}");
}

#[test]
fn the_last_line_tells_records_rejections_seconds_and_rate() {
    let totals = sender::Totals {
        accepted: 3_000,
        rejected: 2,
        first_reason: Some("too blue".into()),
    };
    assert_eq!(
        totals.summary(Duration::from_millis(1_500)),
        "3000 records sent, 2 rejected (first reason: too blue), 1.5 s, 2000 records/s"
    );
}
