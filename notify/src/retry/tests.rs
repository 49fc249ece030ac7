use std::time::Duration;

use domain::DeliveryId;
use uuid::Uuid;

use super::retry_delay;
use crate::{ReceiverKind, SendError, SendReason};

fn waits(kind: ReceiverKind, error: &SendError) -> Vec<u64> {
    let id = DeliveryId(Uuid::from_u128(5));
    (1..200)
        .map_while(|attempt| retry_delay(kind, attempt, id, error))
        .map(|wait| wait.as_secs())
        .collect()
}

#[test]
fn pages_are_tried_for_about_an_hour() {
    let error = SendError::temporary(SendReason::ServerError, "down");
    for kind in [
        ReceiverKind::PagerDuty,
        ReceiverKind::Slack,
        ReceiverKind::Webhook,
        ReceiverKind::Teams,
    ] {
        let waits = waits(kind, &error);
        assert_eq!(waits[..4], [2, 5, 15, 30]);
        assert!(
            waits[4..].iter().all(|wait| (60..=75).contains(wait)),
            "{waits:?}"
        );
        assert_eq!(waits.len(), 59);
    }
}

#[test]
fn sms_and_email_have_their_own_schedules() {
    let error = SendError::temporary(SendReason::Timeout, "no answer");
    assert_eq!(waits(ReceiverKind::Sms, &error), [5, 15]);
    let email = waits(ReceiverKind::Email, &error);
    assert_eq!(email[..2], [5, 30]);
    assert_eq!(email.len(), 4);
    assert!(waits(ReceiverKind::Console, &error).is_empty());
}

#[test]
fn permanent_failures_are_not_tried_again() {
    assert!(
        waits(
            ReceiverKind::PagerDuty,
            &SendError::permanent(SendReason::AuthError, "no")
        )
        .is_empty()
    );
}

#[test]
fn the_channels_wish_wins_up_to_an_hour() {
    let mut error = SendError::temporary(SendReason::RateLimited, "slow down");
    error.retry_after = Some(Duration::from_secs(40));
    assert_eq!(waits(ReceiverKind::Slack, &error)[..4], [40, 40, 40, 40]);
    error.retry_after = Some(Duration::from_secs(1_000_000));
    assert_eq!(waits(ReceiverKind::Slack, &error)[0], 3_600);
}

#[test]
fn the_same_attempt_always_waits_the_same_and_two_messages_differ() {
    let error = SendError::temporary(SendReason::ServerError, "down");
    let wait = |id: u128| {
        retry_delay(
            ReceiverKind::Slack,
            9,
            DeliveryId(Uuid::from_u128(id)),
            &error,
        )
    };
    assert_eq!(wait(1), wait(1));
    assert_ne!(wait(1), wait(2));
}
