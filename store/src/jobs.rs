//! The job queue: work that is done at least once, by whoever holds its lease.
//!
//! `ready -> leased -> done`, or back to `ready` after a failure or a lost lease, or `dead` after the last attempt. A job
//! whose last worker vanished is handed out once more, spent, so that somebody can tell of its end. A lease is a row with an end, never a lock that is held: a worker that dies or pauses loses its job to another one, and what it
//! says afterwards is refused (owner and attempt must still be the lease's).

mod add;
mod finish;
mod lease;
mod look;

use domain::{JobId, ProjectId};

pub(crate) use add::enqueue;
pub(crate) use finish::finish;

use crate::{Error, Store};

/// A job to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The tenant.
    pub project_id: ProjectId,
    /// What kind of work, for example `notify`.
    pub kind: String,
    /// While a job of this project, kind and key is ready or leased, another is not added. `None` adds always.
    pub dedup_key: Option<String>,
    /// What to do: JSON text, at most 1 MiB.
    pub payload: String,
    /// Not before this instant, unix nanoseconds UTC.
    pub run_at_ns: i64,
    /// Attempts before it is dead, at least 1.
    pub max_attempts: i64,
}

/// What became of an enqueued job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnqueuedJob {
    /// Its id: a new one, or that of the job that is there.
    pub id: JobId,
    /// False when a job of this key was there.
    pub is_new: bool,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Waits for its time and a worker.
    Ready,
    /// A worker has it.
    Leased,
    /// Done.
    Done,
    /// Given up; a person may retry it.
    Dead,
}

impl JobState {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }

    fn from_word(word: &str) -> Result<Self, Error> {
        [Self::Ready, Self::Leased, Self::Done, Self::Dead]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| Error::damaged("jobs.state", format!("'{word}'")))
    }
}

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The tenant.
    pub project_id: ProjectId,
    /// What kind of work.
    pub kind: String,
    /// See [`NewJob::dedup_key`]; long keys are cut and carry a digest.
    pub dedup_key: Option<String>,
    /// What to do: JSON text.
    pub payload: String,
    /// Where it stands.
    pub state: JobState,
    /// When it is or was due, unix nanoseconds UTC.
    pub run_at_ns: i64,
    /// Attempts begun.
    pub attempts: i64,
    /// Attempts before it is dead.
    pub max_attempts: i64,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Unix nanoseconds UTC.
    pub created_at_ns: i64,
    /// The latest change, unix nanoseconds UTC.
    pub updated_at_ns: i64,
}

/// The right to work on a job, which every report about it must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLease {
    /// The job.
    pub id: JobId,
    /// The worker.
    pub owner: String,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// Until when, unix nanoseconds UTC.
    pub expires_at_ns: i64,
}

/// A job and the right to work on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedJob {
    /// The job.
    pub job: Job,
    /// The right.
    pub lease: JobLease,
}

impl LeasedJob {
    /// Whether the attempts were used up by workers that vanished: do not do the work, tell of its end and end it.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.lease.attempt > self.job.max_attempts
    }

    /// Whether a failure now would be the last one.
    #[must_use]
    pub fn is_last_attempt(&self) -> bool {
        self.lease.attempt >= self.job.max_attempts
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobOutcome {
    /// The work is done.
    Done,
    /// It failed; try again at an instant, unless this was the last attempt.
    Retry {
        /// Unix nanoseconds UTC.
        at_ns: i64,
        /// Why; cut to 2,000 bytes.
        error: String,
    },
    /// It failed and no repetition will help.
    Dead {
        /// Why; cut to 2,000 bytes.
        error: String,
    },
}

/// Which work a worker asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRequest {
    /// Any of these kinds, at least one.
    pub kinds: Vec<String>,
    /// Who asks: a word that is new with every start of a process.
    pub owner: String,
    /// How long the lease is; [`JobQueue::extend_lease`] makes it longer.
    pub duration_ns: i64,
    /// Jobs at most, 1 to 1,000.
    pub limit: usize,
}

/// How many jobs of a kind are in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    /// The kind.
    pub kind: String,
    /// The state.
    pub state: JobState,
    /// How many.
    pub count: u64,
    /// The earliest `run_at_ns` among them: for ready jobs how late the queue is.
    pub oldest_run_at_ns: i64,
}

/// The job queue. All calls block.
pub trait JobQueue: Send + Sync {
    /// Adds jobs in one transaction; the answer is in the same order.
    fn enqueue(&self, jobs: &[NewJob], now_ns: i64) -> Result<Vec<EnqueuedJob>, Error>;
    /// Takes due jobs, the longest due first. Each call also frees leases that have expired. No job is given to two workers
    /// at a time; one may be spent ([`LeasedJob::is_spent`]). An idle queue costs one read.
    fn lease_jobs(&self, request: &LeaseRequest, now_ns: i64) -> Result<Vec<LeasedJob>, Error>;
    /// Makes a lease longer, from now. [`Error::Conflict`] when it was lost: stop working on the job.
    fn extend_lease(
        &self,
        lease: &JobLease,
        duration_ns: i64,
        now_ns: i64,
    ) -> Result<JobLease, Error>;
    /// Ends an attempt and says where the job stands now. [`Error::Conflict`] when the lease was lost.
    fn finish_job(
        &self,
        lease: &JobLease,
        outcome: &JobOutcome,
        now_ns: i64,
    ) -> Result<JobState, Error>;
    /// Frees leases that have expired: their jobs are ready again, after the last attempt too. Says how many.
    fn reap_leases(&self, now_ns: i64) -> Result<usize, Error>;
    /// One job.
    fn job(&self, id: JobId) -> Result<Option<Job>, Error>;
    /// Ready, leased and dead jobs per kind, over all projects. Done ones are not counted: there may be many.
    fn job_counts(&self) -> Result<Vec<JobCount>, Error>;
    /// The newest dead jobs of a project, newest first; at most 1,000.
    fn dead_jobs(&self, project_id: ProjectId, limit: usize) -> Result<Vec<Job>, Error>;
    /// Makes a dead job ready again with all its attempts. [`Error::NotFound`] when the project has no such dead job,
    /// [`Error::Duplicate`] when a live job has taken its key.
    fn retry_dead_job(&self, project_id: ProjectId, id: JobId, now_ns: i64) -> Result<(), Error>;
    /// Forgets done and dead jobs that ended before an instant; says how many.
    fn delete_finished_jobs(&self, before_ns: i64) -> Result<usize, Error>;
}

impl JobQueue for Store {
    fn enqueue(&self, jobs: &[NewJob], now_ns: i64) -> Result<Vec<EnqueuedJob>, Error> {
        self.write(|connection| {
            jobs.iter()
                .map(|job| enqueue(connection, job, now_ns))
                .collect()
        })
    }

    fn lease_jobs(&self, request: &LeaseRequest, now_ns: i64) -> Result<Vec<LeasedJob>, Error> {
        lease::lease(self, request, now_ns)
    }

    fn extend_lease(
        &self,
        lease: &JobLease,
        duration_ns: i64,
        now_ns: i64,
    ) -> Result<JobLease, Error> {
        finish::extend(self, lease, duration_ns, now_ns)
    }

    fn finish_job(
        &self,
        lease: &JobLease,
        outcome: &JobOutcome,
        now_ns: i64,
    ) -> Result<JobState, Error> {
        self.write(|connection| finish(connection, lease, outcome, now_ns))
    }

    fn reap_leases(&self, now_ns: i64) -> Result<usize, Error> {
        self.write(|connection| lease::reap(connection, now_ns))
    }

    fn job(&self, id: JobId) -> Result<Option<Job>, Error> {
        look::by_id(self, id)
    }

    fn job_counts(&self) -> Result<Vec<JobCount>, Error> {
        look::counts(self)
    }

    fn dead_jobs(&self, project_id: ProjectId, limit: usize) -> Result<Vec<Job>, Error> {
        look::dead(self, project_id, limit)
    }

    fn retry_dead_job(&self, project_id: ProjectId, id: JobId, now_ns: i64) -> Result<(), Error> {
        look::retry_dead(self, project_id, id, now_ns)
    }

    fn delete_finished_jobs(&self, before_ns: i64) -> Result<usize, Error> {
        look::delete_finished(self, before_ns)
    }
}
