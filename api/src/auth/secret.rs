//! Tokens, passwords and other secrets: how they are made, shown and stored.

use argon2::password_hash::SaltString;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use rand::RngCore;
use sha2::{Digest, Sha256};
use store::TokenScope;

/// Prefix of tokens, so that people and secret scanners know one when they see it.
pub const TOKEN_PREFIX: &str = "vgl_";
/// Prefix of those that read. What counts is what the store says of a token; this tells people.
const READ_PREFIX: &str = "vgl_read_";
/// Random characters of a token that lists show.
const SHOWN: usize = 6;
/// Random bytes of a token: 192 bits.
const TOKEN_BYTES: usize = 24;
/// What stands before a read token in its digest.
const READ_DIGEST: &[u8] = b"vigil read token\0";

/// A new token: what is printed once.
#[must_use]
pub fn new_token(scope: TokenScope) -> String {
    let prefix = match scope {
        TokenScope::Ingest => TOKEN_PREFIX,
        TokenScope::Read => READ_PREFIX,
    };
    format!("{prefix}{}", hex::encode(random::<TOKEN_BYTES>()))
}

/// Whether a text is a token that may only write, by its looks.
#[must_use]
pub fn writes_only(token: &str) -> bool {
    token.starts_with(TOKEN_PREFIX) && !token.starts_with(READ_PREFIX)
}

/// A new password or secret of 160 bits.
#[must_use]
pub fn new_secret() -> String {
    hex::encode(random::<20>())
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// What of a token may be shown.
#[must_use]
pub fn display_prefix(token: &str) -> String {
    let prefix = match token.strip_prefix(READ_PREFIX) {
        Some(_) => READ_PREFIX,
        None => TOKEN_PREFIX,
    };
    token.chars().take(prefix.len() + SHOWN).collect()
}

/// What of a token is stored. A plain digest is enough: the token is random, not chosen by a person. That of a read token
/// is made otherwise: a process of a version that knows only tokens that write, beside this one on the same database
/// while an installation is upgraded, does not find it and never takes it for one of those.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    if token.starts_with(READ_PREFIX) {
        digest.update(READ_DIGEST);
    }
    digest.update(token.as_bytes());
    digest.finalize().into()
}

/// Argon2id with the crate's current parameters (OWASP: 19 MiB, two passes). Takes some 20 ms: call it on
/// the blocking pool.
///
/// # Errors
/// Fails when hashing fails, which valid parameters exclude.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let salt = SaltString::encode_b64(&random::<16>())
        .map_err(|error| anyhow::anyhow!("making a salt: {error}"))?;
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| anyhow::anyhow!("hashing the password: {error}"))
}

/// Whether the password matches; a user who does not exist costs the same time.
#[must_use]
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    /// A hash of nothing in particular with the default parameters.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
        9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    let matches = parsed.is_ok_and(|parsed| {
        Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok()
    });
    matches && hash.is_some()
}

#[cfg(test)]
mod tests;
