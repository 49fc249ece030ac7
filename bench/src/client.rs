//! A small HTTP/1.1 client over one kept connection: cheap enough not to distort what it measures.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(120);

/// One connection to the server.
pub struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Connects to `host:port`.
    pub fn open(address: &str) -> anyhow::Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    /// Posts a body and returns the answer's text; any status but 2xx is an error.
    pub fn post(
        &mut self,
        path: &str,
        token: &str,
        content_type: &str,
        body: &[u8],
    ) -> anyhow::Result<String> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: vigil\r\nauthorization: Bearer {token}\r\n\
             content-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let (status, text) = self.exchange(&head, body)?;
        if !(200..300).contains(&status) {
            bail!("{path} answered {status}: {text}");
        }
        Ok(text)
    }

    /// The status of a GET.
    pub fn get_status(&mut self, path: &str) -> anyhow::Result<u16> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: vigil\r\n\r\n");
        Ok(self.exchange(&head, &[])?.0)
    }

    fn exchange(&mut self, head: &str, body: &[u8]) -> anyhow::Result<(u16, String)> {
        let stream = self.reader.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        stream.flush()?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let status: u16 = line
            .split(' ')
            .nth(1)
            .and_then(|text| text.parse().ok())
            .with_context(|| format!("not an HTTP answer: {line:?}"))?;
        let mut length = 0_usize;
        loop {
            line.clear();
            self.reader.read_line(&mut line)?;
            let field = line.trim_end();
            if field.is_empty() {
                break;
            }
            if let Some((name, value)) = field.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().context("content-length")?;
            }
        }
        let mut text = vec![0; length];
        self.reader.read_exact(&mut text)?;
        Ok((status, String::from_utf8_lossy(&text).into_owned()))
    }
}
