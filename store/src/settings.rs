//! Values of the installation, and how far the stages have read.

use diesel::prelude::*;
use domain::ProjectId;

use crate::columns::{bounded, key};
use crate::connection::{AnyConnection, on_both};
use crate::schema_operations::{cursors, settings};
use crate::{Error, Store};

/// Longest setting, bytes.
const MAX_SETTING_BYTES: usize = 1 << 20;

/// One text by key for the whole installation. All calls block.
pub trait SettingsStore: Send + Sync {
    /// The value.
    fn setting(&self, key: &str) -> Result<Option<String>, Error>;
    /// Sets the value.
    fn set_setting(&self, key: &str, value: &str, now_ns: i64) -> Result<(), Error>;
    /// The value that is there, else `value`, which is stored: nodes that start together agree on one.
    fn setting_or_insert(&self, key: &str, value: &str, now_ns: i64) -> Result<String, Error>;
    /// Forgets the value.
    fn delete_setting(&self, key: &str) -> Result<(), Error>;
}

/// How far a stage has read, per project and stage. All calls block.
pub trait CursorStore: Send + Sync {
    /// The position.
    fn cursor(&self, project_id: ProjectId, name: &str) -> Result<Option<i64>, Error>;
    /// Moves the position forward; one that is not ahead is ignored (`false`), so that a slow node cannot turn it back.
    fn advance_cursor(&self, project_id: ProjectId, name: &str, value: i64) -> Result<bool, Error>;
    /// Sets the position, also backwards: to read again.
    fn set_cursor(&self, project_id: ProjectId, name: &str, value: i64) -> Result<(), Error>;
}

impl SettingsStore for Store {
    fn setting(&self, key: &str) -> Result<Option<String>, Error> {
        self.read(|connection| {
            Ok(settings::table
                .find(key)
                .select(settings::value)
                .first(connection)
                .optional()?)
        })
    }

    fn set_setting(&self, name: &str, value: &str, now_ns: i64) -> Result<(), Error> {
        key("setting name", name)?;
        bounded("setting", value, MAX_SETTING_BYTES)?;
        self.write(|connection| {
            on_both!(connection, concrete => {
                diesel::insert_into(settings::table)
                    .values((
                        settings::key.eq(name),
                        settings::value.eq(value),
                        settings::updated_at_ns.eq(now_ns),
                    ))
                    .on_conflict(settings::key)
                    .do_update()
                    .set((
                        settings::value.eq(value),
                        settings::updated_at_ns.eq(now_ns),
                    ))
                    .execute(concrete)
            })?;
            Ok(())
        })
    }

    fn setting_or_insert(&self, name: &str, value: &str, now_ns: i64) -> Result<String, Error> {
        key("setting name", name)?;
        bounded("setting", value, MAX_SETTING_BYTES)?;
        self.write(|connection| {
            on_both!(&mut *connection, concrete => {
                diesel::insert_into(settings::table)
                    .values((
                        settings::key.eq(name),
                        settings::value.eq(value),
                        settings::updated_at_ns.eq(now_ns),
                    ))
                    .on_conflict(settings::key)
                    .do_nothing()
                    .execute(concrete)
            })?;
            Ok(settings::table
                .find(name)
                .select(settings::value)
                .first(connection)?)
        })
    }

    fn delete_setting(&self, key: &str) -> Result<(), Error> {
        self.write(|connection| {
            diesel::delete(settings::table.find(key)).execute(connection)?;
            Ok(())
        })
    }
}

impl CursorStore for Store {
    fn cursor(&self, project_id: ProjectId, name: &str) -> Result<Option<i64>, Error> {
        self.read(|connection| {
            Ok(cursors::table
                .find((project_id.as_bytes().as_slice(), name))
                .select(cursors::value)
                .first(connection)
                .optional()?)
        })
    }

    fn advance_cursor(&self, project_id: ProjectId, name: &str, value: i64) -> Result<bool, Error> {
        self.write(|connection| advance(connection, project_id, name, value))
    }

    fn set_cursor(&self, project_id: ProjectId, name: &str, value: i64) -> Result<(), Error> {
        key("cursor name", name)?;
        self.write(|connection| {
            let row = (
                cursors::project_id.eq(project_id.as_bytes().as_slice()),
                cursors::name.eq(name),
                cursors::value.eq(value),
            );
            on_both!(connection, concrete => {
                diesel::insert_into(cursors::table)
                    .values(row)
                    .on_conflict((cursors::project_id, cursors::name))
                    .do_update()
                    .set(cursors::value.eq(value))
                    .execute(concrete)
            })?;
            Ok(())
        })
    }
}

/// Moves a cursor forward inside a transaction.
pub(crate) fn advance(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    name: &str,
    value: i64,
) -> Result<bool, Error> {
    key("cursor name", name)?;
    let project = project_id.as_bytes().as_slice();
    let row = (
        cursors::project_id.eq(project),
        cursors::name.eq(name),
        cursors::value.eq(value),
    );
    let added = on_both!(&mut *connection, concrete => {
        diesel::insert_into(cursors::table)
            .values(row)
            .on_conflict((cursors::project_id, cursors::name))
            .do_nothing()
            .execute(concrete)
    })?;
    if added > 0 {
        return Ok(true);
    }
    let behind = cursors::table
        .find((project, name))
        .filter(cursors::value.lt(value));
    let moved = diesel::update(behind)
        .set(cursors::value.eq(value))
        .execute(connection)?;
    Ok(moved > 0)
}
