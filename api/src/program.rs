//! How a person calls this executable from where it was started.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The name that every text uses.
const NAME: &str = "vigil";

/// `vigil` when the shell finds this executable by that name; else its path, as short as it goes.
#[must_use]
pub fn name() -> String {
    shown().map_or_else(|| NAME.to_owned(), |path| path.display().to_string())
}

/// The same for anybody: never a path that tells where this machine keeps things.
#[must_use]
pub fn public_name() -> String {
    match shown() {
        Some(path) if path.is_relative() => path.display().to_string(),
        _ => NAME.to_owned(),
    }
}

fn shown() -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    // What Linux says of an executable that was built anew while it runs.
    let executable = match executable.to_str() {
        Some(text) => PathBuf::from(text.strip_suffix(" (deleted)").unwrap_or(text)),
        None => executable,
    };
    let folder = std::env::current_dir().ok()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    Some(short(&executable, &folder, &path))
}

fn short(executable: &Path, folder: &Path, path: &OsStr) -> PathBuf {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let executable = real(executable);
    if let Some(name) = executable.file_name() {
        let found = std::env::split_paths(path)
            .map(|folder| folder.join(name))
            .find(|candidate| candidate.is_file());
        if found.is_some_and(|found| real(&found) == executable) {
            return PathBuf::from(name);
        }
    }
    match executable.strip_prefix(real(folder)) {
        // A shell looks for a bare name in PATH only.
        Ok(relative) if relative.components().count() == 1 => Path::new(".").join(relative),
        Ok(relative) => relative.to_owned(),
        Err(_) => executable,
    }
}

#[cfg(test)]
mod tests;
