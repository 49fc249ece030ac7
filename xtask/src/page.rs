//! Building the page, and looking at it with a real browser.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::root;

/// Builds `ui/` into `ui/dist`.
pub fn build(is_check: bool) -> anyhow::Result<()> {
    let ui = root().join("ui");
    let run = |program: &str, arguments: &[&str]| -> anyhow::Result<()> {
        let status = Command::new(program)
            .args(arguments)
            .current_dir(&ui)
            .status()
            .with_context(|| format!("running {program}: is Node.js installed?"))?;
        if !status.success() {
            bail!("{program} {} failed", arguments.join(" "));
        }
        Ok(())
    };
    run("npm", &["ci", "--no-audit", "--no-fund"])?;
    run("npm", &["run", "build"])?;
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
