//! Change events: deploys and other things that people and pipelines did.

use diesel::prelude::*;
use domain::{ChangeEvent, ChangeKind, EventId, ProjectId, TimeRange};
use uuid::Uuid;

use crate::connection::on_both;
use crate::log::batch::{clean, cut};
use crate::schema::change_events;
use crate::{Error, Store};

/// Events that one call returns at most.
pub const MAX_EVENTS: usize = 10_000;
/// Longest stored title and kind, bytes; longer ones are cut.
const MAX_TITLE_BYTES: usize = 4_096;

/// Change events. All calls block.
pub trait EventStore {
    /// Adds events of one project in one transaction; ids that are there already are skipped. How many were added.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time.
    fn add_events(&self, project_id: ProjectId, events: &[ChangeEvent]) -> Result<usize, Error>;

    /// The newest events of a range, newest first; at most `limit` and [`MAX_EVENTS`].
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn events(
        &self,
        project_id: ProjectId,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<ChangeEvent>, Error>;
}

#[derive(Insertable)]
#[diesel(table_name = change_events)]
struct NewRow {
    project_id: Vec<u8>,
    id: Vec<u8>,
    timestamp_ns: i64,
    kind: String,
    service: Option<String>,
    title: String,
    attributes: String,
}

type Row = (Vec<u8>, i64, String, Option<String>, String, String);

impl EventStore for Store {
    fn add_events(&self, project_id: ProjectId, events: &[ChangeEvent]) -> Result<usize, Error> {
        let rows: Vec<NewRow> = events
            .iter()
            .map(|event| new_row(project_id, event))
            .collect();
        self.write(|connection| {
            let mut added = 0;
            for row in &rows {
                added += on_both!(&mut *connection, concrete => {
                    diesel::insert_into(change_events::table)
                        .values(row)
                        .on_conflict((change_events::project_id, change_events::id))
                        .do_nothing()
                        .execute(concrete)
                })?;
            }
            Ok(added)
        })
    }

    fn events(
        &self,
        project_id: ProjectId,
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<ChangeEvent>, Error> {
        let limit = i64::try_from(limit.min(MAX_EVENTS)).unwrap_or(i64::MAX);
        let rows: Vec<Row> = self.read(|connection| {
            Ok(change_events::table
                .filter(change_events::project_id.eq(project_id.as_bytes().as_slice()))
                .filter(change_events::timestamp_ns.ge(range.start_ns))
                .filter(change_events::timestamp_ns.lt(range.end_ns))
                .order((change_events::timestamp_ns.desc(), change_events::id.desc()))
                .limit(limit)
                .select((
                    change_events::id,
                    change_events::timestamp_ns,
                    change_events::kind,
                    change_events::service,
                    change_events::title,
                    change_events::attributes,
                ))
                .load(connection)?)
        })?;
        rows.into_iter().map(|row| event(project_id, row)).collect()
    }
}

fn new_row(project_id: ProjectId, event: &ChangeEvent) -> NewRow {
    let short = |text: &str| cut(&clean(text), MAX_TITLE_BYTES).to_owned();
    NewRow {
        project_id: project_id.as_bytes().to_vec(),
        id: event.id.as_bytes().to_vec(),
        timestamp_ns: event.timestamp_ns,
        kind: short(event.kind.as_str()),
        service: event.service.as_deref().map(short),
        title: short(&event.title),
        attributes: clean(&event.attributes).into_owned(),
    }
}

fn event(project_id: ProjectId, row: Row) -> Result<ChangeEvent, Error> {
    let (id, timestamp_ns, kind, service, title, attributes) = row;
    let id = Uuid::from_slice(&id).map_err(|error| Error::damaged("change_events.id", error))?;
    Ok(ChangeEvent {
        id: EventId(id),
        project_id,
        kind: ChangeKind::from_word(&kind),
        service,
        title,
        attributes,
        timestamp_ns,
    })
}

pub(crate) fn delete_before(
    store: &Store,
    project_id: ProjectId,
    before_ns: i64,
) -> Result<u64, Error> {
    let deleted = store.write(|connection| {
        Ok(diesel::delete(
            change_events::table
                .filter(change_events::project_id.eq(project_id.as_bytes().as_slice()))
                .filter(change_events::timestamp_ns.lt(before_ns)),
        )
        .execute(connection)?)
    })?;
    Ok(u64::try_from(deleted).unwrap_or(u64::MAX))
}
