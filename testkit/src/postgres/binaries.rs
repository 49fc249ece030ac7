//! Where the server's programs come from.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{apt, wheel};
use crate::Error;

/// Names the folder that holds `initdb` and `postgres`; nothing else is tried then.
const OVERRIDE: &str = "VIGIL_TEST_POSTGRES_BIN";

/// The folder with a working `initdb` and `postgres`: the override, PATH, the places of Linux distributions, or
/// one that the package managers at hand bring.
pub(super) fn find() -> Result<PathBuf, Error> {
    if let Some(folder) = std::env::var_os(OVERRIDE) {
        let folder = PathBuf::from(folder);
        return check(&folder).map_err(|why| Error::NoPostgres {
            tried: format!("{OVERRIDE} '{}': {why}", folder.display()),
        });
    }
    let mut tried = Vec::new();
    if let Some(found) = installed(&mut tried) {
        return Ok(found);
    }
    match apt::install() {
        Ok(()) => {
            if let Some(found) = installed(&mut tried) {
                return Ok(found);
            }
            tried.push("apt: installed, but no server came of it".to_owned());
        }
        Err(why) => tried.push(format!("apt: {why}")),
    }
    match wheel::obtain() {
        Ok(folder) => match check(&folder) {
            Ok(found) => return Ok(found),
            Err(why) => tried.push(format!("wheel '{}': {why}", folder.display())),
        },
        Err(why) => tried.push(format!("wheel: {why}")),
    }
    Err(Error::NoPostgres {
        tried: tried.join("; "),
    })
}

/// Looks in PATH and the usual places. A folder that has the programs but cannot use them is written down in `tried`.
fn installed(tried: &mut Vec<String>) -> Option<PathBuf> {
    let from_path = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    let mut any = false;
    for folder in from_path.into_iter().chain(distribution_folders()) {
        if !folder.join("postgres").exists() {
            continue;
        }
        any = true;
        // A link in /usr/local/bin leads to the folder where `initdb` and the share files fit together.
        let real = folder
            .join("postgres")
            .canonicalize()
            .ok()
            .and_then(|program| program.parent().map(Path::to_owned))
            .unwrap_or(folder);
        match check(&real) {
            Ok(found) => return Some(found),
            Err(why) => tried.push(format!("'{}': {why}", real.display())),
        }
    }
    if !any {
        tried.push("none in PATH or /usr/lib/postgresql/*/bin".to_owned());
    }
    None
}

/// `/usr/lib/postgresql/*/bin` (Debian) and `/usr/pgsql-*/bin` (Fedora's vendor packages), newest version first.
fn distribution_folders() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let version = name.strip_prefix(prefix).and_then(|text| text.parse().ok());
            if let Some(version) = version {
                found.push((version, entry.path().join("bin")));
            }
        }
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// Whether both programs of a folder start at all (a missing shared library shows here).
fn check(folder: &Path) -> Result<PathBuf, String> {
    for program in ["initdb", "postgres"] {
        let path = folder.join(program);
        let output = Command::new(&path)
            .arg("--version")
            .output()
            .map_err(|error| format!("{program}: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() || !text.contains("PostgreSQL") {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{program} --version: {}", error.trim()));
        }
    }
    Ok(folder.to_owned())
}
