//! Ids out of what is known: the same step gives the same ids, so a repeated effect is recognised.

use std::collections::BTreeMap;

use domain::{DeliveryId, IncidentId, ProjectId};
use sha2::{Digest, Sha256};

use crate::policy::PolicyId;

/// What paging services take at most.
const MAX_DEDUP_KEY: usize = 255;

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A UUIDv7 of the instant whose random part is a hash.
pub(crate) fn incident_id(project: ProjectId, number: i64, key: &str, now_ns: i64) -> IncidentId {
    let hash = digest(&[
        b"incident",
        project.as_bytes(),
        &number.to_be_bytes(),
        key.as_bytes(),
    ]);
    let mut random = [0; 10];
    random.copy_from_slice(&hash[..10]);
    IncidentId::from_parts(now_ns, random)
}

/// A UUIDv8 (RFC 9562 section 5.8) of the incident and the running number of the message.
pub(crate) fn delivery_id(incident: IncidentId, sequence: u32) -> DeliveryId {
    let hash = digest(&[b"delivery", incident.as_bytes(), &sequence.to_be_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    DeliveryId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Names one series of one policy inside the state.
pub(crate) fn alert_key(policy: &PolicyId, labels: &BTreeMap<String, String>) -> String {
    let labels =
        serde_json::to_string(labels).expect("a map of texts can always be written as JSON");
    bounded(format!("{policy}{labels}"))
}

/// `high-error-rate{region=eu,service=checkout}`.
pub(crate) fn default_dedup_key(policy: &PolicyId, labels: &BTreeMap<String, String>) -> String {
    bounded(format!("{policy}{}", label_text(labels)))
}

/// `{region=eu,service=checkout}`, or nothing.
pub(crate) fn label_text(labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// Cuts a key to 255 bytes; what is cut off lives on as a hash, so keys stay different.
pub(crate) fn bounded(key: String) -> String {
    if key.len() <= MAX_DEDUP_KEY {
        return key;
    }
    let hash = digest(&[key.as_bytes()]);
    let tail: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut end = MAX_DEDUP_KEY - tail.len() - 1;
    while !key.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}#{tail}", &key[..end])
}
