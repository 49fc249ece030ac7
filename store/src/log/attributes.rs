//! Conditions on attributes.
//!
//! They are decided here and not by the database's JSON functions: those fail on texts that are legal JSON
//! (`\u0000`, lone surrogates, 20,000 levels, 1e400 in Postgres) or disagree about numbers and booleans.
//! SQL only leaves out rows that cannot match.

use std::borrow::Cow;
use std::fmt;

use domain::{AttributeFilter, AttributeOp};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::filter::contains_pattern;
use crate::statement::Statement;

/// ` AND ..` that every matching row passes.
pub(crate) fn prefilter(statement: &mut Statement<'_>, filter: &AttributeFilter) {
    if filter.op == AttributeOp::NotEqual {
        return;
    }
    if is_plain(&filter.key) {
        contains(statement, &format!("\"{}\"", filter.key));
    }
    if filter.op == AttributeOp::Equal && is_plain(&filter.value) {
        contains(statement, &filter.value);
    }
}

/// Texts that JSON writes as they are. Any other spelling of them needs a `\u` escape.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" _-.:,@+=#".contains(&byte))
}

fn contains(statement: &mut Statement<'_>, text: &str) {
    statement
        .sql(" AND (attributes LIKE ")
        .text(contains_pattern(text));
    statement.sql(" ESCAPE '\\' OR attributes LIKE '%\\\\u%' ESCAPE '\\')");
}

/// Whether all conditions hold for the attributes of a record.
pub(crate) fn all_match(filters: &[AttributeFilter], attributes: &str) -> bool {
    filters
        .iter()
        .all(|filter| meets(filter, value_of(attributes, &filter.key).as_deref()))
}

/// The value of a top-level key: a string's content, or the JSON text of anything else. Of a repeated key the
/// last counts. `None` when it is missing or the text is not a JSON object.
pub(crate) fn value_of<'a>(attributes: &'a str, key: &str) -> Option<Cow<'a, str>> {
    if attributes.is_empty() {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(attributes);
    let raw = reader.deserialize_map(Find { key }).ok()??;
    Some(decoded(raw.get()))
}

/// A raw JSON value as it is compared: a string's content, or the JSON text of anything else.
pub(crate) fn decoded(raw: &str) -> Cow<'_, str> {
    let Some(inner) = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return Cow::Borrowed(raw);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    // A lone surrogate escape has no text; it is compared as it is written.
    serde_json::from_str(raw).map_or(Cow::Borrowed(inner), Cow::Owned)
}

/// Whether the value of an attribute (`None` when it is missing) meets a condition.
pub(crate) fn meets(filter: &AttributeFilter, value: Option<&str>) -> bool {
    match filter.op {
        AttributeOp::Exists => value.is_some(),
        AttributeOp::Equal => value.is_some_and(|value| value == filter.value),
        AttributeOp::NotEqual => value.is_none_or(|value| value != filter.value),
    }
}

struct Find<'k> {
    key: &'k str,
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<&RawValue>()? {
            let value: &RawValue = map.next_value()?;
            if is_key(key.get(), self.key) {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

fn is_key(raw: &str, key: &str) -> bool {
    let inner = &raw[1..raw.len() - 1];
    if !inner.contains('\\') {
        return inner == key;
    }
    serde_json::from_str::<String>(raw).is_ok_and(|text| text == key)
}
