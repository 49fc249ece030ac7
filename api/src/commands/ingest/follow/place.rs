//! How far a file was read, and how it is known again under another name, or as another file under the same.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Bytes at the beginning and before the place that a print is made of.
const PRINT_BYTES: u64 = 512;

/// Device and inode: the same under every name, and given to another file when this one is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct FileId {
    pub device: u64,
    pub inode: u64,
}

impl FileId {
    pub fn of(about: &Metadata) -> Self {
        Self {
            device: about.dev(),
            inode: about.ino(),
        }
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    #[serde(flatten)]
    pub id: FileId,
    /// The name under which it was found first: it names the service.
    pub path: PathBuf,
    /// The same behind all links.
    pub real: PathBuf,
    /// Bytes before the place.
    pub offset: u64,
    /// Of the bytes at the beginning and of those before the place.
    pub print: String,
}

impl Place {
    /// Whether the file still has what was before the place: otherwise it was cut, or is another file of the same inode.
    pub fn is_in(&self, file: &File) -> io::Result<bool> {
        if self.offset == 0 {
            return Ok(true);
        }
        Ok(file.metadata()?.len() >= self.offset && print(file, self.offset)? == self.print)
    }
}

/// Whether two files have the same first bytes, as many as a print has at its beginning.
pub(super) fn begin_alike(one: &File, other: &File) -> io::Result<bool> {
    let long_enough = |file: &File| Ok::<_, io::Error>(file.metadata()?.len() >= PRINT_BYTES);
    Ok(long_enough(one)?
        && long_enough(other)?
        && print(one, PRINT_BYTES)? == print(other, PRINT_BYTES)?)
}

/// The print of a place in a file; empty at the beginning.
pub(super) fn print(file: &File, offset: u64) -> io::Result<String> {
    if offset == 0 {
        return Ok(String::new());
    }
    let length = offset.min(PRINT_BYTES);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default() * 2];
    let (head, seam) = bytes.split_at_mut(usize::try_from(length).unwrap_or_default());
    let both = file
        .read_exact_at(head, 0)
        .and_then(|()| file.read_exact_at(seam, offset - length));
    match both {
        Ok(()) => {}
        // It has become shorter, which no print says.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok("(short)".into()),
        Err(error) => return Err(error),
    }
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    Ok(hex::encode(&digest[..16]))
}
