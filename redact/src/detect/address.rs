//! E-mail, IP and hardware addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Finding;
use super::shape::{NETWORK_START, WORD, after_run, before, is_word, next_of};
use super::url::is_userinfo;
use crate::Kind;

/// Addresses around every `@`.
pub(super) fn emails(text: &str, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    for at in memchr::memchr_iter(b'@', bytes) {
        let local = text[..at]
            .char_indices()
            .rev()
            .take(64)
            .take_while(|(_, c)| {
                c.is_alphanumeric()
                    || matches!(
                        c,
                        '.' | '_' | '+' | '-' | '\'' | '&' | '*' | '!' | '$' | '/' | '~'
                    )
            })
            .last()
            .map_or(at, |(place, _)| place);
        let local = bounced(text, local).unwrap_or(local);
        let start = local + text[local..at].len()
            - text[local..at]
                .trim_start_matches(['.', '\'', '&', '*', '/', '-', '!', '$'])
                .len();
        let domain = text[at + 1..]
            .char_indices()
            .take(253)
            .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '.' | '-'))
            .last()
            .map_or(at + 1, |(place, c)| at + 1 + place + c.len_utf8());
        let domain_text = text[at + 1..domain].trim_end_matches(['.', '-']);
        let Some((host, last)) = domain_text.rsplit_once('.') else {
            continue;
        };
        // `left-pad@1.3.0` is a version, `root@10.0.0.1` a login whose address is found by itself.
        let is_domain =
            !host.is_empty() && last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
        // `git@github.com:acme/app.git` is where a repository lies.
        let is_repository = matches!(&text[start..at], "git" | "hg" | "svn")
            && bytes.get(at + 1 + domain_text.len()) == Some(&b':');
        if start < at && is_domain && !is_repository && !is_userinfo(text, at) {
            found.push(Finding {
                start,
                end: at + 1 + domain_text.len(),
                kind: Kind::Email,
            });
        }
    }
}

/// Where a name of a return path begins that holds the address of somebody: `bounces+12-ada=example.org@mail.example.net`,
/// `SRS0=x=y=example.org=ada@mail.example.net`; `end` is the place of what stands behind its last equals sign.
fn bounced(text: &str, end: usize) -> Option<usize> {
    if before(text, end) != Some(b'=') {
        return None;
    }
    let run = text.as_bytes()[..end]
        .iter()
        .rev()
        .take(128)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'=')
        })
        .count();
    let head = &text[end - run..end];
    let lower = head.to_ascii_lowercase();
    let is_return_path = ["bounce", "srs0", "srs1", "prvs", "msprvs", "return", "verp"]
        .iter()
        .any(|word| lower.starts_with(word));
    (is_return_path && !lower.starts_with("return=")).then_some(end - run)
}

/// IPv4, IPv6 and hardware addresses: runs of hex digits, dots and colons that parse.
pub(super) fn network(text: &str, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        at = next_of(bytes, at, &NETWORK_START);
        if at == bytes.len() {
            return;
        }
        if before(text, at).is_some_and(|byte| WORD[usize::from(byte)]) {
            // `outside:203.0.113.7/443`, `mac:aa:bb:cc:dd:ee:ff`
            let is_field =
                bytes[at] == b':' && bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit);
            if !is_field {
                at = after_run(bytes, at + 1, &WORD);
                continue;
            }
            at += 1;
        }
        let run = bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.' | b'-'))
            .count();
        let end = at + run;
        let ends_word = bytes
            .get(end)
            .is_some_and(|byte| is_word(*byte) && *byte != b'_');
        if run >= 2 && !ends_word {
            candidate(text, at, end, found);
        }
        at = end.max(at + 1);
    }
}

fn candidate(text: &str, start: usize, end: usize, found: &mut Vec<Finding>) {
    let run = &text[start..end];
    let dots = run.bytes().filter(|byte| *byte == b'.').count();
    let colons = run.bytes().filter(|byte| *byte == b':').count();
    let push = |length: usize, kind: Kind, found: &mut Vec<Finding>| {
        found.push(Finding {
            start,
            end: start + length,
            kind,
        });
    };
    if dots >= 3 && colons <= 1 {
        // With a port, a range or the end of a sentence behind.
        let head = run
            .split([':', '-'])
            .next()
            .unwrap_or("")
            .trim_end_matches('.');
        if let Ok(address) = head.parse::<Ipv4Addr>()
            && is_telling_v4(address)
            && !is_version(text, start)
        {
            push(head.len(), Kind::Ip, found);
        }
    }
    let trimmed = run.trim_end_matches([':', '.', '-']);
    if is_mac(trimmed) && !follows(text, start, &["serial", "fingerprint"]) {
        push(17, Kind::Mac, found);
        return;
    }
    // Both addresses and the type of an Ethernet frame, as firewalls write them; `aabb.ccdd.eeff`.
    if trimmed.len() == 41 && follows(text, start, &["mac"]) || is_dotted_mac(trimmed) {
        push(trimmed.len(), Kind::Mac, found);
        return;
    }
    if colons >= 2 {
        let trimmed = run.trim_end_matches(['.', '-']);
        // `2001:db8:0:0:0:0:0:7:443`, `::ffff:203.0.113.7:443`, `2001:db8::7:51422`
        let without_port = trimmed
            .rsplit_once(':')
            .filter(|(head, port)| colons == 8 || head.contains('.') || port.len() == 5)
            .map_or(trimmed, |(head, _)| head);
        for head in [
            trimmed,
            trimmed.strip_suffix(':').unwrap_or(trimmed),
            without_port,
        ] {
            if let Ok(address) = head.parse::<Ipv6Addr>() {
                let groups = head.split(':').filter(|group| !group.is_empty()).count();
                // `fe80::1` is one, `10::20` is a ratio or a path of code.
                let has_digit = head.bytes().any(|byte| byte.is_ascii_digit());
                let has_letter = head.bytes().any(|byte| byte.is_ascii_alphabetic());
                if !address.is_loopback()
                    && !address.is_unspecified()
                    && (groups >= 3 || (groups == 2 && has_letter))
                    && (has_digit || groups >= 4)
                {
                    push(head.len(), Kind::Ip, found);
                }
                return;
            }
        }
    }
}

fn is_telling_v4(address: Ipv4Addr) -> bool {
    !(address.is_loopback() || address.is_unspecified() || address.is_broadcast())
}

/// `version 1.2.3.4`, `release: 1.2.3.4`: four numbers that are a version.
fn is_version(text: &str, start: usize) -> bool {
    follows(
        text,
        start,
        &["version", "release", "build", "firmware", "abi"],
    )
}

/// Whether one of the words stands right before a place, apart from marks.
fn follows(text: &str, start: usize, words: &[&str]) -> bool {
    let head = &text[text.floor_char_boundary(start.saturating_sub(16))..start];
    let lower = head
        .trim_end_matches([' ', '=', ':', '"'])
        .to_ascii_lowercase();
    words.iter().any(|word| lower.ends_with(word))
}

/// Three groups of four hex digits with dots between them, a letter among them.
fn is_dotted_mac(run: &str) -> bool {
    run.len() == 14
        && run.bytes().enumerate().all(|(at, byte)| {
            if at % 5 == 4 {
                byte == b'.'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
        && run.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Six pairs of hex digits with `:` or `-` between them.
fn is_mac(run: &str) -> bool {
    let bytes = run.as_bytes();
    bytes.len() == 17
        && matches!(bytes[2], b':' | b'-')
        && bytes.iter().enumerate().all(|(at, byte)| {
            if at % 3 == 2 {
                *byte == bytes[2]
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}
