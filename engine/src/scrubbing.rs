//! What of a project's text may be stored, sent to people, and sent to models outside: a scrubber for each project.

mod policy;
mod stored;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use domain::{Notification, ProjectId};
use serde_json::Value;
use store::{IdentityStore as _, Store};

use crate::Error;
use crate::tasks::blocking;
pub use policy::{MessageMask, ScrubPolicy};

/// Projects whose policy is remembered; more are few enough to be looked up anew.
const MAX_KNOWN: usize = 10_000;

/// The policies of all projects.
pub struct Scrubbing {
    general: Arc<ScrubPolicy>,
    /// By name or id.
    projects: BTreeMap<String, Arc<ScrubPolicy>>,
    known: RwLock<HashMap<ProjectId, Arc<ScrubPolicy>>>,
    /// Where names of projects are looked up; given when the engine starts.
    store: OnceLock<Store>,
}

impl Default for Scrubbing {
    fn default() -> Self {
        Self::new(ScrubPolicy::default(), BTreeMap::new())
    }
}

impl fmt::Debug for Scrubbing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |policy: &ScrubPolicy| (policy.is_strict, policy.masks_stored, policy.messages);
        let projects: Vec<_> = self
            .projects
            .iter()
            .map(|(name, policy)| (name, shown(policy)))
            .collect();
        f.debug_struct("Scrubbing")
            .field("strict, mask_stored, mask_messages", &shown(&self.general))
            .field("projects", &projects)
            .finish()
    }
}

impl Scrubbing {
    /// One policy for everybody, and those of single projects by name or id.
    #[must_use]
    pub fn new(general: ScrubPolicy, projects: BTreeMap<String, ScrubPolicy>) -> Self {
        Self {
            general: Arc::new(general),
            projects: projects
                .into_iter()
                .map(|(name, policy)| (name, Arc::new(policy)))
                .collect(),
            known: RwLock::default(),
            store: OnceLock::new(),
        }
    }

    pub(crate) fn attach(&self, store: &Store) {
        // A second engine of the same settings looks up the same names.
        self.store.set(store.clone()).ok();
    }

    /// The policy of what belongs to no project.
    #[must_use]
    pub fn general(&self) -> Arc<ScrubPolicy> {
        Arc::clone(&self.general)
    }

    /// The policy by the name of a project, for who has no store.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<ScrubPolicy>> {
        self.projects.get(name).cloned()
    }

    /// Whether nothing is masked before it is stored, in no project.
    fn stores_everything(&self) -> bool {
        !self.general.masks_stored && !self.projects.values().any(|policy| policy.masks_stored)
    }

    /// The policy of a project. Blocks where its name must be looked up.
    ///
    /// # Errors
    /// Fails when the name cannot be looked up: no policy is guessed then.
    pub fn of(&self, project_id: ProjectId) -> Result<Arc<ScrubPolicy>, Error> {
        if self.projects.is_empty() {
            return Ok(self.general());
        }
        if let Some(policy) = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&project_id)
        {
            return Ok(Arc::clone(policy));
        }
        let policy = match self.projects.get(&project_id.to_string()) {
            Some(policy) => Arc::clone(policy),
            None => {
                let store = self.store.get().ok_or_else(|| {
                    Error::Unavailable(
                        "the scrubbing rules of projects cannot be looked up yet".into(),
                    )
                })?;
                let name = store
                    .project(project_id)?
                    .map(|project| project.name)
                    .unwrap_or_default();
                self.projects
                    .get(&name)
                    .cloned()
                    .unwrap_or_else(|| self.general())
            }
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(project_id, Arc::clone(&policy));
        Ok(policy)
    }

    /// The texts of a document as they may be sent to people. Blocks where the project's name must be looked up.
    ///
    /// # Errors
    /// Fails when the policy cannot be looked up; then nothing may be sent.
    pub fn message_document(
        &self,
        project_id: ProjectId,
        mut document: Value,
    ) -> Result<Value, Error> {
        let policy = self.of(project_id)?;
        if policy.messages != MessageMask::Off {
            mask_texts(&policy, &mut document);
        }
        Ok(document)
    }

    /// A message to people as it may be sent. Where the policy cannot be looked up everything is taken out rather than
    /// the message held up.
    pub(crate) async fn masked_message(
        self: &Arc<Self>,
        mut notification: Notification,
    ) -> Notification {
        let worker = Arc::clone(self);
        let whole = notification.clone();
        let masked = blocking(move || {
            let policy = worker.of(notification.project_id).unwrap_or_else(|error| {
                tracing::warn!(%error, "the rules of a project are not there; everything is masked");
                Arc::new((*worker.general).clone().with_messages(MessageMask::All))
            });
            if policy.messages == MessageMask::Off {
                return Ok::<_, Error>(notification);
            }
            let mask = |text: &mut String| *text = policy.message(text);
            mask(&mut notification.headline);
            mask(&mut notification.summary);
            notification.facts.iter_mut().for_each(|(_, value)| mask(value));
            notification.next_steps.iter_mut().for_each(mask);
            for suspect in &mut notification.suspects {
                mask(&mut suspect.name);
                mask(&mut suspect.reason);
                mask(&mut suspect.check);
            }
            Ok(notification)
        })
        .await;
        masked.unwrap_or_else(|error| {
            tracing::warn!(%error, "a message could not be masked; it goes without its texts");
            Notification {
                headline: "an incident needs attention".to_owned(),
                summary: String::new(),
                facts: Vec::new(),
                suspects: Vec::new(),
                next_steps: Vec::new(),
                ..whole
            }
        })
    }
}

/// Masks every text of a document that we wrote ourselves; names of its fields and addresses of our page stay.
fn mask_texts(policy: &ScrubPolicy, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let kept = [
                "type",
                "url",
                "action_id",
                "value",
                "response_type",
                "style",
            ];
            fields
                .iter_mut()
                .filter(|(key, _)| !kept.contains(&key.as_str()))
                .for_each(|(_, value)| mask_texts(policy, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_texts(policy, item)),
        Value::String(text) => *text = policy.message(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;
