//! When a message that was not accepted is tried again.

use std::time::Duration;

use domain::DeliveryId;

use crate::{ReceiverKind, SendError};

/// Waits between the first attempts of a page, seconds; afterwards every minute.
const PAGE_SCHEDULE: [u64; 5] = [2, 5, 15, 30, 60];
/// After this many attempts (about an hour) a page counts as lost on this channel, and the workflow goes on.
const PAGE_ATTEMPTS: u32 = 60;
/// SMS cost money and have no idempotency key: three tries, then the next way to reach somebody.
const SMS_SCHEDULE: [u64; 2] = [5, 15];
/// SMTP servers that greylist want minutes.
const EMAIL_SCHEDULE: [u64; 4] = [5, 30, 120, 600];
/// A channel may ask for at most this much patience.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// How long to wait before the next attempt; `None` gives up: report the delivery as failed for good.
///
/// `attempt` counts the attempts that failed so far, from 1. Longer waits get up to a quarter more, different
/// for every delivery and attempt but the same on every call, so that many messages do not come back at once.
/// A longer `Retry-After` of the channel wins.
#[must_use]
pub fn retry_delay(
    kind: ReceiverKind,
    attempt: u32,
    delivery_id: DeliveryId,
    error: &SendError,
) -> Option<Duration> {
    if !error.retryable {
        return None;
    }
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let seconds = match kind {
        ReceiverKind::Console => None,
        ReceiverKind::Sms => SMS_SCHEDULE.get(index).copied(),
        ReceiverKind::Email => EMAIL_SCHEDULE.get(index).copied(),
        ReceiverKind::Slack
        | ReceiverKind::PagerDuty
        | ReceiverKind::Webhook
        | ReceiverKind::Teams
        | ReceiverKind::Discord => {
            (attempt < PAGE_ATTEMPTS).then(|| PAGE_SCHEDULE.get(index).copied().unwrap_or(60))
        }
    }?;
    let base = Duration::from_secs(seconds);
    let jitter = base.mul_f64(0.25 * spread(delivery_id, attempt));
    let wait = if seconds >= 60 { base + jitter } else { base };
    Some(wait.max(error.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER)))
}

/// A number from 0 to 1 out of an id and an attempt (FNV-1a).
fn spread(id: DeliveryId, attempt: u32) -> f64 {
    let bytes = id
        .as_bytes()
        .iter()
        .chain(&attempt.to_be_bytes())
        .copied()
        .collect::<Vec<u8>>();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let top = u32::try_from(hash >> 32).unwrap_or(u32::MAX);
    f64::from(top) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
