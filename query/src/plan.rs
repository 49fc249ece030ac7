//! Template-first text search: most of what people search for is constant text, and constant
//! text is known without reading a single record.

use std::collections::HashMap;

use domain::{LogFilter, TemplateId};
use memchr::memmem;

/// Templates that one term may resolve to; beyond, it is left to the scan, because a condition
/// with so many ids costs more than it saves.
const MAX_TEMPLATES_PER_TERM: usize = 2_000;

/// Stands between the constant pieces of a template, so that no term reaches over a slot.
const GAP: u8 = 0;

/// The constant texts of a project's templates, ready to be searched. Costs about as much memory
/// as the texts; a lookup reads all of it (a millisecond for 20,000 templates).
#[derive(Debug, Default)]
pub struct TemplateDictionary {
    constants: HashMap<TemplateId, Box<[u8]>>,
}

impl TemplateDictionary {
    /// A dictionary of these templates (live and merged ones: stored records may carry either).
    #[must_use]
    pub fn new<'text>(templates: impl IntoIterator<Item = (TemplateId, &'text str)>) -> Self {
        let mut dictionary = Self::default();
        for (id, text) in templates {
            dictionary.insert(id, text);
        }
        dictionary
    }

    /// Adds a template; one that is there already stays.
    pub fn insert(&mut self, id: TemplateId, text: &str) {
        self.constants.entry(id).or_insert_with(|| constants(text));
    }

    /// How many templates there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.constants.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.constants.is_empty()
    }

    /// Templates whose constant text holds `term`, without regard to ASCII case, sorted.
    #[must_use]
    pub fn holding(&self, term: &str) -> Vec<TemplateId> {
        let term = term.to_ascii_lowercase();
        if term.is_empty() {
            return Vec::new();
        }
        let finder = memmem::Finder::new(term.as_bytes());
        let mut ids: Vec<TemplateId> = self
            .constants
            .iter()
            .filter(|(_, constants)| finder.find(constants).is_some())
            .map(|(id, _)| *id)
            .collect();
        ids.sort_unstable();
        ids
    }
}

/// The lower-case constant text, with a gap for each slot.
fn constants(text: &str) -> Box<[u8]> {
    let mut constants = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        constants.extend_from_slice(&rest.as_bytes()[..start]);
        rest = &rest[start..];
        let length = slot_length(rest);
        if length == 0 {
            constants.push(b'<');
            rest = &rest[1..];
        } else {
            constants.push(GAP);
            rest = &rest[length..];
        }
    }
    constants.extend_from_slice(rest.as_bytes());
    constants.make_ascii_lowercase();
    constants.into_boxed_slice()
}

/// The length of the slot that `text` starts with: `<*>` or `<` and up to eight small letters and `>`.
fn slot_length(text: &str) -> usize {
    if text.starts_with("<*>") {
        return 3;
    }
    let letters = text[1..].bytes().take_while(u8::is_ascii_lowercase).count();
    let is_slot = (1..=8).contains(&letters) && text.as_bytes().get(1 + letters) == Some(&b'>');
    if is_slot { letters + 2 } else { 0 }
}

/// Fills in, for each text term, the templates whose constant text holds it: records of these
/// match without a look at their body, only values and later lines of the others need a scan.
///
/// A template has single blanks where bodies may have several, so a term with a blank also finds
/// records whose words stand further apart.
pub fn plan(filter: &mut LogFilter, templates: &TemplateDictionary) {
    for term in &mut filter.text {
        let mut ids = templates.holding(&term.term);
        if !filter.template_ids.is_empty() {
            ids.retain(|id| filter.template_ids.contains(id));
        }
        term.template_ids = if ids.len() > MAX_TEMPLATES_PER_TERM {
            Vec::new()
        } else {
            ids
        };
    }
}
