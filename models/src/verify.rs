//! Digests, and the note that spares hashing at every start.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use crate::catalogue::ModelFile;
use crate::{Error, ModelSpec};

/// The name of the note in a model's folder.
const NOTE: &str = "verified";
/// How much is read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Hashes a file and compares size and digest with the catalogue.
pub(crate) fn check_file(path: &Path, spec: &ModelFile) -> Result<(), Error> {
    let length = std::fs::metadata(path)
        .map_err(Error::io("reading", path))?
        .len();
    if let Some(expected) = spec.bytes
        && expected != length
    {
        return Err(Error::Mismatch {
            path: path.to_owned(),
            detail: format!("size is {length} bytes, expected {expected}"),
        });
    }
    let Some(expected) = &spec.sha256 else {
        return Ok(());
    };
    let found = digest(path)?;
    if &found == expected {
        return Ok(());
    }
    Err(Error::Mismatch {
        path: path.to_owned(),
        detail: format!("sha256 is {found}, expected {expected}"),
    })
}

/// The SHA-256 of a file, lowercase hex.
pub(crate) fn digest(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(Error::io("opening", path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; CHUNK_BYTES];
    loop {
        let count = file.read(&mut buffer).map_err(Error::io("reading", path))?;
        if count == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(&buffer[..count]);
    }
}

/// Size and modification time of every file, as one text: equal as long as nobody touched them.
fn fingerprint(directory: &Path, spec: &ModelSpec) -> Option<String> {
    use std::fmt::Write as _;
    let mut text = String::new();
    for file in &spec.files {
        let metadata = std::fs::metadata(directory.join(&file.name)).ok()?;
        let modified = metadata
            .modified()
            .ok()?
            .duration_since(UNIX_EPOCH)
            .ok()?
            .as_nanos();
        writeln!(
            text,
            "{} {} {modified} {}",
            file.name,
            metadata.len(),
            file.sha256.as_deref().unwrap_or("-")
        )
        .ok()?;
    }
    Some(text)
}

/// Whether the files are the ones whose digests were checked before.
pub(crate) fn is_noted(directory: &Path, spec: &ModelSpec) -> bool {
    let Ok(note) = std::fs::read_to_string(directory.join(NOTE)) else {
        return false;
    };
    fingerprint(directory, spec).is_some_and(|now| now == note)
}

/// Notes that the digests were checked. A directory that cannot be written is hashed again next time.
pub(crate) fn note(directory: &Path, spec: &ModelSpec) {
    if let Some(text) = fingerprint(directory, spec)
        && let Err(error) = std::fs::write(directory.join(NOTE), text)
    {
        tracing::debug!(%error, directory = %directory.display(), "model note not written");
    }
}
