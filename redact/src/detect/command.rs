//! Command lines that carry credentials: `curl -u user:password`, `mysql -psecret`, `redis-cli -a secret`.

use super::Finding;
use super::assignment::is_word_start;
use super::shape::{is_placeholder, looks_secret};
use crate::Kind;

/// How far before a flag its program is looked for, bytes.
const NEAR_BYTES: usize = 200;

/// Flags whose argument is a password, and the programs that read it so. Without a space the argument is glued to the flag.
/// Source: the programs' manuals.
const FLAGS: [(&str, &[&str]); 8] = [
    (
        "-p ",
        &[
            "sshpass",
            "mongo",
            "mongosh",
            "mongodump",
            "mongorestore",
            "mongoexport",
            "twine",
            "az",
            "oc",
            "cf",
            "cqlsh",
            "cypher-shell",
            "rabbitmqadmin",
            "ibmcloud",
        ],
    ),
    (
        "-p",
        &[
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mariadb",
            "mariadb-dump",
            "sshpass",
            "mongo",
            "mongosh",
            "7z",
            "7za",
            "rar",
            "unrar",
        ],
    ),
    ("-a ", &["redis-cli", "valkey-cli", "keydb-cli"]),
    (
        "-P ",
        &[
            "sqlcmd",
            "bcp",
            "osql",
            "mosquitto_pub",
            "mosquitto_sub",
            "zip",
            "unzip",
            "ipmitool",
            "ssh-keygen",
        ],
    ),
    (
        "-w ",
        &[
            "ldapsearch",
            "ldapadd",
            "ldapmodify",
            "ldapwhoami",
            "ldapdelete",
            "ldappasswd",
        ],
    ),
    (
        "-c ",
        &[
            "snmpget",
            "snmpwalk",
            "snmpset",
            "snmpbulkwalk",
            "snmpgetnext",
            "snmptrap",
            "snmptable",
        ],
    ),
    ("-N ", &["ssh-keygen"]),
    ("-pw ", &["plink", "pscp", "psftp", "putty"]),
];

/// Programs in whose commands `-p` is a port, unless somebody logs in.
const CONTAINERS: [&str; 4] = ["docker", "podman", "helm", "nerdctl"];

/// Programs that take `-U user%password`.
const SAMBA: [&str; 5] = ["smbclient", "rpcclient", "smbmap", "smbget", "net"];

/// Looks at the flags of command lines.
pub(super) fn find(text: &str, found: &mut Vec<Finding>) {
    for dash in memchr::memchr_iter(b'-', text.as_bytes()) {
        if !is_word_start(text, dash) {
            continue;
        }
        let rest = &text[dash..];
        for flag in ["-u ", "--user ", "--user=", "--proxy-user "] {
            if let Some(argument) = rest.strip_prefix(flag) {
                user_argument(text, argument, b':', found);
            }
        }
        // `curl -uadmin:secret`
        if let Some(argument) = rest.strip_prefix("-u")
            && !argument.starts_with([' ', ':'])
            && is_for(text, dash, &["curl"])
        {
            user_argument(text, argument, b':', found);
        }
        if let Some(argument) = rest
            .strip_prefix("-U ")
            .or_else(|| rest.strip_prefix("--user="))
            && is_for(text, dash, &SAMBA)
        {
            user_argument(text, argument, b'%', found);
        }
        if let Some(argument) = rest.strip_prefix("-p ")
            && is_for(text, dash, &CONTAINERS)
            && text[text.floor_char_boundary(dash.saturating_sub(NEAR_BYTES))..dash]
                .contains("login")
        {
            push_word(text, argument, Kind::Password, found);
        }
        for (flag, programs) in FLAGS {
            if let Some(argument) = rest.strip_prefix(flag)
                && !argument.starts_with([' ', '-'])
                && is_for(text, dash, programs)
            {
                push_word(text, argument, Kind::Password, found);
                break;
            }
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
    if user > 0 {
        secret_word(text, end + user, found);
    }
}

/// `net user ada secret /add`; `end` is the place behind `net user `.
pub(super) fn net_user(text: &str, end: usize, found: &mut Vec<Finding>) {
    let user = text[end..]
        .bytes()
        .take(64)
        .take_while(|byte| !byte.is_ascii_whitespace())
        .count();
    if user > 0 {
        secret_word(text, end + user, found);
    }
}

/// The word behind a place, when it can be a password.
fn secret_word(text: &str, at: usize, found: &mut Vec<Finding>) {
    let Some(argument) = text[at..].strip_prefix(' ') else {
        return;
    };
    let word = argument.split_ascii_whitespace().next().unwrap_or("");
    if looks_secret(word.trim_matches(['"', '\''])) && !word.starts_with(['-', '/']) {
        push_word(text, argument, Kind::Password, found);
    }
}

/// `ConvertTo-SecureString "secret"`; `end` is the place behind it.
pub(super) fn secure_string(text: &str, end: usize, found: &mut Vec<Finding>) {
    let argument = text[end..]
        .strip_prefix("-String ")
        .unwrap_or(&text[end..])
        .trim_start_matches('\\');
    if argument.starts_with(['"', '\'']) {
        push_word(text, argument, Kind::Password, found);
    }
}

/// Whether the flag at `at` belongs to one of the programs: the nearest of them stands a little before it.
fn is_for(text: &str, at: usize, programs: &[&str]) -> bool {
    let from = text.floor_char_boundary(at.saturating_sub(NEAR_BYTES));
    text[from..at]
        .rsplit([' ', '\t', '/', '\\', '"', '\'', '(', '[', '\n', ';'])
        .any(|word| programs.contains(&word.strip_suffix(".exe").unwrap_or(word)))
}

/// `user:password` or `user%password`.
fn user_argument(text: &str, argument: &str, mark: u8, found: &mut Vec<Finding>) {
    let start = text.len() - argument.len();
    let trimmed = argument.trim_start_matches(['"', '\'']);
    let length = trimmed
        .bytes()
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\''))
        .count();
    let Some(place) = trimmed[..length].bytes().position(|byte| byte == mark) else {
        return;
    };
    if place == 0 {
        return;
    }
    let shift = start + argument.len() - trimmed.len();
    let password = &trimmed[place + 1..length];
    let is_port = password.len() <= 5 && password.bytes().all(|byte| byte.is_ascii_digit());
    if !password.is_empty() && !is_placeholder(password) && !is_port {
        found.push(Finding {
            start: shift + place + 1,
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

#[cfg(test)]
mod tests;
