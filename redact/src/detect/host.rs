//! Hosts of web addresses that belong to somebody, and accounts of people in paths of home folders.

use super::Finding;
use super::shape::{before, is_word};
use crate::Kind;

/// Top-level names that are never on the public network (RFC 2606, RFC 6761, RFC 6762, RFC 8375) and what houses use.
const INSIDE: [&str; 18] = [
    "internal",
    "local",
    "localhost",
    "localdomain",
    "lan",
    "home",
    "corp",
    "test",
    "example",
    "invalid",
    "svc",
    "cluster",
    "intranet",
    "private",
    "arpa",
    "onion",
    "node",
    "host",
];

/// Public tools and standards: their names say nothing about anybody.
const TOOLS: [&str; 66] = [
    "github.com",
    "githubusercontent.com",
    "github.io",
    "gitlab.com",
    "bitbucket.org",
    "npmjs.org",
    "npmjs.com",
    "yarnpkg.com",
    concat!("pypi", ".org"),
    "pythonhosted.org",
    "python.org",
    "crates.io",
    "docs.rs",
    "rust-lang.org",
    "golang.org",
    "go.dev",
    "maven.org",
    "apache.org",
    "docker.com",
    "docker.io",
    "quay.io",
    "gcr.io",
    "ghcr.io",
    "k8s.io",
    "kubernetes.io",
    "debian.org",
    "ubuntu.com",
    "centos.org",
    "fedoraproject.org",
    "alpinelinux.org",
    "archlinux.org",
    "kernel.org",
    "gnu.org",
    "mozilla.org",
    "w3.org",
    "ietf.org",
    "rfc-editor.org",
    "iana.org",
    "xmlsoap.org",
    "opengis.net",
    "openid.net",
    "oauth.net",
    "json-schema.org",
    "schema.org",
    "opentelemetry.io",
    "prometheus.io",
    "grafana.com",
    "elastic.co",
    "googleapis.com",
    "amazonaws.com",
    "azure.com",
    "windows.net",
    "microsoft.com",
    "cloudflare.com",
    "letsencrypt.org",
    "openai.com",
    "slack.com",
    "discord.com",
    "discordapp.com",
    "telegram.org",
    "anthropic.com",
    "huggingface.co",
    "stackoverflow.com",
    "springframework.org",
    "hibernate.org",
    "jboss.org",
];

/// The host of the web address whose `://` stands at `at`; with its scheme when no user stands between them.
pub(super) fn of_address(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let letters = bytes[..at]
        .iter()
        .rev()
        .take(8)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let scheme = &text[at - letters..at];
    if !["http", "https", "ws", "wss", "ftp", "ftps"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return;
    }
    let after = at + 3;
    let authority = bytes[after..]
        .iter()
        .take(512)
        .position(|byte| {
            byte.is_ascii_whitespace()
                || matches!(
                    byte,
                    b'/' | b'?'
                        | b'#'
                        | b'"'
                        | b'\''
                        | b'<'
                        | b'>'
                        | b'\\'
                        | b')'
                        | b']'
                        | b','
                        | b';'
                )
        })
        .unwrap_or_else(|| bytes.len().min(after + 512) - after);
    let authority = &bytes[after..after + authority];
    let user = authority
        .iter()
        .rposition(|byte| *byte == b'@')
        .map_or(0, |place| place + 1);
    let start = if user == 0 {
        at - letters
    } else {
        after + user
    };
    push_host(text, start, after + user, found);
}

/// `www.` without a scheme.
pub(super) fn bare(text: &str, at: usize, found: &mut Vec<Finding>) {
    if before(text, at)
        .is_none_or(|byte| !is_word(byte) && !matches!(byte, b'.' | b'-' | b'/' | b'@'))
    {
        push_host(text, at, at, found);
    }
}

fn push_host(text: &str, start: usize, host_start: usize, found: &mut Vec<Finding>) {
    let length = text[host_start..]
        .char_indices()
        .take(253)
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '.' | '-')))
        .map_or_else(
            || text.len().min(text.floor_char_boundary(host_start + 253)) - host_start,
            |(at, _)| at,
        );
    let host = text[host_start..host_start + length].trim_end_matches(['.', '-']);
    if !is_of_somebody(host) {
        return;
    }
    let mut end = host_start + host.len();
    let bytes = text.as_bytes();
    let is_end = |at: usize| {
        bytes.get(at).is_none_or(|byte| {
            byte.is_ascii_whitespace()
                || matches!(byte, b'"' | b'\'' | b')' | b']' | b'>' | b',' | b';' | b'.')
        })
    };
    // The page of somebody is known by its host alone; what has a path, a port or a field's name is one machine asking another.
    if bytes.get(end) == Some(&b'/') && is_end(end + 1) {
        end += 1;
    } else if !is_end(end) {
        return;
    }
    let head = text[..start].trim_end_matches(['"', '\'']);
    if head.ends_with('=') {
        return;
    }
    found.push(Finding {
        start,
        end,
        kind: Kind::Domain,
    });
}

fn is_of_somebody(host: &str) -> bool {
    let Some((rest, top)) = host.rsplit_once('.') else {
        return false;
    };
    let is_public =
        !rest.is_empty() && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    let is_inside = INSIDE.iter().any(|name| top.eq_ignore_ascii_case(name));
    let is_example = host
        .split('.')
        .any(|label| label.eq_ignore_ascii_case("example") || label.eq_ignore_ascii_case("svc"));
    let ends = |tool: &str| {
        host.len() >= tool.len()
            && host.is_char_boundary(host.len() - tool.len())
            && host[host.len() - tool.len()..].eq_ignore_ascii_case(tool)
            && (host.len() == tool.len() || host.as_bytes()[host.len() - tool.len() - 1] == b'.')
    };
    is_public && !is_inside && !is_example && !TOOLS.iter().any(|tool| ends(tool))
}

/// Accounts of machines and of everybody.
const ACCOUNTS: &str = "root admin administrator ubuntu debian centos fedora alpine arch ec2-user core app apps application deploy \
    deployer deployment ci build builder runner jenkins gitlab github git node npm python ruby java go rust vagrant docker \
    podman hadoop hdfs spark kafka zookeeper elasticsearch logstash kibana postgres mysql redis mongo mongodb nginx apache \
    www www-data web webapp backend frontend api service services svc user users me you test tester testing dev developer ops \
    devops public shared default guest nobody daemon bin data local linuxbrew circleci travis buildkite airflow jovyan work \
    worker server prod production staging steam pi username name home oracle tomcat jetty rails django celery vigil student";

/// `/home/ada/`, `/Users/ada/`, `C:\Users\ada\`: `at..end` is the folder of all homes with its mark behind.
pub(super) fn account(text: &str, at: usize, end: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let is_of_homes =
        matches!(&text[at..end], "/home/" | "/Users/") || text[at..end].starts_with('\\');
    if !is_of_homes {
        return;
    }
    let is_drive = text[at..end].starts_with('\\');
    if !is_drive
        && before(text, at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    {
        return;
    }
    let mut start = end;
    while bytes.get(start) == Some(&b'\\') {
        start += 1;
    }
    let length = text[start..]
        .char_indices()
        .take(40)
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_')))
        .map_or_else(|| text.len() - start, |(at, _)| at);
    let name = text[start..(start + length).min(text.len())].trim_end_matches('.');
    // A route such as `/users/list` has nothing behind; a home folder has.
    let is_folder = matches!(bytes.get(start + name.len()), Some(b'/' | b'\\'));
    let starts_well = name.starts_with(|c: char| c.is_alphabetic());
    let is_account = is_folder
        && name.len() >= 2
        && starts_well
        && !ACCOUNTS
            .split_ascii_whitespace()
            .any(|account| name.eq_ignore_ascii_case(account));
    if is_account {
        found.push(Finding {
            start,
            end: start + name.len(),
            kind: Kind::User,
        });
    }
}
