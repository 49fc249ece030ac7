//! Logins of Oracle's programs and drivers: `sqlplus scott/secret@db`, `jdbc:oracle:thin:scott/secret@//db:1521/X`.

use super::super::Finding;
use super::super::shape::{before, is_placeholder};
use crate::Kind;

/// What stands before such a login, in small letters.
pub(in super::super) const WORDS: [&str; 9] = [
    "jdbc:oracle:thin:",
    "jdbc:oracle:oci:",
    "sqlplus ",
    "sqlcl ",
    "sqlldr ",
    "expdp ",
    "impdp ",
    "userid=",
    "rman target ",
];

/// Longest login that is looked at, bytes.
const LONGEST: usize = 256;

/// Reads the login behind one of [`WORDS`]; `start..end` is the word. Flags such as `-s` may stand between.
pub(in super::super) fn login(text: &str, start: usize, end: usize, found: &mut Vec<Finding>) {
    if before(text, start).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return;
    }
    let window = &text[end..text.floor_char_boundary(end + LONGEST)];
    let mut rest = window;
    for _ in 0..4 {
        rest = rest.trim_start_matches([' ', '"', '\'']);
        if !rest.starts_with('-') {
            break;
        }
        rest = rest.split_once(' ').map_or("", |(_, rest)| rest);
    }
    let rest = rest.strip_prefix("userid=").unwrap_or(rest);
    let login = rest
        .split([' ', '\t', '\n', '"', '\'', '\\', ';'])
        .next()
        .unwrap_or("");
    let Some((user, tail)) = login.split_once('/') else {
        return;
    };
    let is_user = user.starts_with(|c: char| c.is_ascii_alphabetic())
        && user.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'[' | b']')
        });
    // `scott/secret@db` and, of programs, `scott/secret`, but no `folder/script.sql`.
    let password = match tail.rfind('@') {
        Some(at) => &tail[..at],
        None if text[start..end].contains(':') || tail.contains(['/', '.']) => "",
        None => tail,
    };
    if is_user && !password.is_empty() && !is_placeholder(password) {
        let from = end + (window.len() - rest.len()) + user.len() + 1;
        found.push(Finding {
            start: from,
            end: from + password.len(),
            kind: Kind::Password,
        });
    }
}
