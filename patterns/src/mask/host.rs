//! Host names, told from dotted program names by their last label.

use super::class::{LETTER, class_at, is_digit, is_word};
use super::number;
use super::time::digit_count;

/// A run of labels joined by dots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels {
    start: usize,
    /// First byte after the run.
    pub(super) end: usize,
    count: usize,
    last_at: usize,
    has_digit: bool,
    has_capital: bool,
}

/// Longest host name (RFC 1035 section 2.3.4).
const MAX_BYTES: usize = 255;

/// The labels that start at `at`.
pub(super) fn labels(line: &[u8], at: usize) -> Labels {
    let mut found = Labels {
        start: at,
        end: at,
        count: 1,
        last_at: at,
        has_digit: false,
        has_capital: false,
    };
    while found.end - at < MAX_BYTES {
        let Some(byte) = line.get(found.end) else {
            break;
        };
        match byte {
            b'0'..=b'9' => found.has_digit = true,
            b'A'..=b'Z' => found.has_capital = true,
            b'a'..=b'z' | b'-' | b'_' | 0x80..=0xff => {}
            b'.' if is_word(line, found.end + 1) => {
                found.count += 1;
                found.last_at = found.end + 1;
            }
            _ => break,
        }
        found.end += 1;
    }
    found
}

/// Last labels that make two labels a host name (`example.com`).
fn is_generic(label: &[u8]) -> bool {
    matches!(
        label,
        b"com"
            | b"net"
            | b"org"
            | b"edu"
            | b"gov"
            | b"mil"
            | b"int"
            | b"info"
            | b"biz"
            | b"arpa"
            | b"dev"
            | b"app"
            | b"cloud"
            | b"local"
            | b"localdomain"
            | b"internal"
            | b"svc"
            | b"COM"
            | b"NET"
            | b"ORG"
    )
}

/// Last labels that make three labels a host name (`mail.example.de`); two could be a file name.
fn is_country(label: &[u8]) -> bool {
    matches!(
        label,
        b"io"
            | b"co"
            | b"ai"
            | b"uk"
            | b"de"
            | b"fr"
            | b"cn"
            | b"jp"
            | b"kr"
            | b"tw"
            | b"hk"
            | b"in"
            | b"ru"
            | b"br"
            | b"it"
            | b"es"
            | b"nl"
            | b"pl"
            | b"se"
            | b"no"
            | b"fi"
            | b"ch"
            | b"at"
            | b"be"
            | b"au"
            | b"ca"
            | b"us"
            | b"eu"
            | b"ar"
            | b"mx"
            | b"cz"
            | b"tr"
            | b"ua"
            | b"vn"
            | b"sg"
            | b"lan"
    )
}

/// First labels of reversed names (`com.example.Shop`), which are program names.
fn is_reversed(label: &[u8]) -> bool {
    matches!(
        label,
        b"com" | b"org" | b"net" | b"io" | b"java" | b"javax" | b"edu" | b"dev"
    )
}

impl Labels {
    /// Whether this run is a host name.
    pub(super) fn is_host(&self, line: &[u8]) -> bool {
        if self.count < 2 {
            return self.is_addressed(line);
        }
        let last = &line[self.last_at..self.end];
        let known = is_generic(last) || self.count >= 3 && is_country(last);
        let has_port =
            self.count >= 3 && line.get(self.end) == Some(&b':') && is_digit(line, self.end + 1);
        if !known && (!has_port || self.has_capital) || line[self.start] == b'-' {
            return false;
        }
        let all_letters = (self.last_at..self.end).all(|at| class_at(line, at) & LETTER != 0);
        let first_length = line[self.start..]
            .iter()
            .take_while(|byte| **byte != b'.')
            .count();
        let is_call = matches!(line.get(self.end), Some(b'(' | b'$'));
        all_letters && !is_call && !is_reversed(&line[self.start..self.start + first_length])
    }

    /// Whether a single hyphenated label has a port or, as Java prints addresses, `/1.2.3.4` behind it.
    fn is_addressed(&self, line: &[u8]) -> bool {
        if !self.has_digit || self.has_capital || line[self.end - 1] == b'-' {
            return false;
        }
        match line.get(self.end) {
            Some(b':') => (2..=5).contains(&digit_count(line, self.end + 1)),
            Some(b'/') => number::address_end(line, self.end + 1).is_some(),
            _ => false,
        }
    }

    /// Whether no label holds a digit, so that none needs another look.
    pub(super) fn is_plain(&self) -> bool {
        !self.has_digit
    }
}

/// The end of the host name of at least two labels that starts at `at`; `None` when it is none.
pub(super) fn end(line: &[u8], at: usize) -> Option<usize> {
    let labels = labels(line, at);
    (labels.count >= 2 && labels.is_host(line)).then_some(labels.end)
}
