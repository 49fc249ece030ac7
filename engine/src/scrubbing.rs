//! What of a project's text may be stored, sent to people, and sent to models outside: a scrubber for each project.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use domain::{LogRecord, Notification, ProjectId, Span};
use redact::Scrubber;
use serde_json::Value;
use store::{IdentityStore as _, Store};

use crate::Error;
use crate::tasks::blocking;

/// Projects whose policy is remembered; more are few enough to be looked up anew.
const MAX_KNOWN: usize = 10_000;
/// How deep a document of attributes is followed; what lies deeper is replaced as a whole.
const MAX_DEPTH: usize = 64;

/// What is taken out of messages to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageMask {
    /// Nothing.
    Off,
    /// What opens doors or moves money: passwords, keys, tokens, cards, account and tax numbers, and own rules.
    #[default]
    Secrets,
    /// Everything that the scrubber finds.
    All,
}

/// How the text of a project is treated.
#[derive(Debug, Clone)]
pub struct ScrubPolicy {
    scrubber: Scrubber,
    is_strict: bool,
    masks_stored: bool,
    messages: MessageMask,
}

impl Default for ScrubPolicy {
    fn default() -> Self {
        Self::new(Scrubber::new())
    }
}

impl ScrubPolicy {
    /// The built-in rules and those of the scrubber; nothing masked before it is stored, messages without secrets.
    #[must_use]
    pub fn new(scrubber: Scrubber) -> Self {
        Self {
            scrubber,
            is_strict: false,
            masks_stored: false,
            messages: MessageMask::default(),
        }
    }

    /// To models outside only templates and typed slots are sent.
    #[must_use]
    pub fn strict(mut self, is_strict: bool) -> Self {
        self.is_strict = is_strict;
        self
    }

    /// Records and spans are masked, for good, before they are stored.
    #[must_use]
    pub fn masking_stored(mut self, masks_stored: bool) -> Self {
        self.masks_stored = masks_stored;
        self
    }

    /// What is taken out of messages to people.
    #[must_use]
    pub fn with_messages(mut self, messages: MessageMask) -> Self {
        self.messages = messages;
        self
    }

    /// The scrubber of what goes to models outside.
    #[must_use]
    pub fn outbound(&self) -> Scrubber {
        self.scrubber.clone().strict(self.is_strict)
    }

    /// A text as it may stand in a message to people.
    #[must_use]
    pub fn message(&self, text: &str) -> String {
        match self.messages {
            MessageMask::Off => text.to_owned(),
            MessageMask::Secrets => self.scrubber.mask_credentials(text).text.into_owned(),
            MessageMask::All => self.scrubber.mask(text).text.into_owned(),
        }
    }

    fn mask(&self, text: &mut String) {
        if let std::borrow::Cow::Owned(masked) = self.scrubber.mask(text).text {
            *text = masked;
        }
    }

    /// Masks a compact JSON document and keeps it one.
    fn mask_json(&self, text: &mut String) {
        let masked = self.scrubber.mask(text);
        let std::borrow::Cow::Owned(replaced) = masked.text else {
            return;
        };
        if serde_json::from_str::<serde::de::IgnoredAny>(&replaced).is_ok() {
            *text = replaced;
            return;
        }
        // Something without quotes was replaced, or more than one value: each value by itself then.
        *text = match serde_json::from_str::<Value>(text) {
            Ok(mut document) => {
                self.mask_value("", &mut document, 0);
                document.to_string()
            }
            Err(_) => Value::String(replaced).to_string(),
        };
    }

    fn mask_value(&self, key: &str, value: &mut Value, depth: usize) {
        match value {
            _ if depth > MAX_DEPTH => *value = Value::String("<MASKED>".to_owned()),
            Value::Object(fields) => {
                for (key, value) in fields.iter_mut() {
                    self.mask_value(key, value, depth + 1);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.mask_value(key, item, depth + 1);
                }
            }
            Value::String(text) => {
                // Beside its name, which may give it away.
                let field = serde_json::json!({ key: &*text }).to_string();
                let masked = self.scrubber.mask(&field);
                if masked.count > 0 {
                    let inner = serde_json::from_str::<Value>(&masked.text).ok();
                    let inner = inner
                        .as_ref()
                        .and_then(|field| field.get(key))
                        .and_then(Value::as_str);
                    *text = inner.unwrap_or("<MASKED>").to_owned();
                }
            }
            Value::Number(number) => {
                if self.scrubber.mask(&format!("{key}={number}")).count > 0 {
                    *value = Value::String("<MASKED>".to_owned());
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }
}

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

    /// Records as they may be stored.
    ///
    /// # Errors
    /// Fails when the policy cannot be looked up; nothing is stored then.
    pub(crate) async fn masked_records(
        self: &Arc<Self>,
        project_id: ProjectId,
        mut records: Vec<LogRecord>,
    ) -> Result<Vec<LogRecord>, Error> {
        if self.stores_everything() {
            return Ok(records);
        }
        let worker = Arc::clone(self);
        blocking(move || {
            let policy = worker.of(project_id)?;
            if policy.masks_stored {
                for record in &mut records {
                    policy.mask(&mut record.body);
                    policy.mask_json(&mut record.attributes);
                }
            }
            Ok::<_, Error>(records)
        })
        .await
    }

    /// Spans as they may be stored.
    ///
    /// # Errors
    /// As [`Scrubbing::masked_records`].
    pub(crate) async fn masked_spans(
        self: &Arc<Self>,
        project_id: ProjectId,
        mut spans: Vec<Span>,
    ) -> Result<Vec<Span>, Error> {
        if self.stores_everything() {
            return Ok(spans);
        }
        let worker = Arc::clone(self);
        blocking(move || {
            let policy = worker.of(project_id)?;
            if policy.masks_stored {
                for span in &mut spans {
                    policy.mask(&mut span.name);
                    policy.mask(&mut span.status_message);
                    policy.mask_json(&mut span.attributes);
                    policy.mask_json(&mut span.events);
                    policy.mask_json(&mut span.links);
                }
            }
            Ok::<_, Error>(spans)
        })
        .await
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
