//! Giving jobs to workers.

use diesel::prelude::*;

use super::look::{COLUMNS, Row, job};
use super::{JobLease, JobState, LeaseRequest, LeasedJob};
use crate::columns::{capped, key};
use crate::connection::{AnyConnection, on_both};
use crate::schema_operations::jobs::dsl;
use crate::{Error, Store};

/// What is written into jobs whose last worker never came back.
const LOST: &str = "the worker's lease expired";

pub(super) fn lease(
    store: &Store,
    request: &LeaseRequest,
    now_ns: i64,
) -> Result<Vec<LeasedJob>, Error> {
    key("lease owner", &request.owner)?;
    // Looking costs little and locks nothing: workers ask all the time.
    let (due, expired) = store.read(|connection| look(connection, request, now_ns))?;
    if !due && !expired {
        return Ok(Vec::new());
    }
    store.write(|connection| {
        if expired {
            reap(connection, now_ns)?;
        }
        take(connection, request, now_ns)
    })
}

fn look(
    connection: &mut AnyConnection,
    request: &LeaseRequest,
    now_ns: i64,
) -> Result<(bool, bool), Error> {
    let due: Option<i64> = on_both!(&mut *connection, concrete => {
        dsl::jobs
            .filter(dsl::state.eq(JobState::Ready.as_str()))
            .filter(dsl::run_at_ns.le(now_ns))
            .filter(dsl::kind.eq_any(&request.kinds))
            .select(dsl::run_at_ns)
            .first(concrete)
            .optional()
    })?;
    let expired: Option<i64> = dsl::jobs
        .filter(dsl::state.eq(JobState::Leased.as_str()))
        .filter(dsl::leased_until_ns.le(now_ns))
        .select(dsl::run_at_ns)
        .first(connection)
        .optional()?;
    Ok((due.is_some(), expired.is_some()))
}

fn take(
    connection: &mut AnyConnection,
    request: &LeaseRequest,
    now_ns: i64,
) -> Result<Vec<LeasedJob>, Error> {
    let due = || {
        dsl::jobs
            .filter(dsl::state.eq(JobState::Ready.as_str()))
            .filter(dsl::run_at_ns.le(now_ns))
            .filter(dsl::kind.eq_any(&request.kinds))
            .order((dsl::run_at_ns, dsl::id))
            .limit(capped(request.limit))
            .select(dsl::id)
    };
    let ids: Vec<Vec<u8>> = match &mut *connection {
        // Rows that another worker is taking are passed over, not waited for.
        AnyConnection::Postgres(postgres) => due().for_update().skip_locked().load(postgres)?,
        AnyConnection::Sqlite(sqlite) => due().load(sqlite)?,
    };
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let expires_at_ns = now_ns.saturating_add(request.duration_ns);
    let rows: Vec<Row> = on_both!(connection, concrete => {
        let chosen = dsl::jobs.filter(dsl::id.eq_any(&ids));
        diesel::update(chosen)
            .set((
                dsl::state.eq(JobState::Leased.as_str()),
                dsl::attempts.eq(dsl::attempts + 1),
                dsl::leased_until_ns.eq(expires_at_ns),
                dsl::leased_by.eq(&request.owner),
                dsl::updated_at_ns.eq(now_ns),
            ))
            .execute(concrete)?;
        dsl::jobs
            .filter(dsl::id.eq_any(&ids))
            .order((dsl::run_at_ns, dsl::id))
            .select(COLUMNS)
            .load(concrete)?
    });
    rows.into_iter()
        .map(|row| {
            let job = job(row)?;
            Ok(LeasedJob {
                lease: JobLease {
                    id: job.id,
                    owner: request.owner.clone(),
                    attempt: job.attempts,
                    expires_at_ns,
                },
                job,
            })
        })
        .collect()
}

/// Frees expired leases inside a transaction. The statement checks again what it changes, so concurrent ones are harmless.
pub(super) fn reap(connection: &mut AnyConnection, now_ns: i64) -> Result<usize, Error> {
    let expired = dsl::jobs
        .filter(dsl::state.eq(JobState::Leased.as_str()))
        .filter(dsl::leased_until_ns.le(now_ns));
    Ok(diesel::update(expired)
        .set((
            dsl::state.eq(JobState::Ready.as_str()),
            dsl::leased_until_ns.eq(None::<i64>),
            dsl::leased_by.eq(None::<String>),
            dsl::last_error.eq(LOST),
            dsl::updated_at_ns.eq(now_ns),
        ))
        .execute(connection)?)
}
