//! All followed files: which there are, which are gone, and what of them is sent next.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, Metadata};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::super::wire;
use super::pattern::Pattern;
use super::place::{FileId, Place};
use super::state::{Part, Plan, State};
use super::tail::{Quiet, Read, Tail, family};

/// Records of one request.
const ROUND_RECORDS: usize = 2_000;
/// Bytes of one request after which no more is added, well below the server's limit.
const ROUND_BYTES: usize = 4 * 1024 * 1024;
/// Stretches of one request.
const ROUND_PARTS: usize = 500;
/// Most files; further ones are not followed.
const MOST_FILES: usize = 100_000;
/// Most files that are kept open: a process may usually have 1,024.
const MOST_OPEN: usize = 400;
/// How long the copy of a file is waited with for the file to be cut.
const COPY_WAIT: Duration = Duration::from_secs(30);
/// Bytes that must be the same before a file is taken for the copy of another. Shorter beginnings may be the same honestly,
/// and a few lines twice are better than one that is lost.
const COPY_BYTES: u64 = 512;
/// Most places of files that are gone from what is meant, in case that they come back.
const MOST_KEPT: usize = 2 * MOST_FILES;

/// A request that is ready to be sent.
pub(super) struct Round {
    pub plan: Plan,
    pub body: String,
}

/// All followed files.
pub(super) struct Files {
    patterns: Vec<Pattern>,
    pub state: State,
    tails: BTreeMap<FileId, Tail>,
    /// The file with which the last request ended: the next begins behind it.
    cursor: Option<FileId>,
    /// The service of `--service`.
    service: Option<String>,
    quiet: Quiet,
    is_first: bool,
    /// How many files are open.
    open: usize,
    /// Whether the last save of the state failed.
    pub is_save_failing: bool,
    /// What a person should know.
    pub notices: Vec<String>,
}

impl Files {
    pub fn new(
        patterns: Vec<Pattern>,
        state: State,
        service: Option<String>,
        quiet: Quiet,
    ) -> Self {
        Self {
            patterns,
            state,
            tails: BTreeMap::new(),
            cursor: None,
            service,
            quiet,
            is_first: true,
            open: 0,
            is_save_failing: false,
            notices: Vec::new(),
        }
    }

    /// How many files are followed.
    pub fn count(&self) -> usize {
        self.tails.len()
    }

    /// Sees which files there are and how long they are.
    pub fn look(&mut self, now: Instant) {
        self.make_room();
        let mut found = self.find();
        for (id, tail) in &mut self.tails {
            match found.remove(id) {
                Some((path, about)) => {
                    tail.path = Some(path);
                    tail.missing_since = None;
                    tail.saw(about.len(), now);
                }
                None => tail.path = None,
            }
        }
        // Those that were read are first: they may show that they were cut, and others that they are their copies.
        let (known, new): (Vec<_>, Vec<_>) = found.into_iter().partition(|(id, _)| {
            let place = self.state.kept.places.get(id);
            place.is_some_and(|place| place.offset > 0)
        });
        for (id, (path, about)) in known.into_iter().chain(new) {
            self.register(id, path, &about, now);
        }
        if std::mem::take(&mut self.is_first) {
            self.find_moved(now);
        }
        self.settle_cut();
        self.settle_copies(now);
        self.settle_missing(now);
    }

    fn find(&self) -> HashMap<FileId, (PathBuf, Metadata)> {
        let mut found: HashMap<FileId, (PathBuf, Metadata)> = HashMap::new();
        for pattern in &self.patterns {
            pattern.each(&mut |path| {
                let is_own = self.state.is_own(&path) || path.to_str().is_none();
                if is_own || found.len() >= MOST_FILES {
                    return;
                }
                if let Ok(about) = std::fs::metadata(&path)
                    && about.is_file()
                {
                    found.entry(FileId::of(&about)).or_insert((path, about));
                }
            });
        }
        found
    }

    fn register(&mut self, id: FileId, path: PathBuf, about: &Metadata, now: Instant) {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        // One that cannot be opened now is tried again when it is read.
        let file = File::open(&path)
            .ok()
            .filter(|file| file.metadata().is_ok_and(|about| FileId::of(&about) == id));
        let known = self.state.kept.places.get(&id).cloned();
        let fresh = Place {
            id,
            path: path.clone(),
            real,
            offset: 0,
            print: String::new(),
        };
        let is_in = |place: &Place| {
            let file = file.as_ref();
            file.is_none_or(|file| place.is_in(file).unwrap_or(true))
        };
        let place = match known {
            Some(place) if is_in(&place) => place,
            Some(place) => {
                // Cut, or another file with the inode of one that is gone.
                self.state.cut(place);
                fresh
            }
            None => fresh,
        };
        let mut tail = Tail::new(place, Some(path), file, about.len(), now);
        if tail.place.offset == 0 {
            // A run that dies before anything of it was sent leaves its name to the next.
            self.state.begin(tail.place.clone());
            tail.copy_of = self.original_of(&tail, now);
        }
        if self.open >= MOST_OPEN {
            tail.file = None;
        }
        self.open += usize::from(tail.file.is_some());
        self.tails.insert(id, tail);
    }

    /// The place of the file whose copy this may be, to be settled when that one is cut.
    fn original_of(&self, copy: &Tail, now: Instant) -> Option<(Place, Instant)> {
        let file = copy.file.as_ref()?;
        let cut = self.state.kept.cut.iter();
        let cut = cut.filter(|place| family(&place.real) == copy.family);
        let others = self.tails.values();
        let others = others
            .filter(|other| other.family == copy.family)
            .map(|other| &other.place);
        cut.chain(others)
            .filter(|place| place.offset >= COPY_BYTES && place.id != copy.place.id)
            .find(|place| place.is_in(file).unwrap_or(false))
            .map(|place| (place.clone(), now))
    }

    /// Looks for files that were renamed to what is not meant while nobody followed: their last lines were not sent.
    fn find_moved(&mut self, now: Instant) {
        let kept = self.state.kept.places.values().cloned();
        let plan = self.state.kept.plan.iter().flat_map(|plan| &plan.parts);
        // Nothing of these was acknowledged for certain.
        let begun = plan.filter(|part| part.start == 0).map(|part| Place {
            offset: 0,
            print: String::new(),
            ..part.after.clone()
        });
        let mut missing: HashMap<PathBuf, Vec<Place>> = HashMap::new();
        for place in kept.chain(begun) {
            let has_name =
                std::fs::metadata(&place.path).is_ok_and(|about| FileId::of(&about) == place.id);
            let is_meant = self
                .patterns
                .iter()
                .any(|pattern| pattern.may_cover(&place.path));
            if !self.tails.contains_key(&place.id)
                && !has_name
                && is_meant
                && let Some(folder) = place.real.parent()
            {
                let places = missing.entry(folder.to_owned()).or_default();
                places.push(place);
            }
        }
        for (folder, places) in missing {
            let by_inode = inodes(&folder);
            for place in places {
                let id = place.id;
                let file = by_inode
                    .get(&id)
                    .and_then(|path| File::open(path).ok())
                    .filter(|file| place.is_in(file).unwrap_or(false));
                match file {
                    Some(file) => {
                        let size = file.metadata().map_or(0, |about| about.len());
                        let tail = Tail::new(place, None, Some(file), size, now);
                        self.tails.insert(id, tail);
                    }
                    None => self.state.forget(id),
                }
            }
        }
    }

    /// Files that are shorter than what was read of them begin anew.
    fn settle_cut(&mut self) {
        for tail in self.tails.values_mut() {
            if tail.size < tail.place.offset {
                self.state.cut(tail.place.clone());
                tail.begin_anew();
            }
        }
    }

    /// A copy goes on where its original was when that one was cut; what was copied by hand, where it was at first.
    fn settle_copies(&mut self, now: Instant) {
        for tail in self.tails.values_mut() {
            let Some((original, since)) = &tail.copy_of else {
                continue;
            };
            let is_over = now.saturating_duration_since(*since) >= COPY_WAIT;
            let original = original.clone();
            let cut = self.state.kept.cut.iter().rev().find(|place| {
                let is_kin = family(&place.real) == tail.family;
                let file = tail.open();
                is_kin
                    && place.offset >= COPY_BYTES
                    && file.is_ok_and(|file| place.is_in(file).unwrap_or(false))
            });
            let begin = cut.cloned().or_else(|| is_over.then_some(original));
            if let Some(begin) = begin {
                tail.begin_like(&begin);
                self.state.begin(tail.place.clone());
            }
        }
    }

    /// Files without a name that is meant are read to their end and then left.
    fn settle_missing(&mut self, now: Instant) {
        let mut left = Vec::new();
        for (id, tail) in &mut self.tails {
            if tail.path.is_some() {
                continue;
            }
            let since = *tail.missing_since.get_or_insert(now);
            if tail.file.is_none() {
                let folder = tail.place.real.parent().map(inodes).unwrap_or_default();
                tail.file = folder.get(id).and_then(|path| File::open(path).ok());
            }
            match tail.file.as_ref().map(File::metadata) {
                Some(Ok(about)) => tail.saw(about.len(), now),
                _ if !tail.is_at_end() => {
                    self.notices.push(format!(
                        "{}: its last {} bytes were deleted before they could be read",
                        tail.place.path.display(),
                        tail.size - tail.place.offset
                    ));
                    left.push((*id, true));
                    continue;
                }
                _ => {}
            }
            let quiet_since = tail.changed_at.max(since);
            let is_quiet = now.saturating_duration_since(quiet_since) >= self.quiet.long;
            if tail.is_at_end() && is_quiet {
                left.push((*id, tail.file.is_none() || tail.is_deleted()));
            }
        }
        for (id, is_deleted) in left {
            self.tails.remove(&id);
            if is_deleted || self.state.kept.places.len() > MOST_KEPT {
                self.state.forget(id);
            }
        }
    }

    /// Closes the files that were quiet the longest when no more may be opened; those with something to read stay open.
    fn make_room(&mut self) {
        let open = self.tails.iter().filter(|(_, tail)| tail.file.is_some());
        self.open = open.clone().count();
        if self.open < MOST_OPEN {
            return;
        }
        let mut idle: Vec<(Instant, FileId)> = open
            .filter(|(_, tail)| tail.is_at_end() && tail.path.is_some())
            .map(|(id, tail)| (tail.changed_at, *id))
            .collect();
        idle.sort_unstable();
        for (_, id) in idle.into_iter().take(MOST_OPEN / 4) {
            if let Some(tail) = self.tails.get_mut(&id) {
                tail.file = None;
                self.open -= 1;
            }
        }
    }

    /// The next request, noted in the state; `None` when there is nothing to send now.
    pub fn round(&mut self, now: Instant, received_at_ns: i64, is_last: bool) -> Option<Round> {
        let ready: Vec<FileId> =
            self.in_turn(|tail| tail.wanted(now, self.quiet, is_last).is_some());
        let (mut body, mut count, mut parts) = (String::new(), 0, Vec::new());
        for id in ready {
            if count >= ROUND_RECORDS || body.len() >= ROUND_BYTES || parts.len() >= ROUND_PARTS {
                break;
            }
            self.cursor = Some(id);
            let room = ROUND_RECORDS - count;
            if let Some((part, records)) =
                self.part(id, now, received_at_ns, is_last, room, &mut body)
            {
                count += records;
                parts.push(part);
            }
        }
        if parts.is_empty() {
            return None;
        }
        let plan = plan(parts, received_at_ns, &body);
        self.state.plan(plan.clone());
        Some(Round { plan, body })
    }

    /// The files for which something holds, those behind the cursor first.
    fn in_turn(&self, holds: impl Fn(&Tail) -> bool) -> Vec<FileId> {
        let (behind, before) = match self.cursor {
            Some(cursor) => (
                self.tails
                    .range((Bound::Excluded(cursor), Bound::Unbounded)),
                self.tails.range(..=cursor),
            ),
            None => return self.all(holds),
        };
        behind
            .chain(before)
            .filter(|(_, tail)| holds(tail))
            .map(|(id, _)| *id)
            .collect()
    }

    fn all(&self, holds: impl Fn(&Tail) -> bool) -> Vec<FileId> {
        let tails = self.tails.iter();
        tails
            .filter(|(_, tail)| holds(tail))
            .map(|(id, _)| *id)
            .collect()
    }

    fn part(
        &mut self,
        id: FileId,
        now: Instant,
        received_at_ns: i64,
        is_last: bool,
        room: usize,
        body: &mut String,
    ) -> Option<(Part, usize)> {
        let tail = self.tails.get_mut(&id)?;
        let until = tail.wanted(now, self.quiet, is_last)?;
        let was_open = tail.file.is_some();
        let service = self.service.as_deref();
        let mut read = tail.read(until, room, received_at_ns, service);
        if let Ok(Read::Cut) = read {
            self.state.cut(tail.place.clone());
            tail.begin_anew();
            read = tail.read(until, room, received_at_ns, service);
        }
        if let Ok(read) = &read {
            tail.gave(read, now);
        }
        // What was opened beyond the limit is closed again.
        if tail.file.is_some() && !was_open {
            self.open += 1;
            if self.open > MOST_OPEN {
                tail.file = None;
                self.open -= 1;
            }
        }
        match read {
            Ok(Read::Piece(piece, after)) => {
                for record in &piece.records {
                    wire::push_line(record, tail.attributes(), body);
                }
                let start = tail.place.offset;
                Some((Part { start, after }, piece.records.len()))
            }
            Ok(Read::Nothing | Read::Cut) => None,
            Err(error) => {
                // It may be there the next time; whether it is gone shows the next look.
                if !std::mem::replace(&mut tail.is_told, true) {
                    let path = tail.place.path.display();
                    self.notices.push(format!("{path}: {error}; trying again"));
                }
                None
            }
        }
    }

    /// Notes that a request was acknowledged; on disk with the next save.
    pub fn done(&mut self, plan: &Plan) {
        self.state.done(plan.key);
        for part in &plan.parts {
            if let Some(tail) = self.tails.get_mut(&part.after.id) {
                tail.place = part.after.clone();
                // It may have grown between the look and the reading.
                tail.size = tail.size.max(tail.place.offset);
            }
        }
    }

    /// The request of which nobody knows whether it was taken, as it was; `None` when there is none, or when its bytes are
    /// not there any more: then what is left of it is sent as new.
    pub fn again(&mut self) -> Option<Round> {
        let plan = self.state.kept.plan.clone()?;
        let body = self.body_again(&plan);
        let body = body.filter(|body| hex::encode(Sha256::digest(body.as_bytes())) == plan.digest);
        if body.is_none() {
            self.state.drop_plan();
            self.notices.push(
                "a request of which nobody knows whether it was taken cannot be made again: its records may come twice"
                    .to_owned(),
            );
        }
        body.map(|body| Round { plan, body })
    }

    fn body_again(&mut self, plan: &Plan) -> Option<String> {
        let mut body = String::new();
        let service = self.service.as_deref();
        for part in &plan.parts {
            let tail = self.tails.get_mut(&part.after.id)?;
            // Of a file that is new since then only the plan knows the name.
            if tail.place.offset != part.start {
                return None;
            }
            tail.name(&part.after);
            let end = part.after.offset;
            let piece = tail.read_again(part.start, end, plan.received_at_ns, service);
            for record in &piece.ok()?.records {
                wire::push_line(record, tail.attributes(), &mut body);
            }
        }
        Some(body)
    }
}

/// A request: its key says which stretches of which files it holds.
fn plan(parts: Vec<Part>, received_at_ns: i64, body: &str) -> Plan {
    let digest = Sha256::digest(body.as_bytes());
    let mut key = Sha256::new();
    for part in &parts {
        for number in [
            part.after.id.device,
            part.after.id.inode,
            part.start,
            part.after.offset,
        ] {
            key.update(number.to_be_bytes());
        }
    }
    key.update(received_at_ns.to_be_bytes());
    key.update(digest);
    let key: [u8; 32] = key.finalize().into();
    let mut short = [0; 16];
    short.copy_from_slice(&key[..16]);
    Plan {
        key: uuid::Builder::from_custom_bytes(short).into_uuid(),
        received_at_ns,
        digest: hex::encode(digest),
        parts,
    }
}

/// The files of a folder by their identity.
fn inodes(folder: &Path) -> HashMap<FileId, PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return HashMap::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            about.is_file().then(|| (FileId::of(&about), entry.path()))
        })
        .collect()
}

#[cfg(test)]
mod tests;
