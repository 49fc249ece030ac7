//! Tenants.

use diesel::prelude::*;
use domain::ProjectId;

use super::Project;
use crate::columns::{MAX_LIST, key, random, uuid};
use crate::connection::on_both;
use crate::schema_operations::projects::dsl;
use crate::{Error, Store};

type Row = (Vec<u8>, String, i64);

pub(super) fn create(store: &Store, name: &str, now_ns: i64) -> Result<Project, Error> {
    key("project name", name)?;
    let project = Project {
        id: ProjectId::from_parts(now_ns, random()),
        name: name.to_owned(),
        created_at_ns: now_ns,
    };
    store.write(|connection| {
        diesel::insert_into(dsl::projects)
            .values(values(&project))
            .execute(connection)?;
        Ok(())
    })?;
    Ok(project)
}

pub(super) fn ensure(store: &Store, name: &str, now_ns: i64) -> Result<Project, Error> {
    key("project name", name)?;
    let fresh = Project {
        id: ProjectId::from_parts(now_ns, random()),
        name: name.to_owned(),
        created_at_ns: now_ns,
    };
    let row: Row = store.write(|connection| {
        // Waits for a concurrent transaction that adds the same name.
        on_both!(&mut *connection, concrete => {
            diesel::insert_into(dsl::projects)
                .values(values(&fresh))
                .on_conflict(dsl::name)
                .do_nothing()
                .execute(concrete)
        })?;
        Ok(dsl::projects.filter(dsl::name.eq(name)).first(connection)?)
    })?;
    project(row)
}

pub(super) fn by_id(store: &Store, id: ProjectId) -> Result<Option<Project>, Error> {
    let row: Option<Row> = store.read(|connection| {
        Ok(dsl::projects
            .find(id.as_bytes().as_slice())
            .first(connection)
            .optional()?)
    })?;
    row.map(project).transpose()
}

pub(super) fn list(store: &Store) -> Result<Vec<Project>, Error> {
    let limit = i64::try_from(MAX_LIST).unwrap_or(i64::MAX);
    let rows: Vec<Row> = store.read(|connection| {
        Ok(dsl::projects
            .order((dsl::created_at_ns, dsl::id))
            .limit(limit)
            .load(connection)?)
    })?;
    rows.into_iter().map(project).collect()
}

type Values<'a> = (
    diesel::dsl::Eq<dsl::id, &'a [u8]>,
    diesel::dsl::Eq<dsl::name, &'a str>,
    diesel::dsl::Eq<dsl::created_at_ns, i64>,
);

fn values(project: &Project) -> Values<'_> {
    (
        dsl::id.eq(project.id.as_bytes().as_slice()),
        dsl::name.eq(project.name.as_str()),
        dsl::created_at_ns.eq(project.created_at_ns),
    )
}

fn project((id, name, created_at_ns): Row) -> Result<Project, Error> {
    Ok(Project {
        id: ProjectId(uuid(&id, "projects.id")?),
        name,
        created_at_ns,
    })
}
