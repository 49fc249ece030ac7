//! The files of an embedded index.
//!
//! ```text
//! <dir>/lock         held as long as the index is open
//! <dir>/index.json   which schema and epoch the shard has; written last, so without it the shard is not whole
//! <dir>/opening      there while the shard is being opened: found at a start, opening it killed the process
//! <dir>/shard/       Qdrant Edge's own files
//! <dir>/set-aside/   the latest shard that could not be opened, for whoever wants to know why
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::IndexSchema;
use super::super::backend::FORMAT;
use crate::error::{Error, Result};

/// Where things are, and the lock on them.
#[derive(Debug)]
pub(super) struct Layout {
    dir: PathBuf,
    _lock: File,
}

/// `index.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Description {
    format: u32,
    model: String,
    dimension: usize,
    pub(super) epoch: String,
}

impl Description {
    pub(super) fn new(schema: &IndexSchema) -> Self {
        Self {
            format: FORMAT,
            model: schema.model.clone(),
            dimension: schema.dimension,
            epoch: uuid::Uuid::new_v4().to_string(),
        }
    }

    pub(super) fn fits(&self, schema: &IndexSchema) -> bool {
        self.format == FORMAT && self.model == schema.model && self.dimension == schema.dimension
    }
}

impl Layout {
    /// Makes the folder if need be and locks it. The system releases the lock when the process dies.
    pub(super) fn lock(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).map_err(|source| Error::io(dir, source))?;
        let path = dir.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| Error::io(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                dir: dir.to_path_buf(),
                _lock: file,
            }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse {
                path: dir.to_path_buf(),
            }),
            Err(TryLockError::Error(source)) => Err(Error::io(path, source)),
        }
    }

    /// Where all of it lies.
    pub(super) fn folder(&self) -> &Path {
        &self.dir
    }

    pub(super) fn shard(&self) -> PathBuf {
        self.dir.join("shard")
    }

    fn description_path(&self) -> PathBuf {
        self.dir.join("index.json")
    }

    fn opening(&self) -> PathBuf {
        self.dir.join("opening")
    }

    /// What `index.json` says; `None` when it is not there or cannot be read.
    pub(super) fn description(&self) -> Option<Description> {
        let text = fs::read_to_string(self.description_path()).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes `index.json` so that it is there whole or not at all.
    pub(super) fn describe(&self, description: &Description) -> Result<()> {
        let path = self.description_path();
        let draft = self.dir.join("index.json.new");
        let write = || -> io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(&serde_json::to_vec_pretty(description)?)?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(|source| Error::io(&path, source))
    }

    /// Whether a process died while it opened this shard.
    pub(super) fn died_while_opening(&self) -> bool {
        self.opening().exists()
    }

    /// Marks that the shard is being opened.
    pub(super) fn begin_opening(&self) -> Result<()> {
        let path = self.opening();
        File::create(&path)
            .and_then(|file| file.sync_all())
            .map_err(|source| Error::io(&path, source))
    }

    /// Takes the mark away.
    pub(super) fn end_opening(&self) -> Result<()> {
        remove(&self.opening(), |path| fs::remove_file(path))
    }

    /// Moves the shard out of the way, in place of the one that was set aside before.
    pub(super) fn set_aside(&self) -> Result<()> {
        let target = self.dir.join("set-aside");
        remove(&target, |path| fs::remove_dir_all(path))?;
        self.forget()?;
        let shard = self.shard();
        match fs::rename(&shard, &target) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(Error::io(shard, source))
            }
            _ => Ok(()),
        }
    }

    /// Deletes the shard.
    pub(super) fn discard(&self) -> Result<()> {
        self.forget()?;
        remove(&self.shard(), |path| fs::remove_dir_all(path))
    }

    /// First `index.json` goes, so that a shard which is half gone is never taken for whole.
    fn forget(&self) -> Result<()> {
        remove(&self.description_path(), |path| fs::remove_file(path))?;
        self.end_opening()
    }
}

fn remove(path: &Path, how: impl Fn(&Path) -> io::Result<()>) -> Result<()> {
    match how(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::io(path, source)),
        _ => Ok(()),
    }
}
