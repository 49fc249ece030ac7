//! A language model in this process: its own thread, a bounded queue in which projects take turns, one inference at a time.
//!
//! Two inferences at once on the same cores collapse (a 42-token answer took 6 to 24 s instead of 1 to
//! 2 s beside a second one), so requests wait in line and the line has a limit.

mod line;
mod prefix;
mod sequence;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::generator::{GenerateRequest, Generation, Generator};
use crate::metrics;
use crate::model::{self, Engine};
use line::Line;
use worker::{Job, Worker};

/// Settings of a local model.
#[derive(Debug, Clone)]
pub struct LocalConfig {
    /// Name shown to people; from the file when `None`.
    pub name: Option<String>,
    /// Tokens of prompt and answer together, 256 to 32,768. The cache of Qwen2.5-1.5B takes 28 KiB a
    /// token, so the default of 3,072 is at most 84 MiB.
    pub context_tokens: usize,
    /// Requests that may wait besides the one that runs, 1 to 1,024; one more fails at once.
    pub queue_limit: usize,
    /// Upper limit of `GenerateRequest::max_tokens`.
    pub max_tokens: u32,
    /// Upper limit of `GenerateRequest::timeout`.
    pub max_time: Duration,
    /// Threads that compute it, 1 to 64; the cores of the machine, at most 8, when `None`. On a machine with
    /// much other load fewer can be faster. The stock engine takes `CANDLE_NUM_THREADS` instead.
    pub threads: Option<usize>,
    /// When the weights are read.
    pub load: LoadPolicy,
    /// Gives the memory back after so long without a request; the next one loads again. `None`: never.
    pub idle_unload_after: Option<Duration>,
    /// Bytes of memory that it takes while it works; with less available it is not loaded. `None`: not looked at.
    pub memory_bytes: Option<u64>,
    /// Which implementation computes it.
    pub engine: Engine,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self {
            name: None,
            context_tokens: 3_072,
            queue_limit: 16,
            max_tokens: 512,
            max_time: Duration::from_secs(120),
            threads: None,
            load: LoadPolicy::Background,
            idle_unload_after: Some(Duration::from_secs(15 * 60)),
            memory_bytes: None,
            engine: Engine::Auto,
        }
    }
}

/// When weights are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadPolicy {
    /// At once, on the model's own thread.
    #[default]
    Background,
    /// With the first request.
    OnFirstUse,
}

/// How a local model is doing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ModelState {
    /// Not in memory; the next request loads it.
    Unloaded,
    /// The weights are being read.
    Loading,
    /// It answers.
    Ready {
        /// Architecture of the file.
        architecture: String,
        /// Whether our own decoder computes it.
        fast: bool,
        /// Chat format that was recognised.
        chat: String,
        /// Bytes of weights.
        weight_bytes: u64,
        /// Milliseconds that loading took.
        load_ms: u64,
    },
    /// It cannot be loaded.
    Failed {
        /// Why.
        reason: String,
    },
    /// Its thread has ended.
    Stopped,
}

/// What the health page shows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LocalStatus {
    /// The model's name.
    pub name: String,
    /// How it is doing.
    #[serde(flatten)]
    pub state: ModelState,
    /// Requests that wait, the running one included.
    pub pending: usize,
    /// Requests that may wait.
    pub queue_limit: usize,
}

/// A handle on a model and its thread. Clones share it; the thread ends with the last one.
#[derive(Clone)]
pub struct LocalModel {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    path: PathBuf,
    config: LocalConfig,
    line: Arc<Line>,
    state: watch::Receiver<ModelState>,
    pending: Arc<Mutex<usize>>,
    stop: CancellationToken,
}

impl LocalModel {
    /// Checks the header of the model, a GGUF file or a directory with safetensors files, and starts its thread
    /// (`vigil-narrator`).
    ///
    /// # Errors
    /// Fails when it is neither, or the thread cannot be started. That the weights cannot be
    /// loaded shows later, in [`LocalModel::status`] and in the answers.
    pub fn start(path: impl AsRef<Path>, config: LocalConfig) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let header = model::read_header(&path)?;
        let name = config.name.clone().unwrap_or(header.name);
        let config = LocalConfig {
            context_tokens: config.context_tokens.clamp(256, 32_768),
            queue_limit: config.queue_limit.clamp(1, 1_024),
            ..config
        };
        let threads = config.threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8))
        });
        let config = LocalConfig {
            threads: Some(threads.clamp(1, 64)),
            ..config
        };
        let line = Arc::new(Line::new(config.queue_limit));
        let served = Arc::clone(&line);
        let (state_sender, state) = watch::channel(ModelState::Unloaded);
        let pending = Arc::new(Mutex::new(0));
        let stop = CancellationToken::new();
        let worker = Worker::new(
            path.clone(),
            config.clone(),
            state_sender,
            Arc::clone(&pending),
            stop.clone(),
        );
        std::thread::Builder::new()
            .name("vigil-narrator".to_owned())
            .spawn(move || worker.run(&served))
            .map_err(|error| Error::Unavailable(format!("no thread: {error}")))?;
        tracing::info!(model = %name, file_bytes = header.file_bytes, architecture = %header.architecture, "local model configured");
        Ok(Self {
            inner: Arc::new(Inner {
                name,
                path,
                config,
                line,
                state,
                pending,
                stop,
            }),
        })
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> LocalStatus {
        LocalStatus {
            name: self.inner.name.clone(),
            state: self.state(),
            pending: *lock(&self.inner.pending),
            queue_limit: self.inner.config.queue_limit,
        }
    }

    /// The state alone.
    #[must_use]
    pub fn state(&self) -> ModelState {
        self.inner.state.borrow().clone()
    }

    /// The file, or the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Waits until it is loaded or has failed to; loads it when it is not in memory.
    ///
    /// # Errors
    /// Fails when it cannot be loaded.
    pub async fn ready(&self) -> Result<()> {
        let mut state = self.inner.state.clone();
        if matches!(*state.borrow(), ModelState::Unloaded) {
            self.inner.line.want_load();
        }
        let settled = state
            .wait_for(|state| !matches!(state, ModelState::Unloaded | ModelState::Loading))
            .await
            .map_err(|_| Error::Unavailable("its thread has ended".to_owned()))?;
        match &*settled {
            ModelState::Ready { .. } => Ok(()),
            ModelState::Failed { reason } => Err(Error::Unavailable(reason.clone())),
            _ => Err(Error::Unavailable("its thread has ended".to_owned())),
        }
    }

    /// Gives its memory back as soon as the requests that wait are done; the next one loads again.
    pub fn unload(&self) {
        self.inner.line.want_unload();
    }

    fn enqueue(&self, job: Job) {
        let limit = self.inner.config.queue_limit;
        let mut pending = lock(&self.inner.pending);
        *pending += 1;
        // The newcomer, or another one whose project has most in the line: it learns of it through its reply.
        if let Some(refused) = self.inner.line.push(job) {
            *pending -= 1;
            let error = if self.inner.line.is_closed() {
                Error::Unavailable("its thread has ended".to_owned())
            } else {
                Error::QueueFull { limit }
            };
            refused.answer(Err(error));
        }
        metrics::queue_depth(*pending);
    }
}

#[async_trait]
impl Generator for LocalModel {
    fn name(&self) -> &str {
        &self.inner.name
    }

    fn local_state(&self) -> Option<ModelState> {
        Some(self.state())
    }

    fn is_only_local(&self) -> bool {
        true
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        cancel: CancellationToken,
    ) -> Result<Generation> {
        let limits = &self.inner.config;
        let timeout = request.timeout.min(limits.max_time);
        let budget_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let max_tokens = request.max_tokens.clamp(1, limits.max_tokens);
        let task = request.task;
        let (reply, answer) = oneshot::channel();
        let asked_at = Instant::now();
        self.enqueue(Job {
            request: GenerateRequest {
                max_tokens,
                timeout,
                ..request
            },
            cancel: cancel.clone(),
            reply,
            asked_at,
        });
        // Dropping `answer` (this future) tells the thread that nobody waits any more.
        let outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled),
            answer = answer => answer
                .unwrap_or_else(|_| Err(Error::Unavailable("its thread has ended".to_owned()))),
            () = tokio::time::sleep(timeout) => Err(Error::Timeout { budget_ms }),
        };
        metrics::request("local", task, &outcome);
        outcome
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
