//! Operator's commands on the store: migrate, tokens, passwords, the index.

use anyhow::{Context as _, bail};
use domain::{Clock as _, SystemClock};
use embeddings::Encoder;
use engine::Semantic;
use std::sync::Arc;
use store::IdentityStore as _;
use tokio_util::sync::CancellationToken;

use crate::auth;
use crate::bootstrap;
use crate::cli::TokenCommand;
use crate::config::Config;
use crate::embedding::Embedding;
use crate::progress::BarProgress;
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
        TokenCommand::Create { name, scope } => {
            let scope = (*scope).into();
            println!("{}", bootstrap::create_token(&opened, name, scope)?);
        }
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
                    "{:<16} {:<7} {:<8} {:<30} {used}",
                    token.prefix,
                    token.scope.as_str(),
                    state,
                    token.name
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
    let store = &opened.store;
    let password = auth::new_secret();
    let hash = auth::hash_password(&password)?;
    let now_ns = SystemClock.now_ns();
    let is_first =
        name == bootstrap::ADMIN && store.create_first_admin(name, &hash, now_ns)?.is_some();
    if !is_first {
        let user = store
            .user_by_name(name)?
            .with_context(|| format!("there is no user '{name}'"))?;
        store.set_password(user.id, &hash, now_ns)?;
    }
    println!("{password}");
    Ok(())
}

/// Forgets the index and builds it anew. Blocks.
///
/// # Errors
/// Fails when the index is in use by a server, the embedding model is here and wrong, or store or index cannot
/// be used.
pub fn rebuild_index(config: &Config) -> anyhow::Result<()> {
    let opened = bootstrap::open(config)?;
    let acquirer = crate::model_tasks::acquirer(config, Arc::default());
    let embedding = Embedding::choose(config, &acquirer)?;
    let index =
        serve::connect_index(config, &embedding.schema).context("is the server stopped?")?;
    let semantic = Semantic::new(index);
    match local_encoder(config, &embedding)? {
        Some(encoder) => semantic.set_encoder(Arc::new(encoder)),
        None => eprintln!("the embedding model is not here: the index gets words only"),
    }
    semantic.forget(&opened.store)?;
    let count = semantic.catch_up_all(&opened.store, &CancellationToken::new())?;
    println!("{count} templates indexed");
    Ok(())
}

/// The encoder when its files are here, verified before they are read; nothing is fetched.
fn local_encoder(config: &Config, embedding: &Embedding) -> anyhow::Result<Option<Encoder>> {
    let mut here = config.clone();
    here.is_offline = true;
    let acquirer = crate::model_tasks::acquirer(&here, Arc::default());
    if !embedding.is_here(&acquirer) {
        return Ok(None);
    }
    let mut progress = BarProgress::for_command(&embedding.title);
    let encoder = embedding.load(&acquirer, config.model_threads, &mut progress)?;
    Ok(Some(encoder))
}

#[cfg(test)]
mod tests;
