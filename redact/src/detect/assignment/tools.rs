//! Passwords as single tools write them: `.netrc`, FTP and mail, routers, Redis, PostgreSQL.

use super::super::Finding;
use super::super::shape::is_placeholder;
use super::extent::extent;
use crate::Kind;

/// `machine x login y password `, as `.netrc` has it.
pub(super) fn is_of_netrc(head: &str) -> bool {
    const NEAR_BYTES: usize = 160;
    let near = &head[head.floor_char_boundary(head.len().saturating_sub(NEAR_BYTES))..];
    near.rfind("machine ")
        .is_some_and(|at| near[at..].contains(" login "))
}

/// `snmp-server community `, as routers are told who may ask them.
pub(super) fn is_of_snmp(head: &str) -> bool {
    head.ends_with("community ")
        && head[..head.len() - "community ".len()].ends_with("snmp-server ")
}

/// Whether a line speaks of a session of FTP or mail: `PASS` is a word of tests as well.
pub(super) fn is_of_mail_or_ftp(text: &str, start: usize, end: usize) -> bool {
    const NEAR_BYTES: usize = 96;
    let from = text.floor_char_boundary(start.saturating_sub(NEAR_BYTES));
    let to = text.floor_char_boundary(end + NEAR_BYTES);
    let near = &text[from..to];
    [
        "ftp", "FTP", "pop3", "POP3", "USER ", "331 ", "530 ", "230 ", "+OK", "-ERR",
    ]
    .iter()
    .any(|word| near.contains(word))
}

/// `"AUTH" "ada" "x"`, as Redis shows what it is told; `end` is the place behind the first quote that closes.
pub(super) fn of_redis(text: &str, end: usize, found: &mut Vec<Finding>) {
    let mut at = end;
    let mut last = None;
    for _ in 0..2 {
        if !text[at..].starts_with(" \"") {
            break;
        }
        let Some((start, close)) = extent(text, at + 1) else {
            break;
        };
        last = Some((start, close));
        at = (close + 1).min(text.len());
        if !text.is_char_boundary(at) {
            break;
        }
    }
    if let Some((start, end)) = last
        && !is_placeholder(&text[start..end])
    {
        found.push(Finding {
            start,
            end,
            kind: Kind::Password,
        });
    }
}

/// `crypt('x', gen_salt('bf'))` of PostgreSQL; `end` is the place behind the bracket.
pub(in super::super) fn crypted(text: &str, end: usize, found: &mut Vec<Finding>) {
    if let Some((start, close)) = extent(text, end)
        && text[close..]
            .strip_prefix('\'')
            .is_some_and(|rest| rest.trim_start_matches([',', ' ']).starts_with("gen_salt("))
    {
        found.push(Finding {
            start,
            end: close,
            kind: Kind::Password,
        });
    }
}
