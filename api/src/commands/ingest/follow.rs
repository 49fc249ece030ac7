//! A file that is read while it is written, and goes on under another inode after a rotation.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use indicatif::ProgressBar;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, SeekFrom};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Pace;
use super::feed::Feed;

/// Bytes of one read.
const CHUNK_BYTES: usize = 256 * 1024;
/// Reads between two looks at whether the command is to end.
const READS: usize = 16;

/// A file and how far it was read.
pub(super) struct Tail {
    path: PathBuf,
    file: File,
    identity: (u64, u64),
    position: u64,
    quiet_since: Option<Instant>,
}

impl Tail {
    /// Opens the file at its beginning.
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).await.context("opening")?;
        let about = file.metadata().await.context("looking at it")?;
        ensure!(about.is_file(), "it is no file");
        Ok(Self {
            path: path.to_owned(),
            file,
            identity: identity(&about),
            position: 0,
            quiet_since: None,
        })
    }

    /// Reads until the command is told to end.
    pub async fn follow(
        mut self,
        feed: &mut Feed<'_, '_>,
        pace: &Pace,
        stop: &CancellationToken,
        bar: &ProgressBar,
    ) -> anyhow::Result<()> {
        loop {
            let count = self.poll(feed, Instant::now()).await?;
            bar.inc(count);
            if count == 0 && !bar.is_finished() {
                bar.finish_and_clear();
                eprintln!("following {}; Ctrl-C ends", self.path.display());
            }
            // There may be more at once.
            let pause = if count == 0 {
                pace.poll
            } else {
                pace.poll / 10
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.read(feed).await?;
        feed.end().await
    }

    /// Takes what was appended; when nothing was, sees whether the file was cut or replaced. How many bytes came.
    pub async fn poll(&mut self, feed: &mut Feed<'_, '_>, now: Instant) -> anyhow::Result<u64> {
        let count = self.read(feed).await?;
        if count > 0 {
            self.quiet_since = None;
            return Ok(count);
        }
        let since = *self.quiet_since.get_or_insert(now);
        let quiet_for = now.saturating_duration_since(since);
        feed.quiet(quiet_for).await?;
        // Between the moment that a file is moved away and the new one is there, its writer goes on with the old one.
        let Ok(about) = tokio::fs::metadata(&self.path).await else {
            return Ok(0);
        };
        if identity(&about) != self.identity {
            // Writers keep a rotated file open until they are told, so its end is waited for.
            if quiet_for >= feed.long_quiet() {
                self.go_over(feed).await?;
            }
        } else if about.len() < self.position {
            feed.end().await?;
            self.file.seek(SeekFrom::Start(0)).await?;
            self.position = 0;
        }
        Ok(0)
    }

    /// Leaves the file that was replaced for the one that has its name now; tried again when that cannot be opened yet.
    async fn go_over(&mut self, feed: &mut Feed<'_, '_>) -> anyhow::Result<()> {
        feed.end().await?;
        if let Ok(next) = Self::open(&self.path).await {
            *self = next;
        }
        Ok(())
    }

    /// Some of what is there, up to the end or a few megabytes. A file that cannot be read now is as good as quiet.
    async fn read(&mut self, feed: &mut Feed<'_, '_>) -> anyhow::Result<u64> {
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut total = 0;
        for _ in 0..READS {
            let count = self.file.read(&mut buffer).await.unwrap_or(0);
            if count == 0 {
                break;
            }
            feed.take(&buffer[..count]).await?;
            total += count as u64;
        }
        self.position += total;
        Ok(total)
    }
}

/// Device and inode.
fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}
