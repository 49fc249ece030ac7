//! Another program that does the same work, for a comparison in one run: it is started, says its name, and then answers
//! each line with a line of JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::Context;
use serde::de::DeserializeOwned;

/// A running peer; it ends with this value.
pub struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a program with these arguments.
    ///
    /// # Errors
    /// Fails when it cannot be started.
    pub fn start(program: &[String], arguments: &[String]) -> anyhow::Result<Self> {
        let (first, rest) = program.split_first().context("the peer has no program")?;
        let mut child = Command::new(first)
            .args(rest)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting the peer {first}"))?;
        let input = child.stdin.take().context("the peer has no input")?;
        let output = child.stdout.take().context("the peer has no output")?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// The next line that is JSON of this shape; others are passed over, for libraries write what they like.
    ///
    /// # Errors
    /// Fails when the peer has ended.
    pub fn read<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = String::new();
        loop {
            line.clear();
            let read = self.output.read_line(&mut line)?;
            anyhow::ensure!(read > 0, "the peer has ended; what it said stands above");
            if let Ok(answer) = serde_json::from_str(&line) {
                return Ok(answer);
            }
        }
    }

    /// Sends a line of JSON and reads the answer.
    ///
    /// # Errors
    /// Fails when the peer has ended.
    pub fn ask<T: DeserializeOwned>(&mut self, request: &serde_json::Value) -> anyhow::Result<T> {
        writeln!(self.input, "{request}").context("writing to the peer")?;
        self.input.flush()?;
        self.read()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
