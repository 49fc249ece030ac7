//! Fetching and loading models beside the serving: Vigil works from the first second, and better later.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use domain::Clock;
use engine::{ModelState, Narrator, Semantic, Tasks};
use inference::{Generator, LoadPolicy, LocalConfig, LocalModel};
use models::{Acquirer, Catalogue, ModelSpec, Options, Task};
use secrecy::ExposeSecret;
use store::Store;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ExternalModel};
use crate::embedding::Embedding;
use crate::progress::BarProgress;

/// Pauses between attempts to get a model; the last one repeats. A hub that is down for a minute is there in
/// the next one, a house without a network is not asked all day.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
];
/// What to use where the memory does not suffice.
const SMALL_NARRATOR: &str = "qwen2.5-coder-0.5b-instruct";

/// Where and by which time it is kept what models outside of the house cost.
pub struct Ledger {
    /// The rows.
    pub store: Store,
    /// The days.
    pub clock: Arc<dyn Clock>,
}

/// Starts the two model tasks: first the embedding model is fetched, then the narrator, so that they neither
/// share the line nor the first screen.
///
/// # Errors
/// Fails when the catalogue or the settings of a model are wrong.
pub fn start(
    config: &Config,
    embedding: Embedding,
    semantic: &Arc<Semantic>,
    narrator: &Arc<Narrator>,
    ledger: &Ledger,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    let cancel = Arc::new(AtomicBool::new(false));
    let stop = tasks.soft_stop();
    let flag = Arc::clone(&cancel);
    tasks.spawn("model_stop", async move {
        stop.cancelled().await;
        flag.store(true, Ordering::Relaxed);
    });
    let acquirer = acquirer(config, cancel);
    let first_attempt = start_embedding(config, embedding, &acquirer, semantic, tasks);
    let external = &config.external_models;
    let (order, of_project) = config.language_models.orders(external);
    narrator.choose(order, of_project);
    let (planners, of_project) = config.language_models.planners();
    narrator.choose_planners(planners, of_project);
    for model in external {
        let (generator, spending) =
            crate::external::generator(model, &config.scrubbing, &ledger.clock)?;
        let (store, stop) = (ledger.store.clone(), tasks.soft_stop());
        let kept = engine::keep_spending(spending, model.name().to_owned(), store, stop);
        tasks.spawn("spending", kept);
        narrator.add(model.name(), generator);
    }
    if !config.language_models.wants_local(external) {
        return Ok(());
    }
    let Some(wanted) = &config.narrator else {
        return Ok(());
    };
    match Wanted::find(&Catalogue::load()?, wanted) {
        Ok(wanted) => start_narrator(config, wanted, acquirer, narrator, first_attempt, tasks),
        Err(error) => {
            tracing::warn!("no narrator: {error:#}; summaries are written by rules");
            narrator.set_state(ModelState::Failed(format!("{error:#}")));
        }
    }
    Ok(())
}

/// Gives what becomes true after the first attempt, however it ended.
fn start_embedding(
    config: &Config,
    embedding: Embedding,
    acquirer: &Acquirer,
    semantic: &Arc<Semantic>,
    tasks: &Tasks,
) -> watch::Receiver<bool> {
    let (tried, first_attempt) = watch::channel(false);
    let (acquirer, threads) = (acquirer.clone(), config.model_threads);
    let is_offline = config.is_offline;
    let (semantic, stop) = (Arc::clone(semantic), tasks.soft_stop());
    tasks.spawn("embedding_model", async move {
        let (slot, model) = (Arc::clone(&semantic), embedding.schema.model.clone());
        let attempt = move || {
            // Without a network only what is here can be on its way.
            if !is_offline || embedding.is_here(&acquirer) {
                slot.set_state(ModelState::Loading(format!(
                    "fetching and loading {}",
                    embedding.schema.model
                )));
            }
            let mut progress = BarProgress::new(&embedding.title);
            let loaded = embedding.load(&acquirer, threads, &mut progress);
            drop(progress);
            let encoder = loaded.map_err(|error| ModelState::Failed(format!("{error:#}")))?;
            slot.set_encoder(Arc::new(encoder));
            Ok(())
        };
        keep_trying(&stop, &PAUSES, attempt, |outcome| {
            tried.send_replace(true);
            match outcome {
                None => tracing::info!(model, "embedding model ready"),
                Some(state) => {
                    semantic.set_state(state.clone());
                    tracing::warn!(
                        "no embedding model: {}; searching by words goes on",
                        text(&state)
                    );
                }
            }
        })
        .await;
    });
    first_attempt
}

fn start_narrator(
    config: &Config,
    wanted: Wanted,
    acquirer: Acquirer,
    narrator: &Arc<Narrator>,
    mut first_attempt: watch::Receiver<bool>,
    tasks: &Tasks,
) {
    let (narrator, threads, stop) = (
        Arc::clone(narrator),
        config.model_threads,
        tasks.soft_stop(),
    );
    narrator.set_state(ModelState::Loading(format!(
        "{} waits for the embedding model",
        wanted.title()
    )));
    tasks.spawn("narrator_model", async move {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = first_attempt.wait_for(|is_over| *is_over) => {}
        }
        let slot = Arc::clone(&narrator);
        let attempt = move || {
            slot.set_state(ModelState::Loading(format!("fetching {}", wanted.title())));
            let model = wanted.load(&acquirer, threads)?;
            slot.set(Arc::new(model) as Arc<dyn Generator>);
            Ok(())
        };
        keep_trying(&stop, &PAUSES, attempt, |outcome| match outcome {
            None => tracing::info!("narrator ready; its weights are read with the first use"),
            Some(state) => {
                narrator.set_state(state.clone());
                tracing::warn!(
                    "no narrator: {}; summaries are written by rules",
                    text(&state)
                );
            }
        })
        .await;
    });
}

/// Tries until it works or the process stops, with growing pauses. `tell` hears of each outcome: `None` when it
/// worked, otherwise the state to show. A panic is a failure like any other.
async fn keep_trying<A>(
    stop: &CancellationToken,
    pauses: &[Duration],
    attempt: A,
    mut tell: impl FnMut(Option<ModelState>),
) where
    A: Fn() -> Result<(), ModelState> + Send + Sync + 'static,
{
    let attempt = Arc::new(attempt);
    let mut failures = 0_usize;
    loop {
        let work = Arc::clone(&attempt);
        let state = match tokio::task::spawn_blocking(move || work()).await {
            Ok(Ok(())) => return tell(None),
            Ok(Err(state)) => state,
            Err(error) => ModelState::Failed(format!("loading it broke off: {error}")),
        };
        if stop.is_cancelled() {
            return;
        }
        let pause = pauses
            .get(failures)
            .or(pauses.last())
            .copied()
            .unwrap_or(Duration::from_secs(60));
        failures += 1;
        tell(Some(with_pause(state, pause)));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// The state with the next attempt in its text.
fn with_pause(state: ModelState, pause: Duration) -> ModelState {
    let minutes = pause.as_secs() / 60;
    let next = |text: String| format!("{text}; tried again in {minutes} min");
    match state {
        ModelState::Off(text) => ModelState::Off(next(text)),
        ModelState::Failed(text) => ModelState::Failed(next(text)),
        other => other,
    }
}

fn text(state: &ModelState) -> &str {
    match state {
        ModelState::Off(text)
        | ModelState::Loading(text)
        | ModelState::Ready(text)
        | ModelState::Failed(text) => text,
    }
}

/// An acquirer over the settings.
#[must_use]
pub fn acquirer(config: &Config, cancel: Arc<AtomicBool>) -> Acquirer {
    Acquirer::new(
        config.model_cache.clone(),
        Options {
            user_directory: config.model_dir.clone(),
            is_network_allowed: !config.is_offline,
            cancel,
        },
    )
}

/// The narrator that the settings name.
#[derive(Debug)]
enum Wanted {
    /// A GGUF file of the user's, or a directory with safetensors files.
    File(PathBuf),
    /// One of the catalogue or of the hub.
    Model(Box<ModelSpec>),
}

impl Wanted {
    /// A path is taken as it is, an id is looked up, `owner/repository:file.gguf` or `:model.safetensors` is of the hub.
    fn find(catalogue: &Catalogue, wanted: &str) -> anyhow::Result<Self> {
        let path = Path::new(wanted);
        if path.is_file() || path.join("config.json").is_file() {
            return Ok(Self::File(PathBuf::from(wanted)));
        }
        if let Ok(spec) = catalogue.get(wanted) {
            if spec.task != Task::Narrator {
                bail!("--narrator '{wanted}' is an embedding model, not a language model");
            }
            return Ok(Self::Model(Box::new(spec.clone())));
        }
        let spec = ModelSpec::hub_narrator(wanted).with_context(|| {
            format!("--narrator '{wanted}' is no id of the catalogue (`vigil models list`), no file, no folder with a config.json, and")
        })?;
        Ok(Self::Model(Box::new(spec)))
    }

    fn title(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Model(spec) => spec.title.clone(),
        }
    }

    /// Fetches it if need be and starts its thread, when there is memory for it. The weights are read with the
    /// first use: a house without incidents spends nothing on them. Blocks.
    fn load(&self, acquirer: &Acquirer, threads: Option<usize>) -> Result<LocalModel, ModelState> {
        let (path, name, known_bytes) = match self {
            Self::File(path) => (path.clone(), None, None),
            Self::Model(spec) => {
                let known_bytes = Some(spec.memory_bytes).filter(|bytes| *bytes > 0);
                // Before a gigabyte is fetched that cannot be used.
                require_memory(known_bytes.unwrap_or(0))?;
                let files = acquirer
                    .ensure(spec, &mut BarProgress::new(&spec.title))
                    .map_err(|error| ModelState::Failed(error.to_string()))?;
                let name = spec.is_verifiable().then(|| spec.id.clone());
                (files.weights, name, known_bytes)
            }
        };
        let failed = |error: &dyn std::fmt::Display| {
            ModelState::Failed(format!("loading {}: {error}", path.display()))
        };
        let needed_bytes = match known_bytes {
            Some(bytes) => bytes,
            None => {
                let header = inference::read_header(&path).map_err(|error| failed(&error))?;
                header.memory_bytes
            }
        };
        require_memory(needed_bytes)?;
        let config = LocalConfig {
            name,
            threads,
            load: LoadPolicy::OnFirstUse,
            memory_bytes: Some(needed_bytes),
            ..LocalConfig::default()
        };
        LocalModel::start(&path, config).map_err(|error| failed(&error))
    }
}

fn require_memory(needed_bytes: u64) -> Result<(), ModelState> {
    inference::require_memory(needed_bytes).map_err(|reason| {
        ModelState::Off(format!(
            "the language model is off: {reason}; a smaller one needs less (--narrator {SMALL_NARRATOR}), \
             and --no-narrator does without"
        ))
    })
}

/// A key that may stand in the environment.
pub(crate) fn key_of(external: &ExternalModel) -> anyhow::Result<String> {
    let Some(key) = &external.api_key else {
        return Ok(String::new());
    };
    let text = key.expose_secret();
    match text
        .strip_prefix("${env:")
        .and_then(|rest| rest.strip_suffix('}'))
    {
        Some(name) => std::env::var(name).with_context(|| format!("the environment has no {name}")),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
