//! From bytes to records on their way.

use std::time::Duration;

use domain::Clock;
use ingest::{Context, LineDecoder, Lines};

use super::sender::Sender;

/// Longest line that is looked at; the decoder cuts what is over the limit of a record.
const LINE_BYTES: usize = 2 * 1024 * 1024;

/// Takes the bytes of one input and gives its records to the sender.
pub(super) struct Feed<'f, 's> {
    lines: Lines,
    decoder: LineDecoder,
    clock: &'f dyn Clock,
    long_quiet: Duration,
    sender: &'f mut Sender<'s>,
}

impl<'f, 's> Feed<'f, 's> {
    pub fn new(
        context: &Context<'_>,
        clock: &'f dyn Clock,
        long_quiet: Duration,
        sender: &'f mut Sender<'s>,
    ) -> Self {
        Self {
            lines: Lines::new(LINE_BYTES),
            decoder: LineDecoder::new(context),
            clock,
            long_quiet,
            sender,
        }
    }

    /// Takes what came just now.
    pub async fn take(&mut self, chunk: &[u8]) -> anyhow::Result<()> {
        self.decoder.set_received_at(self.clock.now_ns());
        self.lines.extend(chunk);
        while let Some(line) = self.lines.next_line() {
            if let Some(record) = self.decoder.push_line(line) {
                self.sender.push(&record).await?;
            }
        }
        self.sender.flush_if_old().await
    }

    /// Nothing came for a while. The last record is complete then, unless a line has begun that may belong to it; after
    /// a long while even the line is.
    pub async fn quiet(&mut self, quiet_for: Duration) -> anyhow::Result<()> {
        if quiet_for >= self.long_quiet {
            return self.end().await;
        }
        if !self.lines.is_torn()
            && let Some(record) = self.decoder.pause()
        {
            self.sender.push(&record).await?;
        }
        self.sender.flush().await
    }

    /// Nothing more comes that belongs to what is here.
    pub async fn end(&mut self) -> anyhow::Result<()> {
        if let Some(rest) = self.lines.take_rest()
            && let Some(record) = self.decoder.push_line(&rest)
        {
            self.sender.push(&record).await?;
        }
        while let Some(record) = self.decoder.finish() {
            self.sender.push(&record).await?;
        }
        self.sender.flush().await
    }
}
