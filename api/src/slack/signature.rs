//! Whether a request is Slack's: `X-Slack-Signature: v0=` and the HMAC-SHA256 of `v0:{timestamp}:{body}`.
//!
//! Source: docs.slack.dev/authentication/verifying-requests-from-slack.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// A request this far from now, in seconds, is an old one that somebody repeats.
const WINDOW_SECONDS: i64 = 300;

/// Most requests that are remembered: 16 a second over the ten minutes in which one may be repeated.
const REMEMBERED: usize = 10_000;

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forged {
    /// A header is missing or unreadable.
    Missing,
    /// It is from another time.
    Old,
    /// The signature is of another secret or another body.
    Wrong,
    /// It was taken before.
    Repeated,
}

/// The signatures of requests that were taken, while their time would let them in again. Slack never sends a command or a
/// button twice with one signature: whoever does has listened. Each process remembers its own.
#[derive(Default)]
pub(super) struct Taken {
    /// Their times, unix seconds, and signatures; one signature has one time.
    known: Mutex<BTreeSet<(i64, Vec<u8>)>>,
}

impl Taken {
    /// Notes a request that was signed.
    pub(super) fn note(
        &self,
        signature: Vec<u8>,
        at_seconds: i64,
        now_seconds: i64,
    ) -> Result<(), Forged> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Those whose time is over are refused for that.
        while known
            .first()
            .is_some_and(|(at, _)| now_seconds.saturating_sub(*at) > WINDOW_SECONDS)
        {
            known.pop_first();
        }
        let is_new = known.insert((at_seconds, signature));
        if known.len() > REMEMBERED {
            known.pop_first();
        }
        if is_new {
            Ok(())
        } else {
            Err(Forged::Repeated)
        }
    }
}

/// Whether a request bears a signature at all: the body of one that bears none is not read.
pub(crate) fn has_signature(headers: &HeaderMap) -> bool {
    headers.contains_key("x-slack-request-timestamp") && headers.contains_key("x-slack-signature")
}

/// Checks a request over its raw body; gives its signature and its time, unix seconds. The time that the comparison takes
/// tells nothing.
pub(crate) fn verify(
    secret: &SecretString,
    headers: &HeaderMap,
    body: &[u8],
    now_seconds: i64,
) -> Result<(Vec<u8>, i64), Forged> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let (Some(timestamp), Some(signature)) =
        (text("x-slack-request-timestamp"), text("x-slack-signature"))
    else {
        return Err(Forged::Missing);
    };
    let at: i64 = timestamp.parse().map_err(|_| Forged::Missing)?;
    if now_seconds.saturating_sub(at).saturating_abs() > WINDOW_SECONDS {
        return Err(Forged::Old);
    }
    let given = signature
        .strip_prefix("v0=")
        .and_then(|digits| hex::decode(digits).ok())
        .ok_or(Forged::Wrong)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|_| Forged::Wrong)?;
    mac.update(b"v0:");
    mac.update(timestamp.as_bytes());
    mac.update(b":");
    mac.update(body);
    mac.verify_slice(&given).map_err(|_| Forged::Wrong)?;
    Ok((given, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
        channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=\
        https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=\
        398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const AT: i64 = 1_531_420_618;

    fn outcome(timestamp: &str, signature: &str, body: &str, now: i64) -> Result<(), Forged> {
        let mut headers = HeaderMap::new();
        headers.insert("x-slack-request-timestamp", timestamp.parse().unwrap());
        headers.insert("x-slack-signature", signature.parse().unwrap());
        verify(&SECRET.to_owned().into(), &headers, body.as_bytes(), now).map(|_| ())
    }

    #[test]
    fn the_example_of_slack_is_accepted_within_five_minutes() {
        let at = AT.to_string();
        for now in [AT, AT + 300, AT - 300] {
            assert_eq!(outcome(&at, SIGNATURE, BODY, now), Ok(()));
        }
        for now in [AT + 301, AT - 301, i64::MAX] {
            assert_eq!(outcome(&at, SIGNATURE, BODY, now), Err(Forged::Old));
        }
    }

    #[test]
    fn another_body_time_or_signature_is_forged() {
        let at = AT.to_string();
        let other = format!("{BODY}&text=x");
        assert_eq!(outcome(&at, SIGNATURE, &other, AT), Err(Forged::Wrong));
        let later = (AT + 1).to_string();
        assert_eq!(outcome(&later, SIGNATURE, BODY, AT), Err(Forged::Wrong));
        for signature in ["v0=", "v0=a2", "v1=a2114d57", "nonsense", &SIGNATURE[3..]] {
            assert_eq!(outcome(&at, signature, BODY, AT), Err(Forged::Wrong));
        }
        assert_eq!(outcome("soon", SIGNATURE, BODY, AT), Err(Forged::Missing));
        let nothing = verify(&SECRET.to_owned().into(), &HeaderMap::new(), b"", AT);
        assert_eq!(nothing, Err(Forged::Missing));
    }

    #[test]
    fn a_request_counts_once_and_what_is_remembered_is_bounded() {
        let taken = Taken::default();
        let note = |key: usize, at: i64, now: i64| taken.note(key.to_le_bytes().to_vec(), at, now);
        assert_eq!(note(1, AT, AT), Ok(()));
        assert_eq!(note(1, AT, AT + 299), Err(Forged::Repeated));
        assert_eq!(note(2, AT, AT), Ok(()));
        for key in 3..2 * REMEMBERED {
            assert_eq!(note(key, AT + 1, AT + 1), Ok(()));
        }
        assert!(taken.known.lock().unwrap().len() <= REMEMBERED);
        // Those whose time is over go.
        assert_eq!(note(0, AT + 600, AT + 600), Ok(()));
        assert_eq!(taken.known.lock().unwrap().len(), 1);
    }
}
