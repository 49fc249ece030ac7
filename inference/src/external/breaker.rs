//! Leaving a provider alone that fails again and again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{Clock, NANOS_PER_SECOND};

use crate::error::{Error, Result};

/// Failures in a row after which a provider is left alone.
const FAILURES: u32 = 5;
/// For how long first; twice as long after each further failure...
const FIRST_PAUSE_NS: i64 = 30 * NANOS_PER_SECOND;
/// ...up to this.
const LONGEST_PAUSE_NS: i64 = 600 * NANOS_PER_SECOND;

/// A circuit breaker: closed until [`FAILURES`] calls in a row failed, then open for a pause, then open but for one call
/// that tries.
pub(super) struct Breaker {
    provider: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    pause_ns: i64,
    closed_from_ns: i64,
    is_tried: bool,
}

/// The right to make one call. Dropped without a verdict (the caller left) it counts as neither.
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    is_trial: bool,
}

impl Breaker {
    pub(super) fn new(provider: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            state: Mutex::default(),
        }
    }

    /// Lets a call through, or says when the next one will be.
    pub(super) fn admit(&self, clock: &dyn Clock) -> Result<Permit<'_>> {
        let mut state = self.state();
        if state.failures < FAILURES {
            return Ok(Permit {
                breaker: self,
                is_trial: false,
            });
        }
        let left_ns = state.closed_from_ns.saturating_sub(clock.now_ns());
        if left_ns > 0 || state.is_tried {
            let seconds = left_ns.max(0) / NANOS_PER_SECOND;
            return Err(Error::Unavailable(format!(
                "{} failed {} times in a row and is left alone for another {seconds} s",
                self.provider, state.failures
            )));
        }
        state.is_tried = true;
        Ok(Permit {
            breaker: self,
            is_trial: true,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Takes the verdict: whether the provider failed.
    pub(super) fn settle(self, has_failed: bool, clock: &dyn Clock) {
        let mut state = self.breaker.state();
        if !has_failed {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.pause_ns = (state.pause_ns * 2).clamp(FIRST_PAUSE_NS, LONGEST_PAUSE_NS);
            state.closed_from_ns = clock.now_ns().saturating_add(state.pause_ns);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_trial {
            self.breaker.state().is_tried = false;
        }
    }
}

#[cfg(test)]
mod tests;
