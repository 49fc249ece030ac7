//! Building the page, and looking at it with a real browser.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::root;

/// Installs what the page and its check need, in the versions of the lock file. Not `npm ci`: it wants the
/// packages of every other platform as well, which a registry's mirror need not have.
fn install() -> anyhow::Result<()> {
    npm(&["install", "--no-save", "--no-audit", "--no-fund"])
}

fn npm(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("npm")
        .args(arguments)
        .current_dir(root().join("ui"))
        .status()
        .context("running npm: is Node.js installed?")?;
    if !status.success() {
        bail!("npm {} failed", arguments.join(" "));
    }
    Ok(())
}

/// Builds `ui/` into `ui/dist`.
pub fn build(is_check: bool) -> anyhow::Result<()> {
    install()?;
    npm(&["run", "build"])?;
    if is_check {
        let output = Command::new("git")
            .args(["status", "--porcelain", "--", "ui/dist"])
            .current_dir(root())
            .output()
            .context("running git status")?;
        let changed = String::from_utf8_lossy(&output.stdout);
        if !changed.trim().is_empty() {
            bail!(
                "the committed page is not the built one: run `cargo xtask ui` and commit\n{changed}"
            );
        }
    }
    Ok(())
}

/// Runs the browser check of `ui/check`.
pub fn check(
    url: &str,
    name: &str,
    password: &str,
    screenshots: Option<&Path>,
) -> anyhow::Result<()> {
    if !root().join("ui/node_modules/playwright-core").exists() {
        install()?;
    }
    let mut command = Command::new("node");
    command
        .arg("check/page.mjs")
        .current_dir(root().join("ui"))
        .env("VIGIL_URL", url)
        .env("VIGIL_ADMIN_NAME", name)
        .env("VIGIL_ADMIN_PASSWORD", password);
    if let Some(folder) = screenshots {
        command.env("VIGIL_SCREENSHOTS", std::path::absolute(folder)?);
    }
    let status = command
        .status()
        .context("running node: is Node.js installed?")?;
    if !status.success() {
        bail!("the page does not show what it should");
    }
    Ok(())
}
