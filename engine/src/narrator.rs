//! The language model that phrases, when there is one.

use std::sync::{Arc, Mutex, RwLock};

use inference::{GenerateRequest, Generation, Generator};
use tokio_util::sync::CancellationToken;

use crate::semantic::ModelState;

/// The slot for the generator: empty until a model is fetched and loaded, or for ever.
pub struct Narrator {
    generator: RwLock<Option<Arc<dyn Generator>>>,
    state: RwLock<ModelState>,
}

impl Default for Narrator {
    fn default() -> Self {
        Self {
            generator: RwLock::new(None),
            state: RwLock::new(ModelState::Off(
                "no language model is configured; summaries are written by rules".into(),
            )),
        }
    }
}

impl Narrator {
    /// The generator in use.
    #[must_use]
    pub fn generator(&self) -> Option<Arc<dyn Generator>> {
        self.generator.read().ok()?.clone()
    }

    /// Takes a generator into use.
    pub fn set(&self, generator: Arc<dyn Generator>) {
        let name = generator.name().to_owned();
        if let Ok(mut slot) = self.generator.write() {
            *slot = Some(generator);
        }
        self.set_state(ModelState::Ready(name));
    }

    /// Says where the model stands.
    pub fn set_state(&self, state: ModelState) {
        if let Ok(mut slot) = self.state.write() {
            *slot = state;
        }
    }

    /// Where the model stands: what the model in use says about itself, else what was said about getting one.
    #[must_use]
    pub fn state(&self) -> ModelState {
        if let Some(generator) = self.generator()
            && let Some(state) = generator.local_state()
        {
            return shown(generator.name(), state);
        }
        self.state
            .read()
            .map_or_else(|_| ModelState::Off(String::new()), |state| state.clone())
    }
}

fn shown(name: &str, state: inference::ModelState) -> ModelState {
    use inference::ModelState as Local;
    match state {
        Local::Unloaded => ModelState::Ready(format!("{name}, loads on first use")),
        Local::Loading => ModelState::Loading(format!("loading {name}")),
        Local::Ready { .. } => ModelState::Ready(name.to_owned()),
        Local::Failed { reason } => ModelState::Failed(format!("{name}: {reason}")),
        Local::Stopped => ModelState::Failed(format!("{name}: its thread has ended")),
    }
}

/// A generator that remembers why it wrote nothing: no time and no room are no verdict on its text.
pub(crate) struct Watched<'a> {
    generator: &'a dyn Generator,
    failure: Mutex<Option<String>>,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(generator: &'a dyn Generator) -> Self {
        Self {
            generator,
            failure: Mutex::new(None),
        }
    }

    /// Why the last call failed, when a later one may not.
    pub(crate) fn passing_failure(&self) -> Option<String> {
        self.failure.lock().ok()?.clone()
    }
}

#[async_trait::async_trait]
impl Generator for Watched<'_> {
    fn name(&self) -> &str {
        self.generator.name()
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        cancel: CancellationToken,
    ) -> inference::Result<Generation> {
        let outcome = self.generator.generate(request, cancel).await;
        if let Ok(mut failure) = self.failure.lock() {
            *failure = match &outcome {
                Err(error) if is_passing(error) => Some(error.to_string()),
                _ => None,
            };
        }
        outcome
    }
}

fn is_passing(error: &inference::Error) -> bool {
    use inference::Error as E;
    matches!(
        error,
        E::QueueFull { .. }
            | E::Timeout { .. }
            | E::Cancelled
            | E::Unavailable(_)
            | E::BudgetSpent { .. }
            | E::Provider {
                retryable: true,
                ..
            }
    )
}

#[cfg(test)]
mod tests;
