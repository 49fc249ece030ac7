//! The attributes of a record: one compact JSON object as text.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::json::{Field, Scanner, write_string, write_value};

/// Collects members; keys are not compared, the caller sees to it that they differ.
#[derive(Debug, Default, Clone)]
pub(crate) struct Attributes {
    json: String,
}

impl Attributes {
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            json: String::with_capacity(bytes),
        }
    }

    fn key(&mut self, key: &str) {
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        write_string(key, &mut self.json);
        self.json.push(':');
    }

    /// Adds a text.
    pub fn push_text(&mut self, key: &str, text: &str) {
        self.key(key);
        write_string(text, &mut self.json);
    }

    /// Adds a text; where a member has its key, under that of [`Attributes::free_key`].
    pub fn push_text_beside(&mut self, key: &str, text: &str) {
        let key = self.free_key(key);
        self.push_text(&key, text);
    }

    /// The key, or where a member has it the first of `KEY.2`, `KEY.3` and so on that none has.
    pub fn free_key<'k>(&self, key: &'k str) -> Cow<'k, str> {
        if !self.contains(key) {
            return Cow::Borrowed(key);
        }
        let mut number = 2;
        loop {
            let numbered = format!("{key}.{number}");
            if !self.contains(&numbered) {
                return Cow::Owned(numbered);
            }
            number += 1;
        }
    }

    /// Adds a whole number that was read from text (digits only); other texts are added as text.
    pub fn push_integer(&mut self, key: &str, digits: &str) {
        let is_plain = (1..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits.len() == 1 || !digits.starts_with('0'));
        if is_plain {
            self.key(key);
            self.json.push_str(digits);
        } else {
            self.push_text(key, digits);
        }
    }

    /// Adds a value that is compact JSON already.
    pub fn push_json(&mut self, key: &str, json: &str) {
        self.key(key);
        self.json.push_str(json);
    }

    /// Adds members that are written already, without the braces around them.
    pub fn push_members(&mut self, members: &str) {
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        self.json.push_str(members);
    }

    /// Adds a member of an object as it came.
    pub fn push_field(&mut self, field: &Field<'_>) {
        match &field.key {
            Cow::Borrowed(key) => {
                self.json
                    .push_str(if self.json.is_empty() { "{\"" } else { ",\"" });
                self.json.push_str(key);
                self.json.push_str("\":");
            }
            Cow::Owned(key) => self.key(key),
        }
        write_value(&field.value, &mut self.json);
    }

    /// Adds other attributes as one nested object; nothing when there are none.
    pub fn push_object(&mut self, key: &str, members: Self) {
        if !members.is_empty() {
            self.key(key);
            self.json.push_str(&members.finish());
        }
    }

    /// Adds the members of others that have another key than any of these.
    pub fn push_missing(&mut self, others: Self) {
        if self.is_empty() {
            *self = others;
            return;
        }
        let known = self.keys();
        let others = others.finish();
        for member in &members_of(&others) {
            if !known.contains(member.key.as_ref()) {
                self.push_field(member);
            }
        }
    }

    /// Adds each text unless a member has its key.
    pub fn push_missing_texts(&mut self, texts: &[(Cow<'_, str>, Cow<'_, str>)]) {
        /// From here on it is cheaper to read the keys once than to look for each of them.
        const MANY: usize = 4;
        if texts.len() < MANY {
            for (key, text) in texts {
                self.push_missing_text(key, text);
            }
            return;
        }
        let mut known = self.keys();
        for (key, text) in texts {
            if known.insert(key.as_ref().to_owned()) {
                self.push_text(key, text);
            }
        }
    }

    /// Adds a text unless a member has this key.
    pub fn push_missing_text(&mut self, key: &str, text: &str) {
        if !self.contains(key) {
            self.push_text(key, text);
        }
    }

    /// Whether a member of the object itself has this key.
    fn contains(&self, key: &str) -> bool {
        let is_plain = !key
            .bytes()
            .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\');
        if self.is_empty() || (is_plain && !self.may_contain(key)) {
            return false;
        }
        let whole = self.json.clone() + "}";
        members_of(&whole).iter().any(|member| member.key == key)
    }

    /// The keys of the object itself.
    fn keys(&self) -> HashSet<String> {
        if self.is_empty() {
            return HashSet::new();
        }
        let whole = self.json.clone() + "}";
        let members = members_of(&whole);
        members
            .into_iter()
            .map(|member| member.key.into_owned())
            .collect()
    }

    /// Goes on with an object that [`Attributes::finish`] gave.
    pub fn reopen(mut json: String) -> Self {
        json.pop();
        Self { json }
    }

    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// Whether a member with this key was added; may also be true for a nested key.
    pub fn may_contain(&self, key: &str) -> bool {
        let json = self.json.as_bytes();
        memchr::memmem::find_iter(json, key.as_bytes())
            .any(|at| at > 0 && json[at - 1] == b'"' && json[at + key.len()..].starts_with(b"\":"))
    }

    /// The object so far, or `""` when there are no members.
    pub fn finish(mut self) -> String {
        if !self.json.is_empty() {
            self.json.push('}');
        }
        self.json
    }

    /// Bytes of the object when finished.
    pub fn len_bytes(&self) -> usize {
        self.json.len() + usize::from(!self.json.is_empty())
    }
}

/// The members of an object that was written here, which can be read; of nothing there are none.
fn members_of(object: &str) -> Vec<Field<'_>> {
    let mut members = Vec::new();
    match Scanner::new(object).object(&mut members, usize::MAX, 63) {
        Ok(_) => members,
        Err(_) => Vec::new(),
    }
}
