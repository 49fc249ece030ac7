//! Prometheus: remote write with what real senders sent (ingest/testdata), and scraping.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use domain::{MetricKind, ProjectId, TimeRange};
use reqwest::Response;
use store::{IdentityStore as _, MetricSeries, MetricStore as _, Store, StoreConfig};

use crate::harness::{Database, Server};

const SHOP: &[u8] = include_bytes!("../../../ingest/testdata/prometheus/server_shop.snappy");
const NATIVE: &[u8] = include_bytes!("../../../ingest/testdata/prometheus/server_native.snappy");
const STALE: &[u8] = include_bytes!("../../../ingest/testdata/prometheus/server_stale.snappy");
const VMAGENT: &[u8] = include_bytes!("../../../ingest/testdata/prometheus/vmagent_shop.snappy");
const OFFICIAL: &[u8] = include_bytes!("../../../ingest/testdata/prometheus/official_v2.snappy");
const PAGE: &[u8] = include_bytes!("../../../ingest/testdata/prometheus/python.om");

const PATHS: [&str; 3] = [
    "/api/v1/write",
    "/api/v1/prom/write",
    "/prometheus/api/v1/write",
];
const ONE: &str = "application/x-protobuf";
const TWO: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
/// How long a loaded machine may take.
const PATIENCE: Duration = Duration::from_secs(60);

async fn post(server: &Server, path: &str, kind: &str, body: &[u8]) -> Response {
    server
        .client
        .post(format!("{}{path}", server.url))
        .bearer_auth(&server.token)
        .header("content-type", kind)
        .header("content-encoding", "snappy")
        .header("x-prometheus-remote-write-version", "0.1.0")
        .body(body.to_vec())
        .send()
        .await
        .unwrap()
}

/// What a server stored, once it has stopped.
struct Stored {
    store: Store,
    project_id: ProjectId,
}

impl Stored {
    fn of(server: &mut Server) -> Self {
        server.terminate();
        assert!(server.reap().success());
        let store = Store::open(&StoreConfig::in_data_dir(&server.folder().join("data"))).unwrap();
        let project_id = store.projects().unwrap()[0].id;
        Self { store, project_id }
    }

    fn series(&self, name: &str) -> Vec<MetricSeries> {
        let range = TimeRange {
            start_ns: 0,
            end_ns: i64::MAX,
        };
        self.store
            .metric_query(self.project_id, name, &[], range)
            .unwrap()
    }

    /// The values of the series that has this label.
    fn values(&self, name: &str, label: (&str, &str)) -> Vec<f64> {
        let found = self.series(name);
        let one = found.iter().find(|series| {
            series
                .labels
                .get(label.0)
                .is_some_and(|text| text == label.1)
        });
        let samples = one.map(|series| series.samples.clone()).unwrap_or_default();
        samples.into_iter().map(|(_, value)| value).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_prometheus_and_vmagent_send_is_stored_once() {
    let mut server = Server::start(Database::Sqlite).await;
    for path in PATHS {
        // NaN and infinity are among them; neither is a reason to complain.
        for body in [NATIVE, SHOP, VMAGENT, STALE] {
            let answer = post(&server, path, ONE, body).await;
            assert_eq!(answer.status(), 204, "{path}");
            assert_eq!(answer.text().await.unwrap(), "");
        }
    }
    let stored = Stored::of(&mut server);
    let card = ("method", "card");
    assert_eq!(
        stored.values("shop_orders_total", card),
        [8.0],
        "sent three times"
    );
    let mut kinds = stored
        .series("shop_orders_total")
        .into_iter()
        .map(|series| series.kind);
    assert!(kinds.all(|kind| kind == MetricKind::Counter));
    // That of the server bears its external label, that of the agent does not.
    let buckets = stored.series("shop_latency_seconds_bucket");
    let mut last = buckets
        .iter()
        .filter(|series| series.labels["le"] == "+Inf" && series.labels.contains_key("cluster"));
    assert_eq!(last.next().unwrap().samples[0].1, 3.0);
    assert_eq!(buckets.len(), 8);
    assert_eq!(
        stored.values("shop_native_seconds_count", ("path", "/pay")),
        [106.0]
    );
    let series = &stored.series("shop_native_seconds_sum")[0];
    assert_eq!(series.labels["service"], "native");
    assert_eq!(series.samples, [(1_795_853_019_716_000_000, 1602.8)]);
}

async fn version_two_is_told_how_much_was_written(database: Database) {
    let server = Server::start(database).await;
    for _ in 0..2 {
        let answer = post(&server, PATHS[0], TWO, OFFICIAL).await;
        assert_eq!(answer.status(), 204);
        let header = |name: &str| {
            answer.headers()[&format!("x-prometheus-remote-write-{name}-written")].clone()
        };
        assert_eq!(header("samples"), "4");
        assert_eq!(header("histograms"), "3");
        assert_eq!(header("exemplars"), "0");
    }
    // Series that refers to a symbol that is not there, beside a good one.
    let torn = Bytes::default()
        .part(4, b"")
        .part(4, b"__name__")
        .part(4, b"load")
        .part(
            5,
            &Bytes::default()
                .part(1, &[1, 2])
                .part(2, &[])
                .part(2, &Bytes::now_ms())
                .0,
        )
        .part(
            5,
            &Bytes::default()
                .part(1, &[1, 9])
                .part(2, &Bytes::now_ms())
                .0,
        );
    let packed = snappy_of(&torn.0);
    let answer = post(&server, PATHS[0], TWO, &packed).await;
    assert_eq!(answer.status(), 400);
    assert_eq!(
        answer.headers()["x-prometheus-remote-write-samples-written"],
        "1"
    );
    let text = answer.text().await.unwrap();
    assert!(
        text.starts_with("2 of 3 samples were refused, the others are stored: timestamp '0'"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn version_two_is_told_how_much_was_written_on_sqlite() {
    version_two_is_told_how_much_was_written(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn version_two_is_told_how_much_was_written_on_postgres() {
    version_two_is_told_how_much_was_written(Database::Postgres).await;
}

/// A protobuf message of short fields.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn part(mut self, field: u8, bytes: &[u8]) -> Self {
        self.0.push(field << 3 | 2);
        self.0.push(u8::try_from(bytes.len()).unwrap());
        self.0.extend_from_slice(bytes);
        self
    }

    /// A sample of now, with the value 0.
    fn now_ms() -> Vec<u8> {
        use domain::Clock as _;
        let mut rest = (domain::SystemClock.now_ns() / 1_000_000).cast_unsigned();
        let mut bytes = vec![2 << 3];
        while rest >= 0x80 {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes
    }
}

/// One block of snappy that packs nothing: the length, then one short literal.
fn snappy_of(plain: &[u8]) -> Vec<u8> {
    let length = u8::try_from(plain.len()).unwrap();
    assert!((1..=60).contains(&length), "{length} bytes");
    [&[length, (length - 1) << 2][..], plain].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_is_refused_as_the_specification_says() {
    let server = Server::start(Database::Sqlite).await;
    let answer = post(&server, PATHS[0], "application/json", b"{}").await;
    assert_eq!(answer.status(), 415);
    let unknown = "application/x-protobuf;proto=io.prometheus.write.v9.Request";
    assert_eq!(post(&server, PATHS[0], unknown, NATIVE).await.status(), 415);
    assert_eq!(
        post(&server, PATHS[0], ONE, b"no snappy").await.status(),
        400
    );
    assert_eq!(
        post(&server, PATHS[0], ONE, b"\xff\xff\xff\xff\x0f")
            .await
            .status(),
        413
    );
    let gzip = server
        .client
        .post(format!("{}{}", server.url, PATHS[0]))
        .bearer_auth(&server.token)
        .header("content-encoding", "gzip")
        .body("x");
    assert_eq!(gzip.send().await.unwrap().status(), 415);
    let bare = |server: &Server| {
        let url = format!("{}{}", server.url, PATHS[0]);
        server.client.post(url).body(NATIVE.to_vec())
    };
    assert_eq!(bare(&server).send().await.unwrap().status(), 401);
    // The oldest senders name neither type nor encoding; Basic is what many of them can do.
    let basic = bare(&server).basic_auth("prometheus", Some(&server.token));
    assert_eq!(basic.send().await.unwrap().status(), 204);
    let zstd = server
        .client
        .post(format!("{}{}", server.url, PATHS[0]))
        .bearer_auth(&server.token)
        .header("content-encoding", "zstd")
        .body(zstd::encode_all(&b""[..], 3).unwrap());
    assert_eq!(zstd.send().await.unwrap().status(), 204);
}

/// A program that shows its metrics; the heads of the requests for them.
fn program() -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut head = String::new();
            while let Some(Ok(line)) = lines.next()
                && !line.is_empty()
            {
                head.push_str(&line.to_ascii_lowercase());
                head.push('\n');
            }
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(PAGE).unwrap();
            let body = packed.finish().unwrap();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0\r\n\
                 Content-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream
                .write_all(&[answer.as_bytes(), &body].concat())
                .unwrap();
            sender.send(head).ok();
        }
    });
    (addr, receiver)
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_of_the_settings_file_are_scraped() {
    let (addr, heads) = program();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vigil.toml");
    let dead = crate::harness::free_port();
    let text = format!(
        "[[scrape]]\nname = 'shop'\ntargets = ['{addr}']\nmetrics_path = '/stats'\ninterval = '1m'\n\
         bearer_token = '${{env:PATH}}'\nlabels = {{ env = 'test' }}\n\
         [[scrape]]\nname = 'dead'\ntargets = ['127.0.0.1:{dead}']\ninterval = '5s'\n"
    );
    std::fs::write(&path, text).unwrap();
    let arguments = ["--config".to_owned(), path.display().to_string()];
    let mut server = Server::start_with(Database::Sqlite, &arguments).await;
    let head = heads.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("get /stats http/1.1"), "{head}");
    assert!(head.contains("authorization: bearer "), "{head}");
    assert!(
        head.contains("accept: application/openmetrics-text"),
        "{head}"
    );
    let started = Instant::now();
    // Both are told of before they are stored, which a stop waits for.
    while !["scraped", "a scrape failed"]
        .iter()
        .all(|text| server.printed("stderr").contains(text))
    {
        assert!(started.elapsed() < PATIENCE, "{}", server.printed("stderr"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let stored = Stored::of(&mut server);
    assert_eq!(stored.values("up", ("job", "shop")), [1.0]);
    assert_eq!(stored.values("up", ("job", "dead"))[0], 0.0);
    let orders = stored.series("shop_orders_total");
    assert_eq!(orders.len(), 2);
    assert!(
        orders
            .iter()
            .all(|series| series.kind == MetricKind::Counter)
    );
    assert_eq!(orders[0].labels["env"], "test");
    assert_eq!(orders[0].labels["instance"], addr.to_string());
    assert_eq!(orders[0].labels["service"], "shop");
    assert_eq!(
        stored.values("shop_orders_total", ("method", "card")),
        [29.0]
    );
    // All samples that could be read: those that are stored, and the one without a value.
    assert_eq!(
        stored.values("scrape_samples_scraped", ("job", "shop")),
        [35.0]
    );
}
