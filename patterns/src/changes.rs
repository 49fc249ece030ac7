//! What the miner learnt since it was last asked.

use domain::TemplateId;

/// New templates and merges, in the order in which they happened. Write `created` before `merged`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Templates that did not exist before, with their texts.
    pub created: Vec<(TemplateId, String)>,
    /// Templates (first) whose lines now belong to a more general one (second).
    pub merged: Vec<(TemplateId, TemplateId)>,
}

impl Changes {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.merged.is_empty()
    }
}
