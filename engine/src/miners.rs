//! One pattern miner per project, restored from the store the first time it is needed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{LogRecord, ProjectId, Severity, Template, TemplateId};
use patterns::{Miner, MinerConfig, Overflow};
use store::{LogStore, Store};

use crate::Error;

#[cfg(test)]
mod tests;

/// How many templates are read at once when a miner is restored.
const RESTORE_PAGE: usize = 5_000;
/// How often templates of other nodes are looked for while records come in.
const ABSORB_EVERY: Duration = Duration::from_secs(1);

/// The miners of this process.
pub(crate) struct Miners {
    projects: HashMap<ProjectId, ProjectMiner>,
    absorb_every: Duration,
}

impl Default for Miners {
    fn default() -> Self {
        Self::new(ABSORB_EVERY)
    }
}

/// A project's miner and what the store does not know yet.
struct ProjectMiner {
    miner: Miner,
    /// Templates created since the last successful commit, each with the record that taught it.
    created: HashMap<TemplateId, Template>,
    /// Merges since the last successful commit.
    merged: Vec<(TemplateId, TemplateId)>,
    /// Templates up to this sequence of the store are known here.
    sequence: i64,
    /// When the store was last asked for templates of other nodes.
    absorbed_at: Instant,
    /// The lines without a template of their own that were reported.
    reported: Overflow,
}

/// What the store must be told together with the records.
pub(crate) struct MinedChanges {
    pub(crate) new_templates: Vec<Template>,
    pub(crate) merged: Vec<(TemplateId, TemplateId)>,
    /// The texts of the templates of these records.
    pub(crate) texts: HashMap<TemplateId, Arc<str>>,
}

impl Miners {
    /// Miners that look for templates of other nodes this often.
    fn new(absorb_every: Duration) -> Self {
        Self {
            projects: HashMap::new(),
            absorb_every,
        }
    }

    /// Gives every record its template id and returns what is new. What is new is returned again by the
    /// next call until [`Miners::committed`] says that the store has it.
    pub(crate) fn mine(
        &mut self,
        store: &Store,
        project_id: ProjectId,
        records: &mut [LogRecord],
    ) -> Result<MinedChanges, Error> {
        let project = match self.projects.entry(project_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(restore(store, project_id)?),
        };
        project.absorb(store, project_id, self.absorb_every)?;
        for record in records.iter_mut() {
            record.template_id = project.miner.mine(&record.body).template_id;
            if project.miner.has_changes() {
                project.note_changes(&Sample::of(project_id, record));
            }
        }
        project.report_overflow(project_id);
        let mut texts: HashMap<TemplateId, Arc<str>> = HashMap::new();
        for record in records.iter() {
            let id = record.template_id;
            if let Entry::Vacant(vacant) = texts.entry(id)
                && let Some(text) = project.miner.text(id)
            {
                vacant.insert(Arc::from(text));
            }
        }
        let new_templates = project.created.values().cloned().collect();
        Ok(MinedChanges {
            texts,
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

/// What a new template is first known by.
struct Sample<'a> {
    project_id: ProjectId,
    example: &'a str,
    at_ns: i64,
    severity: Severity,
}

impl<'a> Sample<'a> {
    fn of(project_id: ProjectId, record: &'a LogRecord) -> Self {
        Self {
            project_id,
            example: &record.body,
            at_ns: record.timestamp_ns,
            severity: record.severity,
        }
    }

    fn template(&self, id: TemplateId, text: String) -> Template {
        Template {
            id,
            project_id: self.project_id,
            text,
            example: self.example.to_owned(),
            first_seen_ns: self.at_ns,
            last_seen_ns: self.at_ns,
            count: 0,
            services: Vec::new(),
            severity: self.severity,
            merged_into: None,
            sequence: 0,
        }
    }
}

impl ProjectMiner {
    /// Says that a source writes lines that are no templates, once in the log and always in the metrics.
    fn report_overflow(&mut self, project_id: ProjectId) {
        let (now, before) = (self.miner.overflow(), self.reported);
        if now == before {
            return;
        }
        let counts = [
            ("all", now.all - before.all),
            ("first_token", now.first_token - before.first_token),
        ];
        for (limit, count) in counts {
            metrics::counter!("vigil_engine_templates_over_limit_total", "limit" => limit)
                .increment(count);
        }
        if before == Overflow::default() {
            tracing::warn!(
                project.id = %project_id, templates = self.miner.len(),
                "there is no room for more templates; lines that none covers share a general one"
            );
        }
        self.reported = now;
    }

    /// Keeps what the miner learnt until a commit has it.
    fn note_changes(&mut self, sample: &Sample<'_>) {
        let changes = self.miner.take_changes();
        for (id, text) in changes.created {
            self.created.insert(id, sample.template(id, text));
        }
        self.merged.extend(changes.merged);
    }

    /// Takes over what other nodes on the same database learnt, at most once a second: so all of them come to
    /// the same templates.
    fn absorb(
        &mut self,
        store: &Store,
        project_id: ProjectId,
        every: Duration,
    ) -> Result<(), Error> {
        if self.absorbed_at.elapsed() < every {
            return Ok(());
        }
        loop {
            let page = store.templates(project_id, self.sequence, RESTORE_PAGE)?;
            let Some(last) = page.last() else { break };
            self.sequence = last.sequence;
            for template in &page {
                match template.merged_into {
                    Some(into) => self.miner.absorb_merged(template.id, &template.text, into),
                    None => self.miner.absorb(&template.text),
                }
                if self.miner.has_changes() {
                    self.note_changes(&Sample {
                        project_id,
                        example: &template.example,
                        at_ns: template.first_seen_ns,
                        severity: template.severity,
                    });
                }
            }
        }
        self.absorbed_at = Instant::now();
        Ok(())
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
        sequence: after,
        absorbed_at: Instant::now(),
        reported: Overflow::default(),
    })
}
