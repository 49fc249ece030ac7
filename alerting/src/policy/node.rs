//! A YAML tree that remembers lines, and reading fields out of it with messages for people.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::hint;
use crate::{PolicyError, parse_policy_duration};

/// A value and the line it begins on.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub line: usize,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Field>),
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub key: String,
    pub line: usize,
    pub node: Node,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self {
            line: line_of(spanned.referenced),
            value: spanned.value,
        })
    }
}

fn line_of(location: serde_saphyr::Location) -> usize {
    usize::try_from(location.line()).unwrap_or(0)
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "beyond i64 only the magnitude matters"
    )]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Node>()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            let node = entries.next_value::<Node>()?;
            map.push(Field {
                line: line_of(key.referenced),
                key: key.value,
                node,
            });
        }
        Ok(Value::Map(map))
    }
}

impl Node {
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Where errors point to; knows the name of the text.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a>(pub &'a str);

impl Source<'_> {
    pub(crate) fn error(self, line: usize, message: impl Into<String>) -> PolicyError {
        PolicyError {
            source_name: self.0.to_owned(),
            line,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hinted(
        self,
        line: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> PolicyError {
        PolicyError {
            hint: Some(hint.into()),
            ..self.error(line, message)
        }
    }
}

/// The fields of one mapping, all of them known.
pub(crate) struct Fields<'a> {
    pub source: Source<'a>,
    /// What the mapping is, for messages: `policy`, `metric_threshold`.
    pub what: &'a str,
    pub line: usize,
    fields: &'a [Field],
}

type Read<T> = Result<T, PolicyError>;

impl<'a> Fields<'a> {
    pub(crate) fn of(source: Source<'a>, what: &'a str, node: &'a Node) -> Read<Self> {
        match &node.value {
            Value::Map(fields) => Ok(Self {
                source,
                what,
                line: node.line,
                fields,
            }),
            _ => Err(source.error(
                node.line,
                format!("{what} must be a mapping of keys, not {}", node.kind()),
            )),
        }
    }

    /// Refuses keys that are not in `known`.
    pub(crate) fn only(self, known: &[&str]) -> Read<Self> {
        match self
            .fields
            .iter()
            .find(|field| !known.contains(&field.key.as_str()))
        {
            Some(field) => Err(self.source.hinted(
                field.line,
                format!("unknown key '{}' in {}", cut(&field.key), self.what),
                hint::suggestion(&field.key, known),
            )),
            None => Ok(self),
        }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a Field> {
        self.fields.iter()
    }

    /// The value of a key; an empty value counts as missing.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.fields
            .iter()
            .find(|field| field.key == key)
            .map(|field| &field.node)
            .filter(|node| !matches!(node.value, Value::Null))
    }

    pub(crate) fn need(&self, key: &str) -> Read<&'a Node> {
        self.get(key).ok_or_else(|| {
            self.source
                .error(self.line, format!("{} needs '{key}'", self.what))
        })
    }

    pub(crate) fn text(&self, key: &str, limit: usize) -> Read<Option<String>> {
        self.get(key)
            .map(|node| self.text_of(key, node, limit))
            .transpose()
    }

    pub(crate) fn text_of(&self, key: &str, node: &Node, limit: usize) -> Read<String> {
        let text = match &node.value {
            Value::Text(text) => text.trim().to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => return Err(self.wrong(key, node, "text")),
        };
        let length = text.chars().count();
        if text.is_empty() || length > limit {
            return Err(self.source.error(
                node.line,
                format!("'{key}' has {length} characters, it must have 1 to {limit}"),
            ));
        }
        Ok(text)
    }

    /// One text or a list of them.
    pub(crate) fn texts(&self, key: &str, limit: usize, count: usize) -> Read<Vec<String>> {
        let Some(node) = self.get(key) else {
            return Ok(Vec::new());
        };
        let texts = match &node.value {
            Value::List(items) => items
                .iter()
                .map(|item| self.text_of(key, item, limit))
                .collect::<Read<Vec<_>>>()?,
            _ => vec![self.text_of(key, node, limit)?],
        };
        if texts.is_empty() || texts.len() > count {
            return Err(self.source.error(
                node.line,
                format!(
                    "'{key}' has {} entries, it must have 1 to {count}",
                    texts.len()
                ),
            ));
        }
        Ok(texts)
    }

    pub(crate) fn number(&self, key: &str) -> Read<Option<f64>> {
        let Some(node) = self.get(key) else {
            return Ok(None);
        };
        #[expect(clippy::cast_precision_loss, reason = "thresholds are far below 2^53")]
        let number = match &node.value {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(self.wrong(key, node, "a finite number")),
        }
    }

    pub(crate) fn flag(&self, key: &str) -> Read<Option<bool>> {
        match self.get(key) {
            None => Ok(None),
            Some(Node {
                value: Value::Bool(flag),
                ..
            }) => Ok(Some(*flag)),
            Some(node) => Err(self.wrong(key, node, "true or false")),
        }
    }

    /// A duration within `min_ns..=max_ns`.
    pub(crate) fn duration(&self, key: &str, min_ns: i64, max_ns: i64) -> Read<Option<i64>> {
        let Some(node) = self.get(key) else {
            return Ok(None);
        };
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Int(0) => "0".to_owned(),
            Value::Int(number) => {
                return Err(self.source.hinted(
                    node.line,
                    format!("'{key}: {number}' has no unit"),
                    format!("write '{number}s' or '{number}m'"),
                ));
            }
            _ => return Err(self.wrong(key, node, "a duration such as 5m")),
        };
        let duration = parse_policy_duration(&text)
            .map_err(|message| self.source.error(node.line, format!("'{key}': {message}")))?;
        if !(min_ns..=max_ns).contains(&duration) {
            return Err(self.source.error(
                node.line,
                format!(
                    "'{key}' is {}, it must be {} to {}",
                    crate::format_policy_duration(duration),
                    crate::format_policy_duration(min_ns),
                    crate::format_policy_duration(max_ns)
                ),
            ));
        }
        Ok(Some(duration))
    }

    /// One word of a fixed list.
    pub(crate) fn word<T: Copy>(&self, key: &str, words: &[(&'static str, T)]) -> Read<Option<T>> {
        let Some(node) = self.get(key) else {
            return Ok(None);
        };
        let text = self.text_of(key, node, 64)?;
        self.word_of(key, node.line, &text, words).map(Some)
    }

    pub(crate) fn word_of<T: Copy>(
        &self,
        key: &str,
        line: usize,
        text: &str,
        words: &[(&'static str, T)],
    ) -> Read<T> {
        let lower = text.to_lowercase();
        words
            .iter()
            .find(|(word, _)| *word == lower)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                self.source.hinted(
                    line,
                    format!("'{}' is not a value of '{key}'", cut(text)),
                    hint::suggestion(text, &known),
                )
            })
    }

    fn wrong(&self, key: &str, node: &Node, expected: &str) -> PolicyError {
        self.source.error(
            node.line,
            format!(
                "'{key}' in {} must be {expected}, not {}",
                self.what,
                node.kind()
            ),
        )
    }
}

pub(crate) fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
