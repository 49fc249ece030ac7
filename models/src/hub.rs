//! The model hub as a source.
//!
//! The hub's client knows neither a stop nor a limit on the time that it waits for bytes, so every download
//! runs on a thread of its own that reports, and whoever asked for it listens, with both.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use hf_hub::api::Progress as HubProgress;
use hf_hub::api::sync::ApiBuilder;

use crate::acquire::Fetch;
use crate::{Error, ModelFile, ModelSpec, verify};

/// How often a running download is looked at, for the stop.
const POLL: Duration = Duration::from_millis(200);
/// Reports that may wait; the download waits with them.
const REPORTS: usize = 256;

/// Which hub, and how long to wait for it.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    /// `https://...`; the public hub or `HF_ENDPOINT` when `None`.
    pub(crate) endpoint: Option<String>,
    /// Until it says how large a file is. Short: where there is no name service, looking a name up takes far
    /// longer, and the next source is there.
    pub(crate) answer: Duration,
    /// Without a byte.
    pub(crate) stall: Duration,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            endpoint: None,
            answer: Duration::from_secs(9),
            stall: Duration::from_secs(60),
        }
    }
}

/// What a download says about itself.
enum Report {
    /// The file is that large.
    Size(u64),
    /// So many bytes more are there.
    Bytes(u64),
    /// It has ended.
    Ended(Result<PathBuf, String>),
}

impl Hub {
    /// Fetches every missing file of a model from its repository into `target`.
    pub(crate) fn fetch(
        &self,
        spec: &ModelSpec,
        target: &Path,
        fetch: &mut Fetch<'_>,
    ) -> Result<(), Error> {
        let Some(repository) = &spec.hub_repository else {
            return Err(Error::Source(
                "hub: the catalogue names no repository".into(),
            ));
        };
        let scratch = target.join("hub");
        for file in &spec.files {
            fetch.check_cancelled()?;
            if target.join(&file.name).exists() {
                continue;
            }
            let path = match self.download(repository, file, &scratch, fetch) {
                Err(Error::Source(reason)) if file.optional && is_absent(&reason) => continue,
                outcome => outcome?,
            };
            // The hub's cache holds symbolic links to blobs; take the bytes themselves.
            let real = path.canonicalize().map_err(Error::io("reading", &path))?;
            check_blob(&real, file)?;
            fetch.adopt(&real, target, file)?;
        }
        Ok(())
    }

    fn download(
        &self,
        repository: &str,
        file: &ModelFile,
        scratch: &Path,
        fetch: &mut Fetch<'_>,
    ) -> Result<PathBuf, Error> {
        let mut builder = ApiBuilder::from_env()
            .with_cache_dir(scratch.to_owned())
            .with_progress(false);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
        let (repository, name) = (repository.to_owned(), file.name.clone());
        let receiver = on_thread(move |sender| {
            let api = builder.build().map_err(|error| error.to_string())?;
            api.model(repository)
                .download_with_progress(
                    &name,
                    Relay {
                        sender: sender.clone(),
                        is_sized: false,
                    },
                )
                .map_err(|error| error.to_string())
        })?;
        self.follow(&receiver, file, fetch)
    }

    /// Listens until the download has ended, or one of the limits or the stop ends the listening. The thread
    /// notices that nobody listens with the next bytes.
    fn follow(
        &self,
        reports: &Receiver<Report>,
        file: &ModelFile,
        fetch: &mut Fetch<'_>,
    ) -> Result<PathBuf, Error> {
        let mut heard_at = Instant::now();
        let mut has_answered = false;
        loop {
            fetch.check_cancelled()?;
            match reports.recv_timeout(POLL) {
                Ok(Report::Size(bytes)) => {
                    has_answered = true;
                    heard_at = Instant::now();
                    if file.bytes.is_none() {
                        fetch.total = fetch.total.saturating_add(bytes);
                    }
                }
                Ok(Report::Bytes(bytes)) => {
                    heard_at = Instant::now();
                    fetch.advance(bytes, &file.name);
                }
                Ok(Report::Ended(Ok(path))) => return Ok(path),
                Ok(Report::Ended(Err(reason))) => {
                    return Err(Error::Source(format!("hub: {}", first_line(&reason))));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::Source("hub: the download broke off".into()));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let limit = if has_answered {
                        self.stall
                    } else {
                        self.answer
                    };
                    if heard_at.elapsed() >= limit {
                        return Err(Error::Source(silence(has_answered, limit)));
                    }
                }
            }
        }
    }
}

fn silence(has_answered: bool, limit: Duration) -> String {
    let seconds = limit.as_secs();
    if has_answered {
        format!("hub: stalled, no byte came for {seconds} s")
    } else {
        format!("hub: no answer within {seconds} s")
    }
}

/// Runs a download on a thread of its own; a panic in it closes the channel.
fn on_thread<F>(work: F) -> Result<Receiver<Report>, Error>
where
    F: FnOnce(&SyncSender<Report>) -> Result<PathBuf, String> + Send + 'static,
{
    let (sender, receiver) = sync_channel(REPORTS);
    std::thread::Builder::new()
        .name("vigil-hub".to_owned())
        .spawn(move || {
            let outcome = work(&sender);
            // Nobody listens any more: then the outcome is of no use.
            sender.send(Report::Ended(outcome)).ok();
        })
        .map_err(|error| Error::Source(format!("hub: no thread: {error}")))?;
    Ok(receiver)
}

/// The hub names large files after their SHA-256: where the catalogue says nothing, that is what they must have.
fn check_blob(path: &Path, file: &ModelFile) -> Result<(), Error> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("");
    let is_digest = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if file.sha256.is_some() || !is_digest {
        return Ok(());
    }
    verify::check_digest(path, name).inspect_err(|_| {
        std::fs::remove_file(path).ok();
    })
}

/// Whether the hub said that there is no such file.
fn is_absent(reason: &str) -> bool {
    reason.contains("status code 404")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("no reason given")
}

struct Relay {
    sender: SyncSender<Report>,
    /// The client says the size twice.
    is_sized: bool,
}

impl Relay {
    fn tell(&self, report: Report) {
        if self.sender.send(report).is_err() {
            // Nobody listens: the only way out of the client's loop, without the message of a panic.
            std::panic::resume_unwind(Box::new("abandoned"));
        }
    }
}

impl HubProgress for Relay {
    fn init(&mut self, size: usize, _filename: &str) {
        if !std::mem::replace(&mut self.is_sized, true) {
            self.tell(Report::Size(size as u64));
        }
    }

    fn update(&mut self, size: usize) {
        self.tell(Report::Bytes(size as u64));
    }

    fn finish(&mut self) {}
}

#[cfg(test)]
mod tests;
