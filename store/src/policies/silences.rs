//! Silences.

use diesel::prelude::*;
use domain::{ProjectId, SilenceId};
use uuid::Uuid;

use super::{NewSilence, Silence};
use crate::columns::{MAX_LIST, bounded, key, random, uuid};
use crate::schema_operations::silences::dsl;
use crate::{Error, Store};

type Row = (Vec<u8>, String, String, String, i64, i64, i64);

pub(super) fn create(
    store: &Store,
    project_id: ProjectId,
    new: &NewSilence,
    now_ns: i64,
) -> Result<Silence, Error> {
    bounded("matchers", &new.matchers, 64 * 1024)?;
    bounded("comment", &new.comment, 4 * 1024)?;
    key("creator", &new.created_by)?;
    if new.ends_at_ns <= new.starts_at_ns {
        return Err(Error::BadRequest {
            message: "the silence ends before it starts".to_owned(),
        });
    }
    let id = SilenceId::from_parts(now_ns, random());
    store.write(|connection| {
        diesel::insert_into(dsl::silences)
            .values((
                dsl::project_id.eq(project_id.as_bytes().as_slice()),
                dsl::id.eq(id.as_bytes().as_slice()),
                dsl::matchers.eq(&new.matchers),
                dsl::comment.eq(&new.comment),
                dsl::created_by.eq(&new.created_by),
                dsl::created_at_ns.eq(now_ns),
                dsl::starts_at_ns.eq(new.starts_at_ns),
                dsl::ends_at_ns.eq(new.ends_at_ns),
            ))
            .execute(connection)?;
        Ok(())
    })?;
    Ok(Silence {
        id,
        matchers: new.matchers.clone(),
        comment: new.comment.clone(),
        created_by: new.created_by.clone(),
        created_at_ns: now_ns,
        starts_at_ns: new.starts_at_ns,
        ends_at_ns: new.ends_at_ns,
    })
}

pub(super) fn list(
    store: &Store,
    project_id: ProjectId,
    now_ns: i64,
) -> Result<Vec<Silence>, Error> {
    let limit = i64::try_from(MAX_LIST).unwrap_or(i64::MAX);
    let rows: Vec<Row> = store.read(|connection| {
        Ok(dsl::silences
            .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
            .filter(dsl::ends_at_ns.gt(now_ns))
            .order((dsl::ends_at_ns, dsl::id))
            .limit(limit)
            .select((
                dsl::id,
                dsl::matchers,
                dsl::comment,
                dsl::created_by,
                dsl::created_at_ns,
                dsl::starts_at_ns,
                dsl::ends_at_ns,
            ))
            .load(connection)?)
    })?;
    rows.into_iter()
        .map(
            |(id, matchers, comment, created_by, created_at_ns, starts_at_ns, ends_at_ns)| {
                let id: Uuid = uuid(&id, "silences.id")?;
                Ok(Silence {
                    id: SilenceId(id),
                    matchers,
                    comment,
                    created_by,
                    created_at_ns,
                    starts_at_ns,
                    ends_at_ns,
                })
            },
        )
        .collect()
}

pub(super) fn expire(
    store: &Store,
    project_id: ProjectId,
    id: SilenceId,
    now_ns: i64,
) -> Result<(), Error> {
    store.write(|connection| {
        let place = (project_id.as_bytes().as_slice(), id.as_bytes().as_slice());
        let ends: Option<i64> = dsl::silences
            .find(place)
            .select(dsl::ends_at_ns)
            .first(connection)
            .optional()?;
        let Some(ends) = ends else {
            return Err(Error::NotFound {
                what: format!("silence {id}"),
            });
        };
        if ends > now_ns {
            diesel::update(dsl::silences.find(place))
                .set(dsl::ends_at_ns.eq(now_ns))
                .execute(connection)?;
        }
        Ok(())
    })
}
