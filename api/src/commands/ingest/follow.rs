//! Files that are read while they are written, with kept places: a restart goes on where the last run was.
//!
//! A request is one or more stretches of files. It is noted in the state file before it is sent and again when it was
//! acknowledged. A run that died between the two sends the request again as it was, under its key, and the server takes it
//! once.

mod files;
mod origin;
mod pattern;
mod piece;
mod place;
mod state;
mod tail;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::sender::Sender;
use super::{Job, is_standard_input};
use crate::config::Config;
use files::{Files, Round};
use pattern::Pattern;
use state::State;
use tail::Quiet;

/// A look at all files takes at most this part of the time.
const LOOK_SHARE: u32 = 20;

/// The state file when none is named: in the data folder, one for each set of arguments.
pub(super) fn default_state(arguments: &[PathBuf], url: &str, config: &Config) -> PathBuf {
    let mut digest = Sha256::new();
    for argument in arguments {
        let whole = std::path::absolute(argument).unwrap_or_else(|_| argument.clone());
        digest.update(whole.as_os_str().as_encoded_bytes());
        digest.update([0]);
    }
    digest.update(url.as_bytes());
    let name = hex::encode(&digest.finalize()[..8]);
    config.data_dir.join("follow").join(format!("{name}.json"))
}

/// Whether the arguments are one input without places: standard input or a pipe.
pub(super) fn is_stream(arguments: &[PathBuf]) -> anyhow::Result<bool> {
    let is_pipe = |path: &Path| {
        is_standard_input(path)
            || std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir())
    };
    match arguments {
        [one] => Ok(is_pipe(one)),
        many if many.iter().any(|path| is_pipe(path)) => {
            bail!("standard input and pipes are followed alone; start one command for each")
        }
        _ => Ok(false),
    }
}

/// The arguments, seen as files, folders and patterns.
pub(super) fn patterns(arguments: &[PathBuf], is_recursive: bool) -> anyhow::Result<Vec<Pattern>> {
    let mut patterns = Vec::new();
    for argument in arguments {
        let whole =
            std::path::absolute(argument).with_context(|| argument.display().to_string())?;
        let pattern = Pattern::new(&whole, is_recursive);
        if pattern.is_one_file() {
            std::fs::metadata(argument).with_context(|| argument.display().to_string())?;
        }
        patterns.push(pattern);
    }
    Ok(patterns)
}

impl Job<'_> {
    /// Follows until the command is told to end.
    pub(super) async fn follow(&self, sender: &mut Sender<'_>) -> anyhow::Result<()> {
        let mut files = self.open_files()?;
        let mut looked_at: Option<(Instant, Duration)> = None;
        loop {
            let is_last = self.stop.is_cancelled();
            let now = Instant::now();
            let received_at_ns = self.clock.now_ns();
            let is_due = looked_at.is_none_or(|(at, took)| {
                is_last
                    || now.saturating_duration_since(at) >= self.pace.poll.max(took * LOOK_SHARE)
            });
            let is_first = looked_at.is_none();
            let (round, took);
            (files, round, took) = tokio::task::spawn_blocking(move || {
                if is_due {
                    files.look(now);
                }
                let took = now.elapsed();
                let round = if is_first { files.again() } else { None };
                let round = round.or_else(|| files.round(now, received_at_ns, is_last));
                save(&mut files);
                (files, round, took)
            })
            .await?;
            for notice in files.notices.drain(..) {
                eprintln!("vigil: {notice}");
            }
            if is_due {
                if looked_at.is_none() {
                    eprintln!("following {} files; Ctrl-C ends", files.count());
                }
                looked_at = Some((now, took));
            }
            match round {
                Some(round) => send(&mut files, sender, round).await?,
                None if is_last => break,
                None => tokio::select! {
                    () = self.stop.cancelled() => {}
                    () = tokio::time::sleep(self.pace.poll) => {}
                },
            }
            if is_last {
                break;
            }
        }
        tokio::task::spawn_blocking(move || save(&mut files)).await?;
        Ok(())
    }

    fn open_files(&self) -> anyhow::Result<Files> {
        let quiet = Quiet {
            short: self.pace.poll,
            long: self.pace.long_quiet,
        };
        Ok(Files::new(
            patterns(&self.args.files, self.args.recursive)?,
            State::open(self.state_path()?)?,
            self.args.service.clone(),
            quiet,
        ))
    }

    fn state_path(&self) -> anyhow::Result<&Path> {
        self.args.state.as_deref().context("no state file is named")
    }
}

async fn send(files: &mut Files, sender: &mut Sender<'_>, round: Round) -> anyhow::Result<()> {
    // Blank lines have no records and move the place all the same.
    if !round.body.is_empty() {
        sender.send(Bytes::from(round.body), round.plan.key).await?;
    }
    files.done(&round.plan);
    Ok(())
}

/// Writes the places. When that fails what is sent goes on: it may come twice after a crash, which is better than not at
/// all while a disk is full.
fn save(files: &mut Files) {
    if !files.state.is_waiting() {
        return;
    }
    let saved = files.state.save();
    let was_failing = std::mem::replace(&mut files.is_save_failing, saved.is_err());
    if let Err(error) = saved
        && !was_failing
    {
        files.notices.push(format!(
            "the state file cannot be written, a restart may send records twice: {error}"
        ));
    }
}
