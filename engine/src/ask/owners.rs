//! Who wrote a record, as attributes keep it: its host, its component. And several of them that are set beside each other.

use std::net::IpAddr;

use domain::{
    AttributeFilter, AttributeOp, LogFilter, LogReader as _, PageRequest, ProjectId, TextTerm,
};
use query::{ChipKind, Field, GroupBy, Intent, Interpretation};
use serde_json::Value;

use super::words::stem;
use crate::{Error, Inner};

/// Last parts of keys of attributes that tell who wrote a record.
const OWNERS: [&str; 15] = [
    "host",
    "hostname",
    "node",
    "machine",
    "device",
    "component",
    "logger",
    "module",
    "program",
    "pod",
    "container",
    "instance",
    "unit",
    "app",
    "tag",
];
/// Newest records with a name in their text that are looked at.
const LOOKED_AT: usize = 50;
/// Names of a topic that are looked for.
const NAMES: usize = 3;
/// Parts of names that tell the kind of a program and not what it is for.
const KINDS: [&str; 18] = [
    "service",
    "server",
    "manager",
    "machine",
    "system",
    "process",
    "client",
    "handler",
    "worker",
    "monitor",
    "controller",
    "provider",
    "factory",
    "thread",
    "state",
    "agent",
    "driver",
    "application",
];
/// Letters of a part of a name that is taken for the whole.
const PART_LETTERS: usize = 4;

/// Whether an attribute tells who wrote a record.
pub(super) fn is_owner(key: &str) -> bool {
    let key = key.to_lowercase();
    let last = key.rsplit(['.', '_', '-']).next().unwrap_or(&key);
    OWNERS.contains(&key.as_str()) || OWNERS.contains(&last)
}

impl Inner {
    /// The attribute whose value a name is where most records that tell the name are by its bearer: "errors on node-114"
    /// are then those that it wrote. Blocks.
    pub(super) fn owner_of(
        &self,
        project_id: ProjectId,
        base: &LogFilter,
        attributes: &[String],
        name: &str,
    ) -> Result<Option<String>, Error> {
        let mut filter = base.clone();
        filter.text.push(TextTerm {
            term: name.to_owned(),
            negated: false,
            template_ids: Vec::new(),
        });
        self.plan(project_id, &mut filter)?;
        let page = PageRequest::first(LOOKED_AT);
        let told = self.store.search(project_id, &filter, &page)?.items;
        for key in attributes.iter().filter(|key| is_owner(key)) {
            let own = told.iter().filter(|record| {
                let kept: Option<Value> = serde_json::from_str(&record.attributes).ok();
                let value = kept.as_ref().and_then(|kept| kept.get(key)?.as_str());
                value.is_some_and(|value| value.eq_ignore_ascii_case(name))
            });
            if own.count() * 2 > told.len() {
                return Ok(Some(key.clone()));
            }
        }
        Ok(None)
    }

    /// The attribute and the only value of it of which a word is a part: `BatteryService` for "battery".
    pub(super) fn owner_with_part(
        &self,
        project_id: ProjectId,
        word: &str,
    ) -> Option<(String, String)> {
        let is_kind = is_owner(word) || KINDS.contains(&word.strip_suffix('s').unwrap_or(word));
        if word.len() < PART_LETTERS || is_kind {
            return None;
        }
        let mut found = self
            .all_known_values(project_id)
            .into_iter()
            .filter(|(key, value)| is_owner(key) && has_part(value, word));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The attribute that has a name of the topic as who wrote a record: `CSI`, written as names are. Blocks.
    pub(super) fn owners_in_topic(
        &self,
        project_id: ProjectId,
        base: &LogFilter,
        attributes: &[String],
        topic: &str,
    ) -> Result<Vec<(String, String)>, Error> {
        let names = topic
            .split_whitespace()
            .filter(|word| is_written_as_name(word));
        let mut found = Vec::new();
        for name in names.take(NAMES) {
            for key in attributes.iter().filter(|key| is_owner(key)) {
                let mut filter = base.clone();
                filter.attributes.push(AttributeFilter {
                    key: key.clone(),
                    op: AttributeOp::Equal,
                    value: name.to_owned(),
                });
                let page = self
                    .store
                    .search(project_id, &filter, &PageRequest::first(1))?;
                if !page.items.is_empty() {
                    found.push((key.clone(), name.to_owned()));
                    break;
                }
            }
        }
        Ok(found)
    }
}

/// Whether a word is written as names are and not as any word of a sentence: `CSI`, `wsgi.server`, `jobRunner`.
fn is_written_as_name(word: &str) -> bool {
    let is_odd = |c: char| c.is_uppercase() || matches!(c, '.' | '_');
    word.chars().skip(1).any(is_odd)
}

/// Whether one of the words that a name is made of is this one: `BatteryService`, `battery-monitor`.
fn has_part(name: &str, word: &str) -> bool {
    let mut parts: Vec<String> = vec![String::new()];
    let mut after_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && after_small {
            parts.push(String::new());
        }
        after_small = c.is_lowercase();
        if let Some(part) = parts.last_mut().filter(|_| c.is_alphanumeric()) {
            part.extend(c.to_lowercase());
        }
    }
    // `sshd` is the daemon of "ssh".
    let is_daemon = name
        .strip_suffix('d')
        .is_some_and(|stem| stem.eq_ignore_ascii_case(word));
    is_daemon
        || parts.len() > 1
            && parts
                .iter()
                .any(|part| !part.is_empty() && stem(part) == stem(word))
}

/// Several values of one attribute, which no record has at once, are counted apart: "who has more errors, node-7 or
/// node-8", "how many from CSI and how many from CBS". So are several addresses that are compared.
pub(super) fn settle_several(understood: &mut Interpretation) {
    let equal = |key: &str, it: &Interpretation| -> Vec<String> {
        let conditions = it.attributes.iter();
        conditions
            .filter(|it| it.op == AttributeOp::Equal && it.key == key)
            .map(|it| it.value.clone())
            .collect()
    };
    let is_free = matches!(
        understood.group_by,
        None | Some(GroupBy::Service | GroupBy::Template)
    );
    let several = understood
        .attributes
        .iter()
        .map(|it| it.key.clone())
        .find(|key| is_free && equal(key, understood).len() > 1);
    if let Some(key) = several {
        let values = equal(&key, understood);
        understood.attributes.retain(|it| it.key != key);
        understood.chips.retain(|chip| {
            chip.kind != ChipKind::Attribute || !chip.label.starts_with(&format!("{key}="))
        });
        set_apart(understood, Field::Attribute(key), values);
        return;
    }
    let addresses: Vec<String> = understood
        .terms
        .iter()
        .filter(|term| !term.negated && term.term.parse::<IpAddr>().is_ok())
        .map(|term| term.term.clone())
        .collect();
    if understood.intent == Intent::Compare && addresses.len() > 1 {
        understood
            .terms
            .retain(|term| term.negated || !addresses.contains(&term.term));
        understood
            .chips
            .retain(|chip| chip.kind != ChipKind::Text || !addresses.contains(&chip.words));
        set_apart(understood, Field::Address, addresses);
    }
}

fn set_apart(understood: &mut Interpretation, field: Field, values: Vec<String>) {
    if understood.intent == Intent::Compare {
        // They are compared with each other, not with another time.
        understood.intent = Intent::Top;
        understood.compare_with = None;
        understood
            .chips
            .retain(|chip| chip.kind != ChipKind::ComparedWith);
    }
    understood
        .chips
        .retain(|chip| chip.kind != ChipKind::GroupBy);
    understood.chips.push(query::Chip {
        kind: ChipKind::GroupBy,
        label: format!("{}: {}", field.as_str(), values.join(", ")),
        words: values.join(" "),
    });
    understood.group_by = Some(GroupBy::Field(field));
    understood.among = values;
}

#[cfg(test)]
mod tests {
    use query::QuestionContext;

    use super::*;

    #[test]
    fn a_name_has_the_words_that_it_is_made_of() {
        assert!(is_written_as_name("CSI") && is_written_as_name("wsgi.server"));
        assert!(!is_written_as_name("Disk") && !is_written_as_name("disk"));
        assert!(has_part("BatteryService", "battery"));
        assert!(has_part("power-manager", "power"));
        assert!(has_part("sandboxd", "sandbox"));
        assert!(!has_part("BatteryService", "serv"));
        assert!(!has_part("battery", "battery"));
    }

    #[test]
    fn who_writes_is_told_by_hosts_and_components() {
        assert!(is_owner("host") && is_owner("k8s.pod") && is_owner("component"));
        assert!(!is_owner("region") && !is_owner("user"));
    }

    #[test]
    fn values_of_one_attribute_are_counted_apart() {
        let context = QuestionContext::at(1_795_442_400_000_000_000, jiff::tz::TimeZone::UTC);
        let mut it = query::understand("compare today with yesterday", &context);
        for value in ["node-7", "node-8"] {
            it.attributes.push(AttributeFilter {
                key: "host".into(),
                op: AttributeOp::Equal,
                value: value.into(),
            });
        }
        settle_several(&mut it);
        assert!(it.attributes.is_empty());
        assert_eq!(it.among, ["node-7", "node-8"]);
        assert_eq!(it.intent, Intent::Top);
        assert!(it.compare_with.is_none());
        let mut one = query::understand("errors region=eu", &context);
        settle_several(&mut one);
        assert_eq!(one.attributes.len(), 1);
    }

    #[test]
    fn addresses_are_counted_apart_where_they_are_compared() {
        let context = QuestionContext::at(1_795_442_400_000_000_000, jiff::tz::TimeZone::UTC);
        let of = |question| {
            let mut it = query::understand(question, &context);
            settle_several(&mut it);
            it
        };
        let it = of("compare failures of 10.1.2.3 and 10.1.2.4");
        assert_eq!(it.among, ["10.1.2.3", "10.1.2.4"]);
        assert!(it.terms.is_empty());
        let it = of("packets from 10.1.2.3 to 10.1.2.4");
        assert_eq!(it.terms.len(), 2);
    }
}
