//! Digests, and the note that spares hashing at every start.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use crate::catalogue::ModelFile;
use crate::{Error, ModelSpec};

/// The folder of the notes in the cache.
const NOTES: &str = ".verified";
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
    check_digest(path, expected)
}

/// Hashes a file and compares its digest.
pub(crate) fn check_digest(path: &Path, expected: &str) -> Result<(), Error> {
    let found = digest(path)?;
    if found == expected {
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
        let metadata = match std::fs::metadata(directory.join(&file.name)) {
            Err(_) if file.optional => continue,
            other => other.ok()?,
        };
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

/// Where the note on a model's folder lies: in the cache, because the folder may be the user's own, which is
/// never written.
fn place(cache: &Path, directory: &Path, spec: &ModelSpec) -> PathBuf {
    let directory = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.to_owned());
    let digest = hex::encode(Sha256::digest(directory.as_os_str().as_encoded_bytes()));
    cache
        .join(NOTES)
        .join(format!("{}-{}", spec.id.replace('/', "--"), &digest[..16]))
}

/// Whether the files are the ones whose digests were checked before.
pub(crate) fn is_noted(cache: &Path, directory: &Path, spec: &ModelSpec) -> bool {
    let Ok(note) = std::fs::read_to_string(place(cache, directory, spec)) else {
        return false;
    };
    fingerprint(directory, spec).is_some_and(|now| now == note)
}

/// Notes that the digests were checked. Where the cache cannot be written, they are hashed again next time.
pub(crate) fn note(cache: &Path, directory: &Path, spec: &ModelSpec) {
    let Some(text) = fingerprint(directory, spec) else {
        return;
    };
    let path = place(cache, directory, spec);
    let written =
        std::fs::create_dir_all(cache.join(NOTES)).and_then(|()| std::fs::write(&path, text));
    if let Err(error) = written {
        tracing::debug!(%error, path = %path.display(), "model note not written");
    }
}
