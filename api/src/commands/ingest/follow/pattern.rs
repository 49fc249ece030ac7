//! Which files are meant: a file, a folder, or a pattern such as `/var/log/containers/*.log`.

use std::path::{Component, Path, PathBuf};

/// How deep folders are searched: deeper than any log lies, and an end for mounts within themselves.
const DEPTH: usize = 32;
/// Endings of packed files and archives, which are no logs that grow.
const PACKED: [&str; 9] = ["gz", "zst", "bz2", "xz", "lz4", "zip", "tgz", "7z", "tar"];

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands::ingest) struct Pattern {
    /// Up to the first part with a wildcard.
    base: PathBuf,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// A name with wildcards, or without.
    Name(String),
    /// `**`: any number of folders.
    Folders,
}

impl Pattern {
    /// A file, a folder (its files; with `is_recursive` also those of its folders) or a pattern with `*`, `?`, `[a-z]` and
    /// `**`. A name that exists is itself, whatever is in it.
    pub fn new(argument: &Path, is_recursive: bool) -> Self {
        if argument.is_dir() {
            let any = Part::Name("*".to_owned());
            let parts = if is_recursive {
                vec![Part::Folders, any]
            } else {
                vec![any]
            };
            return Self {
                base: argument.to_owned(),
                parts,
            };
        }
        let mut pattern = Self {
            base: PathBuf::new(),
            parts: Vec::new(),
        };
        for component in argument.components() {
            let text = component.as_os_str().to_string_lossy();
            let is_wild = matches!(component, Component::Normal(_))
                && text.contains(['*', '?', '['])
                && !argument.exists();
            if text == "**" && is_wild {
                pattern.parts.push(Part::Folders);
            } else if is_wild || !pattern.parts.is_empty() {
                pattern.parts.push(Part::Name(text.into_owned()));
            } else {
                pattern.base.push(component);
            }
        }
        if pattern.parts.last() == Some(&Part::Folders) {
            pattern.parts.push(Part::Name("*".to_owned()));
        }
        pattern
    }

    /// Whether it is one file, which must be there.
    pub fn is_one_file(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether a path may be meant.
    pub fn may_cover(&self, path: &Path) -> bool {
        path.starts_with(&self.base)
    }

    /// Calls `visit` with every path that fits; what they are is not looked at. Folders that cannot be read have none.
    pub fn each(&self, visit: &mut dyn FnMut(PathBuf)) {
        walk(&self.base, &self.parts, DEPTH, visit);
    }
}

fn walk(folder: &Path, parts: &[Part], depth: usize, visit: &mut dyn FnMut(PathBuf)) {
    let Some((part, rest)) = parts.split_first() else {
        return visit(folder.to_owned());
    };
    let name = match part {
        Part::Name(name) if !name.contains(['*', '?', '[']) => {
            return walk(&folder.join(name), rest, depth, visit);
        }
        Part::Name(name) => Some(name),
        Part::Folders => {
            walk(folder, rest, depth, visit);
            None
        }
    };
    let Some(deeper) = depth.checked_sub(1) else {
        return;
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let text = entry.file_name();
        let text = text.to_string_lossy();
        match name {
            Some(name) if !fits(name, &text) => {}
            Some(_) if rest.is_empty() && is_packed(&text) => {}
            Some(_) if rest.is_empty() => visit(path),
            Some(_) => walk(&path, rest, deeper, visit),
            // Links to folders may lead back.
            None if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !text.starts_with('.') => {
                walk(&path, parts, deeper, visit);
            }
            None => {}
        }
    }
}

fn is_packed(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    PACKED.contains(&ending)
}

/// Whether a name fits a pattern: `*` is any text, `?` any character, `[a-z]` one of some, `[!a-z]` none of them. A dot in
/// front is only for patterns that have it, too.
fn fits(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name) = (0, 0);
    // Where the last star stands, and how far into the name it reaches.
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_name));
                at += 1;
                continue;
            }
            Some(_) => {
                if let Some(next) = one(&pattern, at, name[in_name]) {
                    at = next;
                    in_name += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((star_at, reach)) = star else {
            return false;
        };
        star = Some((star_at, reach + 1));
        at = star_at + 1;
        in_name = reach + 1;
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// Where the pattern goes on when its part at `at`, which is no star, fits the character.
fn one(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match pattern[at] {
        '?' => Some(at + 1),
        '[' => match class(&pattern[at + 1..], character) {
            Some((fits, length)) => fits.then_some(at + 1 + length),
            None => (character == '[').then_some(at + 1),
        },
        plain => (plain == character).then_some(at + 1),
    }
}

/// Whether the character is in the class behind a bracket, and how long the class is with its end; `None` without an end.
fn class(text: &[char], character: char) -> Option<(bool, usize)> {
    let is_negated = matches!(text.first(), Some('!' | '^'));
    let start = usize::from(is_negated);
    let end = start + 1 + text.get(start + 1..)?.iter().position(|c| *c == ']')?;
    let mut members = &text[start..end];
    let mut is_in = false;
    while let Some(first) = members.first() {
        if let [low, '-', high, ..] = members {
            is_in |= (*low..=*high).contains(&character);
            members = &members[3..];
        } else {
            is_in |= *first == character;
            members = &members[1..];
        }
    }
    Some((is_in != is_negated, end + 1))
}

#[cfg(test)]
mod tests;
