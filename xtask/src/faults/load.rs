//! Senders of many protocols at once, until they are stopped.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use testkit::{Door, HttpConnection, Random, Verdict, now_ns, rfc3339};

use super::batch::{ANSWER, Batch, text_of};
use super::ledger::Ledger;
use super::site::Site;

/// Most records of one request.
const BATCH: u64 = 100;
/// Most requests of one sender.
const REQUESTS: usize = 3_000;
/// Pause of a sender whose server is away or busy.
const PAUSE: Duration = Duration::from_millis(20);

/// What all senders of a load share.
#[derive(Debug)]
struct Shared {
    address: String,
    token: String,
    service: String,
    is_over: AtomicBool,
    acknowledged: AtomicUsize,
    ledger: Mutex<Ledger>,
}

/// Senders at work.
pub struct Load {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts `senders` for every protocol, and one for syslog over TCP, which is promised nothing.
    pub fn start(site: &Site<'_>, service: &str, senders: usize, random: &mut Random) -> Self {
        let shared = Arc::new(Shared {
            address: site.vigil.address.clone(),
            token: site.vigil.token.clone(),
            service: service.to_owned(),
            is_over: AtomicBool::new(false),
            acknowledged: AtomicUsize::new(0),
            ledger: Mutex::default(),
        });
        let mut threads = Vec::new();
        for number in 0..senders * Door::ALL.len() {
            let (shared, random) = (Arc::clone(&shared), Random::new(random.draw()));
            threads.push(std::thread::spawn(move || shared.send(number, random)));
        }
        let (lines, address) = (Arc::clone(&shared), site.syslog_address.clone());
        threads.push(std::thread::spawn(move || lines.send_syslog(&address)));
        Self { shared, threads }
    }

    /// Requests that were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// Answers of "try again" so far.
    pub fn busy(&self) -> usize {
        self.shared.lock().busy_count()
    }

    /// Waits until so many more requests are acknowledged.
    pub fn wait_for_more(
        &self,
        site: &Site<'_>,
        requests: usize,
        limit: Duration,
    ) -> anyhow::Result<()> {
        let wanted = self.acknowledged() + requests;
        let outcome = site.wait_for("requests are acknowledged", limit, || {
            self.acknowledged() >= wanted || self.is_idle()
        });
        outcome.map_err(|error| anyhow!("{error} ({})", self.state()))
    }

    /// What senders were told so far, for messages.
    pub fn state(&self) -> String {
        let ledger = self.shared.lock();
        format!(
            "{} requests acknowledged, told to try again {:?}, refused {:?}, {} of which nobody knows",
            ledger.acknowledged.len(),
            ledger.busy,
            ledger.refusals,
            ledger.unknown.len()
        )
    }

    /// Whether every sender has sent its share.
    fn is_idle(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Stops the senders when they have their answers, and gives what they were told.
    pub fn finish(self) -> anyhow::Result<Ledger> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow!("a sender panicked"))?;
        }
        Ok(std::mem::take(&mut *self.shared.lock()))
    }
}

/// Fails when a sender got an answer that no fault excuses.
pub fn ensure_no_refusal(ledger: &Ledger) -> anyhow::Result<()> {
    ensure!(
        ledger.refusals.is_empty(),
        "answers that a sender should not get: {:?}",
        ledger.refusals
    );
    Ok(())
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// One sender: a request, its answer, the next request.
    fn send(&self, number: usize, mut random: Random) {
        let mut connection = None;
        for request in 0..REQUESTS {
            let batch = Batch {
                key: format!("{}s{number}b{request}", self.service),
                door: Door::ALL[number % Door::ALL.len()],
                count: 1 + random.below(BATCH) as usize,
                service: self.service.clone(),
                made_at_ns: now_ns(),
            };
            let Some(mut open) = self.connect(connection.take()) else {
                return;
            };
            // Written down before it is sent: from here on it may be stored.
            let verdict = batch.send(&mut open, &self.token);
            let is_answered = verdict.is_ok();
            let is_taken = matches!(verdict, Ok(Verdict::Taken));
            self.note(batch, verdict);
            if is_answered {
                connection = Some(open);
            }
            if !is_taken {
                std::thread::sleep(PAUSE);
            }
            if self.is_over() {
                return;
            }
        }
    }

    fn note(&self, batch: Batch, verdict: std::io::Result<Verdict>) {
        let mut ledger = self.lock();
        match verdict {
            Ok(Verdict::Taken) => {
                ledger.acknowledged.push(batch);
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Verdict::TryAgain(status)) => {
                *ledger.busy.entry(status).or_default() += 1;
                ledger.unknown.push(batch);
            }
            Ok(other) => {
                let text = format!("{}: {other:?}", batch.door.name());
                *ledger.refusals.entry(text).or_default() += 1;
                ledger.unknown.push(batch);
            }
            Err(_) => ledger.unknown.push(batch),
        }
    }

    /// The kept connection, or a new one as soon as somebody listens; nothing when the load is over.
    fn connect(&self, kept: Option<HttpConnection>) -> Option<HttpConnection> {
        if kept.is_some() {
            return kept;
        }
        while !self.is_over() {
            if let Ok(connection) = HttpConnection::open(&self.address, ANSWER) {
                return Some(connection);
            }
            std::thread::sleep(PAUSE);
        }
        None
    }

    /// RFC 5424 messages with octet counting, some at a time.
    fn send_syslog(&self, address: &str) {
        let mut number = 0;
        while !self.is_over() && number < REQUESTS * 2 {
            let Ok(mut stream) = TcpStream::connect(address) else {
                std::thread::sleep(PAUSE);
                continue;
            };
            stream.set_write_timeout(Some(Duration::from_secs(5))).ok();
            while !self.is_over() && number < REQUESTS * 2 {
                let name = format!("{}syslog{number}", self.service);
                let message = format!(
                    "<14>1 {} node-9 {} - - - {}",
                    rfc3339(now_ns()),
                    self.service,
                    text_of(&name)
                );
                number += 1;
                self.lock().unpromised.push(name);
                let framed = format!("{} {message}", message.len());
                if stream.write_all(framed.as_bytes()).is_err() {
                    break;
                }
                if number % 10 == 0 {
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }
}
