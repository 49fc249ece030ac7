//! Files that are known again: renamed ones, cut ones and the copies of those.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::Files;
use crate::commands::ingest::follow::place::{FileId, Place, begin_alike};
use crate::commands::ingest::follow::tail::{Tail, family};

/// Bytes that must be the same before a file is taken for the copy of another. Shorter beginnings may be the same honestly,
/// and a few lines twice are better than one that is lost.
const COPY_BYTES: u64 = 512;
/// How long the copy of a file is waited with for the file to be cut.
const COPY_WAIT: Duration = Duration::from_secs(30);

impl Files {
    /// The place of the file whose copy this may be, to be settled when that one is cut.
    pub(super) fn original_of(&self, copy: &Tail, now: Instant) -> Option<(Place, Instant)> {
        let file = copy.file.as_ref()?;
        let cut = self.state.kept.cut.iter();
        let cut = cut.filter(|place| family(&place.real) == copy.family);
        let others = self.tails.values();
        let others =
            others.filter(|other| other.family == copy.family && other.place.id != copy.place.id);
        // Of one that was hardly read the bytes that were not read are compared.
        let alike = others.clone().find(|other| {
            let other = other.file.as_ref();
            other.is_some_and(|other| begin_alike(other, file).unwrap_or(false))
        });
        cut.chain(others.map(|other| &other.place))
            .filter(|place| place.offset >= COPY_BYTES && place.id != copy.place.id)
            .find(|place| place.is_in(file).unwrap_or(false))
            .or(alike.map(|other| &other.place))
            .map(|place| (place.clone(), now))
    }

    /// Looks for files that were renamed to what is not meant while nobody followed: their last lines were not sent.
    pub(super) fn find_moved(&mut self, now: Instant) {
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
    pub(super) fn settle_cut(&mut self) {
        for tail in self.tails.values_mut() {
            if tail.size < tail.place.offset {
                self.state.cut(tail.place.clone());
                tail.begin_anew();
            }
        }
    }

    /// A copy goes on where its original was when that one was cut; what was copied by hand, where it was at first.
    pub(super) fn settle_copies(&mut self, now: Instant) {
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
                    && (place.offset >= COPY_BYTES || place.id == original.id)
                    && file.is_ok_and(|file| place.is_in(file).unwrap_or(false))
            });
            let begin = cut.cloned().or_else(|| is_over.then_some(original));
            let Some(begin) = begin else { continue };
            let is_copy = tail
                .open()
                .is_ok_and(|file| begin.is_in(file).unwrap_or(false));
            if is_copy {
                tail.begin_like(&begin);
                self.state.begin(tail.place.clone());
            } else {
                // It only begins like the other, as with the banner of a program.
                tail.copy_of = None;
            }
        }
    }
}

/// The files of a folder by their identity.
pub(super) fn inodes(folder: &Path) -> HashMap<FileId, PathBuf> {
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
