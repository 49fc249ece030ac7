//! The alerting machine's memory, and the one transaction that changes it together with its effects.

use diesel::prelude::*;
use domain::{AnomalyId, IncidentId, ProjectId, TimelineEntry};

use crate::columns::{bounded, first_locked, key, uuid};
use crate::connection::AnyConnection;
use crate::incidents::{self, IncidentWrite, WrittenIncident};
use crate::jobs::{self, EnqueuedJob, JobLease, JobOutcome, JobState, NewJob};
use crate::leases::{self, Leadership};
use crate::schema_operations::alert_states::dsl;
use crate::{Error, Store, anomalies, settings};

/// Longest state document, bytes.
const MAX_STATE_BYTES: usize = 32 << 20;

/// A stored state of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertState {
    /// The tenant.
    pub project_id: ProjectId,
    /// Which document, for example `machine`.
    pub name: String,
    /// 1 when first written, one more with every write.
    pub version: i64,
    /// JSON text that only the alerting room reads.
    pub document: String,
}

/// The new state of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertStateWrite {
    /// Which document.
    pub name: String,
    /// The version that the step began with; 0 when there was none.
    pub expected_version: i64,
    /// JSON text, at most 32 MiB.
    pub document: String,
}

/// Everything one step of the machine changes. All of it is committed, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertTransaction {
    /// The tenant of everything in it.
    pub project_id: ProjectId,
    /// Must still hold when it commits: a leader that was paused changes nothing.
    pub leadership: Option<Leadership>,
    /// New states of documents.
    pub states: Vec<AlertStateWrite>,
    /// Incidents to open or change, before anything that refers to them.
    pub incidents: Vec<IncidentWrite>,
    /// Lines for the timelines, in order.
    pub timeline: Vec<(IncidentId, TimelineEntry)>,
    /// Anomalies that become part of an incident.
    pub anomalies: Vec<(AnomalyId, IncidentId)>,
    /// Work to be done.
    pub jobs: Vec<NewJob>,
    /// Work whose result went into this step.
    pub finished_jobs: Vec<(JobLease, JobOutcome)>,
    /// Cursors to move forward, by name.
    pub cursors: Vec<(String, i64)>,
}

impl AlertTransaction {
    /// One that changes nothing yet.
    #[must_use]
    pub fn new(project_id: ProjectId) -> Self {
        Self {
            project_id,
            leadership: None,
            states: Vec::new(),
            incidents: Vec::new(),
            timeline: Vec::new(),
            anomalies: Vec::new(),
            jobs: Vec::new(),
            finished_jobs: Vec::new(),
            cursors: Vec::new(),
        }
    }
}

/// What a transaction did, each list in the order of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertReceipt {
    /// The versions of the states now.
    pub versions: Vec<i64>,
    /// The incidents.
    pub incidents: Vec<WrittenIncident>,
    /// The jobs.
    pub jobs: Vec<EnqueuedJob>,
    /// Where the finished jobs stand.
    pub finished_jobs: Vec<JobState>,
}

/// The alerting machine's memory. All calls block.
pub trait AlertStore: Send + Sync {
    /// The state of one document.
    fn alert_state(&self, project_id: ProjectId, name: &str) -> Result<Option<AlertState>, Error>;
    /// The state of one document in every project that has it.
    fn alert_states(&self, name: &str) -> Result<Vec<AlertState>, Error>;
    /// Commits state and effects in one transaction. [`Error::Conflict`] when another step was faster, a lease was lost or an
    /// incident is not as expected: read again and step again; nothing was written.
    fn apply_alerts(
        &self,
        transaction: &AlertTransaction,
        now_ns: i64,
    ) -> Result<AlertReceipt, Error>;
}

impl AlertStore for Store {
    fn alert_state(&self, project_id: ProjectId, name: &str) -> Result<Option<AlertState>, Error> {
        let row: Option<(i64, String)> = self.read(|connection| {
            Ok(dsl::alert_states
                .find((project_id.as_bytes().as_slice(), name))
                .select((dsl::version, dsl::document))
                .first(connection)
                .optional()?)
        })?;
        Ok(row.map(|(version, document)| AlertState {
            project_id,
            name: name.to_owned(),
            version,
            document,
        }))
    }

    fn alert_states(&self, name: &str) -> Result<Vec<AlertState>, Error> {
        let rows: Vec<(Vec<u8>, i64, String)> = self.read(|connection| {
            Ok(dsl::alert_states
                .filter(dsl::name.eq(name))
                .order(dsl::project_id)
                .select((dsl::project_id, dsl::version, dsl::document))
                .load(connection)?)
        })?;
        rows.into_iter()
            .map(|(project_id, version, document)| {
                Ok(AlertState {
                    project_id: ProjectId(uuid(&project_id, "alert_states.project_id")?),
                    name: name.to_owned(),
                    version,
                    document,
                })
            })
            .collect()
    }

    fn apply_alerts(
        &self,
        transaction: &AlertTransaction,
        now_ns: i64,
    ) -> Result<AlertReceipt, Error> {
        check(transaction)?;
        self.write(|connection| apply(connection, transaction, now_ns))
    }
}

/// Nothing of another tenant can be in a transaction.
fn check(transaction: &AlertTransaction) -> Result<(), Error> {
    let project_id = transaction.project_id;
    let strangers = transaction
        .incidents
        .iter()
        .map(|write| write.incident.project_id)
        .chain(transaction.jobs.iter().map(|job| job.project_id))
        .find(|other| *other != project_id);
    strangers.map_or(Ok(()), |other| {
        Err(Error::BadRequest {
            message: format!("transaction of project {project_id} holds something of {other}"),
        })
    })
}

fn apply(
    connection: &mut AnyConnection,
    transaction: &AlertTransaction,
    now_ns: i64,
) -> Result<AlertReceipt, Error> {
    let project_id = transaction.project_id;
    if let Some(leadership) = &transaction.leadership {
        leases::hold(connection, leadership)?;
    }
    // States first: two steps that race meet here, before either has done anything else.
    let mut receipt = AlertReceipt {
        versions: Vec::new(),
        incidents: Vec::new(),
        jobs: Vec::new(),
        finished_jobs: Vec::new(),
    };
    for state in &transaction.states {
        receipt
            .versions
            .push(write_state(connection, project_id, state, now_ns)?);
    }
    for write in &transaction.incidents {
        receipt.incidents.push(incidents::apply(connection, write)?);
    }
    for (incident_id, entry) in &transaction.timeline {
        incidents::append(
            connection,
            project_id,
            *incident_id,
            std::slice::from_ref(entry),
        )?;
    }
    for (anomaly_id, incident_id) in &transaction.anomalies {
        anomalies::link(connection, project_id, *anomaly_id, *incident_id)?;
    }
    for (lease, outcome) in &transaction.finished_jobs {
        let state = jobs::finish(connection, lease, outcome, now_ns)?;
        receipt.finished_jobs.push(state);
    }
    for job in &transaction.jobs {
        receipt.jobs.push(jobs::enqueue(connection, job, now_ns)?);
    }
    for (name, value) in &transaction.cursors {
        settings::advance(connection, project_id, name, *value)?;
    }
    Ok(receipt)
}

fn write_state(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    write: &AlertStateWrite,
    now_ns: i64,
) -> Result<i64, Error> {
    key("alert state name", &write.name)?;
    bounded("alert state", &write.document, MAX_STATE_BYTES)?;
    let place = (project_id.as_bytes().as_slice(), write.name.as_str());
    let query = dsl::alert_states.find(place).select(dsl::version);
    let there: Option<i64> = first_locked!(&mut *connection, query)?;
    let version = there.unwrap_or(0);
    if version != write.expected_version {
        return Err(Error::Conflict {
            message: format!(
                "alert state '{}' has version {version}, expected was {}",
                write.name, write.expected_version
            ),
        });
    }
    if there.is_some() {
        diesel::update(dsl::alert_states.find(place))
            .set((
                dsl::version.eq(version + 1),
                dsl::document.eq(&write.document),
                dsl::updated_at_ns.eq(now_ns),
            ))
            .execute(connection)?;
        return Ok(version + 1);
    }
    let added = diesel::insert_into(dsl::alert_states)
        .values((
            dsl::project_id.eq(place.0),
            dsl::name.eq(place.1),
            dsl::version.eq(1_i64),
            dsl::document.eq(&write.document),
            dsl::updated_at_ns.eq(now_ns),
        ))
        .execute(connection);
    match added.map_err(Error::from) {
        Ok(_) => Ok(1),
        Err(Error::Duplicate { .. }) => Err(Error::Conflict {
            message: format!(
                "alert state '{}' was first written by another step",
                write.name
            ),
        }),
        Err(other) => Err(other),
    }
}
