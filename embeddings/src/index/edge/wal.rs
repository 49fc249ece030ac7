//! Keeps the write-ahead log of Qdrant Edge 0.7.2 from growing without bound.
//!
//! That version writes every operation into `shard/wal/`, never reads it back and never cuts it
//! (0.9.0 does both). Removing the whole folder would be wrong: operations would be numbered from 0
//! again, and a point whose stored version is higher ignores them, so updates and deletes of points
//! that exist would silently do nothing. The number of the next operation comes from the newest
//! closed segment, so that one and the open one stay and all older ones go.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Size of one segment of the log.
pub(super) const SEGMENT_BYTES: usize = 8 << 20;

/// Log on disk above which it is cut at the next flush; about 25,000 points of 384 dimensions.
pub(super) const MAX_BYTES: u64 = 64 << 20;

fn folder(shard: &Path) -> PathBuf {
    shard.join("wal")
}

/// Bytes of the log on disk; 0 when there is none.
pub(super) fn size(shard: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder(shard)) else {
        return 0;
    };
    entries
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

/// Removes all closed segments but the newest. Only while the shard is closed and after a flush.
pub(super) fn cut(shard: &Path) -> Result<()> {
    let path = folder(shard);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::io(path, source)),
    };
    let mut closed: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let start = path.file_name()?.to_str()?.strip_prefix("closed-")?;
            Some((start.parse().ok()?, path))
        })
        .collect();
    closed.sort_unstable();
    closed.pop();
    for (_, path) in closed {
        fs::remove_file(&path).map_err(|source| Error::io(&path, source))?;
    }
    Ok(())
}
