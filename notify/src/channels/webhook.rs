//! Any HTTP endpoint, signed per Standard Webhooks 1.0.0.
//!
//! Source: standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{Notification, NotificationKind, format_timestamp};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

use super::wording::link;
use super::{Channel, Wire};
use crate::http::failure;
use crate::text::{clean, clip};
use crate::{Receipt, SendError};

/// The specification recommends to stay below 20 KB.
const MAX_BODY_BYTES: usize = 20_000;
/// Signing secrets are 24 to 64 bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

pub(crate) struct Webhook {
    wire: Wire,
    url: SecretString,
    keys: Vec<SecretSlice<u8>>,
}

impl Webhook {
    /// # Errors
    /// Says what is wrong with the signing secret, without repeating it.
    pub fn new(wire: Wire, url: SecretString, secrets: &str) -> Result<Self, String> {
        let keys = secrets
            .split_whitespace()
            .map(signing_key)
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(
                "it is empty; make one with `echo whsec_$(head -c 32 /dev/urandom | base64)`"
                    .to_owned(),
            );
        }
        Ok(Self { wire, url, keys })
    }
}

fn signing_key(secret: &str) -> Result<SecretSlice<u8>, String> {
    let text = secret
        .strip_prefix("whsec_")
        .ok_or("it does not begin with 'whsec_'")?;
    let key = STANDARD
        .decode(text)
        .map_err(|_| "what follows 'whsec_' is not base64")?;
    if !SECRET_BYTES.contains(&key.len()) {
        return Err(format!("it has {} bytes, it must have 24 to 64", key.len()));
    }
    Ok(SecretSlice::from(key))
}

#[async_trait]
impl Channel for Webhook {
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let now_ns = self.wire.clock.now_ns();
        let id = format!("msg_{}", notification.id.0.simple());
        let timestamp = now_ns.div_euclid(domain::NANOS_PER_SECOND);
        let body = payload(notification, now_ns).to_string();
        let signatures: Vec<String> = self
            .keys
            .iter()
            .map(|key| sign(key.expose_secret(), &id, timestamp, &body))
            .collect();
        let request = self
            .wire
            .http
            .post(self.url.expose_secret())?
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signatures.join(" "))
            .body(body);
        let answer = self.wire.exchange(request).await?;
        if answer.is_success() {
            return Ok(Receipt {
                reference: Some(id),
                ..Receipt::plain(&notification.receiver)
            });
        }
        // The specification: everything but success is tried again, 410 means "never again".
        let error = failure(&answer);
        let retryable = answer.status != 410;
        Err(SendError {
            retryable,
            retry_after: answer.retry_after,
            ..error
        })
    }
}

/// `v1,` and the HMAC-SHA256 of `id.timestamp.body`.
pub(crate) fn sign(key: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// `{type, timestamp, data}` below 20 KB; long texts are cut first, lists after them.
pub(crate) fn payload(notification: &Notification, now_ns: i64) -> Value {
    for (text, entries) in [(2_000, 50), (500, 20), (200, 5), (100, 0)] {
        let body = body(notification, now_ns, text, entries);
        if body.to_string().len() <= MAX_BODY_BYTES {
            return body;
        }
    }
    body(notification, now_ns, 20, 0)
}

fn body(notification: &Notification, now_ns: i64, text: usize, entries: usize) -> Value {
    let cut = |value: &str| clip(&clean(value), text);
    let facts = notification.facts.iter().take(entries);
    let suspects = notification.suspects.iter().take(entries);
    json!({
        "type": match notification.kind {
            NotificationKind::Opened => "incident.opened",
            NotificationKind::Escalated => "incident.escalated",
            NotificationKind::Acknowledged => "incident.acknowledged",
            NotificationKind::Resolved => "incident.resolved",
            NotificationKind::Test => "test",
        },
        "timestamp": format_timestamp(now_ns),
        "data": {
            "delivery_id": notification.id,
            "project_id": notification.project_id,
            "incident_id": notification.incident_id,
            "number": notification.incident_number,
            "receiver": cut(&notification.receiver),
            "state": notification.state,
            "severity": notification.severity,
            "headline": cut(&notification.headline),
            "summary": cut(&notification.summary),
            "facts": facts.map(|(name, value)| json!({"name": cut(name), "value": cut(value)})).collect::<Vec<_>>(),
            "suspects": suspects.map(|one| json!({
                "name": cut(&one.name),
                "service": one.service.as_deref().map(cut),
                "confidence": one.confidence,
                "score": one.score,
                "reason": cut(&one.reason),
            })).collect::<Vec<_>>(),
            "next_steps": notification.next_steps.iter().take(entries).map(|step| cut(step)).collect::<Vec<_>>(),
            "link": link(notification, 2_048),
            "dedup_key": cut(&notification.dedup_key),
            "started_at": format_timestamp(notification.started_at_ns),
        },
    })
}

#[cfg(test)]
mod tests;
