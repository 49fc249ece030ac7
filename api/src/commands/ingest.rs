//! `vigil ingest`: log files of any shape into a running server.

mod feed;
mod follow;
mod progress;
mod sender;
mod source;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::{Clock, ProjectId, SystemClock};
use indicatif::ProgressBar;
use ingest::{Context, Limits};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cli::IngestArgs;
use crate::config::Config;
use crate::remote::{Retry, Server};
use feed::Feed;
use sender::Sender;
use source::Chunks;

/// How often and how long something is waited for.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// How often a followed file is looked at, and after how long without input a stream counts as quiet.
    poll: Duration,
    /// After how long without input an unfinished line is taken as it is and a file that lost its name is left.
    long_quiet: Duration,
    /// How long a record waits at most for others to share its request.
    oldest: Duration,
    /// How long a server that is away is waited for; a followed file waits for ever.
    patience: Duration,
    /// The first pause between two tries.
    first_pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(250),
            long_quiet: Duration::from_secs(5),
            oldest: Duration::from_secs(1),
            patience: Duration::from_secs(60),
            first_pause: Duration::from_millis(250),
        }
    }
}

/// Reads files and sends their records. SIGINT and SIGTERM end it after what was read is sent.
///
/// # Errors
/// Fails when a file cannot be read, when the server stays away or refuses a request, and when every record was refused.
pub async fn run(mut args: IngestArgs, config: &Config) -> anyhow::Result<()> {
    if args.follow && !follow::is_stream(&args.files)? {
        follow::patterns(&args.files, args.recursive)?;
        args.state
            .get_or_insert_with(|| follow::default_state(&args.files, &args.remote.url, config));
    } else {
        args.state = None;
        check_files(&args)?;
    }
    let server = Server::new(&args.remote, config).await?;
    if !args.follow && !server.is_there().await {
        bail!(server.how_to_start());
    }
    let stop = CancellationToken::new();
    let job = Job {
        args: &args,
        server: &server,
        clock: &SystemClock,
        pace: Pace::default(),
        stop: &stop,
    };
    let work = job.run();
    tokio::pin!(work);
    tokio::select! {
        outcome = &mut work => outcome,
        () = crate::serve::wait_for_signal() => {
            stop.cancel();
            work.await
        }
    }
}

/// Looks at all files before the first record is sent, so that a wrong name costs nothing.
fn check_files(args: &IngestArgs) -> anyhow::Result<()> {
    for path in args.files.iter().filter(|path| !is_standard_input(path)) {
        let about = std::fs::metadata(path).with_context(|| path.display().to_string())?;
        if about.is_dir() {
            bail!(
                "{} is a folder; name its files, for instance {}/*.log, or follow it with --follow",
                path.display(),
                path.display()
            );
        }
    }
    Ok(())
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// What a run works with.
struct Job<'a> {
    args: &'a IngestArgs,
    server: &'a Server,
    clock: &'a dyn Clock,
    pace: Pace,
    stop: &'a CancellationToken,
}

impl Job<'_> {
    async fn run(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        let bar = match self.args.state {
            Some(_) => ProgressBar::hidden(),
            None => progress::bar(&self.args.files),
        };
        let notice = |text: &str| bar.suspend(|| eprintln!("vigil: {text}"));
        let retry = Retry {
            patience: (!self.args.follow).then_some(self.pace.patience),
            first_pause: self.pace.first_pause,
            stop: self.stop,
            notice: &notice,
        };
        let mut sender = Sender::new(self.server, retry, self.pace.oldest);
        let mut outcome = Ok(());
        let inputs: &[PathBuf] = if self.args.state.is_some() {
            outcome = self.follow(&mut sender).await;
            &[]
        } else {
            self.args.files.as_slice()
        };
        for (index, path) in inputs.iter().enumerate() {
            bar.set_message(progress::label(path, index, self.args.files.len()));
            let before = sender.totals().accepted;
            outcome = self.read(path, &mut sender, &bar).await.with_context(|| {
                format!(
                    "{}: {} records of it were sent before this",
                    path.display(),
                    sender.totals().accepted - before
                )
            });
            if outcome.is_err() || self.stop.is_cancelled() {
                break;
            }
        }
        bar.finish_and_clear();
        let totals = sender.totals();
        if outcome.is_ok() || totals.accepted + totals.rejected > 0 {
            eprintln!("{}", totals.summary(started.elapsed()));
        }
        outcome?;
        if totals.accepted == 0 && totals.rejected > 0 {
            bail!("the server refused every record");
        }
        Ok(())
    }

    async fn read(
        &self,
        path: &Path,
        sender: &mut Sender<'_>,
        bar: &ProgressBar,
    ) -> anyhow::Result<()> {
        let limits = Limits::default();
        let context = Context {
            project_id: ProjectId(uuid::Uuid::nil()),
            received_at_ns: self.clock.now_ns(),
            default_service: self.args.service.clone().or_else(|| file_service(path)),
            limits: &limits,
        };
        let mut feed = Feed::new(&context, self.clock, self.pace.long_quiet, sender);
        let is_file = !is_standard_input(path) && tokio::fs::metadata(path).await?.is_file();
        let chunks = source::open(path, bar)?;
        let was_stopped = self.stream(chunks, &mut feed).await?;
        if was_stopped && is_file {
            bail!("stopped before the end of the file");
        }
        Ok(())
    }

    /// Reads to the end, or until the command is told to end: then true.
    async fn stream(&self, mut chunks: Chunks, feed: &mut Feed<'_, '_>) -> anyhow::Result<bool> {
        let mut quiet_for = Duration::ZERO;
        loop {
            let next = tokio::select! {
                () = self.stop.cancelled() => break,
                next = tokio::time::timeout(self.pace.poll, chunks.recv()) => next,
            };
            match next {
                Err(_elapsed) => {
                    quiet_for += self.pace.poll;
                    feed.quiet(quiet_for).await?;
                }
                Ok(Some(Ok(chunk))) => {
                    quiet_for = Duration::ZERO;
                    feed.take(&chunk).await?;
                }
                Ok(Some(Err(error))) => {
                    feed.end().await?;
                    return Err(error).context("reading");
                }
                Ok(None) => {
                    feed.end().await?;
                    return Ok(false);
                }
            }
        }
        // What was read already is sent.
        chunks.close();
        while let Some(Ok(chunk)) = chunks.recv().await {
            feed.take(&chunk).await?;
        }
        feed.end().await?;
        Ok(true)
    }
}

/// A service's name out of a file's: `checkout-2026-11-23.log` is `checkout`.
fn file_service(path: &Path) -> Option<String> {
    let stem = PathBuf::from(path.file_name()?);
    let text = stem.to_string_lossy();
    let name = text.split('.').next().unwrap_or_default();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_'));
    (!name.is_empty()).then(|| name.to_lowercase())
}

#[cfg(test)]
mod tests;
