//! What an agent gave a tool, checked against what the tool takes.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::{Kind, Property};
use crate::mcp::door::Refusal;

/// Arguments that fit.
pub(super) struct Arguments(JsonObject);

impl Arguments {
    /// Arguments of a tool. What is null counts as left out.
    ///
    /// # Errors
    /// Says what is wrong and what is right, so that the agent can do it better.
    pub(super) fn checked(
        tool: &str,
        properties: &[Property],
        mut given: JsonObject,
    ) -> Result<Self, Refusal> {
        given.retain(|_, value| !value.is_null());
        for (name, value) in &mut given {
            let Some(property) = properties.iter().find(|property| property.name == name) else {
                let known: Vec<&str> = properties.iter().map(|property| property.name).collect();
                return Err(Refusal::new(format!(
                    "{tool} takes no '{}'; it takes {}",
                    name.chars().take(64).collect::<String>(),
                    known.join(", ")
                )));
            };
            check(property, value)?;
        }
        for property in properties.iter().filter(|property| property.is_needed) {
            let is_blank = given
                .get(property.name)
                .is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()));
            if is_blank {
                return Err(Refusal::new(format!("{tool} needs '{}'", property.name)));
            }
        }
        Ok(Self(given))
    }

    /// A text; empty ones count as left out.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.0.get(name)?.as_str()?;
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    /// A number as text, or the default.
    pub(super) fn number(&self, name: &str, default: i64) -> String {
        let number = self.0.get(name).and_then(Value::as_i64);
        number.unwrap_or(default).to_string()
    }

    /// A flag; no when left out.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// An object.
    pub(super) fn object(&self, name: &str) -> Option<Value> {
        self.0.get(name).filter(|value| value.is_object()).cloned()
    }
}

/// A value of the right kind. Agents often write numbers as texts and the other way round: that is understood.
fn check(property: &Property, value: &mut Value) -> Result<(), Refusal> {
    let name = property.name;
    match property.kind {
        Kind::Text | Kind::Word(_) => {
            if let Value::Number(number) = value {
                *value = number.to_string().into();
            }
            let Some(text) = value.as_str() else {
                return Err(Refusal::new(format!("'{name}' must be a text")));
            };
            if let Kind::Word(words) = property.kind
                && !text.is_empty()
                && !words.contains(&text)
            {
                return Err(Refusal::new(format!(
                    "'{name}' must be one of {}",
                    words.join(", ")
                )));
            }
        }
        Kind::Number(least, most) => {
            let number = value
                .as_i64()
                .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
            match number {
                Some(number) if (least..=most).contains(&number) => *value = number.into(),
                Some(number) => {
                    return Err(Refusal::new(format!(
                        "'{name}' is {number}, it must lie between {least} and {most}"
                    )));
                }
                None => {
                    return Err(Refusal::new(format!("'{name}' must be a whole number")));
                }
            }
        }
        Kind::Flag => {
            if !value.is_boolean() {
                return Err(Refusal::new(format!("'{name}' must be true or false")));
            }
        }
        Kind::Object => {
            if !value.is_object() {
                return Err(Refusal::new(format!("'{name}' must be an object")));
            }
        }
    }
    Ok(())
}
