//! The line of requests before a local model: bounded, and fair between projects.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::ProjectId;

use super::worker::Job;
use crate::error::Error;

/// What the thread is to do next.
pub(super) enum Next {
    Generate(Box<Job>),
    Load,
    Unload,
    /// Nothing came in time.
    Idle,
}

/// Requests that wait. Projects take turns, so one that asks a lot waits behind itself and nobody else does.
pub(super) struct Line {
    waiting: Mutex<Waiting>,
    added: Condvar,
    limit: usize,
}

#[derive(Default)]
struct Waiting {
    jobs: BTreeMap<Option<ProjectId>, VecDeque<Job>>,
    /// Whose turn it is: each project with a request once.
    turns: VecDeque<Option<ProjectId>>,
    count: usize,
    is_load_wanted: bool,
    is_unload_wanted: bool,
    is_closed: bool,
}

impl Line {
    /// An empty line in which `limit` requests may wait.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            added: Condvar::new(),
            limit,
        }
    }

    /// Lets a request wait. When the line is full, the newest request of the project that has most goes in its stead,
    /// as long as that leaves it with more than the newcomer's project then has. Gives what has to be refused: the newcomer,
    /// or the one that went. A line that is closed takes nobody.
    pub(super) fn push(&self, job: Job) -> Option<Job> {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return Some(job);
        }
        let mut refused = None;
        if waiting.count >= self.limit {
            let own = waiting.of(job.project());
            let largest = waiting.jobs.iter().max_by_key(|(_, jobs)| jobs.len());
            let victim = largest.filter(|(_, jobs)| jobs.len() > own + 1);
            let Some(victim) = victim.map(|(project, _)| *project) else {
                return Some(job);
            };
            refused = waiting.take_newest(victim);
        }
        waiting.put(job);
        drop(waiting);
        self.added.notify_one();
        refused
    }

    /// Asks for the weights.
    pub(super) fn want_load(&self) {
        self.lock().is_load_wanted = true;
        self.added.notify_one();
    }

    /// Asks for the memory back, after what waits.
    pub(super) fn want_unload(&self) {
        self.lock().is_unload_wanted = true;
        self.added.notify_one();
    }

    /// The next thing to do, waiting for it at most so long. What waits goes before loading and unloading.
    pub(super) fn next(&self, patience: Duration) -> Next {
        let mut waiting = self.lock();
        if waiting.is_empty() {
            let outcome = self
                .added
                .wait_timeout_while(waiting, patience, |waiting| waiting.is_empty());
            waiting = outcome.unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Some(job) = waiting.take_next() {
            return Next::Generate(Box::new(job));
        }
        if std::mem::take(&mut waiting.is_load_wanted) {
            return Next::Load;
        }
        if std::mem::take(&mut waiting.is_unload_wanted) {
            return Next::Unload;
        }
        Next::Idle
    }

    /// Whether the thread behind it has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Ends everything that waits, and takes nothing more.
    pub(super) fn close(&self) {
        let closed = Waiting {
            is_closed: true,
            ..Waiting::default()
        };
        let jobs = std::mem::replace(&mut *self.lock(), closed).jobs;
        for job in jobs.into_values().flatten() {
            job.answer(Err(Error::Unavailable("its thread has ended".to_owned())));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.count == 0 && !self.is_load_wanted && !self.is_unload_wanted
    }

    fn of(&self, project: Option<ProjectId>) -> usize {
        self.jobs.get(&project).map_or(0, VecDeque::len)
    }

    fn put(&mut self, job: Job) {
        let project = job.project();
        let jobs = self.jobs.entry(project).or_default();
        if jobs.is_empty() {
            self.turns.push_back(project);
        }
        jobs.push_back(job);
        self.count += 1;
    }

    fn take_next(&mut self) -> Option<Job> {
        let project = self.turns.pop_front()?;
        let jobs = self.jobs.get_mut(&project)?;
        let job = jobs.pop_front()?;
        if jobs.is_empty() {
            self.jobs.remove(&project);
        } else {
            self.turns.push_back(project);
        }
        self.count -= 1;
        Some(job)
    }

    fn take_newest(&mut self, project: Option<ProjectId>) -> Option<Job> {
        let job = self.jobs.get_mut(&project)?.pop_back()?;
        self.count -= 1;
        Some(job)
    }
}

#[cfg(test)]
mod tests;
