//! Passwords that a shell feeds a program: `echo secret | docker login --password-stdin`, `sudo -S ls <<< secret`.

use super::super::Finding;
use super::super::shape::{before, is_placeholder};
use crate::Kind;

/// How far before and behind the mark is looked, bytes.
const NEAR_BYTES: usize = 256;

/// What in a command says that it reads a password from its input. Source: the programs' manuals.
const READERS: [&str; 12] = [
    "--password-stdin",
    "--passphrase-fd 0",
    "--passphrase-fd=0",
    "passwd --stdin",
    "--with-token",
    "-passin stdin",
    "-pass stdin",
    "sudo -S",
    "sudo -kS",
    "chpasswd",
    "cryptsetup ",
    "kinit ",
];

/// Looks at every pipe and every `<<<`.
pub(super) fn find(text: &str, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    for pipe in memchr::memchr_iter(b'|', bytes) {
        let is_double = before(text, pipe) == Some(b'|') || bytes.get(pipe + 1) == Some(&b'|');
        if !is_double && let Some(start) = printed(text, pipe) {
            let tail = &text[pipe + 1..text.floor_char_boundary(pipe + NEAR_BYTES)];
            let command = tail.split(['|', ';', '\n']).next().unwrap_or(tail);
            if let Some(reader) = reader_in(command) {
                push(text, start, pipe, reader, found);
            }
        }
    }
    for mark in memchr::memchr_iter(b'<', bytes).filter(|at| bytes[*at..].starts_with(b"<<<")) {
        let from = text.floor_char_boundary(mark.saturating_sub(NEAR_BYTES));
        let command = text[from..mark]
            .rsplit(['|', ';', '\n'])
            .next()
            .unwrap_or("");
        let Some(reader) = reader_in(command) else {
            continue;
        };
        let tail = &text[mark + 3..text.floor_char_boundary(mark + NEAR_BYTES)];
        let value = tail.trim_start();
        let start = mark + 3 + tail.len() - value.len();
        let length = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].find(quote).map_or(value.len(), |at| at + 2),
            _ => value.find([' ', '\n', ';', '|']).unwrap_or(value.len()),
        };
        push(text, start, start + length, reader, found);
    }
}

fn reader_in(command: &str) -> Option<&'static str> {
    READERS.into_iter().find(|reader| command.contains(reader))
}

/// Where the argument of `echo` or `printf` begins, whose output goes into the pipe.
fn printed(text: &str, pipe: usize) -> Option<usize> {
    let from = text.floor_char_boundary(pipe.saturating_sub(NEAR_BYTES));
    let head = &text[from..pipe];
    let begin = head.rfind(['|', ';', '\n']).map_or(0, |at| at + 1);
    let (at, length) = ["echo ", "printf "]
        .iter()
        .find_map(|word| head[begin..].rfind(word).map(|at| (begin + at, word.len())))?;
    let joins = before(text, from + at).is_some_and(|byte| byte.is_ascii_alphanumeric());
    let mut rest = &head[at + length..];
    for flag in [
        "-n ",
        "-e ",
        "-ne ",
        "-en ",
        "%s ",
        "'%s' ",
        "\"%s\" ",
        "'%s\\n' ",
        "\"%s\\n\" ",
    ] {
        rest = rest.trim_start().strip_prefix(flag).unwrap_or(rest);
    }
    (!joins).then_some(pipe - rest.len())
}

/// Takes `start..end` without its quotes; `chpasswd` reads `user:password`.
fn push(text: &str, start: usize, end: usize, reader: &str, found: &mut Vec<Finding>) {
    let quotes = [' ', '"', '\'', '\\'];
    let argument = &text[start..end];
    let value = argument.trim_start_matches(quotes);
    let mut start = end - value.len();
    let mut value = value.trim_end_matches(quotes);
    if reader == "chpasswd" {
        let Some((user, password)) = value.split_once(':') else {
            return;
        };
        start += user.len() + 1;
        value = password;
    }
    if value.len() >= 3 && !value.starts_with(['$', '`']) && !is_placeholder(value) {
        found.push(Finding {
            start,
            end: start + value.len(),
            kind: Kind::Password,
        });
    }
}
