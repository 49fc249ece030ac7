//! Room on the disk, and what a fetch leaves behind.

use std::path::Path;

use crate::Error;

/// What stays free for everybody else: a full disk would stop the store.
const RESERVE_BYTES: u64 = 256 << 20;

/// Fails when `bytes` more do not fit where the folder lies. A place that cannot be asked is not a reason to fail.
pub(crate) fn check(folder: &Path, bytes: u64) -> Result<(), Error> {
    let Ok(free) = fs4::available_space(folder) else {
        return Ok(());
    };
    let needed = bytes.saturating_add(RESERVE_BYTES);
    if bytes == 0 || free >= needed {
        return Ok(());
    }
    Err(Error::NoSpace {
        path: folder.to_owned(),
        needed_mb: needed >> 20,
        free_mb: free >> 20,
    })
}

/// Removes everything that the sources use on the way and that a complete model does not need.
pub(crate) fn tidy(target: &Path) {
    for folder in ["hub", "parts", "wheel"] {
        std::fs::remove_dir_all(target.join(folder)).ok();
    }
    // Earlier versions kept their note here.
    std::fs::remove_file(target.join("verified")).ok();
    let Ok(entries) = std::fs::read_dir(target) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "part")
        {
            std::fs::remove_file(path).ok();
        }
    }
}
