//! The part `[slack]` of the settings file.

use std::collections::BTreeMap;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// A Slack app: who may ask, and about which project.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackConfig {
    /// "Signing Secret" of the app; `${env:NAME}` reads it from the environment.
    pub signing_secret: SecretString,
    /// The project of every workspace and channel that no `[[slack.place]]` names; without it those are refused.
    pub project: Option<String>,
    /// Projects of workspaces and channels.
    #[serde(default, rename = "place")]
    pub places: Vec<SlackPlace>,
    /// Users of ours by ids of Slack's (`U012AB3CD = "ada"`): only they may take and end incidents.
    #[serde(default)]
    pub users: BTreeMap<String, String>,
    /// Hosts beside Slack's own that a `response_url` may lead to, for a proxy in the house.
    #[serde(default)]
    pub response_hosts: Vec<String>,
}

/// The project of a workspace or of one of its channels.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackPlace {
    /// Id of the workspace, `T...`.
    pub team: String,
    /// Id of the channel, `C...`; all of the workspace when it is left out.
    pub channel: Option<String>,
    /// The project's name.
    pub project: String,
}

impl SlackConfig {
    /// The secret itself.
    pub(super) fn secret(&self) -> anyhow::Result<SecretString> {
        let text = self.signing_secret.expose_secret().trim();
        let name = text
            .strip_prefix("${env:")
            .and_then(|rest| rest.strip_suffix('}'));
        let secret = match name {
            Some(name) => std::env::var(name)
                .with_context(|| format!("slack: the environment has no {name}"))?,
            None => text.to_owned(),
        };
        anyhow::ensure!(
            secret.trim().len() >= 16,
            "slack: signing_secret has {} characters, Slack's have 32",
            secret.trim().len()
        );
        Ok(secret.trim().to_owned().into())
    }
}
