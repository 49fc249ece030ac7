//! Failed logins.

use diesel::prelude::*;

use super::{Lockout, LoginFailures};
use crate::columns::{data_key, first_locked};
use crate::connection::on_both;
use crate::schema_operations::login_failures::dsl;
use crate::{Error, Store};

pub(super) fn record_failure(
    store: &Store,
    subject: &str,
    lockout: &Lockout,
    now_ns: i64,
) -> Result<LoginFailures, Error> {
    let subject = data_key(subject);
    store.write(|connection| {
        // The row first, so that there is something to lock: failures that arrive together all count.
        on_both!(&mut *connection, concrete => {
            diesel::insert_into(dsl::login_failures)
                .values((
                    dsl::subject.eq(&subject),
                    dsl::failures.eq(0),
                    dsl::first_at_ns.eq(now_ns),
                    dsl::last_at_ns.eq(now_ns),
                ))
                .on_conflict(dsl::subject)
                .do_nothing()
                .execute(concrete)
        })?;
        let query = dsl::login_failures.find(&subject).select((
            dsl::failures,
            dsl::first_at_ns,
            dsl::locked_until_ns,
        ));
        let row: Option<(i64, i64, Option<i64>)> = first_locked!(&mut *connection, query)?;
        let (failures, first_at_ns, locked) = row.unwrap_or((0, now_ns, None));
        let over = first_at_ns < now_ns.saturating_sub(lockout.window_ns);
        let (failures, first_at_ns) = if over {
            (1, now_ns)
        } else {
            (failures + 1, first_at_ns)
        };
        let locked_until_ns = if failures >= lockout.limit {
            Some(now_ns.saturating_add(lockout.lock_ns))
        } else {
            locked.filter(|until| *until > now_ns)
        };
        diesel::update(dsl::login_failures.find(&subject))
            .set((
                dsl::failures.eq(failures),
                dsl::first_at_ns.eq(first_at_ns),
                dsl::last_at_ns.eq(now_ns),
                dsl::locked_until_ns.eq(locked_until_ns),
            ))
            .execute(connection)?;
        Ok(LoginFailures {
            failures,
            locked_until_ns,
        })
    })
}

pub(super) fn locked_until(
    store: &Store,
    subject: &str,
    now_ns: i64,
) -> Result<Option<i64>, Error> {
    let until: Option<Option<i64>> = store.read(|connection| {
        Ok(dsl::login_failures
            .find(data_key(subject))
            .select(dsl::locked_until_ns)
            .first(connection)
            .optional()?)
    })?;
    Ok(until.flatten().filter(|until| *until > now_ns))
}

pub(super) fn clear(store: &Store, subject: &str) -> Result<(), Error> {
    store.write(|connection| {
        diesel::delete(dsl::login_failures.find(data_key(subject))).execute(connection)?;
        Ok(())
    })
}

pub(super) fn delete(store: &Store, before_ns: i64) -> Result<usize, Error> {
    store.write(|connection| {
        let old = dsl::login_failures
            .filter(dsl::last_at_ns.lt(before_ns))
            .filter(
                dsl::locked_until_ns
                    .is_null()
                    .or(dsl::locked_until_ns.lt(before_ns)),
            );
        Ok(diesel::delete(old).execute(connection)?)
    })
}
