//! What a worker reports about its job.

use diesel::prelude::*;

use super::{JobLease, JobOutcome, JobState};
use crate::columns::first_locked;
use crate::connection::AnyConnection;
use crate::log::batch::{clean, cut};
use crate::schema_operations::jobs::dsl;
use crate::{Error, Store};

/// Longest stored reason of a failure, bytes.
const MAX_ERROR_BYTES: usize = 2_000;

/// Ends an attempt inside a transaction, so that what the work changed and the end of the job are one.
///
/// A lease that has expired but that nobody took over still counts: the work was done.
pub(crate) fn finish(
    connection: &mut AnyConnection,
    lease: &JobLease,
    outcome: &JobOutcome,
    now_ns: i64,
) -> Result<JobState, Error> {
    let mine = dsl::jobs
        .find(lease.id.as_bytes().as_slice())
        .filter(dsl::state.eq(JobState::Leased.as_str()))
        .filter(dsl::leased_by.eq(&lease.owner))
        .filter(dsl::attempts.eq(lease.attempt))
        .select(dsl::max_attempts);
    let max_attempts: Option<i64> = first_locked!(&mut *connection, mine)?;
    let max_attempts = max_attempts.ok_or_else(|| lost(lease))?;
    let (state, run_at_ns, error) = match outcome {
        JobOutcome::Done => (JobState::Done, None, None),
        JobOutcome::Dead { error } => (JobState::Dead, None, Some(error)),
        JobOutcome::Retry { error, .. } if lease.attempt >= max_attempts => {
            (JobState::Dead, None, Some(error))
        }
        JobOutcome::Retry { at_ns, error } => (JobState::Ready, Some(*at_ns), Some(error)),
    };
    let error = error.map(|text| clean(cut(text, MAX_ERROR_BYTES)).into_owned());
    let one = dsl::jobs.find(lease.id.as_bytes().as_slice());
    diesel::update(one)
        .set((
            dsl::state.eq(state.as_str()),
            dsl::leased_until_ns.eq(None::<i64>),
            dsl::leased_by.eq(None::<String>),
            dsl::last_error.eq(error),
            dsl::updated_at_ns.eq(now_ns),
        ))
        .execute(connection)?;
    if let Some(run_at_ns) = run_at_ns {
        diesel::update(one)
            .set(dsl::run_at_ns.eq(run_at_ns))
            .execute(connection)?;
    }
    Ok(state)
}

pub(super) fn extend(
    store: &Store,
    lease: &JobLease,
    duration_ns: i64,
    now_ns: i64,
) -> Result<JobLease, Error> {
    let expires_at_ns = now_ns.saturating_add(duration_ns);
    let extended = store.write(|connection| {
        let mine = dsl::jobs
            .find(lease.id.as_bytes().as_slice())
            .filter(dsl::state.eq(JobState::Leased.as_str()))
            .filter(dsl::leased_by.eq(&lease.owner))
            .filter(dsl::attempts.eq(lease.attempt));
        Ok(diesel::update(mine)
            .set(dsl::leased_until_ns.eq(expires_at_ns))
            .execute(connection)?)
    })?;
    if extended == 0 {
        return Err(lost(lease));
    }
    Ok(JobLease {
        expires_at_ns,
        ..lease.clone()
    })
}

fn lost(lease: &JobLease) -> Error {
    Error::Conflict {
        message: format!(
            "the lease of job {} (attempt {}) was lost",
            lease.id, lease.attempt
        ),
    }
}
