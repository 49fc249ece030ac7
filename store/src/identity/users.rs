//! People who can log in.

use diesel::prelude::*;
use domain::UserId;

use super::{NewToken, Role, User, sessions, tokens};
use crate::columns::{MAX_LIST, key, random, uuid};
use crate::connection::AnyConnection;
use crate::schema_operations::users::dsl;
use crate::{Error, Store};

type Row = (Vec<u8>, String, String, String, i64, i64, Option<i64>);

pub(super) fn create(
    store: &Store,
    name: &str,
    hash: &str,
    role: Role,
    now_ns: i64,
) -> Result<User, Error> {
    store.write(|connection| insert(connection, name, hash, role, now_ns))
}

pub(super) fn create_first_admin(
    store: &Store,
    name: &str,
    hash: &str,
    token: Option<&NewToken>,
    now_ns: i64,
) -> Result<Option<User>, Error> {
    let created = store.write(|connection| {
        let count: i64 = dsl::users.count().get_result(connection)?;
        if count > 0 {
            return Ok(None);
        }
        let user = insert(connection, name, hash, Role::Admin, now_ns)?;
        if let Some(token) = token {
            tokens::insert(connection, token, now_ns)?;
        }
        Ok(Some(user))
    });
    match created {
        // Another node that starts at the same time was first.
        Err(Error::Duplicate { .. }) => Ok(None),
        other => other,
    }
}

fn insert(
    connection: &mut AnyConnection,
    name: &str,
    hash: &str,
    role: Role,
    now_ns: i64,
) -> Result<User, Error> {
    key("user name", name)?;
    key("password hash", hash)?;
    let user = User {
        id: UserId::from_parts(now_ns, random()),
        name: name.to_owned(),
        password_hash: hash.to_owned(),
        role,
        created_at_ns: now_ns,
        password_changed_at_ns: now_ns,
        disabled_at_ns: None,
    };
    diesel::insert_into(dsl::users)
        .values((
            dsl::id.eq(user.id.as_bytes().as_slice()),
            dsl::name.eq(name),
            dsl::password_hash.eq(hash),
            dsl::role.eq(role.as_str()),
            dsl::created_at_ns.eq(now_ns),
            dsl::password_changed_at_ns.eq(now_ns),
        ))
        .execute(connection)?;
    Ok(user)
}

pub(super) fn by_id(store: &Store, id: UserId) -> Result<Option<User>, Error> {
    let row: Option<Row> = store.read(|connection| {
        Ok(dsl::users
            .find(id.as_bytes().as_slice())
            .first(connection)
            .optional()?)
    })?;
    row.map(user).transpose()
}

pub(super) fn by_name(store: &Store, name: &str) -> Result<Option<User>, Error> {
    if key("user name", name).is_err() {
        return Ok(None);
    }
    let row: Option<Row> = store.read(|connection| {
        Ok(dsl::users
            .filter(dsl::name.eq(name))
            .first(connection)
            .optional()?)
    })?;
    row.map(user).transpose()
}

pub(super) fn list(store: &Store) -> Result<Vec<User>, Error> {
    let limit = i64::try_from(MAX_LIST).unwrap_or(i64::MAX);
    let rows: Vec<Row> = store
        .read(|connection| Ok(dsl::users.order(dsl::name).limit(limit).load(connection)?))?;
    rows.into_iter().map(user).collect()
}

pub(super) fn set_password(
    store: &Store,
    id: UserId,
    hash: &str,
    now_ns: i64,
) -> Result<(), Error> {
    key("password hash", hash)?;
    store.write(|connection| {
        let changed = diesel::update(dsl::users.find(id.as_bytes().as_slice()))
            .set((
                dsl::password_hash.eq(hash),
                dsl::password_changed_at_ns.eq(now_ns),
            ))
            .execute(connection)?;
        found(id, changed)?;
        sessions::revoke_all(connection, id, now_ns)?;
        Ok(())
    })
}

pub(super) fn set_disabled(
    store: &Store,
    id: UserId,
    disabled: bool,
    now_ns: i64,
) -> Result<(), Error> {
    store.write(|connection| {
        let changed = diesel::update(dsl::users.find(id.as_bytes().as_slice()))
            .set(dsl::disabled_at_ns.eq(disabled.then_some(now_ns)))
            .execute(connection)?;
        found(id, changed)?;
        if disabled {
            sessions::revoke_all(connection, id, now_ns)?;
        }
        Ok(())
    })
}

fn found(id: UserId, changed: usize) -> Result<(), Error> {
    if changed == 0 {
        return Err(Error::NotFound {
            what: format!("user {id}"),
        });
    }
    Ok(())
}

fn user(row: Row) -> Result<User, Error> {
    let (id, name, password_hash, role, created_at_ns, password_changed_at_ns, disabled_at_ns) =
        row;
    Ok(User {
        id: UserId(uuid(&id, "users.id")?),
        name,
        password_hash,
        role: match role.as_str() {
            "admin" => Role::Admin,
            "member" => Role::Member,
            other => return Err(Error::damaged("users.role", format!("'{other}'"))),
        },
        created_at_ns,
        password_changed_at_ns,
        disabled_at_ns,
    })
}
