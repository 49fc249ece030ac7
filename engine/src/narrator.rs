//! The language model that phrases, when there is one.

use std::sync::{Arc, RwLock};

use inference::Generator;

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

    /// Where the model stands.
    #[must_use]
    pub fn state(&self) -> ModelState {
        self.state
            .read()
            .map_or_else(|_| ModelState::Off(String::new()), |state| state.clone())
    }
}
