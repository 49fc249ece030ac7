//! Which part of a body decides its template.

/// Bytes of the deciding line that are looked at; what follows belongs to the tail.
pub(crate) const SCAN_LIMIT_BYTES: usize = 4_096;
/// Bytes searched for the first line that is not blank.
const BLANK_LIMIT_BYTES: usize = 4_096;

/// The range of the deciding line: the first that is not blank, without blanks around it, cut to
/// [`SCAN_LIMIT_BYTES`] at a character boundary. Empty when there is none.
pub(crate) fn deciding_line(body: &str) -> std::ops::Range<usize> {
    let bytes = body.as_bytes();
    let is_blank = |byte: &u8| *byte <= b' ' || *byte == 0x7f;
    let start = bytes
        .iter()
        .take(BLANK_LIMIT_BYTES)
        .position(|byte| !is_blank(byte))
        .unwrap_or(bytes.len().min(BLANK_LIMIT_BYTES));
    let start = floor_char_boundary(body, start);
    let limit = floor_char_boundary(body, start.saturating_add(SCAN_LIMIT_BYTES));
    let line = &bytes[start..limit];
    let length = memchr::memchr2(b'\n', b'\r', line).unwrap_or(line.len());
    let trimmed = line[..length]
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(0, |last| last + 1);
    start..start + trimmed
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
