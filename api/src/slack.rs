//! Slack: slash commands and buttons, signed by Slack and answered through its `response_url`.
//!
//! Sources: docs.slack.dev, "Verifying requests from Slack", "Enabling interactivity with slash commands".

mod config;
mod message;
mod signature;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::http::HeaderMap;
use domain::{ProjectId, UserId};
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
    secret: SecretString,
    /// What was taken already.
    taken: Taken,
    http: HttpClient,
    /// Projects by workspace and channel; without a channel for all of a workspace.
    places: HashMap<(String, Option<String>), ProjectId>,
    /// Where nothing is said about a workspace.
    default: Option<ProjectId>,
    /// Names of ours by user ids of Slack's.
    users: HashMap<String, (UserId, String)>,
    hosts: Vec<String>,
    /// The places for questions.
    pub(crate) turns: Arc<Semaphore>,
}

impl Slack {
    /// The app of the settings. Blocks.
    ///
    /// # Errors
    /// Fails when the secret is not there, a project or a user does not exist, and when the client cannot be made.
    pub fn open(config: &SlackConfig, store: &Store) -> anyhow::Result<Self> {
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
        let mut users = HashMap::new();
        for (id, name) in &config.users {
            let user = store
                .user_by_name(name)?
                .with_context(|| format!("slack: there is no user '{name}'"))?;
            users.insert(id.clone(), (user.id, user.name));
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
            taken: Taken::default(),
            http,
            default: config.project.as_deref().map(project).transpose()?,
            places,
            users,
            hosts,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Whether a request is Slack's and comes for the first time.
    pub(crate) fn take(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<(), Forged> {
        let (signature, at_seconds) = verify(&self.secret, headers, body, now_seconds)?;
        self.taken.note(signature, at_seconds, now_seconds)
    }

    /// The project of a channel: its own, that of its workspace, or the default one.
    pub(crate) fn project(&self, team: &str, channel: &str) -> Option<ProjectId> {
        let of = |channel: Option<&str>| {
            let key = (team.to_owned(), channel.map(str::to_owned));
            self.places.get(&key).copied()
        };
        of(Some(channel)).or_else(|| of(None)).or(self.default)
    }

    /// Who of us a user of Slack's is.
    pub(crate) fn user(&self, id: &str) -> Option<&(UserId, String)> {
        self.users.get(id)
    }

    /// Sends what came later. Only to Slack: the address comes with the request.
    pub(crate) async fn respond(&self, url: &str, reply: &Value) -> Result<(), String> {
        let parsed = self.http.check(url).map_err(|error| error.to_string())?;
        let host = parsed.host_str().unwrap_or_default();
        if !self.hosts.iter().any(|known| known == host) {
            return Err(format!(
                "response_url leads to '{host}', which is not Slack"
            ));
        }
        let request = self.http.post(url).map_err(|error| error.to_string())?;
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
