use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;
use std::time::Duration;

use super::HttpConnection;

/// A server that answers one request with these bytes and gives back what it was sent.
fn answering(answer: &'static str) -> (HttpConnection, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    let connection = HttpConnection::open(&address, Duration::from_secs(10)).unwrap();
    (connection, server)
}

#[test]
fn an_answer_with_a_length_is_read_to_its_end() {
    let (mut connection, server) =
        answering("HTTP/1.1 201 Created\r\nContent-Length: 5\r\nconnection: close\r\n\r\nhello");
    let answer = connection
        .exchange("GET", "/x?y=1", &[("accept", "text/plain")], &[])
        .unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (201, "hello"));
    assert!(answer.is_last && answer.is_success());
    let request = server.join().unwrap();
    assert!(request.starts_with("GET /x?y=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("accept: text/plain\r\n"), "{request}");
}

#[test]
fn an_answer_says_when_to_come_again() {
    let (mut connection, _server) =
        answering("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\ncontent-length: 0\r\n\r\n");
    let answer = connection.exchange("POST", "/", &[], b"x").unwrap();
    assert_eq!(answer.retry_after.as_deref(), Some("7"));
}

#[test]
fn an_answer_in_chunks_is_put_together() {
    let (mut connection, _server) = answering(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n",
    );
    let answer = connection.exchange("GET", "/", &[], &[]).unwrap();
    assert_eq!(answer.text(), "abc0123456789");
    assert!(!answer.is_last);
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let (mut connection, server) = answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
    connection.exchange("GET", "/", &[], &[]).unwrap_err();
    server.join().unwrap();
}

#[test]
fn what_is_not_http_is_an_error() {
    let (mut connection, _server) = answering("SSH-2.0-server\r\n\r\n");
    let error = connection.exchange("GET", "/", &[], &[]).unwrap_err();
    assert!(error.to_string().contains("not an HTTP answer"), "{error}");
}
