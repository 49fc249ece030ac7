//! The values that matching records name: their addresses, users, paths, or an attribute.

mod slot;
#[cfg(test)]
mod tests;
mod user;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use anomaly::TemplateInfo as _;
use domain::{LogFilter, LogRecord, Order, ProjectId, TemplateId, TimeRange};
use patterns::Slots;
use query::Field;
use serde_json::Value;
use store::StatusFilter;

use super::naming;
use super::numbers;
use super::scope::Scope;
use super::words::holds_value;
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

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
    /// The patterns that differ in the word behind the name of an attribute.
    varying: HashMap<String, HashSet<TemplateId>>,
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
            let varying = self
                .varying
                .entry(name.clone())
                .or_insert_with(|| naming::varying(dictionary, name));
            of_words(field, &record.body, varying.contains(&id))
                .or_else(|| naming::numbered::find(&record.body, name).map(str::to_owned))
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
            let value = reader.value(field, &record);
            let value = value.map(|value| value.chars().take(MAX_CHARS).collect::<String>());
            if !scope.among.is_empty() && !value.as_ref().is_some_and(|it| scope.among.contains(it))
            {
                return;
            }
            values.read += 1;
            let id = dictionary.resolve(record.template_id);
            let is_told =
                *field == Field::Host && of_attributes(field, &record.attributes).is_none();
            match value {
                Some(value) => {
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
        if counts.is_empty() && told.is_empty() && is_writer(field) {
            // "errors per tag": these records keep who wrote them as their component.
            let component = Field::Attribute("component".to_owned());
            return self.values(project_id, scope, dictionary, range, &component);
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
        .or_else(|| slots.and_then(|slots| slot::value(field, slots, &record.body)))
        .or_else(|| of_pairs(field, &record.body))
        .or_else(|| of_words(field, &record.body, false))
        .or_else(|| user::of_words(field, &record.body))
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

/// Whether a name of an attribute is said of what writes records.
fn is_writer(field: &Field) -> bool {
    matches!(field, Field::Attribute(name) if matches!(name.as_str(), "tag" | "module" | "logger" | "program" | "process" | "class" | "package" | "subsystem" | "daemon"))
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
            return address_of(value).map(str::to_owned);
        }
        // `/10.1.2.3:4711` is how the JVM writes an address.
        Field::Attribute(_) if value.starts_with('/') && address_of(value).is_some() => {
            return address_of(value).map(str::to_owned);
        }
        Field::Path => value.starts_with('/') || value.contains('/') && !value.contains(' '),
        Field::Port => value.parse::<u16>().is_ok(),
        // A number beside "for" is no name; an id may be one.
        Field::User | Field::Host => !value.contains(' '),
        Field::Url | Field::Id | Field::Status | Field::Attribute(_) => true,
    };
    fits.then(|| value.to_owned())
}

/// The address of `10.1.2.3`, `10.1.2.3:4711`, and of `/10.1.2.3` and `host/10.1.2.3:4711` as the JVM writes them.
fn address_of(value: &str) -> Option<&str> {
    let value = value.rsplit('/').next().unwrap_or(value);
    let host = value.rsplit_once(':').map_or(value, |(host, _)| host);
    [value, host]
        .into_iter()
        .find(|it| it.parse::<IpAddr>().is_ok())
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
