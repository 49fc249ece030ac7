//! One pattern miner per project, restored from the store the first time it is needed.

use std::collections::HashMap;

use domain::{LogRecord, ProjectId, Template, TemplateId};
use patterns::{Miner, MinerConfig};
use store::{LogStore, Store};

use crate::Error;

/// How many templates are read at once when a miner is restored.
const RESTORE_PAGE: usize = 5_000;

/// The miners of this process.
#[derive(Default)]
pub(crate) struct Miners {
    projects: HashMap<ProjectId, ProjectMiner>,
}

/// A project's miner and what the store does not know yet.
struct ProjectMiner {
    miner: Miner,
    /// Templates created since the last successful commit.
    created: HashMap<TemplateId, String>,
    /// Merges since the last successful commit.
    merged: Vec<(TemplateId, TemplateId)>,
}

/// What the store must be told together with the records.
pub(crate) struct MinedChanges {
    pub(crate) new_templates: Vec<Template>,
    pub(crate) merged: Vec<(TemplateId, TemplateId)>,
}

impl Miners {
    /// Gives every record its template id and returns what is new. What is new is returned again by the
    /// next call until [`Miners::committed`] says that the store has it.
    pub(crate) fn mine(
        &mut self,
        store: &Store,
        project_id: ProjectId,
        records: &mut [LogRecord],
    ) -> Result<MinedChanges, Error> {
        if !self.projects.contains_key(&project_id) {
            let restored = restore(store, project_id)?;
            self.projects.insert(project_id, restored);
        }
        let Some(project) = self.projects.get_mut(&project_id) else {
            return Err(Error::Internal("the miner vanished".into()));
        };
        let mut new_records: HashMap<TemplateId, usize> = HashMap::new();
        for (index, record) in records.iter_mut().enumerate() {
            let mined = project.miner.mine(&record.body);
            record.template_id = mined.template_id;
            if mined.is_new {
                new_records.insert(mined.template_id, index);
            }
        }
        let changes = project.miner.take_changes();
        project.created.extend(changes.created);
        project.merged.extend(changes.merged);
        let new_templates = project
            .created
            .iter()
            .map(|(id, text)| {
                let sample = new_records.get(id).map(|index| &records[*index]);
                new_template(project_id, *id, text, sample)
            })
            .collect();
        Ok(MinedChanges {
            new_templates,
            merged: project.merged.clone(),
        })
    }

    /// The store has everything that the last [`Miners::mine`] returned.
    pub(crate) fn committed(&mut self, project_id: ProjectId) {
        if let Some(project) = self.projects.get_mut(&project_id) {
            project.created.clear();
            project.merged.clear();
        }
    }
}

fn restore(store: &Store, project_id: ProjectId) -> Result<ProjectMiner, Error> {
    let mut known: Vec<Template> = Vec::new();
    let mut after = 0;
    loop {
        let page = store.templates(project_id, after, RESTORE_PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.sequence;
        known.extend(page);
    }
    let miner = Miner::restore(
        MinerConfig::default(),
        known
            .iter()
            .map(|template| (template.id, template.text.as_str(), template.merged_into)),
    );
    tracing::debug!(project.id = %project_id, templates = known.len(), "miner restored");
    Ok(ProjectMiner {
        miner,
        created: HashMap::new(),
        merged: Vec::new(),
    })
}

fn new_template(
    project_id: ProjectId,
    id: TemplateId,
    text: &str,
    sample: Option<&LogRecord>,
) -> Template {
    Template {
        id,
        project_id,
        text: text.to_owned(),
        example: sample.map(|record| record.body.clone()).unwrap_or_default(),
        first_seen_ns: sample.map_or(0, |record| record.timestamp_ns),
        last_seen_ns: sample.map_or(0, |record| record.timestamp_ns),
        count: 0,
        services: sample
            .map(|record| vec![record.service.clone()])
            .unwrap_or_default(),
        severity: sample.map(|record| record.severity).unwrap_or_default(),
        merged_into: None,
        sequence: 0,
    }
}
