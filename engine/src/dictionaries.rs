//! The template dictionary of each project in memory, kept up by sequence.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use anomaly::TemplateInfo;
use domain::{ProjectId, Template, TemplateId};
use store::{LogStore, Store};

use crate::Error;

/// Templates that are read at once.
const PAGE: usize = 5_000;

/// What is known of a project's templates.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    templates: HashMap<TemplateId, Template>,
    texts: query::TemplateDictionary,
    sequence: i64,
}

impl Dictionary {
    /// One template, as it was when it was first read: its text and first sight are right, its counts
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

    fn first_seen_ns(&self, id: TemplateId) -> Option<i64> {
        self.templates.first_seen_ns(id)
    }

    fn resolve(&self, id: TemplateId) -> TemplateId {
        self.templates.resolve(id)
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
        let mut templates = known.templates.clone();
        templates.extend(fresh.into_iter().map(|template| (template.id, template)));
        let texts = query::TemplateDictionary::new(
            templates
                .values()
                .map(|template| (template.id, template.text.as_str())),
        );
        let next = Dictionary {
            templates,
            texts,
            sequence: after,
        };
        let next = Arc::new(next);
        if let Ok(mut projects) = self.projects.lock() {
            projects.insert(project_id, Arc::clone(&next));
        }
        Ok(next)
    }
}
