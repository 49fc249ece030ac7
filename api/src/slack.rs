//! Slack: slash commands and buttons, signed by Slack and answered through its `response_url`.
//!
//! Sources: docs.slack.dev, "Verifying requests from Slack", "Enabling interactivity with slash commands".

mod config;
mod message;
mod signature;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, bail};
use axum::http::HeaderMap;
use domain::ProjectId;
use notify::{HttpClient, HttpPolicy};
use secrecy::SecretString;
use serde_json::Value;
use store::{IdentityStore as _, Store};
use tokio::sync::Semaphore;

pub use self::config::{SlackConfig, SlackPlace};
pub(crate) use self::message::{answer, failure, help, homeless, incident_list, note};
pub(crate) use self::signature::{Forged, has_signature};
use self::signature::{Taken, verify};

/// Questions out of Slack that are worked on at once.
const AT_ONCE: usize = 4;
/// Where Slack takes what comes later.
const RESPONSE_HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];
/// Slack takes five messages through one `response_url`, and answers fast.
const ANSWER_BYTES: usize = 16 * 1024;

/// A Slack app that may ask.
pub struct Slack {
    store: Store,
    /// Another one takes its place when the settings are read again.
    book: RwLock<Arc<Book>>,
    /// What was taken already.
    taken: Taken,
    /// The places for questions.
    pub(crate) turns: Arc<Semaphore>,
}

/// What the settings say.
struct Book {
    secret: SecretString,
    http: HttpClient,
    /// Projects by workspace and channel; without a channel for all of a workspace.
    places: HashMap<(String, Option<String>), ProjectId>,
    /// Where nothing is said about a workspace.
    default: Option<ProjectId>,
    /// Names of ours by user ids of Slack's.
    users: BTreeMap<String, String>,
    hosts: Vec<String>,
}

impl Book {
    /// Blocks.
    fn of(config: &SlackConfig, store: &Store) -> anyhow::Result<Self> {
        let projects: HashMap<String, ProjectId> = store
            .projects()?
            .into_iter()
            .map(|project| (project.name, project.id))
            .collect();
        let project = |name: &str| {
            projects
                .get(name)
                .copied()
                .with_context(|| format!("slack: there is no project '{name}'"))
        };
        let mut places = HashMap::new();
        for place in &config.places {
            let key = (place.team.clone(), place.channel.clone());
            if places.insert(key, project(&place.project)?).is_some() {
                bail!(
                    "slack: team {} with channel {} is mapped twice",
                    place.team,
                    place.channel.as_deref().unwrap_or("(all)")
                );
            }
        }
        for name in config.users.values() {
            store
                .user_by_name(name)?
                .with_context(|| format!("slack: there is no user '{name}'"))?;
        }
        let mut hosts: Vec<String> = RESPONSE_HOSTS.map(str::to_owned).to_vec();
        hosts.extend(config.response_hosts.iter().cloned());
        let http = notify::http_client(&HttpPolicy {
            max_response_bytes: ANSWER_BYTES,
            // What the operator added, and nothing else inside.
            allow: config.response_hosts.clone(),
            ..HttpPolicy::default()
        })?;
        Ok(Self {
            secret: config.secret()?,
            http,
            default: config.project.as_deref().map(project).transpose()?,
            places,
            users: config.users.clone(),
            hosts,
        })
    }
}

impl Slack {
    /// The app of the settings. Blocks.
    ///
    /// # Errors
    /// Fails when the secret is not there, a project or a user does not exist, and when the client cannot be made.
    pub fn open(config: &SlackConfig, store: &Store) -> anyhow::Result<Self> {
        Ok(Self {
            store: store.clone(),
            book: RwLock::new(Arc::new(Book::of(config, store)?)),
            taken: Taken::default(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Goes on with other settings: secret, places and people. Blocks.
    ///
    /// # Errors
    /// As [`Slack::open`]; then the settings of before stay.
    pub fn reload(&self, config: &SlackConfig) -> anyhow::Result<()> {
        let book = Arc::new(Book::of(config, &self.store)?);
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = book;
        Ok(())
    }

    fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a request is Slack's and comes for the first time.
    pub(crate) fn take(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<(), Forged> {
        let (signature, at_seconds) = verify(&self.book().secret, headers, body, now_seconds)?;
        self.taken.note(signature, at_seconds, now_seconds)
    }

    /// The project of a channel: its own, that of its workspace, or the default one.
    pub(crate) fn project(&self, team: &str, channel: &str) -> Option<ProjectId> {
        let book = self.book();
        let of = |channel: Option<&str>| {
            let key = (team.to_owned(), channel.map(str::to_owned));
            book.places.get(&key).copied()
        };
        of(Some(channel)).or_else(|| of(None)).or(book.default)
    }

    /// The name of ours of a user of Slack's, unless they may not log in any more.
    ///
    /// # Errors
    /// Fails when the database cannot be asked.
    pub(crate) async fn user(&self, id: &str) -> Result<Option<String>, engine::Error> {
        let Some(name) = self.book().users.get(id).cloned() else {
            return Ok(None);
        };
        let store = self.store.clone();
        let user = engine::blocking(move || store.user_by_name(&name)).await?;
        let active = user.filter(|user| user.disabled_at_ns.is_none());
        Ok(active.map(|user| user.name))
    }

    /// Whether this is somebody of ours who may not log in any more.
    ///
    /// # Errors
    /// Fails when the database cannot be asked.
    pub(crate) async fn is_disabled(&self, id: &str) -> Result<bool, engine::Error> {
        Ok(self.book().users.contains_key(id) && self.user(id).await?.is_none())
    }

    /// Sends what came later. Only to Slack: the address comes with the request.
    pub(crate) async fn respond(&self, url: &str, reply: &Value) -> Result<(), String> {
        let book = self.book();
        let parsed = book.http.check(url).map_err(|error| error.to_string())?;
        let host = parsed.host_str().unwrap_or_default();
        if !book.hosts.iter().any(|known| known == host) {
            return Err(format!(
                "response_url leads to '{host}', which is not Slack"
            ));
        }
        let request = book.http.post(url).map_err(|error| error.to_string())?;
        let response = request
            .header("content-type", "application/json")
            .body(reply.to_string())
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        let status = response.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(format!("Slack answered {status}"))
        }
    }
}
