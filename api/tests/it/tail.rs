//! The live tail: as a stream of events, as Loki's WebSocket, and in the terminal.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{Database, Server, vigil};

/// How long something may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// The events of a stream.
struct Events {
    stream: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    rest: String,
}

impl Events {
    async fn open(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert_eq!(status, 200, "{}", answer.text().await.unwrap());
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            stream: answer.bytes_stream().boxed(),
            rest: String::new(),
        }
    }

    /// Name and data of the next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|text| text.trim().to_owned())
                };
                let found = field("event:").zip(field("data:"));
                self.rest = rest.to_owned();
                match found {
                    Some((name, data)) => {
                        return Some((name, serde_json::from_str(&data).unwrap()));
                    }
                    // A comment.
                    None => continue,
                }
            }
            let piece = tokio::time::timeout(PATIENCE, self.stream.next()).await;
            let piece = piece.expect("an event comes in time")?.unwrap();
            self.rest.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    async fn body(&mut self) -> String {
        let (name, data) = self.next().await.unwrap();
        assert_eq!(name, "record", "{data}");
        data["body"].as_str().unwrap().to_owned()
    }
}

fn tail(server: &Server, session: &str, query: &[(&str, &str)]) -> RequestBuilder {
    let url = format!("{}/api/v1/logs/tail", server.url);
    let url = reqwest::Url::parse_with_params(&url, query).unwrap();
    server.client.get(url).bearer_auth(session)
}

async fn send(server: &Server, records: Value) {
    let answer = server.post_logs("application/json", records.to_string());
    let answer = answer.send().await.unwrap();
    let status = answer.status();
    assert_eq!(status, 200, "{}", answer.text().await.unwrap());
}

fn record(service: &str, level: &str, message: &str) -> Value {
    json!({ "service": service, "level": level, "message": message })
}

async fn records_are_followed_as_they_are_committed(database: Database) {
    let server = Server::start(database).await;
    let session = server.session().await;
    send(
        &server,
        json!([
            record("shop", "info", "first"),
            record("shop", "error", "second")
        ]),
    )
    .await;
    send(
        &server,
        json!([
            record("pay", "error", "third"),
            record("shop", "error", "fourth")
        ]),
    )
    .await;
    let query = [("q", "level>=warn"), ("service", "shop"), ("limit", "2")];
    let mut events = Events::open(tail(&server, &session, &query)).await;
    let mut all = Events::open(tail(&server, &session, &[])).await;
    assert_eq!(events.body().await, "second");
    assert_eq!(events.body().await, "fourth");
    send(
        &server,
        json!([
            record("shop", "warn", "fifth"),
            record("shop", "info", "sixth"),
            record("pay", "fatal", "seventh"),
        ]),
    )
    .await;
    send(&server, json!([record("shop", "fatal", "eighth")])).await;
    assert_eq!(events.body().await, "fifth");
    assert_eq!(events.body().await, "eighth");
    for expected in ["fifth", "sixth", "seventh", "eighth"] {
        assert_eq!(all.body().await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_followed_as_they_are_committed_on_sqlite() {
    records_are_followed_as_they_are_committed(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_followed_as_they_are_committed_on_postgres() {
    records_are_followed_as_they_are_committed(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_a_record_as_the_search_shows_it() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let mut events = Events::open(tail(&server, &session, &[("attribute", "status=503")])).await;
    let sent = json!({
        "service": "shop", "level": "error", "message": "card declined", "status": 503,
        "timestamp": "2026-11-23T14:00:00.25Z", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    });
    send(&server, json!([sent, record("shop", "info", "other")])).await;
    let (name, shown) = events.next().await.unwrap();
    assert_eq!(name, "record");
    let found = server
        .get(
            &session,
            "/api/v1/logs?from=2026-11-23T00:00:00Z&q=declined",
        )
        .await;
    assert_eq!(found["records"], json!([shown]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tail_cannot_be_asked_is_refused_by_its_name() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    for (name, value, reason) in [
        ("to", "now", "a tail follows what comes and has no 'to'"),
        (
            "cursor",
            "x",
            "a tail follows what comes and has no 'cursor'",
        ),
        (
            "order",
            "oldest",
            "a tail follows what comes and has no 'order'",
        ),
        (
            "q",
            "until:1h",
            "a tail follows what comes: leave 'until' out of the filter",
        ),
        ("q", "level:loud", "is not a severity"),
        ("from", "yesterday-ish", "from is 'yesterday-ish'"),
        (
            "limit",
            "1001",
            "limit is 1001, it must lie between 1 and 1000",
        ),
    ] {
        let answer = tail(&server, &session, &[(name, value)])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400, "{name}={value}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(reason), "{name}={value}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_a_limit_of_tails_and_a_place_becomes_free() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let mut open = Vec::new();
    for _ in 0..engine::TAILS_PER_PROJECT {
        open.push(Events::open(tail(&server, &session, &[])).await);
    }
    let refused = tail(&server, &session, &[]).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let text = refused.text().await.unwrap();
    assert!(
        text.contains("32 live tails are open, limit is 32 a project"),
        "{text}"
    );
    open.pop();
    // That a client has gone is noticed when something is written to it.
    let started = Instant::now();
    loop {
        send(&server, json!([record("shop", "info", "x")])).await;
        let again = tail(&server, &session, &[]).send().await.unwrap();
        if again.status() == 200 {
            return;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "the place does not become free"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_a_tail_and_a_stop_ends_the_others() {
    let mut server = Server::start(Database::Sqlite).await;
    let (first, second) = (server.session().await, server.session().await);
    let mut ended = Events::open(tail(&server, &first, &[])).await;
    let mut stopped = Events::open(tail(&server, &second, &[])).await;
    let logout = format!("{}/api/v1/logout", server.url);
    let answer = server
        .client
        .post(logout)
        .bearer_auth(&first)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    let started = Instant::now();
    let end = ended.next().await;
    assert_eq!(
        end,
        Some(("end".to_owned(), json!({ "reason": "session_over" })))
    );
    assert_eq!(ended.next().await, None);
    // Five seconds, the second for which a session is remembered, and a loaded machine.
    assert!(started.elapsed() < Duration::from_secs(15));
    send(&server, json!([record("shop", "info", "goes on")])).await;
    assert_eq!(stopped.body().await, "goes on");
    let started = Instant::now();
    server.terminate();
    let end = stopped.next().await;
    assert_eq!(
        end,
        Some(("end".to_owned(), json!({ "reason": "stopping" })))
    );
    assert_eq!(stopped.next().await, None);
    assert!(server.reap().success());
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "a tail holds up the stop"
    );
}

/// A request over a connection that is not read from until it is asked to.
async fn unread(server: &Server, session: &str) -> tokio::net::TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/v1/logs/tail?text=flood HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {session}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // The head of the answer says that the tail is open.
    let mut byte = [0_u8; 12];
    stream.read_exact(&mut byte).await.unwrap();
    assert_eq!(&byte, b"HTTP/1.1 200");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_loses_records_and_is_told_how_many() {
    const BATCHES: usize = 40;
    const RECORDS: usize = 1_000;
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let mut slow = unread(&server, &session).await;
    let filling = "x".repeat(900);
    let started = Instant::now();
    for batch in 0..BATCHES {
        let body = |number: usize| format!("flood {batch} {number} {filling}");
        let records = (0..RECORDS).map(|number| record("shop", "info", &body(number)));
        send(&server, records.collect()).await;
    }
    // Nobody who sends waits for who reads.
    let elapsed = started.elapsed();
    assert!(elapsed < Duration::from_secs(60), "{elapsed:?}");
    let mut text = String::new();
    let mut piece = vec![0_u8; 1 << 20];
    let mut is_over = false;
    let started = Instant::now();
    while !text.contains("flood is over") {
        let read = tokio::time::timeout(PATIENCE, slow.read(&mut piece));
        let count = read.await.expect("the rest comes in time").unwrap();
        assert!(count > 0, "the tail ended");
        assert!(
            started.elapsed() < 2 * PATIENCE,
            "the last record does not come"
        );
        text.push_str(&String::from_utf8_lossy(&piece[..count]));
        // The queue was full until now: a record that came then would be among the lost ones.
        if !is_over && text.contains("event: dropped") {
            is_over = true;
            send(&server, json!([record("shop", "info", "flood is over")])).await;
        }
    }
    let shown = text.matches("event: record").count();
    let lost: usize = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: {\"records\":"))
        .filter_map(|rest| rest.trim_end_matches('}').split_once(",\"unseen\":"))
        .map(|(records, unseen)| {
            records.parse::<usize>().unwrap() + unseen.parse::<usize>().unwrap()
        })
        .sum();
    assert!(
        lost > 0,
        "{shown} records were shown to a reader that did not read"
    );
    assert_eq!(shown + lost, BATCHES * RECORDS + 1);
}

/// A WebSocket of Loki's, as far as its clients need one.
struct Socket {
    stream: tokio::net::TcpStream,
}

impl Socket {
    /// The status of the answer, and the socket when it is one.
    async fn open(server: &Server, query: &[(&str, &str)], headers: &str) -> Result<Self, String> {
        let address = server.url.strip_prefix("http://").unwrap();
        let url = format!("{}/loki/api/v1/tail", server.url);
        let url = reqwest::Url::parse_with_params(&url, query).unwrap();
        let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        if head.starts_with("HTTP/1.1 101") {
            // RFC 6455, 1.3: the answer to the sample nonce.
            assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
            return Ok(Self { stream });
        }
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        let mut body = vec![0_u8; length];
        stream.read_exact(&mut body).await.unwrap();
        let status = head.split_whitespace().nth(1).unwrap();
        Err(format!("{status} {}", String::from_utf8(body).unwrap()))
    }

    /// Kind and content of the next frame that is no ping.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            loop {
                let kind = self.stream.read_u8().await.unwrap() & 0x0f;
                let length = match self.stream.read_u8().await.unwrap() {
                    126 => u64::from(self.stream.read_u16().await.unwrap()),
                    127 => self.stream.read_u64().await.unwrap(),
                    short => u64::from(short),
                };
                let mut content = vec![0_u8; usize::try_from(length).unwrap()];
                self.stream.read_exact(&mut content).await.unwrap();
                if kind != 9 {
                    return (kind, content);
                }
            }
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("a frame in time")
    }

    async fn message(&mut self) -> Value {
        let (kind, content) = self.frame().await;
        assert_eq!(kind, 1, "{}", String::from_utf8_lossy(&content));
        serde_json::from_slice(&content).unwrap()
    }

    /// Lines of the next messages, until there are so many.
    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            let message = self.message().await;
            for stream in message["streams"].as_array().unwrap() {
                for value in stream["values"].as_array().unwrap() {
                    let nanoseconds = value[0].as_str().unwrap();
                    assert!(
                        nanoseconds.len() == 19 && nanoseconds.bytes().all(|b| b.is_ascii_digit())
                    );
                    lines.push(value[1].as_str().unwrap().to_owned());
                }
            }
        }
        lines
    }

    /// The code with which the server ends it.
    async fn end(&mut self) -> u16 {
        let (kind, content) = self.frame().await;
        assert_eq!(kind, 8, "{}", String::from_utf8_lossy(&content));
        u16::from_be_bytes([content[0], content[1]])
    }
}

fn basic(server: &Server) -> String {
    use base64::Engine as _;
    let pair = format!("admin:{}", server.password);
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    format!("Authorization: Basic {pair}\r\n")
}

async fn lokis_clients_follow_over_a_websocket(database: Database) {
    let server = Server::start(database).await;
    send(
        &server,
        json!([
            record("shop", "info", "one"),
            record("shop", "error", "two")
        ]),
    )
    .await;
    let query = [
        (
            "query",
            r#"{app="shop"} | line_format "{{.level}}: {{__line__}}""#,
        ),
        ("limit", "1"),
    ];
    let mut socket = Socket::open(&server, &query, &basic(&server))
        .await
        .unwrap();
    let stored = socket.lines(1).await;
    assert_eq!(
        stored,
        ["error: two"],
        "the newest of those that are stored"
    );
    send(
        &server,
        json!([
            record("shop", "warn", "three"),
            record("pay", "warn", "four"),
            record("shop", "fatal", "five")
        ]),
    )
    .await;
    let mut lines = socket.lines(2).await;
    lines.sort();
    assert_eq!(lines, ["fatal: five", "warn: three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lokis_clients_follow_over_a_websocket_on_sqlite() {
    lokis_clients_follow_over_a_websocket(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lokis_clients_follow_over_a_websocket_on_postgres() {
    lokis_clients_follow_over_a_websocket(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_lokis_tail_has_streams_and_what_was_dropped() {
    let server = Server::start(Database::Sqlite).await;
    let query = [
        ("query", r#"{service_name="shop"} | logfmt"#),
        ("delay_for", "1"),
    ];
    let flags = format!(
        "{}X-Loki-Response-Encoding-Flags: categorize-labels\r\n",
        basic(&server)
    );
    let mut socket = Socket::open(&server, &query, &flags).await.unwrap();
    let mut second = record("shop", "info", "b=2");
    second["timestamp"] = json!("2026-11-23T14:00:02Z");
    second["env"] = json!("prod");
    let mut first = record("shop", "info", "a=1");
    first["timestamp"] = json!("2026-11-23T14:00:01Z");
    // The later one comes first: the delay lets the other one find its place.
    send(&server, json!([second])).await;
    send(&server, json!([first])).await;
    let message = socket.message().await;
    let stream = &message["streams"][0];
    assert_eq!(message["encodingFlags"], json!(["categorize-labels"]));
    assert_eq!(
        stream["stream"],
        json!({ "level": "info", "service_name": "shop" })
    );
    let mut values = stream["values"].as_array().unwrap().clone();
    // On a loaded machine the second may come after the delay of the first.
    while values.len() < 2 {
        values.extend(
            socket.message().await["streams"][0]["values"]
                .as_array()
                .unwrap()
                .clone(),
        );
    }
    assert!(values.contains(&json!(["1795442401000000000", "a=1", { "parsed": { "a": "1" } }])));
    let with_metadata = json!(["1795442402000000000", "b=2", { "structuredMetadata": { "env": "prod" }, "parsed": { "b": "2" } }]);
    assert!(values.contains(&with_metadata), "{values:?}");
    assert_eq!(message["dropped_entries"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn lokis_tail_refuses_in_words_and_ends_with_a_code() {
    let mut server = Server::start(Database::Sqlite).await;
    let login = basic(&server);
    let open = async |query: &[(&str, &str)], headers: &str| {
        Socket::open(&server, query, headers).await.err().unwrap()
    };
    let everything = [("query", r#"{level=~".+"}"#)];
    assert!(open(&everything, "").await.starts_with("401 "));
    let token = format!("Authorization: Bearer {}\r\n", server.token);
    assert!(open(&everything, &token).await.starts_with("403 "));
    for (query, reason) in [
        (
            vec![("query", "{}")],
            "queries require at least one regexp or equality matcher",
        ),
        (
            vec![("query", r#"rate({level=~".+"}[1m])"#)],
            "only log queries can be tailed",
        ),
        (
            vec![("query", r#"{level=~".+"} | unpack"#)],
            "the stage | unpack is not supported",
        ),
        (
            vec![everything[0], ("delay_for", "6")],
            "delay_for can't be greater than 5",
        ),
        (
            vec![everything[0], ("limit", "5001")],
            "max entries limit per query exceeded",
        ),
        (vec![], "syntax error: unexpected $end"),
    ] {
        let answer = open(&query, &login).await;
        assert!(
            answer.starts_with("400 ") && answer.contains(reason),
            "{query:?}: {answer}"
        );
    }
    let plain = server.client.get(format!(
        "{}/loki/api/v1/tail?query=%7Blevel%3D~%22.%2B%22%7D",
        server.url
    ));
    let plain = plain
        .basic_auth("admin", Some(&server.password))
        .send()
        .await
        .unwrap();
    assert_eq!(plain.status(), 400);
    let text = plain.text().await.unwrap();
    assert!(
        text.starts_with("this address takes WebSockets only"),
        "{text}"
    );
    let session = server.session().await;
    let cookie = |origin: &str| format!("Cookie: vigil_session={session}\r\nOrigin: {origin}\r\n");
    let refused = open(&everything, &cookie("http://127.0.0.1:1")).await;
    assert!(refused.starts_with("403 "), "{refused}");
    let own = Socket::open(&server, &everything, &cookie(&server.url)).await;
    assert!(own.is_ok(), "the page's own");
    let bearer = format!("Authorization: Bearer {session}\r\n");
    let mut ended = Socket::open(&server, &everything, &bearer).await.unwrap();
    let mut stopped = Socket::open(&server, &everything, &login).await.unwrap();
    let logout = format!("{}/api/v1/logout", server.url);
    server
        .client
        .post(logout)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(ended.end().await, 1008);
    server.terminate();
    assert_eq!(stopped.end().await, 1001);
    assert!(server.reap().success());
}

/// `vigil tail` as a process of its own.
struct Terminal {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Terminal {
    fn start(server: &Server, session: &str, arguments: &[&str]) -> Self {
        let mut all = vec!["tail".to_owned(), "--url".into(), server.url.clone()];
        all.extend(["--token".into(), session.into()]);
        all.extend(arguments.iter().map(|text| (*text).to_owned()));
        let mut child = vigil(server.folder(), &all)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let outputs: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    sender.send(line).ok();
                }
            });
        }
        Self { child, lines }
    }

    /// The next line that holds a text.
    fn line_with(&self, text: &str) -> String {
        let started = Instant::now();
        let mut seen = Vec::new();
        while started.elapsed() < 2 * PATIENCE {
            match self.lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => seen.push(line),
                Err(_) => {}
            }
        }
        panic!("no line with '{text}': {seen:?}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_follows_over_a_restart_of_the_server() {
    let mut server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let mut old = record("shop", "warn", "an old one");
    old["timestamp"] = json!("2026-11-23T14:00:00Z");
    send(
        &server,
        json!([
            record("shop", "warn", "before"),
            record("pay", "warn", "elsewhere")
        ]),
    )
    .await;
    let terminal = Terminal::start(
        &server,
        &session,
        &["--service", "shop", "-n", "1", "level>=warn"],
    );
    let line = terminal.line_with("before");
    assert!(line.ends_with("Z warn shop: before"), "{line}");
    send(
        &server,
        json!([
            record("shop", "info", "quiet"),
            record("shop", "error", "loud")
        ]),
    )
    .await;
    let line = terminal.line_with("shop: ");
    assert!(line.ends_with("error shop: loud"), "{line}");
    server.terminate();
    server.reap();
    terminal.line_with("the connection ended; trying again");
    server.restart().await;
    // Before or after it is connected again: what came meanwhile is asked for.
    send(
        &server,
        json!([record("shop", "error", "after the restart")]),
    )
    .await;
    terminal.line_with("error shop: after the restart");
    // A record is followed by its arrival, whatever its time says.
    send(&server, json!([old])).await;
    terminal.line_with("2026-11-23T14:00:00Z warn shop: an old one");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_says_why_a_filter_is_refused() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let mut terminal = Terminal::start(&server, &session, &["level:loud"]);
    let line = terminal.line_with("is not a severity");
    assert!(line.contains("the server answered 400"), "{line}");
    assert!(!terminal.child.wait().unwrap().success());
}
