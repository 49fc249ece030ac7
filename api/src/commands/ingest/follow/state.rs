//! The kept places: one JSON value a line, the first is the whole, the others are what happened since.
//!
//! A request is planned before it is sent (`plan`) and done when it was acknowledged (`done`). Both are on disk before the
//! next step, so that a restart sends the plan again as it was, under its key, and the server takes it once.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::place::{FileId, Place};

/// The version of the format.
const VERSION: u32 = 1;
/// Bytes of changes after which the whole is written anew.
const CHANGES_BYTES: u64 = 1024 * 1024;
/// Largest file that is read: a hundred thousand places.
const LARGEST_BYTES: u64 = 256 * 1024 * 1024;
/// Most files that were cut and are remembered, in case that a copy of them turns up.
const CUT: usize = 1_000;

/// A stretch of a file within a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub start: u64,
    /// The place when the request is done.
    pub after: Place,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub key: Uuid,
    /// The instant of records that have none of their own.
    pub received_at_ns: i64,
    /// SHA-256 of the body, in hexadecimal digits.
    pub digest: String,
    pub parts: Vec<Part>,
}

/// All that is kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub places: HashMap<FileId, Place>,
    /// Places of files at the moment that they were cut.
    pub cut: Vec<Place>,
    /// A request of which nobody knows whether it was taken.
    pub plan: Option<Plan>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Whole {
        version: u32,
        places: Vec<Place>,
        cut: Vec<Place>,
        plan: Option<Plan>,
    },
    Plan(Plan),
    Done(Uuid),
    /// The file was cut here and is read from its start.
    Cut(Place),
    /// The file begins here, although nothing of it was sent under this identity.
    Begin(Place),
    Forgotten(FileId),
}

impl Kept {
    fn apply(&mut self, line: Line) -> anyhow::Result<()> {
        match line {
            Line::Whole {
                version,
                places,
                cut,
                plan,
            } => {
                if version != VERSION {
                    bail!("it is of version {version}, this program reads {VERSION}");
                }
                self.places = places.into_iter().map(|place| (place.id, place)).collect();
                self.cut = cut;
                self.plan = plan;
            }
            Line::Plan(plan) => self.plan = Some(plan),
            Line::Done(key) => {
                if let Some(plan) = self.plan.take_if(|plan| plan.key == key) {
                    for part in plan.parts {
                        self.places.insert(part.after.id, part.after);
                    }
                }
            }
            Line::Cut(place) => {
                self.places.remove(&place.id);
                self.cut.push(place);
                let surplus = self.cut.len().saturating_sub(CUT);
                self.cut.drain(..surplus);
            }
            Line::Begin(place) => {
                self.cut.retain(|cut| cut.print != place.print);
                self.places.insert(place.id, place);
            }
            Line::Forgotten(id) => {
                self.places.remove(&id);
            }
        }
        Ok(())
    }

    fn whole(&self) -> Line {
        let places: BTreeMap<FileId, Place> = self
            .places
            .iter()
            .map(|(id, place)| (*id, place.clone()))
            .collect();
        Line::Whole {
            version: VERSION,
            places: places.into_values().collect(),
            cut: self.cut.clone(),
            plan: self.plan.clone(),
        }
    }
}

/// The file of the kept places, held by one process at a time.
pub(super) struct State {
    path: PathBuf,
    pub kept: Kept,
    /// Open for the next changes; none when the whole must be written first.
    file: Option<File>,
    changes_bytes: u64,
    waiting: Vec<u8>,
    _lock: File,
}

impl State {
    /// Opens the file, or begins a new one.
    ///
    /// # Errors
    /// It cannot be read or written, is damaged, or another process follows by it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("the state file {}", path.display());
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).with_context(what)?;
        }
        let lock = private()
            .truncate(false)
            .open(path.with_extension("lock"))
            .with_context(what)?;
        if lock.try_lock().is_err() {
            bail!(
                "{} is in use by another `vigil ingest --follow`; give this one its own with --state",
                path.display()
            );
        }
        let mut state = Self {
            path: path.to_owned(),
            kept: read(path).with_context(what)?,
            file: None,
            changes_bytes: 0,
            waiting: Vec::new(),
            _lock: lock,
        };
        state.save().with_context(what)?;
        Ok(state)
    }

    /// Whether a path is one of the state's own files.
    pub fn is_own(&self, path: &Path) -> bool {
        path.file_stem() == self.path.file_stem()
            && ["", "lock", "new"].iter().any(|ending| {
                let own = if ending.is_empty() {
                    self.path.clone()
                } else {
                    self.path.with_extension(ending)
                };
                own == *path
                    || own
                        .canonicalize()
                        .is_ok_and(|own| path.canonicalize().is_ok_and(|path| own == path))
            })
    }

    /// Notes what will be sent; on disk with the next [`State::save`].
    pub fn plan(&mut self, plan: Plan) {
        self.note(Line::Plan(plan));
    }

    /// Notes that it was acknowledged.
    pub fn done(&mut self, key: Uuid) {
        self.note(Line::Done(key));
    }

    /// Notes that a file was cut at a place.
    pub fn cut(&mut self, place: Place) {
        self.note(Line::Cut(place));
    }

    /// Notes where a file begins that is the copy of another.
    pub fn begin(&mut self, place: Place) {
        self.note(Line::Begin(place));
    }

    /// Forgets a file that is gone.
    pub fn forget(&mut self, id: FileId) {
        if self.kept.places.contains_key(&id) {
            self.note(Line::Forgotten(id));
        }
    }

    /// Gives up a plan that cannot be sent as it was.
    pub fn drop_plan(&mut self) {
        self.kept.plan = None;
        self.file = None;
    }

    /// Whether something would be lost without [`State::save`].
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty() || self.file.is_none()
    }

    fn note(&mut self, line: Line) {
        write_line(&line, &mut self.waiting);
        // Of one's own lines none is of another version.
        self.kept.apply(line).ok();
    }

    /// Writes what was noted, to the disk itself.
    ///
    /// # Errors
    /// It cannot be written: it is tried as a whole the next time.
    pub fn save(&mut self) -> io::Result<()> {
        if self.changes_bytes + self.waiting.len() as u64 > CHANGES_BYTES {
            self.file = None;
        }
        let written = match self.file.as_mut() {
            Some(_) if self.waiting.is_empty() => Ok(()),
            Some(file) => file
                .write_all(&self.waiting)
                .and_then(|()| file.sync_data()),
            None => self.write_whole(),
        };
        match written {
            Ok(()) => {
                self.changes_bytes += self.waiting.len() as u64;
                self.waiting.clear();
                Ok(())
            }
            Err(error) => {
                // Half a line may stand there.
                self.file = None;
                Err(error)
            }
        }
    }

    /// Beside the old file first: a crash leaves one of the two whole.
    fn write_whole(&mut self) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut text = Vec::new();
        write_line(&self.kept.whole(), &mut text);
        let mut file = private().truncate(true).open(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)?;
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder)?.sync_all()?;
        self.file = Some(file);
        self.changes_bytes = 0;
        self.waiting.clear();
        Ok(())
    }
}

/// For writing, readable by its owner only: paths may tell something.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

fn write_line(line: &Line, output: &mut Vec<u8>) {
    // Paths that are no text are not followed, so that there is nothing that JSON cannot hold.
    let start = output.len();
    match serde_json::to_writer(&mut *output, line) {
        Ok(()) => output.push(b'\n'),
        Err(_) => output.truncate(start),
    }
}

fn read(path: &Path) -> anyhow::Result<Kept> {
    let mut kept = Kept::default();
    let length = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(kept),
        other => other?.len(),
    };
    if length > LARGEST_BYTES {
        bail!("it has {length} bytes, limit is {LARGEST_BYTES}");
    }
    let bytes = std::fs::read(path)?;
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return Ok(kept);
    };
    let first: Line = serde_json::from_slice(first).context(
        "its first line cannot be read; remove the file to read all files from their start",
    )?;
    if !matches!(first, Line::Whole { .. }) {
        bail!(
            "its first line is not the whole; remove the file to read all files from their start"
        );
    }
    kept.apply(first)?;
    for line in lines {
        // The last line may be torn by a crash; it was not acted upon then.
        let Ok(line) = serde_json::from_slice(line) else {
            break;
        };
        kept.apply(line)?;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
