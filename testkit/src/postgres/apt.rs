//! PostgreSQL out of Debian's packages, when the tests run as root on a machine that has apt.

use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Installs the distribution's `postgresql`. No server is set up or started by it: the package's own cluster is
/// switched off where no one has decided otherwise.
pub(super) fn install() -> Result<(), String> {
    if super::user_id() != 0 {
        return Err("not root".to_owned());
    }
    let settings = Path::new("/etc/postgresql-common");
    let create_cluster = settings.join("createcluster.conf");
    let lock_path = std::env::temp_dir().join("vigil-testkit-apt.lock");
    let lock = File::create(&lock_path).map_err(|error| error.to_string())?;
    // Test processes that start together install once; apt's own lock would fail the others.
    lock.lock().map_err(|error| error.to_string())?;
    if Command::new("apt-get").arg("--version").output().is_err() {
        return Err("no apt-get here".to_owned());
    }
    if !create_cluster.exists() {
        std::fs::create_dir_all(settings).map_err(|error| error.to_string())?;
        std::fs::write(&create_cluster, "create_main_cluster = false\n")
            .map_err(|error| error.to_string())?;
    }
    let keep = "Dpkg::Options::=--force-confold";
    if run(&[
        "install",
        "-y",
        "--no-install-recommends",
        "-o",
        keep,
        "postgresql",
    ])
    .is_ok()
    {
        return Ok(());
    }
    run(&["update"])?;
    run(&[
        "install",
        "-y",
        "--no-install-recommends",
        "-o",
        keep,
        "postgresql",
    ])
}

fn run(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("UCF_FORCE_CONFFOLD", "1")
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or("no message");
    Err(format!(
        "apt-get {}: {last} ({})",
        arguments[0], output.status
    ))
}
