//! Writes of incidents.

use diesel::prelude::*;
use domain::{Incident, IncidentId, ProjectId};

use super::read::{COLUMNS, Row, stored};
use super::{Expected, IncidentWrite, StoredIncident, WrittenIncident};
use crate::Error;
use crate::columns::{data_key, first_locked, next_number, to_document};
use crate::connection::AnyConnection;
use crate::schema_operations::incidents::dsl;

/// Longest document, bytes: a summary with its evidence is some 20 KiB.
const MAX_DOCUMENT_BYTES: usize = 4 << 20;

/// Writes one incident inside a transaction.
pub(crate) fn apply(
    connection: &mut AnyConnection,
    write: &IncidentWrite,
) -> Result<WrittenIncident, Error> {
    let incident = &write.incident;
    let id = incident.id;
    let place = (
        incident.project_id.as_bytes().as_slice(),
        id.as_bytes().as_slice(),
    );
    let query = dsl::incidents
        .find(place)
        .select((dsl::version, dsl::number));
    let there: Option<(i64, i64)> = first_locked!(&mut *connection, query)?;
    match (write.expected, there) {
        (Expected::Absent | Expected::Any, None) => insert(connection, incident),
        (Expected::Version(_), None) => Err(super::missing(id)),
        (Expected::Absent, Some(_)) => Err(Error::Conflict {
            message: format!("incident {id} exists already"),
        }),
        (Expected::Version(expected), Some((version, _))) if expected != version => {
            Err(Error::Conflict {
                message: format!("incident {id} has version {version}, expected was {expected}"),
            })
        }
        (Expected::Version(_) | Expected::Any, Some((version, number))) => {
            update(connection, incident, version + 1, number)
        }
    }
}

/// Reads one incident and keeps others from writing it until the transaction ends.
pub(super) fn locked(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    id: IncidentId,
) -> Result<Option<StoredIncident>, Error> {
    let place = (project_id.as_bytes().as_slice(), id.as_bytes().as_slice());
    let query = dsl::incidents.find(place).select(COLUMNS);
    let row: Option<Row> = first_locked!(connection, query)?;
    row.map(stored).transpose()
}

pub(super) fn next_incident_number(
    connection: &mut AnyConnection,
    project_id: ProjectId,
) -> Result<i64, Error> {
    next_number(connection, project_id.as_bytes(), "incidents", 1)
}

fn insert(connection: &mut AnyConnection, incident: &Incident) -> Result<WrittenIncident, Error> {
    let project = incident.project_id.as_bytes().as_slice();
    let number = if incident.number > 0 {
        incident.number
    } else {
        next_incident_number(connection, incident.project_id)?
    };
    let document = document(incident, number)?;
    diesel::insert_into(dsl::incidents)
        .values((
            dsl::project_id.eq(project),
            dsl::id.eq(incident.id.as_bytes().as_slice()),
            dsl::number.eq(number),
            dsl::state.eq(incident.state.as_str()),
            dsl::severity.eq(incident.severity.as_str()),
            dsl::dedup_key.eq(data_key(&incident.dedup_key)),
            dsl::opened_at_ns.eq(incident.opened_at_ns),
            dsl::updated_at_ns.eq(incident.updated_at_ns),
            dsl::resolved_at_ns.eq(incident.resolved_at_ns),
            dsl::version.eq(1_i64),
            dsl::document.eq(document),
        ))
        .execute(connection)?;
    Ok(WrittenIncident {
        id: incident.id,
        number,
        version: 1,
    })
}

fn update(
    connection: &mut AnyConnection,
    incident: &Incident,
    version: i64,
    number: i64,
) -> Result<WrittenIncident, Error> {
    let place = (
        incident.project_id.as_bytes().as_slice(),
        incident.id.as_bytes().as_slice(),
    );
    let document = document(incident, number)?;
    diesel::update(dsl::incidents.find(place))
        .set((
            dsl::state.eq(incident.state.as_str()),
            dsl::severity.eq(incident.severity.as_str()),
            dsl::dedup_key.eq(data_key(&incident.dedup_key)),
            dsl::opened_at_ns.eq(incident.opened_at_ns),
            dsl::updated_at_ns.eq(incident.updated_at_ns),
            dsl::resolved_at_ns.eq(incident.resolved_at_ns),
            dsl::version.eq(version),
            dsl::document.eq(document),
        ))
        .execute(connection)?;
    Ok(WrittenIncident {
        id: incident.id,
        number,
        version,
    })
}

fn document(incident: &Incident, number: i64) -> Result<String, Error> {
    if incident.number == number {
        return to_document("incident", incident, MAX_DOCUMENT_BYTES);
    }
    let numbered = Incident {
        number,
        ..incident.clone()
    };
    to_document("incident", &numbered, MAX_DOCUMENT_BYTES)
}
