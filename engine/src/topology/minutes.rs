//! The minutes whose calls have to be counted, because spans of them came.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::{NANOS_PER_MINUTE, ProjectId, Span, minute_start};

/// Minutes that may wait, over all projects; the oldest go when there are more.
const MAX_WAITING: usize = 20_000;
/// Minutes that one span marks at most.
const MAX_OF_ONE: i64 = 15;

/// Marked by the committing thread, taken by the loop that counts.
#[derive(Debug, Default)]
pub(crate) struct Minutes {
    /// When each was marked first since it was taken last.
    waiting: Mutex<BTreeMap<(i64, ProjectId), Instant>>,
}

impl Minutes {
    /// Marks the minutes of spans from their beginning to a minute after their end: that is where the spans below one lie,
    /// which may have come before it.
    pub(crate) fn mark(&self, project_id: ProjectId, spans: &[Span]) {
        let mut minutes: BTreeSet<i64> = BTreeSet::new();
        for span in spans {
            let first = minute_start(span.start_ns);
            let last = minute_start(span.end_ns)
                .saturating_add(NANOS_PER_MINUTE)
                .min(first.saturating_add(MAX_OF_ONE * NANOS_PER_MINUTE));
            let mut minute = first;
            while minute <= last {
                minutes.insert(minute);
                minute = minute.saturating_add(NANOS_PER_MINUTE);
            }
        }
        let minutes: Vec<i64> = minutes.into_iter().collect();
        self.add(project_id, &minutes, Instant::now());
    }

    /// Marks minutes.
    pub(crate) fn add(&self, project_id: ProjectId, minutes: &[i64], at: Instant) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for minute in minutes {
            waiting.entry((*minute, project_id)).or_insert(at);
        }
        let mut dropped = 0;
        while waiting.len() > MAX_WAITING {
            waiting.pop_first();
            dropped += 1;
        }
        if dropped > 0 {
            metrics::counter!("vigil_engine_call_minutes_dropped_total").increment(dropped);
            tracing::warn!(
                dropped,
                limit = MAX_WAITING,
                "calls of old minutes are not counted"
            );
        }
    }

    /// Takes the minutes that have waited, the newest first.
    pub(crate) fn take_settled(&self, settle: Duration, now: Instant) -> Vec<(ProjectId, i64)> {
        self.take(|_, at| now.saturating_duration_since(at) >= settle)
    }

    /// Takes the newest minutes of a project, at most `limit`, however long they have waited.
    pub(crate) fn take_newest(&self, project_id: ProjectId, limit: usize) -> Vec<i64> {
        let mut taken = 0;
        let minutes = self.take(|of, _| {
            let is_wanted = of == project_id && taken < limit;
            taken += usize::from(is_wanted);
            is_wanted
        });
        minutes.into_iter().map(|(_, minute)| minute).collect()
    }

    fn take(&self, mut is_wanted: impl FnMut(ProjectId, Instant) -> bool) -> Vec<(ProjectId, i64)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<(i64, ProjectId)> = waiting
            .iter()
            .rev()
            .filter(|((_, project_id), at)| is_wanted(*project_id, **at))
            .map(|(key, _)| *key)
            .collect();
        for key in &keys {
            waiting.remove(key);
        }
        keys.into_iter()
            .map(|(minute, project_id)| (project_id, minute))
            .collect()
    }
}
