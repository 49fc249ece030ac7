//! Attributes that many records share, written once.

use std::collections::HashSet;

use super::Attributes;
use crate::json::write_string;

/// Attributes, written once and added to many records.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Key and JSON of the value.
    members: Vec<(String, String)>,
    /// All members as they stand in an object, without its braces.
    joined: String,
    keys: HashSet<String>,
}

impl Written {
    /// Adds a value that is compact JSON.
    pub fn push_json(&mut self, key: &str, json: String) {
        if !self.joined.is_empty() {
            self.joined.push(',');
        }
        write_string(key, &mut self.joined);
        self.joined.push(':');
        self.joined.push_str(&json);
        self.keys.insert(key.to_owned());
        self.members.push((key.to_owned(), json));
    }

    /// Adds a text.
    pub fn push_text(&mut self, key: &str, text: &str) {
        let mut json = String::new();
        write_string(text, &mut json);
        self.push_json(key, json);
    }

    /// Whether one has this key.
    pub fn contains(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// What they take.
    pub fn len_bytes(&self) -> usize {
        self.joined.len()
    }

    /// Adds them to a record's. Those whose names are taken get a prefix, as often as it needs to be a name that is not
    /// known either.
    pub fn add_to(
        &self,
        attributes: &mut Attributes,
        prefix: &str,
        taken: &dyn Fn(&str) -> bool,
        known: &dyn Fn(&str) -> bool,
    ) {
        if self.members.is_empty() {
            return;
        }
        if !self.members.iter().any(|(key, _)| taken(key)) {
            attributes.push_members(&self.joined);
            return;
        }
        for (key, json) in &self.members {
            if !taken(key) {
                attributes.push_json(key, json);
                continue;
            }
            let mut name = format!("{prefix}{key}");
            while known(&name) {
                name.insert_str(0, prefix);
            }
            attributes.push_json(&name, json);
        }
    }
}
