//! What a request is known by when its sender, who got no answer, sends it again.

use axum::http::{HeaderMap, Uri};
use engine::RequestKey;
use sha2::{Digest, Sha256};
use twox_hash::XxHash3_64;

use crate::problem::Problem;
use crate::state::AppState;

/// Longest `Idempotency-Key`.
const MAX_KEY_BYTES: usize = 255;
/// Headers that change what becomes of a body.
const MEANT: [&str; 2] = ["content-type", "x-vigil-service"];

/// What is known of a request before its body is there.
#[derive(Debug)]
pub(super) enum Repetition {
    /// It bears a key: the digest is of the key and of the body, so that a key that is used again for other records by
    /// mistake loses none.
    Given(Sha256),
    /// The digest is of its address and of what its headers say about the body.
    Content { digest: Sha256, window_ns: i64 },
    /// It is always new.
    Unknown,
}

impl Repetition {
    /// # Errors
    /// The sender's key is empty or too long.
    pub fn of(state: &AppState, uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(key) = headers.get("idempotency-key") {
            if key.is_empty() || key.len() > MAX_KEY_BYTES {
                return Err(Problem::bad_request(format!(
                    "idempotency-key is {} bytes, it must be 1 to {MAX_KEY_BYTES}",
                    key.len()
                )));
            }
            let mut digest = Sha256::new();
            part(&mut digest, b"key");
            part(&mut digest, key.as_bytes());
            part(&mut digest, uri.path().as_bytes());
            return Ok(Self::Given(digest));
        }
        if state.dedup_window_ns <= 0 {
            return Ok(Self::Unknown);
        }
        let mut digest = Sha256::new();
        part(&mut digest, b"content");
        part(&mut digest, uri.path().as_bytes());
        part(&mut digest, uri.query().unwrap_or_default().as_bytes());
        for name in MEANT {
            let value = headers.get(name).map(|value| value.as_bytes());
            part(&mut digest, value.unwrap_or_default());
        }
        Ok(Self::Content {
            digest,
            window_ns: state.dedup_window_ns,
        })
    }

    /// The key, given the body as it is after decompression: a sender may pack it anew.
    pub fn key(self, body: &[u8]) -> Option<RequestKey> {
        match self {
            Self::Given(digest) => Some(RequestKey::Given(finish(digest, body))),
            Self::Content { digest, window_ns } => Some(RequestKey::Content {
                digest: finish(digest, body),
                window_ns,
            }),
            Self::Unknown => None,
        }
    }
}

/// Adds the body by 128 bits of its own that are quick to come by: bodies are many megabytes a second, and whoever makes
/// two of the same hash on purpose only loses records of its own.
fn finish(mut digest: Sha256, body: &[u8]) -> [u8; 32] {
    digest.update((body.len() as u64).to_be_bytes());
    for seed in [1, 2] {
        digest.update(XxHash3_64::oneshot_with_seed(seed, body).to_be_bytes());
    }
    digest.finalize().into()
}

/// Adds a part with its length, so that two parts cannot be taken for two others.
fn part(digest: &mut Sha256, bytes: &[u8]) {
    digest.update((bytes.len() as u64).to_be_bytes());
    digest.update(bytes);
}
