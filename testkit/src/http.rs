//! A small blocking HTTP/1.1 client over one kept connection: cheap enough not to distort what is measured beside it,
//! and it never repeats a request on its own.

#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Longest answer that is read.
const MAX_ANSWER_BYTES: usize = 512 << 20;
/// Longest line of an answer's head.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// One connection to a server.
#[derive(Debug)]
pub struct HttpConnection {
    reader: BufReader<TcpStream>,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The body as it came.
    pub body: Vec<u8>,
    /// `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// Whether the server closes the connection after it.
    pub is_last: bool,
}

impl HttpAnswer {
    /// The body as text, for messages.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the status is one of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl HttpConnection {
    /// Connects to `host:port`; connecting, each read and each write may take `timeout`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(address: &str, timeout: Duration) -> Result<Self> {
        let resolved = address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no address: {address}")))?;
        let stream = TcpStream::connect_timeout(&resolved, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    /// Sends a request and reads its answer. After an error or an answer that [is the last](HttpAnswer::is_last) the
    /// connection is of no more use, and after an error nobody knows whether the request was served.
    ///
    /// # Errors
    /// When the connection breaks, the answer takes too long, or it is not HTTP.
    pub fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<HttpAnswer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: vigil\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method != "GET" {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let stream = self.reader.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        stream.flush()?;
        self.answer()
    }

    fn answer(&mut self) -> Result<HttpAnswer> {
        let first = self.line()?;
        let status: u16 = first
            .split(' ')
            .nth(1)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| broken(format!("not an HTTP answer: {first:?}")))?;
        let (mut length, mut is_chunked, mut is_last) = (0, false, false);
        let mut retry_after = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = parse(value, 10)?,
                "transfer-encoding" => is_chunked = value.eq_ignore_ascii_case("chunked"),
                "connection" => is_last = value.eq_ignore_ascii_case("close"),
                "retry-after" => retry_after = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = Vec::new();
        if is_chunked {
            while self.chunk(&mut body)? {}
        } else {
            self.read(length, &mut body)?;
        }
        Ok(HttpAnswer {
            status,
            body,
            retry_after,
            is_last,
        })
    }

    /// Reads one chunk; false after the last.
    fn chunk(&mut self, body: &mut Vec<u8>) -> Result<bool> {
        let line = self.line()?;
        let size = parse(line.split(';').next().unwrap_or_default().trim(), 16)?;
        if size == 0 {
            while !self.line()?.is_empty() {}
            return Ok(false);
        }
        self.read(size, body)?;
        self.line()?;
        Ok(true)
    }

    fn read(&mut self, length: usize, body: &mut Vec<u8>) -> Result<()> {
        let start = body.len();
        if length > MAX_ANSWER_BYTES - start.min(MAX_ANSWER_BYTES) {
            return Err(broken(format!(
                "an answer of {length} bytes, limit is {MAX_ANSWER_BYTES}"
            )));
        }
        body.resize(start + length, 0);
        self.reader.read_exact(&mut body[start..])
    }

    /// A line of the head without its end.
    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = (&mut self.reader)
            .take(MAX_LINE_BYTES)
            .read_line(&mut line)?;
        if read == 0 {
            return Err(Error::new(
                ErrorKind::UnexpectedEof,
                "the server closed the connection",
            ));
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(line)
    }
}

fn parse(text: &str, radix: u32) -> Result<usize> {
    usize::from_str_radix(text, radix).map_err(|_| broken(format!("not a length: {text:?}")))
}

fn broken(message: String) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}
