//! Senders of many protocols at once, until they are stopped.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use testkit::{Door, GrpcConnection, HttpConnection, Random, Verdict, now_ns, rfc3339};

use super::batch::{ANSWER, Batch, text_of};
use super::ledger::Ledger;
use super::samples::Samples;
use super::site::Site;

/// Most records of a usual request.
const BATCH: u64 = 100;
/// One request in so many is large.
const LARGE_EVERY: u64 = 50;
/// Records of a large one: what the server writes as a block at once.
const LARGE: u64 = 2_000;
/// Most requests of one sender.
const REQUESTS: usize = 3_000;
/// Most samples of one request.
const SAMPLES: u64 = 50;
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
    /// Starts `senders` for every protocol, one for OTLP over gRPC, one for samples of metrics, and one for syslog over TCP,
    /// which is promised nothing.
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
        let (calls, numbers) = (Arc::clone(&shared), Random::new(random.draw()));
        threads.push(std::thread::spawn(move || calls.send_grpc(numbers)));
        let (samples, numbers) = (Arc::clone(&shared), Random::new(random.draw()));
        threads.push(std::thread::spawn(move || samples.send_samples(numbers)));
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
        let door = Door::ALL[number % Door::ALL.len()];
        let mut connection = None;
        for request in 0..REQUESTS {
            let key = format!("{}s{number}b{request}", self.service);
            let batch = self.batch(key, door, &mut random);
            let open = || HttpConnection::open(&self.address, ANSWER);
            let Some(mut open) = self.connect(connection.take(), open) else {
                return;
            };
            // Written down before it is sent: from here on it may be stored.
            let verdict = batch.send(&mut open, &self.token);
            if verdict.is_ok() {
                connection = Some(open);
            }
            self.note(batch, verdict);
            if self.is_over() {
                return;
            }
        }
    }

    /// The same over gRPC.
    fn send_grpc(&self, mut random: Random) {
        let mut connection = None;
        for request in 0..REQUESTS {
            let key = format!("{}grpc-b{request}", self.service);
            let batch = Batch {
                is_grpc: true,
                ..self.batch(key, Door::OtlpProtobuf, &mut random)
            };
            let open = || GrpcConnection::open(&self.address, ANSWER);
            let Some(mut open) = self.connect(connection.take(), open) else {
                return;
            };
            let verdict = batch.send_grpc(&mut open, &self.token);
            if verdict.is_ok() {
                connection = Some(open);
            }
            self.note(batch, verdict);
            if self.is_over() {
                return;
            }
        }
    }

    fn batch(&self, key: String, door: Door, random: &mut Random) -> Batch {
        let is_large = random.is_one_of(LARGE_EVERY);
        let more = if is_large { LARGE } else { 0 } + random.below(BATCH);
        Batch {
            key,
            door,
            is_grpc: false,
            count: 1 + more as usize,
            service: self.service.clone(),
            made_at_ns: now_ns(),
        }
    }

    /// Writes down what a request was answered, and rests when it was not taken.
    fn note(&self, batch: Batch, verdict: std::io::Result<Verdict>) {
        let mut ledger = self.lock();
        match verdict {
            Ok(Verdict::Taken) => {
                ledger.acknowledged.push(batch);
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Ok(other) => {
                ledger.note_untaken(batch.door.name(), &other);
                ledger.unknown.push(batch);
            }
            Err(_) => ledger.unknown.push(batch),
        }
        drop(ledger);
        std::thread::sleep(PAUSE);
    }

    /// Samples of metrics, a request at a time.
    fn send_samples(&self, mut random: Random) {
        let mut next = Samples::first_value();
        let origin_ms = now_ns() / 1_000_000 - next.cast_signed();
        let mut connection = None;
        for _ in 0..REQUESTS {
            let samples = Samples {
                service: self.service.clone(),
                first: next,
                count: 1 + random.below(SAMPLES),
                origin_ms,
            };
            next += samples.count;
            let open = || HttpConnection::open(&self.address, ANSWER);
            let Some(mut open) = self.connect(connection.take(), open) else {
                return;
            };
            let verdict = samples.send(&mut open, &self.token);
            if verdict.is_ok() {
                connection = Some(open);
            }
            let mut ledger = self.lock();
            match verdict {
                Ok(Verdict::Taken) => ledger.samples_taken.push(samples),
                Ok(other) => {
                    ledger.note_untaken("samples", &other);
                    ledger.samples_unknown.push(samples);
                }
                Err(_) => ledger.samples_unknown.push(samples),
            }
            drop(ledger);
            if self.is_over() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The kept connection, or a new one as soon as somebody listens; nothing when the load is over.
    fn connect<C>(&self, kept: Option<C>, open: impl Fn() -> std::io::Result<C>) -> Option<C> {
        if kept.is_some() {
            return kept;
        }
        while !self.is_over() {
            if let Ok(connection) = open() {
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
