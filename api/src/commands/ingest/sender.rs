//! Records in requests.

use std::time::Duration;

use bytes::Bytes;
use domain::LogRecord;
use tokio::time::Instant;
use uuid::Uuid;

use super::wire;
use crate::remote::{Receipt, Retry, Server};

/// Records of one request.
const BATCH_RECORDS: usize = 2_000;
/// Bytes of one request, well below the server's limit.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// What became of all records so far.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub accepted: u64,
    pub rejected: u64,
    pub first_reason: Option<String>,
}

impl Totals {
    fn add(&mut self, receipt: Receipt) {
        self.accepted += receipt.accepted;
        self.rejected += receipt.rejected;
        self.first_reason = self.first_reason.take().or(receipt.first_reason);
    }

    /// `120000 records sent, 3 rejected (first reason: ...), 1.9 s, 63157 records/s`.
    pub fn summary(&self, elapsed: Duration) -> String {
        let rejected = match (self.rejected, &self.first_reason) {
            (0, _) => String::new(),
            (count, Some(reason)) => format!(", {count} rejected (first reason: {reason})"),
            (count, None) => format!(", {count} rejected"),
        };
        let seconds = elapsed.as_secs_f64();
        let rate = self.accepted as f64 / seconds.max(0.001);
        format!(
            "{} records sent{rejected}, {seconds:.1} s, {rate:.0} records/s",
            self.accepted
        )
    }
}

/// Collects records into requests.
pub(super) struct Sender<'s> {
    server: &'s Server,
    retry: Retry<'s>,
    oldest: Duration,
    totals: Totals,
    body: String,
    count: usize,
    /// When the first record of the next request came.
    since: Option<Instant>,
}

impl<'s> Sender<'s> {
    /// A sender whose records wait for others at most for `oldest`.
    pub fn new(server: &'s Server, retry: Retry<'s>, oldest: Duration) -> Self {
        Self {
            server,
            retry,
            oldest,
            totals: Totals::default(),
            body: String::new(),
            count: 0,
            since: None,
        }
    }

    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Adds a record and sends the request when it is full.
    pub async fn push(&mut self, record: &LogRecord) -> anyhow::Result<()> {
        wire::push_line(record, &[], &mut self.body);
        self.count += 1;
        self.since.get_or_insert_with(Instant::now);
        if self.count >= BATCH_RECORDS || self.body.len() >= BATCH_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Sends what has waited long enough.
    pub async fn flush_if_old(&mut self) -> anyhow::Result<()> {
        match self.since {
            Some(since) if since.elapsed() >= self.oldest => self.flush().await,
            _ => Ok(()),
        }
    }

    /// Sends what there is.
    pub async fn flush(&mut self) -> anyhow::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        let body = Bytes::from(std::mem::take(&mut self.body));
        self.count = 0;
        self.since = None;
        self.send(body, Uuid::new_v4()).await
    }

    /// Sends a request that is whole already, under its key.
    pub async fn send(&mut self, body: Bytes, key: Uuid) -> anyhow::Result<()> {
        let receipt = self.server.send_records(body, key, &self.retry).await?;
        self.totals.add(receipt);
        Ok(())
    }
}
