//! The doors that are sockets of their own, over real sockets.

use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::harness::{Database, Server, free_port};

/// Every record, when there are so many.
pub async fn stored(server: &Server, count: usize) -> Vec<Value> {
    let path = "/api/v1/logs?limit=100&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    let session = server.session().await;
    let mut records = Vec::new();
    for _ in 0..200 {
        let found = server.get(&session, path).await;
        records.clone_from(found["records"].as_array().unwrap());
        if records.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(records.len(), count, "{records:?}");
    records
}

pub fn find<'r>(records: &'r [Value], body: &str) -> &'r Value {
    let found = records.iter().find(|record| record["body"] == body);
    found.unwrap_or_else(|| panic!("{body} in {records:?}"))
}

/// What one of the server's own counters says.
pub async fn counter(server: &Server, name: &str) -> f64 {
    let session = server.session().await;
    let answer = server
        .client
        .get(format!("{}/metrics", server.url))
        .bearer_auth(session)
        .send()
        .await
        .unwrap();
    let text = answer.text().await.unwrap();
    text.lines()
        .filter(|line| line.starts_with(name))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

fn testdata(name: &str) -> String {
    format!("{}/tests/testdata/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(testdata(name))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// A client that trusts the tests' authority, with a certificate of its own or not.
fn tls(addr: &str, has_certificate: bool) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificates("ca.pem").remove(0)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = if has_certificate {
        let key = PrivateKeyDer::from_pem_file(testdata("client-key.pem")).unwrap();
        config
            .with_client_auth_cert(certificates("client.pem"), key)
            .unwrap()
    } else {
        config.with_no_client_auth()
    };
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, TcpStream::connect(addr).unwrap())
}

fn tls_arguments(addr: &str) -> Vec<String> {
    [
        "--syslog-tls-addr",
        addr,
        "--syslog-tls-cert",
        &testdata("server.pem"),
        "--syslog-tls-key",
        &testdata("server-key.pem"),
    ]
    .map(str::to_owned)
    .to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn syslog_comes_in_over_tls_and_plain_text_does_not() {
    let addr = format!("127.0.0.1:{}", free_port());
    let server = Server::start_with(Database::Sqlite, &tls_arguments(&addr)).await;
    let mut stream = tls(&addr, false);
    stream
        .write_all(b"36 <11>1 - web-2 pay - - - counted\nline")
        .unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    // One that ends without a goodbye.
    let mut stream = tls(&addr, false);
    stream
        .write_all(b"<12>1 - web-1 cart - - - line\n")
        .unwrap();
    stream.flush().unwrap();
    drop(stream);
    let mut plain = TcpStream::connect(&addr).unwrap();
    plain.write_all(b"<12>1 - - cart - - - plain\n").unwrap();
    drop(plain);
    let records = stored(&server, 2).await;
    assert_eq!(find(&records, "counted\nline")["service"], "pay");
    assert_eq!(find(&records, "line")["severity"], "warn");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_authority_only_senders_with_a_certificate_may_write() {
    let addr = format!("127.0.0.1:{}", free_port());
    let mut arguments = tls_arguments(&addr);
    arguments.extend(["--syslog-tls-client-ca".into(), testdata("ca.pem")]);
    let server = Server::start_with(Database::Sqlite, &arguments).await;
    let mut stranger = tls(&addr, false);
    // The refusal of TLS 1.3 comes after the first bytes were written.
    stranger.write_all(b"<12>1 - - x - - - stranger\n").ok();
    stranger.flush().ok();
    assert!(std::io::Read::read(&mut stranger, &mut [0; 16]).is_err());
    let mut known = tls(&addr, true);
    known.write_all(b"<12>1 - - cart - - - known\n").unwrap();
    known.flush().unwrap();
    let records = stored(&server, 1).await;
    assert_eq!(records[0]["body"], "known");
}

#[tokio::test(flavor = "multi_thread")]
async fn gelf_comes_in_over_udp_in_chunks_and_over_tcp() {
    let addr = format!("127.0.0.1:{}", free_port());
    let server = Server::start_with(Database::Sqlite, &["--gelf-addr".into(), addr.clone()]).await;
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let message =
        br#"{"version":"1.1","host":"web-1","short_message":"in chunks","level":3,"_order":7}"#;
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(message).unwrap();
    let packed = packer.finish().unwrap();
    let pieces: Vec<&[u8]> = packed.chunks(16).collect();
    for (number, piece) in pieces.iter().enumerate().rev() {
        let mut datagram = b"\x1e\x0fabcdefgh".to_vec();
        datagram.extend([
            u8::try_from(number).unwrap(),
            u8::try_from(pieces.len()).unwrap(),
        ]);
        datagram.extend(*piece);
        udp.send_to(&datagram, &addr).unwrap();
    }
    udp.send_to(br#"{"host":"web-1","short_message":"whole"}"#, &addr)
        .unwrap();
    udp.send_to(b"nonsense", &addr).unwrap();
    let mut stream = TcpStream::connect(&addr).unwrap();
    for index in 0..5 {
        let line = match index {
            2 => "{\"short_message\":\"broken".to_owned(),
            _ => format!("{{\"host\":\"web-2\",\"short_message\":\"over tcp {index}\"}}"),
        };
        stream.write_all(line.as_bytes()).unwrap();
        stream.write_all(b"\0").unwrap();
    }
    let records = stored(&server, 6).await;
    let chunked = find(&records, "in chunks");
    assert_eq!(chunked["severity"], "error");
    assert_eq!(chunked["attributes"]["order"], 7);
    assert_eq!(find(&records, "whole")["service"], "web-1");
    assert_eq!(find(&records, "over tcp 4")["service"], "web-2");
    let refused = counter(&server, "vigil_api_socket_records_refused_total").await;
    assert!((refused - 2.0).abs() < 0.1, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gelf_is_taken_over_http_whatever_encoding_the_client_claims() {
    let server = Server::start(Database::Sqlite).await;
    let post = |body: Vec<u8>| {
        server
            .client
            .post(format!("{}/gelf", server.url))
            .bearer_auth(&server.token)
            .body(body)
    };
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer
        .write_all(br#"{"host":"h","short_message":"packed"}"#)
        .unwrap();
    let claims = post(packer.finish().unwrap()).header("content-encoding", "gzip,deflate");
    assert_eq!(claims.send().await.unwrap().status(), 202);
    let many = b"{\"short_message\":\"one\"}\n{broken\n{\"short_message\":\"two\"}\n".to_vec();
    assert_eq!(post(many).send().await.unwrap().status(), 202);
    let bad = post(b"nonsense".to_vec()).send().await.unwrap();
    assert_eq!(bad.status(), 400);
    let bodies: Vec<String> = stored(&server, 3)
        .await
        .iter()
        .map(|record| record["body"].as_str().unwrap().to_owned())
        .collect();
    for body in ["packed", "one", "two"] {
        assert!(bodies.iter().any(|found| found == body), "{bodies:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_known_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = crate::harness::arguments(folder.path(), 0);
    let addr = format!("127.0.0.1:{}", free_port());
    arguments.extend(["--gelf-addr", &addr, "--gelf-token", "vgl_unknown"].map(str::to_owned));
    let output = crate::harness::vigil(folder.path(), &arguments)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("VIGIL_GELF_TOKEN"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_whose_token_is_revoked_takes_nothing_more() {
    let addr = format!("127.0.0.1:{}", free_port());
    let mut server = Server::start(Database::Sqlite).await;
    server.terminate();
    server.reap();
    let token = server.token.clone();
    server.add_arguments(&[
        "--gelf-addr".into(),
        addr.clone(),
        "--gelf-token".into(),
        token,
    ]);
    server.restart().await;
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(br#"{"short_message":"before"}"#, &addr)
        .unwrap();
    stored(&server, 1).await;
    let session = server.session().await;
    let tokens = server.get(&session, "/api/v1/tokens").await;
    let tokens = tokens.as_array().or(tokens["tokens"].as_array()).unwrap();
    let id = tokens
        .iter()
        .find(|found| found["name"] == "test")
        .unwrap_or_else(|| panic!("{tokens:?}"))["id"]
        .as_str()
        .unwrap();
    let revoked = server
        .client
        .delete(format!("{}/api/v1/tokens/{id}", server.url))
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert!(revoked.status().is_success());
    // The server may believe in the token for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    udp.send_to(br#"{"short_message":"after"}"#, &addr).unwrap();
    for _ in 0..200 {
        if counter(&server, "vigil_api_socket_records_refused_total").await > 0.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stored(&server, 1).await;
    assert!(counter(&server, "vigil_api_socket_records_refused_total").await > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gelf_client_that_does_not_wait_for_its_answer_loses_nothing() {
    let server = Server::start(Database::Sqlite).await;
    let addr = server.url.strip_prefix("http://").unwrap();
    for number in 0..20 {
        let body = format!("{{\"short_message\":\"sent and gone {number}\"}}");
        let request = format!(
            "POST /gelf HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
            server.token,
            body.len()
        );
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
    }
    stored(&server, 20).await;
}
