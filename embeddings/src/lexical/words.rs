//! How log text falls into words.
//!
//! A compound (`dfs.DataNode$PacketResponder`, `blk_-1608`, `/var/log/app.log`) is found by its
//! whole and by its parts; white space, quotes, brackets, commas and `=` always separate.

/// A whole compound longer than this is not kept as one word; its parts are.
const MAX_WHOLE_BYTES: usize = 128;

/// A number with fewer digits says nothing once it is torn out of its compound.
const MIN_PART_DIGITS: usize = 3;

/// Letters left of a digit (`node12`) that are worth a word of their own.
const MIN_PART_LETTERS: usize = 3;

fn separates(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`()[]{}<>,;=|!?*&^~".contains(c)
}

/// What holds the parts of a compound together.
fn joins(c: char) -> bool {
    !c.is_alphanumeric()
}

/// The pieces between separators, without the punctuation at their ends.
pub(super) fn chunks(text: &str) -> impl Iterator<Item = &str> {
    text.split(separates)
        .map(|chunk| chunk.trim_matches(joins))
        .filter(|chunk| !chunk.is_empty())
}

/// Gives every word of one chunk to `emit`: the whole, the parts, and the words inside the parts.
pub(super) fn of_chunk(chunk: &str, mut emit: impl FnMut(&str)) {
    let compound = chunk.contains(joins);
    if chunk.len() <= MAX_WHOLE_BYTES {
        emit(chunk);
    }
    for part in chunk.split(joins).filter(|part| !part.is_empty()) {
        let number = part.bytes().all(|b| b.is_ascii_digit());
        if number && compound && part.len() < MIN_PART_DIGITS {
            continue;
        }
        if (compound || chunk.len() > MAX_WHOLE_BYTES) && part.len() <= MAX_WHOLE_BYTES {
            emit(part);
        }
        if !number {
            humps(part, &mut emit);
        }
    }
}

/// The words inside `camelCase`, `HTTPServer` and `node12`; nothing when there is only one.
fn humps(part: &str, emit: &mut impl FnMut(&str)) {
    let mut start = 0;
    let mut characters = part.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let hump = before.is_some_and(|before| {
            (before.is_lowercase() && c.is_uppercase())
                || (before.is_uppercase()
                    && c.is_uppercase()
                    && next.is_some_and(char::is_lowercase))
                || (before.is_alphabetic() != c.is_alphabetic())
        });
        if hump {
            word(&part[start..at], emit);
            start = at;
        }
        before = Some(c);
    }
    if start > 0 {
        word(&part[start..], emit);
    }
}

fn word(text: &str, emit: &mut impl FnMut(&str)) {
    let letters = text.starts_with(char::is_alphabetic);
    let least = if letters {
        MIN_PART_LETTERS
    } else {
        MIN_PART_DIGITS
    };
    if text.len() >= least {
        emit(text);
    }
}

/// Whether a chunk looks like the name of one thing: digits with letters or punctuation, a long
/// number, punctuation that joins, or a hump.
pub(super) fn is_identifier(chunk: &str) -> bool {
    let digits = chunk.bytes().filter(u8::is_ascii_digit).count();
    let other = chunk.chars().any(|c| !c.is_ascii_digit());
    if digits >= 5 || (digits > 0 && other && chunk.len() >= 4) {
        return true;
    }
    if chunk.contains(['_', '.', ':', '/', '\\', '@', '$', '#']) {
        return true;
    }
    chunk
        .chars()
        .zip(chunk.chars().skip(1))
        .any(|(a, b)| a.is_lowercase() && b.is_uppercase())
}
