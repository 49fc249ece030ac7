//! Passwords in URLs: `scheme://user:password@host`.

use super::Finding;
use super::shape::{is_placeholder, looks_random};
use crate::Kind;

/// Longest user information that is looked for, in bytes.
const LONGEST: usize = 1_024;

/// Finds the password (or a lone token) before the `@` of every authority.
pub(super) fn find(text: &str, found: &mut Vec<Finding>) {
    for at in memchr::memmem::find_iter(text.as_bytes(), b"://") {
        let start = at + 3;
        super::host::of_address(text, at, found);
        let Some((user, password, _)) = split(&text[start..]) else {
            continue;
        };
        match password {
            Some(password) if !password.is_empty() && !is_placeholder(password) => {
                let from = start + user.len() + 1;
                found.push(Finding {
                    start: from,
                    end: from + password.len(),
                    kind: Kind::Password,
                });
            }
            None if is_generated(user) => found.push(Finding {
                start,
                end: start + user.len(),
                kind: Kind::Secret,
            }),
            _ => {}
        }
    }
}

/// A lone user that is a token; `CoarseGrainedScheduler@host` is a name.
fn is_generated(user: &str) -> bool {
    looks_random(user) && user.bytes().filter(u8::is_ascii_digit).count() >= 2
}

/// User, password and length of the user information of the authority that `text` begins with.
fn split(text: &str) -> Option<(&str, Option<&str>, usize)> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let end = text
        .bytes()
        .position(|byte| {
            byte.is_ascii_whitespace()
                || matches!(
                    byte,
                    b'/' | b'"' | b'\'' | b'<' | b'>' | b'?' | b'#' | b'\\' | b'`'
                )
        })
        .unwrap_or(text.len());
    let authority = &text[..end];
    let mut at = authority.rfind('@');
    if at.is_none() {
        // A password may hold an unescaped slash: the next word that ends in `@host` decides.
        let word = text
            .bytes()
            .position(|byte| {
                byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>')
            })
            .unwrap_or(text.len());
        let has_user = authority.contains(':')
            && !authority
                .rsplit(':')
                .next()
                .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
        at = if has_user {
            text[..word].rfind('@')
        } else {
            None
        };
    }
    let at = at?;
    let information = &text[..at];
    Some(match information.split_once(':') {
        Some((user, password)) => (user, Some(password), at),
        None => (information, None, at),
    })
}

/// Whether `at` (an `@`) ends the user information of a URL, so that no e-mail address is there.
pub(super) fn is_userinfo(text: &str, at: usize) -> bool {
    // Longer user information is looked at in part only, so that many signs in a row cost no more than their length.
    let nearest = text.floor_char_boundary(at.saturating_sub(LONGEST));
    let from = text[nearest..at]
        .char_indices()
        .rev()
        .find(|(_, c)| c.is_whitespace() || matches!(c, '"' | '\''))
        .map_or(nearest, |(place, c)| nearest + place + c.len_utf8());
    text[from..at].contains("://") && {
        let scheme = text[from..at]
            .find("://")
            .map_or(from, |place| from + place + 3);
        split(&text[scheme..]).is_some_and(|(user, password, length)| {
            (password.is_some() || is_generated(user)) && scheme + length == at
        })
    }
}
