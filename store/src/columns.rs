//! Between Rust values and the columns of the operational tables.

use domain::{Cursor, Order, Page, PageRequest, RecordId};
use rand::RngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Error;
use crate::connection::AnyConnection;
use crate::log::batch::{clean, cut};

/// Longest name, owner or key, bytes: it must fit an index entry (Postgres: 2,704) with room for the other columns.
pub(crate) const MAX_KEY_BYTES: usize = 1_024;
/// Items that one page or list holds at most.
pub(crate) const MAX_LIST: usize = 1_000;

/// Reads one row, locked against concurrent writers until the transaction ends. SQLite has one writer anyway.
macro_rules! first_locked {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Postgres(concrete) => {
                $query.for_update().first(concrete).optional()
            }
            $crate::connection::AnyConnection::Sqlite(concrete) => {
                $query.first(concrete).optional()
            }
        }
    };
}
pub(crate) use first_locked;

/// Ten random bytes, what an id has beside its instant.
pub(crate) fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// An id out of its 16 bytes.
pub(crate) fn uuid(bytes: &[u8], column: &'static str) -> Result<Uuid, Error> {
    Uuid::from_slice(bytes).map_err(|error| Error::damaged(column, error))
}

/// A value as the JSON text of a document column; `limit` bytes at most.
pub(crate) fn to_document<T: Serialize>(
    what: &'static str,
    value: &T,
    limit: usize,
) -> Result<String, Error> {
    let text = serde_json::to_string(value).map_err(|error| Error::BadRequest {
        message: format!("{what} cannot be written as JSON: {error}"),
    })?;
    bounded(what, &text, limit)?;
    Ok(text)
}

/// The inverse of [`to_document`].
pub(crate) fn from_document<T: DeserializeOwned>(
    column: &'static str,
    text: &str,
) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::damaged(column, error))
}

/// Refuses a text over its limit, and NUL, which Postgres cannot store.
pub(crate) fn bounded(what: &'static str, text: &str, limit: usize) -> Result<(), Error> {
    if text.len() > limit {
        return Err(Error::BadRequest {
            message: format!("{what} is {} bytes, limit is {limit}", text.len()),
        });
    }
    if text.contains('\0') {
        return Err(Error::BadRequest {
            message: format!("{what} holds a NUL byte"),
        });
    }
    Ok(())
}

/// A key: bounded and not empty.
pub(crate) fn key(what: &'static str, text: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::BadRequest {
            message: format!("{what} is empty"),
        });
    }
    bounded(what, text, MAX_KEY_BYTES)
}

/// A key made of data (a service name, labels): NUL becomes U+FFFD, and a long one is cut and told apart by its digest.
pub(crate) fn data_key(text: &str) -> String {
    const SHOWN_BYTES: usize = 400;
    let text = clean(text);
    if text.len() <= SHOWN_BYTES {
        return text.into_owned();
    }
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    format!("{}#{digest}", cut(&text, SHOWN_BYTES))
}

/// A limit for SQL: at least 1, at most [`MAX_LIST`].
pub(crate) fn capped(limit: usize) -> i64 {
    i64::try_from(limit.clamp(1, MAX_LIST)).unwrap_or(1)
}

/// Where a page begins: everything that sorts after it is wanted.
pub(crate) struct Start {
    pub(crate) at_ns: i64,
    pub(crate) id: Vec<u8>,
    pub(crate) newest_first: bool,
    /// One more than asked for, which tells whether there is a next page.
    pub(crate) limit: i64,
}

impl Start {
    pub(crate) fn of(page: &PageRequest) -> Self {
        let newest_first = page.order == Order::NewestFirst;
        let edge = if newest_first { i64::MAX } else { i64::MIN };
        // No id sorts outside of these two, so a page without a cursor begins at the end of time.
        let id = if newest_first { [0xff; 16] } else { [0; 16] };
        Self {
            at_ns: page.after.map_or(edge, |cursor| cursor.timestamp_ns),
            id: page
                .after
                .map_or_else(|| id.to_vec(), |cursor| cursor.id.as_bytes().to_vec()),
            newest_first,
            limit: capped(page.limit) + 1,
        }
    }
}

/// Cuts the extra row off and remembers the place when there was one.
pub(crate) fn page<T>(
    mut items: Vec<T>,
    start: &Start,
    place: impl Fn(&T) -> (i64, Uuid),
) -> Page<T> {
    let wanted = usize::try_from(start.limit - 1).unwrap_or(1);
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next = items.last().filter(|_| more).map(|item| {
        let (timestamp_ns, id) = place(item);
        Cursor {
            timestamp_ns,
            id: RecordId(id),
        }
    });
    Page { items, next }
}

/// Adds one to a project's counter and gives the new value. The counter's row stays locked until the transaction
/// ends, so numbers are committed in their order and without gaps.
pub(crate) fn next_number(
    connection: &mut AnyConnection,
    project: &[u8],
    counter: &str,
    count: i64,
) -> Result<i64, Error> {
    use crate::connection::on_both;
    use crate::schema_operations::counters::dsl;
    use diesel::prelude::*;
    let new = (
        dsl::project_id.eq(project),
        dsl::name.eq(counter),
        dsl::value.eq(count),
    );
    let last: i64 = on_both!(connection, concrete => {
        diesel::insert_into(dsl::counters)
            .values(new)
            .on_conflict((dsl::project_id, dsl::name))
            .do_update()
            .set(dsl::value.eq(dsl::value + count))
            .returning(dsl::value)
            .get_result(concrete)
    })?;
    Ok(last - count + 1)
}
