//! Microsoft Teams through a Workflows webhook: an adaptive card.
//!
//! Source: learn.microsoft.com, "Create incoming webhooks with Workflows" (Office 365 connectors are retired).
//! Messages are limited to about 28 KB.

use async_trait::async_trait;
use domain::{IncidentSeverity, Notification, NotificationKind, format_timestamp_short};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::wording::{icon, link, suspect, title};
use super::{Channel, Wire};
use crate::http::failure;
use crate::text::{clean, clip, one_line};
use crate::{Receipt, SendError, SendReason};

const MAX_BODY_BYTES: usize = 27_000;
const MAX_URL: usize = 2_048;

pub(crate) struct Teams {
    wire: Wire,
    url: SecretString,
}

impl Teams {
    pub fn new(wire: Wire, url: SecretString) -> Self {
        Self { wire, url }
    }
}

#[async_trait]
impl Channel for Teams {
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let answer = self
            .wire
            .post_json(self.url.expose_secret(), &payload(notification))
            .await?;
        if !answer.is_success() {
            return Err(failure(&answer));
        }
        // Failures behind the webhook come back as 200 with a text.
        if answer.body.to_lowercase().contains("failed with error") {
            let text = format!("answered {}: {}", answer.status, answer.quote());
            let limited = answer.body.contains("429");
            let reason = if limited {
                SendReason::RateLimited
            } else {
                SendReason::ServerError
            };
            return Err(SendError::temporary(reason, text).with_status(answer.status));
        }
        Ok(Receipt::plain(&notification.receiver))
    }
}

/// The card; long texts are cut until it fits.
pub(crate) fn payload(notification: &Notification) -> Value {
    for (text, entries) in [(2_000, 10), (500, 5), (200, 3)] {
        let card = card(notification, text, entries);
        if card.to_string().len() <= MAX_BODY_BYTES {
            return card;
        }
    }
    card(notification, 100, 0)
}

fn card(notification: &Notification, limit: usize, entries: usize) -> Value {
    let plain = |text: &str| escape(&clip(&clean(text), limit));
    let mut facts = vec![
        json!({"title": "Severity", "value": notification.severity.as_str()}),
        json!({"title": "State", "value": notification.state.as_str()}),
        json!({"title": "Began", "value": format_timestamp_short(notification.started_at_ns)}),
    ];
    facts.extend(notification.facts.iter().take(entries).map(|(name, value)| {
        json!({"title": clip(&one_line(name), 60), "value": plain(&one_line(value))})
    }));
    let mut body = vec![
        json!({
            "type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": true, "color": color(notification),
            "text": format!("{} {}", icon(notification), plain(&title(notification))),
        }),
        json!({"type": "FactSet", "facts": facts}),
    ];
    let mut block =
        |text: String| body.push(json!({"type": "TextBlock", "wrap": true, "text": text}));
    if !notification.summary.trim().is_empty() {
        block(plain(notification.summary.trim()));
    }
    let suspects: Vec<String> = notification
        .suspects
        .iter()
        .take(entries.min(5))
        .map(|one| format!("- {}", plain(&suspect(one))))
        .collect();
    if !suspects.is_empty() {
        block(format!("**Suspects**\n\n{}", suspects.join("\n")));
    }
    let steps: Vec<String> = notification
        .next_steps
        .iter()
        .take(entries)
        .map(|step| format!("- {}", plain(&one_line(step))))
        .collect();
    if !steps.is_empty() {
        block(format!("**Next steps**\n\n{}", steps.join("\n")));
    }
    let mut content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    });
    if let Some(link) = link(notification, MAX_URL) {
        content["actions"] =
            json!([{"type": "Action.OpenUrl", "title": "Open the incident", "url": link}]);
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": content,
        }],
    })
}

fn color(notification: &Notification) -> &'static str {
    match (notification.kind, notification.severity) {
        (NotificationKind::Resolved, _) => "Good",
        (_, IncidentSeverity::Critical | IncidentSeverity::Error) => "Attention",
        (_, IncidentSeverity::Warning) => "Warning",
        (_, IncidentSeverity::Info) => "Accent",
    }
}

/// Cards read Markdown and mentions (`<at>`): both are taken literally.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '*' | '_' | '[' | ']' | '\\' | '`' => {
                escaped.push('\\');
                escaped.push(character);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
