//! Values that a name gives away: `password=x`, `"password": "x"`, `--password x`, `PGPASSWORD=x`, `pwd is 'x'`.

use super::Finding;
use super::key_name::{Class, classify};
use super::person::Lexicon;
use super::shape::{before, is_placeholder, is_uuid, looks_random, looks_secret};

/// Longest value that is looked for, in bytes; private keys, which are longer, are found by their dashes.
const LONGEST: usize = 4_096;

/// How a value is tied to its name; the looser, the more the value must look like a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    /// `=`, or `:` with quotes around the value, or a flag's argument.
    Firm,
    /// `name: value` and `name is value`, which are also prose.
    Loose,
    /// `name value`, which nearly always is.
    Space,
}

/// Reads the name around a stem found at `start..end`; gives where the name ends.
pub(super) fn find(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    end: usize,
    found: &mut Vec<Finding>,
) -> usize {
    let bytes = text.as_bytes();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let left = bytes[..start]
        .iter()
        .rev()
        .take(64)
        .take_while(|byte| is_name(**byte))
        .count();
    let right = bytes[end..]
        .iter()
        .take(64)
        .take_while(|byte| is_name(**byte))
        .count();
    let (name_start, name_end) = (start - left, end + right);
    let name = text[name_start..name_end].trim_end_matches(['.', '-']);
    let Some(class) = classify(name.trim_start_matches('-')) else {
        return name_end;
    };
    let is_flag = name.starts_with("--");
    if before(text, name_start) == Some(b'<') && bytes.get(name_end) == Some(&b'>') {
        element(text, name_end + 1, class, found);
        return name_end;
    }
    if let Some((value_start, tie)) = value_start(text, name_start + name.len(), is_flag)
        && let Some(finding) = value(lexicon, text, value_start, class, tie)
    {
        found.push(finding);
    }
    name_end
}

/// `<password>x</password>`.
fn element(text: &str, start: usize, class: Class, found: &mut Vec<Finding>) {
    let Some(length) = memchr::memchr(b'<', &text.as_bytes()[start..]) else {
        return;
    };
    let value = &text[start..start + length];
    if !text[start + length..].starts_with("</") {
        return;
    }
    if class != Class::Code && !value.trim().is_empty() && !is_placeholder(value) && length <= 256 {
        found.push(Finding {
            start,
            end: start + length,
            kind: class.kind(),
        });
    }
}

/// Steps over what stands between a name and its value.
fn value_start(text: &str, name_end: usize, is_flag: bool) -> Option<(usize, Tie)> {
    let bytes = text.as_bytes();
    let mut at = name_end;
    let skip_spaces = |mut at: usize| {
        let limit = at + 3;
        while at < limit && matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        at
    };
    let skip_quote = |mut at: usize| {
        while bytes.get(at) == Some(&b'\\') {
            at += 1;
        }
        if matches!(bytes.get(at), Some(b'"' | b'\'' | b'`' | b']')) {
            at + 1
        } else {
            at
        }
    };
    let unquoted = skip_quote(at);
    let had_quote = unquoted != at;
    at = skip_spaces(unquoted);
    if is_flag
        && !had_quote
        && at > unquoted
        && bytes
            .get(at)
            .is_some_and(|byte| !matches!(byte, b'-' | b'='))
    {
        return Some((at, Tie::Firm));
    }
    let rest = &text[at..];
    for mark in ["=>", ":=", "==", "=", ":"] {
        if let Some(after) = rest.strip_prefix(mark) {
            let start = skip_spaces(at + mark.len());
            let is_quoted = after.trim_start().starts_with(['"', '\'', '\\']);
            let is_tight = mark != ":" || is_quoted || had_quote || start == at + 1;
            return Some((start, if is_tight { Tie::Firm } else { Tie::Loose }));
        }
    }
    for word in ["is ", "was ", "set to ", "is: "] {
        if at > name_end && rest.starts_with(word) {
            return Some((at + word.len(), Tie::Loose));
        }
    }
    if at == name_end {
        return None;
    }
    let is_quoted = rest.starts_with(['\'', '"', '`']);
    Some((at, if is_quoted { Tie::Loose } else { Tie::Space }))
}

/// The value that begins at `start`, when it is a secret.
fn value(lexicon: &Lexicon, text: &str, start: usize, class: Class, tie: Tie) -> Option<Finding> {
    let (start, end) = extent(text, start)?;
    let value = &text[start..end];
    if value.is_empty() || is_placeholder(value) || is_ours(value) {
        return None;
    }
    let digits_only = value.bytes().all(|byte| byte.is_ascii_digit());
    let is_secret = match (class, tie) {
        (Class::Password, Tie::Firm) => true,
        (Class::Password, Tie::Loose) => looks_secret(value),
        (Class::Credential, Tie::Firm) => {
            let is_small_number = digits_only && value.len() < 10;
            let is_word = value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-');
            value.len() >= 6 && !is_small_number && !is_word && !is_code(value)
        }
        (Class::Credential, Tie::Loose) => {
            value.len() >= 8 && looks_secret(value) && !is_code(value)
        }
        (Class::Session | Class::Key, Tie::Space) => false,
        (Class::Key, _) => {
            value.len() >= 16
                && looks_random(value)
                && !is_uuid(value)
                && !value.contains(['.', '/', ':'])
        }
        (Class::Session, _) => looks_random(value) && !is_uuid(value),
        (Class::Password, Tie::Space) => false,
        // `token 8f14e45fceea167a5a36` is one, `secret gateway-tls-167e8562fe` a name.
        (Class::Credential, Tie::Space) => {
            value.len() >= 16
                && looks_random(value)
                && value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        }
        (Class::Code, _) => digits_only && (3..=8).contains(&value.len()),
        (Class::Person | Class::Street | Class::Address, Tie::Space) => false,
        (Class::Person, _) => is_person(lexicon, value),
        (Class::Street, _) => is_address(lexicon, value, false),
        (Class::Address, _) => is_address(lexicon, value, true),
        (Class::Postcode, _) => {
            (4..=10).contains(&value.len())
                && value.bytes().filter(u8::is_ascii_digit).count() >= 3
                && value.bytes().all(|byte| {
                    byte.is_ascii_uppercase()
                        || byte.is_ascii_digit()
                        || matches!(byte, b' ' | b'-')
                })
        }
    };
    is_secret.then_some(Finding {
        start,
        end,
        kind: class.kind(),
    })
}

/// One to five words of letters, one of them no word of logs.
fn is_person(lexicon: &Lexicon, value: &str) -> bool {
    let fits = (2..=64).contains(&value.len())
        && value.chars().all(|c| {
            c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '.' | '+' | '\u{2019}' | ',')
        });
    let mut words = value.split([' ', '+', ',']).filter(|word| word.len() > 1);
    fits && value.split([' ', '+']).count() <= 5
        && words.any(|word| !lexicon.is_common(word) || lexicon.is_name(word))
}

/// Words with a capital; where machines may be meant, more than one and a number or a comma as well.
fn is_address(lexicon: &Lexicon, value: &str, is_doubtful: bool) -> bool {
    let has_own_word = value.split(|c: char| !c.is_alphanumeric()).any(|word| {
        word.len() > 2 && word.starts_with(char::is_uppercase) && !lexicon.is_common(word)
    });
    let is_machine = value.contains(['@', '{', '[']) || value.contains("://");
    let has_parts = value.contains(' ')
        && (value.contains(',') || value.bytes().any(|byte| byte.is_ascii_digit()));
    (3..=200).contains(&value.len()) && has_own_word && !is_machine && (has_parts || !is_doubtful)
}

/// A pseudonym of ours.
fn is_ours(value: &str) -> bool {
    value.starts_with('<') && value.ends_with('>') && value.contains(':')
}

/// Calls and paths are code about secrets, not secrets: `getToken()`, `os.environ`, `/run/secrets/x`.
fn is_code(value: &str) -> bool {
    value.ends_with("()")
        || value.contains('(')
        || (value.starts_with('/')
            && value.matches('/').count() >= 2
            && !looks_random(value.rsplit('/').next().unwrap_or("")))
        || value.starts_with("http://")
        || value.starts_with("https://")
}

/// Where the value ends: at its quote, or before white space and the marks that separate fields.
fn extent(text: &str, start: usize) -> Option<(usize, usize)> {
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

/// Whether the text before `at` is a flag's dash and not part of a word.
pub(super) fn is_word_start(text: &str, at: usize) -> bool {
    before(text, at)
        .is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'[' | b'('))
}
