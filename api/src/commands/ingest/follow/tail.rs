//! One followed file.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::ProjectId;
use ingest::{Context, Limits};
use tokio::time::Instant;

use super::super::file_service;
use super::origin::Origin;
use super::piece::{self, Piece, Until};
use super::place::{FileId, Place, print};

/// Bytes that are read at once, as a rule.
const CHUNK_BYTES: u64 = 256 * 1024;
/// Most bytes that are read at once, when no record ends before: several times the longest record.
const LARGEST_BYTES: u64 = 4 * 1024 * 1024;
/// How packed files begin: gzip, zstd, bzip2, xz, zip, lz4.
const PACKED: [&[u8]; 6] = [
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"BZh",
    b"\xfd7zXZ",
    b"PK\x03\x04",
    b"\x04\x22\x4d\x18",
];

/// A file and how far it was sent.
pub(super) struct Tail {
    pub place: Place,
    /// The name that it has now; none when it has left those that are meant.
    pub path: Option<PathBuf>,
    /// Kept open where possible: a file that is deleted can then be read to its end.
    pub file: Option<File>,
    pub size: u64,
    /// When it was last seen to have changed.
    pub changed_at: Instant,
    /// Its folder and its name without numbers: what a copy of it shares.
    pub family: u64,
    /// A copy of another file begins at the place of that one, which is still read up to when it is cut.
    pub copy_of: Option<(Place, Instant)>,
    pub missing_since: Option<Instant>,
    /// Whether somebody was told that it cannot be read.
    pub is_told: bool,
    origin: Origin,
    is_packed: bool,
    /// The last look that gave nothing: size and how much was wanted.
    tried: Option<(u64, Until)>,
    /// Since when looks give nothing although there are bytes.
    stuck_since: Option<Instant>,
}

/// What a look at a file gave.
pub(super) enum Read {
    /// Records, and the place behind them.
    Piece(Piece, Place),
    /// Nothing for now.
    Nothing,
    /// What was before the place is not there any more.
    Cut,
}

/// How long a file is quiet before its last record and its torn line are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quiet {
    pub short: Duration,
    pub long: Duration,
}

impl Tail {
    pub fn new(
        place: Place,
        path: Option<PathBuf>,
        file: Option<File>,
        size: u64,
        now: Instant,
    ) -> Self {
        Self {
            origin: Origin::of(&place.path, &place.real),
            family: family(&place.real),
            place,
            path,
            file,
            size,
            changed_at: now,
            copy_of: None,
            missing_since: None,
            is_told: false,
            is_packed: false,
            tried: None,
            stuck_since: None,
        }
    }

    /// Notes its size.
    pub fn saw(&mut self, size: u64, now: Instant) {
        if size != self.size {
            self.size = size;
            self.changed_at = now;
            self.tried = None;
        }
    }

    /// Begins at its start, as the file that has its name now.
    pub fn begin_anew(&mut self) {
        if let Some(path) = &self.path {
            self.place.real = path.canonicalize().unwrap_or_else(|_| path.clone());
            self.place.path.clone_from(path);
            self.origin = Origin::of(&self.place.path, &self.place.real);
            self.family = family(&self.place.real);
        }
        self.place.offset = 0;
        self.place.print.clear();
        self.is_packed = false;
        self.tried = None;
    }

    /// Takes the name that it had, which names the service of its records.
    pub fn name(&mut self, place: &Place) {
        if self.place.path != place.path {
            self.origin = Origin::of(&place.path, &place.real);
            self.place.path.clone_from(&place.path);
            self.place.real.clone_from(&place.real);
        }
    }

    /// Goes on at the place of the file whose copy it is.
    pub fn begin_like(&mut self, original: &Place) {
        self.place.offset = original.offset;
        self.place.print.clone_from(&original.print);
        self.copy_of = None;
        self.tried = None;
    }

    /// Whether all that is there was sent.
    pub fn is_at_end(&self) -> bool {
        self.size <= self.place.offset || self.is_packed
    }

    /// How much may be taken now, `None` when a look would give nothing.
    pub fn wanted(&self, now: Instant, quiet: Quiet, is_last: bool) -> Option<Until> {
        if self.is_at_end() || self.copy_of.is_some() {
            return None;
        }
        let since = now.saturating_duration_since(self.changed_at);
        let stuck = self.stuck_since.map(|at| now.saturating_duration_since(at));
        let until = if since >= quiet.long {
            Until::All
        } else if stuck.is_some_and(|stuck| stuck >= quiet.long) {
            Until::Split
        } else if since >= quiet.short || is_last {
            Until::Lines
        } else {
            Until::Ended
        };
        match self.tried {
            Some((size, tried)) if size == self.size && tried >= until => None,
            _ => Some(until),
        }
    }

    /// The file, opened if it is not.
    pub fn open(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            let path = self.path.as_deref().unwrap_or(&self.place.real);
            let file = File::open(path)?;
            if FileId::of(&file.metadata()?) != self.place.id {
                return Err(io::Error::other("another file has its name now"));
            }
            self.file = Some(file);
        }
        self.file.as_ref().ok_or_else(not_open)
    }

    /// Whether nobody can open it by a name any more.
    pub fn is_deleted(&self) -> bool {
        let about = self.file.as_ref().map(File::metadata);
        matches!(about, Some(Ok(about)) if about.nlink() == 0)
    }

    /// Notes what a look for records gave.
    pub fn gave(&mut self, read: &Read, now: Instant) {
        match read {
            Read::Piece(..) => self.stuck_since = None,
            Read::Nothing | Read::Cut => {
                self.stuck_since.get_or_insert(now);
            }
        }
    }

    /// The next records, about `most`. Lines without a time get `received_at_ns`.
    pub fn read(
        &mut self,
        until: Until,
        most: usize,
        received_at_ns: i64,
        service: Option<&str>,
    ) -> io::Result<Read> {
        let place = self.place.clone();
        self.open()?;
        let file = self.file.as_ref().ok_or_else(not_open)?;
        if !place.is_in(file)? {
            return Ok(Read::Cut);
        }
        let size = file.metadata()?.len();
        let mut length = CHUNK_BYTES;
        let piece = loop {
            let bytes = read_at(
                file,
                place.offset,
                length.min(size.saturating_sub(place.offset)),
            )?;
            if place.offset == 0 && PACKED.iter().any(|magic| bytes.starts_with(magic)) {
                self.is_packed = true;
                return Ok(Read::Nothing);
            }
            let is_end = place.offset + bytes.len() as u64 >= size;
            let until = if is_end { until } else { Until::Ended };
            let piece = self
                .origin
                .records(&bytes, until, most, received_at_ns, service);
            if piece.bytes > 0 || is_end {
                break piece;
            }
            if length >= LARGEST_BYTES {
                // A line or a record without an end: it is cut behind a line where there is one.
                let line_end = bytes.iter().rposition(|byte| *byte == b'\n');
                let end = line_end.map_or(bytes.len(), |at| at + 1);
                let whole = &bytes[..end];
                break self
                    .origin
                    .records(whole, Until::All, usize::MAX, received_at_ns, service);
            }
            length *= 4;
        };
        if piece.bytes == 0 {
            self.tried = Some((self.size, until));
            return Ok(Read::Nothing);
        }
        let offset = place.offset + piece.bytes as u64;
        let after = Place {
            print: print(file, offset)?,
            offset,
            ..place
        };
        Ok(Read::Piece(piece, after))
    }

    /// The records of a stretch that was read before.
    pub fn read_again(
        &mut self,
        start: u64,
        end: u64,
        received_at_ns: i64,
        service: Option<&str>,
    ) -> io::Result<Piece> {
        let file = self.open()?;
        let bytes = read_at(
            file,
            start,
            end.saturating_sub(start).min(2 * LARGEST_BYTES),
        )?;
        let piece = self
            .origin
            .records(&bytes, Until::All, usize::MAX, received_at_ns, service);
        Ok(piece)
    }

    /// The attributes of its records.
    pub fn attributes(&self) -> &[(&'static str, String)] {
        &self.origin.attributes
    }
}

impl Origin {
    fn records(
        &self,
        bytes: &[u8],
        until: Until,
        most: usize,
        received_at_ns: i64,
        service: Option<&str>,
    ) -> Piece {
        let limits = Limits::default();
        let context = Context {
            project_id: ProjectId(uuid::Uuid::nil()),
            received_at_ns,
            default_service: service.or(self.service.as_deref()).map(str::to_owned),
            limits: &limits,
        };
        piece::read(bytes, until, most, &context)
    }
}

fn not_open() -> io::Error {
    io::Error::other("it is not open")
}

/// Up to `length` bytes: fewer when the file has become shorter.
fn read_at(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// What a file shares with its copies and its followers: the folder, and the name without endings and numbers.
pub(super) fn family(real: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    real.parent().hash(&mut hasher);
    file_service(real).hash(&mut hasher);
    hasher.finish()
}
