//! The receivers of the configuration, by name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Notification};
use secrecy::SecretString;
use tokio::time::{Instant, timeout};

use crate::channels::{
    Channel, Wire, console, discord, email, pagerduty, slack, sms, teams, webhook,
};
use crate::config::{Environment, exposed};
use crate::{
    ConfigError, HttpPolicy, ReceiverConfig, ReceiverKind, SendError, SendReason, http_client,
    metrics,
};

/// The name of the receiver out of `SLACK_WEBHOOK_URL`.
const DEFAULT_SLACK: &str = "slack:default";
/// One attempt takes at most this long, whatever the channel does.
const ATTEMPT_DEADLINE: Duration = Duration::from_secs(30);

/// A message that a channel accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The receiver's name.
    pub receiver: String,
    /// What the channel calls the message, when it says so.
    pub reference: Option<String>,
}

impl Receipt {
    pub(crate) fn plain(receiver: &str) -> Self {
        Self {
            receiver: receiver.to_owned(),
            reference: None,
        }
    }
}

struct Receiver {
    kind: ReceiverKind,
    channel: Box<dyn Channel>,
}

/// Every configured receiver. Cheap to clone.
#[derive(Clone)]
pub struct Receivers {
    by_name: BTreeMap<String, Arc<Receiver>>,
    http: HttpPolicy,
    clock: Arc<dyn Clock>,
}

impl Receivers {
    /// Sets up the receivers of a configuration. `environment` looks up `${env:NAME}`.
    ///
    /// Every receiver gets a client under `http`, wider by its own `allow_private` and `allow`.
    ///
    /// # Errors
    /// The first receiver that cannot be set up, and why; no message holds a secret.
    pub fn from_config(
        configs: Vec<ReceiverConfig>,
        http: &HttpPolicy,
        clock: Arc<dyn Clock>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut receivers = Self {
            by_name: BTreeMap::new(),
            http: http.clone(),
            clock,
        };
        for config in configs {
            receivers.add(&config, environment)?;
        }
        Ok(receivers)
    }

    /// Adds the receiver `slack:default`; it also takes what is sent to a Slack receiver that is not configured
    /// (an incoming webhook belongs to one channel, whatever the policy calls it).
    ///
    /// # Errors
    /// As [`Receivers::from_config`].
    pub fn with_default_slack(mut self, webhook_url: SecretString) -> Result<Self, ConfigError> {
        let config = ReceiverConfig {
            name: DEFAULT_SLACK.to_owned(),
            url: Some(webhook_url),
            ..ReceiverConfig::default()
        };
        self.add(&config, &|_| None)?;
        Ok(self)
    }

    fn add(
        &mut self,
        config: &ReceiverConfig,
        environment: Environment<'_>,
    ) -> Result<(), ConfigError> {
        let (kind, config) = config.resolved(environment)?;
        if self.by_name.contains_key(&config.name) {
            return Err(ConfigError::Duplicate(config.name));
        }
        let channel = self.channel(kind, &config)?;
        self.by_name
            .insert(config.name.clone(), Arc::new(Receiver { kind, channel }));
        Ok(())
    }

    fn channel(
        &self,
        kind: ReceiverKind,
        config: &ReceiverConfig,
    ) -> Result<Box<dyn Channel>, ConfigError> {
        let mut policy = self.http.clone();
        policy.allow_private |= config.allow_private;
        policy.allow.extend(config.allow.iter().cloned());
        let http = http_client(&policy).map_err(|error| ConfigError::Http(error.to_string()))?;
        let checked = |setting: &'static str, value: Option<&SecretString>, default: &str| {
            let text = match exposed(value) {
                text if text.is_empty() => default.to_owned(),
                text => text,
            };
            http.check(&text)
                .map_err(|error| config.invalid(setting, error.to_string()))?;
            Ok::<String, ConfigError>(text)
        };
        let wire = Wire {
            http: http.clone(),
            clock: self.clock.clone(),
        };
        let from = config.from.clone().unwrap_or_default();
        Ok(match kind {
            ReceiverKind::Slack => Box::new(slack::Slack::new(
                wire,
                checked("url", config.url.as_ref(), "")?.into(),
                config.buttons.unwrap_or(false),
            )),
            ReceiverKind::Teams => Box::new(teams::Teams::new(
                wire,
                checked("url", config.url.as_ref(), "")?.into(),
            )),
            ReceiverKind::Discord => Box::new(discord::Discord::new(
                wire,
                checked("url", config.url.as_ref(), "")?.into(),
            )),
            ReceiverKind::PagerDuty => {
                let base = checked("base_url", config.base_url.as_ref(), pagerduty::PUBLIC_BASE)?;
                let key = exposed(config.routing_key.as_ref());
                if key.len() != 32 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    let reason =
                        "an integration key has 32 letters and digits (it is not the service's id)";
                    return Err(config.invalid("routing_key", reason));
                }
                Box::new(pagerduty::PagerDuty::new(wire, base, key.into()))
            }
            ReceiverKind::Webhook => {
                let url = checked("url", config.url.as_ref(), "")?;
                let secrets = exposed(config.secret.as_ref());
                let webhook = webhook::Webhook::new(wire, url.into(), &secrets);
                Box::new(webhook.map_err(|reason| config.invalid("secret", reason))?)
            }
            ReceiverKind::Email => {
                let url = exposed(config.smtp_url.as_ref());
                let email = email::Email::new(wire, &url, &from, &config.to);
                Box::new(email.map_err(|(setting, reason)| config.invalid(setting, reason))?)
            }
            ReceiverKind::Sms => {
                let [to] = config.to.as_slice() else {
                    return Err(config.invalid("to", "it must be one number"));
                };
                Box::new(sms::Sms {
                    wire,
                    base_url: checked("base_url", config.base_url.as_ref(), sms::PUBLIC_BASE)?,
                    account_sid: exposed(config.account_sid.as_ref()).into(),
                    auth_token: exposed(config.auth_token.as_ref()).into(),
                    from,
                    to: to.clone(),
                })
            }
            ReceiverKind::Console => Box::new(console::Console),
        })
    }

    fn find(&self, name: &str) -> Option<&Arc<Receiver>> {
        self.by_name.get(name).or_else(|| {
            let is_slack = ReceiverKind::of_name(name) == Some(ReceiverKind::Slack);
            self.by_name.get(DEFAULT_SLACK).filter(|_| is_slack)
        })
    }

    /// Whether a message to this name would go somewhere.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The configured names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Sends one message once, within 30 seconds. When it fails, [`crate::retry_delay`] says when to try again.
    ///
    /// # Errors
    /// Says whether trying again can help. An unknown receiver is a permanent failure.
    pub async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let Some(receiver) = self.find(&notification.receiver) else {
            let text = format!("receiver '{}' is not configured", notification.receiver);
            return Err(SendError::permanent(SendReason::ClientError, text));
        };
        let begun = Instant::now();
        let outcome = timeout(ATTEMPT_DEADLINE, receiver.channel.send(notification))
            .await
            .unwrap_or_else(|_| {
                let seconds = ATTEMPT_DEADLINE.as_secs();
                let text = format!("no result within {seconds} s");
                Err(SendError::temporary(SendReason::Timeout, text))
            });
        let failure = outcome.as_ref().err().map(|error| error.reason);
        metrics::attempt(receiver.kind, begun.elapsed(), failure);
        match &outcome {
            Ok(receipt) => tracing::info!(
                delivery.id = %notification.id,
                incident.id = %notification.incident_id,
                receiver = %notification.receiver,
                kind = notification.kind.as_str(),
                reference = receipt.reference.as_deref().unwrap_or_default(),
                "message delivered"
            ),
            Err(error) => tracing::warn!(
                delivery.id = %notification.id,
                incident.id = %notification.incident_id,
                receiver = %notification.receiver,
                kind = notification.kind.as_str(),
                reason = error.reason.as_str(),
                retryable = error.retryable,
                "message not delivered: {error}"
            ),
        }
        outcome
    }
}

#[cfg(test)]
mod tests;
