//! Command lines that carry credentials: `curl -u user:password`, `mysql -psecret`, `redis-cli -a secret`.

mod fed;
mod oracle;

use super::Finding;
use super::assignment::is_word_start;
use super::shape::{before, is_placeholder, is_word, looks_random, looks_secret};
use crate::Kind;
pub(super) use oracle::{WORDS as ORACLE, login as oracle};
use std::ops::Range;

/// How far before a flag its program is looked for, bytes.
const NEAR_BYTES: usize = 200;

/// Longest argument that is looked at, bytes.
const LONGEST: usize = 4_096;

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
            "cqlsh",
            "cypher-shell",
            "rabbitmqadmin",
            "beeline",
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

/// Commands that take a password as a word of its own, and how many words stand before it, flags left out. Source: the
/// programs' manuals.
pub(super) const POSITIONAL: [(&str, usize); 9] = [
    ("rabbitmqctl add_user ", 1),
    ("rabbitmqctl change_password ", 1),
    ("rabbitmqctl authenticate_user ", 1),
    ("wpa_passphrase ", 1),
    ("htpasswd -b ", 2),
    ("htpasswd -bc ", 2),
    ("htpasswd -cb ", 2),
    ("mc alias set ", 3),
    ("openssl passwd ", 0),
];

/// Programs in whose commands `-p` is a port, a path or a plan, unless somebody logs in.
const LOGINS: [&str; 8] = [
    "docker", "podman", "helm", "nerdctl", "az", "oc", "cf", "ibmcloud",
];

/// Programs whose flags are no passwords: behind one of them an earlier word is not the program.
const OTHERS: &str = "mkdir cp mv ls ps ssh scp sftp rsync tar grep sed awk cat echo python python3 java perl ruby php npm \
    nmap nc ping curl wget git chmod chown touch tail head kubectl psql pg_dump pg_restore";

/// Programs that take `-U user%password`.
const SAMBA: [&str; 5] = ["smbclient", "rpcclient", "smbmap", "smbget", "net"];

/// Looks at the flags of command lines.
pub(super) fn find(text: &str, found: &mut Vec<Finding>) {
    // The argument read last: no flag begins inside it, and reading it once for each dash would cost its length squared.
    let mut read = 0..0;
    for dash in memchr::memchr_iter(b'-', text.as_bytes()) {
        if is_word_start(text, dash) && !(read.start < dash && dash < read.end) {
            read = flag(text, dash, found).unwrap_or(read);
        }
    }
    fed::find(text, found);
}

/// Looks at the flag that begins at `dash`; gives where its argument stands, when it has one that may hold a password.
fn flag(text: &str, dash: usize, found: &mut Vec<Finding>) -> Option<Range<usize>> {
    let rest = &text[dash..];
    let mut read = None;
    for flag in ["-u ", "--user ", "--user=", "--proxy-user "] {
        if let Some(argument) = rest.strip_prefix(flag) {
            read = Some(user_argument(text, argument, b':', found));
        }
    }
    // `curl -uadmin:secret`
    if let Some(argument) = rest.strip_prefix("-u")
        && !argument.starts_with([' ', ':'])
        && command(text, dash, &["curl"]).is_some()
    {
        read = Some(user_argument(text, argument, b':', found));
    }
    if let Some(argument) = rest
        .strip_prefix("-U ")
        .or_else(|| rest.strip_prefix("--user="))
        && command(text, dash, &SAMBA).is_some()
    {
        read = Some(user_argument(text, argument, b'%', found));
    }
    if let Some(argument) = rest.strip_prefix("-p ")
        && command(text, dash, &LOGINS)
            .is_some_and(|words| words.split_ascii_whitespace().any(|word| word == "login"))
    {
        return Some(push_word(text, argument, found));
    }
    for (flag, programs) in FLAGS {
        if let Some(argument) = rest.strip_prefix(flag)
            && !argument.starts_with([' ', '-'])
            && command(text, dash, programs).is_some()
        {
            return Some(push_word(text, argument, found));
        }
    }
    read
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

/// The word of one of [`POSITIONAL`] that is a password; `end` is the place behind the command.
pub(super) fn positional(text: &str, end: usize, skipped: usize, found: &mut Vec<Finding>) {
    let line_end = text[end..]
        .bytes()
        .take(NEAR_BYTES)
        .take_while(|byte| !matches!(byte, b'\n' | b';' | b'|'))
        .count();
    let (mut at, mut words) = (end, 0);
    while at < end + line_end {
        let length = text[at..]
            .bytes()
            .take_while(|byte| !byte.is_ascii_whitespace())
            .take(LONGEST)
            .count();
        if length > 0 && text.as_bytes()[at] != b'-' {
            if words == skipped {
                push_word(text, &text[at..], found);
                return;
            }
            words += 1;
        }
        at += length + 1;
    }
}

/// `net user ada secret /add`; `start..end` is `net user `, which `telnet user ` is not.
pub(super) fn net_user(text: &str, start: usize, end: usize, found: &mut Vec<Finding>) {
    if before(text, start).is_some_and(is_word) {
        return;
    }
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
    let is_flag = word.starts_with('/') || (word.starts_with('-') && !looks_random(word));
    if looks_secret(word.trim_matches(['"', '\''])) && !is_flag {
        push_word(text, argument, found);
    }
}

/// `ConvertTo-SecureString "secret"`; `end` is the place behind it.
pub(super) fn secure_string(text: &str, end: usize, found: &mut Vec<Finding>) {
    let argument = text[end..]
        .strip_prefix("-String ")
        .unwrap_or(&text[end..])
        .trim_start_matches('\\');
    if argument.starts_with(['"', '\'']) {
        push_word(text, argument, found);
    }
}

/// The words between the flag at `at` and its program, when that is one of `programs`: of the programs in the same command
/// the nearest counts.
fn command<'a>(text: &'a str, at: usize, programs: &[&str]) -> Option<&'a str> {
    let near = &text[text.floor_char_boundary(at.saturating_sub(NEAR_BYTES))..at];
    let marks = [
        ' ', '\t', '/', '\\', '"', '\'', '(', '[', '\n', ';', '|', '&',
    ];
    let mut end = near.len();
    loop {
        let start = near[..end].rfind(marks).map_or(0, |mark| mark + 1);
        let word = &near[start..end];
        let word = word.strip_suffix(".exe").unwrap_or(word);
        if programs.contains(&word) {
            return Some(&near[end..]);
        }
        if is_program(word) && !is_argument(&near[..start]) {
            return None;
        }
        end = start.checked_sub(1)?;
        if is_end_of_command(&near[..start], &near[start..]) {
            return None;
        }
    }
}

/// Whether a word is a program that is known here.
fn is_program(word: &str) -> bool {
    FLAGS.iter().any(|(_, programs)| programs.contains(&word))
        || LOGINS.contains(&word)
        || OTHERS.split_ascii_whitespace().any(|other| other == word)
}

/// Whether a word behind `head` is the argument of a flag, as in `-h mysql`; `--` before it ends the flags.
fn is_argument(head: &str) -> bool {
    let last = head.rsplit_once(' ').map(|(before, _)| {
        let at = before.rfind([' ', '\t', '\n']).map_or(0, |at| at + 1);
        &before[at..]
    });
    last.is_some_and(|last| last.starts_with('-') && last != "--")
}

/// Whether `head` ends with `;`, `|` or `&&` of a shell; the one in `-e "show tables;"` stands in quotes that close later.
fn is_end_of_command(head: &str, tail: &str) -> bool {
    let is_mark = head.ends_with([';', '|']) || head.ends_with("&&");
    is_mark
        && ['"', '\'']
            .iter()
            .all(|quote| tail.matches(*quote).count() % 2 == 0)
}

/// The word that an argument begins with, without quotes and at most [`LONGEST`] bytes of it.
fn first_word(argument: &str) -> (usize, &str) {
    let trimmed = argument.trim_start_matches(['"', '\'']);
    let length = trimmed
        .bytes()
        .take(LONGEST)
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\''))
        .count();
    let word = &trimmed[..trimmed.floor_char_boundary(length)];
    (argument.len() - trimmed.len(), word)
}

/// `user:password` or `user%password`; gives where it stands.
fn user_argument(text: &str, argument: &str, mark: u8, found: &mut Vec<Finding>) -> Range<usize> {
    let (quotes, word) = first_word(argument);
    let start = text.len() - argument.len() + quotes;
    let end = start + word.len();
    let Some(place) = word.bytes().position(|byte| byte == mark) else {
        return start..end;
    };
    let password = &word[place + 1..];
    // `-u jdbc:hive2://db:10000`
    if password.contains("//") && is_scheme(&word[..place]) {
        return start..end;
    }
    let is_port = password.len() <= 5 && password.bytes().all(|byte| byte.is_ascii_digit());
    if place > 0 && !password.is_empty() && !is_placeholder(password) && !is_port {
        found.push(Finding {
            start: start + place + 1,
            end,
            kind: Kind::Password,
        });
    }
    start..end
}

/// `https`, `jdbc`.
fn is_scheme(word: &str) -> bool {
    [
        "http", "https", "jdbc", "tcp", "ldap", "ldaps", "amqp", "nats", "redis", "postgres",
    ]
    .contains(&word)
}

/// The first word of an argument as a password, unless it is a path; gives where it stands.
fn push_word(text: &str, argument: &str, found: &mut Vec<Finding>) -> Range<usize> {
    let (quotes, word) = first_word(argument);
    let start = text.len() - argument.len() + quotes;
    let end = start + word.len();
    if word.len() >= 3 && !is_placeholder(word) && !is_path(word) {
        found.push(Finding {
            start,
            end,
            kind: Kind::Password,
        });
    }
    start..end
}

/// `/data/db`, `./app`, `target/web.jar`.
fn is_path(word: &str) -> bool {
    let Some((folder, file)) = word.rsplit_once('/') else {
        return false;
    };
    let has_extension = file.rsplit_once('.').is_some_and(|(name, extension)| {
        !name.is_empty()
            && (1..=5).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    folder == "."
        || word.starts_with("./")
        || (word.starts_with('/') && !looks_random(file))
        || (has_extension
            && folder
                .bytes()
                .all(|byte| is_word(byte) || matches!(byte, b'.' | b'-' | b'/')))
}

#[cfg(test)]
mod tests;
