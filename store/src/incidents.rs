//! Incidents: key columns for what is asked, the rest as a document.

mod read;
mod timeline;
mod write;

use domain::{Incident, IncidentId, IncidentState, Page, PageRequest, ProjectId, TimelineEntry};

pub(crate) use timeline::append;
pub(crate) use write::apply;

use crate::{Error, Store};

/// An incident and the version that an update must name.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredIncident {
    /// The incident.
    pub incident: Incident,
    /// 1 when opened, one more with every write.
    pub version: i64,
}

/// Which incidents are wanted. Empty lists mean no condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentFilter {
    /// Any of these states.
    pub states: Vec<IncidentState>,
}

/// What a write expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No incident of this id: it is opened.
    Absent,
    /// Exactly this version.
    Version(i64),
    /// Anything: opened when absent, replaced when there.
    Any,
}

/// An incident to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentWrite {
    /// As it shall be. `number` 0 gets the project's next number when it is opened (or take one before with
    /// [`IncidentStore::reserve_incident_number`]); an incident that is there keeps its number whatever this says.
    pub incident: Incident,
    /// What must be there now.
    pub expected: Expected,
}

/// What became of a written incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenIncident {
    /// Its id.
    pub id: IncidentId,
    /// Its number.
    pub number: i64,
    /// Its version now.
    pub version: i64,
}

/// Incidents and their timelines. All calls block.
///
/// While an incident is not resolved, no other of the project may have its `dedup_key` ([`Error::Duplicate`]).
pub trait IncidentStore: Send + Sync {
    /// Takes the project's next incident number, for who must know it before the incident is written. A number that is not
    /// used then leaves a gap.
    fn reserve_incident_number(&self, project_id: ProjectId) -> Result<i64, Error>;
    /// Writes one incident with new lines of its timeline, in one transaction. [`Error::Conflict`] when something else is
    /// there than expected.
    fn write_incident(
        &self,
        write: &IncidentWrite,
        timeline: &[TimelineEntry],
    ) -> Result<WrittenIncident, Error>;
    /// One incident.
    fn incident(
        &self,
        project_id: ProjectId,
        id: IncidentId,
    ) -> Result<Option<StoredIncident>, Error>;
    /// The incident with this number.
    fn incident_by_number(
        &self,
        project_id: ProjectId,
        number: i64,
    ) -> Result<Option<StoredIncident>, Error>;
    /// The incident with this key that is not resolved.
    fn open_incident(
        &self,
        project_id: ProjectId,
        dedup_key: &str,
    ) -> Result<Option<StoredIncident>, Error>;
    /// One page (at most 1,000) by `opened_at_ns` and id.
    fn incidents(
        &self,
        project_id: ProjectId,
        filter: &IncidentFilter,
        page: &PageRequest,
    ) -> Result<Page<StoredIncident>, Error>;
    /// How many incidents are in each state; states without one are left out.
    fn incident_counts(&self, project_id: ProjectId) -> Result<Vec<(IncidentState, u64)>, Error>;
    /// Adds lines to a timeline. [`Error::NotFound`] when there is no such incident.
    fn append_timeline(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        entries: &[TimelineEntry],
    ) -> Result<(), Error>;
    /// The newest 1,000 lines of a timeline, in the order they were added.
    fn timeline(&self, project_id: ProjectId, id: IncidentId) -> Result<Vec<TimelineEntry>, Error>;
}

impl IncidentStore for Store {
    fn reserve_incident_number(&self, project_id: ProjectId) -> Result<i64, Error> {
        self.write(|connection| write::next_incident_number(connection, project_id))
    }

    fn write_incident(
        &self,
        write: &IncidentWrite,
        timeline: &[TimelineEntry],
    ) -> Result<WrittenIncident, Error> {
        self.write(|connection| {
            let written = apply(connection, write)?;
            append(connection, write.incident.project_id, written.id, timeline)?;
            Ok(written)
        })
    }

    fn incident(
        &self,
        project_id: ProjectId,
        id: IncidentId,
    ) -> Result<Option<StoredIncident>, Error> {
        self.read(|connection| read::by_id(connection, project_id, id))
    }

    fn incident_by_number(
        &self,
        project_id: ProjectId,
        number: i64,
    ) -> Result<Option<StoredIncident>, Error> {
        self.read(|connection| read::by_number(connection, project_id, number))
    }

    fn open_incident(
        &self,
        project_id: ProjectId,
        dedup_key: &str,
    ) -> Result<Option<StoredIncident>, Error> {
        self.read(|connection| read::open(connection, project_id, dedup_key))
    }

    fn incidents(
        &self,
        project_id: ProjectId,
        filter: &IncidentFilter,
        page: &PageRequest,
    ) -> Result<Page<StoredIncident>, Error> {
        self.read(|connection| read::list(connection, project_id, filter, page))
    }

    fn incident_counts(&self, project_id: ProjectId) -> Result<Vec<(IncidentState, u64)>, Error> {
        self.read(|connection| read::counts(connection, project_id))
    }

    fn append_timeline(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        entries: &[TimelineEntry],
    ) -> Result<(), Error> {
        self.write(|connection| append(connection, project_id, id, entries))
    }

    fn timeline(&self, project_id: ProjectId, id: IncidentId) -> Result<Vec<TimelineEntry>, Error> {
        self.read(|connection| timeline::list(connection, project_id, id))
    }
}

impl Store {
    /// Reads an incident, lets `change` work on it, and writes it back with the lines that `change` returns: in one
    /// transaction that no other write of the incident can come between. `change` must be quick and must not use the store.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such incident; whatever `change` returns, and then nothing is written.
    pub fn change_incident(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        change: impl FnOnce(&mut Incident) -> Result<Vec<TimelineEntry>, Error>,
    ) -> Result<StoredIncident, Error> {
        self.write(|connection| {
            let mut stored =
                write::locked(connection, project_id, id)?.ok_or_else(|| missing(id))?;
            let entries = change(&mut stored.incident)?;
            let write = IncidentWrite {
                incident: stored.incident,
                expected: Expected::Version(stored.version),
            };
            let written = apply(connection, &write)?;
            append(connection, project_id, id, &entries)?;
            Ok(StoredIncident {
                incident: write.incident,
                version: written.version,
            })
        })
    }
}

fn missing(id: IncidentId) -> Error {
    Error::NotFound {
        what: format!("incident {id}"),
    }
}
