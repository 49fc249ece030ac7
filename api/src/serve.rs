//! Starting, wiring, serving and stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::{Clock, ProjectId};
use embeddings::{EdgeIndex, IndexSchema, ServerIndex, VectorIndex};
use engine::{CommitThread, Engine, EngineConfig, Narrator, Rooms, Semantic, Tasks};
use models::{Catalogue, Task};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;

use crate::bootstrap::{self, FirstSecrets, Opened};
use crate::config::Config;
use crate::model_tasks;
use crate::state::AppState;
use crate::{routes, telemetry};

/// How long a stop waits for requests and loops.
const PATIENCE: Duration = Duration::from_secs(30);
/// The collection on a Qdrant server.
pub const COLLECTION: &str = "vigil_templates";

/// A server that listens.
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
    serving: tokio::task::JoinHandle<()>,
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

/// Opens everything and begins to listen.
///
/// # Errors
/// Fails when the store, the index or the address cannot be used.
pub async fn start(config: &Config, setup: Setup) -> anyhow::Result<Server> {
    // A second installation of the provider is refused and does no harm.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let metrics = telemetry::init_metrics()?;
    let opening = config.clone();
    let (opened, first, sessions) = tokio::task::spawn_blocking(move || {
        let opened = bootstrap::open(&opening)?;
        let first = bootstrap::first_secrets(&opened)?;
        let sessions = bootstrap::session_keys(&opening, &opened.store)?;
        anyhow::Ok((opened, first, sessions))
    })
    .await??;
    let Opened { store, project_id } = opened;
    let index = open_index(config).await?;
    let receivers = Arc::new(receivers(config, Arc::clone(&setup.clock))?);
    let semantic = Arc::new(Semantic::new(index));
    let narrator = Arc::new(Narrator::default());
    let mut engine_config = EngineConfig::new(config.public_url.clone());
    engine_config.tick = setup.tick;
    engine_config.detect_grace_ns = setup.detect_grace_ns;
    engine_config.policy_dir.clone_from(&config.policy_dir);
    engine_config.default_receivers = default_receivers(config, &receivers);
    engine_config.retention_days = config.retention_days;
    let tasks = Tasks::new();
    let rooms = Rooms {
        store: store.clone(),
        semantic: Arc::clone(&semantic),
        narrator: Arc::clone(&narrator),
        receivers,
        clock: Arc::clone(&setup.clock),
    };
    let (engine, commit) = Engine::start(rooms, engine_config, &tasks)?;
    let policies = engine
        .load_policies(project_id)
        .await
        .context("loading the policies")?;
    tracing::info!(policies, "policies loaded");
    if setup.has_models {
        model_tasks::start(config, &semantic, &narrator, &tasks)?;
    }
    let state = Arc::new(AppState::new(
        engine,
        store,
        sessions,
        setup.clock,
        metrics,
        config.public_url.clone(),
    ));
    let listener = TcpListener::bind(config.addr)
        .await
        .with_context(|| format!("listening on {}", config.addr))?;
    let addr = listener.local_addr()?;
    let serving = listen(listener, Arc::clone(&state), &tasks);
    Ok(Server {
        addr,
        state,
        project_id,
        first,
        tasks,
        commit,
        serving,
    })
}

fn listen(
    listener: TcpListener,
    state: Arc<AppState>,
    tasks: &Tasks,
) -> tokio::task::JoinHandle<()> {
    let router = routes::router(state);
    let stop = tasks.soft_stop();
    tasks.spawn("listen", async move {
        let served = axum::serve(listener, router)
            .with_graceful_shutdown(stop.cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the listener ended");
        }
    })
}

impl Server {
    /// Stops: no new requests, those that run are finished, what was accepted is committed and written.
    pub async fn stop(self) {
        let Self {
            state,
            tasks,
            commit,
            serving,
            ..
        } = self;
        tasks.stop(PATIENCE).await;
        serving.await.ok();
        if let Err(error) = state.engine.flush().await {
            tracing::warn!(%error, "not everything in memory could be written; it is made again at the next start");
        }
        // The committing thread ends when the last handle of the intake is gone.
        drop(state);
        let joined = tokio::task::spawn_blocking(move || commit.join());
        if tokio::time::timeout(PATIENCE, joined).await.is_err() {
            tracing::warn!("the committing thread did not end in time");
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

async fn open_index(config: &Config) -> anyhow::Result<Arc<dyn VectorIndex>> {
    let schema = index_schema()?;
    let (url, key, folder) = (
        config.qdrant_url.clone(),
        config.qdrant_api_key.clone(),
        config.data_dir.join("index"),
    );
    tokio::task::spawn_blocking(move || -> anyhow::Result<Arc<dyn VectorIndex>> {
        Ok(match url {
            Some(url) => Arc::new(
                ServerIndex::connect(
                    &url,
                    key.as_ref().map(ExposeSecret::expose_secret),
                    COLLECTION,
                    &schema,
                )
                .with_context(|| format!("preparing the index on {url}"))?,
            ),
            None => Arc::new(
                EdgeIndex::open(&folder, &schema)
                    .with_context(|| format!("opening the index {}", folder.display()))?,
            ),
        })
    })
    .await?
}

/// Vectors of which model the index holds.
///
/// # Errors
/// Fails when the catalogue has no embedding model, which a test excludes.
pub fn index_schema() -> anyhow::Result<IndexSchema> {
    let catalogue = Catalogue::load()?;
    let model = catalogue
        .default_for(Task::Embedding)
        .context("the catalogue has no embedding model")?;
    Ok(IndexSchema {
        model: model.id.clone(),
        dimension: model.dimension.unwrap_or(384),
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
    notify::Receivers::from_config(configs, &notify::HttpPolicy::default(), clock, &|name| {
        std::env::var(name).ok()
    })
    .context("setting up the receivers")
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
