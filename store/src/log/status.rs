//! Status codes of HTTP and the like, which services keep in different attributes or only in the text.

use crate::Backend;
use crate::statement::Statement;

use super::attributes;

/// Attributes that hold a status code, the most telling ones first.
/// Source: OpenTelemetry semantic conventions (`http.response.status_code`, before 1.23 `http.status_code`) and
/// the fields of common loggers.
const ATTRIBUTES: [&str; 7] = [
    "http.response.status_code",
    "http.status_code",
    "status_code",
    "statusCode",
    "http_status",
    "status",
    "code",
];
/// A number before one of these is a length or an amount.
const UNITS: [&str; 31] = [
    "ms",
    "s",
    "sec",
    "secs",
    "second",
    "seconds",
    "us",
    "\u{b5}s",
    "ns",
    "min",
    "minutes",
    "h",
    "b",
    "byte",
    "bytes",
    "kb",
    "kib",
    "mb",
    "mib",
    "gb",
    "gib",
    "rows",
    "records",
    "items",
    "times",
    "entries",
    "messages",
    "requests",
    "milliseconds",
    "attempts",
    "lines",
];
/// A number after one of these is an id, an amount or a time.
const OTHERS: [&str; 32] = [
    "order",
    "user",
    "customer",
    "account",
    "invoice",
    "job",
    "task",
    "session",
    "transaction",
    "payment",
    "ticket",
    "id",
    "pid",
    "port",
    "block",
    "node",
    "shard",
    "partition",
    "build",
    "cart",
    "device",
    "worker",
    "tenant",
    "line",
    "page",
    "row",
    "batch",
    "took",
    "timeout",
    "limit",
    "size",
    "attempt",
];

/// What never stands right before a code, and right after one: as the inside of a set in regular
/// expressions.
const NEVER_BEFORE: &str = "0-9A-Za-z_./#$@-";
const NEVER_AFTER: &str = "0-9A-Za-z_%/";

/// A status code that a record must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFilter {
    /// 100 to 599.
    Exact(u16),
    /// 1 to 5: `5` is every code from 500 to 599.
    Class(u16),
}

impl StatusFilter {
    /// Whether a record has one of these codes; true when none is asked for.
    #[must_use]
    pub fn any_matches(statuses: &[Self], body: &str, attributes: &str) -> bool {
        any_matches(statuses, body, attributes)
    }

    /// The status code of a record: the one that an attribute holds, else the first one of its text.
    #[must_use]
    pub fn code_of(body: &str, attributes: &str) -> Option<u16> {
        kept_code(attributes)
            .or_else(|| code_of_access(body))
            .or_else(|| codes(body).next())
    }

    fn covers(self, code: u16) -> bool {
        match self {
            Self::Exact(wanted) => code == wanted,
            Self::Class(class) => code / 100 == class,
        }
    }
}

/// ` AND ..` that every matching row passes.
pub(super) fn prefilter(
    statement: &mut Statement<'_>,
    statuses: &[StatusFilter],
    backend: Backend,
) {
    for (index, status) in statuses.iter().enumerate() {
        statement.sql(if index == 0 { " AND (" } else { " OR " });
        let digits = match status {
            StatusFilter::Exact(code) => code.to_string(),
            StatusFilter::Class(class) => format!("{class}[0-9][0-9]"),
        };
        for (index, column) in ["body", "attributes"].into_iter().enumerate() {
            if index > 0 {
                statement.sql(" OR ");
            }
            statement.sql(column);
            match backend {
                // A set at its beginning makes a GLOB ten times slower: neighbours are looked at here.
                Backend::Sqlite => statement.sql(" GLOB ").text(format!("*{digits}*")),
                Backend::Postgres => statement
                    .sql(" ~ ")
                    .text(format!("(^|[^{NEVER_BEFORE}]){digits}($|[^{NEVER_AFTER}])")),
            };
        }
    }
    if !statuses.is_empty() {
        statement.sql(")");
    }
}

/// Whether a record has one of the codes; true when none is asked for. An attribute with a code decides; only
/// without one the text does.
pub(crate) fn any_matches(statuses: &[StatusFilter], body: &str, attributes: &str) -> bool {
    if statuses.is_empty() {
        return true;
    }
    let is_wanted = |code: u16| statuses.iter().any(|status| status.covers(code));
    match kept_code(attributes).or_else(|| code_of_access(body)) {
        Some(code) => is_wanted(code),
        None => codes(body).any(is_wanted),
    }
}

/// The code of a line of an access log, behind the protocol: `"GET /a HTTP/1.1" 200 503` answered 200 with 503 bytes.
fn code_of_access(body: &str) -> Option<u16> {
    let (_, rest) = body.split_once(" HTTP/")?;
    let (version, rest) = rest.split_once("\" ")?;
    (version.len() <= 3).then(|| leading_code(rest)).flatten()
}

/// The code that an attribute holds.
fn kept_code(attributes: &str) -> Option<u16> {
    // Most records have none of the attributes, and seven looks at a document cost more than two at a text.
    let may_be_kept = attributes.contains("tatus") || attributes.contains("\"code\"");
    ATTRIBUTES.iter().filter(|_| may_be_kept).find_map(|key| {
        attributes::value_of(attributes, key).and_then(|value| leading_code(&value))
    })
}

/// `503`, `503.0`, `503 Service Unavailable`.
fn leading_code(text: &str) -> Option<u16> {
    let text = text.trim_start();
    let digits = text.get(..3)?;
    let is_end = !text[3..].starts_with(|c: char| c.is_ascii_alphanumeric());
    code(digits).filter(|_| is_end)
}

fn code(digits: &str) -> Option<u16> {
    let is_number = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .parse()
        .ok()
        .filter(|code| is_number && (100..=599).contains(code))
}

/// The numbers of a text that can be status codes: three digits that stand alone, are no part of an id, a time, a
/// path or an address, and measure nothing.
fn codes(body: &str) -> impl Iterator<Item = u16> + '_ {
    let bytes = body.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            if !bytes[at].is_ascii_digit() {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && bytes[at].is_ascii_digit() {
                at += 1;
            }
            if let Some(code) = code(&body[start..at])
                && stands_alone(body, start, at)
            {
                return Some(code);
            }
        }
        None
    })
}

fn stands_alone(body: &str, start: usize, end: usize) -> bool {
    let (before, after) = (&body[..start], &body[end..]);
    let mut next = after.chars();
    let ends = match (next.next(), next.next()) {
        (Some(c), _) if c.is_alphanumeric() => false,
        (Some('_' | '%' | '/'), _) => false,
        (Some('.' | ',' | ':' | '-'), Some(c)) => !c.is_alphanumeric(),
        _ => true,
    };
    if !ends || is_unit(after) {
        return false;
    }
    match before.chars().next_back() {
        None => true,
        Some(c) if c.is_alphanumeric() => false,
        Some('_' | '-' | '/' | '.' | '#' | '$' | ',' | '@') => false,
        Some('=' | ':') => is_status_key(before),
        _ => !is_other(before),
    }
}

fn is_unit(after: &str) -> bool {
    let word = after
        .strip_prefix(' ')
        .and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
        .unwrap_or_default();
    UNITS.contains(&word.to_lowercase().as_str())
}

/// Whether the `key=` or `"key":` right before a number names a status.
fn is_status_key(before: &str) -> bool {
    let key = before.trim_end_matches(['=', ':', '"', '\'']);
    let name = key
        .rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .next()
        .unwrap_or_default()
        .to_lowercase();
    ["status", "code", "http", "response"]
        .iter()
        .any(|word| name.contains(word))
}

/// Whether the word before says that the number is something else. A `:` after it starts a new thought.
fn is_other(before: &str) -> bool {
    let before = before.trim_end();
    if before.ends_with(|c: char| !c.is_alphanumeric()) {
        return before.ends_with('#');
    }
    let word = before
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    OTHERS.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(status: StatusFilter, body: &str, attributes: &str) -> bool {
        any_matches(&[status], body, attributes)
    }

    #[test]
    fn codes_stand_alone_and_measure_nothing() {
        let found = |body: &str| codes(body).collect::<Vec<_>>();
        assert_eq!(found("502 Bad Gateway"), [502]);
        assert_eq!(found("GET /cart HTTP/1.1\" 503 17"), [503]);
        assert_eq!(found("upstream failed: 504"), [504]);
        assert_eq!(found("checkout answered 500 in 120 ms"), [500]);
        assert_eq!(
            found("status=404, {\"status\":404} http_code: 404."),
            [404, 404, 404]
        );
        assert!(found("took 500 ms, 512 bytes, 500 rows and 99.500%").is_empty());
        assert!(found("order 512 from /orders/512 on node-512 at 10:20:30.512").is_empty());
        assert!(found("duration_ms=503 size:512 1,500 15000 #404").is_empty());
    }

    #[test]
    fn the_size_of_an_answer_in_an_access_log_is_no_status() {
        let line = "10.2.3.4 - - [28/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 503 \"-\"";
        assert!(has(StatusFilter::Exact(200), line, ""));
        assert!(!has(StatusFilter::Exact(503), line, ""));
        assert_eq!(StatusFilter::code_of(line, ""), Some(200));
        // Elsewhere the protocol may stand before anything.
        assert!(has(StatusFilter::Exact(503), "spoke HTTP/2, got 503", ""));
    }

    #[test]
    fn an_attribute_with_a_code_decides_before_the_text() {
        let class = StatusFilter::Class(5);
        let exact = StatusFilter::Exact(500);
        assert!(has(class, "failed", r#"{"http.status_code":503}"#));
        assert!(has(exact, "failed", r#"{"status":"500"}"#));
        assert!(has(exact, "answered 500", r#"{"status":"failed"}"#));
        assert!(!has(exact, "answered 500", r#"{"status_code":200}"#));
        assert!(!has(class, "answered 404", ""));
        assert!(has(class, "answered 599", ""));
        assert_eq!(
            StatusFilter::code_of("answered 500", r#"{"status_code":200}"#),
            Some(200)
        );
        assert_eq!(
            StatusFilter::code_of("answered 500 in 404 ms", ""),
            Some(500)
        );
        assert_eq!(StatusFilter::code_of("took 500 ms", ""), None);
    }
}
