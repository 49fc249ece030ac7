//! Timelines: lines are added, never changed.

use diesel::dsl::max;
use diesel::prelude::*;
use domain::{IncidentId, ProjectId, TimelineEntry};

use super::missing;
use crate::Error;
use crate::columns::{MAX_LIST, first_locked, from_document, to_document};
use crate::connection::AnyConnection;
use crate::schema_operations::incident_timeline::dsl;
use crate::schema_operations::incidents;

/// Longest line, bytes.
const MAX_ENTRY_BYTES: usize = 64 * 1024;

/// Adds lines inside a transaction. The incident's row is locked first, so two writers cannot take the same position.
pub(crate) fn append(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    id: IncidentId,
    entries: &[TimelineEntry],
) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let place = (project_id.as_bytes().as_slice(), id.as_bytes().as_slice());
    let query = incidents::table.find(place).select(incidents::version);
    let there: Option<i64> = first_locked!(&mut *connection, query)?;
    there.ok_or_else(|| missing(id))?;
    let last: Option<i64> = dsl::incident_timeline
        .filter(dsl::project_id.eq(place.0))
        .filter(dsl::incident_id.eq(place.1))
        .select(max(dsl::position))
        .first(connection)?;
    let mut position = last.unwrap_or(0);
    for entry in entries {
        position += 1;
        let kind = serde_json::to_value(entry.kind).unwrap_or_default();
        diesel::insert_into(dsl::incident_timeline)
            .values((
                dsl::project_id.eq(place.0),
                dsl::incident_id.eq(place.1),
                dsl::position.eq(position),
                dsl::at_ns.eq(entry.at_ns),
                dsl::kind.eq(kind.as_str().unwrap_or_default()),
                dsl::document.eq(to_document("timeline entry", entry, MAX_ENTRY_BYTES)?),
            ))
            .execute(connection)?;
    }
    Ok(())
}

pub(super) fn list(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    id: IncidentId,
) -> Result<Vec<TimelineEntry>, Error> {
    let limit = i64::try_from(MAX_LIST).unwrap_or(i64::MAX);
    let mut documents: Vec<String> = dsl::incident_timeline
        .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
        .filter(dsl::incident_id.eq(id.as_bytes().as_slice()))
        .order(dsl::position.desc())
        .limit(limit)
        .select(dsl::document)
        .load(connection)?;
    documents.reverse();
    documents
        .iter()
        .map(|text| from_document("incident_timeline.document", text))
        .collect()
}
