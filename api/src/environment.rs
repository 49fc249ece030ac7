//! The environment as people mean it: `.env` of the working folder, and an empty variable is none.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::builder::Resettable;

/// Reads `.env` of this folder, never of one above it: whose settings those are nobody would know. What the
/// environment says already stays. Call it before any thread is started.
///
/// # Errors
/// Fails with the line when the file cannot be understood: a half-read file would start a server with half of
/// its settings.
pub fn load_file(folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(".env");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    check(&text)?;
    dotenvy::from_read(text.as_bytes()).context("reading .env")
}

/// The line is named, not shown: it may hold a secret.
fn check(text: &str) -> anyhow::Result<()> {
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        match item {
            Ok(_) => {}
            Err(dotenvy::Error::LineParse(line, _)) => {
                let before = text.find(line.trim()).unwrap_or(0);
                let number = text[..before].matches('\n').count() + 1;
                bail!(".env, line {number}: expected NAME=value (quote values with blanks or #)");
            }
            Err(error) => return Err(error).context("reading .env"),
        }
    }
    Ok(())
}

/// Arms the failpoint that a fault trial asks for (`VIGIL_FAILPOINT`); whether there is one.
///
/// # Errors
/// Fails on a name that is not known.
pub fn arm_failpoint() -> anyhow::Result<bool> {
    match std::env::var("VIGIL_FAILPOINT") {
        Ok(text) if !text.trim().is_empty() => {
            domain::failpoint::arm(text.trim()).context("VIGIL_FAILPOINT")?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The same command line, blind for variables that are empty.
#[must_use]
pub fn without_empty(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| {
            let is_empty = arg
                .get_env()
                .and_then(std::env::var_os)
                .is_some_and(|value| value.to_string_lossy().trim().is_empty());
            if is_empty {
                arg.env(Resettable::<clap::builder::OsStr>::Reset)
            } else {
                arg
            }
        })
        .mut_subcommands(without_empty)
}

#[cfg(test)]
mod tests;
