//! Tokens.

use diesel::prelude::*;
use domain::{NANOS_PER_MINUTE, ProjectId, TokenId};

use super::{NewToken, Token, TokenScope};
use crate::columns::{MAX_LIST, bounded, key, random, uuid};
use crate::connection::AnyConnection;
use crate::schema_operations::ingest_tokens::dsl;
use crate::{Error, Store};

type Row = (
    Vec<u8>,
    Vec<u8>,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    String,
);
/// Everything but the hash, which no caller needs.
const COLUMNS: (
    dsl::id,
    dsl::project_id,
    dsl::name,
    dsl::prefix,
    dsl::created_at_ns,
    dsl::last_used_at_ns,
    dsl::revoked_at_ns,
    dsl::scope,
) = (
    dsl::id,
    dsl::project_id,
    dsl::name,
    dsl::prefix,
    dsl::created_at_ns,
    dsl::last_used_at_ns,
    dsl::revoked_at_ns,
    dsl::scope,
);

pub(super) fn create(store: &Store, new: &NewToken, now_ns: i64) -> Result<Token, Error> {
    store.write(|connection| insert(connection, new, now_ns))
}

pub(super) fn insert(
    connection: &mut AnyConnection,
    new: &NewToken,
    now_ns: i64,
) -> Result<Token, Error> {
    key("token name", &new.name)?;
    bounded("token prefix", &new.prefix, 16)?;
    let id = TokenId::from_parts(now_ns, random());
    diesel::insert_into(dsl::ingest_tokens)
        .values((
            dsl::id.eq(id.as_bytes().as_slice()),
            dsl::project_id.eq(new.project_id.as_bytes().as_slice()),
            dsl::name.eq(&new.name),
            dsl::hash.eq(new.hash.as_slice()),
            dsl::prefix.eq(&new.prefix),
            dsl::created_at_ns.eq(now_ns),
            dsl::scope.eq(new.scope.as_str()),
        ))
        .execute(connection)?;
    Ok(Token {
        id,
        project_id: new.project_id,
        name: new.name.clone(),
        prefix: new.prefix.clone(),
        scope: new.scope,
        created_at_ns: now_ns,
        last_used_at_ns: None,
        revoked_at_ns: None,
    })
}

pub(super) fn by_hash(store: &Store, hash: &[u8; 32]) -> Result<Option<Token>, Error> {
    let row: Option<Row> = store.read(|connection| {
        Ok(dsl::ingest_tokens
            .filter(dsl::hash.eq(hash.as_slice()))
            .filter(dsl::revoked_at_ns.is_null())
            .select(COLUMNS)
            .first(connection)
            .optional()?)
    })?;
    row.map(token).transpose()
}

pub(super) fn list(store: &Store, project_id: ProjectId) -> Result<Vec<Token>, Error> {
    let limit = i64::try_from(MAX_LIST).unwrap_or(i64::MAX);
    let rows: Vec<Row> = store.read(|connection| {
        Ok(dsl::ingest_tokens
            .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
            .order((dsl::created_at_ns.desc(), dsl::id.desc()))
            .limit(limit)
            .select(COLUMNS)
            .load(connection)?)
    })?;
    rows.into_iter().map(token).collect()
}

pub(super) fn revoke(
    store: &Store,
    project_id: ProjectId,
    id: TokenId,
    now_ns: i64,
) -> Result<(), Error> {
    store.write(|connection| {
        let of_project = dsl::ingest_tokens
            .find(id.as_bytes().as_slice())
            .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()));
        let revoked: Option<Option<i64>> = of_project
            .select(dsl::revoked_at_ns)
            .first(connection)
            .optional()?;
        let Some(revoked) = revoked else {
            return Err(Error::NotFound {
                what: format!("token {id}"),
            });
        };
        if revoked.is_none() {
            diesel::update(dsl::ingest_tokens.find(id.as_bytes().as_slice()))
                .set(dsl::revoked_at_ns.eq(now_ns))
                .execute(connection)?;
        }
        Ok(())
    })
}

pub(super) fn touch(store: &Store, id: TokenId, now_ns: i64) -> Result<(), Error> {
    let last: Option<Option<i64>> = store.read(|connection| {
        Ok(dsl::ingest_tokens
            .find(id.as_bytes().as_slice())
            .select(dsl::last_used_at_ns)
            .first(connection)
            .optional()?)
    })?;
    let stale = match last {
        None => false,
        Some(None) => true,
        Some(Some(last)) => last <= now_ns.saturating_sub(NANOS_PER_MINUTE),
    };
    if !stale {
        return Ok(());
    }
    store.write(|connection| {
        diesel::update(dsl::ingest_tokens.find(id.as_bytes().as_slice()))
            .set(dsl::last_used_at_ns.eq(now_ns))
            .execute(connection)?;
        Ok(())
    })
}

fn token(row: Row) -> Result<Token, Error> {
    let (id, project_id, name, prefix, created_at_ns, last_used_at_ns, revoked_at_ns, scope) = row;
    Ok(Token {
        id: TokenId(uuid(&id, "ingest_tokens.id")?),
        project_id: ProjectId(uuid(&project_id, "ingest_tokens.project_id")?),
        name,
        prefix,
        scope: TokenScope::from_word(&scope)
            .ok_or_else(|| Error::damaged("ingest_tokens.scope", format!("'{scope}'")))?,
        created_at_ns,
        last_used_at_ns,
        revoked_at_ns,
    })
}
