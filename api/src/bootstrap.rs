//! What a first start makes: the database, the project, an admin, an ingest token, the session secret.

use std::sync::Arc;

use anyhow::Context;
use domain::{Clock, ProjectId, SystemClock};
use secrecy::ExposeSecret;
use store::{IdentityStore, NewToken, Role, SettingsStore, Store, StoreConfig, TokenScope};

use crate::auth::{self, SessionKeys};
use crate::config::Config;

/// The name of the one project that a first start makes.
pub const DEFAULT_PROJECT: &str = "default";
/// The name of the first user.
pub const ADMIN: &str = "admin";
/// Where the generated session secret is kept.
const SECRET_SETTING: &str = "jwt_secret";

/// What a first start prints once.
#[derive(Debug)]
pub struct FirstSecrets {
    /// The admin's password.
    pub password: String,
    /// An ingest token.
    pub token: String,
}

/// The opened and migrated store with its default project.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// The default project.
    pub project_id: ProjectId,
}

/// Opens the store, brings it to this version's schema and makes the default project. Blocks.
///
/// # Errors
/// Fails with the address (without its password) when the database cannot be used.
pub fn open(config: &Config) -> anyhow::Result<Opened> {
    let store_config = store_config(config)?;
    let shown = store_config.shown_url();
    let store = Store::open(&store_config).with_context(|| format!("opening {shown}"))?;
    store
        .migrate()
        .with_context(|| format!("migrating {shown}"))?;
    let project = store.ensure_project(DEFAULT_PROJECT, SystemClock.now_ns())?;
    Ok(Opened {
        store,
        project_id: project.id,
    })
}

/// Where the store is.
///
/// # Errors
/// Fails when the data folder cannot be made.
pub fn store_config(config: &Config) -> anyhow::Result<StoreConfig> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("making the data folder {}", config.data_dir.display()))?;
    restrict(&config.data_dir);
    let mut store_config = match &config.database_url {
        Some(url) => StoreConfig::new(url.expose_secret()),
        None => StoreConfig::in_data_dir(&config.data_dir),
    };
    store_config.objects_url.clone_from(&config.block_storage);
    store_config.objects_options = config
        .block_storage_options
        .iter()
        .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
        .collect();
    Ok(store_config)
}

/// The data folder holds logs and secrets: only its owner may look inside.
fn restrict(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let only_owner = std::fs::Permissions::from_mode(0o700);
    if let Err(error) = std::fs::set_permissions(folder, only_owner) {
        tracing::warn!(%error, folder = %folder.display(), "the data folder stays readable for others");
    }
}

/// Makes the first admin and a first token, both or neither; `None` when there is a user already. Blocks.
///
/// # Errors
/// Fails when the store cannot be written.
pub fn first_secrets(store: &Store, project_id: ProjectId) -> anyhow::Result<Option<FirstSecrets>> {
    if !store.users()?.is_empty() {
        return Ok(None);
    }
    let password = auth::new_secret();
    let hash = auth::hash_password(&password)?;
    let token = auth::new_token(TokenScope::Ingest);
    let first = store.create_first_admin_and_token(
        ADMIN,
        &hash,
        &new_token(project_id, "first token", TokenScope::Ingest, &token),
        SystemClock.now_ns(),
    )?;
    Ok(first.map(|_| FirstSecrets { password, token }))
}

/// Makes a token of the default project. Blocks.
///
/// # Errors
/// Fails when the store cannot be written.
pub fn create_token(opened: &Opened, name: &str, scope: TokenScope) -> anyhow::Result<String> {
    let token = auth::new_token(scope);
    opened.store.create_token(
        &new_token(opened.project_id, name, scope, &token),
        SystemClock.now_ns(),
    )?;
    Ok(token)
}

fn new_token(project_id: ProjectId, name: &str, scope: TokenScope, token: &str) -> NewToken {
    NewToken {
        project_id,
        name: name.to_owned(),
        hash: auth::token_hash(token),
        prefix: auth::display_prefix(token),
        scope,
    }
}

/// The keys of user sessions: out of `JWT_SECRET`, else out of a secret that is generated once and kept.
/// Blocks.
///
/// # Errors
/// Fails when the store cannot be written.
pub fn session_keys(config: &Config, store: &Store) -> anyhow::Result<SessionKeys> {
    let given = config
        .jwt_secret
        .as_ref()
        .map(|secret| secret.expose_secret().to_owned())
        // On loopback an example secret is let through by the settings; an empty one is no secret at all.
        .filter(|secret| !secret.trim().is_empty());
    let secret = match given {
        Some(secret) => secret,
        None => store.setting_or_insert(
            SECRET_SETTING,
            &format!("{}{}", auth::new_secret(), auth::new_secret()),
            SystemClock.now_ns(),
        )?,
    };
    Ok(SessionKeys::new(&secret, config.jwt_expiry_seconds))
}

/// A session of the admin for a command on the same machine: who can read the data folder or the
/// database's password is the operator. Makes and migrates nothing: that is the server's to do. Blocks.
///
/// # Errors
/// Fails when there is no store yet, or one without a user.
pub fn local_session(config: &Config) -> anyhow::Result<String> {
    const START_FIRST: &str = "start the server once, or give --token";
    let store_config = match &config.database_url {
        Some(url) => StoreConfig::new(url.expose_secret()),
        None => {
            let file = config.data_dir.join(store::SQLITE_FILE);
            anyhow::ensure!(
                file.exists(),
                "there is no database {}: {START_FIRST}",
                file.display()
            );
            StoreConfig::in_data_dir(&config.data_dir)
        }
    };
    let shown = store_config.shown_url();
    let store = Store::open(&store_config).with_context(|| format!("opening {shown}"))?;
    let not_ready = || format!("{shown} is not ready: {START_FIRST}");
    let project = store
        .projects()
        .with_context(not_ready)?
        .into_iter()
        .find(|project| project.name == DEFAULT_PROJECT)
        .with_context(not_ready)?;
    let user = store
        .users()?
        .into_iter()
        .find(|user| user.role == Role::Admin && user.disabled_at_ns.is_none())
        .with_context(|| format!("there is no admin yet: {START_FIRST}"))?;
    let keys = session_keys(config, &store)?;
    let now_ns = SystemClock.now_ns();
    let (token, claims) = keys
        .issue(user.id, &user.name, project.id, now_ns)
        .map_err(|_| anyhow::anyhow!("a session could not be signed"))?;
    store.create_session(&store::Session {
        id: claims.jti,
        user_id: user.id,
        created_at_ns: now_ns,
        expires_at_ns: now_ns.saturating_add(3_600 * domain::NANOS_PER_SECOND),
    })?;
    Ok(token)
}

/// The machine's clock behind the trait.
#[must_use]
pub fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

#[cfg(test)]
mod tests;
