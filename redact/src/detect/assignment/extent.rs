//! Where a value ends.

/// Longest value that is looked for, in bytes; private keys, which are longer, are found by their dashes.
const LONGEST: usize = 4_096;

/// Where the value ends: at its quote, or before white space and the marks that separate fields.
pub(super) fn extent(text: &str, start: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut open = start;
    while bytes.get(open) == Some(&b'\\') {
        open += 1;
    }
    let slashes = open - start;
    match bytes.get(open) {
        Some(quote @ (b'"' | b'\'' | b'`')) => {
            let end = closing_quote(text, open + 1, *quote, slashes);
            Some((open + 1, end))
        }
        Some(_) => Some((start, bare_end(text, start))),
        None => None,
    }
}

/// The place of the quote that closes, with as many backslashes before it as the opening one had; the end of the line, or
/// [`LONGEST`] bytes, when it never does.
fn closing_quote(text: &str, start: usize, quote: u8, slashes: usize) -> usize {
    let limit = text.floor_char_boundary(start + LONGEST);
    let bytes = &text.as_bytes()[..limit];
    let mut at = start;
    while at < bytes.len() {
        let run = bytes[at..]
            .iter()
            .take_while(|byte| **byte == b'\\')
            .count();
        let after = at + run;
        if bytes.get(after) == Some(&quote) && run <= slashes {
            return at;
        }
        if run > 0 {
            at = after + 1;
        } else if bytes[at] == b'\n' {
            return at;
        } else {
            at += 1;
        }
    }
    limit
}

fn bare_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let limit = text.floor_char_boundary(start + LONGEST);
    let mut at = start;
    while at < limit {
        match bytes[at] {
            b'"' | b'\'' | b'`' | b'<' if at > start => break,
            b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'n' | b'r' | b't')) => break,
            byte if byte.is_ascii_whitespace() => break,
            b'&' | b',' | b';' | b'|' if ends_field(&bytes[at + 1..]) => break,
            _ => {}
        }
        at += 1;
    }
    let value = &text[start..at];
    let mut end = start + value.trim_end_matches([',', ';', '.', ':']).len();
    // A closing bracket belongs to the value only when it opens there.
    for _ in 0..8 {
        if end == start {
            break;
        }
        let open = match bytes[end - 1] {
            b')' => b'(',
            b']' => b'[',
            b'}' => b'{',
            b'>' => b'<',
            _ => break,
        };
        if bytes[start..end - 1].contains(&open) {
            break;
        }
        end -= 1;
    }
    end
}

/// Whether a separator really separates: the end, white space, or `name=` / `name:` follows.
fn ends_field(rest: &[u8]) -> bool {
    let name = rest
        .iter()
        .take_while(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'.' | b'-' | b'"' | b'\'' | b'%' | b'[')
        })
        .count();
    match rest.first() {
        None => true,
        Some(byte) if byte.is_ascii_whitespace() || matches!(byte, b'}' | b']' | b')' | b'"') => {
            true
        }
        Some(_) => name > 0 && matches!(rest.get(name), Some(b'=' | b':' | b']')),
    }
}
