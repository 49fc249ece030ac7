//! A decoded copy of a text that knows where each of its characters came from.

use unicode_normalization::UnicodeNormalization;

use crate::detect::Finding;

/// The text with percent and `\u` escapes undone, compatibility forms folded (NFKC, character by character) and
/// invisible characters dropped.
pub(crate) struct View {
    text: String,
    /// For each byte of `text`, the range of the original character it came from.
    origin: Vec<(usize, usize)>,
}

impl View {
    /// `None` when decoding would change nothing.
    pub fn decoded(text: &str) -> Option<Self> {
        let may_change = !text.is_ascii()
            || memchr::memchr2(b'%', b'\\', text.as_bytes()).is_some()
            || text.contains("&#");
        if !may_change {
            return None;
        }
        let mut view = Self {
            text: String::with_capacity(text.len()),
            origin: Vec::with_capacity(text.len()),
        };
        let mut is_changed = false;
        let mut at = 0;
        while let Some(character) = text[at..].chars().next() {
            let (decoded, length) =
                escape(&text[at..]).unwrap_or((character, character.len_utf8()));
            is_changed |= length != character.len_utf8();
            let end = at + length;
            if is_invisible(decoded) {
                is_changed = true;
            } else if decoded.is_ascii() {
                view.push(decoded, (at, end));
            } else {
                for folded in std::iter::once(decoded).nfkc() {
                    is_changed |= folded != decoded;
                    view.push(folded, (at, end));
                }
            }
            at = end;
        }
        is_changed.then_some(view)
    }

    fn push(&mut self, character: char, from: (usize, usize)) {
        self.text.push(character);
        for _ in 0..character.len_utf8() {
            self.origin.push(from);
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same finding in the original text.
    pub fn to_original(&self, finding: Finding) -> Finding {
        Finding {
            start: self.origin[finding.start].0,
            end: self.origin[finding.end - 1].1,
            kind: finding.kind,
        }
    }
}

/// The ASCII character of an escape at the beginning of `text` and the bytes it takes: `%40`, `\u0040`, `&#64;`.
fn escape(text: &str) -> Option<(char, usize)> {
    let bytes = text.as_bytes();
    let hex = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let (code, length) = match bytes.first()? {
        b'%' => (hex(1..3)?, 3),
        b'\\' if bytes.get(1) == Some(&b'u') => (hex(2..6)?, 6),
        b'&' if bytes.get(1) == Some(&b'#') => {
            let digits = text[2..]
                .bytes()
                .take(4)
                .take_while(u8::is_ascii_digit)
                .count();
            let code = text.get(2..2 + digits)?.parse().ok()?;
            (text[2 + digits..].starts_with(';')).then_some((code, digits + 3))?
        }
        _ => return None,
    };
    let character = char::from_u32(code)?;
    (character.is_ascii() && !character.is_ascii_control()).then_some((character, length))
}

/// Characters that take no room and can split a value without being seen.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests;
