//! Values that a name gives away: `password=x`, `"password": "x"`, `--password x`, `PGPASSWORD=x`, `pwd is 'x'`.

mod extent;
mod tie;

use super::Finding;
use super::key_name::{Class, classify};
use super::lexicon::Lexicon;
use super::shape::{
    before, is_placeholder, is_plainly_password, is_uuid, looks_random, looks_secret,
};
use extent::extent;
pub(super) use tie::value_before;
use tie::{Tie, value_start};

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
    let end = start
        + text[start..end]
            .trim_end_matches([':', '=', '"', '\'', ' '])
            .len();
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
    // `--password x`, and `-storepass x` of Java's tools.
    let is_flag = name.starts_with("--")
        || (name.starts_with('-')
            && is_word_start(text, name_start)
            && matches!(class, Class::Password | Class::Credential));
    if before(text, name_start) == Some(b'<') && bytes.get(name_end) == Some(&b'>') {
        element(text, name_end + 1, class, found);
        return name_end;
    }
    let finding = value_start(text, name_start, name_start + name.len(), is_flag)
        .and_then(|(start, tie)| value(lexicon, text, start, class, tie))
        .or_else(|| {
            let (start, _) = value_before(text, name_start)?;
            value(lexicon, text, start, class, Tie::Firm)
        });
    found.extend(finding);
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

/// The value that begins at `start`, when it is a secret.
fn value(lexicon: &Lexicon, text: &str, start: usize, class: Class, tie: Tie) -> Option<Finding> {
    let (start, mut end) = extent(text, start)?;
    if class == Class::Person
        && let Some(length) = text[start..end].find(['|', '&', ';', '\t'])
    {
        end = start + length;
    }
    let value = &text[start..end];
    if value.is_empty() || is_placeholder(value) || is_ours(value) {
        return None;
    }
    let digits_only = value.bytes().all(|byte| byte.is_ascii_digit());
    let is_secret = match (class, tie) {
        // `password = getpass(` is code.
        (Class::Password, Tie::Firm) => is_in_quotes(text, start) || !is_call(value),
        // `WITH PASSWORD 'x'`, and `password is x`.
        (Class::Password, Tie::Loose | Tie::To) => {
            looks_secret(value) || (is_in_quotes(text, start) && !value.contains(' '))
        }
        (Class::Credential, Tie::Firm) => {
            let is_small_number = digits_only && value.len() < 10;
            let is_word = value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-')
                && !looks_random(value);
            value.len() >= 6
                && !is_small_number
                && !is_word
                && (!is_code(value) || (is_in_quotes(text, start) && is_generated(value)))
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
        (Class::Key, Tie::Firm | Tie::Loose) => {
            value.len() >= 16
                && looks_random(value)
                && !is_uuid(value)
                && !is_name_in_words(value)
                && !value.contains(['.', ':'])
                && (!value.contains('/') || is_base64(value))
        }
        (Class::Session, Tie::Firm | Tie::Loose) => {
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
        (Class::Credential, Tie::Space | Tie::To) => {
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
        (_, Tie::To) => false,
        (Class::Code, Tie::Firm) if !digits_only => is_plainly_password(value),
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
    // `payments-api`
    let is_service = value.contains('-')
        && !value.contains(char::is_uppercase)
        && !value.split('-').any(|word| lexicon.is_name(word));
    let fits = fits && !is_code && !is_service;
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

/// `cassandra-eu-west-01`: small letters and digits between dashes, at least half of the parts words.
fn is_name_in_words(value: &str) -> bool {
    let is_word =
        |part: &&str| part.len() > 1 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    value.contains('-')
        && value
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && value.split('-').filter(is_word).count() * 2 >= value.split('-').count()
}

/// A pseudonym of ours.
fn is_ours(value: &str) -> bool {
    value.starts_with('<') && value.ends_with('>') && value.contains(':')
}

/// Base64 with slashes in it, no path.
fn is_base64(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    !value.starts_with('/')
        && value.len() >= 32
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// Generated text with brackets in it, as frameworks make their keys: no call is so long.
fn is_generated(value: &str) -> bool {
    value.len() >= 32
        && !value.contains(' ')
        && !value.starts_with("http")
        && looks_random(value)
        && !value.ends_with(')')
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

#[cfg(test)]
mod tests;
