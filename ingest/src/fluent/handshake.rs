//! What is said before records: both sides show that they know the shared key without telling it.
//!
//! The digests are SHA-512 as lowercase hexadecimal digits, of salt, host name, nonce and key, one after the other; they
//! are computed where the key is.

use rmp::encode;

use super::malformed;
use crate::Error;
use crate::msgpack::{Cursor, Head};

/// The sender's half: `["PING", host name, salt, digest, user, password]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FluentPing {
    /// The sender's name for its machine, part of the digest.
    pub host: Vec<u8>,
    /// Random bytes of the sender's, part of both digests.
    pub salt: Vec<u8>,
    /// Hexadecimal digits of SHA-512 over salt, host, nonce and key.
    pub digest: Vec<u8>,
}

impl FluentPing {
    /// Reads a message; `None` when it is another one.
    ///
    /// # Errors
    /// It is none of the protocol's messages.
    pub fn read(message: &[u8]) -> Result<Option<Self>, Error> {
        match super::elements_of(message)? {
            Some(elements) => Self::from_elements(&elements),
            None => Ok(None),
        }
    }

    pub(super) fn from_elements(elements: &[&[u8]]) -> Result<Option<Self>, Error> {
        let [kind, host, salt, digest, _user, _password] = elements else {
            return Ok(None);
        };
        let text = |value: &[u8]| match Cursor::new(value).head() {
            Ok(Head::Text(text)) => Some(text.to_vec()),
            _ => None,
        };
        if text(kind).as_deref() != Some(b"PING".as_slice()) {
            return Ok(None);
        }
        let broken = || malformed("an element of its PING is not a text");
        Ok(Some(Self {
            host: text(host).ok_or_else(broken)?,
            salt: text(salt).ok_or_else(broken)?,
            digest: text(digest).ok_or_else(broken)?,
        }))
    }
}

/// `["HELO", {"nonce": nonce, "auth": "", "keepalive": true}]`: the receiver begins; users are not asked for.
#[must_use]
pub fn fluent_hello(nonce: &[u8]) -> Vec<u8> {
    write(|bytes| {
        encode::write_array_len(bytes, 2)?;
        encode::write_str(bytes, "HELO")?;
        encode::write_map_len(bytes, 3)?;
        encode::write_str(bytes, "nonce")?;
        encode::write_bin(bytes, nonce)?;
        encode::write_str(bytes, "auth")?;
        encode::write_str(bytes, "")?;
        encode::write_str(bytes, "keepalive")?;
        encode::write_bool(bytes, true).map_err(encode::ValueWriteError::InvalidMarkerWrite)
    })
}

/// `["PONG", whether it may send, why not, host name, digest]`: the receiver's half. The digest is SHA-512 over salt, this
/// host, nonce and key.
#[must_use]
pub fn fluent_pong(refusal: Option<&str>, host: &str, digest: &str) -> Vec<u8> {
    write(|bytes| {
        encode::write_array_len(bytes, 5)?;
        encode::write_str(bytes, "PONG")?;
        encode::write_bool(bytes, refusal.is_none())
            .map_err(encode::ValueWriteError::InvalidMarkerWrite)?;
        encode::write_str(bytes, refusal.unwrap_or_default())?;
        encode::write_str(bytes, host)?;
        encode::write_str(bytes, digest)
    })
}

/// `{"ack": chunk}`, the chunk being MessagePack as it came.
#[must_use]
pub fn fluent_ack(chunk: &[u8]) -> Vec<u8> {
    let mut bytes = write(|bytes| {
        encode::write_map_len(bytes, 1)?;
        encode::write_str(bytes, "ack")
    });
    bytes.extend_from_slice(chunk);
    bytes
}

fn write(
    parts: impl FnOnce(&mut Vec<u8>) -> Result<(), encode::ValueWriteError<std::io::Error>>,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory cannot fail.
    parts(&mut bytes).ok();
    bytes
}
