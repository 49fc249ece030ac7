//! HTTP headers that carry credentials, and command lines that do.

use super::Finding;
use super::assignment::is_word_start;
use super::shape::{before, is_placeholder, is_word, looks_random, looks_secret};
use crate::Kind;

/// `Authorization: Bearer x`, `authorization="Basic x"`, and `Bearer x` alone.
pub(super) fn authorization(text: &str, start: usize, end: usize, found: &mut Vec<Finding>) {
    if before(text, start).is_some_and(is_word) {
        return;
    }
    let word = &text[start..end];
    let is_header = word.eq_ignore_ascii_case("authorization");
    let after = text[end..].trim_start_matches(['"', '\'', '\\', ' ', ':', '=', '>', '[']);
    let mut at = text.len() - after.len();
    let mut is_known = false;
    if is_header {
        if at == end {
            return;
        }
        const SCHEMES: [&str; 8] = [
            "bearer",
            "basic",
            "token",
            "digest",
            "apikey",
            "key",
            "negotiate",
            "aws4-hmac-sha256",
        ];
        let letters = after
            .bytes()
            .take(20)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            .count();
        let scheme = match after.as_bytes().get(letters) {
            Some(b' ' | b'\t' | b'+') => &after[..letters],
            _ => "",
        };
        if SCHEMES
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
        {
            at += scheme.len();
            at += text[at..].len() - text[at..].trim_start_matches([' ', '+']).len();
            is_known = true;
        }
    }
    if is_known && is_digest(&text[start..at]) {
        return digest(text, at, found);
    }
    let length = credential_length(&text[at..]);
    let value = &text[at..at + length];
    let is_secret = if is_known {
        length >= 4
    } else if is_header {
        looks_secret(value)
    } else {
        length >= 12 && (looks_random(value) || value.ends_with('='))
    };
    if is_secret && !is_placeholder(value) {
        found.push(Finding {
            start: at,
            end: at + length,
            kind: Kind::Secret,
        });
    }
}

fn is_digest(head: &str) -> bool {
    head.trim_end()
        .get(head.trim_end().len().saturating_sub(6)..)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("digest"))
}

/// `response="..."` of RFC 7616 is what can be tried offline.
fn digest(text: &str, at: usize, found: &mut Vec<Finding>) {
    const LONGEST: usize = 1_024;
    let window = &text[at..text.floor_char_boundary(at + LONGEST)];
    let Some(place) = window.find("response=") else {
        return;
    };
    let value = window[place + 9..].trim_start_matches(['\\', '"']);
    let start = at + window.len() - value.len();
    let length = value.bytes().take_while(u8::is_ascii_hexdigit).count();
    if length >= 16 {
        found.push(Finding {
            start,
            end: start + length,
            kind: Kind::Secret,
        });
    }
}

/// `"auth": "dXNlcjpwYXNz"` of a container registry: base64 of a user and a password; `end` is the place behind the key.
pub(super) fn registry(text: &str, end: usize, found: &mut Vec<Finding>) {
    let after = text[end..].trim_start_matches(['"', '\\', ' ', ':']);
    let start = text.len() - after.len();
    if start == end {
        return;
    }
    let length = credential_length(after);
    let value = &after[..length];
    if length >= 8 && super::encoded::holds_login(value) {
        found.push(Finding {
            start,
            end: start + length,
            kind: Kind::Secret,
        });
    }
}

/// The characters of RFC 6750 tokens and of base64.
fn credential_length(text: &str) -> usize {
    text.bytes()
        .take(4_096)
        .take_while(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b'%')
        })
        .count()
}

/// `Cookie: a=b; c=d` and `Set-Cookie: a=b; Path=/`: the values that look generated or are named like sessions.
pub(super) fn cookie(text: &str, end: usize, found: &mut Vec<Finding>) {
    let after = text[end..].trim_start_matches(['"', '\'', '\\', ' ']);
    let Some(after) = after.strip_prefix([':', '=']) else {
        return;
    };
    let mut rest = after.trim_start_matches(['"', '\'', '\\', ' ', '[']);
    for _ in 0..64 {
        let name = rest
            .bytes()
            .take_while(|byte| is_word(*byte) || matches!(byte, b'-' | b'.'))
            .count();
        // `HttpOnly` and `Secure` have no value.
        if name > 0 && rest.as_bytes().get(name) == Some(&b';') {
            rest = rest[name + 1..].trim_start();
            continue;
        }
        if name == 0 || rest.as_bytes().get(name) != Some(&b'=') {
            return;
        }
        let value_text = &rest[name + 1..];
        let length = value_text
            .bytes()
            .take(4_096)
            .take_while(|byte| {
                !byte.is_ascii_whitespace() && !matches!(byte, b';' | b'"' | b'\'' | b'\\' | b',')
            })
            .count();
        let (key, value) = (&rest[..name], &value_text[..length]);
        let is_attribute = ["path", "domain", "expires", "max-age", "samesite"]
            .iter()
            .any(|word| key.eq_ignore_ascii_case(word));
        let lower = key.to_ascii_lowercase();
        let is_named = [
            "sess", "sid", "auth", "token", "csrf", "xsrf", "remember", "jwt", "login", "secret",
        ]
        .iter()
        .any(|stem| lower.contains(stem));
        if !is_attribute
            && !is_placeholder(value)
            && ((is_named && length >= 6) || looks_random(value))
        {
            let start = text.len() - value_text.len();
            found.push(Finding {
                start,
                end: start + length,
                kind: Kind::Session,
            });
        }
        rest = &value_text[length..];
        let Some(after) = rest.strip_prefix(';') else {
            return;
        };
        rest = after.trim_start();
    }
}

/// `curl -u user:password`, `mysql -psecret`, `sshpass -p secret`, `redis-cli -a secret`.
pub(super) fn command_line(text: &str, found: &mut Vec<Finding>) {
    for dash in memchr::memchr_iter(b'-', text.as_bytes()) {
        if !is_word_start(text, dash) {
            continue;
        }
        let rest = &text[dash..];
        for (flag, needs_user) in [
            ("-u ", true),
            ("--user ", true),
            ("--user=", true),
            ("--proxy-user ", true),
        ] {
            if let Some(argument) = rest.strip_prefix(flag) {
                user_argument(text, argument, needs_user, found);
            }
        }
        let program = || program_before(text, dash);
        // `curl -uadmin:secret`
        if let Some(argument) = rest.strip_prefix("-u")
            && !argument.starts_with([' ', ':'])
            && program() == "curl"
        {
            user_argument(text, argument, true, found);
        }
        let secret = if let Some(argument) = rest.strip_prefix("-p ") {
            // Of containers `-p` is a port, unless somebody logs in.
            let is_login = || {
                let from = text.floor_char_boundary(dash.saturating_sub(200));
                text[from..dash].contains("login")
            };
            match program() {
                "sshpass" => Some(argument),
                "docker" | "podman" | "helm" => is_login().then_some(argument),
                _ => None,
            }
        } else if let Some(argument) = rest.strip_prefix("-p") {
            matches!(
                program(),
                "mysql" | "mysqldump" | "mysqladmin" | "mariadb" | "sshpass" | "mongo" | "mongosh"
            )
            .then_some(argument)
        } else if let Some(argument) = rest.strip_prefix("-a ") {
            (program() == "redis-cli").then_some(argument)
        } else {
            None
        };
        if let Some(argument) = secret {
            push_word(text, argument, Kind::Password, found);
        }
    }
}

/// `net use Z: /user:corp\ada secret`; `end` is the place behind `/user:`.
pub(super) fn net_use(text: &str, end: usize, found: &mut Vec<Finding>) {
    let user = text[end..]
        .bytes()
        .take(128)
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'='))
        .count();
    if user == 0 {
        return;
    }
    if let Some(argument) = text[end + user..].strip_prefix(' ') {
        let word = argument.split_ascii_whitespace().next().unwrap_or("");
        if looks_secret(word.trim_matches(['"', '\''])) && !word.starts_with(['-', '/']) {
            push_word(text, argument, Kind::Password, found);
        }
    }
}

/// The command that the flags before `at` belong to: the last word that is no flag's and known to take a password.
fn program_before(text: &str, at: usize) -> &str {
    const PROGRAMS: [&str; 12] = [
        "curl",
        "docker",
        "podman",
        "helm",
        "mysql",
        "mysqldump",
        "mysqladmin",
        "mariadb",
        "sshpass",
        "redis-cli",
        "mongo",
        "mongosh",
    ];
    let from = text.floor_char_boundary(at.saturating_sub(200));
    text[from..at]
        .rsplit([' ', '\t', '/', '"', '\'', '(', '['])
        .find(|word| PROGRAMS.contains(word))
        .unwrap_or("")
}

fn user_argument(text: &str, argument: &str, needs_user: bool, found: &mut Vec<Finding>) {
    let start = text.len() - argument.len();
    let trimmed = argument.trim_start_matches(['"', '\'']);
    let length = trimmed
        .bytes()
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\''))
        .count();
    let Some(colon) = trimmed[..length]
        .find(':')
        .filter(|at| *at > 0 || !needs_user)
    else {
        return;
    };
    let shift = start + argument.len() - trimmed.len();
    let password = &trimmed[colon + 1..length];
    let is_port = password.len() <= 5 && password.bytes().all(|byte| byte.is_ascii_digit());
    if !password.is_empty() && !is_placeholder(password) && !is_port {
        found.push(Finding {
            start: shift + colon + 1,
            end: shift + length,
            kind: Kind::Password,
        });
    }
}

fn push_word(text: &str, argument: &str, kind: Kind, found: &mut Vec<Finding>) {
    let trimmed = argument.trim_start_matches(['"', '\'']);
    let start = text.len() - trimmed.len();
    let length = trimmed
        .bytes()
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\''))
        .count();
    if length >= 3 && !is_placeholder(&trimmed[..length]) {
        found.push(Finding {
            start,
            end: start + length,
            kind,
        });
    }
}
