//! What the log detector asks about templates.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher;

use domain::{Template, TemplateId};

/// Looks templates up. Every method may answer "unknown".
pub trait TemplateInfo {
    /// The template's text, for the reasons.
    fn text(&self, id: TemplateId) -> Option<Cow<'_, str>>;

    /// When its first record was written, unix nanoseconds UTC. With it, a detector that just started
    /// does not take old patterns for new ones.
    fn first_seen_ns(&self, id: TemplateId) -> Option<i64>;

    /// The template that took its place, or itself.
    fn resolve(&self, id: TemplateId) -> TemplateId {
        id
    }

    /// Whether it came out of merging older templates: then it is not new.
    fn is_generalisation(&self, id: TemplateId) -> bool {
        let _ = id;
        false
    }
}

impl<S: BuildHasher> TemplateInfo for HashMap<TemplateId, Template, S> {
    fn text(&self, id: TemplateId) -> Option<Cow<'_, str>> {
        self.get(&id).map(|t| Cow::Borrowed(t.text.as_str()))
    }

    fn first_seen_ns(&self, id: TemplateId) -> Option<i64> {
        self.get(&id).map(|t| t.first_seen_ns)
    }

    fn resolve(&self, id: TemplateId) -> TemplateId {
        let mut id = id;
        // Merges form a forest; the bound is against a damaged one.
        for _ in 0..32 {
            match self.get(&id).and_then(|t| t.merged_into) {
                Some(next) if next != id => id = next,
                _ => break,
            }
        }
        id
    }
}

/// Knows nothing: reasons then show template ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTemplateInfo;

impl TemplateInfo for NoTemplateInfo {
    fn text(&self, _id: TemplateId) -> Option<Cow<'_, str>> {
        None
    }

    fn first_seen_ns(&self, _id: TemplateId) -> Option<i64> {
        None
    }
}
