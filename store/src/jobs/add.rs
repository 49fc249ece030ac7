//! Adding jobs once.

use diesel::prelude::*;
use domain::JobId;

use super::{EnqueuedJob, JobState, NewJob};
use crate::Error;
use crate::columns::{bounded, data_key, key, random, uuid};
use crate::connection::{AnyConnection, on_both};
use crate::schema_operations::jobs::dsl;

/// Longest payload, bytes.
const MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// The job in the way may end between the insert and the look; then the insert is tried again.
const TRIES: usize = 5;

/// Adds one job inside a transaction.
pub(crate) fn enqueue(
    connection: &mut AnyConnection,
    job: &NewJob,
    now_ns: i64,
) -> Result<EnqueuedJob, Error> {
    key("job kind", &job.kind)?;
    bounded("job payload", &job.payload, MAX_PAYLOAD_BYTES)?;
    let id = JobId::from_parts(now_ns, random());
    let project = job.project_id.as_bytes().as_slice();
    let dedup_key = job.dedup_key.as_deref().map(data_key);
    for _ in 0..TRIES {
        let added = on_both!(&mut *connection, concrete => {
            diesel::insert_into(dsl::jobs)
                .values((
                    dsl::id.eq(id.as_bytes().as_slice()),
                    dsl::project_id.eq(project),
                    dsl::kind.eq(&job.kind),
                    dsl::dedup_key.eq(&dedup_key),
                    dsl::payload.eq(&job.payload),
                    dsl::state.eq(JobState::Ready.as_str()),
                    dsl::run_at_ns.eq(job.run_at_ns),
                    dsl::attempts.eq(0_i64),
                    dsl::max_attempts.eq(job.max_attempts.max(1)),
                    dsl::created_at_ns.eq(now_ns),
                    dsl::updated_at_ns.eq(now_ns),
                ))
                .on_conflict_do_nothing()
                .execute(concrete)
        })?;
        if added > 0 {
            return Ok(EnqueuedJob { id, is_new: true });
        }
        let there: Option<Vec<u8>> = dsl::jobs
            .filter(dsl::project_id.eq(project))
            .filter(dsl::kind.eq(&job.kind))
            .filter(dsl::dedup_key.eq(&dedup_key))
            .filter(dsl::state.eq_any([JobState::Ready.as_str(), JobState::Leased.as_str()]))
            .select(dsl::id)
            .first(connection)
            .optional()?;
        if let Some(there) = there {
            return Ok(EnqueuedJob {
                id: JobId(uuid(&there, "jobs.id")?),
                is_new: false,
            });
        }
    }
    Err(Error::Contention {
        message: format!(
            "job '{}' of kind '{}' came and went",
            dedup_key.unwrap_or_default(),
            job.kind
        ),
    })
}
