//! Receivers as the operator writes them.

use std::fmt;

use domain::ErrorKind;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What kind of channel a receiver is: the part before the colon of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiverKind {
    /// A Slack incoming webhook.
    Slack,
    /// PagerDuty Events v2.
    PagerDuty,
    /// Any HTTP endpoint, signed per Standard Webhooks.
    Webhook,
    /// SMTP.
    Email,
    /// SMS through Twilio.
    Sms,
    /// A Microsoft Teams workflow.
    Teams,
    /// A Discord webhook.
    Discord,
    /// The terminal of the process.
    Console,
}

impl ReceiverKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Slack,
        Self::PagerDuty,
        Self::Webhook,
        Self::Email,
        Self::Sms,
        Self::Teams,
        Self::Discord,
        Self::Console,
    ];

    /// The lowercase word before the colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::PagerDuty => "pagerduty",
            Self::Webhook => "webhook",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Teams => "teams",
            Self::Discord => "discord",
            Self::Console => "console",
        }
    }

    /// The kind of a receiver named `kind:name`.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (kind, rest) = name.split_once(':')?;
        let found = Self::ALL.into_iter().find(|known| known.as_str() == kind)?;
        (!rest.trim().is_empty()).then_some(found)
    }

    /// The settings that belong to it, the needed ones first.
    fn settings(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Slack => (&["url"], &["buttons"]),
            Self::Teams | Self::Discord => (&["url"], &[]),
            Self::PagerDuty => (&["routing_key"], &["base_url"]),
            Self::Webhook => (&["url", "secret"], &[]),
            Self::Email => (&["smtp_url", "from", "to"], &[]),
            Self::Sms => (&["account_sid", "auth_token", "from", "to"], &["base_url"]),
            Self::Console => (&[], &[]),
        }
    }
}

impl fmt::Display for ReceiverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One receiver of the configuration. Texts may hold `${env:NAME}`.
///
/// | kind | needed | optional |
/// |---|---|---|
/// | slack | url | buttons |
/// | teams, discord | url | |
/// | pagerduty | routing_key | base_url |
/// | webhook | url, secret | |
/// | email | smtp_url, from, to | |
/// | sms | account_sid, auth_token, from, to (one) | base_url |
/// | console | | |
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiverConfig {
    /// `kind:name`, for example `slack:#ops`.
    pub name: String,
    /// Where to post; holds the credential for Slack, Teams and Discord.
    pub url: Option<SecretString>,
    /// The service's address, when it is not the public one (`https://events.eu.pagerduty.com`).
    pub base_url: Option<SecretString>,
    /// PagerDuty integration key, 32 characters.
    pub routing_key: Option<SecretString>,
    /// Webhook signing secrets `whsec_...`, separated by spaces while they are rotated.
    pub secret: Option<SecretString>,
    /// Twilio account.
    pub account_sid: Option<SecretString>,
    /// Twilio token.
    pub auth_token: Option<SecretString>,
    /// `smtps://user:password@host:465` or `smtp://host:587?tls=required`.
    pub smtp_url: Option<SecretString>,
    /// Sender: a mailbox for email; a number or `MG...` messaging service for SMS.
    pub from: Option<String>,
    /// Mailboxes (at most 50) or one phone number.
    pub to: Vec<String>,
    /// Whether messages have buttons that Slack sends back to `/slack/interactions`: only where they are answered. The
    /// webhook must be one of the app that has that address.
    pub buttons: Option<bool>,
    /// Whether addresses inside private networks may be reached.
    pub allow_private: bool,
    /// Host names, addresses or networks (`10.1.0.0/16`) that may be reached all the same.
    pub allow: Vec<String>,
}

/// A receiver that cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not `kind:name`.
    #[error(
        "'{0}' is not a receiver name (kind:name with one of slack, pagerduty, webhook, email, sms, teams, discord, console)"
    )]
    Name(String),
    /// Two receivers with one name.
    #[error("receiver '{0}' is configured twice")]
    Duplicate(String),
    /// A setting is not there.
    #[error("receiver '{receiver}' needs '{setting}'")]
    Missing {
        /// The receiver.
        receiver: String,
        /// The setting.
        setting: &'static str,
    },
    /// A setting of another kind of receiver.
    #[error("'{setting}' does not belong to receiver '{receiver}'")]
    Foreign {
        /// The receiver.
        receiver: String,
        /// The setting.
        setting: &'static str,
    },
    /// `${env:NAME}` of a variable that is not set.
    #[error("receiver '{receiver}' needs the environment variable '{variable}', which is not set")]
    Environment {
        /// The receiver.
        receiver: String,
        /// The variable.
        variable: String,
    },
    /// A setting that cannot be used. The value is not repeated: it may be a secret.
    #[error("'{setting}' of receiver '{receiver}' cannot be used: {reason}")]
    Invalid {
        /// The receiver.
        receiver: String,
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client could not be made.
    #[error("the http client cannot be set up: {0}")]
    Http(String),
}

impl ConfigError {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Http(_) => ErrorKind::Internal,
            _ => ErrorKind::BadRequest,
        }
    }
}

/// Looks up an environment variable.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl ReceiverConfig {
    /// Checks name and settings; every `${env:NAME}` is replaced.
    pub(crate) fn resolved(
        &self,
        environment: Environment<'_>,
    ) -> Result<(ReceiverKind, Self), ConfigError> {
        let kind = ReceiverKind::of_name(&self.name)
            .ok_or_else(|| ConfigError::Name(self.name.clone()))?;
        let (needed, optional) = kind.settings();
        let receiver = || self.name.clone();
        for (setting, present) in self.present() {
            if present && !needed.contains(&setting) && !optional.contains(&setting) {
                return Err(ConfigError::Foreign {
                    receiver: receiver(),
                    setting,
                });
            }
            if !present && needed.contains(&setting) {
                return Err(ConfigError::Missing {
                    receiver: receiver(),
                    setting,
                });
            }
        }
        let secret = |value: &Option<SecretString>| -> Result<Option<SecretString>, ConfigError> {
            let Some(value) = value else { return Ok(None) };
            Ok(Some(SecretString::from(
                self.substitute(value.expose_secret(), environment)?,
            )))
        };
        let text = |value: &String| self.substitute(value, environment);
        let resolved = Self {
            name: self.name.clone(),
            url: secret(&self.url)?,
            base_url: secret(&self.base_url)?,
            routing_key: secret(&self.routing_key)?,
            secret: secret(&self.secret)?,
            account_sid: secret(&self.account_sid)?,
            auth_token: secret(&self.auth_token)?,
            smtp_url: secret(&self.smtp_url)?,
            from: self.from.as_ref().map(text).transpose()?,
            to: self.to.iter().map(text).collect::<Result<_, _>>()?,
            buttons: self.buttons,
            allow_private: self.allow_private,
            allow: self.allow.clone(),
        };
        Ok((kind, resolved))
    }

    fn present(&self) -> [(&'static str, bool); 10] {
        [
            ("url", self.url.is_some()),
            ("base_url", self.base_url.is_some()),
            ("routing_key", self.routing_key.is_some()),
            ("secret", self.secret.is_some()),
            ("account_sid", self.account_sid.is_some()),
            ("auth_token", self.auth_token.is_some()),
            ("smtp_url", self.smtp_url.is_some()),
            ("from", self.from.is_some()),
            ("to", !self.to.is_empty()),
            ("buttons", self.buttons.is_some()),
        ]
    }

    fn substitute(&self, text: &str, environment: Environment<'_>) -> Result<String, ConfigError> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${env:") {
            let Some((variable, after)) = after.split_once('}') else {
                break;
            };
            let value = environment(variable)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| ConfigError::Environment {
                    receiver: self.name.clone(),
                    variable: variable.to_owned(),
                })?;
            result.push_str(before);
            result.push_str(&value);
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    pub(crate) fn invalid(&self, setting: &'static str, reason: impl Into<String>) -> ConfigError {
        ConfigError::Invalid {
            receiver: self.name.clone(),
            setting,
            reason: reason.into(),
        }
    }
}

/// The text of a setting that [`ReceiverConfig::resolved`] saw to be there.
pub(crate) fn exposed(setting: Option<&SecretString>) -> String {
    setting
        .map(|secret| secret.expose_secret().trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
