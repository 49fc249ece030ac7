//! Fluentd's forward protocol over real sockets.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use sha2::{Digest as _, Sha512};

use crate::harness::{Database, Server, free_port};
use crate::sockets::{find, stored};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xd9, u8::try_from(text.len()).unwrap()];
    bytes.extend(text.bytes());
    bytes
}

/// `[tag, [[2026-11-24T08:00:00Z, {"message": ...}], ...], {"chunk": ...}]`
fn forward(tag: &str, messages: &[&str], chunk: Option<&str>) -> Vec<u8> {
    let mut bytes = vec![if chunk.is_some() { 0x93 } else { 0x92 }];
    bytes.extend(text(tag));
    bytes.push(0x90 | u8::try_from(messages.len()).unwrap());
    for message in messages {
        bytes.extend([0x92, 0xce]);
        bytes.extend(1_795_507_200_u32.to_be_bytes());
        bytes.push(0x81);
        bytes.extend(text("message"));
        bytes.extend(text(message));
    }
    if let Some(chunk) = chunk {
        bytes.push(0x81);
        bytes.extend(text("chunk"));
        bytes.extend(text(chunk));
    }
    bytes
}

fn ack(chunk: &str) -> Vec<u8> {
    let mut bytes = b"\x81\xa3ack".to_vec();
    bytes.extend(text(chunk));
    bytes
}

fn connect(addr: &str) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn expect(stream: &mut TcpStream, expected: &[u8]) {
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_is_answered_when_it_is_durable_and_stored_once() {
    let addr = format!("127.0.0.1:{}", free_port());
    let more = ["--fluent-addr".to_owned(), addr.clone()];
    let mut server = Server::start_with(Database::Sqlite, &more).await;
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(PATIENCE)).unwrap();
    udp.send_to(&[0], &addr).unwrap();
    assert_eq!(udp.recv(&mut [0; 16]).unwrap(), 1);
    let chunk = forward("app.web", &["one", "two"], Some("c1"));
    let mut stream = connect(&addr);
    // A message before it that nobody waits for, in pieces.
    let plain = forward("app.db", &["plain"], None);
    stream.write_all(&plain[..10]).unwrap();
    stream.flush().unwrap();
    stream.write_all(&plain[10..]).unwrap();
    stream.write_all(&chunk).unwrap();
    expect(&mut stream, &ack("c1"));
    // It is there, whatever happens to the process now.
    server.kill();
    server.restart().await;
    let records = stored(&server, 3).await;
    assert_eq!(find(&records, "two")["service"], "app.web");
    assert_eq!(find(&records, "plain")["attributes"]["tag"], "app.db");
    // Its answer was lost, so it comes again; another chunk does not look like it.
    let mut stream = connect(&addr);
    stream.write_all(&chunk).unwrap();
    expect(&mut stream, &ack("c1"));
    stream
        .write_all(&forward("app.web", &["three"], Some("c2")))
        .unwrap();
    expect(&mut stream, &ack("c2"));
    stored(&server, 4).await;
    // Nonsense ends its own connection, not another.
    let mut nonsense = connect(&addr);
    nonsense.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(nonsense.read(&mut [0; 16]).unwrap(), 0);
    stream
        .write_all(&forward("app.web", &["four"], Some("c3")))
        .unwrap();
    expect(&mut stream, &ack("c3"));
}

/// A chunk as Fluentd's buffer makes it with `compress gzip`: the entries one after the other, packed.
fn compressed(tag: &str, messages: usize, chunk: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for number in 0..messages {
        let mut entry = vec![0x92, 0xce];
        entry.extend(1_795_507_200_u32.to_be_bytes());
        entry.push(0x81);
        entry.extend(text("message"));
        entry.extend(text(&format!("request {number} was served")));
        packer.write_all(&entry).unwrap();
    }
    let packed = packer.finish().unwrap();
    let mut bytes = vec![0x93];
    bytes.extend(text(tag));
    bytes.push(0xc6);
    bytes.extend(u32::try_from(packed.len()).unwrap().to_be_bytes());
    bytes.extend(packed);
    bytes.push(0x82);
    bytes.extend([text("compressed"), text("gzip"), text("chunk"), text(chunk)].concat());
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_of_more_records_than_one_commit_takes_is_stored_whole_and_once() {
    const RECORDS: usize = 100_500;
    let addr = format!("127.0.0.1:{}", free_port());
    let more = ["--fluent-addr".to_owned(), addr.clone()];
    let server = Server::start_with(Database::Sqlite, &more).await;
    let chunk = compressed("app.web", RECORDS, "c1");
    let session = server.session().await;
    let path = "/api/v1/logs/histogram?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z";
    // The second time its answer was lost.
    for _ in 0..2 {
        let mut stream = connect(&addr);
        stream.write_all(&chunk).unwrap();
        expect(&mut stream, &ack("c1"));
        let found = server.get(&session, path).await;
        assert_eq!(found["total"], RECORDS, "{found}");
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha512::new();
    for part in parts {
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

/// Says who we are; whether the server believes it.
fn greet(stream: &mut TcpStream, key: &str) -> bool {
    let mut hello = [0; 48];
    stream.read_exact(&mut hello).unwrap();
    let at = hello
        .windows(2)
        .position(|pair| pair == [0xc4, 16])
        .unwrap()
        + 2;
    let nonce = &hello[at..at + 16];
    let mut ping = vec![0x96];
    for part in ["PING", "web-1", "salt"] {
        ping.extend(text(part));
    }
    ping.extend(text(&digest(&[b"salt", b"web-1", nonce, key.as_bytes()])));
    ping.extend(text(""));
    ping.extend(text(""));
    stream.write_all(&ping).unwrap();
    let mut pong = [0; 7];
    stream.read_exact(&mut pong).unwrap();
    assert!(pong.starts_with(b"\x95\xa4PONG"));
    let is_in = pong[6] == 0xc3;
    if is_in {
        let expected = digest(&[b"salt", b"vigil", nonce, key.as_bytes()]);
        let mut rest = [0; 1 + 6 + 2 + 128];
        stream.read_exact(&mut rest).unwrap();
        assert_eq!(&rest[9..], expected.as_bytes());
    }
    is_in
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_only_senders_who_know_it_may_write() {
    let addr = format!("127.0.0.1:{}", free_port());
    let mut server = Server::start(Database::Sqlite).await;
    let token = server.token.clone();
    server.terminate();
    server.reap();
    server.add_arguments(&[
        "--fluent-addr".into(),
        addr.clone(),
        "--fluent-token".into(),
        token.clone(),
    ]);
    server.restart().await;
    let mut stranger = connect(&addr);
    assert!(!greet(&mut stranger, "guess"));
    stranger.write_all(&forward("t", &["no"], None)).ok();
    let mut silent = connect(&addr);
    silent.write_all(&forward("t", &["no"], None)).unwrap();
    let mut known = connect(&addr);
    assert!(greet(&mut known, &token));
    known.write_all(&forward("t", &["yes"], Some("c"))).unwrap();
    expect(&mut known, &ack("c"));
    let records = stored(&server, 1).await;
    assert_eq!(records[0]["body"], "yes");
}
