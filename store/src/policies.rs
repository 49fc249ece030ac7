//! Alerting policies as people wrote them, and silences.

mod silences;

use diesel::prelude::*;
use domain::{ProjectId, SilenceId};

use crate::columns::{MAX_LIST, bounded, key};
use crate::connection::{AnyConnection, on_both};
use crate::schema_operations::policies::dsl;
use crate::{Error, Store};

/// Longest policy text, bytes.
pub const MAX_POLICY_BYTES: usize = 256 * 1024;

/// Where a policy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicySource {
    /// A file of the policy directory; gone when the file is gone.
    File,
    /// The API; stays until it is deleted there.
    Api,
}

impl PolicySource {
    fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Api => "api",
        }
    }
}

/// One policy as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// Its name, unique in the project.
    pub name: String,
    /// The text as it was written, at most [`MAX_POLICY_BYTES`].
    pub yaml: String,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// Where it comes from.
    pub source: PolicySource,
    /// Unix nanoseconds UTC; set by the store.
    pub updated_at_ns: i64,
}

/// A time in which matching alerts notify nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its id.
    pub id: SilenceId,
    /// What it matches: a JSON document that only the alerting room reads.
    pub matchers: String,
    /// Why.
    pub comment: String,
    /// Who.
    pub created_by: String,
    /// Unix nanoseconds UTC.
    pub created_at_ns: i64,
    /// Unix nanoseconds UTC.
    pub starts_at_ns: i64,
    /// Unix nanoseconds UTC, the first instant after.
    pub ends_at_ns: i64,
}

/// A silence to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSilence {
    /// What it matches: a JSON document that only the alerting room reads, at most 64 KiB.
    pub matchers: String,
    /// Why, at most 4 KiB.
    pub comment: String,
    /// Who.
    pub created_by: String,
    /// Unix nanoseconds UTC.
    pub starts_at_ns: i64,
    /// After `starts_at_ns`.
    pub ends_at_ns: i64,
}

/// Policies and silences. All calls block.
pub trait PolicyStore: Send + Sync {
    /// The first 1,000 policies of a project, by name, disabled ones too.
    fn policies(&self, project_id: ProjectId) -> Result<Vec<StoredPolicy>, Error>;
    /// One policy.
    fn policy(&self, project_id: ProjectId, name: &str) -> Result<Option<StoredPolicy>, Error>;
    /// Adds or replaces a policy.
    fn put_policy(
        &self,
        project_id: ProjectId,
        policy: &StoredPolicy,
        now_ns: i64,
    ) -> Result<(), Error>;
    /// Makes the policies of source file be exactly these `(name, yaml)`, in one transaction: new ones are enabled, known
    /// ones keep their switch, others are deleted. A name that the API holds is a [`Error::Conflict`].
    fn sync_file_policies(
        &self,
        project_id: ProjectId,
        files: &[(String, String)],
        now_ns: i64,
    ) -> Result<(), Error>;
    /// Switches a policy; [`Error::NotFound`] when there is none.
    fn set_policy_enabled(
        &self,
        project_id: ProjectId,
        name: &str,
        enabled: bool,
        now_ns: i64,
    ) -> Result<(), Error>;
    /// Deletes a policy; [`Error::NotFound`] when there is none.
    fn delete_policy(&self, project_id: ProjectId, name: &str) -> Result<(), Error>;

    /// Adds a silence.
    fn create_silence(
        &self,
        project_id: ProjectId,
        silence: &NewSilence,
        now_ns: i64,
    ) -> Result<Silence, Error>;
    /// The first 1,000 silences that have not ended, by their end; those that begin later too.
    fn silences(&self, project_id: ProjectId, now_ns: i64) -> Result<Vec<Silence>, Error>;
    /// Ends a silence now; [`Error::NotFound`] when there is none.
    fn expire_silence(
        &self,
        project_id: ProjectId,
        id: SilenceId,
        now_ns: i64,
    ) -> Result<(), Error>;
}

type Row = (String, String, bool, String, i64);
const COLUMNS: (
    dsl::name,
    dsl::yaml,
    dsl::enabled,
    dsl::source,
    dsl::updated_at_ns,
) = (
    dsl::name,
    dsl::yaml,
    dsl::enabled,
    dsl::source,
    dsl::updated_at_ns,
);

impl PolicyStore for Store {
    fn policies(&self, project_id: ProjectId) -> Result<Vec<StoredPolicy>, Error> {
        self.read(|connection| list(connection, project_id))
    }

    fn policy(&self, project_id: ProjectId, name: &str) -> Result<Option<StoredPolicy>, Error> {
        if key("policy name", name).is_err() {
            return Ok(None);
        }
        let row: Option<Row> = self.read(|connection| {
            Ok(dsl::policies
                .find((project_id.as_bytes().as_slice(), name))
                .select(COLUMNS)
                .first(connection)
                .optional()?)
        })?;
        row.map(policy).transpose()
    }

    fn put_policy(
        &self,
        project_id: ProjectId,
        policy: &StoredPolicy,
        now_ns: i64,
    ) -> Result<(), Error> {
        self.write(|connection| put(connection, project_id, policy, now_ns))
    }

    fn sync_file_policies(
        &self,
        project_id: ProjectId,
        files: &[(String, String)],
        now_ns: i64,
    ) -> Result<(), Error> {
        self.write(|connection| sync(connection, project_id, files, now_ns))
    }

    fn set_policy_enabled(
        &self,
        project_id: ProjectId,
        name: &str,
        enabled: bool,
        now_ns: i64,
    ) -> Result<(), Error> {
        key("policy name", name)?;
        let changed = self.write(|connection| {
            let one = dsl::policies.find((project_id.as_bytes().as_slice(), name));
            Ok(diesel::update(one)
                .set((dsl::enabled.eq(enabled), dsl::updated_at_ns.eq(now_ns)))
                .execute(connection)?)
        })?;
        found(name, changed)
    }

    fn delete_policy(&self, project_id: ProjectId, name: &str) -> Result<(), Error> {
        key("policy name", name)?;
        let deleted = self.write(|connection| {
            let one = dsl::policies.find((project_id.as_bytes().as_slice(), name));
            Ok(diesel::delete(one).execute(connection)?)
        })?;
        found(name, deleted)
    }

    fn create_silence(
        &self,
        project_id: ProjectId,
        silence: &NewSilence,
        now_ns: i64,
    ) -> Result<Silence, Error> {
        silences::create(self, project_id, silence, now_ns)
    }

    fn silences(&self, project_id: ProjectId, now_ns: i64) -> Result<Vec<Silence>, Error> {
        silences::list(self, project_id, now_ns)
    }

    fn expire_silence(
        &self,
        project_id: ProjectId,
        id: SilenceId,
        now_ns: i64,
    ) -> Result<(), Error> {
        silences::expire(self, project_id, id, now_ns)
    }
}

fn list(connection: &mut AnyConnection, project_id: ProjectId) -> Result<Vec<StoredPolicy>, Error> {
    let limit = i64::try_from(MAX_LIST).unwrap_or(i64::MAX);
    let rows: Vec<Row> = dsl::policies
        .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
        .order(dsl::name)
        .limit(limit)
        .select(COLUMNS)
        .load(connection)?;
    rows.into_iter().map(policy).collect()
}

fn put(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    policy: &StoredPolicy,
    now_ns: i64,
) -> Result<(), Error> {
    key("policy name", &policy.name)?;
    bounded("policy", &policy.yaml, MAX_POLICY_BYTES)?;
    let values = (
        dsl::yaml.eq(&policy.yaml),
        dsl::enabled.eq(policy.enabled),
        dsl::source.eq(policy.source.as_str()),
        dsl::updated_at_ns.eq(now_ns),
    );
    let place = (
        dsl::project_id.eq(project_id.as_bytes().as_slice()),
        dsl::name.eq(&policy.name),
    );
    on_both!(connection, concrete => {
        diesel::insert_into(dsl::policies)
            .values((place, values))
            .on_conflict((dsl::project_id, dsl::name))
            .do_update()
            .set(values)
            .execute(concrete)
    })?;
    Ok(())
}

fn sync(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    files: &[(String, String)],
    now_ns: i64,
) -> Result<(), Error> {
    let known = list(connection, project_id)?;
    for (name, yaml) in files {
        let before = known.iter().find(|policy| policy.name == *name);
        if before.is_some_and(|policy| policy.source == PolicySource::Api) {
            return Err(Error::Conflict {
                message: format!("policy '{name}' of a file was already made through the API"),
            });
        }
        if before.is_some_and(|policy| policy.yaml == *yaml) {
            continue;
        }
        let policy = StoredPolicy {
            name: name.clone(),
            yaml: yaml.clone(),
            enabled: before.is_none_or(|policy| policy.enabled),
            source: PolicySource::File,
            updated_at_ns: now_ns,
        };
        put(connection, project_id, &policy, now_ns)?;
    }
    for policy in &known {
        let kept = files.iter().any(|(name, _)| *name == policy.name);
        if policy.source == PolicySource::File && !kept {
            let one = dsl::policies.find((project_id.as_bytes().as_slice(), &policy.name));
            diesel::delete(one).execute(connection)?;
        }
    }
    Ok(())
}

fn found(name: &str, changed: usize) -> Result<(), Error> {
    if changed == 0 {
        return Err(Error::NotFound {
            what: format!("policy '{name}'"),
        });
    }
    Ok(())
}

fn policy((name, yaml, enabled, source, updated_at_ns): Row) -> Result<StoredPolicy, Error> {
    Ok(StoredPolicy {
        name,
        yaml,
        enabled,
        source: match source.as_str() {
            "file" => PolicySource::File,
            "api" => PolicySource::Api,
            other => return Err(Error::damaged("policies.source", format!("'{other}'"))),
        },
        updated_at_ns,
    })
}
