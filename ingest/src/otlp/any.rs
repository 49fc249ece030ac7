//! `AnyValue` and `KeyValue`: values of any shape, written as compact JSON.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::context::Origin;
use crate::json::{too_many_attributes, write_string};
use crate::wire::{Item, Malformed, Message, Names};

const VALUE: Names = &[
    (1, "stringValue"),
    (2, "boolValue"),
    (3, "intValue"),
    (4, "doubleValue"),
    (5, "arrayValue"),
    (6, "kvlistValue"),
    (7, "bytesValue"),
];
const KEY_VALUE: Names = &[(1, "key"), (2, "value")];
const LIST: Names = &[(1, "values")];

/// One attribute; no value is null.
#[derive(Debug, Clone)]
pub(super) struct Attribute<'a> {
    pub key: Cow<'a, str>,
    pub value: Option<Message<'a>>,
}

impl<'a> Attribute<'a> {
    /// Reads a `KeyValue`.
    pub fn read(message: Message<'a>) -> Result<Self, Malformed> {
        let mut attribute = Self {
            key: Cow::Borrowed(""),
            value: None,
        };
        message.fields(KEY_VALUE, &mut |number, item| {
            match number {
                1 => attribute.key = item.text()?,
                _ => attribute.value = Some(item.message()?),
            }
            Ok(())
        })?;
        Ok(attribute)
    }

    /// The value as text: a string as it is, another as compact JSON, none as `""`.
    pub fn text(&self, depth: Depth) -> Result<Cow<'a, str>, Malformed> {
        self.value
            .map_or(Ok(Cow::Borrowed("")), |value| text_of_value(value, depth))
    }

    /// Appends the value as JSON.
    pub fn write(&self, depth: Depth, output: &mut String) -> Result<(), Malformed> {
        match self.value {
            Some(value) => write_value(value, depth, output),
            None => {
                output.push_str("null");
                Ok(())
            }
        }
    }
}

/// Attributes as they come. An empty one takes two bytes on the wire and thirty times that in memory, so no more are
/// kept than a record may have; the others are only counted.
#[derive(Debug, Default)]
pub(super) struct Collected<'a> {
    kept: Vec<Attribute<'a>>,
    count: usize,
}

impl<'a> Collected<'a> {
    /// Takes the next one.
    pub fn push(&mut self, item: Item<'a>, origin: &Origin) -> Result<(), Malformed> {
        self.count += 1;
        if self.count <= origin.limits.attributes {
            self.kept.push(Attribute::read(item.message()?)?);
        }
        Ok(())
    }

    /// All of them, no key twice.
    ///
    /// # Errors
    /// There were more than a record may have.
    pub fn finish(mut self, origin: &Origin) -> Result<Vec<Attribute<'a>>, Malformed> {
        if self.count > origin.limits.attributes {
            return Err(too_many_attributes(self.count, &origin.limits));
        }
        drop_duplicates(&mut self.kept);
        Ok(self.kept)
    }
}

/// How much deeper values may nest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depth {
    left: usize,
    /// The limit of a whole record, for the reason of its rejection.
    limit: usize,
}

impl Depth {
    /// Of the values of a record's attributes, which are its first level.
    pub fn of_values(origin: &Origin) -> Self {
        let limit = origin.limits.depth;
        Self {
            left: limit.saturating_sub(1),
            limit,
        }
    }

    /// Of what stands so many levels further inside.
    pub fn inside(self, levels: usize) -> Self {
        Self {
            left: self.left.saturating_sub(levels),
            ..self
        }
    }

    fn deeper(self) -> Result<Self, Malformed> {
        match self.left {
            0 => Err(format!(
                "an attribute is nested deeper than {} levels, which is the limit",
                self.limit
            )),
            _ => Ok(self.inside(1)),
        }
    }
}

/// Drops the attributes whose key comes again: the last one wins.
pub(super) fn drop_duplicates(attributes: &mut Vec<Attribute<'_>>) {
    const FEW: usize = 24;
    let has_duplicates = if attributes.len() <= FEW {
        (1..attributes.len()).any(|at| {
            attributes[..at]
                .iter()
                .any(|other| other.key == attributes[at].key)
        })
    } else {
        true
    };
    if !has_duplicates {
        return;
    }
    let last: HashMap<String, usize> = attributes
        .iter()
        .enumerate()
        .map(|(at, attribute)| (attribute.key.as_ref().to_owned(), at))
        .collect();
    let mut at = 0;
    attributes.retain(|attribute| {
        at += 1;
        last.get(attribute.key.as_ref()) == Some(&(at - 1))
    });
}

/// The set field of an `AnyValue`, the last one when there are several.
fn content<'a>(value: Message<'a>) -> Result<Option<(u32, Item<'a>)>, Malformed> {
    let mut content = None;
    value.fields(VALUE, &mut |number, item| {
        content = Some((number, item));
        Ok(())
    })?;
    Ok(content)
}

/// A string as it is, another value as compact JSON, no value as `""`.
pub(super) fn text_of_value<'a>(
    value: Message<'a>,
    depth: Depth,
) -> Result<Cow<'a, str>, Malformed> {
    Ok(match content(value)? {
        None => Cow::Borrowed(""),
        Some((1, item)) => item.text()?,
        Some((number, item)) => {
            let mut text = String::new();
            write_content(number, item, depth, &mut text)?;
            Cow::Owned(text)
        }
    })
}

/// Appends a value as compact JSON; no value is null.
pub(super) fn write_value(
    value: Message<'_>,
    depth: Depth,
    output: &mut String,
) -> Result<(), Malformed> {
    match content(value)? {
        Some((number, item)) => write_content(number, item, depth, output),
        None => {
            output.push_str("null");
            Ok(())
        }
    }
}

fn write_content(
    number: u32,
    item: Item<'_>,
    depth: Depth,
    output: &mut String,
) -> Result<(), Malformed> {
    match number {
        1 => write_string(&item.text()?, output),
        2 => output.push_str(if item.boolean()? { "true" } else { "false" }),
        3 => output.push_str(&item.i64()?.to_string()),
        4 => write_double(item.f64()?, output),
        5 => return write_list(item.message()?, depth, output),
        6 => return write_map(item.message()?, depth, output),
        _ => write_string(&item.base64()?, output),
    }
    Ok(())
}

/// JSON knows no NaN and no infinity: they become the texts that the protobuf mapping uses.
fn write_double(value: f64, output: &mut String) {
    use std::fmt::Write as _;
    if value.is_nan() {
        output.push_str("\"NaN\"");
    } else if value.is_infinite() {
        output.push_str(if value > 0.0 {
            "\"Infinity\""
        } else {
            "\"-Infinity\""
        });
    } else if value != 0.0 && (value.abs() < 1e-5 || value.abs() >= 1e16) {
        // Without an exponent it may take three hundred digits; writing to a string cannot fail. Below 1e-300 a database
        // may call it zero or refuse it.
        if value.abs() > 1e-300 {
            write!(output, "{value:e}").ok();
        } else {
            write!(output, "\"{value:e}\"").ok();
        }
    } else {
        write!(output, "{value}").ok();
    }
}

fn write_list(list: Message<'_>, depth: Depth, output: &mut String) -> Result<(), Malformed> {
    let depth = depth.deeper()?;
    output.push('[');
    let mut is_first = true;
    list.fields(LIST, &mut |_, item| {
        if !is_first {
            output.push(',');
        }
        is_first = false;
        write_value(item.message()?, depth, output)
    })?;
    output.push(']');
    Ok(())
}

fn write_map(map: Message<'_>, depth: Depth, output: &mut String) -> Result<(), Malformed> {
    let depth = depth.deeper()?;
    let mut members = Vec::new();
    map.fields(LIST, &mut |_, item| {
        members.push(Attribute::read(item.message()?)?);
        Ok(())
    })?;
    drop_duplicates(&mut members);
    write_object(&members, depth, output)
}

/// Appends attributes, no key twice, as a JSON object.
pub(super) fn write_object(
    members: &[Attribute<'_>],
    depth: Depth,
    output: &mut String,
) -> Result<(), Malformed> {
    output.push('{');
    for (at, member) in members.iter().enumerate() {
        if at > 0 {
            output.push(',');
        }
        write_string(&member.key, output);
        output.push(':');
        member.write(depth, output)?;
    }
    output.push('}');
    Ok(())
}
