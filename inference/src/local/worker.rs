//! The thread of a local model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::ProjectId;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::line::{Line, Next};
use super::prefix::PrefixCache;
use super::sequence::{Limits, Sequence};
use super::{LoadPolicy, LocalConfig, ModelState, lock};
use crate::error::{Error, Result};
use crate::generator::{GenerateRequest, Generation};
use crate::grammar::GrammarFactory;
use crate::memory;
use crate::metrics;
use crate::model::{self, LoadedModel};

/// One request in the queue.
pub(super) struct Job {
    pub(super) request: GenerateRequest,
    pub(super) cancel: CancellationToken,
    pub(super) reply: oneshot::Sender<Result<Generation>>,
    pub(super) asked_at: Instant,
}

impl Job {
    /// Whose it is: what the line is fair between.
    pub(super) fn project(&self) -> Option<ProjectId> {
        self.request.origin.project_id
    }

    /// Ends it. Nobody may wait any more: then the answer is of no use.
    pub(super) fn answer(self, outcome: Result<Generation>) {
        let _ = self.reply.send(outcome);
    }
}

/// A model in memory and what belongs to it.
pub(super) struct Resident {
    pub(super) loaded: LoadedModel,
    pub(super) grammars: GrammarFactory,
    pub(super) prefixes: PrefixCache,
    /// The tokens whose keys and values are in the model's cache now.
    pub(super) tokens: Vec<u32>,
}

/// Panics after which the model is not loaded any more: candle's pool, which the stock engine uses, stays
/// unusable for the whole process after one.
const MAX_PANICS: u32 = 3;
/// How often an idle thread looks whether it shall stop.
const TICK: Duration = Duration::from_millis(500);

pub(super) struct Worker {
    path: PathBuf,
    config: LocalConfig,
    state: watch::Sender<ModelState>,
    pending: Arc<Mutex<usize>>,
    stop: CancellationToken,
    resident: Option<Resident>,
    /// Panics of the computation so far.
    panics: u32,
}

impl Worker {
    pub(super) fn new(
        path: PathBuf,
        config: LocalConfig,
        state: watch::Sender<ModelState>,
        pending: Arc<Mutex<usize>>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            path,
            config,
            state,
            pending,
            stop,
            resident: None,
            panics: 0,
        }
    }

    /// Serves until the last handle is gone.
    pub(super) fn run(mut self, line: &Line) {
        if self.config.load == LoadPolicy::Background {
            // A failure is kept in the state and told to whoever asks.
            let _ = self.load();
        }
        let mut used_at = Instant::now();
        while !self.stop.is_cancelled() {
            match line.next(TICK) {
                Next::Generate(job) => {
                    self.serve(*job);
                    used_at = Instant::now();
                }
                Next::Load => {
                    let _ = self.load();
                    used_at = Instant::now();
                }
                Next::Unload => self.unload(),
                Next::Idle => {
                    let idle = self.config.idle_unload_after;
                    if self.resident.is_some()
                        && idle.is_some_and(|after| used_at.elapsed() >= after)
                    {
                        tracing::info!(model = %self.path.display(), "local model unloaded after idling");
                        self.unload();
                    }
                }
            }
        }
        line.close();
        self.state.send_replace(ModelState::Stopped);
    }

    fn serve(&mut self, job: Job) {
        let Job {
            request,
            cancel,
            reply,
            asked_at,
        } = job;
        let stop = self.stop.clone();
        let outcome = {
            let reply = &reply;
            let limits = Limits {
                asked_at,
                deadline: asked_at + request.timeout,
                is_abandoned: Box::new(move || {
                    cancel.is_cancelled() || stop.is_cancelled() || reply.is_closed()
                }),
            };
            self.guarded(&request, &limits)
        };
        {
            let mut pending = lock(&self.pending);
            *pending = pending.saturating_sub(1);
            metrics::queue_depth(*pending);
        }
        // Nobody waits any more: then the answer is of no use.
        let _ = reply.send(outcome);
    }

    /// Runs one request; a panic inside the model costs the loaded model, not the thread.
    fn guarded(&mut self, request: &GenerateRequest, limits: &Limits<'_>) -> Result<Generation> {
        limits.check()?;
        self.load()?;
        let Some(resident) = self.resident.as_mut() else {
            return Err(Error::Unavailable("it is not loaded".to_owned()));
        };
        let run = AssertUnwindSafe(|| Sequence::new(resident, request, limits)?.run());
        catch_unwind(run).unwrap_or_else(|_| {
            tracing::error!(model = %self.path.display(), "the local model panicked; it is loaded anew for the next request");
            self.panics += 1;
            self.unload();
            Err(Error::Compute("the model's computation panicked".to_owned()))
        })
    }

    fn load(&mut self) -> Result<()> {
        if self.resident.is_some() {
            return Ok(());
        }
        if self.panics >= MAX_PANICS {
            let reason =
                format!("its computation panicked {MAX_PANICS} times; see the log and restart");
            self.state.send_replace(ModelState::Failed {
                reason: reason.clone(),
            });
            return Err(Error::Unavailable(reason));
        }
        self.state.send_replace(ModelState::Loading);
        let began = Instant::now();
        let attempt = catch_unwind(AssertUnwindSafe(|| self.read()))
            .unwrap_or_else(|_| Err(Error::Compute("loading panicked".to_owned())));
        match attempt {
            Ok(resident) => {
                let load_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(model = %resident.loaded.name, load_ms, fast = resident.loaded.fast, "local model loaded");
                self.state.send_replace(ModelState::Ready {
                    architecture: resident.loaded.architecture.clone(),
                    fast: resident.loaded.fast,
                    chat: resident.loaded.chat.as_str().to_owned(),
                    weight_bytes: resident.loaded.model.weight_bytes() as u64,
                    load_ms,
                });
                self.resident = Some(resident);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(model = %self.path.display(), %error, "local model cannot be loaded");
                let reason = match error {
                    Error::Unavailable(reason) => reason,
                    other => other.to_string(),
                };
                self.state.send_replace(ModelState::Failed {
                    reason: reason.clone(),
                });
                Err(Error::Unavailable(reason))
            }
        }
    }

    pub(super) fn read(&self) -> Result<Resident> {
        if let Some(needed) = self.config.memory_bytes {
            memory::require_memory(needed).map_err(Error::Unavailable)?;
        }
        let loaded = model::load(
            &self.path,
            self.config.engine,
            self.config.context_tokens,
            self.config.threads.unwrap_or(1),
        )?;
        let grammars = GrammarFactory::new(&loaded.tokenizer.grammar_env())?;
        Ok(Resident {
            loaded,
            grammars,
            prefixes: PrefixCache::default(),
            tokens: Vec::new(),
        })
    }

    fn unload(&mut self) {
        if self.resident.take().is_some() {
            self.state.send_replace(ModelState::Unloaded);
        }
    }
}
