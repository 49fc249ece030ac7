//! The few messages of PostgreSQL's protocol that are needed to ask "are you there?" and to create a database.
//!
//! Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol", version 3.0.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A statement that takes longer than this has hung.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Longest message that is read; the answers here are far shorter.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// Runs one statement over the server's socket as its superuser; the error is the server's or the socket's words.
pub(super) fn execute(socket: &Path, database: &str, statement: &str) -> Result<(), String> {
    let mut stream = UnixStream::connect(socket).map_err(|error| error.to_string())?;
    stream
        .set_read_timeout(Some(TIMEOUT))
        .map_err(|error| error.to_string())?;
    let mut startup = vec![0, 3, 0, 0];
    for (name, value) in [("user", "vigil"), ("database", database)] {
        startup.extend_from_slice(name.as_bytes());
        startup.push(0);
        startup.extend_from_slice(value.as_bytes());
        startup.push(0);
    }
    startup.push(0);
    send(&mut stream, None, &startup)?;
    until_ready(&mut stream)?;
    let mut query = statement.as_bytes().to_vec();
    query.push(0);
    send(&mut stream, Some(b'Q'), &query)?;
    let answer = until_ready(&mut stream);
    // The answer is complete; a failed goodbye changes nothing.
    let _ = send(&mut stream, Some(b'X'), &[]);
    answer
}

fn send(stream: &mut UnixStream, kind: Option<u8>, body: &[u8]) -> Result<(), String> {
    let length = u32::try_from(body.len() + 4).map_err(|error| error.to_string())?;
    let mut message = Vec::with_capacity(body.len() + 5);
    message.extend(kind);
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(body);
    stream
        .write_all(&message)
        .map_err(|error| error.to_string())
}

/// Reads until "ready for query"; a failed startup ends with an error and no "ready".
fn until_ready(stream: &mut UnixStream) -> Result<(), String> {
    let mut failure = None;
    loop {
        let mut head = [0; 5];
        if let Err(error) = stream.read_exact(&mut head) {
            return Err(failure.unwrap_or_else(|| error.to_string()));
        }
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if !(4..=MAX_MESSAGE_BYTES).contains(&length) {
            return Err(format!(
                "message of {length} bytes, limit is {MAX_MESSAGE_BYTES}"
            ));
        }
        let mut body = vec![0; length - 4];
        stream
            .read_exact(&mut body)
            .map_err(|error| error.to_string())?;
        match head[0] {
            b'E' => failure = Some(error_text(&body)),
            b'Z' => return failure.map_or(Ok(()), Err),
            _ => {}
        }
    }
}

/// The `M` field of an error message.
fn error_text(body: &[u8]) -> String {
    body.split(|byte| *byte == 0)
        .find(|field| field.first() == Some(&b'M'))
        .map_or_else(
            || "unknown error".to_owned(),
            |field| String::from_utf8_lossy(&field[1..]).into_owned(),
        )
}
