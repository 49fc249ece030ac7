//! Entries out of a stream of any length, with the memory of one.

use super::JournalEntry;
use crate::Limits;

/// Longest name of a field (systemd allows 64 characters).
const NAME_BYTES: usize = 64;
/// Largest field that is believed: systemd's own limit is 768 MiB, for the core of a program that crashed.
const BELIEVED_BYTES: u64 = 1 << 30;
/// What one field takes in memory beside its bytes.
pub(super) const FIELD_OVERHEAD: usize = 48;

const BAD_LENGTH: &str =
    "a binary field claims more than 1073741824 bytes, the rest of the entry was not read";
const BAD_END: &str =
    "a binary field does not end where it says, the rest of the entry was not read";
const BAD_STOP: &str = "the stream ends within a binary field";
const BAD_NAME: &str = "a line is neither NAME=value nor the name of a binary field";

/// What is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A line: `NAME=value`, the name of a binary field, or nothing, which ends the entry.
    Line,
    /// The length of a binary field: so many of its 8 bytes have come, little end first.
    Length { value: u64, count: u32 },
    /// A binary field, of which so many bytes are left.
    Data { left: u64 },
    /// The line end behind it.
    End,
}

/// Cuts a stream into entries. Fields that do not fit into `limits.record_bytes` together with those before them are
/// left out and counted; nothing of them is held.
#[derive(Debug)]
pub struct JournalReader {
    limit_bytes: usize,
    limit_fields: usize,
    state: State,
    /// The line or the field that has begun, as far as there is room.
    held: Vec<u8>,
    /// True when some of it found no room.
    is_cut: bool,
    /// The name of the binary field.
    name: String,
    entry: JournalEntry,
    entry_bytes: usize,
}

impl JournalReader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limit_bytes: limits.record_bytes,
            // The record has a service besides, and counts what was left out.
            limit_fields: limits.attributes.saturating_sub(2),
            state: State::Line,
            held: Vec::new(),
            is_cut: false,
            name: String::new(),
            entry: JournalEntry::default(),
            entry_bytes: 0,
        }
    }

    /// Whether an entry has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.state != State::Line
            || !self.held.is_empty()
            || self.is_cut
            || !self.entry.fields.is_empty()
            || self.entry.broken.is_some()
    }

    /// Bytes of it that are held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.entry_bytes + self.held.len()
    }

    /// Adds what came and gives the entries that are complete.
    pub fn push(&mut self, mut chunk: &[u8], mut entry: impl FnMut(JournalEntry)) {
        while let Some(first) = chunk.first().copied() {
            let used = match self.state {
                State::Line => self.line(chunk, &mut entry),
                State::Length { value, count } => {
                    let value = value | u64::from(first) << (8 * count);
                    self.length(value, count + 1);
                    1
                }
                State::Data { left } => {
                    let here =
                        usize::try_from(left).map_or(chunk.len(), |left| left.min(chunk.len()));
                    self.hold(&chunk[..here]);
                    self.data(left - here as u64);
                    here
                }
                State::End => self.end(first),
            };
            chunk = &chunk[used..];
        }
    }

    /// Gives the entry that the end of the stream ends; one that ends within a binary field is broken.
    pub fn finish(mut self, mut entry: impl FnMut(JournalEntry)) {
        if self.state != State::Line {
            self.entry.broken = Some(BAD_STOP);
            self.state = State::Line;
            self.held.clear();
        }
        self.push(b"\n\n", &mut entry);
    }

    /// Takes what belongs to a line; how many bytes that is.
    fn line(&mut self, chunk: &[u8], entry: &mut impl FnMut(JournalEntry)) -> usize {
        let Some(end) = memchr::memchr(b'\n', chunk) else {
            self.hold(chunk);
            return chunk.len();
        };
        self.hold(&chunk[..end]);
        let line = std::mem::take(&mut self.held);
        let is_cut = std::mem::take(&mut self.is_cut);
        if line.is_empty() && !is_cut {
            self.complete(entry);
        } else if let Some(at) = memchr::memchr(b'=', &line) {
            // After a binary field that was wrong nobody knows what the lines are, but this one begins every entry.
            if self.entry.broken.is_some() && line.starts_with(b"__CURSOR=") {
                self.complete(entry);
            }
            let name = String::from_utf8_lossy(&line[..at]).into_owned();
            self.keep(name, line[at + 1..].to_vec(), is_cut);
        } else if is_name(&line) && !is_cut {
            self.name = String::from_utf8_lossy(&line).into_owned();
            self.state = State::Length { value: 0, count: 0 };
        } else {
            self.entry.broken = Some(BAD_NAME);
        }
        end + 1
    }

    fn length(&mut self, value: u64, count: u32) {
        self.state = match count {
            8 if value > BELIEVED_BYTES => {
                self.entry.broken = Some(BAD_LENGTH);
                State::Line
            }
            8 if value == 0 => State::End,
            8 => State::Data { left: value },
            count => State::Length { value, count },
        };
    }

    fn data(&mut self, left: u64) {
        self.state = match left {
            0 => State::End,
            left => State::Data { left },
        };
    }

    fn end(&mut self, byte: u8) -> usize {
        let value = std::mem::take(&mut self.held);
        let is_cut = std::mem::take(&mut self.is_cut);
        let name = std::mem::take(&mut self.name);
        self.state = State::Line;
        if byte == b'\n' {
            self.keep(name, value, is_cut);
            return 1;
        }
        self.entry.broken = Some(BAD_END);
        0
    }

    fn hold(&mut self, bytes: &[u8]) {
        let taken = self.entry_bytes + self.held.len();
        let room = self.limit_bytes.saturating_sub(taken);
        self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.is_cut |= bytes.len() > room;
    }

    fn keep(&mut self, name: String, value: Vec<u8>, is_cut: bool) {
        let bytes = name.len() + value.len() + FIELD_OVERHEAD;
        let has_room = self.entry_bytes + bytes <= self.limit_bytes
            && self.entry.fields.len() < self.limit_fields;
        if is_cut || !has_room {
            self.entry.dropped += 1;
            return;
        }
        self.entry_bytes += bytes;
        self.entry.fields.push((name, value));
    }

    fn complete(&mut self, entry: &mut impl FnMut(JournalEntry)) {
        self.entry_bytes = 0;
        let whole = std::mem::take(&mut self.entry);
        // Some writers put several blank lines between entries.
        if whole != JournalEntry::default() {
            entry(whole);
        }
    }
}

/// Whether a line may be the name of a binary field: capital letters, digits and underscores.
fn is_name(line: &[u8]) -> bool {
    let is_allowed =
        |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    (1..=NAME_BYTES).contains(&line.len()) && line.iter().all(is_allowed)
}
