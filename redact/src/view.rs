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
            || memchr::memchr2(b'&', b'+', text.as_bytes()).is_some();
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
            // Nothing in a run of plain letters is an escape or can be folded.
            let plain = text.as_bytes()[at..]
                .iter()
                .position(|byte| !byte.is_ascii() || matches!(byte, b'%' | b'\\' | b'&' | b'+'))
                .unwrap_or(text.len() - at);
            if plain > 0 {
                view.text.push_str(&text[at..at + plain]);
                view.origin
                    .extend((at..at + plain).map(|place| (place, place + 1)));
                at += plain;
                continue;
            }
            let (decoded, length) = if is_space_of_form(text.as_bytes(), at) {
                (' ', 1)
            } else {
                escape(&text[at..]).unwrap_or((character, character.len_utf8()))
            };
            let decoded = like(
                decoded,
                view.text.as_bytes().last(),
                text.as_bytes().get(at + length),
            );
            is_changed |= length != character.len_utf8() || decoded != character;
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

    /// The same once more: what was encoded twice. `None` when that changes nothing.
    pub fn again(&self) -> Option<Self> {
        let mut inner = Self::decoded(&self.text)?;
        for origin in &mut inner.origin {
            *origin = (self.origin[origin.0].0, self.origin[origin.1 - 1].1);
        }
        Some(inner)
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

/// The character of an escape at the beginning of `text` and the bytes it takes: `%40`, `%C3%BC`, `\u0040`, `\x40`,
/// `&#64;`, `&#x40;`, `&amp;`.
fn escape(text: &str) -> Option<(char, usize)> {
    let bytes = text.as_bytes();
    let (character, length) = match bytes.first()? {
        b'%' => percent(bytes)?,
        // Ends of lines and slashes as they are written in strings of JSON.
        b'\\' if matches!(bytes.get(1), Some(b'n' | b'r' | b't')) => return Some(('\n', 2)),
        b'\\' if bytes.get(1) == Some(&b'/') => ('/', 2),
        b'\\' if bytes.get(1) == Some(&b'\\') => ('\\', 2),
        b'\\' if bytes.get(1) == Some(&b'u') => (char::from_u32(hex(text, 2, 4)?)?, 6),
        b'\\' if bytes.get(1) == Some(&b'x') => (char::from_u32(hex(text, 2, 2)?)?, 4),
        b'&' => entity(text)?,
        _ => return None,
    };
    let is_text =
        character.is_alphanumeric() || (character.is_ascii() && !character.is_ascii_control());
    (is_text || is_invisible(character)).then_some((character, length))
}

/// The plus between words of a form: `12+Oak+Street,+London`; not the one of `ada+shop@example.org`, nor that of `+44`.
fn is_space_of_form(bytes: &[u8], at: usize) -> bool {
    if bytes[at] != b'+' {
        return false;
    }
    let Some(before) = at.checked_sub(1).map(|at| bytes[at]) else {
        return false;
    };
    let is_in_words = before.is_ascii_alphanumeric() || before == b',';
    let is_before_letter = bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic);
    ((is_in_words && is_before_letter) || is_in_form(bytes, at)) && !is_of_an_address(bytes, at)
}

/// Whether the plus at `at` belongs to the name of an e-mail address.
fn is_of_an_address(bytes: &[u8], at: usize) -> bool {
    let run = bytes[at..]
        .iter()
        .take(64)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-')
        })
        .count();
    let after = &bytes[at + run..];
    [&b"@"[..], b"%40", b"%2540", b"\\u0040", b"&#64;", b"&#x40;"]
        .iter()
        .any(|sign| after.starts_with(sign))
        && !bytes[at + 1..at + run].contains(&b'+')
}

/// Whether there are three pluses or more around in a run without white space, as only the words of a form have them.
fn is_in_form(bytes: &[u8], at: usize) -> bool {
    const AROUND: usize = 40;
    let count = |run: &mut dyn Iterator<Item = &u8>| {
        run.take(AROUND)
            .take_while(|byte| !byte.is_ascii_whitespace())
            .filter(|byte| **byte == b'+')
            .count()
    };
    count(&mut bytes[..at].iter().rev()) + count(&mut bytes[at..].iter()) >= 3
}

/// The ASCII character that another one is read as: digits of other scripts, dashes, and letters of Cyrillic and Greek that
/// look like Latin ones, these only beside a Latin letter or digit.
fn like(character: char, before: Option<&u8>, after: Option<&u8>) -> char {
    const ZEROS: [u32; 17] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50,
        0xed0, 0xf20, 0x1040, 0x17e0,
    ];
    const LETTERS: [(char, char); 38] = [
        ('а', 'a'),
        ('е', 'e'),
        ('о', 'o'),
        ('р', 'p'),
        ('с', 'c'),
        ('у', 'y'),
        ('х', 'x'),
        ('і', 'i'),
        ('ј', 'j'),
        ('ѕ', 's'),
        ('ԁ', 'd'),
        ('А', 'A'),
        ('В', 'B'),
        ('Е', 'E'),
        ('К', 'K'),
        ('М', 'M'),
        ('Н', 'H'),
        ('О', 'O'),
        ('Р', 'P'),
        ('С', 'C'),
        ('Т', 'T'),
        ('Х', 'X'),
        ('І', 'I'),
        ('Ѕ', 'S'),
        ('ο', 'o'),
        ('α', 'a'),
        ('ν', 'v'),
        ('Α', 'A'),
        ('Β', 'B'),
        ('Ε', 'E'),
        ('Ι', 'I'),
        ('Κ', 'K'),
        ('Μ', 'M'),
        ('Ν', 'N'),
        ('Ο', 'O'),
        ('Ρ', 'P'),
        ('Τ', 'T'),
        ('Χ', 'X'),
    ];
    if character.is_ascii() {
        return character;
    }
    let code = u32::from(character);
    if let Some(zero) = ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))
    {
        return char::from_digit(code - zero, 10).unwrap_or(character);
    }
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => return '-',
        '\u{3002}' | '\u{ff61}' => return '.',
        _ => {}
    }
    let is_beside = [before, after]
        .iter()
        .any(|byte| byte.is_some_and(u8::is_ascii_alphanumeric));
    if !is_beside {
        return character;
    }
    LETTERS
        .iter()
        .find(|(seen, _)| *seen == character)
        .map_or(character, |(_, read)| *read)
}

fn hex(text: &str, from: usize, length: usize) -> Option<u32> {
    let digits = text.get(from..from + length)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(digits, 16).ok())?
}

/// One character of UTF-8 in percent escapes.
fn percent(bytes: &[u8]) -> Option<(char, usize)> {
    let byte_at = |place: usize| {
        let part = bytes.get(place * 3..place * 3 + 3)?;
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let value = digit(part[1])? * 16 + digit(part[2])?;
        (part[0] == b'%').then(|| u8::try_from(value).ok())?
    };
    let first = byte_at(0)?;
    let length = match first {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut buffer = [first, 0, 0, 0];
    for (place, slot) in buffer.iter_mut().enumerate().take(length).skip(1) {
        *slot = byte_at(place)?;
    }
    let character = std::str::from_utf8(&buffer[..length])
        .ok()?
        .chars()
        .next()?;
    Some((character, length * 3))
}

fn entity(text: &str) -> Option<(char, usize)> {
    for (name, character) in [
        ("&amp;", '&'),
        ("&quot;", '"'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&apos;", '\''),
    ] {
        if text.starts_with(name) {
            return Some((character, name.len()));
        }
    }
    let number = text.strip_prefix("&#")?;
    let (radix, digits) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (16, digits),
        None => (10, number),
    };
    let count = digits
        .bytes()
        .take(6)
        .take_while(u8::is_ascii_hexdigit)
        .count();
    let code = u32::from_str_radix(&digits[..count], radix).ok()?;
    let length = text.len() - digits.len() + count;
    text[length..]
        .starts_with(';')
        .then_some((char::from_u32(code)?, length + 1))
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
