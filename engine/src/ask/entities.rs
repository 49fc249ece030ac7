//! Names and ids of a question that no text holds but an attribute does: `user anna` in `{"user":"anna"}`.

use domain::{
    AttributeFilter, AttributeOp, LogFilter, LogReader as _, PageRequest, ProjectId, TextTerm,
    TimeRange,
};
use query::{ChipKind, Interpretation};

use crate::{Error, Inner};

/// Attributes that are looked at for one value.
const MOST_KEYS: usize = 10;
/// Parts of the keys of attributes that name somebody or something.
const NAMING: [&str; 22] = [
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
        if said.is_empty() || attributes.is_empty() {
            return Ok(understood);
        }
        let base = LogFilter {
            services: understood.services.clone(),
            ..LogFilter::in_range(TimeRange::ALL)
        };
        for value in said {
            let text = TextTerm {
                term: value.clone(),
                negated: false,
                template_ids: Vec::new(),
            };
            let mut in_text = LogFilter {
                text: vec![text],
                ..base.clone()
            };
            self.plan(project_id, &mut in_text)?;
            if self.has_any(project_id, &in_text)? {
                continue;
            }
            if let Some(key) = self.key_of(project_id, &base, attributes, &value)? {
                take(&mut understood, &value, key);
            }
        }
        Ok(understood)
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

    fn has_any(&self, project_id: ProjectId, filter: &LogFilter) -> Result<bool, Error> {
        let page = self
            .store
            .search(project_id, filter, &PageRequest::first(1))?;
        Ok(!page.items.is_empty())
    }
}

/// Makes a text or a word of the topic a condition on an attribute.
fn take(understood: &mut Interpretation, value: &str, key: String) {
    understood
        .terms
        .retain(|term| term.negated || term.term != value);
    understood.named.retain(|word| word != value);
    let kept: Vec<&str> = understood
        .retrieval_text
        .split_whitespace()
        .filter(|word| !word.eq_ignore_ascii_case(value))
        .collect();
    understood.retrieval_text = kept.join(" ");
    let label = format!("{key}={value}");
    understood
        .chips
        .retain(|chip| !(chip.kind == ChipKind::Text && chip.words == value));
    for chip in &mut understood.chips {
        if chip.kind == ChipKind::Topic {
            chip.label.clone_from(&understood.retrieval_text);
        }
    }
    understood
        .chips
        .retain(|chip| chip.kind != ChipKind::Topic || !chip.label.is_empty());
    understood.chips.push(query::Chip {
        kind: ChipKind::Attribute,
        label,
        words: value.to_owned(),
    });
    understood.attributes.push(AttributeFilter {
        key,
        op: AttributeOp::Equal,
        value: value.to_owned(),
    });
}
