//! Changes of the dictionary, inside the commit's transaction.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use diesel::dsl::max;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, SmallInt};
use domain::{ProjectId, Template, TemplateId};

use crate::Error;
use crate::connection::{AnyConnection, on_both};
use crate::log::batch::{MAX_EXAMPLE_BYTES, clean, cut};
use crate::log::statistics::Additions;
use crate::schema::templates;

/// Services that a template lists at most.
const MAX_SERVICES: usize = 64;

/// Lets one transaction at a time change the dictionary of a project: sequences then become visible in their
/// order, which the index cursor relies on, and rows are never locked crosswise. SQLite has one writer anyway.
pub(crate) fn lock(connection: &mut AnyConnection, project_id: ProjectId) -> Result<(), Error> {
    if let AnyConnection::Postgres(connection) = connection {
        let (high, low) = project_id.0.as_u64_pair();
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>((high ^ low).cast_signed())
            .execute(connection)?;
    }
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = templates)]
struct NewRow<'a> {
    project_id: &'a [u8],
    id: i64,
    sequence: i64,
    text: &'a str,
    example: &'a str,
    first_seen_ns: i64,
    last_seen_ns: i64,
    count: i64,
    services: &'a str,
    severity: i16,
    merged_into: Option<i64>,
}

/// The highest sequence of a project; 0 without templates. What changes so that readers must see it gets the next
/// one, under [`lock`].
pub(crate) fn last_sequence(
    connection: &mut AnyConnection,
    project_id: ProjectId,
) -> Result<i64, Error> {
    let last: Option<i64> = templates::table
        .filter(templates::project_id.eq(project_id.as_bytes().as_slice()))
        .select(max(templates::sequence))
        .first(connection)?;
    Ok(last.unwrap_or(0))
}

/// Adds the templates that are not there yet and gives them their sequence; how many that were.
pub(crate) fn insert_new(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    new: &[Template],
    additions: &Additions,
) -> Result<usize, Error> {
    if new.is_empty() {
        return Ok(0);
    }
    let project = project_id.as_bytes().as_slice();
    let mut sequence = last_sequence(connection, project_id)?;
    let mut inserted = 0;
    for template in new {
        let id = template.id.to_i64();
        let (first_seen_ns, last_seen_ns, severity) = additions.get(&id).map_or(
            (
                template.first_seen_ns,
                template.last_seen_ns,
                template.severity,
            ),
            |addition| {
                (
                    addition.first_seen_ns,
                    addition.last_seen_ns,
                    addition.severity,
                )
            },
        );
        let example = clean(&template.example);
        let row = NewRow {
            project_id: project,
            id,
            sequence: sequence + 1,
            text: &clean(&template.text),
            example: cut(&example, MAX_EXAMPLE_BYTES),
            first_seen_ns,
            last_seen_ns,
            count: 0,
            services: "[]",
            severity: severity.number(),
            merged_into: template.merged_into.map(TemplateId::to_i64),
        };
        let added = on_both!(connection, concrete => diesel::insert_into(templates::table)
            .values(&row)
            .on_conflict((templates::project_id, templates::id))
            .do_nothing()
            .execute(concrete))?;
        if added == 1 {
            sequence += 1;
            inserted += 1;
        }
    }
    Ok(inserted)
}

/// Marks templates that a more general one replaced. They move to the end of the sequence, so that whoever follows it
/// hears of the merge; one that is merged like that already stays where it is.
pub(crate) fn set_merged(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    merged: &[(TemplateId, TemplateId)],
) -> Result<(), Error> {
    if merged.is_empty() {
        return Ok(());
    }
    let mut sequence = last_sequence(connection, project_id)?;
    for (from, into) in merged {
        let into = into.to_i64();
        let changed = diesel::update(
            templates::table
                .filter(templates::project_id.eq(project_id.as_bytes().as_slice()))
                .filter(templates::id.eq(from.to_i64()))
                .filter(
                    templates::merged_into
                        .is_null()
                        .or(templates::merged_into.ne(into)),
                ),
        )
        .set((
            templates::merged_into.eq(Some(into)),
            templates::sequence.eq(sequence + 1),
        ))
        .execute(connection)?;
        sequence += i64::from(changed > 0);
    }
    Ok(())
}

/// Adds counts to templates; those that the dictionary does not have come back.
pub(crate) fn add(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    additions: &Additions,
) -> Result<Additions, Error> {
    if additions.is_empty() {
        return Ok(Additions::new());
    }
    let found: HashSet<i64> = match connection {
        AnyConnection::Postgres(connection) => {
            let rows: Vec<(i64,)> = Add::new(project_id, additions).load(connection)?;
            rows.into_iter().map(|(id,)| id).collect()
        }
        AnyConnection::Sqlite(connection) => add_sqlite(connection, project_id, additions)?,
    };
    Ok(additions
        .iter()
        .filter(|(id, _)| !found.contains(id))
        .map(|(id, addition)| (*id, *addition))
        .collect())
}

fn add_sqlite(
    connection: &mut SqliteConnection,
    project_id: ProjectId,
    additions: &Additions,
) -> Result<HashSet<i64>, Error> {
    let mut found = HashSet::new();
    for (id, addition) in additions {
        let changed = diesel::update(
            templates::table
                .filter(templates::project_id.eq(project_id.as_bytes().as_slice()))
                .filter(templates::id.eq(id)),
        )
        .set((
            templates::count.eq(templates::count + addition.count),
            templates::first_seen_ns.eq(least(templates::first_seen_ns, addition.first_seen_ns)),
            templates::last_seen_ns.eq(greatest(templates::last_seen_ns, addition.last_seen_ns)),
            templates::severity.eq(greatest_small(
                templates::severity,
                addition.severity.number(),
            )),
        ))
        .execute(connection)?;
        if changed == 1 {
            found.insert(*id);
        }
    }
    Ok(found)
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// SQLite's `min` of two values.
    #[sql_name = "min"]
    fn least(a: BigInt, b: BigInt) -> BigInt;
    /// SQLite's `max` of two values.
    #[sql_name = "max"]
    fn greatest(a: BigInt, b: BigInt) -> BigInt;
    /// SQLite's `max` of two values.
    #[sql_name = "max"]
    fn greatest_small(a: SmallInt, b: SmallInt) -> SmallInt;
}

/// All additions in one statement of constant text.
struct Add {
    project_id: ProjectId,
    ids: Vec<i64>,
    counts: Vec<i64>,
    first: Vec<i64>,
    last: Vec<i64>,
    severities: Vec<i16>,
}

impl Add {
    fn new(project_id: ProjectId, additions: &Additions) -> Self {
        Self {
            project_id,
            ids: additions.keys().copied().collect(),
            counts: additions.values().map(|a| a.count).collect(),
            first: additions.values().map(|a| a.first_seen_ns).collect(),
            last: additions.values().map(|a| a.last_seen_ns).collect(),
            severities: additions.values().map(|a| a.severity.number()).collect(),
        }
    }
}

impl QueryFragment<Pg> for Add {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE templates t SET count = t.count + u.count, \
             first_seen_ns = LEAST(t.first_seen_ns, u.first_seen_ns), \
             last_seen_ns = GREATEST(t.last_seen_ns, u.last_seen_ns), \
             severity = GREATEST(t.severity, u.severity) FROM unnest(",
        );
        out.push_bind_param::<Array<BigInt>, _>(&self.ids)?;
        out.push_sql(",");
        out.push_bind_param::<Array<BigInt>, _>(&self.counts)?;
        out.push_sql(",");
        out.push_bind_param::<Array<BigInt>, _>(&self.first)?;
        out.push_sql(",");
        out.push_bind_param::<Array<BigInt>, _>(&self.last)?;
        out.push_sql(",");
        out.push_bind_param::<Array<SmallInt>, _>(&self.severities)?;
        out.push_sql(
            ") AS u(id, count, first_seen_ns, last_seen_ns, severity) WHERE t.id = u.id AND t.project_id = ",
        );
        out.push_bind_param::<Binary, [u8]>(self.project_id.0.as_bytes().as_slice())?;
        out.push_sql(" RETURNING t.id");
        Ok(())
    }
}

impl QueryId for Add {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Add {
    type SqlType = (BigInt,);
}

impl RunQueryDsl<PgConnection> for Add {}

/// Adds services to templates that may lack them. What the database is known to have afterwards comes back.
/// The rows are locked already when their counts were added in the same transaction.
///
/// A template that readers may know, because its sequence is at most `known_until`, moves to the end of the sequence.
pub(crate) fn add_services(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    services: &BTreeMap<i64, Vec<&str>>,
    known_until: i64,
) -> Result<Vec<(i64, String)>, Error> {
    const IDS_PER_STATEMENT: usize = 1_000;
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let mut last = last_sequence(connection, project_id)?;
    let mut learnt = Vec::new();
    let ids: Vec<i64> = services.keys().copied().collect();
    let project = project_id.as_bytes().as_slice();
    for chunk in ids.chunks(IDS_PER_STATEMENT) {
        let rows: Vec<(i64, i64, String)> = templates::table
            .filter(templates::project_id.eq(project))
            .filter(templates::id.eq_any(chunk.to_vec()))
            .select((templates::id, templates::sequence, templates::services))
            .load(connection)?;
        for (id, mut sequence, present) in rows {
            let new = &services[&id];
            if let Some(list) = joined(&present, new)? {
                if sequence <= known_until {
                    last += 1;
                    sequence = last;
                }
                diesel::update(
                    templates::table
                        .filter(templates::project_id.eq(project))
                        .filter(templates::id.eq(id)),
                )
                .set((
                    templates::services.eq(list),
                    templates::sequence.eq(sequence),
                ))
                .execute(connection)?;
            }
            learnt.extend(new.iter().map(|service| (id, (*service).to_owned())));
        }
    }
    Ok(learnt)
}

/// The JSON list with the new services, or `None` when nothing changes.
fn joined(present: &str, new: &[&str]) -> Result<Option<String>, Error> {
    let damaged = |error| Error::damaged("templates.services", error);
    let present: BTreeSet<String> = serde_json::from_str(present).map_err(damaged)?;
    let mut all = present.clone();
    for service in new {
        if all.len() < MAX_SERVICES {
            all.insert((*service).to_owned());
        }
    }
    if all == present {
        return Ok(None);
    }
    Ok(Some(serde_json::to_string(&all).map_err(damaged)?))
}
