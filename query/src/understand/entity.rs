//! Ids, addresses, codes and quoted texts that must occur literally.

use std::net::IpAddr;

use domain::{AttributeFilter, AttributeOp, TextTerm};
use serde::{Deserialize, Serialize};

use super::{Claim, Reading, service};

/// A status code of HTTP or the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusCode {
    /// 100 to 599.
    Exact(u16),
    /// 1 to 5: `5` is `5xx`.
    Class(u16),
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Entities {
    pub(super) terms: Vec<TextTerm>,
    pub(super) attributes: Vec<AttributeFilter>,
    pub(super) status_codes: Vec<StatusCode>,
    pub(super) trace_id: Option<String>,
}

/// Things that are numbered: the number after them is an id.
pub(super) const NUMBERED: [&str; 26] = [
    "order",
    "user",
    "customer",
    "account",
    "invoice",
    "request",
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
    "message-id",
    "number",
];
/// Texts are cut to this many characters.
const MAX_TERM_CHARS: usize = 256;

/// Claims all entities.
pub(super) fn read(reading: &mut Reading<'_>) -> Entities {
    let mut found = Entities::default();
    // Where the name of a service ends that began before: `order_service` is one, not a literal text.
    let mut named_until = 0;
    for at in 0..reading.words.len() {
        if let Some((_, length)) = service::name_at(&reading.words, at, &reading.context.services) {
            named_until = named_until.max(at + length);
        }
        let code = status(reading, at);
        if reading.claims[at].is_some() || at < named_until && code.is_none() {
            continue;
        }
        let word = reading.words[at].clone();
        if word.quoted {
            // What stands after "excluding" is read there.
            if !excluded(reading, at) {
                found.term(&word.text);
                reading.claim(at..at + 1, Claim::Entity);
            }
        } else if let Some((code, length)) = code {
            found.status_codes.push(code);
            reading.claim(at..at + length, Claim::Entity);
        } else if let Some(attribute) = attribute(&word.text) {
            found.attributes.push(attribute);
            reading.claim(at..at + 1, Claim::Entity);
        } else if is_trace_id(&word.lower) {
            found.trace_id = Some(word.lower.clone());
            let named = at > 0 && matches!(reading.lower(at - 1), "trace" | "trace_id" | "traceid");
            reading.claim(at - usize::from(named)..at + 1, Claim::Entity);
        } else if let Some((attribute, length)) = pair(reading, at) {
            found.attributes.push(attribute);
            reading.claim(at..at + length, Claim::Entity);
        } else if (is_literal(&word.text) || is_id_of(reading, at))
            && !is_other(reading, &word.lower)
        {
            found.term(singular(word.text.trim_start_matches('#')));
            reading.claim(at..at + 1, Claim::Entity);
        }
    }
    found
}

impl Entities {
    fn term(&mut self, text: &str) {
        let term: String = text.chars().take(MAX_TERM_CHARS).collect();
        if !term.is_empty() && self.terms.iter().all(|known| known.term != term) {
            self.terms.push(TextTerm {
                term,
                negated: false,
                template_ids: Vec::new(),
            });
        }
    }
}

fn excluded(reading: &Reading<'_>, at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or("", |at| reading.lower(at));
    matches!(
        before(1),
        "excluding"
            | "except"
            | "without"
            | "ignoring"
            | "ignore"
            | "exclude"
            | "minus"
            | "not"
            | "than"
    )
}

/// `status 500`, `http 503`, `500s`, `5xx`, `500 errors`, `returned 502`: the code and how many words say so,
/// with an `errors` or `responses` after it, which then says nothing about the severity of the record.
fn status(reading: &Reading<'_>, at: usize) -> Option<(StatusCode, usize)> {
    let (code, length) = bare_status(reading, at)?;
    let is_open = reading
        .words
        .get(at + length - 1)
        .is_some_and(|word| !word.ends_phrase);
    let named = is_open && is_status_noun(reading.free(at + length));
    Some((code, length + usize::from(named)))
}

fn is_status_noun(word: &str) -> bool {
    matches!(
        word,
        "error"
            | "errors"
            | "response"
            | "responses"
            | "status"
            | "statuses"
            | "code"
            | "codes"
            | "failure"
            | "failures"
    )
}

/// "requests that failed with a server error": the class of their answers.
fn class_in_words(reading: &Reading<'_>, at: usize) -> Option<(StatusCode, usize)> {
    let class = match reading.free(at) {
        "server" => 5,
        "client" => 4,
        _ => return None,
    };
    let is_error = matches!(reading.free(at + 1), "error" | "errors");
    let is_of_requests = reading.words.iter().any(|word| {
        matches!(
            word.lower.as_str(),
            "request" | "requests" | "response" | "responses" | "calls" | "http"
        )
    });
    (is_error && is_of_requests).then_some((StatusCode::Class(class), 2))
}

fn bare_status(reading: &Reading<'_>, at: usize) -> Option<(StatusCode, usize)> {
    if let Some(found) = class_in_words(reading, at) {
        return Some(found);
    }
    let code = |text: &str| {
        text.parse()
            .ok()
            .filter(|code| (100..=599).contains(code) && text.len() == 3)
    };
    let class = |word: &str| {
        word.strip_suffix("xxs")
            .or_else(|| word.strip_suffix("xx"))
            .and_then(|class| class.parse().ok())
            .filter(|class| (1..=5).contains(class))
    };
    let one = |word: &str| {
        code(word)
            .or_else(|| word.strip_suffix('s').and_then(code))
            .map(StatusCode::Exact)
            .or_else(|| class(word).map(StatusCode::Class))
    };
    let word = reading.lower(at);
    if let Some(class) = class(word) {
        return Some((StatusCode::Class(class), 1));
    }
    if let Some(code) = word.strip_suffix('s').and_then(code) {
        return Some((StatusCode::Exact(code), 1));
    }
    // The code of a process that ended is none of a request.
    let of_process = word == "code"
        && at > 0
        && matches!(
            reading.lower(at - 1),
            "exit" | "return" | "signal" | "errno"
        );
    if of_process {
        return None;
    }
    if matches!(
        word,
        "status" | "http" | "returned" | "returning" | "returns" | "code" | "response" | "got"
    ) {
        let skip = if matches!(reading.lower(at + 1), "code" | "status" | "a") {
            2
        } else {
            1
        };
        return one(reading.lower(at + skip)).map(|code| (code, skip + 1));
    }
    // "the last 500 errors" are five hundred of them.
    let before = at.checked_sub(1).map_or("", |at| reading.lower(at));
    let is_followed = matches!(
        reading.lower(at + 1),
        "today" | "yesterday" | "in" | "at" | "on" | "since" | "after"
    );
    // "when was the first 502 yesterday" is one, "the first 502 errors" and "the first 500 of them" are so many.
    let is_one = before == "first"
        && is_followed
        && asks_for_one(reading, at)
        && word.parse().is_ok_and(is_known_failure);
    let is_limit = !is_one
        && matches!(
            before,
            "last" | "first" | "top" | "latest" | "newest" | "only"
        );
    // "top paths by 500", "which users had 403?": at the end of what was said.
    let is_counted_before = matches!(
        before,
        "by" | "with" | "had" | "got" | "get" | "gets" | "return" | "for" | "most"
    );
    let is_followed_by_time = matches!(
        reading.lower(at + 1),
        "last"
            | "in"
            | "today"
            | "yesterday"
            | "over"
            | "since"
            | "during"
            | "by"
            | "per"
            | "between"
    );
    let word_itself = reading.words.get(at);
    let is_last = word_itself.is_some_and(|word| word.ends_phrase || at + 1 == reading.words.len());
    let is_counted = is_counted_before && (is_last || is_followed_by_time);
    code(word)
        .filter(|code| {
            !is_limit
                && (is_counted
                    || is_status_noun(reading.lower(at + 1))
                    || is_known_failure(*code) && counts_nothing(reading, at))
        })
        .map(|code| (StatusCode::Exact(code), 1))
}

/// "when did it return the first 502", "what was the first 502": who asks so for a record means one.
fn asks_for_one(reading: &Reading<'_>, at: usize) -> bool {
    let verb = at.checked_sub(3).map_or("", |at| reading.lower(at));
    reading.words.iter().any(|word| word.lower == "when")
        || matches!(verb, "was" | "is" | "return" | "returned" | "got" | "saw")
}

/// Whether servers answer failures with this code.
///
/// Source: the registry of status codes of HTTP, and what nginx and Cloudflare add to it.
fn is_known_failure(code: u16) -> bool {
    matches!(code, 400..=418 | 421..=426 | 428 | 429 | 431 | 451 | 499 | 500..=511 | 520..=526)
}

/// "how many 503 since noon?": a number that is no limit, no id, no amount of anything and no part of a comparison.
fn counts_nothing(reading: &Reading<'_>, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |at| reading.lower(at));
    let is_compared = matches!(
        before,
        "than"
            | "above"
            | "over"
            | "below"
            | "under"
            | "least"
            | "most"
            | "to"
            | "and"
            | "between"
            | "exceeds"
            | "exceeding"
            | "exceeded"
            | "="
            | ">"
            | "<"
            | ">="
            | "<="
            | "at"
            | "around"
            | "about"
            | "until"
            | "since"
            | "past"
            | "line"
            | "of"
    );
    // "500 emails" are so many.
    let next = reading.lower(at + 1);
    let is_alone = next.is_empty()
        || reading.words[at].ends_phrase
        || super::vocabulary::is_filler(next)
        || matches!(
            next,
            "today" | "yesterday" | "during" | "on" | "tonight" | "currently"
        );
    let is_measured = super::number::is_unit(reading.lower(at + 1));
    !is_compared && !is_measured && is_alone && !NUMBERED.contains(&before)
}

/// `region=eu`, but not `level=error`.
fn attribute(text: &str) -> Option<AttributeFilter> {
    let (key, value) = text.split_once('=')?;
    let (key, op) = key
        .strip_suffix('!')
        .map_or((key, AttributeOp::Equal), |key| {
            (key, AttributeOp::NotEqual)
        });
    let named = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    let reserved = matches!(key.to_ascii_lowercase().as_str(), "level" | "severity");
    (named && !reserved && !value.is_empty()).then(|| AttributeFilter {
        key: key.to_owned(),
        op,
        value: value.chars().take(MAX_TERM_CHARS).collect(),
    })
}

/// The name of an attribute, and "non-200": these are read by others.
fn is_other(reading: &Reading<'_>, word: &str) -> bool {
    let is_code = word
        .strip_prefix("non-")
        .is_some_and(|code| code.parse::<u16>().is_ok());
    let at = reading.words.iter().position(|it| it.lower == word);
    let is_of_deploy =
        at.is_some_and(|at| super::deploy::is_version_of_one(&reading.words, at, reading.context));
    is_code
        || is_of_deploy
        || reading
            .context
            .attributes
            .iter()
            .chain(&reading.context.slots)
            .any(|key| key.eq_ignore_ascii_case(word))
}

/// `region eu-west`, `host web-02`: the key of an attribute and what can only be a value.
fn pair(reading: &Reading<'_>, at: usize) -> Option<(AttributeFilter, usize)> {
    let (word, next) = (reading.free(at), reading.words.get(at + 1)?);
    let is_value = reading.free(at + 1) == next.lower
        && !reading.words[at].ends_phrase
        && next.text.contains(['-', '_'])
        && next
            .text
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.".contains(c));
    let keys = || reading.context.attributes.iter();
    let key = keys()
        .find(|key| key.eq_ignore_ascii_case(word))
        .or_else(|| keys().find(|key| key.to_lowercase().rsplit('.').next() == Some(word)))?;
    let is_service = service::name_at(&reading.words, at + 1, &reading.context.services).is_some();
    (is_value && !is_service && word.len() > 2).then(|| {
        let value = AttributeFilter {
            key: key.clone(),
            op: AttributeOp::Equal,
            value: next.text.clone(),
        };
        (value, 2)
    })
}

/// 32 hexadecimal digits that are not all zero: a W3C trace id.
fn is_trace_id(lower: &str) -> bool {
    lower.len() == 32
        && lower.bytes().all(|byte| byte.is_ascii_hexdigit())
        && lower.bytes().any(|byte| byte != b'0')
}

/// Whether a word is an address, a path, an id or a name from code, which only makes sense literally.
fn is_literal(text: &str) -> bool {
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_address = text.parse::<IpAddr>().is_ok()
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            host.parse::<IpAddr>().is_ok() && port.parse::<u16>().is_ok()
        });
    let is_path = text.len() > 1 && (text.starts_with('/') || text.contains("://"));
    let is_email = text
        .split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && host.contains('.'));
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let is_numbered = text.starts_with('#') && digits > 0;
    is_address
        || is_host_name(text)
        || is_path
        || is_email
        || is_uuid
        || is_numbered
        || is_mixed_id(text, letters, digits)
        || is_from_code(text)
}

/// `mail.example.net`, `shop.example.org`.
fn is_host_name(text: &str) -> bool {
    const ENDS: [&str; 10] = [
        "com", "net", "org", "io", "local", "internal", "example", "dev", "edu", "gov",
    ];
    let parts: Vec<&str> = text.split('.').collect();
    let is_part =
        |part: &&str| part.len() > 1 && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    parts.len() > 1
        && parts.iter().all(is_part)
        && parts
            .last()
            .is_some_and(|end| ENDS.contains(&end.to_lowercase().as_str()))
}

/// `ORD-1234`, `blk_99`, `E4711`, `v2.4.1`, `2.4.1`: letters and digits that are no time or length of time.
fn is_mixed_id(text: &str, letters: usize, digits: usize) -> bool {
    let version = text.strip_prefix('v').unwrap_or(text);
    let is_version = version.split('.').count() >= 3
        && version
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if is_version {
        return version.rsplit('.').next().is_none_or(|year| year.len() < 4);
    }
    if text.split(['/', '-']).all(is_percentile) {
        return false;
    }
    let starts_with_letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let has_joint = text.contains(['-', '_', '.', ':']);
    let long_hex =
        text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) && letters > 0;
    // What is said of two things, `req/s3`, is no id: a part of one says so, `db-eu/node1`, `orders/4711`.
    let is_part = |part: &str| part.bytes().filter(u8::is_ascii_digit).count() >= 3;
    let is_one = has_joint || !text.contains('/') || text.split('/').any(is_part);
    digits > 0
        && letters > 0
        && is_one
        && (long_hex || starts_with_letter && (digits >= 3 || has_joint && digits >= 1))
}

/// `p95`, `p99.9`.
fn is_percentile(text: &str) -> bool {
    text.strip_prefix(['p', 'P'])
        .filter(|digits| {
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
        .and_then(|digits| digits.parse::<f64>().ok())
        .is_some_and(|part| part < 100.0)
}

/// `NullPointerException`, `ECONNREFUSED`, `db.query_failed`, `handle_payment`.
fn is_from_code(text: &str) -> bool {
    let is_word = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == ':');
    let camel = text
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    let shouted = text.len() >= 6 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let joined = text.contains('_') && text.len() > 3;
    is_word && (camel >= 1 && text.len() >= 6 || shouted || joined)
}

/// One of many errors from code: `TypeErrors` are each a `TypeError`.
fn singular(text: &str) -> &str {
    let is_many = ["Errors", "Exceptions", "Failures", "Timeouts"]
        .iter()
        .any(|end| text.len() > end.len() && text.ends_with(end));
    match text.strip_suffix('s') {
        Some(one) if is_many => one,
        _ => text,
    }
}

/// Whether a number is the id of something numbered: "order 4711", "request id 99".
fn is_id_of(reading: &Reading<'_>, at: usize) -> bool {
    let word = reading.lower(at);
    let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let before = at.checked_sub(1).map_or("", |at| reading.lower(at));
    number && (NUMBERED.contains(&before) || word.len() >= 7)
}
