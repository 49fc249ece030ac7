//! Other processes, seen and signalled from outside.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use testkit::Postgres;

/// A process and its living descendants.
pub fn tree(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let path = format!("/proc/{root}/task/{root}/children");
    for word in std::fs::read_to_string(path)
        .unwrap_or_default()
        .split_whitespace()
    {
        if let Ok(child) = word.parse() {
            found.extend(tree(child));
        }
    }
    found
}

/// Whether a process is there and has not ended.
pub fn is_alive(id: u32) -> bool {
    let state = state(id);
    !(state.is_empty() || state.starts_with(['Z', 'X']))
}

/// How a process ended that nobody has waited for yet.
pub fn ending(id: u32) -> String {
    use std::os::unix::process::ExitStatusExt;
    let code = state(id).split_whitespace().last().map(str::parse);
    match code {
        Some(Ok(code)) => std::process::ExitStatus::from_raw(code).to_string(),
        _ => "gone".to_owned(),
    }
}

/// The fields of a process after its name: its state first, the status that its parent will get last.
fn state(id: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .map_or_else(String::new, |(_, rest)| rest.to_owned())
}

/// Sends a signal to processes of our own; those that are gone already do not matter.
pub fn signal(name: &str, ids: &[u32]) {
    for id in ids {
        Command::new("kill")
            .args([name, &id.to_string()])
            .stderr(std::process::Stdio::null())
            .status()
            .ok();
    }
}

/// Waits until processes are gone.
pub fn wait_gone(ids: &[u32], limit: Duration) -> anyhow::Result<()> {
    let begun = Instant::now();
    while ids.iter().any(|id| is_alive(*id)) {
        ensure!(
            begun.elapsed() < limit,
            "processes {ids:?} are still there after {} s",
            limit.as_secs()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// All processes of the private server.
pub fn of_postgres(postgres: &Postgres) -> anyhow::Result<Vec<u32>> {
    Ok(tree(postgres.pid().context("PostgreSQL is down")?))
}

/// Starts the private server again when it is not there, whatever ended it.
pub fn revive(postgres: &Postgres, before: &[u32]) -> anyhow::Result<()> {
    wait_gone(before, Duration::from_secs(30))?;
    // Takes note of its end; there is nothing left to stop.
    postgres.crash()?;
    postgres.resume()?;
    Ok(())
}

/// File descriptors that a process holds.
pub fn open_files(id: u32) -> usize {
    std::fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count)
}

/// Whether a program can be run.
pub fn is_installed(program: &str, argument: &str) -> bool {
    Command::new(program)
        .arg(argument)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}
