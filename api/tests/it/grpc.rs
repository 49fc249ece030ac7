//! OTLP over gRPC, with what the OpenTelemetry SDKs sent (ingest/testdata), and the ports of OTLP.

use std::convert::Infallible;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::http::uri::PathAndQuery;
use base64::Engine as _;
use bytes::{Buf as _, BufMut as _, Bytes};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::harness::{Database, Server, arguments, free_port, vigil};

const LOGS: &[u8] = include_bytes!("../../../ingest/testdata/otlp/python_logs.pb");
const TRACES: &[u8] = include_bytes!("../../../ingest/testdata/otlp/python_traces.pb");
const METRICS: &[u8] = include_bytes!("../../../ingest/testdata/otlp/python_metrics.pb");

/// Messages that are bytes already.
#[derive(Clone, Copy)]
struct Verbatim;

impl Codec for Verbatim {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Verbatim {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Verbatim {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// A caller with its own connection.
struct Caller {
    channel: Channel,
    header: (&'static str, String),
    packing: Option<CompressionEncoding>,
}

impl Caller {
    async fn of(server: &Server) -> Self {
        Self::at(&server.url, server).await
    }

    async fn at(url: &str, server: &Server) -> Self {
        let channel = Channel::from_shared(url.to_owned()).unwrap();
        Self {
            channel: channel.connect().await.unwrap(),
            header: ("authorization", format!("Bearer {}", server.token)),
            packing: None,
        }
    }

    fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        Self {
            channel: self.channel.clone(),
            header: (name, value.into()),
            packing: self.packing,
        }
    }

    fn packed(&self, packing: CompressionEncoding) -> Self {
        Self {
            packing: Some(packing),
            ..self.with(self.header.0, self.header.1.clone())
        }
    }

    async fn call(&self, path: &'static str, message: &[u8]) -> Result<Bytes, Status> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        if let Some(packing) = self.packing {
            client = client.send_compressed(packing);
        }
        client.ready().await.unwrap();
        let mut request = tonic::Request::new(Bytes::copy_from_slice(message));
        let value = self.header.1.parse().unwrap();
        request.metadata_mut().insert(self.header.0, value);
        let path = PathAndQuery::from_static(path);
        let answer = client.unary(request, path, Verbatim).await?;
        Ok(answer.into_inner())
    }
}

async fn found(server: &Server) -> Vec<Value> {
    let session = server.session().await;
    let path = "/api/v1/logs?limit=100&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    let found = server.get(&session, path).await;
    found["records"].as_array().unwrap().clone()
}

/// A field of bytes, text or a message.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    assert!(content.len() < 128);
    let mut bytes = vec![number << 3 | 2, content.len() as u8];
    bytes.extend_from_slice(content);
    bytes
}

/// A request with these log records.
fn logs_of(records: &[Vec<u8>]) -> Vec<u8> {
    let records: Vec<u8> = records.iter().flat_map(|record| field(2, record)).collect();
    field(1, &field(2, &records))
}

fn record(body: &str) -> Vec<u8> {
    field(5, &field(1, body.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdks_send_over_grpc_is_taken_on_the_main_address() {
    let server = Server::start(Database::Sqlite).await;
    let caller = Caller::of(&server).await;
    for (path, message) in [
        (api::grpc::LOGS, LOGS),
        (api::grpc::TRACES, TRACES),
        (api::grpc::METRICS, METRICS),
        (api::grpc::LOGS, b""),
    ] {
        assert_eq!(caller.call(path, message).await.unwrap(), "", "{path}");
    }
    for packing in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let caller = caller.packed(packing);
        let message = logs_of(&[record(&packing.to_string())]);
        assert_eq!(caller.call(api::grpc::LOGS, &message).await.unwrap(), "");
        // What is sent again, packed or not, is known by its content.
        assert_eq!(caller.call(api::grpc::LOGS, LOGS).await.unwrap(), "");
    }
    let records = found(&server).await;
    let count = |body: &str| {
        records
            .iter()
            .filter(|record| record["body"] == body)
            .count()
    };
    for body in ["card refused by acquirer", "gzip", "zstd"] {
        assert_eq!(count(body), 1, "{body}");
    }
    let refused = records
        .iter()
        .find(|record| record["body"] == "card refused by acquirer")
        .unwrap();
    assert_eq!(refused["service"], "checkout");
    assert_eq!(refused["attributes"]["order.id"], 4711);
    // Beside it the same address answers browsers and REST.
    let page = server.client.get(format!("{}/livez", server.url));
    assert_eq!(page.send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_record_costs_only_itself_over_grpc() {
    let server = Server::start(Database::Sqlite).await;
    let caller = Caller::of(&server).await;
    // The body says that it has 32 bytes, and has 3.
    let poison = field(5, b"\x0a\x20abc");
    let message = logs_of(&[record("before"), poison, record("after")]);
    let answer = caller.call(api::grpc::LOGS, &message).await.unwrap();
    // partial_success: one was refused, and why.
    assert_eq!(answer[0], 0x0a);
    assert_eq!(&answer[2..5], b"\x08\x01\x12", "{answer:?}");
    let mut bodies: Vec<String> = found(&server)
        .await
        .iter()
        .map(|record| record["body"].as_str().unwrap().to_owned())
        .collect();
    bodies.sort();
    assert_eq!(bodies, ["after", "before"]);
    let torn = caller.call(api::grpc::LOGS, b"\x0a\x20abc").await;
    assert_eq!(torn.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_ingest_token_opens_grpc_and_it_may_stand_where_clients_can_put_it() {
    let server = Server::start(Database::Sqlite).await;
    let caller = Caller::of(&server).await;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("any:{}", server.token));
    for (name, value) in [
        ("authorization", format!("bearer {}", server.token)),
        ("authorization", format!("Basic {pair}")),
        ("authorization", format!("ApiKey {}", server.token)),
        ("dd-api-key", server.token.clone()),
    ] {
        let answer = caller.with(name, value).call(api::grpc::LOGS, LOGS).await;
        assert_eq!(answer.unwrap(), "");
    }
    let before = found(&server).await.len();
    for value in ["Bearer vgl_00000000", "Bearer", "Bearer nonsense"] {
        let caller = caller.with("authorization", value);
        let status = caller.call(api::grpc::LOGS, LOGS).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{value}");
    }
    assert_eq!(found(&server).await.len(), before);
    let lines = server.printed("stderr");
    let refused = lines
        .lines()
        .find(|line| line.contains("LogsService") && line.contains("401"));
    assert!(refused.is_some(), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_for_good_packed_or_not() {
    let limit = ingest::Limits::default().body_bytes;
    let server = Server::start(Database::Sqlite).await;
    let caller = Caller::of(&server).await;
    let large = vec![0; limit + 1];
    let bomb = vec![0; 8 * limit];
    let gzip = caller.packed(CompressionEncoding::Gzip);
    let zstd = caller.packed(CompressionEncoding::Zstd);
    for (caller, message) in [(&caller, &large), (&gzip, &bomb), (&zstd, &bomb)] {
        let status = caller.call(api::grpc::LOGS, message).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().contains(&limit.to_string()), "{status}");
        assert!(status.details().is_empty());
    }
    // The connection is as good as before.
    assert_eq!(caller.call(api::grpc::LOGS, LOGS).await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_is_unimplemented() {
    let server = Server::start(Database::Sqlite).await;
    let caller = Caller::of(&server).await;
    for path in [
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        "/grpc.health.v1.Health/Check",
        "/api/nothing",
    ] {
        let status = caller.call(path, b"").await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{path}");
    }
    // HTTP/1 has no place for the status.
    let plain = server
        .client
        .post(format!("{}{}", server.url, api::grpc::LOGS));
    let plain = plain
        .bearer_auth(&server.token)
        .header("content-type", "application/grpc");
    assert_eq!(plain.send().await.unwrap().status(), 415);
}

/// A body that begins a message of this length and then stalls.
struct Stalled {
    prefix: Option<Bytes>,
}

impl Stalled {
    fn new(length: u32) -> Self {
        let mut prefix = vec![0];
        prefix.extend_from_slice(&length.to_be_bytes());
        Self {
            prefix: Some(prefix.into()),
        }
    }
}

impl hyper::body::Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.prefix.take() {
            Some(prefix) => Poll::Ready(Some(Ok(Frame::data(prefix)))),
            None => Poll::Pending,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_says_when_to_come_again() {
    let server = Server::start(Database::Sqlite).await;
    let address = server.url.trim_start_matches("http://");
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let running = engine::Tasks::new().spawn("client", async move {
        connection.await.ok();
    });
    let length = ingest::Limits::default().body_bytes as u32;
    let mut calls = FuturesUnordered::new();
    // More than all bodies together may take; those for which there is room wait for the rest of their message.
    for _ in 0..40 {
        let request = hyper::Request::post(format!("{}{}", server.url, api::grpc::LOGS))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("authorization", format!("Bearer {}", server.token))
            .body(Stalled::new(length))
            .unwrap();
        sender.ready().await.unwrap();
        calls.push(sender.send_request(request));
    }
    let answer = calls.next().await.unwrap().unwrap();
    assert_eq!(answer.headers()["grpc-status"], "8");
    let details = answer.headers()["grpc-status-details-bin"].as_bytes();
    let details = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(details)
        .unwrap();
    let is_named = details
        .windows(20)
        .any(|window| window == b"google.rpc.RetryInfo");
    assert!(is_named, "{details:?}");
    running.abort();
    // A small one is always taken.
    let caller = Caller::of(&server).await;
    assert_eq!(caller.call(api::grpc::LOGS, LOGS).await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ports_of_otlp_take_both_forms_and_nothing_else() {
    let (grpc, http) = (free_port(), free_port());
    let more = [
        "--otlp-grpc-addr".to_owned(),
        format!("127.0.0.1:{grpc}"),
        "--otlp-http-addr".to_owned(),
        format!("127.0.0.1:{http}"),
    ];
    let mut server = Server::start_with(Database::Sqlite, &more).await;
    let mut callers = Vec::new();
    for port in [grpc, http] {
        let url = format!("http://127.0.0.1:{port}");
        let caller = Caller::at(&url, &server).await;
        assert_eq!(caller.call(api::grpc::LOGS, LOGS).await.unwrap(), "");
        let health = caller.call("/grpc.health.v1.Health/Check", b"").await;
        assert_eq!(health.unwrap_err().code(), Code::Unimplemented);
        callers.push(caller);
        let over_http = server
            .client
            .post(format!("{url}/v1/logs"))
            .bearer_auth(&server.token)
            .header("content-type", "application/x-protobuf")
            .body(LOGS);
        assert_eq!(over_http.send().await.unwrap().status(), 200);
        for path in ["/", "/api/v1/logs", "/metrics"] {
            let answer = server.client.get(format!("{url}{path}")).send().await;
            assert_eq!(answer.unwrap().status(), 404, "{path}");
        }
    }
    // Open connections do not hold up a stop, and the ports are free after it.
    server.terminate();
    assert!(server.reap().success());
    for port in [grpc, http] {
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    }
    drop(callers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_usual_port_that_is_taken_is_only_told_of_and_one_that_was_asked_for_is_an_error() {
    // Where one cannot be had, somebody else holds it, which is as good.
    let held = [4317, 4318].map(|port| TcpListener::bind(("127.0.0.1", port)));
    // An empty address is the usual one.
    let usual = [
        "--otlp-grpc-addr=".to_owned(),
        "--otlp-http-addr=".to_owned(),
    ];
    let server = Server::start_with(Database::Sqlite, &usual).await;
    let lines = server.printed("stderr");
    for flag in ["--otlp-grpc-addr", "--otlp-http-addr"] {
        let told = lines.lines().find(|line| line.contains(flag));
        assert!(told.is_some_and(|line| line.contains("WARN")), "{lines}");
    }
    drop(held);
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let mut arguments = arguments(folder.path(), free_port());
    arguments.extend(["--otlp-grpc-addr".to_owned(), addr.clone()]);
    let output = vigil(folder.path(), &arguments).output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains(&format!("OTLP over gRPC on {addr} (--otlp-grpc-addr)")),
        "{text}"
    );
}
