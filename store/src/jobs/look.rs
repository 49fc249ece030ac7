//! Looking at the queue, and what people do with dead jobs.

use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use domain::{JobId, ProjectId};

use super::{Job, JobCount, JobState};
use crate::columns::{capped, uuid};
use crate::connection::on_both;
use crate::schema_operations::jobs::dsl;
use crate::{Error, Store};

pub(super) type Row = (
    Vec<u8>,
    Vec<u8>,
    String,
    Option<String>,
    String,
    String,
    (i64, i64, i64),
    Option<String>,
    i64,
    i64,
);
type Columns = (
    dsl::id,
    dsl::project_id,
    dsl::kind,
    dsl::dedup_key,
    dsl::payload,
    dsl::state,
    (dsl::run_at_ns, dsl::attempts, dsl::max_attempts),
    dsl::last_error,
    dsl::created_at_ns,
    dsl::updated_at_ns,
);
pub(super) const COLUMNS: Columns = (
    dsl::id,
    dsl::project_id,
    dsl::kind,
    dsl::dedup_key,
    dsl::payload,
    dsl::state,
    (dsl::run_at_ns, dsl::attempts, dsl::max_attempts),
    dsl::last_error,
    dsl::created_at_ns,
    dsl::updated_at_ns,
);

pub(super) fn by_id(store: &Store, id: JobId) -> Result<Option<Job>, Error> {
    let row: Option<Row> = store.read(|connection| {
        Ok(dsl::jobs
            .find(id.as_bytes().as_slice())
            .select(COLUMNS)
            .first(connection)
            .optional()?)
    })?;
    row.map(job).transpose()
}

pub(super) fn counts(store: &Store) -> Result<Vec<JobCount>, Error> {
    let rows: Vec<(String, String, i64, Option<i64>)> = store.read(|connection| {
        Ok(on_both!(connection, concrete => {
            dsl::jobs
                .filter(dsl::state.eq_any([
                    JobState::Ready.as_str(),
                    JobState::Leased.as_str(),
                    JobState::Dead.as_str(),
                ]))
                .group_by((dsl::kind, dsl::state))
                .order((dsl::kind, dsl::state))
                .select((dsl::kind, dsl::state, count_star(), min(dsl::run_at_ns)))
                .load(concrete)?
        }))
    })?;
    rows.into_iter()
        .map(|(kind, state, count, oldest)| {
            Ok(JobCount {
                kind,
                state: JobState::from_word(&state)?,
                count: count.cast_unsigned(),
                oldest_run_at_ns: oldest.unwrap_or_default(),
            })
        })
        .collect()
}

pub(super) fn dead(store: &Store, project_id: ProjectId, limit: usize) -> Result<Vec<Job>, Error> {
    let rows: Vec<Row> = store.read(|connection| {
        Ok(dsl::jobs
            .filter(dsl::state.eq(JobState::Dead.as_str()))
            .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
            .order((dsl::updated_at_ns.desc(), dsl::id.desc()))
            .limit(capped(limit))
            .select(COLUMNS)
            .load(connection)?)
    })?;
    rows.into_iter().map(job).collect()
}

pub(super) fn retry_dead(
    store: &Store,
    project_id: ProjectId,
    id: JobId,
    now_ns: i64,
) -> Result<(), Error> {
    let revived = store.write(|connection| {
        let dead = dsl::jobs
            .find(id.as_bytes().as_slice())
            .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
            .filter(dsl::state.eq(JobState::Dead.as_str()));
        Ok(diesel::update(dead)
            .set((
                dsl::state.eq(JobState::Ready.as_str()),
                dsl::run_at_ns.eq(now_ns),
                dsl::attempts.eq(0_i64),
                dsl::updated_at_ns.eq(now_ns),
            ))
            .execute(connection)?)
    })?;
    if revived == 0 {
        return Err(Error::NotFound {
            what: format!("dead job {id}"),
        });
    }
    Ok(())
}

pub(super) fn delete_finished(store: &Store, before_ns: i64) -> Result<usize, Error> {
    store.write(|connection| {
        let finished = dsl::jobs
            .filter(dsl::updated_at_ns.lt(before_ns))
            .filter(dsl::state.eq_any([JobState::Done.as_str(), JobState::Dead.as_str()]));
        Ok(diesel::delete(finished).execute(connection)?)
    })
}

pub(super) fn job(row: Row) -> Result<Job, Error> {
    let (id, project_id, kind, dedup_key, payload, state, times, last_error, created, updated) =
        row;
    let (run_at_ns, attempts, max_attempts) = times;
    Ok(Job {
        id: JobId(uuid(&id, "jobs.id")?),
        project_id: ProjectId(uuid(&project_id, "jobs.project_id")?),
        kind,
        dedup_key,
        payload,
        state: JobState::from_word(&state)?,
        run_at_ns,
        attempts,
        max_attempts,
        last_error,
        created_at_ns: created,
        updated_at_ns: updated,
    })
}
