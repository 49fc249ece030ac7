//! What `notify` counts.

use std::time::Duration;

use crate::{ReceiverKind, SendReason};

/// Messages that a channel accepted, by `channel`.
const SENT: &str = "vigil_notifications_total";
/// Attempts that failed, by `channel` and `reason` (clientError, serverError, rateLimited, authError, timeout).
const FAILED: &str = "vigil_notifications_failed_total";
/// How long an attempt took, by `channel`.
const LATENCY: &str = "vigil_notification_latency_seconds";

pub(crate) fn attempt(kind: ReceiverKind, took: Duration, failure: Option<SendReason>) {
    let channel = kind.as_str();
    metrics::histogram!(LATENCY, "channel" => channel).record(took.as_secs_f64());
    match failure {
        None => metrics::counter!(SENT, "channel" => channel).increment(1),
        Some(reason) => {
            metrics::counter!(FAILED, "channel" => channel, "reason" => reason.as_str())
                .increment(1);
        }
    }
}
