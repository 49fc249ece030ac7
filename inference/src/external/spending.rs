//! What external models may cost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Clock;

use crate::error::{Error, Result};

/// Nanoseconds of the period after which the counters begin again (a day, UTC).
const PERIOD_NS: i64 = 86_400_000_000_000;

/// Limits of one day (UTC) and the prices to count with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpendingLimits {
    /// Calls a day.
    pub calls_per_day: u64,
    /// Tokens a day, read and written.
    pub tokens_per_day: u64,
    /// Millionths of a dollar a day; `None`: not limited by money.
    pub micro_dollars_per_day: Option<u64>,
    /// Millionths of a dollar for a million tokens read.
    pub input_price: u64,
    /// Millionths of a dollar for a million tokens written.
    pub output_price: u64,
}

impl Default for SpendingLimits {
    /// 500 calls and a million tokens a day, no prices.
    fn default() -> Self {
        Self {
            calls_per_day: 500,
            tokens_per_day: 1_000_000,
            micro_dollars_per_day: None,
            input_price: 0,
            output_price: 0,
        }
    }
}

/// Counts what was spent today. Kept in memory: a restart begins a new count.
pub struct Spending {
    limits: SpendingLimits,
    clock: Arc<dyn Clock>,
    spent: Mutex<Spent>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    period: i64,
    calls: u64,
    tokens: u64,
    /// Millionths of a millionth of a dollar, so that cheap calls are not rounded away.
    pico_dollars: u64,
}

impl Spending {
    /// Nothing spent yet.
    #[must_use]
    pub fn new(limits: SpendingLimits, clock: Arc<dyn Clock>) -> Self {
        Self {
            limits,
            clock,
            spent: Mutex::default(),
        }
    }

    /// Calls, tokens and millionths of a dollar spent today.
    #[must_use]
    pub fn today(&self) -> (u64, u64, u64) {
        let spent = *self.current();
        (spent.calls, spent.tokens, spent.pico_dollars / 1_000_000)
    }

    /// Counts a call that is about to be made.
    pub(super) fn reserve(&self) -> Result<()> {
        let mut spent = self.current();
        let over = |spent: u64, limit: u64, unit: &'static str| {
            if spent >= limit {
                Err(Error::BudgetSpent { spent, limit, unit })
            } else {
                Ok(())
            }
        };
        over(spent.calls, self.limits.calls_per_day, "calls")?;
        over(spent.tokens, self.limits.tokens_per_day, "tokens")?;
        if let Some(limit) = self.limits.micro_dollars_per_day {
            over(spent.pico_dollars / 1_000_000, limit, "micro-dollars")?;
        }
        spent.calls += 1;
        Ok(())
    }

    /// Counts what a call used.
    pub(super) fn record(&self, read: u32, written: u32) {
        let mut spent = self.current();
        spent.tokens += u64::from(read) + u64::from(written);
        spent.pico_dollars = spent
            .pico_dollars
            .saturating_add(u64::from(read).saturating_mul(self.limits.input_price))
            .saturating_add(u64::from(written).saturating_mul(self.limits.output_price));
    }

    /// The count of today, held until it is looked at or changed: two calls at once must both be counted.
    fn current(&self) -> MutexGuard<'_, Spent> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        // Inside of the lock, so that a caller who read the clock before midnight cannot reset a new day.
        let period = self.clock.now_ns().div_euclid(PERIOD_NS);
        if spent.period != period {
            *spent = Spent {
                period,
                ..Spent::default()
            };
        }
        spent
    }
}
