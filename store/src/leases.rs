//! Named leadership: one process at a time runs a loop, and a paused one is fenced.
//!
//! Source of the idea: M. Kleppmann, "How to do distributed locking" (2016), fencing tokens.

use diesel::prelude::*;

use crate::columns::{first_locked, key};
use crate::connection::{AnyConnection, on_both};
use crate::schema_operations::leases::dsl;
use crate::{Error, Store};

/// Proof that its holder led when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leadership {
    /// What is led, for example `detect`.
    pub name: String,
    /// Who leads: a word that is new with every start of a process.
    pub owner: String,
    /// Grows with every change of owner.
    pub token: i64,
    /// Until when, unix nanoseconds UTC; renew well before.
    pub expires_at_ns: i64,
}

/// Named leadership. All calls block.
pub trait LeaseStore: Send + Sync {
    /// Takes the lease when nobody holds it or it has expired; one's own is prolonged. `None` while another holds it.
    fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl_ns: i64,
        now_ns: i64,
    ) -> Result<Option<Leadership>, Error>;
    /// Prolongs a lease, also one that has expired and nobody took. `None` when it was lost: stop at once.
    fn renew_lease(
        &self,
        held: &Leadership,
        ttl_ns: i64,
        now_ns: i64,
    ) -> Result<Option<Leadership>, Error>;
    /// Gives a lease back; one that was lost is no error.
    fn release_lease(&self, held: &Leadership, now_ns: i64) -> Result<(), Error>;
    /// Who leads now.
    fn lease(&self, name: &str, now_ns: i64) -> Result<Option<Leadership>, Error>;
}

impl LeaseStore for Store {
    fn acquire_lease(
        &self,
        name: &str,
        owner: &str,
        ttl_ns: i64,
        now_ns: i64,
    ) -> Result<Option<Leadership>, Error> {
        key("lease name", name)?;
        key("lease owner", owner)?;
        // Held by another and not expired: no write is needed to know that.
        if let Some(held) = self.lease(name, now_ns)?
            && held.owner != owner
        {
            return Ok(None);
        }
        self.write(|connection| acquire(connection, name, owner, ttl_ns, now_ns))
    }

    fn renew_lease(
        &self,
        held: &Leadership,
        ttl_ns: i64,
        now_ns: i64,
    ) -> Result<Option<Leadership>, Error> {
        let expires_at_ns = now_ns.saturating_add(ttl_ns);
        let renewed = self.write(|connection| {
            let mine = dsl::leases
                .find(&held.name)
                .filter(dsl::owner.eq(&held.owner))
                .filter(dsl::token.eq(held.token));
            Ok(diesel::update(mine)
                .set(dsl::expires_at_ns.eq(expires_at_ns))
                .execute(connection)?)
        })?;
        Ok((renewed > 0).then(|| Leadership {
            expires_at_ns,
            ..held.clone()
        }))
    }

    fn release_lease(&self, held: &Leadership, now_ns: i64) -> Result<(), Error> {
        self.write(|connection| {
            let mine = dsl::leases
                .find(&held.name)
                .filter(dsl::owner.eq(&held.owner))
                .filter(dsl::token.eq(held.token));
            // The row stays: its token must never fall. The owner is forgotten, so that it cannot renew.
            diesel::update(mine)
                .set((dsl::owner.eq(""), dsl::expires_at_ns.eq(now_ns)))
                .execute(connection)?;
            Ok(())
        })
    }

    fn lease(&self, name: &str, now_ns: i64) -> Result<Option<Leadership>, Error> {
        let row: Option<(String, i64, i64)> = self.read(|connection| {
            Ok(dsl::leases
                .find(name)
                .filter(dsl::expires_at_ns.gt(now_ns))
                .select((dsl::owner, dsl::token, dsl::expires_at_ns))
                .first(connection)
                .optional()?)
        })?;
        Ok(row.map(|(owner, token, expires_at_ns)| Leadership {
            name: name.to_owned(),
            owner,
            token,
            expires_at_ns,
        }))
    }
}

fn acquire(
    connection: &mut AnyConnection,
    name: &str,
    owner: &str,
    ttl_ns: i64,
    now_ns: i64,
) -> Result<Option<Leadership>, Error> {
    // The row first, so that there is something to lock: of two that come together one waits for the other.
    on_both!(&mut *connection, concrete => {
        diesel::insert_into(dsl::leases)
            .values((
                dsl::name.eq(name),
                dsl::owner.eq(""),
                dsl::token.eq(0),
                dsl::expires_at_ns.eq(i64::MIN),
            ))
            .on_conflict(dsl::name)
            .do_nothing()
            .execute(concrete)
    })?;
    let query = dsl::leases
        .find(name)
        .select((dsl::owner, dsl::token, dsl::expires_at_ns));
    let row: Option<(String, i64, i64)> = first_locked!(&mut *connection, query)?;
    let (holder, token, expires_at_ns) = row.unwrap_or_default();
    let expired = expires_at_ns <= now_ns;
    if !expired && holder != owner {
        return Ok(None);
    }
    let token = if holder == owner { token } else { token + 1 };
    let leadership = Leadership {
        name: name.to_owned(),
        owner: owner.to_owned(),
        token,
        expires_at_ns: now_ns.saturating_add(ttl_ns),
    };
    diesel::update(dsl::leases.find(name))
        .set((
            dsl::owner.eq(owner),
            dsl::token.eq(token),
            dsl::expires_at_ns.eq(leadership.expires_at_ns),
        ))
        .execute(connection)?;
    Ok(Some(leadership))
}

/// Fails the transaction unless this leadership still holds; until it ends nobody else can take the lease over.
pub(crate) fn hold(connection: &mut AnyConnection, held: &Leadership) -> Result<(), Error> {
    let query = dsl::leases
        .find(&held.name)
        .select((dsl::owner, dsl::token));
    let row: Option<(String, i64)> = first_locked!(connection, query)?;
    if row
        .as_ref()
        .is_some_and(|(owner, token)| *owner == held.owner && *token == held.token)
    {
        return Ok(());
    }
    Err(Error::Conflict {
        message: format!("the lease '{}' was lost (token {})", held.name, held.token),
    })
}
