//! `vigil ingest`: log files of any shape into a running server.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::{Clock, LogRecord, ProjectId, SystemClock};
use indicatif::{ProgressBar, ProgressStyle};
use ingest::{Context, Limits, LineDecoder};
use tokio::fs::File;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};

use crate::cli::IngestArgs;
use crate::config::Config;
use crate::remote::Server;

/// Records of one request.
const BATCH_RECORDS: usize = 2_000;
/// Bytes of one request, well below the server's limit.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How often a followed file is looked at.
const POLL: Duration = Duration::from_millis(250);

/// What was done.
#[derive(Debug, Default)]
struct Totals {
    lines: u64,
    accepted: u64,
    rejected: u64,
    first_reason: Option<String>,
}

/// Reads files and sends their records.
///
/// # Errors
/// Fails when a file cannot be read or the server refuses everything.
pub async fn run(args: IngestArgs, config: &Config) -> anyhow::Result<()> {
    let server = Server::new(&args.remote, config).await?;
    if args.follow && args.files.len() > 1 {
        bail!("--follow reads one file at a time; start one command per file");
    }
    let mut totals = Totals::default();
    for path in &args.files {
        file(&server, path, &args, &mut totals).await?;
    }
    let rejected = if totals.rejected > 0 {
        format!(
            ", {} rejected (first reason: {})",
            totals.rejected,
            totals.first_reason.as_deref().unwrap_or("none given")
        )
    } else {
        String::new()
    };
    eprintln!(
        "{} lines read, {} records accepted{rejected}",
        totals.lines, totals.accepted
    );
    Ok(())
}

async fn file(
    server: &Server,
    path: &Path,
    args: &IngestArgs,
    totals: &mut Totals,
) -> anyhow::Result<()> {
    let is_standard_input = path == Path::new("-");
    let service = args.service.clone().or_else(|| file_service(path));
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId(uuid::Uuid::nil()),
        received_at_ns: SystemClock.now_ns(),
        default_service: service,
        limits: &limits,
    };
    let mut sender = Sender::new(server, totals);
    let mut decoder = LineDecoder::new(&context);
    if is_standard_input {
        let mut reader = BufReader::new(tokio::io::stdin());
        let bar = spinner();
        loop {
            if !read_lines(&mut reader, &mut decoder, &mut sender, &bar).await? {
                break;
            }
        }
        bar.finish_and_clear();
    } else {
        let opened = File::open(path)
            .await
            .with_context(|| format!("opening {}", path.display()))?;
        let length = opened.metadata().await?.len();
        let bar = progress(path, length);
        let mut reader = BufReader::with_capacity(256 * 1024, opened);
        while read_lines(&mut reader, &mut decoder, &mut sender, &bar).await? {}
        bar.finish_and_clear();
        if args.follow {
            follow(path, reader, &mut decoder, &mut sender).await?;
        }
    }
    if let Some(record) = decoder.finish() {
        sender.push(&record).await?;
    }
    sender.flush().await
}

/// Reads some lines; false at the end of what is there now.
async fn read_lines<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    decoder: &mut LineDecoder,
    sender: &mut Sender<'_>,
    bar: &ProgressBar,
) -> anyhow::Result<bool> {
    let mut line = Vec::with_capacity(512);
    for _ in 0..BATCH_RECORDS {
        line.clear();
        let count = reader.read_until(b'\n', &mut line).await?;
        if count == 0 {
            return Ok(false);
        }
        bar.inc(count as u64);
        sender.totals.lines += 1;
        while line
            .last()
            .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
        {
            line.pop();
        }
        if let Some(record) = decoder.push_line(&line) {
            sender.push(&record).await?;
        }
    }
    Ok(true)
}

/// Reads what is appended until Ctrl-C; a file that was replaced or cut is opened anew from its start.
async fn follow(
    path: &Path,
    mut reader: BufReader<File>,
    decoder: &mut LineDecoder,
    sender: &mut Sender<'_>,
) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    use tokio::io::AsyncSeekExt as _;
    let hidden = ProgressBar::hidden();
    let mut identity = reader.get_ref().metadata().await?.ino();
    eprintln!("following {}; Ctrl-C ends", path.display());
    loop {
        let mut has_more = true;
        while has_more {
            has_more = read_lines(&mut reader, decoder, sender, &hidden).await?;
        }
        // Nothing came for a moment: the last record is complete.
        if let Some(record) = decoder.finish() {
            sender.push(&record).await?;
        }
        sender.flush().await?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            () = tokio::time::sleep(POLL) => {}
        }
        let Ok(now) = tokio::fs::metadata(path).await else {
            // Between the moment that the old file was moved away and the new one is there.
            continue;
        };
        let position = reader.stream_position().await?;
        if now.ino() != identity || now.len() < position {
            if let Some(record) = decoder.finish() {
                sender.push(&record).await?;
            }
            let opened = File::open(path).await?;
            identity = opened.metadata().await?.ino();
            reader = BufReader::with_capacity(256 * 1024, opened);
        }
    }
}

/// Collects records into requests.
struct Sender<'a> {
    server: &'a Server,
    totals: &'a mut Totals,
    body: String,
    count: usize,
}

impl<'a> Sender<'a> {
    fn new(server: &'a Server, totals: &'a mut Totals) -> Self {
        Self {
            server,
            totals,
            body: String::new(),
            count: 0,
        }
    }

    async fn push(&mut self, record: &LogRecord) -> anyhow::Result<()> {
        self.body.push_str(&wire_line(record)?);
        self.body.push('\n');
        self.count += 1;
        if self.count >= BATCH_RECORDS || self.body.len() >= BATCH_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> anyhow::Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        let answer = self
            .server
            .send_records(std::mem::take(&mut self.body))
            .await?;
        self.count = 0;
        self.totals.accepted += answer["accepted"].as_u64().unwrap_or(0);
        self.totals.rejected += answer["rejected_count"].as_u64().unwrap_or(0);
        if self.totals.first_reason.is_none() {
            self.totals.first_reason = answer["rejected"][0]["reason"].as_str().map(str::to_owned);
        }
        Ok(())
    }
}

/// A record as the server's own JSON.
fn wire_line(record: &LogRecord) -> anyhow::Result<String> {
    let mut object: serde_json::Map<String, serde_json::Value> = if record.attributes.is_empty() {
        serde_json::Map::new()
    } else {
        serde_json::from_str(&record.attributes)?
    };
    object.insert("timestamp".into(), record.timestamp_ns.to_string().into());
    if record.severity != domain::Severity::Unspecified {
        object.insert("severity".into(), record.severity.as_str().into());
    }
    object.insert("service".into(), record.service.clone().into());
    object.insert("message".into(), record.body.clone().into());
    if let Some(trace_id) = &record.trace_id {
        object.insert("trace_id".into(), trace_id.clone().into());
    }
    if let Some(span_id) = &record.span_id {
        object.insert("span_id".into(), span_id.clone().into());
    }
    Ok(serde_json::to_string(&object)?)
}

/// A service's name out of a file's: `checkout-2026-11-23.log` is `checkout`.
fn file_service(path: &Path) -> Option<String> {
    let stem = PathBuf::from(path.file_name()?);
    let text = stem.to_string_lossy();
    let name = text.split('.').next().unwrap_or_default();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_'));
    (!name.is_empty()).then(|| name.to_lowercase())
}

fn progress(path: &Path, length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{msg} [{bar:30}] {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length)
        .with_style(style)
        .with_message(path.display().to_string())
}

fn spinner() -> ProgressBar {
    if std::io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    }
}

#[cfg(test)]
mod tests;
