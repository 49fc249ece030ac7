//! The committing thread: one transaction for everything that waits, and what happens when it fails.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use domain::{Clock, ErrorKind, Failpoint, LogRecord, ProjectId, RecordId};
use store::{CommitBatch, CommitReceipt, IngestReceipt, LogStore, Store};
use tokio::sync::watch;

use super::repeated::{Receipts, RequestKey};
use super::{Accepted, Job};
use crate::Error;
use crate::live::LiveTail;
use crate::miners::Miners;

/// Most records of one transaction: large enough that the commit's fixed cost vanishes, small enough
/// that a waiting request is answered within a fraction of a second.
const GROUP_RECORDS: usize = 16_384;
/// After a group of at least this many records the next one waits a moment for more: when many come, one large block is
/// cheaper to write and to read than several small ones.
const BUSY_RECORDS: usize = 2_000;
/// As many records make a good block; nothing waits for more.
const BLOCK_RECORDS: usize = 8_192;
/// How long it waits.
const LINGER: Duration = Duration::from_millis(10);
/// How long a commit waits for a database that is away, before its senders are told so.
const PATIENCE: Duration = Duration::from_secs(20);
/// Transactions that one request may cost when the database refuses it: enough to single out a dozen records
/// among a hundred thousand.
const TRIES_ALONE: usize = 256;

/// Makes a batch durable.
pub(super) type Append = Box<dyn FnMut(&CommitBatch) -> Result<CommitReceipt, store::Error> + Send>;

/// What the committing thread needs.
pub(super) struct Committer {
    /// Where the miners find what they knew.
    store: Store,
    append: Append,
    clock: Arc<dyn Clock>,
    /// Grows with every commit; wakes the loops that read by cursor.
    commits: watch::Sender<u64>,
    live: LiveTail,
    miners: Miners,
    ids: IdSource,
}

impl Committer {
    pub(super) fn new(
        store: Store,
        append: Append,
        clock: Arc<dyn Clock>,
        commits: watch::Sender<u64>,
        live: LiveTail,
    ) -> Self {
        Self {
            store,
            append,
            clock,
            commits,
            live,
            miners: Miners::default(),
            ids: IdSource::new(),
        }
    }

    pub(super) fn run(&mut self, receiver: &mpsc::Receiver<Job>) {
        let mut last_count = 0;
        while let Ok(first) = receiver.recv() {
            // Group commit: everything that came while the last transaction ran goes into this one.
            let mut count = first.records.len();
            let mut jobs = vec![first];
            let until = Instant::now() + LINGER;
            while count < GROUP_RECORDS {
                let is_worth_waiting = last_count >= BUSY_RECORDS && count < BLOCK_RECORDS;
                let job = match receiver.try_recv() {
                    Ok(job) => job,
                    Err(_) if is_worth_waiting => {
                        let left = until.saturating_duration_since(Instant::now());
                        let Ok(job) = receiver.recv_timeout(left) else {
                            break;
                        };
                        job
                    }
                    Err(_) => break,
                };
                count += job.records.len();
                jobs.push(job);
            }
            last_count = count;
            let mut by_project: HashMap<ProjectId, Vec<Job>> = HashMap::new();
            for job in jobs {
                by_project.entry(job.project_id).or_default().push(job);
            }
            for (project_id, jobs) in by_project {
                self.commit_or_survive(project_id, jobs);
            }
            self.commits.send_modify(|count| *count += 1);
        }
        tracing::debug!("committing thread ended");
    }

    /// A panic takes down the requests of its group (their senders hear that nothing was promised),
    /// not the thread: without it no record could ever be taken again.
    fn commit_or_survive(&mut self, project_id: ProjectId, jobs: Vec<Job>) {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.commit_fresh(project_id, jobs);
        }));
        if outcome.is_err() {
            metrics::counter!("vigil_engine_commit_panics_total").increment(1);
            tracing::error!(project.id = %project_id, "a commit panicked; its records were not acknowledged");
            // What the miners hold may be half a step; the store has everything that was promised.
            self.miners = Miners::default();
        }
    }

    /// Answers the requests that were acknowledged before; commits the others.
    fn commit_fresh(&mut self, project_id: ProjectId, jobs: Vec<Job>) {
        let now_ns = self.clock.now_ns();
        let keys: Vec<[u8; 32]> = jobs
            .iter()
            .filter_map(|job| job.key)
            .flat_map(|key| key.possible(now_ns))
            .collect();
        if keys.is_empty() {
            return self.commit_group(project_id, jobs);
        }
        let known = match self.acknowledged(project_id, &keys) {
            Ok(known) => known,
            Err(error) => return refuse_all(project_id, jobs, &error),
        };
        let mut seen = HashSet::new();
        let (mut fresh, mut again) = (Vec::new(), Vec::new());
        for job in jobs {
            let Some(key) = job.key else {
                fresh.push(job);
                continue;
            };
            if let Some(accepted) = key.accepted_before(&known, now_ns) {
                job.answer_as_before(accepted);
            } else if seen.insert(key.current(now_ns)) {
                fresh.push(job);
            } else {
                // Sent twice at once: the second waits for what becomes of the first.
                again.push(job);
            }
        }
        if !fresh.is_empty() {
            self.commit_group(project_id, fresh);
        }
        if !again.is_empty() {
            self.commit_fresh(project_id, again);
        }
    }

    fn acknowledged(&self, project_id: ProjectId, keys: &[[u8; 32]]) -> Result<Receipts, Error> {
        let receipts = patiently(|| Ok(self.store.ingest_receipts(project_id, keys)?))?;
        Ok(receipts
            .into_iter()
            .map(|receipt| (receipt.key, receipt))
            .collect())
    }

    /// One transaction for many requests; when the database refuses it, each request gets its own try,
    /// so that one poisoned request cannot take its neighbours down.
    fn commit_group(&mut self, project_id: ProjectId, mut jobs: Vec<Job>) {
        let receipts = jobs
            .iter()
            .filter_map(|job| self.receipt(job.key, job.records.len()))
            .collect();
        let sizes: Vec<usize> = jobs.iter().map(|job| job.records.len()).collect();
        let mut records = Vec::with_capacity(sizes.iter().sum());
        for job in &mut jobs {
            records.append(&mut job.records);
        }
        let mut batch = match self.prepare(project_id, records) {
            Ok(batch) => batch,
            Err(error) => return refuse_all(project_id, jobs, &error),
        };
        batch.receipts = receipts;
        Failpoint::Mined.pass();
        match self.append(&batch) {
            Ok(refused) => {
                Failpoint::Committed.pass();
                let offer = self.live.offer(project_id, &refused);
                let mut refused = refused.into_iter().peekable();
                let mut start = 0;
                for (job, size) in jobs.into_iter().zip(sizes) {
                    let mut mine = Vec::new();
                    while let Some((index, reason)) =
                        refused.next_if(|(index, _)| *index < start + size)
                    {
                        mine.push((index - start, reason));
                    }
                    start += size;
                    job.answer(size, mine);
                }
                if let Some(offer) = offer {
                    offer.give(batch.records);
                }
            }
            Err(error) if is_of_the_data(&error) => {
                tracing::warn!(%error, project.id = %project_id, "a commit was refused; its requests are tried one by one");
                for (job, size) in jobs.into_iter().zip(sizes) {
                    let rest = batch.records.split_off(size.min(batch.records.len()));
                    let own = std::mem::replace(&mut batch.records, rest);
                    self.commit_alone(job, own, &batch);
                }
            }
            Err(error) => refuse_all(project_id, jobs, &error),
        }
    }

    /// Commits one request, in ever smaller pieces, until what the database refuses stands alone. When a piece fails for
    /// another reason the whole request does, although some of it may be stored: its sender repeats it, and a record
    /// twice is better than one that was promised and is not there.
    fn commit_alone(&mut self, job: Job, records: Vec<LogRecord>, with: &CommitBatch) {
        // Another node, or a commit whose answer was lost, may have been faster.
        match self.acknowledged_before(&job) {
            Ok(Some(accepted)) => return job.answer_as_before(accepted),
            Ok(None) => {}
            Err(error) => return refuse_all(job.project_id, vec![job], &error),
        }
        let size = records.len();
        let mut piece = CommitBatch {
            project_id: with.project_id,
            records,
            new_templates: with.new_templates.clone(),
            merged: with.merged.clone(),
            receipts: self.receipt(job.key, size).into_iter().collect(),
            texts: with.texts.clone(),
        };
        let (mut refused, mut tries) = (Vec::new(), TRIES_ALONE);
        if let Err(error) = self.divide(&mut piece, 0, &mut tries, &mut refused) {
            return match self.acknowledged_before(&job) {
                Ok(Some(accepted)) => job.answer_as_before(accepted),
                _ => refuse_all(job.project_id, vec![job], &error),
            };
        }
        if refused.len() == size {
            let reason = refused.swap_remove(0).1;
            return refuse_all(job.project_id, vec![job], &Error::Internal(reason));
        }
        refused.sort_unstable_by_key(|(index, _)| *index);
        // The receipt of a divided request comes when all its pieces are stored: a crash between them must not look
        // like success.
        if piece.receipts.is_empty() && job.key.is_some() {
            let mut receipt = CommitBatch::new(job.project_id, Vec::new());
            receipt
                .receipts
                .extend(self.receipt(job.key, size - refused.len()));
            if let Err(error) = self.append(&receipt) {
                tracing::warn!(%error, "the receipt of a divided request was not stored");
            }
        }
        job.answer(size, refused);
    }

    /// How many records of this request were acknowledged under its key already.
    fn acknowledged_before(&self, job: &Job) -> Result<Option<u64>, Error> {
        let Some(key) = job.key else {
            return Ok(None);
        };
        let now_ns = self.clock.now_ns();
        let keys: Vec<[u8; 32]> = key.possible(now_ns).collect();
        let receipts = self.acknowledged(job.project_id, &keys)?;
        Ok(key.accepted_before(&receipts, now_ns))
    }

    /// Commits a piece, or its halves. Records that the database refuses are noted with their position; any other
    /// failure ends the dividing.
    fn divide(
        &mut self,
        piece: &mut CommitBatch,
        offset: usize,
        tries: &mut usize,
        refused: &mut Vec<(usize, String)>,
    ) -> Result<(), Error> {
        *tries = tries.checked_sub(1).ok_or_else(|| {
            Error::Internal("the database refuses too many records of one request".into())
        })?;
        let size = piece.records.len();
        let error = match self.append(piece) {
            Ok(more) => {
                if let Some(offer) = self.live.offer(piece.project_id, &more) {
                    offer.give(std::mem::take(&mut piece.records));
                }
                let moved = more
                    .into_iter()
                    .map(|(index, reason)| (offset + index, reason));
                refused.extend(moved);
                return Ok(());
            }
            Err(error) => error,
        };
        // A receipt that is there already is no fault of the records.
        let is_answered = error.kind() == ErrorKind::Conflict && !piece.receipts.is_empty();
        if is_answered || !is_of_the_data(&error) {
            return Err(error);
        }
        if size <= 1 {
            refused.push((offset, error.to_string()));
            return Ok(());
        }
        piece.receipts.clear();
        let mut second = CommitBatch {
            project_id: piece.project_id,
            records: piece.records.split_off(size / 2),
            new_templates: piece.new_templates.clone(),
            merged: piece.merged.clone(),
            receipts: Vec::new(),
            texts: piece.texts.clone(),
        };
        self.divide(piece, offset, tries, refused)?;
        self.divide(&mut second, offset + size / 2, tries, refused)
    }

    /// Gives ids and templates.
    fn prepare(
        &mut self,
        project_id: ProjectId,
        mut records: Vec<LogRecord>,
    ) -> Result<CommitBatch, Error> {
        let now_ns = self.clock.now_ns();
        for record in &mut records {
            record.id = self.ids.next(now_ns);
            record.project_id = project_id;
        }
        let (store, miners) = (&self.store, &mut self.miners);
        let changes = patiently(|| miners.mine(store, project_id, &mut records))?;
        Ok(CommitBatch {
            project_id,
            records,
            new_templates: changes.new_templates,
            merged: changes.merged,
            receipts: Vec::new(),
            texts: changes.texts,
        })
    }

    fn receipt(&self, key: Option<RequestKey>, accepted: usize) -> Option<IngestReceipt> {
        Some(key?.receipt(accepted, self.clock.now_ns()))
    }

    /// Commits, again and again while the database is away for a moment. The ids stay the same, so a commit whose
    /// answer was lost is not stored twice. Returns the positions that were refused.
    fn append(&mut self, batch: &CommitBatch) -> Result<Vec<(usize, String)>, Error> {
        let receipt = patiently(|| Ok((self.append)(batch)?))?;
        self.miners.committed(batch.project_id);
        let count = batch.records.len();
        metrics::counter!("vigil_engine_records_committed_total").increment(count as u64);
        metrics::histogram!("vigil_engine_commit_records").record(count as f64);
        Ok(receipt
            .rejected
            .into_iter()
            .map(|rejected| (rejected.index, rejected.reason))
            .collect())
    }
}

impl Job {
    fn answer_as_before(self, accepted: u64) {
        metrics::counter!("vigil_engine_requests_repeated_total").increment(1);
        if let Some(RequestKey::Content { .. }) = self.key {
            metrics::counter!("vigil_engine_requests_deduplicated_total").increment(1);
            metrics::counter!("vigil_engine_records_deduplicated_total").increment(accepted);
        }
        let accepted = Accepted {
            count: usize::try_from(accepted).unwrap_or(usize::MAX),
            refused: Vec::new(),
        };
        self.reply(Ok(accepted));
    }

    fn answer(self, size: usize, refused: Vec<(usize, String)>) {
        let accepted = Accepted {
            count: size - refused.len(),
            refused,
        };
        self.reply(Ok(accepted));
    }

    /// Tells the sender. Whoever has the answer finds the places free again.
    fn reply(self, outcome: Result<Accepted, Error>) {
        drop(self.places);
        self.reply.send(outcome).ok();
    }
}

fn refuse_all(project_id: ProjectId, jobs: Vec<Job>, error: &Error) {
    metrics::counter!("vigil_engine_commit_failures_total").increment(1);
    tracing::error!(%error, project.id = %project_id, "commit failed; its records were not acknowledged");
    for job in jobs {
        job.reply(Err(error.clone()));
    }
}

/// Whether the failure may come from a record rather than from the database's state.
pub(crate) fn is_of_the_data(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Internal | ErrorKind::BadRequest | ErrorKind::Conflict
    )
}

/// Repeats what failed because the database was away, for at most [`PATIENCE`]. The senders wait meanwhile, and
/// what comes after them fills the queue until it answers 429.
pub(crate) fn patiently<T>(mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(50);
    loop {
        match attempt() {
            Err(error)
                if error.kind() == ErrorKind::Unavailable
                    && started.elapsed() + pause < PATIENCE =>
            {
                tracing::warn!(%error, "the database is away; the commit is tried again");
                metrics::counter!("vigil_engine_commit_repeats_total").increment(1);
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            outcome => return outcome,
        }
    }
}

/// UUIDv7 ids that grow within a process: the random part of a batch is counted up.
struct IdSource {
    random: u128,
}

impl IdSource {
    fn new() -> Self {
        Self {
            random: uuid::Uuid::new_v4().as_u128(),
        }
    }

    fn next(&mut self, now_ns: i64) -> RecordId {
        self.random = self.random.wrapping_add(1);
        let mut bytes = [0_u8; 10];
        bytes.copy_from_slice(&self.random.to_be_bytes()[6..]);
        RecordId::from_parts(now_ns, bytes)
    }
}
