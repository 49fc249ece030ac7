//! `AnyValue` and `KeyValue`: values of any shape, written as compact JSON.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::write_string;
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
    pub fn text(&self, levels: usize) -> Result<Cow<'a, str>, Malformed> {
        self.value
            .map_or(Ok(Cow::Borrowed("")), |value| text_of_value(value, levels))
    }

    /// Appends the value as JSON that may nest `levels` deep.
    pub fn write(&self, levels: usize, output: &mut String) -> Result<(), Malformed> {
        match self.value {
            Some(value) => write_value(value, levels, output),
            None => {
                output.push_str("null");
                Ok(())
            }
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
    levels: usize,
) -> Result<Cow<'a, str>, Malformed> {
    Ok(match content(value)? {
        None => Cow::Borrowed(""),
        Some((1, item)) => item.text()?,
        Some((number, item)) => {
            let mut text = String::new();
            write_content(number, item, levels, &mut text)?;
            Cow::Owned(text)
        }
    })
}

/// Appends a value as compact JSON; no value is null.
pub(super) fn write_value(
    value: Message<'_>,
    levels: usize,
    output: &mut String,
) -> Result<(), Malformed> {
    match content(value)? {
        Some((number, item)) => write_content(number, item, levels, output),
        None => {
            output.push_str("null");
            Ok(())
        }
    }
}

fn write_content(
    number: u32,
    item: Item<'_>,
    levels: usize,
    output: &mut String,
) -> Result<(), Malformed> {
    match number {
        1 => write_string(&item.text()?, output),
        2 => output.push_str(if item.boolean()? { "true" } else { "false" }),
        3 => output.push_str(&item.i64()?.to_string()),
        4 => write_double(item.f64()?, output),
        5 => return write_list(item.message()?, levels, output),
        6 => return write_map(item.message()?, levels, output),
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

fn deeper(levels: usize) -> Result<usize, Malformed> {
    levels
        .checked_sub(1)
        .ok_or_else(|| "an attribute is nested deeper than the limit".to_owned())
}

fn write_list(list: Message<'_>, levels: usize, output: &mut String) -> Result<(), Malformed> {
    let levels = deeper(levels)?;
    output.push('[');
    let mut is_first = true;
    list.fields(LIST, &mut |_, item| {
        if !is_first {
            output.push(',');
        }
        is_first = false;
        write_value(item.message()?, levels, output)
    })?;
    output.push(']');
    Ok(())
}

fn write_map(map: Message<'_>, levels: usize, output: &mut String) -> Result<(), Malformed> {
    let levels = deeper(levels)?;
    let mut members = Vec::new();
    map.fields(LIST, &mut |_, item| {
        members.push(Attribute::read(item.message()?)?);
        Ok(())
    })?;
    write_object(members, levels, output)
}

/// Appends attributes as a JSON object whose values may nest `levels` deep.
pub(super) fn write_object(
    mut members: Vec<Attribute<'_>>,
    levels: usize,
    output: &mut String,
) -> Result<(), Malformed> {
    drop_duplicates(&mut members);
    output.push('{');
    for (at, member) in members.iter().enumerate() {
        if at > 0 {
            output.push(',');
        }
        write_string(&member.key, output);
        output.push(':');
        member.write(levels, output)?;
    }
    output.push('}');
    Ok(())
}
