//! Who knows the shared key may send.

use std::time::Duration;

use ingest::{FluentFrames, FluentPing, fluent_hello, fluent_pong};
use rand::RngCore as _;
use sha2::{Digest as _, Sha512};
use subtle::ConstantTimeEq as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use crate::sockets::reader::{Progress, Reader};

/// Our name in the handshake. Senders refuse one that is their own machine's, so it is none.
const HOST: &str = "vigil";
/// Longest PING; real ones have some 300 bytes.
const PING_BYTES: usize = 8 * 1024;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says hello and lets the sender show that it knows the key; the reason when it does not.
pub(super) async fn greet<S>(reader: &mut Reader<S>, key: &str) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::time::timeout(PATIENCE, greet_patiently(reader, key))
        .await
        .unwrap_or_else(|_| {
            Err(format!(
                "the handshake took longer than {} s",
                PATIENCE.as_secs()
            ))
        })
}

async fn greet_patiently<S>(reader: &mut Reader<S>, key: &str) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut nonce = [0; 16];
    rand::rng().fill_bytes(&mut nonce);
    write(reader, &fluent_hello(&nonce)).await?;
    let ping = read_ping(reader).await?;
    let expected = digest(&ping.salt, &ping.host, &nonce, key);
    let given = ping.digest.to_ascii_lowercase();
    let is_known = bool::from(expected.as_bytes().ct_eq(&given));
    let refusal = (!is_known).then_some("shared_key mismatch");
    let ours = digest(&ping.salt, HOST.as_bytes(), &nonce, key);
    // Who does not know the key learns nothing that is made with it.
    let ours = if is_known { ours.as_str() } else { "" };
    write(reader, &fluent_pong(refusal, HOST, ours)).await?;
    refusal.map_or(Ok(()), |refusal| Err(refusal.to_owned()))
}

async fn read_ping<S>(reader: &mut Reader<S>) -> Result<FluentPing, String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut frames = FluentFrames::new(PING_BYTES);
    loop {
        let bytes = reader.read(Progress::Within { is_new: false }).await;
        frames.extend(bytes.ok_or("the sender left before its PING")?);
        let message = frames.next_message().map_err(|error| error.to_string())?;
        let Some(message) = message else { continue };
        let ping = FluentPing::read(message).map_err(|error| error.to_string())?;
        let ping = ping.ok_or("the sender began with something else than PING")?;
        if frames.is_torn() {
            return Err("the sender did not wait for the PONG".to_owned());
        }
        return Ok(ping);
    }
}

async fn write<S>(reader: &mut Reader<S>, bytes: &[u8]) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stream = reader.stream();
    stream
        .write_all(bytes)
        .await
        .map_err(|error| error.to_string())
}

/// Source: the specification's "Handshake messages".
fn digest(salt: &[u8], host: &[u8], nonce: &[u8], key: &str) -> String {
    let mut digest = Sha512::new();
    for part in [salt, host, nonce, key.as_bytes()] {
        digest.update(part);
    }
    hex::encode(digest.finalize())
}

#[cfg(test)]
mod tests;
