//! SIGHUP: reads again what of the settings file may change while the server runs, which is the part `[slack]`.

use std::sync::Arc;

use anyhow::Context as _;
use engine::Tasks;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Config;
use crate::slack::Slack;

/// Waits for SIGHUP from now on. Without a settings file the signal keeps its usual meaning: the terminal is gone, and the
/// process ends.
///
/// # Errors
/// Fails when the signal cannot be heard.
pub(crate) fn on_hangup(
    config: &Config,
    slack: Option<Arc<Slack>>,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    if config.file.is_none() {
        return Ok(());
    }
    let hangups = signal(SignalKind::hangup()).context("waiting for SIGHUP")?;
    let config = config.clone();
    let stop = tasks.soft_stop();
    tasks.spawn("reload", async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = wait(hangups, config, slack) => {}
        }
    });
    Ok(())
}

async fn wait(mut hangups: Signal, config: Config, slack: Option<Arc<Slack>>) {
    while hangups.recv().await.is_some() {
        let (config, slack) = (config.clone(), slack.clone());
        let reading = tokio::task::spawn_blocking(move || reload(&config, slack.as_deref()));
        match reading.await {
            Ok(Ok(())) => tracing::info!("[slack] of the settings file was read again"),
            Ok(Err(error)) => {
                tracing::error!(error = %format!("{error:#}"), "the settings could not be read again; those of before stay");
            }
            Err(error) => tracing::error!(%error, "the settings could not be read again"),
        }
    }
}

/// Blocks.
fn reload(config: &Config, slack: Option<&Slack>) -> anyhow::Result<()> {
    match (config.slack_now()?, slack) {
        (Some(settings), Some(slack)) => slack.reload(&settings),
        (None, None) => Ok(()),
        // Its routes and the buttons of its messages are made at the start.
        (Some(_), None) => anyhow::bail!("[slack] is new: restart the server"),
        (None, Some(_)) => anyhow::bail!("[slack] is gone: restart the server"),
    }
}
