//! Senders that do not care what they are told: requests at a fixed rate, whatever the answers say.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use testkit::HttpConnection;

use super::batch::ANSWER;
use super::site::Site;

/// Records of a request.
pub const RECORDS: usize = 500;
/// Digits of a request's number, in every record.
const DIGITS: usize = 10;
/// How much a sender makes up for.
const LATE: Duration = Duration::from_secs(1);
/// What stands in the place of the number until a request is sent.
const HOLE: &str = "##########";

/// What the senders were told.
#[derive(Debug, Default)]
pub struct Answers {
    /// Numbers of the requests that were acknowledged.
    pub taken: Vec<u64>,
    /// Requests of which nobody knows whether they are stored: told to come again with 503, or without an answer.
    pub unknown: usize,
    /// How often each status came.
    pub statuses: BTreeMap<u16, usize>,
    /// What no sender should get, and how often.
    pub refusals: BTreeMap<String, usize>,
    /// The longest wait for an answer.
    pub slowest: Duration,
}

impl Answers {
    /// All requests that were sent.
    pub fn sent(&self) -> usize {
        self.statuses.values().sum()
    }
}

struct Shared {
    address: String,
    token: String,
    service: String,
    /// Pause between the beginnings of two requests of one sender.
    pace: Duration,
    next: AtomicU64,
    is_over: AtomicBool,
    answers: Mutex<Answers>,
}

/// Senders at work.
pub struct Flood {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Flood {
    /// Starts `senders` that offer `records_per_second` together; without a number as many as are taken. Requests are
    /// numbered from `first` on.
    pub fn start(
        site: &Site<'_>,
        service: &str,
        senders: usize,
        records_per_second: Option<f64>,
        first: u64,
    ) -> Self {
        let pace = records_per_second.map_or(0.0, |rate| (senders * RECORDS) as f64 / rate);
        let shared = Arc::new(Shared {
            address: site.vigil.address.clone(),
            token: site.vigil.token.clone(),
            service: service.to_owned(),
            pace: Duration::from_secs_f64(pace),
            next: AtomicU64::new(first),
            is_over: AtomicBool::new(false),
            answers: Mutex::default(),
        });
        let threads = (0..senders)
            .map(|number| {
                let shared = Arc::clone(&shared);
                // Not all at once.
                let delay = shared.pace.mul_f64(number as f64 / senders as f64);
                std::thread::spawn(move || {
                    std::thread::sleep(delay);
                    shared.send();
                })
            })
            .collect();
        Self { shared, threads }
    }

    /// Stops the senders when they have their answers.
    pub fn finish(self) -> anyhow::Result<Answers> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow!("a sender panicked"))?;
        }
        Ok(std::mem::take(&mut *self.shared.lock()))
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self) {
        let (mut body, holes) = template(&self.service);
        let authorization = format!("Bearer {}", self.token);
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/x-ndjson"),
        ];
        let mut connection = None;
        let mut due = Instant::now();
        while !self.is_over.load(Ordering::Relaxed) {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            // Who waited for an answer makes up for it, as far as a second goes.
            let oldest = Instant::now().checked_sub(LATE).unwrap_or(due);
            due = (due + self.pace).max(oldest);
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let digits = digits(number);
            for hole in &holes {
                body[*hole..hole + DIGITS].copy_from_slice(digits.as_bytes());
            }
            let begun = Instant::now();
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => HttpConnection::open(&self.address, ANSWER),
            };
            let answer = open.and_then(|mut open| {
                let answer = open.exchange("POST", "/api/v1/logs", &headers, &body)?;
                if !answer.is_last {
                    connection = Some(open);
                }
                Ok(answer)
            });
            self.note(number, answer, begun.elapsed());
        }
    }

    fn note(&self, number: u64, answer: std::io::Result<testkit::HttpAnswer>, took: Duration) {
        let mut answers = self.lock();
        answers.slowest = answers.slowest.max(took);
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                answers.unknown += 1;
                let text = format!("no answer: {error}");
                *answers.statuses.entry(0).or_default() += 1;
                *answers.refusals.entry(text).or_default() += 1;
                return;
            }
        };
        *answers.statuses.entry(answer.status).or_default() += 1;
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let pause = answer.retry_after.as_deref().unwrap_or_default();
        let has_pause = pause.parse::<u32>().is_ok_and(|seconds| seconds > 0);
        match answer.status {
            200 if json["accepted"] == RECORDS => answers.taken.push(number),
            429 if has_pause => {}
            503 if has_pause => answers.unknown += 1,
            status => {
                answers.unknown += 1;
                let text: String = answer.text().chars().take(200).collect();
                let text = format!("{status} (retry-after '{pause}'): {text}");
                *answers.refusals.entry(text).or_default() += 1;
            }
        }
    }
}

fn digits(number: u64) -> String {
    format!("{number:0width$}", width = DIGITS)
}

/// The trace id of a request's records.
pub fn trace_id(number: u64) -> String {
    format!("{}{}", "0".repeat(32 - DIGITS), digits(number))
}

/// A body, and the places of the request's number in it.
fn template(service: &str) -> (Vec<u8>, Vec<usize>) {
    let mut body = String::new();
    for record in 0..RECORDS {
        let level = if record % 10 == 0 { "error" } else { "info" };
        body.push_str(&format!(
            "{{\"level\":\"{level}\",\"service\":\"{service}\",\"host\":\"node-{}\",\
             \"trace_id\":\"{}{HOLE}\",\"message\":\"order {HOLE} of customer {record} took {} ms, stock checked, price \
             confirmed, parcel handed over\",\"region\":\"eu-{}\",\"version\":\"2.{}.1\"}}\n",
            record % 20,
            "0".repeat(32 - DIGITS),
            record * 7 % 900,
            record % 3,
            record % 9
        ));
    }
    let holes = body.match_indices(HOLE).map(|(at, _)| at).collect();
    (body.into_bytes(), holes)
}
