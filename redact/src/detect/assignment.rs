//! Values that a name gives away: `password=x`, `"password": "x"`, `--password x`, `PGPASSWORD=x`, `pwd is 'x'`.

mod extent;

use super::Finding;
use super::key_name::{Class, classify};
use super::lexicon::Lexicon;
use super::shape::{
    before, is_placeholder, is_plainly_password, is_uuid, looks_random, looks_secret,
};
use extent::extent;

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
    // Some stems have their mark with them.
    let end = start + text[start..end].trim_end_matches([':', '=']).len();
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

/// `IDENTIFIED BY 'x'` of SQL; `end` is the place behind the words.
pub(super) fn identified(text: &str, end: usize, found: &mut Vec<Finding>) {
    let Some((start, end)) = extent(text, end) else {
        return;
    };
    let value = &text[start..end];
    if is_in_quotes(text, start) && !value.is_empty() && !is_placeholder(value) {
        found.push(Finding {
            start,
            end,
            kind: Class::Password.kind(),
        });
    }
}

/// A value that the place of its column gives a name, as in `INSERT INTO t (password) VALUES ('x')`.
pub(super) fn of_column(
    lexicon: &Lexicon,
    text: &str,
    column: &str,
    start: usize,
    found: &mut Vec<Finding>,
) {
    if let Some(class) = classify(column)
        && let Some(finding) = value(lexicon, text, start, class, Tie::Firm)
    {
        found.push(finding);
    }
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
    let is_code = class == Class::Code
        && !((3..=8).contains(&length) && value.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_code && !value.trim().is_empty() && !is_placeholder(value) && length <= 256 {
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
    // `'--password', 'x'`
    if is_flag && had_quote && bytes.get(at) == Some(&b',') {
        let next = skip_spaces(at + 1);
        let is_quoted = matches!(bytes.get(next), Some(b'"' | b'\'' | b'\\'));
        return is_quoted.then_some((next, Tie::Firm));
    }
    let rest = &text[at..];
    // `password::hash` is a path of code.
    if rest.starts_with("::") {
        return None;
    }
    for mark in ["=>", ":=", "==", "=", ":"] {
        if let Some(after) = rest.strip_prefix(mark) {
            let start = in_list(bytes, skip_spaces(at + mark.len()));
            let is_quoted = after.trim_start().starts_with(['"', '\'', '\\']);
            let is_tight = mark != ":" || is_quoted || had_quote || start == at + 1;
            return Some((start, if is_tight { Tie::Firm } else { Tie::Loose }));
        }
    }
    for word in [
        "is ",
        "was ",
        "set to ",
        "is: ",
        "changed to ",
        "reset to ",
        "updated to ",
        "will be ",
        "now ",
    ] {
        if at > name_end && rest.starts_with(word) {
            return Some((at + word.len(), Tie::Loose));
        }
    }
    if at == name_end {
        return None;
    }
    if let Some(start) = over_owner(text, at) {
        return Some((start, Tie::Loose));
    }
    let is_quoted = rest.starts_with(['\'', '"', '`']);
    Some((at, if is_quoted { Tie::Loose } else { Tie::Space }))
}

/// The first value of a list: `"X-Api-Key": ["x"]`.
fn in_list(bytes: &[u8], at: usize) -> usize {
    let is_list =
        bytes.get(at) == Some(&b'[') && matches!(bytes.get(at + 1), Some(b'"' | b'\'' | b'\\'));
    at + usize::from(is_list)
}

/// The place behind `for ada is `, when that is what a text begins with.
fn over_owner(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..]
        .strip_prefix("for ")
        .or_else(|| text[at..].strip_prefix("of "))?;
    let owner = rest
        .bytes()
        .take(64)
        .take_while(|byte| !byte.is_ascii_whitespace() && *byte != b':')
        .count();
    [
        " / ",
        " is ",
        " was ",
        ": ",
        " set to ",
        " changed to ",
        " reset to ",
    ]
    .iter()
    .find_map(|tie| rest[owner..].strip_prefix(tie))
    .map(|value| text.len() - value.len())
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
        // `password = getpass(` is code.
        (Class::Password, Tie::Firm) => is_in_quotes(text, start) || !is_call(value),
        // `WITH PASSWORD 'x'`, and `password is x`.
        (Class::Password, Tie::Loose) => {
            looks_secret(value) || (is_in_quotes(text, start) && !value.contains(' '))
        }
        (Class::Credential, Tie::Firm) => {
            let is_small_number = digits_only && value.len() < 10;
            let is_word = value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-')
                && !looks_random(value);
            value.len() >= 6 && !is_small_number && !is_word && !is_code(value)
        }
        (Class::Credential, Tie::Loose) => {
            value.len() >= 8 && looks_secret(value) && !is_code(value)
        }
        (Class::Key, Tie::Space) => false,
        (Class::Session, Tie::Space) => {
            value.len() >= 24
                && looks_random(value)
                && !is_uuid(value)
                && value.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%')
                })
        }
        (Class::Key, _) => {
            value.len() >= 16
                && looks_random(value)
                && !is_uuid(value)
                && !value.contains(['.', '/', ':'])
        }
        (Class::Session, _) => {
            let is_long = value.len() >= 20
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && value.bytes().any(|byte| byte.is_ascii_digit());
            (looks_random(value) || is_long)
                && !is_uuid(value)
                && !value.contains("://")
                && !is_call(value)
        }
        (Class::Password, Tie::Space) => is_plainly_password(value),
        // `token 8f14e45fceea167a5a36` is one, `secret gateway-tls-167e8562fe` a name.
        // `PASS x` of FTP and mail.
        (Class::Credential, Tie::Space) if text[..start].ends_with("> PASS ") => value.len() >= 4,
        (Class::Credential, Tie::Space) => {
            let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
            let is_mixed = has(u8::is_ascii_uppercase)
                && has(u8::is_ascii_lowercase)
                && has(u8::is_ascii_digit);
            value.len() >= 16
                && looks_random(value)
                && value.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || byte == b'_' || (byte == b'-' && is_mixed)
                })
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
    // `J. Smith`, but no `entry.path`.
    let is_code = value.split('.').skip(1).any(|rest| {
        rest.starts_with(|c: char| c.is_alphabetic())
            && value.split('.').next().is_some_and(|head| head.len() > 2)
    });
    let fits = fits && !is_code;
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

/// The name of a function and the bracket behind it.
fn is_call(value: &str) -> bool {
    let name = value.trim_end_matches([')', '(']);
    name.len() < value.len()
        && name.len() > 2
        && name.bytes().all(|byte| {
            byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b':' | b'-' | b'>')
        })
}

fn is_in_quotes(text: &str, start: usize) -> bool {
    matches!(before(text, start), Some(b'\'' | b'"'))
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

/// Whether the text before `at` is a flag's dash and not part of a word.
pub(super) fn is_word_start(text: &str, at: usize) -> bool {
    before(text, at)
        .is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'[' | b'('))
}
