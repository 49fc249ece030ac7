use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::harness::{Database, Server};

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
}

/// Everything until the server closes.
fn read_all(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_sends_no_whole_request_is_closed() {
    let server = Server::start(Database::Sqlite).await;
    let silent = connect(&server);
    let mut slow = connect(&server);
    slow.write_all(b"GET /livez HTTP/1.1\r\nHost: vigil\r\nX-Slow")
        .unwrap();
    // The first bytes of HTTP/2, and no more.
    let mut undecided = connect(&server);
    undecided.write_all(b"PRI * HTTP").unwrap();
    let started = Instant::now();
    for stream in [silent, slow, undecided] {
        assert_eq!(read_all(stream), "");
    }
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_does_not_hold_up_a_stop() {
    let mut server = Server::start(Database::Sqlite).await;
    let mut idle = connect(&server);
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: vigil\r\n\r\n")
        .unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let started = Instant::now();
    server.terminate();
    assert!(server.reap().success());
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    read_all(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stalls_in_its_body_cannot_keep_the_server_from_stopping() {
    let mut server = Server::start(Database::Sqlite).await;
    let sent = server.post_logs("application/json", r#"{"message":"before the stop"}"#);
    assert_eq!(sent.send().await.unwrap().status(), 200);
    let mut stalled = connect(&server);
    let head = format!(
        "POST /api/v1/logs HTTP/1.1\r\nHost: vigil\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"message\":",
        server.token
    );
    stalled.write_all(head.as_bytes()).unwrap();
    server.terminate();
    assert!(server.reap().success(), "the exit status of a stop is 0");
    server.restart().await;
    let session = server.session().await;
    let found = server.get(&session, "/api/v1/logs?limit=10").await;
    let records = found["records"].as_array().unwrap();
    assert_eq!(records.len(), 1, "{found}");
    assert_eq!(records[0]["body"], "before the stop");
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_understood_by_prior_knowledge() {
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
    for _ in 0..3 {
        let request = hyper::Request::get(format!("{}/livez", server.url))
            .body(String::new())
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.version(), hyper::Version::HTTP_2);
    }
    drop(sender);
    running.await.unwrap();
}
