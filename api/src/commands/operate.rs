//! Operator's commands on the store: migrate, tokens, passwords, the index.

use anyhow::{Context as _, bail};
use domain::{Clock as _, SystemClock};
use embeddings::{EdgeIndex, Encoder, EncoderConfig, ServerIndex, VectorIndex};
use engine::Semantic;
use models::{Catalogue, Status, Task};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use store::IdentityStore as _;

use crate::auth;
use crate::bootstrap;
use crate::cli::TokenCommand;
use crate::config::Config;
use crate::serve;

/// Brings the database to this version's schema. Blocks.
///
/// # Errors
/// Fails when the database cannot be used or is newer than this program.
pub fn migrate(config: &Config) -> anyhow::Result<()> {
    bootstrap::open(config)?;
    println!("the database has this version's schema");
    Ok(())
}

/// Tokens. Blocks.
///
/// # Errors
/// Fails when the database cannot be used.
pub fn token(command: &TokenCommand, config: &Config) -> anyhow::Result<()> {
    let opened = bootstrap::open(config)?;
    match command {
        TokenCommand::Create { name } => println!("{}", bootstrap::create_token(&opened, name)?),
        TokenCommand::List => {
            for token in opened.store.tokens(opened.project_id)? {
                let used = token.last_used_at_ns.map_or_else(
                    || "never used".to_owned(),
                    |at_ns| format!("used {}", domain::format_timestamp_short(at_ns)),
                );
                let state = if token.revoked_at_ns.is_some() {
                    "revoked"
                } else {
                    "valid"
                };
                println!(
                    "{:<12} {:<8} {:<30} {used}",
                    token.prefix, state, token.name
                );
            }
        }
        TokenCommand::Revoke { prefix } => {
            let matching: Vec<_> = opened
                .store
                .tokens(opened.project_id)?
                .into_iter()
                .filter(|token| token.prefix == *prefix)
                .collect();
            let [token] = matching.as_slice() else {
                bail!(
                    "{} tokens have the prefix '{prefix}', expected 1",
                    matching.len()
                );
            };
            opened
                .store
                .revoke_token(opened.project_id, token.id, SystemClock.now_ns())?;
            println!("revoked");
        }
    }
    Ok(())
}

/// Gives a user a new password; makes the admin when there is nobody yet. Blocks.
///
/// # Errors
/// Fails when the database cannot be used or there is no such user.
pub fn reset_password(name: &str, config: &Config) -> anyhow::Result<()> {
    let opened = bootstrap::open(config)?;
    if let Some(first) = bootstrap::first_secrets(&opened)?
        && name == bootstrap::ADMIN
    {
        println!("{}", first.password);
        return Ok(());
    }
    let user = opened
        .store
        .user_by_name(name)?
        .with_context(|| format!("there is no user '{name}'"))?;
    let password = auth::new_secret();
    let hash = auth::hash_password(&password)?;
    opened
        .store
        .set_password(user.id, &hash, SystemClock.now_ns())?;
    println!("{password}");
    Ok(())
}

/// Forgets the index and builds it anew. Blocks.
///
/// # Errors
/// Fails when the index is in use by a server, or store or index cannot be used.
pub fn rebuild_index(config: &Config) -> anyhow::Result<()> {
    let opened = bootstrap::open(config)?;
    let schema = serve::index_schema()?;
    let index: Arc<dyn VectorIndex> = match &config.qdrant_url {
        Some(url) => Arc::new(ServerIndex::connect(
            url,
            config
                .qdrant_api_key
                .as_ref()
                .map(|key| key.expose_secret()),
            serve::COLLECTION,
            &schema,
        )?),
        None => Arc::new(
            EdgeIndex::open(&config.data_dir.join("index"), &schema)
                .context("opening the index (stop the server first)")?,
        ),
    };
    let semantic = Semantic::new(index);
    let catalogue = Catalogue::load()?;
    let acquirer = crate::model_tasks::acquirer(config, Arc::new(AtomicBool::new(false)));
    if let Some(spec) = catalogue.default_for(Task::Embedding) {
        match acquirer.status(spec) {
            Status::Missing => {
                eprintln!("the embedding model is not here: the index gets words only")
            }
            Status::Ready { directory } | Status::Unverified { directory } => {
                let encoder = Encoder::load(&directory, EncoderConfig::default())?;
                semantic.set_encoder(&spec.id, Arc::new(encoder));
            }
        }
    }
    semantic.forget(&opened.store)?;
    let count = semantic.catch_up_all(&opened.store)?;
    println!("{count} templates indexed");
    Ok(())
}
