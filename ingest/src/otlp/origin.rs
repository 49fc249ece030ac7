//! What the items of a request share: the resource that made them and the scope inside it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;

use super::any::{Attribute, Collected, Depth};
use crate::context::Origin;
use crate::draft::{Attributes, Written};
use crate::json::too_many_attributes;
use crate::wire::{Item, Malformed, Names};

const RESOURCE: Names = &[(1, "attributes")];
const SCOPE: Names = &[(1, "name"), (2, "version"), (3, "attributes")];

/// Where an item's own attribute of the same name pushes a shared one.
const RESOURCE_PREFIX: &str = "resource.";
const SCOPE_PREFIX: &str = "scope.";

fn push(
    written: &mut Written,
    attribute: &Attribute<'_>,
    origin: &Origin,
) -> Result<(), Malformed> {
    let mut json = String::new();
    attribute.write(Depth::of_values(origin), &mut json)?;
    written.push_json(&attribute.key, json);
    Ok(())
}

/// Whether what items share is larger than one of them may be.
fn check_size(item: Item<'_>, what: &str, origin: &Origin) -> Result<(), Malformed> {
    let (length, limit) = (item.len_bytes(), origin.limits.record_bytes);
    if length > limit {
        return Err(format!("{what} is {length} bytes, limit is {limit}"));
    }
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
    pub fn read(item: Option<Item<'_>>, origin: &Origin) -> Result<Self, Malformed> {
        /// The best first.
        const INSTANCE: [&str; 3] = ["service.instance.id", "k8s.pod.name", "host.name"];
        let mut resource = Self::default();
        let Some(item) = item else {
            return Ok(resource);
        };
        check_size(item, "resource", origin)?;
        let mut attributes = Collected::default();
        item.message()?
            .fields(RESOURCE, &mut |_, item| attributes.push(item, origin))?;
        let depth = Depth::of_values(origin);
        let mut best = INSTANCE.len();
        for attribute in &attributes.finish(origin)? {
            if attribute.key == "service.name" {
                let name = attribute.text(depth)?;
                resource.service = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
                continue;
            }
            push(&mut resource.attributes, attribute, origin)?;
            let rank = INSTANCE.iter().position(|name| *name == attribute.key);
            if let Some(rank) = rank.filter(|rank| *rank < best) {
                best = rank;
                let text = attribute.text(depth)?;
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
    pub fn read(item: Option<Item<'a>>, origin: &Origin) -> Result<Self, Malformed> {
        let mut scope = Self::default();
        let Some(item) = item else {
            return Ok(scope);
        };
        check_size(item, "scope", origin)?;
        let mut version = Cow::Borrowed("");
        let mut attributes = Collected::default();
        item.message()?.fields(SCOPE, &mut |number, item| {
            match number {
                1 => scope.name = item.text()?,
                2 => version = item.text()?,
                _ => attributes.push(item, origin)?,
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
        for mut attribute in attributes.finish(origin)? {
            while scope.attributes.contains(&attribute.key) {
                attribute.key.to_mut().insert_str(0, SCOPE_PREFIX);
            }
            push(&mut scope.attributes, &attribute, origin)?;
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
    let depth = Depth::of_values(origin);
    let mut json = String::new();
    let mut resource_taken: HashSet<&str> = HashSet::new();
    let mut scope_taken: HashSet<&str> = HashSet::new();
    for attribute in &own {
        json.clear();
        attribute.write(depth, &mut json)?;
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
    let is_added = |key: &str| added.iter().any(|(name, _)| *name == key);
    // Only a name with a prefix is compared with all there are, and hardly any gets one.
    let own_keys = OnceCell::new();
    let is_known = |key: &str| {
        is_added(key)
            || scope.attributes.contains(key)
            || resource.attributes.contains(key)
            || own_keys
                .get_or_init(|| own.iter().map(|own| &*own.key).collect::<HashSet<&str>>())
                .contains(key)
    };
    let from_scope = |key: &str| scope_taken.contains(key) || is_added(key);
    scope
        .attributes
        .add_to(&mut attributes, SCOPE_PREFIX, &from_scope, &is_known);
    let from_resource =
        |key: &str| resource_taken.contains(key) || is_added(key) || scope.attributes.contains(key);
    resource
        .attributes
        .add_to(&mut attributes, RESOURCE_PREFIX, &from_resource, &is_known);
    if attributes.len_bytes() > limits.record_bytes {
        return Err(format!(
            "attributes are {} bytes after escaping, limit is {}",
            attributes.len_bytes(),
            limits.record_bytes
        ));
    }
    Ok(attributes)
}
