//! A server of log records that can be away, be busy, cut connections and refuse.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

/// How a request is answered.
#[derive(Clone, Copy, PartialEq)]
pub enum Answer {
    /// 200 with the count.
    Take,
    /// This status and `Retry-After: 0`.
    Status(u16),
    /// The connection ends after the request was read.
    Cut,
    /// 422: every record is refused.
    RefuseAll,
}

/// A request of records.
#[derive(Debug)]
pub struct Request {
    pub key: String,
    pub body: String,
}

impl Request {
    pub fn records(&self) -> Vec<Value> {
        self.body
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub fn messages(&self) -> Vec<String> {
        self.records()
            .iter()
            .map(|record| record["message"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub struct FakeServer {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    requests: mpsc::UnboundedReceiver<Request>,
}

impl FakeServer {
    /// A server that answers its first requests so and takes those after them.
    pub fn start(answers: &[Answer]) -> Self {
        Self::start_at(0, answers)
    }

    pub fn start_at(port: u16, answers: &[Answer]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, requests) = mpsc::unbounded_channel();
        let is_stopped = Arc::clone(&stop);
        let answers = answers.to_vec();
        let thread = std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            for stream in listener.incoming() {
                if is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                serve(stream.unwrap(), &mut answers, &sender);
            }
        });
        Self {
            port,
            stop,
            thread: Some(thread),
            requests,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The next request, within ten seconds.
    pub async fn next(&mut self) -> Request {
        tokio::time::timeout(Duration::from_secs(10), self.requests.recv())
            .await
            .expect("a request within ten seconds")
            .expect("the server lives")
    }

    /// The messages of all requests that have come.
    pub fn messages(&mut self) -> Vec<String> {
        let mut messages = Vec::new();
        while let Ok(request) = self.requests.try_recv() {
            messages.extend(request.messages());
        }
        messages
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread; afterwards nobody listens.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn serve(
    stream: TcpStream,
    answers: &mut impl Iterator<Item = Answer>,
    sender: &mpsc::UnboundedSender<Request>,
) {
    let mut reader = BufReader::new(&stream);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let (mut length, mut key) = (0, String::new());
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap() == 0 || header == "\r\n" {
            break;
        }
        let (name, value) = header.split_once(':').unwrap();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "idempotency-key" => key = value.trim().to_owned(),
            _ => {}
        }
    }
    if !first.starts_with("POST /api/v1/logs ") {
        return respond(&stream, 200, "{}");
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let count = body.lines().count();
    sender.send(Request { key, body }).ok();
    match answers.next().unwrap_or(Answer::Take) {
        Answer::Cut => {}
        Answer::Status(status) => respond(&stream, status, "{\"detail\":\"not now\"}"),
        Answer::Take => respond(
            &stream,
            200,
            &format!("{{\"accepted\":{count},\"rejected\":[],\"rejected_count\":0}}"),
        ),
        Answer::RefuseAll => respond(
            &stream,
            422,
            &format!(
                "{{\"accepted\":0,\"rejected\":[{{\"index\":0,\"reason\":\"too blue\"}}],\"rejected_count\":{count}}}"
            ),
        ),
    }
}

fn respond(mut stream: &TcpStream, status: u16, body: &str) {
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nconnection: close\r\nretry-after: 0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok();
}
