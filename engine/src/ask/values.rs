//! The values that matching records name: their addresses, users, paths, or an attribute.

use std::collections::HashMap;
use std::net::IpAddr;

use anomaly::TemplateInfo as _;
use domain::{LogFilter, LogRecord, Order, ProjectId, TemplateId, TimeRange};
use patterns::{SlotPlace, Slots};
use query::Field;
use serde_json::Value;
use store::StatusFilter;

use super::naming;
use super::numbers;
use super::scope::Scope;
use super::words::holds_value;
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Digits from which on what stands after "for" is an id and no name.
const ID_DIGITS: usize = 5;
/// Words behind "user" or "for" that tell a thing of theirs or what became of them and are nobody's name.
const NOBODY: [&str; 112] = [
    "account",
    "accounts",
    "session",
    "sessions",
    "login",
    "logins",
    "logout",
    "service",
    "services",
    "id",
    "ids",
    "name",
    "names",
    "input",
    "output",
    "agent",
    "agents",
    "data",
    "profile",
    "profiles",
    "interface",
    "space",
    "error",
    "errors",
    "exception",
    "request",
    "requests",
    "response",
    "reply",
    "answer",
    "message",
    "messages",
    "query",
    "action",
    "actions",
    "event",
    "events",
    "update",
    "updates",
    "password",
    "credentials",
    "group",
    "groups",
    "role",
    "roles",
    "permission",
    "permissions",
    "token",
    "tokens",
    "key",
    "keys",
    "registration",
    "authentication",
    "authorization",
    "creation",
    "deletion",
    "lookup",
    "management",
    "manager",
    "api",
    "client",
    "server",
    "database",
    "table",
    "store",
    "cache",
    "record",
    "records",
    "list",
    "count",
    "counts",
    "limit",
    "limits",
    "quota",
    "info",
    "details",
    "settings",
    "preferences",
    "context",
    "state",
    "status",
    "does",
    "did",
    "must",
    "should",
    "may",
    "might",
    "who",
    "that",
    "which",
    "already",
    "exists",
    "still",
    "unknown",
    "invalid",
    "disconnected",
    "connection",
    "connections",
    "packet",
    "file",
    "lock",
    "ack",
    "acknowledgement",
    "heartbeat",
    "job",
    "task",
    "order",
    "me",
    "you",
    "it",
    "all",
    "any",
];
/// Characters of a value that are kept.
pub(super) const MAX_CHARS: usize = 200;

/// How often each value was named.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Values with their records and the pattern that names them most often; most frequent first.
    pub(super) counts: Vec<(String, u64, TemplateId)>,
    /// Records that were read.
    pub(super) read: u64,
    /// Records among them that name none.
    pub(super) without: u64,
    /// More records match than were read.
    pub(super) is_cut: bool,
}

/// The records of each value, by the pattern that names it.
type Counts = HashMap<String, HashMap<TemplateId, u64>>;

/// Reads values of records, and keeps what it learnt of their patterns.
pub(super) struct ValueReader<'a> {
    dictionary: &'a Dictionary,
    slots: HashMap<TemplateId, Option<Slots>>,
    /// Whether a name of an attribute stands before words that differ from pattern to pattern.
    varying: HashMap<String, bool>,
}

impl<'a> ValueReader<'a> {
    pub(super) fn new(dictionary: &'a Dictionary) -> Self {
        Self {
            dictionary,
            slots: HashMap::new(),
            varying: HashMap::new(),
        }
    }

    /// The value of a field in a record, when it names one.
    pub(super) fn value(&mut self, field: &Field, record: &LogRecord) -> Option<String> {
        let id = self.dictionary.resolve(record.template_id);
        let dictionary = self.dictionary;
        let slots = self
            .slots
            .entry(id)
            .or_insert_with(|| dictionary.get(id).map(|it| Slots::new(&it.text)));
        value_of(field, record, slots.as_ref()).or_else(|| {
            let Field::Attribute(name) = field else {
                return None;
            };
            let is_varying = match self.varying.get(name) {
                Some(known) => *known,
                None => {
                    let varies = naming::varies(dictionary, name);
                    self.varying.insert(name.clone(), varies);
                    varies
                }
            };
            of_words(field, &record.body, is_varying)
        })
    }
}

impl Inner {
    /// Counts the values of a field in the records that match. Blocks.
    pub(super) fn values(
        &self,
        project_id: ProjectId,
        scope: &Scope,
        dictionary: &Dictionary,
        range: TimeRange,
        field: &Field,
    ) -> Result<Values, Error> {
        let filter = LogFilter {
            range,
            ..scope.filter.clone()
        };
        let mut values = Values::default();
        let mut reader = ValueReader::new(dictionary);
        let mut counts = Counts::default();
        // Where records keep the host in an attribute, what their texts name is another one.
        let mut told = Counts::default();
        let is_cut = self.walk(project_id, &filter, Order::NewestFirst, |record| {
            let is_match = scope
                .values
                .iter()
                .all(|value| holds_value(&record.body, value))
                && numbers::hold(&scope.numbers, &record)
                && StatusFilter::any_matches(&scope.statuses, &record.body, &record.attributes);
            if !is_match {
                return;
            }
            values.read += 1;
            let id = dictionary.resolve(record.template_id);
            let is_told =
                *field == Field::Host && of_attributes(field, &record.attributes).is_none();
            match reader.value(field, &record) {
                Some(value) => {
                    let value: String = value.chars().take(MAX_CHARS).collect();
                    let counts = if is_told { &mut told } else { &mut counts };
                    *counts.entry(value).or_default().entry(id).or_insert(0) += 1;
                }
                None => values.without += 1,
            }
        })?;
        values.is_cut = is_cut;
        if counts.is_empty() && told.is_empty() && is_machine(field) {
            // "which node": patterns of others say the word, these records keep the host.
            return self.values(project_id, scope, dictionary, range, &Field::Host);
        }
        if counts.is_empty() && is_person(field) {
            return self.values(project_id, scope, dictionary, range, &Field::User);
        }
        if counts.is_empty() {
            counts = told;
        } else {
            values.without += told.values().flat_map(HashMap::values).sum::<u64>();
        }
        values.counts = counts
            .into_iter()
            .filter_map(|(value, by_pattern)| {
                let count = by_pattern.values().sum();
                let (most, _) = by_pattern
                    .into_iter()
                    .max_by_key(|(id, count)| (*count, std::cmp::Reverse(*id)))?;
                Some((value, count, most))
            })
            .collect();
        values
            .counts
            .sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(values)
    }
}

/// The value of a field in a record: that of an attribute, else that of a slot of its pattern, else that of a
/// `key=value` in its text.
fn value_of(field: &Field, record: &LogRecord, slots: Option<&Slots>) -> Option<String> {
    if *field == Field::Status {
        return StatusFilter::code_of(&record.body, &record.attributes)
            .map(|code| code.to_string());
    }
    of_attributes(field, &record.attributes)
        .or_else(|| slots.and_then(|slots| of_slots(field, slots, &record.body)))
        .or_else(|| of_pairs(field, &record.body))
        .or_else(|| of_words(field, &record.body, false))
        .or_else(|| of_user_words(field, &record.body))
}

/// The name in `password for root from`, `for invalid user oracle`, `user news by` where patterns hold it as a constant.
fn of_user_words(field: &Field, body: &str) -> Option<String> {
    if *field != Field::User {
        return None;
    }
    let words: Vec<&str> = body.split_whitespace().collect();
    let name = |at: usize| {
        words
            .get(at)
            .filter(|word| naming::is_name(word))
            .and_then(|word| fitting(field, word.trim_end_matches([':', '.'])))
            .filter(|name| !NOBODY.contains(&name.to_lowercase().as_str()))
    };
    (0..words.len()).find_map(|at| match words[at].to_lowercase().as_str() {
        "user" => name(at + 1),
        "for" if words.get(at + 2).is_some_and(|word| *word == "from") => name(at + 1),
        _ => None,
    })
}

/// The word after the name of what only patterns name: `export-csv` in `job export-csv failed`. Only what is written like a
/// value: in `customer not found` stands none. Where patterns differ in this word, any name is one.
fn of_words(field: &Field, body: &str, is_varying: bool) -> Option<String> {
    let Field::Attribute(name) = field else {
        return None;
    };
    let mut words = body.split_whitespace();
    words
        .by_ref()
        .find(|word| word.eq_ignore_ascii_case(name))?;
    let value = fitting(field, words.next()?)?;
    let is_value = value.starts_with(char::is_alphanumeric)
        && value.contains(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_'));
    (is_value || is_varying && naming::is_name(&value)).then_some(value)
}

/// Whether a name of an attribute is said of people.
fn is_person(field: &Field) -> bool {
    matches!(field, Field::Attribute(name) if matches!(
        name.as_str(),
        "player" | "member" | "customer" | "guest" | "employee" | "student" | "person" | "visitor"
    ))
}

/// Whether a name of an attribute is said of machines.
fn is_machine(field: &Field) -> bool {
    matches!(field, Field::Attribute(name) if matches!(name.as_str(), "node" | "machine" | "server" | "box" | "vm" | "pod" | "instance"))
}

/// Names under which a field is kept, the most telling first.
fn names(field: &Field) -> &'static [&'static str] {
    match field {
        Field::Address => &["ip", "address", "addr", "rhost", "peer", "client"],
        Field::Host => &["host", "hostname", "server", "rhost", "node"],
        Field::User => &[
            "user", "username", "usr", "enduser", "account", "player", "member",
        ],
        Field::Path => &["path", "route", "target", "endpoint"],
        Field::Url => &["url", "uri"],
        Field::Port => &["port"],
        Field::Id => &["id"],
        Field::Status | Field::Attribute(_) => &[],
    }
}

fn of_attributes(field: &Field, attributes: &str) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let Ok(Value::Object(kept)) = serde_json::from_str::<Value>(attributes) else {
        return None;
    };
    if let Field::Attribute(key) = field {
        return kept.get(key).and_then(text);
    }
    for name in names(field) {
        let mut keys: Vec<&String> = kept
            .keys()
            .filter(|key| {
                key.to_lowercase()
                    .split(['.', '_', '-'])
                    .any(|part| part == *name)
            })
            .collect();
        keys.sort_by_key(|key| (key.len(), (*key).clone()));
        let value = keys
            .into_iter()
            .filter_map(|key| kept.get(key).and_then(text))
            .find_map(|value| fitting(field, &value));
        if value.is_some() {
            return value;
        }
    }
    None
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn of_slots(field: &Field, slots: &Slots, body: &str) -> Option<String> {
    let values = slots.values(body)?;
    let places = slots.places();
    let ranks = |place: &SlotPlace, before: Option<&SlotPlace>| rank(field, place, before);
    let mut best: Option<(u8, String)> = None;
    for (index, value) in values.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| places.get(before));
        let Some(rank) = places.get(index).and_then(|place| ranks(place, before)) else {
            continue;
        };
        let Some(value) = fitting(field, value) else {
            continue;
        };
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        if *field == Field::User && rank > 0 && digits >= ID_DIGITS {
            continue;
        }
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, value));
        }
    }
    best.map(|(_, value)| value)
}

/// How well a slot fits a field, the smaller the better; `None` when it does not.
fn rank(field: &Field, place: &SlotPlace, before: Option<&SlotPlace>) -> Option<u8> {
    let is_named = names(field)
        .iter()
        .any(|name| place.key.split(['.', '_', '-']).any(|part| part == *name));
    let is_any = place.kind == "*";
    match field {
        Field::Address => match place.kind {
            "ip" if matches!(
                place.key.as_str(),
                "from" | "rhost" | "client" | "peer" | "source" | "src"
            ) =>
            {
                Some(0)
            }
            "ip" => Some(1),
            "host" | "*" => Some(2),
            _ => None,
        },
        Field::Host => match place.kind {
            "host" => Some(0),
            _ if is_named => Some(1),
            "ip" => Some(2),
            _ => None,
        },
        Field::User => match place.key.as_str() {
            _ if is_named => Some(0),
            "for" | "by" | "as" if is_any => Some(1),
            _ if place.kind == "email" => Some(2),
            _ => None,
        },
        Field::Path => match place.kind {
            "path" => Some(0),
            "url" => Some(1),
            _ if is_named || is_any || place.kind == "quoted" => Some(2),
            _ => None,
        },
        Field::Url => match place.kind {
            "url" => Some(0),
            _ if is_named => Some(1),
            _ => None,
        },
        Field::Port => {
            let is_glued =
                place.key.is_empty() && before.is_some_and(|it| matches!(it.kind, "ip" | "host"));
            match place.kind {
                "num" if is_named => Some(0),
                "num" if is_glued => Some(1),
                _ => None,
            }
        }
        Field::Id => match place.kind {
            _ if is_named => Some(0),
            "uuid" => Some(1),
            "hex" => Some(2),
            "*" => Some(3),
            _ => None,
        },
        Field::Attribute(key) => (place.key == key.to_lowercase()).then_some(0),
        Field::Status => None,
    }
}

/// The value, when it is one of the field.
fn fitting(field: &Field, value: &str) -> Option<String> {
    let value = value.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '[' | ']' | '(' | ')' | ',' | ';')
    });
    if value.is_empty() || value == "-" {
        return None;
    }
    let fits = match field {
        Field::Address => {
            let host = value.rsplit_once(':').map_or(value, |(host, _)| host);
            let address = [value, host]
                .into_iter()
                .find(|it| it.parse::<IpAddr>().is_ok())?;
            return Some(address.to_owned());
        }
        Field::Path => value.starts_with('/') || value.contains('/') && !value.contains(' '),
        Field::Port => value.parse::<u16>().is_ok(),
        // A number beside "for" is no name; an id may be one.
        Field::User | Field::Host => !value.contains(' '),
        Field::Url | Field::Id | Field::Status | Field::Attribute(_) => true,
    };
    fits.then(|| value.to_owned())
}

/// The value of `user=anna` in a text.
fn of_pairs(field: &Field, body: &str) -> Option<String> {
    let own;
    let names = match field {
        Field::Attribute(key) => {
            own = [key.as_str()];
            &own[..]
        }
        _ => names(field),
    };
    names.iter().find_map(|name| {
        body.split([' ', ',', ';', '\t'])
            .filter_map(|word| word.split_once('='))
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .find_map(|(_, value)| fitting(field, value))
    })
}

#[cfg(test)]
mod tests {
    use domain::{ProjectId, RecordId, Severity};

    use super::*;

    fn value(field: &Field, template: &str, body: &str, attributes: &str) -> Option<String> {
        let record = LogRecord {
            id: RecordId(uuid::Uuid::nil()),
            project_id: ProjectId(uuid::Uuid::nil()),
            timestamp_ns: 0,
            observed_at_ns: 0,
            severity: Severity::Info,
            service: "door".to_owned(),
            body: body.to_owned(),
            attributes: attributes.to_owned(),
            trace_id: None,
            span_id: None,
            template_id: TemplateId(1),
        };
        value_of(field, &record, Some(&Slots::new(template)))
    }

    #[test]
    fn values_come_from_slots_that_fit() {
        let template = "Failed login for <*> from <ip> port <num> tty2";
        let body = "Failed login for anna from 10.2.3.4 port 4711 tty2";
        let of = |field| value(&field, template, body, "");
        assert_eq!(of(Field::Address).as_deref(), Some("10.2.3.4"));
        assert_eq!(of(Field::User).as_deref(), Some("anna"));
        assert_eq!(of(Field::Port).as_deref(), Some("4711"));
        assert_eq!(of(Field::Path), None);
        let of = |body| value(&Field::User, "lease of <num> s for <*>", body, "");
        assert_eq!(of("lease of 30 s for anna").as_deref(), Some("anna"));
        assert_eq!(of("lease of 30 s for job_144514_002"), None);
        // A slot for anything may hold an address.
        assert_eq!(
            value(
                &Field::Address,
                "refused: rhost=<*> user=<*>",
                "refused: rhost=10.2.3.4 user=anna",
                ""
            )
            .as_deref(),
            Some("10.2.3.4")
        );
    }

    #[test]
    fn attributes_decide_before_the_text() {
        let template = "request to <path> answered <num> in <num> ms";
        let body = "request to /cart answered 500 in 120 ms";
        let of = |field, attributes| value(&field, template, body, attributes);
        assert_eq!(of(Field::Path, "").as_deref(), Some("/cart"));
        assert_eq!(of(Field::Status, "").as_deref(), Some("500"));
        assert_eq!(
            of(Field::Path, r#"{"http.route":"/cart/{id}","n":1}"#).as_deref(),
            Some("/cart/{id}")
        );
        assert_eq!(
            of(Field::User, r#"{"enduser.id":"anna"}"#).as_deref(),
            Some("anna")
        );
        assert_eq!(
            of(Field::Attribute("region".into()), r#"{"region":"eu"}"#).as_deref(),
            Some("eu")
        );
    }

    #[test]
    fn what_only_patterns_name_is_the_word_after_it() {
        let job = Field::Attribute("job".into());
        let of = |template, body| value(&job, template, body, "");
        assert_eq!(
            of("job <*> done", "job report done").as_deref(),
            Some("report")
        );
        assert_eq!(
            of("job export-csv failed", "job export-csv failed").as_deref(),
            Some("export-csv")
        );
        assert_eq!(of("no jobs", "no jobs"), None);
        assert_eq!(of("job not found", "job not found"), None);
    }

    #[test]
    fn a_user_that_is_a_constant_of_the_pattern_is_one_still() {
        let of = |body| value(&Field::User, body, body, "");
        assert_eq!(
            of("Failed login for root from 10.2.3.4").as_deref(),
            Some("root")
        );
        assert_eq!(
            of("no such user oracle at the door").as_deref(),
            Some("oracle")
        );
        for body in [
            "user logged out",
            "user account locked id=4711",
            "user session expired",
            "user service unavailable",
            "user not found",
            "user input: refused",
            "waiting for response from upstream",
        ] {
            assert_eq!(of(body), None, "{body}");
        }
    }

    #[test]
    fn a_pair_in_the_text_is_the_last_resort() {
        assert_eq!(
            value(&Field::User, "check failed", "check failed user=root", "").as_deref(),
            Some("root")
        );
        assert_eq!(
            value(&Field::User, "cache warmed", "cache warmed", ""),
            None
        );
    }
}
