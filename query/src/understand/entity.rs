//! Ids, addresses, codes and quoted texts that must occur literally.

mod literal;
mod method;
mod status;

use domain::{AttributeFilter, AttributeOp, TextTerm};

use self::literal::{is_literal, is_trace_id, singular};
pub use self::status::StatusCode;
use super::{Claim, Reading, service, severity};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Entities {
    pub(super) terms: Vec<TextTerm>,
    pub(super) attributes: Vec<AttributeFilter>,
    pub(super) status_codes: Vec<StatusCode>,
    pub(super) trace_id: Option<String>,
    /// Texts of `terms` that count only as words of their own.
    pub(super) whole: Vec<String>,
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
        let code = status::read(reading, at);
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
        } else if method::is_here(reading, at) {
            let method = word.text.to_uppercase();
            found.term(&method);
            found.whole.push(method);
            reading.claim(at..at + 1, Claim::Entity);
        } else if (is_literal(&word.text) || is_id_of(reading, at))
            && !is_other(reading, &word.lower)
            && severity::here(reading, at).is_none()
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

/// Whether a number is the id of something numbered: "order 4711", "request id 99".
fn is_id_of(reading: &Reading<'_>, at: usize) -> bool {
    let word = reading.lower(at);
    let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let before = at.checked_sub(1).map_or("", |at| reading.lower(at));
    number && (NUMBERED.contains(&before) || word.len() >= 7)
}
