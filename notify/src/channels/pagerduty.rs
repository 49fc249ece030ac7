//! PagerDuty Events API v2.
//!
//! Source: PagerDuty/developer-docs, `events-API-v2`. Limits: summary 1,024, dedup key 255, body 512 KB (512,000
//! bytes, as Alertmanager counts).

use async_trait::async_trait;
use domain::{Notification, NotificationKind, format_timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::wording::{link, suspect, title};
use super::{Channel, Wire};
use crate::http::failure;
use crate::text::{clean, clip, one_line};
use crate::{Receipt, SendError};

pub(crate) const PUBLIC_BASE: &str = "https://events.pagerduty.com";
const PATH: &str = "/v2/enqueue";
const MAX_BODY_BYTES: usize = 512_000;
const MAX_SUMMARY: usize = 1_024;
const MAX_DEDUP_KEY: usize = 255;
const MAX_SOURCE: usize = 255;
const MAX_DETAIL: usize = 2_000;
const MAX_URL: usize = 2_048;

pub(crate) struct PagerDuty {
    wire: Wire,
    base_url: String,
    routing_key: SecretString,
}

impl PagerDuty {
    pub fn new(wire: Wire, base_url: String, routing_key: SecretString) -> Self {
        Self {
            wire,
            base_url,
            routing_key,
        }
    }
}

#[async_trait]
impl Channel for PagerDuty {
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let base = self.base_url.trim_end_matches('/').trim_end_matches(PATH);
        let url = format!("{base}{PATH}");
        let body = payload(notification, self.routing_key.expose_secret());
        let answer = self.wire.post_json(&url, &body).await?;
        if !answer.is_success() {
            return Err(failure(&answer));
        }
        let reference = serde_json::from_str::<Value>(&answer.body)
            .ok()
            .and_then(|body| body["dedup_key"].as_str().map(str::to_owned));
        Ok(Receipt {
            reference,
            ..Receipt::plain(&notification.receiver)
        })
    }
}

/// The event: trigger, acknowledge or resolve, always with the incident's dedup key.
pub(crate) fn payload(notification: &Notification, routing_key: &str) -> Value {
    let action = match notification.kind {
        NotificationKind::Acknowledged => "acknowledge",
        NotificationKind::Resolved => "resolve",
        NotificationKind::Opened | NotificationKind::Escalated | NotificationKind::Test => {
            "trigger"
        }
    };
    let mut event = json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": dedup_key(notification),
    });
    if action != "trigger" {
        return event;
    }
    event["client"] = json!("Vigil");
    if let Some(link) = link(notification, MAX_URL) {
        event["client_url"] = json!(link);
        event["links"] = json!([{"href": link, "text": "Open the incident"}]);
    }
    event["payload"] = json!({
        "summary": clip(&title(notification), MAX_SUMMARY),
        "source": source(notification),
        "severity": notification.severity.as_str(),
        "timestamp": format_timestamp(notification.started_at_ns),
        "class": notification.kind.as_str(),
        "custom_details": details(notification),
    });
    let size = event.to_string().len();
    if size > MAX_BODY_BYTES {
        event["payload"]["custom_details"] = json!({"error": format!("left out: the event had {size} bytes, limit is {MAX_BODY_BYTES}")});
    }
    event
}

fn dedup_key(notification: &Notification) -> String {
    if notification.kind == NotificationKind::Test {
        return format!("vigil-test-{}", notification.id);
    }
    // A blank key would make every message an alert of its own that nobody can resolve.
    let key = notification.dedup_key.trim();
    if key.is_empty() {
        return format!("vigil-{}", notification.incident_id);
    }
    key.chars().take(MAX_DEDUP_KEY).collect()
}

/// What is broken: the services if they are known.
fn source(notification: &Notification) -> String {
    let services = notification
        .facts
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("services"));
    let services = services
        .map(|(_, value)| one_line(value))
        .filter(|value| !value.is_empty());
    clip(&services.unwrap_or_else(|| "vigil".to_owned()), MAX_SOURCE)
}

fn details(notification: &Notification) -> Value {
    let mut details = Map::new();
    let mut detail = |name: &str, value: String| {
        if !value.is_empty() {
            details.insert(
                clip(&one_line(name), 100),
                json!(clip(&clean(&value), MAX_DETAIL)),
            );
        }
    };
    detail("incident", notification.incident_number.to_string());
    for (name, value) in notification.facts.iter().take(50) {
        detail(name, value.clone());
    }
    detail("summary", notification.summary.clone());
    for (index, one) in notification.suspects.iter().take(5).enumerate() {
        detail(&format!("suspect {}", index + 1), suspect(one));
    }
    detail(
        "next steps",
        notification
            .next_steps
            .iter()
            .take(10)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n"),
    );
    Value::Object(details)
}

#[cfg(test)]
mod tests;
