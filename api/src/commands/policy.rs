//! `vigil policy`: check policy files, write them canonically.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::cli::PolicyCommand;

/// Runs a command. Blocks.
///
/// # Errors
/// Fails when a file cannot be read or is wrong.
pub fn run(command: &PolicyCommand) -> anyhow::Result<()> {
    match command {
        PolicyCommand::Check { files } => each(files, |policy| {
            println!("{}\n{}", policy.name, indent(&policy.explain()));
        }),
        PolicyCommand::Fmt { files } => each(files, |policy| print!("---\n{}", policy.to_yaml())),
    }
}

fn each(files: &[PathBuf], show: impl Fn(&alerting::Policy)) -> anyhow::Result<()> {
    let mut wrong = 0;
    for path in files {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        for note in alerting::compatibility_notes(&text) {
            eprintln!("{}:{}: {}", path.display(), note.line, note.text);
        }
        match alerting::parse_policies(&path.display().to_string(), &text) {
            Ok(policies) => policies.iter().for_each(&show),
            Err(error) => {
                wrong += 1;
                eprintln!("{error}");
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} files are wrong");
    }
    Ok(())
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
