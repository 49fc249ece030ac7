//! The template dictionary of each project in memory, kept up by sequence.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anomaly::TemplateInfo;
use domain::{NANOS_PER_MINUTE, ProjectId, Template, TemplateId};
use store::{LogStore, Store};

use crate::Error;

/// Templates that are read at once.
const PAGE: usize = 5_000;
/// A template that stands for one that is older than itself by more than this is no news.
const OLDER_NS: i64 = 10 * NANOS_PER_MINUTE;

/// What is known of a project's templates.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    templates: HashMap<TemplateId, Template>,
    /// Templates that others were merged into, with the first sight of the oldest of those.
    generals: HashMap<TemplateId, i64>,
    texts: Arc<query::TemplateDictionary>,
    sequence: i64,
}

impl Dictionary {
    /// What it is after more templates, or changes of known ones, were read.
    pub(crate) fn extended(&self, fresh: Vec<Template>, sequence: i64) -> Self {
        let mut templates = self.templates.clone();
        let mut is_grown = false;
        for template in fresh {
            is_grown |= templates.insert(template.id, template).is_none();
        }
        // A template's text never changes.
        let texts = if is_grown {
            Arc::new(query::TemplateDictionary::new(
                templates
                    .values()
                    .map(|template| (template.id, template.text.as_str())),
            ))
        } else {
            Arc::clone(&self.texts)
        };
        let mut generals: HashMap<TemplateId, i64> = HashMap::new();
        for template in templates.values() {
            let general = templates.resolve(template.id);
            if general != template.id {
                generals
                    .entry(general)
                    .and_modify(|first| *first = template.first_seen_ns.min(*first))
                    .or_insert(template.first_seen_ns);
            }
        }
        Self {
            templates,
            generals,
            texts,
            sequence,
        }
    }

    /// One template, as it was when it was last read: its text and first sight are right, its counts
    /// are not kept up.
    pub(crate) fn get(&self, id: TemplateId) -> Option<&Template> {
        self.templates.get(&id)
    }

    /// All templates.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Template> {
        self.templates.values()
    }

    /// The constant texts, for the planner.
    pub(crate) fn texts(&self) -> &query::TemplateDictionary {
        &self.texts
    }
}

impl TemplateInfo for Dictionary {
    fn text(&self, id: TemplateId) -> Option<Cow<'_, str>> {
        self.templates.text(id)
    }

    /// The first sight of the oldest template that it stands for.
    fn first_seen_ns(&self, id: TemplateId) -> Option<i64> {
        let own = self.templates.first_seen_ns(id)?;
        Some(self.generals.get(&id).map_or(own, |first| own.min(*first)))
    }

    fn resolve(&self, id: TemplateId) -> TemplateId {
        self.templates.resolve(id)
    }

    /// One whose parts are all as young as itself is news like any other: the first lines of a new error
    /// are often what its pattern is generalised from.
    fn is_generalisation(&self, id: TemplateId) -> bool {
        let own = self.templates.first_seen_ns(id);
        let oldest = self.generals.get(&id);
        own.zip(oldest)
            .is_some_and(|(own, oldest)| own.saturating_sub(*oldest) > OLDER_NS)
    }
}

/// The dictionaries of this process.
#[derive(Default)]
pub(crate) struct Dictionaries {
    projects: Mutex<HashMap<ProjectId, Arc<Dictionary>>>,
}

impl Dictionaries {
    /// The project's dictionary, with everything that the store has now. Blocks.
    pub(crate) fn get(
        &self,
        store: &Store,
        project_id: ProjectId,
    ) -> Result<Arc<Dictionary>, Error> {
        let known = self
            .projects
            .lock()
            .ok()
            .and_then(|projects| projects.get(&project_id).cloned())
            .unwrap_or_default();
        let mut fresh: Vec<Template> = Vec::new();
        let mut after = known.sequence;
        loop {
            let page = store.templates(project_id, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.sequence;
            fresh.extend(page);
        }
        if fresh.is_empty() {
            return Ok(known);
        }
        let next = Arc::new(known.extended(fresh, after));
        if let Ok(mut projects) = self.projects.lock() {
            projects.insert(project_id, Arc::clone(&next));
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests;
