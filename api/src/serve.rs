//! Starting, wiring, serving and stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::{Clock, ProjectId};
use embeddings::{EdgeIndex, IndexSchema, ServerIndex, VectorIndex};
use engine::{CommitThread, Engine, EngineConfig, Narrator, Rooms, Semantic, Tasks};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;

use crate::bootstrap::{self, FirstSecrets, Opened};
use crate::config::Config;
use crate::embedding::Embedding;
use crate::model_tasks::{self, Ledger};
use crate::slack::Slack;
use crate::sockets::Sockets;
use crate::state::AppState;
use crate::{connections, otlp_ports, routes, scrape, telemetry};

/// How long a stop waits for requests and loops.
const PATIENCE: Duration = Duration::from_secs(30);
/// The collection on a Qdrant server.
const COLLECTION: &str = "vigil_templates";

/// A server.
pub struct Server {
    /// Where.
    pub addr: SocketAddr,
    /// What handlers share.
    pub state: Arc<AppState>,
    /// The default project.
    pub project_id: ProjectId,
    /// What a first start made.
    pub first: Option<FirstSecrets>,
    /// Its tasks.
    pub tasks: Tasks,
    commit: CommitThread,
    /// What [`Server::listen`] takes.
    waiting: Option<(TcpListener, axum::Router)>,
    /// What is asked for its metrics.
    scrapes: Vec<engine::ScrapeTarget>,
    otlp: Vec<TcpListener>,
    sockets: Option<Sockets>,
}

/// Differences between a server for people, the demo and tests.
pub struct Setup {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How often detection and policies look.
    pub tick: Duration,
    /// How long a minute stays open, nanoseconds of data time.
    pub detect_grace_ns: i64,
    /// Whether models are fetched and loaded.
    pub has_models: bool,
}

impl Setup {
    /// The machine's clock, everything on.
    #[must_use]
    pub fn for_people() -> Self {
        Self {
            clock: bootstrap::system_clock(),
            tick: Duration::from_secs(2),
            detect_grace_ns: 10 * domain::NANOS_PER_SECOND,
            has_models: true,
        }
    }
}

/// Takes the address. Nothing is answered on it before [`start`].
///
/// # Errors
/// Fails when it is in use or not of this machine.
pub async fn bind(addr: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(addr)
        .await
        .with_context(|| format!("listening on {addr}"))
}

/// Opens everything; [`Server::listen`] begins to answer. The secrets of a first start are made last, when
/// nothing can fail any more: they are stored as digests and can be shown only once, so show them before.
///
/// # Errors
/// Fails when the store, the index or a setting cannot be used.
pub async fn start(listener: TcpListener, config: &Config, setup: Setup) -> anyhow::Result<Server> {
    // A second installation of the provider is refused and does no harm.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let addr = listener.local_addr()?;
    let metrics = telemetry::init_metrics()?;
    let opening = config.clone();
    let (opened, sessions) = tokio::task::spawn_blocking(move || {
        let opened = bootstrap::open(&opening)?;
        let sessions = bootstrap::session_keys(&opening, &opened.store)?;
        anyhow::Ok((opened, sessions))
    })
    .await??;
    let Opened { store, project_id } = opened;
    let (index, embedding) = open_index(config).await?;
    let receivers = Arc::new(receivers(config, Arc::clone(&setup.clock))?);
    let semantic = Arc::new(Semantic::new(index));
    let narrator = Arc::new(Narrator::default());
    let tasks = Tasks::new();
    let rooms = Rooms {
        store: store.clone(),
        semantic: Arc::clone(&semantic),
        narrator: Arc::clone(&narrator),
        receivers: Arc::clone(&receivers),
        clock: Arc::clone(&setup.clock),
    };
    let engine_config = engine_config(config, addr, &setup, &receivers);
    let (engine, commit) = Engine::start(rooms, engine_config, &tasks)?;
    let policies = engine
        .load_policies(project_id)
        .await
        .context("loading the policies")?;
    tracing::info!(policies, "policies loaded");
    if setup.has_models {
        let ledger = Ledger {
            store: store.clone(),
            clock: Arc::clone(&setup.clock),
        };
        model_tasks::start(config, embedding, &semantic, &narrator, &ledger, &tasks)?;
    }
    let first_store = store.clone();
    let mut state = AppState::new(
        engine,
        store,
        sessions,
        setup.clock,
        metrics,
        config.url_at(addr),
        config.metrics_token.clone(),
    );
    if let Some(app) = config.slack.clone() {
        let store = state.store.clone();
        let slack = tokio::task::spawn_blocking(move || Slack::open(&app, &store)).await??;
        state.slack = Some(Arc::new(slack));
    }
    state.dedup_window_ns = i64::from(config.dedup_window_seconds) * domain::NANOS_PER_SECOND;
    let state = Arc::new(state);
    let sockets = Sockets::bind(&config.sockets, &state, project_id).await?;
    let otlp = otlp_ports::bind(config).await?;
    let router = routes::router(Arc::clone(&state));
    let (entries, scrape_store) = (config.scrapes.clone(), state.store.clone());
    let scrapes =
        tokio::task::spawn_blocking(move || scrape::targets(&entries, &scrape_store, project_id))
            .await??;
    let first =
        tokio::task::spawn_blocking(move || bootstrap::first_secrets(&first_store, project_id))
            .await??;
    Ok(Server {
        addr,
        state,
        project_id,
        first,
        tasks,
        commit,
        waiting: Some((listener, router)),
        scrapes,
        otlp,
        sockets: Some(sockets),
    })
}

fn engine_config(
    config: &Config,
    addr: SocketAddr,
    setup: &Setup,
    receivers: &notify::Receivers,
) -> EngineConfig {
    let mut engine_config = EngineConfig::new(config.url_at(addr));
    engine_config.tick = setup.tick;
    engine_config.detect_grace_ns = setup.detect_grace_ns;
    engine_config.policy_dir.clone_from(&config.policy_dir);
    engine_config.default_receivers = default_receivers(config, receivers);
    engine_config.retention_days = config.retention_days;
    engine_config.tier_after_days = config.tier_after_days;
    engine_config.time_zone.clone_from(&config.time_zone);
    engine_config.scrubbing = Arc::clone(&config.scrubbing);
    engine_config
}

impl Server {
    /// Begins to answer.
    pub fn listen(&mut self) {
        if let Some((listener, router)) = self.waiting.take() {
            let serving = connections::serve(listener, router, self.tasks.clone());
            self.tasks.spawn("listen", serving);
        }
        let scrapes = std::mem::take(&mut self.scrapes);
        let engine = &self.state.engine;
        engine.scrape(scrapes, self.state.limits, &self.tasks);
        for listener in self.otlp.drain(..) {
            let router = routes::otlp_router(Arc::clone(&self.state));
            let serving = connections::serve(listener, router, self.tasks.clone());
            self.tasks.spawn("listen otlp", serving);
        }
        if let Some(sockets) = self.sockets.take() {
            sockets.serve(&self.state, &self.tasks);
        }
    }

    /// Stops: no new requests, those that run are finished, what was accepted is committed and written.
    pub async fn stop(self) {
        let Self {
            state,
            tasks,
            commit,
            ..
        } = self;
        tasks.stop(PATIENCE).await;
        // Whatever may still hold a handle: no record comes in any more, and those that wait are committed.
        state.engine.intake().close();
        let joined = tokio::task::spawn_blocking(move || commit.join());
        if tokio::time::timeout(PATIENCE, joined).await.is_err() {
            tracing::warn!("the committing thread did not end in time");
        }
        if let Err(error) = state.engine.flush().await {
            tracing::warn!(%error, "not everything in memory could be written; it is made again at the next start");
        }
    }
}

/// Waits for SIGINT or SIGTERM; a second one ends the process at once.
pub async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        tracing::error!("signals cannot be heard; end the process with SIGKILL");
        return std::future::pending().await;
    };
    let name = tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    };
    tracing::info!(signal = name, "stopping; once more to stop at once");
    std::thread::spawn(move || {
        // A runtime of its own: the main one may be what hangs.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        else {
            return;
        };
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        std::process::exit(130);
    });
}

/// The index, and the model whose vectors it holds.
async fn open_index(config: &Config) -> anyhow::Result<(Arc<dyn VectorIndex>, Embedding)> {
    let config = config.clone();
    tokio::task::spawn_blocking(move || {
        let acquirer = model_tasks::acquirer(&config, Arc::default());
        let embedding = Embedding::choose(&config, &acquirer)?;
        Ok((connect_index(&config, &embedding.schema)?, embedding))
    })
    .await?
}

/// The configured index for vectors of one model. Blocks.
///
/// # Errors
/// Fails when the embedded index is in use or cannot be written, or the server's address is wrong.
pub fn connect_index(
    config: &Config,
    schema: &IndexSchema,
) -> anyhow::Result<Arc<dyn VectorIndex>> {
    let key = config.qdrant_api_key.as_ref();
    Ok(match &config.qdrant_url {
        Some(url) => Arc::new(
            ServerIndex::connect(
                url,
                key.map(ExposeSecret::expose_secret),
                COLLECTION,
                schema,
            )
            .with_context(|| format!("preparing the index on {url}"))?,
        ),
        None => {
            let folder = config.data_dir.join("index");
            Arc::new(
                EdgeIndex::open(&folder, schema)
                    .with_context(|| format!("opening the index {}", folder.display()))?,
            )
        }
    })
}

/// The configured channels; `SLACK_WEBHOOK_URL` alone makes `slack:#ops`.
fn receivers(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<notify::Receivers> {
    let mut configs = config.receivers.clone();
    let is_named = |configs: &[notify::ReceiverConfig], name: &str| {
        configs.iter().any(|receiver| receiver.name == name)
    };
    if let Ok(url) = std::env::var("SLACK_WEBHOOK_URL")
        && !url.trim().is_empty()
        && !is_named(&configs, "slack:#ops")
    {
        // A webhook on this machine or in the house is what the operator typed; the guard is against
        // addresses that come out of data.
        configs.push(notify::ReceiverConfig {
            name: "slack:#ops".into(),
            url: Some(url.into()),
            allow_private: true,
            ..notify::ReceiverConfig::default()
        });
    }
    if !is_named(&configs, "console:log") {
        configs.push(notify::ReceiverConfig {
            name: "console:log".into(),
            ..notify::ReceiverConfig::default()
        });
    }
    for receiver in &mut configs {
        if notify::ReceiverKind::of_name(&receiver.name) == Some(notify::ReceiverKind::Slack) {
            receiver.buttons = Some(are_answered(receiver, config.slack.is_some())?);
        }
    }
    notify::Receivers::from_config(configs, &notify::HttpPolicy::default(), clock, &|name| {
        std::env::var(name).ok()
    })
    .context("setting up the receivers")
}

/// Whether what is pressed in the messages of a Slack receiver comes back to this server.
fn are_answered(receiver: &notify::ReceiverConfig, has_app: bool) -> anyhow::Result<bool> {
    anyhow::ensure!(
        has_app || receiver.buttons != Some(true),
        "receiver '{}' has buttons that nobody would answer: set signing_secret under [slack] (docs/slack.md)",
        receiver.name
    );
    Ok(has_app && receiver.buttons.unwrap_or(true))
}

/// Who is told about incidents that no policy covers: what is configured, else Slack when there is one,
/// else our own log.
fn default_receivers(config: &Config, receivers: &notify::Receivers) -> Vec<String> {
    if !config.default_receivers.is_empty() {
        return config.default_receivers.clone();
    }
    let names: Vec<String> = receivers.names().map(str::to_owned).collect();
    names
        .iter()
        .find(|name| name.starts_with("slack:"))
        .or_else(|| names.iter().find(|name| *name == "console:log"))
        .cloned()
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_buttons_where_an_app_answers_them_unless_it_is_another_one() {
        let receiver = |buttons| notify::ReceiverConfig {
            name: "slack:#ops".into(),
            buttons,
            ..notify::ReceiverConfig::default()
        };
        for (buttons, has_app, expected) in [
            (None, true, true),
            (None, false, false),
            (Some(false), true, false),
            (Some(true), true, true),
        ] {
            let found = are_answered(&receiver(buttons), has_app).unwrap();
            assert_eq!(found, expected, "{buttons:?} {has_app}");
        }
        let refused = are_answered(&receiver(Some(true)), false).unwrap_err();
        assert!(refused.to_string().contains("slack:#ops"), "{refused}");
    }
}
