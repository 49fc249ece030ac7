//! Values that a name gives away: `password=x`, `"password": "x"`, `--password x`, `PGPASSWORD=x`, `pwd is 'x'`.

mod extent;
mod look;
mod tie;
mod tools;

use super::Finding;
use super::key_name::{Class, classify};
use super::lexicon::Lexicon;
use super::shape::{
    before, is_placeholder, is_plainly_password, is_uuid, looks_random, looks_secret,
};
use extent::extent;
use look::{
    is_base64, is_call, is_code, is_generated, is_generated_word, is_in_quotes, is_name_in_words,
    is_ours, is_salt,
};
pub(super) use tie::value_before;
use tie::{Tie, value_start};
pub(super) use tools::crypted;
use tools::{is_of_mail_or_ftp, is_of_netrc, is_of_snmp, of_redis};

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
    if name.eq_ignore_ascii_case("auth")
        && before(text, name_start) == Some(b'"')
        && text[name_end..].starts_with("\" \"")
    {
        of_redis(text, name_end + 1, found);
        return name_end;
    }
    if name.eq_ignore_ascii_case("key") {
        key_in_two_words(lexicon, text, name_start, name_end, found);
        return name_end;
    }
    let Some(class) = classify(name.trim_start_matches('-')) else {
        return name_end;
    };
    if matches!(name, "family" | "given") && !is_in_a_contact(text, name_start) {
        return name_end;
    }
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

/// `network key x`, `API key: x`: what a key opens stands before it, as words of prose do too.
fn key_in_two_words(
    lexicon: &Lexicon,
    text: &str,
    start: usize,
    end: usize,
    found: &mut Vec<Finding>,
) {
    let Some(head) = text[..start].strip_suffix(' ') else {
        return;
    };
    let letters = head
        .bytes()
        .rev()
        .take(24)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    // `unseal key 1: x`
    let number = text[end..]
        .bytes()
        .skip(1)
        .take(3)
        .take_while(u8::is_ascii_digit)
        .count();
    let is_numbered = number > 0
        && text[end..].starts_with(' ')
        && text[end + 1 + number..].starts_with([':', '=']);
    let name_end = end + if is_numbered { 1 + number } else { 0 };
    let Some((at, tie)) = value_start(text, start, name_end, false) else {
        return;
    };
    // Names of columns and hosts are in small letters and dashes.
    let looks_made = extent(text, at).is_some_and(|(from, to)| {
        let value = &text[from..to];
        is_generated_word(value) && !value.contains('_')
    });
    if !looks_made {
        return;
    }
    if let Some(class) = classify(&text[start - 1 - letters..end]) {
        found.extend(value(lexicon, text, at, class, tie));
    }
}

/// Whether `"family"` and `"given"` stand near each other, as in contacts (FHIR, JSContact): fonts and machines have families
/// as well.
fn is_in_a_contact(text: &str, at: usize) -> bool {
    const NEAR_BYTES: usize = 96;
    let from = text.floor_char_boundary(at.saturating_sub(NEAR_BYTES));
    let near = &text[from..text.floor_char_boundary(at + NEAR_BYTES)];
    near.contains("\"family\"") && near.contains("\"given\"")
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
    let prefix = text[start..end]
        .strip_prefix("base64:")
        .map_or(0, |_| "base64:".len());
    let start = start + prefix;
    let value = &text[start..end];
    // `discovery-token-ca-cert-hash sha256:...`
    let is_digest = ["sha256:", "sha512:", "sha1:"]
        .iter()
        .any(|method| value.starts_with(method));
    // `--secret id=npmrc,src=.npmrc`
    let is_option = value.starts_with("id=") || value.starts_with("type=");
    if value.is_empty() || is_placeholder(value) || is_ours(value) || is_digest || is_option {
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
        // `PASS: TestPasswordReset` of tests.
        (Class::Credential, Tie::Loose)
            if text[..start].ends_with("PASS: ") && !is_of_mail_or_ftp(text, start, end) =>
        {
            false
        }
        (Class::Credential, Tie::Loose) => {
            value.len() >= 8 && looks_secret(value) && !is_code(value)
        }
        (Class::Key, Tie::Space) if is_of_snmp(&text[..start]) => {
            value.len() >= 4 && !matches!(value, "public" | "private" | "string" | "name")
        }
        (Class::Key, Tie::Space) => {
            // The blobs of public keys of SSH begin so.
            value.len() >= 32 && is_generated_word(value) && !value.starts_with("AAAA")
        }
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
        (Class::Password, Tie::Call) => looks_secret(value) && !value.contains(' '),
        (Class::Credential | Class::Key, Tie::Call) => {
            (value.len() >= 16 && looks_random(value) && !is_uuid(value) && !is_code(value))
                || is_salt(value)
        }
        (Class::Session, Tie::Call) => is_generated_word(value),
        (Class::Password, Tie::Space) => is_plainly_password(value) || is_of_netrc(&text[..start]),
        // `token 8f14e45fceea167a5a36` is one, `secret gateway-tls-167e8562fe` a name.
        // `PASS x` of FTP and mail.
        (Class::Credential, Tie::Space) if text[..start].ends_with("> PASS ") => value.len() >= 4,
        (Class::Credential, Tie::Space)
            if text[..start].ends_with("PASS ") && is_of_mail_or_ftp(text, start, end) =>
        {
            is_plainly_password(value)
        }
        (Class::Credential, Tie::Space | Tie::To) => is_generated_word(value),
        (_, Tie::To) => false,
        (Class::Code, Tie::Firm) if !digits_only => is_plainly_password(value),
        (Class::Code, _) => digits_only && (3..=8).contains(&value.len()),
        (Class::Person | Class::Street | Class::Address, Tie::Space | Tie::Call) => false,
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

/// Whether the text before `at` is a flag's dash and not part of a word.
pub(super) fn is_word_start(text: &str, at: usize) -> bool {
    before(text, at)
        .is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'[' | b'('))
}

#[cfg(test)]
mod tests;
