//! A receiver of alerts on this machine: takes every request and remembers when it came.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;

/// Largest body that is read.
const BODY_BYTES: usize = 1 << 20;
/// How long a client may be silent.
const SILENCE: Duration = Duration::from_secs(30);

/// A listener whose thread ends with this process.
pub struct Webhook {
    /// `host:port`.
    pub address: String,
    received: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Webhook {
    /// Listens on a free port of 127.0.0.1.
    pub fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("listening for alerts")?;
        let address = listener.local_addr()?.to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let all = Arc::clone(&all);
                std::thread::spawn(move || serve(stream, &all));
            }
        });
        Ok(Self { address, received })
    }

    /// When the first request came whose body holds a text.
    pub fn first_with(&self, text: &str) -> Option<Instant> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = received.iter().filter(|(_, body)| body.contains(text));
        found.next().map(|(at, _)| *at)
    }
}

/// Answers 204 until the client leaves.
fn serve(stream: TcpStream, received: &Mutex<Vec<(Instant, String)>>) {
    stream.set_read_timeout(Some(SILENCE)).ok();
    let mut reader = BufReader::new(stream);
    while let Some(body) = request(&mut reader) {
        let mut all = received.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((Instant::now(), body));
        drop(all);
        let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
        if reader.get_mut().write_all(answer).is_err() {
            return;
        }
    }
}

/// The body of the next request.
fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse::<usize>().ok()?;
        }
    }
    let mut body = vec![0; length.min(BODY_BYTES)];
    reader.read_exact(&mut body).ok()?;
    Some(String::from_utf8_lossy(&body).into_owned())
}
