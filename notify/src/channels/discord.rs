//! Discord webhooks: one embed.
//!
//! Source: discord.com/developers/docs/resources/webhook and /message#embed-limits: title 256, description 4,096,
//! 25 fields of 256 and 1,024, 6,000 over all.

use std::time::Duration;

use async_trait::async_trait;
use domain::{IncidentSeverity, Notification, NotificationKind, format_timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::wording::{icon, link, suspect, title};
use super::{Channel, Wire};
use crate::http::failure;
use crate::retry::MAX_RETRY_AFTER;
use crate::text::{clean, clip, one_line, units};
use crate::{Receipt, SendError};

const MAX_TITLE: usize = 250;
const MAX_DESCRIPTION: usize = 2_000;
const MAX_FIELDS: usize = 12;
const MAX_FIELD_NAME: usize = 100;
const MAX_FIELD: usize = 500;
const MAX_TOTAL: usize = 5_800;
const MAX_URL: usize = 2_048;

pub(crate) struct Discord {
    wire: Wire,
    url: SecretString,
}

impl Discord {
    pub fn new(wire: Wire, url: SecretString) -> Self {
        Self { wire, url }
    }
}

#[async_trait]
impl Channel for Discord {
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let url = self.url.expose_secret();
        let separator = if url.contains('?') { '&' } else { '?' };
        // `wait`: answer after the message was made, with its id.
        let answer = self
            .wire
            .post_json(
                &format!("{url}{separator}wait=true"),
                &payload(notification),
            )
            .await?;
        let json: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if !answer.is_success() {
            let error = failure(&answer);
            let body_wait = json["retry_after"]
                .as_f64()
                .filter(|seconds| *seconds >= 0.0);
            let body_wait = body_wait
                .map(|seconds| Duration::from_secs_f64(seconds.min(MAX_RETRY_AFTER.as_secs_f64())));
            let retry_after = error.retry_after.or(body_wait.filter(|_| error.retryable));
            return Err(SendError {
                retry_after,
                ..error
            });
        }
        let reference = json["id"].as_str().map(str::to_owned);
        Ok(Receipt {
            reference,
            ..Receipt::plain(&notification.receiver)
        })
    }
}

/// The message; `allowed_mentions` is empty, so no text in it can call anybody.
pub(crate) fn payload(notification: &Notification) -> Value {
    let heading = within(
        &format!("{} {}", icon(notification), title(notification)),
        MAX_TITLE,
    );
    let description = within(&clean(notification.summary.trim()), MAX_DESCRIPTION);
    let mut left = MAX_TOTAL - units(&heading) - units(&description);
    let mut pairs = vec![(
        "Severity".to_owned(),
        notification.severity.as_str().to_owned(),
    )];
    pairs.extend(notification.facts.iter().take(MAX_FIELDS).cloned());
    let suspects: Vec<String> = notification
        .suspects
        .iter()
        .take(3)
        .map(|one| within(&suspect(one), 300))
        .collect();
    pairs.push(("Suspects".to_owned(), suspects.join("\n")));
    pairs.push(("Next steps".to_owned(), notification.next_steps.join("\n")));
    let mut fields = Vec::new();
    for (name, value) in pairs {
        let limit = if name == "Suspects" || name == "Next steps" {
            1_000
        } else {
            MAX_FIELD
        };
        let name = within(&one_line(&name), MAX_FIELD_NAME);
        let value = within(clean(&value).trim(), limit);
        let size = units(&name) + units(&value);
        if !name.is_empty() && !value.is_empty() && size <= left {
            left -= size;
            fields
                .push(json!({"name": name, "value": value, "inline": value.chars().count() <= 30}));
        }
    }
    let mut embed = json!({
        "title": heading,
        "description": description,
        "color": color(notification),
        "timestamp": format_timestamp(notification.started_at_ns),
        "fields": fields,
    });
    if let Some(link) = link(notification, MAX_URL) {
        embed["url"] = json!(link);
    }
    json!({"embeds": [embed], "allowed_mentions": {"parse": []}})
}

fn within(text: &str, limit: usize) -> String {
    if units(text) <= limit {
        return text.to_owned();
    }
    // Every character has at most two units.
    clip(text, limit / 2)
}

fn color(notification: &Notification) -> u32 {
    match (notification.kind, notification.severity) {
        (NotificationKind::Resolved, _) => 0x2e_b6_7d,
        (_, IncidentSeverity::Critical) => 0xd7_26_3d,
        (_, IncidentSeverity::Error) => 0xf4_6a_25,
        (_, IncidentSeverity::Warning) => 0xf2_c0_37,
        (_, IncidentSeverity::Info) => 0x36_7b_f5,
    }
}

#[cfg(test)]
mod tests;
