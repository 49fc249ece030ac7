//! All followed files: which there are, which are gone, and what of them is sent next.

mod kin;

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, Metadata};
use std::ops::Bound;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::super::wire;
use super::pattern::Pattern;
use super::place::{FileId, Place};
use super::state::{Part, Plan, State};
use super::tail::{Quiet, Read, Tail};
use kin::inodes;

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

#[cfg(test)]
mod tests;
