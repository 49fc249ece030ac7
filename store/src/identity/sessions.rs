//! Logins and their end.

use diesel::prelude::*;
use domain::UserId;

use super::Session;
use crate::columns::{key, uuid};
use crate::connection::AnyConnection;
use crate::schema_operations::sessions::dsl;
use crate::schema_operations::users;
use crate::{Error, Store};

pub(super) fn create(store: &Store, session: &Session) -> Result<(), Error> {
    key("session id", &session.id)?;
    store.write(|connection| {
        diesel::insert_into(dsl::sessions)
            .values((
                dsl::id.eq(&session.id),
                dsl::user_id.eq(session.user_id.as_bytes().as_slice()),
                dsl::created_at_ns.eq(session.created_at_ns),
                dsl::expires_at_ns.eq(session.expires_at_ns),
            ))
            .execute(connection)?;
        Ok(())
    })
}

pub(super) fn valid(store: &Store, id: &str, now_ns: i64) -> Result<Option<Session>, Error> {
    if key("session id", id).is_err() {
        return Ok(None);
    }
    store.read(|connection| {
        let row: Option<(Vec<u8>, i64, i64)> = dsl::sessions
            .find(id)
            .filter(dsl::revoked_at_ns.is_null())
            .filter(dsl::expires_at_ns.gt(now_ns))
            .select((dsl::user_id, dsl::created_at_ns, dsl::expires_at_ns))
            .first(connection)
            .optional()?;
        let Some((user_id, created_at_ns, expires_at_ns)) = row else {
            return Ok(None);
        };
        let disabled: Option<Option<i64>> = users::table
            .find(user_id.as_slice())
            .select(users::disabled_at_ns)
            .first(connection)
            .optional()?;
        if disabled != Some(None) {
            return Ok(None);
        }
        Ok(Some(Session {
            id: id.to_owned(),
            user_id: UserId(uuid(&user_id, "sessions.user_id")?),
            created_at_ns,
            expires_at_ns,
        }))
    })
}

pub(super) fn revoke(store: &Store, id: &str, now_ns: i64) -> Result<(), Error> {
    if key("session id", id).is_err() {
        return Ok(());
    }
    store.write(|connection| {
        diesel::update(dsl::sessions.find(id).filter(dsl::revoked_at_ns.is_null()))
            .set(dsl::revoked_at_ns.eq(now_ns))
            .execute(connection)?;
        Ok(())
    })
}

pub(super) fn revoke_all(
    connection: &mut AnyConnection,
    user_id: UserId,
    now_ns: i64,
) -> Result<usize, Error> {
    let live = dsl::sessions
        .filter(dsl::user_id.eq(user_id.as_bytes().as_slice()))
        .filter(dsl::revoked_at_ns.is_null());
    Ok(diesel::update(live)
        .set(dsl::revoked_at_ns.eq(now_ns))
        .execute(connection)?)
}

pub(super) fn delete_expired(store: &Store, now_ns: i64) -> Result<usize, Error> {
    store.write(|connection| {
        Ok(
            diesel::delete(dsl::sessions.filter(dsl::expires_at_ns.le(now_ns)))
                .execute(connection)?,
        )
    })
}
