//! Fetching and loading models beside the serving: Vigil works from the first second, and better later.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use embeddings::{Encoder, EncoderConfig};
use engine::{ModelState, Narrator, Semantic, Tasks};
use inference::{Generator, LocalConfig, LocalModel};
use models::{Acquirer, Catalogue, ModelSpec, Options, Task};
use secrecy::ExposeSecret;

use crate::config::{Config, ExternalModel};
use crate::progress::BarProgress;

/// Starts the two model tasks.
///
/// # Errors
/// Fails when the catalogue or the settings of a model are wrong.
pub fn start(
    config: &Config,
    semantic: &Arc<Semantic>,
    narrator: &Arc<Narrator>,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    let catalogue = Catalogue::load()?;
    let cancel = Arc::new(AtomicBool::new(false));
    let stop = tasks.soft_stop();
    let flag = Arc::clone(&cancel);
    tasks.spawn("model_stop", async move {
        stop.cancelled().await;
        flag.store(true, Ordering::Relaxed);
    });
    let acquirer = acquirer(config, cancel);
    if let Some(spec) = catalogue.default_for(Task::Embedding) {
        let (acquirer, spec, semantic) = (acquirer.clone(), spec.clone(), Arc::clone(semantic));
        let threads = config.model_threads;
        tasks.spawn("embedding_model", async move {
            semantic.set_state(ModelState::Loading(format!(
                "fetching and loading {}",
                spec.id
            )));
            let slot = Arc::clone(&semantic);
            let loaded =
                tokio::task::spawn_blocking(move || load_encoder(&acquirer, &spec, threads, &slot))
                    .await;
            if let Ok(Err(error)) = loaded {
                tracing::warn!("no embedding model: {error:#}; searching by words goes on");
                semantic.set_state(ModelState::Failed(format!("{error:#}")));
            }
        });
    }
    if let Some(external) = &config.external_model {
        narrator.set(external_generator(external)?);
        return Ok(());
    }
    if let Some(wanted) = config.narrator.clone() {
        let (narrator, catalogue) = (Arc::clone(narrator), catalogue);
        tasks.spawn("narrator_model", async move {
            narrator.set_state(ModelState::Loading(format!("fetching {wanted}")));
            let slot = Arc::clone(&narrator);
            let loaded = tokio::task::spawn_blocking(move || {
                load_narrator(&acquirer, &catalogue, &wanted, &slot)
            })
            .await;
            if let Ok(Err(error)) = loaded {
                tracing::warn!("no narrator: {error:#}; summaries are written by rules");
                narrator.set_state(ModelState::Failed(format!("{error:#}")));
            }
        });
    }
    Ok(())
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

fn load_encoder(
    acquirer: &Acquirer,
    spec: &ModelSpec,
    threads: Option<usize>,
    semantic: &Semantic,
) -> anyhow::Result<()> {
    let files = acquirer.ensure(spec, &mut BarProgress::new(&spec.title))?;
    let encoder = Encoder::load(
        &files.directory,
        EncoderConfig {
            threads: threads.and_then(std::num::NonZeroUsize::new),
            max_tokens: spec.max_tokens,
        },
    )
    .with_context(|| format!("loading {}", files.directory.display()))?;
    semantic.set_encoder(&spec.id, Arc::new(encoder));
    tracing::info!(model = spec.id, "embedding model ready");
    Ok(())
}

fn load_narrator(
    acquirer: &Acquirer,
    catalogue: &Catalogue,
    wanted: &str,
    narrator: &Narrator,
) -> anyhow::Result<()> {
    let (path, name) = narrator_file(acquirer, catalogue, wanted)?;
    let model = LocalModel::start(
        &path,
        LocalConfig {
            name,
            ..LocalConfig::default()
        },
    )
    .with_context(|| format!("loading {}", path.display()))?;
    narrator.set(Arc::new(model) as Arc<dyn Generator>);
    tracing::info!(model = wanted, "narrator ready");
    Ok(())
}

/// The narrator's weights: a path is taken as it is, a name is looked up and fetched.
fn narrator_file(
    acquirer: &Acquirer,
    catalogue: &Catalogue,
    wanted: &str,
) -> anyhow::Result<(PathBuf, Option<String>)> {
    if Path::new(wanted).is_file() {
        return Ok((PathBuf::from(wanted), None));
    }
    let spec = catalogue.get(wanted)?;
    let files = acquirer.ensure(spec, &mut BarProgress::new(&spec.title))?;
    Ok((files.weights, Some(spec.id.clone())))
}

/// An external model behind the scrubber.
fn external_generator(external: &ExternalModel) -> anyhow::Result<Arc<dyn Generator>> {
    crate::external::generator(external)
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
