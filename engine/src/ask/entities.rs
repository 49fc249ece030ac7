//! Names and ids of a question that no text holds but an attribute does: `user anna` in `{"user":"anna"}`.

use domain::{
    AttributeFilter, AttributeOp, LogFilter, LogReader as _, PageRequest, ProjectId, TextTerm,
    TimeRange,
};
use query::{ChipKind, Interpretation};

use super::owners::{is_owner, settle_several};
use super::words::{Stems, split, stem};
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Attributes that are looked at for one value.
const MOST_KEYS: usize = 10;
/// Parts of the keys of attributes that name somebody or something.
const NAMING: [&str; 27] = [
    "component",
    "logger",
    "module",
    "program",
    "unit",
    "id",
    "user",
    "name",
    "host",
    "ip",
    "addr",
    "address",
    "client",
    "peer",
    "node",
    "pod",
    "session",
    "order",
    "customer",
    "tenant",
    "account",
    "region",
    "zone",
    "route",
    "path",
    "container",
    "instance",
];

impl Inner {
    /// The same question with values that only attributes have as conditions on these. Blocks.
    pub(super) fn with_attribute_values(
        &self,
        project_id: ProjectId,
        mut understood: Interpretation,
        attributes: &[String],
    ) -> Result<Interpretation, Error> {
        let said: Vec<String> = understood
            .terms
            .iter()
            .filter(|term| !term.negated && !term.term.contains(' '))
            .map(|term| term.term.clone())
            .chain(understood.named.iter().cloned())
            .collect();
        self.take_names(project_id, &mut understood)?;
        self.take_known_values(project_id, &mut understood)?;
        let said: Vec<String> = said
            .into_iter()
            .filter(|value| {
                !understood
                    .attributes
                    .iter()
                    .any(|it| it.value.eq_ignore_ascii_case(value))
            })
            .collect();
        let base = LogFilter {
            services: understood.services.clone(),
            ..LogFilter::in_range(TimeRange::ALL)
        };
        let topic = understood.retrieval_text.clone();
        for (key, name) in self.owners_in_topic(project_id, &base, attributes, &topic)? {
            take(&mut understood, &name, name.clone(), key);
        }
        if said.is_empty() || attributes.is_empty() {
            settle_several(&mut understood);
            return Ok(understood);
        }
        for value in said {
            if self.is_in_text(project_id, &understood, &value)? {
                if let Some(key) = self.owner_of(project_id, &base, attributes, &value)? {
                    take(&mut understood, &value, value.clone(), key);
                }
                continue;
            }
            if let Some(key) = self.key_of(project_id, &base, attributes, &value)? {
                take(&mut understood, &value, value.clone(), key);
            }
        }
        settle_several(&mut understood);
        Ok(understood)
    }

    /// Names that look like services and are none may be values: of attributes ("errors in eu-west"), or texts of records.
    /// Blocks.
    fn take_names(
        &self,
        project_id: ProjectId,
        understood: &mut Interpretation,
    ) -> Result<(), Error> {
        let (joined, plain): (Vec<String>, Vec<String>) = understood
            .unknown_services
            .drain(..)
            .partition(|name| name.contains('-'));
        understood.unknown_services = plain;
        for name in joined {
            let lower = name.to_lowercase();
            let known = self.known_values_of(project_id, &[lower]);
            let words: Vec<String> = split(&understood.retrieval_text).collect();
            let dictionary = self.dictionaries.get(&self.store, project_id)?;
            let of_attribute = known
                .into_iter()
                .find(|(key, _)| !is_said_together(&dictionary, key, words.iter()));
            if let Some((key, value)) = of_attribute {
                take(understood, &name, value, key);
            } else if self.is_in_text(project_id, understood, &name)? {
                understood.terms.push(text_term(&name));
                understood.chips.push(query::Chip {
                    kind: ChipKind::Text,
                    label: format!("\"{name}\""),
                    words: name.clone(),
                });
            } else {
                understood.unknown_services.push(name);
                continue;
            }
            understood.not_understood.retain(|word| *word != name);
        }
        Ok(())
    }

    /// Makes words of the topic conditions that are values of attributes: beside the key ("the harbour clinic"), and where
    /// no pattern says the word and only one attribute has it, or a value that it is a part of. A record has one value of a
    /// key: of two that are said none is taken, unless they tell who wrote it. Blocks.
    fn take_known_values(
        &self,
        project_id: ProjectId,
        understood: &mut Interpretation,
    ) -> Result<(), Error> {
        let words: Vec<String> = understood
            .retrieval_text
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let known = self.known_values_of(project_id, &words);
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut found: Vec<(&String, String, String, Option<&String>)> = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let of_word: Vec<&(String, String)> = known
                .iter()
                .filter(|(_, value)| value.to_lowercase() == *word)
                .collect();
            let neighbour = |key: &str| {
                [at.checked_sub(1), Some(at + 1)]
                    .into_iter()
                    .flatten()
                    .filter_map(|place| words.get(place))
                    .find(|word| names_key(word, key))
            };
            let beside = of_word
                .iter()
                .find_map(|(key, value)| Some((key, value, neighbour(key)?)));
            let is_in_text = |name: &str| {
                let others = words.iter().filter(|it| *it != word && *it != name);
                is_said_together(&dictionary, name, others)
            };
            if let Some((key, value, name)) = beside.filter(|(_, _, name)| !is_in_text(name)) {
                found.push((word, value.clone(), key.clone(), Some(name)));
            } else if let [(key, value)] = of_word.as_slice()
                && dictionary.texts().holding(word).is_empty()
                && !self.is_in_text(project_id, understood, word)?
            {
                found.push((word, value.clone(), key.clone(), None));
            } else if of_word.is_empty()
                && dictionary.texts().holding(word).is_empty()
                && let Some((key, value)) = self.owner_with_part(project_id, word)
                && self.wrote_any(project_id, understood, &key, &value)?
            {
                found.push((word, value, key, None));
            }
        }
        let keys: Vec<String> = found.iter().map(|(_, _, key, _)| key.clone()).collect();
        for (word, value, key, name) in found {
            let is_asked = understood.attributes.iter().any(|it| it.key == key);
            let is_one = keys.iter().filter(|other| **other == key).count() == 1;
            if !is_owner(&key) && (is_asked || !is_one) {
                continue;
            }
            take(understood, word, value, key);
            if let Some(name) = name {
                drop_word(understood, name);
            }
        }
        Ok(())
    }

    /// The attributes that have one of these words as a value, as far as samples tell.
    pub(super) fn known_values_of(
        &self,
        project_id: ProjectId,
        words: &[String],
    ) -> Vec<(String, String)> {
        let mut values = self.all_known_values(project_id);
        values.retain(|(_, value)| words.contains(&value.to_lowercase()));
        values
    }

    /// The values of attributes that are known, as far as samples tell: key and value.
    pub(super) fn all_known_values(&self, project_id: ProjectId) -> Vec<(String, String)> {
        let Ok(memory) = self.value_memory.lock() else {
            return Vec::new();
        };
        let Some((_, values)) = memory.get(&project_id) else {
            return Vec::new();
        };
        values
            .iter()
            .filter_map(|both| both.split_once(BETWEEN))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    /// Whether a record of the services that are asked about holds a text.
    fn is_in_text(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        text: &str,
    ) -> Result<bool, Error> {
        let mut filter = LogFilter {
            services: understood.services.clone(),
            text: vec![text_term(text)],
            ..LogFilter::in_range(TimeRange::ALL)
        };
        self.plan(project_id, &mut filter)?;
        self.has_any(project_id, &filter)
    }

    /// The attribute that has a value.
    fn key_of(
        &self,
        project_id: ProjectId,
        base: &LogFilter,
        attributes: &[String],
        value: &str,
    ) -> Result<Option<String>, Error> {
        let is_naming = |key: &&String| {
            let key = key.to_lowercase();
            key.split(['.', '_', '-'])
                .any(|part| NAMING.contains(&part))
        };
        for key in attributes.iter().filter(is_naming).take(MOST_KEYS) {
            let condition = AttributeFilter {
                key: key.clone(),
                op: AttributeOp::Equal,
                value: value.to_owned(),
            };
            let filter = LogFilter {
                attributes: vec![condition],
                ..base.clone()
            };
            if self.has_any(project_id, &filter)? {
                return Ok(Some(key.clone()));
            }
        }
        Ok(None)
    }

    /// Whether the services that are asked about have records with this attribute.
    fn wrote_any(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        key: &str,
        value: &str,
    ) -> Result<bool, Error> {
        let condition = AttributeFilter {
            key: key.to_owned(),
            op: AttributeOp::Equal,
            value: value.to_owned(),
        };
        let filter = LogFilter {
            services: understood.services.clone(),
            attributes: vec![condition],
            ..LogFilter::in_range(TimeRange::ALL)
        };
        self.has_any(project_id, &filter)
    }

    fn has_any(&self, project_id: ProjectId, filter: &LogFilter) -> Result<bool, Error> {
        let page = self
            .store
            .search(project_id, filter, &PageRequest::first(1))?;
        Ok(!page.items.is_empty())
    }
}

fn text_term(text: &str) -> TextTerm {
    TextTerm {
        term: text.to_owned(),
        negated: false,
        template_ids: Vec::new(),
    }
}

/// Stands between the key and the value of an attribute that are kept in one text.
const BETWEEN: char = '\0';

/// The key and the value of an attribute in one text.
pub(super) fn known_value(key: &str, value: &str) -> String {
    format!("{key}{BETWEEN}{value}")
}

/// Whether a pattern says a name together with another word of the topic: then its text tells the value.
fn is_said_together<'a>(
    dictionary: &Dictionary,
    name: &str,
    mut others: impl Iterator<Item = &'a String>,
) -> bool {
    let holding: Vec<Stems> = dictionary
        .texts()
        .holding(name)
        .into_iter()
        .filter_map(|id| Some(Stems::of(&dictionary.get(id)?.text)))
        .collect();
    others.any(|word| holding.iter().any(|stems| stems.hold(word, &stem(word))))
}

/// Whether a word is the key of an attribute or its last part, also in the plural.
fn names_key(word: &str, key: &str) -> bool {
    let key = key.to_lowercase();
    let last = key.rsplit(['.', '_', '-']).next().unwrap_or(&key);
    [word, word.strip_suffix('s').unwrap_or(word)]
        .iter()
        .any(|word| *word == key || *word == last)
}

/// Makes a text or a word of the topic a condition on an attribute.
fn take(understood: &mut Interpretation, said: &str, value: String, key: String) {
    understood
        .terms
        .retain(|term| term.negated || term.term != said);
    understood.named.retain(|word| word != said);
    let label = format!("{key}={value}");
    understood
        .chips
        .retain(|chip| !(chip.kind == ChipKind::Text && chip.words == said));
    drop_word(understood, said);
    understood.chips.push(query::Chip {
        kind: ChipKind::Attribute,
        label,
        words: said.to_owned(),
    });
    understood.attributes.push(AttributeFilter {
        key,
        op: AttributeOp::Equal,
        value,
    });
}

/// Takes a word out of the topic.
pub(super) fn drop_word(understood: &mut Interpretation, said: &str) {
    let kept: Vec<&str> = understood
        .retrieval_text
        .split_whitespace()
        .filter(|word| !word.eq_ignore_ascii_case(said))
        .collect();
    understood.retrieval_text = kept.join(" ");
    for chip in &mut understood.chips {
        if chip.kind == ChipKind::Topic {
            chip.label.clone_from(&understood.retrieval_text);
        }
    }
    understood
        .chips
        .retain(|chip| chip.kind != ChipKind::Topic || !chip.label.is_empty());
}

#[cfg(test)]
mod tests {
    use super::names_key;

    #[test]
    fn a_key_is_named_by_itself_its_last_part_or_its_plural() {
        assert!(names_key("clinic", "clinic"));
        assert!(names_key("regions", "cloud.region"));
        assert!(!names_key("reg", "region"));
    }
}
