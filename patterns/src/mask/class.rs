//! What each byte is, as one table lookup.

/// `0-9`.
pub(crate) const DIGIT: u8 = 1;
/// `a-f`, `A-F`.
pub(crate) const HEX_LETTER: u8 = 2;
/// Any other letter; every byte of a non-ASCII character counts as one.
pub(crate) const OTHER_LETTER: u8 = 4;
/// `_`.
pub(crate) const UNDERSCORE: u8 = 8;
/// Blank, tab and every other control byte.
pub(crate) const BLANK: u8 = 16;
/// A byte that can begin a slot although it is no word byte: `/ \ < " @ ~`.
pub(crate) const OPENER: u8 = 32;
/// A byte after a word that makes the word worth a second look: `. : / - @ \`.
pub(crate) const JOINER: u8 = 64;

/// What a word is made of.
pub(crate) const WORD: u8 = DIGIT | HEX_LETTER | OTHER_LETTER | UNDERSCORE;
/// Any letter.
pub(crate) const LETTER: u8 = HEX_LETTER | OTHER_LETTER;

/// The classes of each byte.
pub(crate) static CLASS: [u8; 256] = table();

const fn table() -> [u8; 256] {
    let mut classes = [0_u8; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        classes[index] = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' | b'A'..=b'F' => HEX_LETTER,
            b'g'..=b'z' | b'G'..=b'Z' | 0x80..=0xff => OTHER_LETTER,
            b'_' => UNDERSCORE,
            0..=b' ' | 0x7f => BLANK,
            b'/' | b'\\' => OPENER | JOINER,
            b'<' | b'"' | b'~' => OPENER,
            b'@' => OPENER | JOINER,
            b'.' | b':' | b'-' => JOINER,
            _ => 0,
        };
        index += 1;
    }
    classes
}

/// The classes of the byte at `at`; none past the end.
#[inline]
pub(crate) fn class_at(line: &[u8], at: usize) -> u8 {
    line.get(at).map_or(0, |byte| CLASS[usize::from(*byte)])
}

/// Whether the byte at `at` is a digit.
#[inline]
pub(crate) fn is_digit(line: &[u8], at: usize) -> bool {
    class_at(line, at) & DIGIT != 0
}

/// Whether the byte at `at` belongs to a word.
#[inline]
pub(crate) fn is_word(line: &[u8], at: usize) -> bool {
    class_at(line, at) & WORD != 0
}

/// The end of the run of bytes of `classes` that starts at `at`.
#[inline]
pub(crate) fn run_end(line: &[u8], mut at: usize, classes: u8) -> usize {
    while class_at(line, at) & classes != 0 {
        at += 1;
    }
    at
}
