//! What the items of a request share: the resource that made them and the scope inside it.

use std::borrow::Cow;
use std::collections::HashSet;

use super::any::{Attribute, drop_duplicates};
use crate::context::Origin;
use crate::draft::{Attributes, Written};
use crate::json::too_many_attributes;
use crate::wire::{Malformed, Message, Names};

const RESOURCE: Names = &[(1, "attributes")];
const SCOPE: Names = &[(1, "name"), (2, "version"), (3, "attributes")];

/// Where an item's own attribute of the same name pushes a shared one.
const RESOURCE_PREFIX: &str = "resource.";
const SCOPE_PREFIX: &str = "scope.";

/// How deep a value of an attribute may nest: the attributes themselves are the first level.
pub(super) fn value_levels(origin: &Origin) -> usize {
    origin.limits.depth.saturating_sub(1)
}

fn push(
    written: &mut Written,
    attribute: &Attribute<'_>,
    origin: &Origin,
) -> Result<(), Malformed> {
    let mut json = String::new();
    attribute.write(value_levels(origin), &mut json)?;
    written.push_json(&attribute.key, json);
    Ok(())
}

/// The program, container or machine that made the items.
#[derive(Debug, Default)]
pub(super) struct Resource {
    /// `service.name`.
    pub service: Option<String>,
    /// What tells two instances of a service apart, for metrics.
    pub instance: Option<String>,
    /// The attributes but `service.name`.
    pub attributes: Written,
}

impl Resource {
    pub fn read(message: Option<Message<'_>>, origin: &Origin) -> Result<Self, Malformed> {
        /// The best first.
        const INSTANCE: [&str; 3] = ["service.instance.id", "k8s.pod.name", "host.name"];
        let mut resource = Self::default();
        let Some(message) = message else {
            return Ok(resource);
        };
        let mut attributes = Vec::new();
        message.fields(RESOURCE, &mut |_, item| {
            attributes.push(Attribute::read(item.message()?)?);
            Ok(())
        })?;
        drop_duplicates(&mut attributes);
        let levels = value_levels(origin);
        let mut best = INSTANCE.len();
        for attribute in &attributes {
            if attribute.key == "service.name" {
                let name = attribute.text(levels)?;
                resource.service = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
                continue;
            }
            push(&mut resource.attributes, attribute, origin)?;
            let rank = INSTANCE.iter().position(|name| *name == attribute.key);
            if let Some(rank) = rank.filter(|rank| *rank < best) {
                best = rank;
                let text = attribute.text(levels)?;
                resource.instance = Some(text.into_owned()).filter(|text| !text.is_empty());
            }
        }
        Ok(resource)
    }
}

/// The library or module that made the items.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    pub name: Cow<'a, str>,
    /// Its name and version as `otel.scope.name` and `otel.scope.version`, and its own attributes.
    pub attributes: Written,
}

impl<'a> Scope<'a> {
    pub fn read(message: Option<Message<'a>>, origin: &Origin) -> Result<Self, Malformed> {
        let mut scope = Self::default();
        let Some(message) = message else {
            return Ok(scope);
        };
        let mut version = Cow::Borrowed("");
        let mut attributes = Vec::new();
        message.fields(SCOPE, &mut |number, item| {
            match number {
                1 => scope.name = item.text()?,
                2 => version = item.text()?,
                _ => attributes.push(Attribute::read(item.message()?)?),
            }
            Ok(())
        })?;
        for (key, text) in [
            ("otel.scope.name", &scope.name),
            ("otel.scope.version", &version),
        ] {
            if !text.is_empty() {
                scope.attributes.push_text(key, text);
            }
        }
        drop_duplicates(&mut attributes);
        for attribute in &attributes {
            push(&mut scope.attributes, attribute, origin)?;
        }
        Ok(scope)
    }
}

/// The attributes of a record: its own (no key twice), then what its decoder adds, then those of scope and resource.
///
/// # Errors
/// There are more than a record may have, they are too large, or a value is broken or too deep.
pub(super) fn record_attributes(
    own: Vec<Attribute<'_>>,
    added: &[(&str, String)],
    resource: &Resource,
    scope: &Scope<'_>,
    origin: &Origin,
) -> Result<Attributes, Malformed> {
    let limits = &origin.limits;
    let count = own.len() + added.len() + resource.attributes.count() + scope.attributes.count();
    if count > limits.attributes {
        return Err(too_many_attributes(count, limits));
    }
    let shared_bytes = resource.attributes.len_bytes() + scope.attributes.len_bytes();
    let mut attributes = Attributes::with_capacity(shared_bytes + own.len() * 32 + 2);
    let levels = value_levels(origin);
    let mut json = String::new();
    let mut resource_taken: HashSet<&str> = HashSet::new();
    let mut scope_taken: HashSet<&str> = HashSet::new();
    for attribute in &own {
        json.clear();
        attribute.write(levels, &mut json)?;
        attributes.push_json(&attribute.key, &json);
        if resource.attributes.contains(&attribute.key) {
            resource_taken.insert(&attribute.key);
        }
        if scope.attributes.contains(&attribute.key) {
            scope_taken.insert(&attribute.key);
        }
    }
    for (key, json) in added {
        let is_own = own.iter().any(|attribute| attribute.key == *key);
        if !is_own {
            attributes.push_json(key, json);
        }
    }
    scope
        .attributes
        .add_to(&mut attributes, SCOPE_PREFIX, &|key| {
            scope_taken.contains(key) || added.iter().any(|(name, _)| *name == key)
        });
    resource
        .attributes
        .add_to(&mut attributes, RESOURCE_PREFIX, &|key| {
            resource_taken.contains(key)
                || scope.attributes.contains(key)
                || added.iter().any(|(name, _)| *name == key)
        });
    if attributes.len_bytes() > limits.record_bytes {
        return Err(format!(
            "attributes are {} bytes after escaping, limit is {}",
            attributes.len_bytes(),
            limits.record_bytes
        ));
    }
    Ok(attributes)
}
