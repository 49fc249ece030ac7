//! The dictionary of patterns.
//!
//! Its counts are a convenience: they are written at most once per `statistics_interval` and project, so a crash may
//! take the last interval's additions. This process adds what it has not written yet when it reads. Exact counts come
//! from the rollups.

mod write;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use domain::{ProjectId, Severity, Template, TemplateId};

pub(crate) use write::{add, add_services, insert_new, last_sequence, lock, set_merged};

use crate::connection::on_both;
use crate::statement::Statement;
use crate::{Error, Store};

/// Templates that one call returns at most.
pub const MAX_TEMPLATES: usize = 10_000;

const COLUMNS: &str = "SELECT id, sequence, text, example, first_seen_ns, last_seen_ns, count, services, \
                       severity, merged_into FROM templates WHERE project_id = ";

type Types = (
    BigInt,
    BigInt,
    Text,
    Text,
    BigInt,
    BigInt,
    BigInt,
    Text,
    SmallInt,
    Nullable<BigInt>,
);
type Row = (
    i64,
    i64,
    String,
    String,
    i64,
    i64,
    i64,
    String,
    i16,
    Option<i64>,
);

/// Templates in the order in which they were added, after a sequence.
pub(crate) fn after(
    store: &Store,
    project_id: ProjectId,
    after_sequence: i64,
    limit: usize,
) -> Result<Vec<Template>, Error> {
    let mut statement = of_project(project_id);
    statement.sql(" AND sequence > ").int(after_sequence);
    statement
        .sql(" ORDER BY sequence LIMIT ")
        .int(capped(limit));
    load(store, project_id, statement)
}

/// The templates with these ids; unknown ids are left out, the order is by id.
pub(crate) fn by_ids(
    store: &Store,
    project_id: ProjectId,
    ids: &[TemplateId],
) -> Result<Vec<Template>, Error> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(MAX_TEMPLATES) {
        let mut statement = of_project(project_id);
        statement.sql(" AND ");
        statement.in_ints("id", chunk.iter().map(|id| id.to_i64()));
        statement.sql(" ORDER BY id");
        found.extend(load(store, project_id, statement)?);
    }
    Ok(found)
}

/// The templates with the most records since the beginning, those that were merged away left out.
pub(crate) fn top(
    store: &Store,
    project_id: ProjectId,
    limit: usize,
) -> Result<Vec<Template>, Error> {
    let mut statement = of_project(project_id);
    statement.sql(" AND merged_into IS NULL ORDER BY count DESC, id LIMIT ");
    statement.int(capped(limit));
    load(store, project_id, statement)
}

fn of_project<'a>(project_id: ProjectId) -> Statement<'a> {
    let mut statement = Statement::new(COLUMNS);
    statement.bytes(project_id.as_bytes().to_vec());
    statement
}

fn capped(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_TEMPLATES)).unwrap_or(i64::MAX)
}

fn load(
    store: &Store,
    project_id: ProjectId,
    statement: Statement<'_>,
) -> Result<Vec<Template>, Error> {
    let rows = statement.returning::<Types>();
    let rows: Vec<Row> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    let mut found = rows
        .into_iter()
        .map(|row| template(project_id, row))
        .collect::<Result<Vec<Template>, Error>>()?;
    store.known_templates().add_pending(project_id, &mut found);
    Ok(found)
}

fn template(project_id: ProjectId, row: Row) -> Result<Template, Error> {
    let (id, sequence, text, example, first_seen_ns, last_seen_ns, count, services, severity, into) =
        row;
    Ok(Template {
        id: TemplateId::from_i64(id),
        project_id,
        text,
        example,
        first_seen_ns,
        last_seen_ns,
        count: u64::try_from(count).unwrap_or(0),
        services: serde_json::from_str(&services)
            .map_err(|error| Error::damaged("templates.services", error))?,
        severity: Severity::from_number(i64::from(severity)),
        merged_into: into.map(TemplateId::from_i64),
        sequence,
    })
}
