//! Several models in an order: the next one is asked when one cannot answer.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::generator::{GenerateRequest, Generation, Generator};
use crate::local::ModelState;
use crate::metrics;

/// Generators in the order in which they are asked.
pub struct Fallback {
    order: Vec<Arc<dyn Generator>>,
}

impl Fallback {
    /// Asks the first, then the others; `None` when there is none.
    #[must_use]
    pub fn new(order: Vec<Arc<dyn Generator>>) -> Option<Self> {
        (!order.is_empty()).then_some(Self { order })
    }
}

#[async_trait]
impl Generator for Fallback {
    fn name(&self) -> &str {
        self.order[0].name()
    }

    fn local_state(&self) -> Option<ModelState> {
        self.order.iter().find_map(|one| one.local_state())
    }

    fn is_only_local(&self) -> bool {
        self.order.iter().all(|one| one.is_only_local())
    }

    /// Each but the last has half of the time that is left, so that one that hangs leaves time for the others. Only a
    /// cancellation ends the order early: whatever else goes wrong with one model need not go wrong with another.
    async fn generate(
        &self,
        request: GenerateRequest,
        cancel: CancellationToken,
    ) -> Result<Generation> {
        let began = Instant::now();
        let mut failure = Error::Unavailable("no model is there".to_owned());
        for (at, generator) in self.order.iter().enumerate() {
            let left = request.timeout.saturating_sub(began.elapsed());
            let is_last = at + 1 == self.order.len();
            if left.is_zero() {
                break;
            }
            let attempt = GenerateRequest {
                timeout: if is_last { left } else { left / 2 },
                ..request.clone()
            };
            match generator.generate(attempt, cancel.clone()).await {
                Ok(mut generation) => {
                    let name = generation.model.take();
                    generation.model = name.or_else(|| Some(generator.name().to_owned()));
                    return Ok(generation);
                }
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(error) => {
                    tracing::info!(model = generator.name(), task = request.task, %error, is_last, "a model did not answer");
                    if !is_last {
                        metrics::fell_back(request.task);
                    }
                    // That one was left out on purpose is the least of reasons.
                    if !matches!(error, Error::NotSampled { .. }) || at == 0 {
                        failure = error;
                    }
                }
            }
        }
        Err(failure)
    }
}

#[cfg(test)]
mod tests;
