//! Helpers for people who work on Vigil: `cargo xtask` lists them.

mod faults;
mod fuzz;
mod page;
mod tidy;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "xtask", about = "Helpers for people who work on Vigil")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the rules of the house: who may depend on whom, and file sizes.
    Tidy,
    /// Build the page (`ui/`) with Node and npm into `ui/dist`, which is committed.
    Ui {
        /// Fail when the committed files differ from a fresh build.
        #[arg(long)]
        check: bool,
    },
    /// Write the HTTP interface into `docs/openapi.json`, which is committed.
    Openapi,
    /// Kill, starve and damage the built server under load, and check that every acknowledged record is there once.
    Faults(faults::Options),
    /// Fuzz every decoder for a while, and tell what was run and what was found.
    Fuzz(fuzz::Options),
    /// Open the page of a running server in headless Chromium and check what it shows.
    Page {
        /// The server's address.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
        /// A user's name.
        #[arg(long, default_value = "admin")]
        name: String,
        /// Its password.
        #[arg(long, env = "VIGIL_ADMIN_PASSWORD")]
        password: String,
        /// Write screenshots into this folder.
        #[arg(long)]
        screenshots: Option<std::path::PathBuf>,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Tidy => tidy::run(),
        Command::Openapi => openapi(),
        Command::Faults(options) => faults::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Ui { check } => page::build(check),
        Command::Page {
            url,
            name,
            password,
            screenshots,
        } => page::check(&url, &name, &password, screenshots.as_deref()),
    }
}

/// The test that compares the document with the committed one also writes it.
fn openapi() -> anyhow::Result<()> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let status = std::process::Command::new(cargo)
        .args(["test", "--package", "api", "--lib", "routes::openapi"])
        .env("VIGIL_WRITE_OPENAPI", "1")
        .current_dir(root())
        .status()?;
    anyhow::ensure!(status.success(), "the interface could not be written");
    Ok(())
}

/// The workspace's root.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| ".".into(), std::path::Path::to_path_buf)
}
