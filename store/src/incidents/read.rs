//! Reads of incidents.

use diesel::prelude::*;
use domain::{IncidentId, IncidentState, Page, PageRequest, ProjectId};

use super::{IncidentFilter, StoredIncident};
use crate::Error;
use crate::columns::{Start, data_key, from_document, page};
use crate::connection::{AnyConnection, on_both};
use crate::schema_operations::incidents::dsl;

pub(super) type Row = (i64, String);
pub(super) const COLUMNS: (dsl::version, dsl::document) = (dsl::version, dsl::document);

pub(super) fn by_id(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    id: IncidentId,
) -> Result<Option<StoredIncident>, Error> {
    let row: Option<Row> = dsl::incidents
        .find((project_id.as_bytes().as_slice(), id.as_bytes().as_slice()))
        .select(COLUMNS)
        .first(connection)
        .optional()?;
    row.map(stored).transpose()
}

pub(super) fn by_number(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    number: i64,
) -> Result<Option<StoredIncident>, Error> {
    let row: Option<Row> = dsl::incidents
        .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
        .filter(dsl::number.eq(number))
        .select(COLUMNS)
        .first(connection)
        .optional()?;
    row.map(stored).transpose()
}

pub(super) fn open(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    dedup_key: &str,
) -> Result<Option<StoredIncident>, Error> {
    let row: Option<Row> = dsl::incidents
        .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
        .filter(dsl::dedup_key.eq(data_key(dedup_key)))
        .filter(dsl::state.ne(IncidentState::Resolved.as_str()))
        .select(COLUMNS)
        .first(connection)
        .optional()?;
    row.map(stored).transpose()
}

pub(super) fn list(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    filter: &IncidentFilter,
    request: &PageRequest,
) -> Result<Page<StoredIncident>, Error> {
    let start = Start::of(request);
    let rows: Vec<Row> = on_both!(connection, concrete => {
        let mut query = dsl::incidents
            .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
            .select(COLUMNS)
            .limit(start.limit)
            .into_boxed();
        if !filter.states.is_empty() {
            query = query.filter(dsl::state.eq_any(filter.states.iter().map(|state| state.as_str())));
        }
        query = if start.newest_first {
            query
                .filter(dsl::opened_at_ns.le(start.at_ns))
                .filter(dsl::opened_at_ns.lt(start.at_ns).or(dsl::id.lt(&start.id)))
                .order((dsl::opened_at_ns.desc(), dsl::id.desc()))
        } else {
            query
                .filter(dsl::opened_at_ns.ge(start.at_ns))
                .filter(dsl::opened_at_ns.gt(start.at_ns).or(dsl::id.gt(&start.id)))
                .order((dsl::opened_at_ns, dsl::id))
        };
        query.load(concrete)
    })?;
    let items = rows
        .into_iter()
        .map(stored)
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(page(items, &start, |stored| {
        (stored.incident.opened_at_ns, stored.incident.id.0)
    }))
}

pub(super) fn counts(
    connection: &mut AnyConnection,
    project_id: ProjectId,
) -> Result<Vec<(IncidentState, u64)>, Error> {
    let mut counts = Vec::new();
    for state in [
        IncidentState::Open,
        IncidentState::Acknowledged,
        IncidentState::Resolved,
    ] {
        let count: i64 = dsl::incidents
            .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
            .filter(dsl::state.eq(state.as_str()))
            .count()
            .get_result(connection)?;
        if count > 0 {
            counts.push((state, count.cast_unsigned()));
        }
    }
    Ok(counts)
}

pub(super) fn stored((version, document): Row) -> Result<StoredIncident, Error> {
    Ok(StoredIncident {
        incident: from_document("incidents.document", &document)?,
        version,
    })
}
