//! What external models may cost.

mod ledger;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Clock, ProjectId};
use tokio::sync::Notify;

use crate::error::{Error, Result};

pub use ledger::SpendingLedger;
pub use tally::Spent;
use tally::Tally;

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
    /// Tokens a day of one project.
    pub project_tokens_per_day: Option<u64>,
    /// Millionths of a dollar a day of one project.
    pub project_micro_dollars_per_day: Option<u64>,
    /// Millionths of a dollar for a million tokens read.
    pub input_price: u64,
    /// Millionths of a dollar for a million tokens written.
    pub output_price: u64,
}

impl Default for SpendingLimits {
    /// 500 calls and a million tokens a day in all, none of a project's own, no prices.
    fn default() -> Self {
        Self {
            calls_per_day: 500,
            tokens_per_day: 1_000_000,
            micro_dollars_per_day: None,
            project_tokens_per_day: None,
            project_micro_dollars_per_day: None,
            input_price: 0,
            output_price: 0,
        }
    }
}

/// Counts what was spent today: in memory, and with [`Spending::sync`] in a ledger that outlives the process and adds up
/// what several processes spend. A call never waits for the ledger.
pub struct Spending {
    limits: SpendingLimits,
    clock: Arc<dyn Clock>,
    today: Mutex<Today>,
    /// Held while the ledger is told.
    syncing: Mutex<()>,
    /// Told when there is something for the ledger.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Today {
    period: i64,
    /// What the ledger has of today, of all processes.
    stored: Tally,
    /// What this process spent and the ledger is being told.
    writing: Tally,
    /// What this process spent and the ledger does not know.
    fresh: Tally,
    /// The same of days that are over.
    older: BTreeMap<i64, Tally>,
    /// What calls under way may use.
    held: Tally,
    /// How many calls are under way.
    under_way: usize,
    /// What was spent before this process began is not known yet.
    is_unknown: bool,
}

/// Tokens that a call under way may use: they count as spent until it has ended, so that calls at the same time cannot
/// pass a limit together.
pub(super) struct Reservation<'a> {
    spending: &'a Spending,
    project_id: Option<ProjectId>,
    period: i64,
    held: (u32, u32),
    has_left: bool,
}

impl Spending {
    /// Nothing spent yet, and nothing known of other processes.
    #[must_use]
    pub fn new(limits: SpendingLimits, clock: Arc<dyn Clock>) -> Self {
        Self {
            limits,
            clock,
            today: Mutex::default(),
            syncing: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Makes no call before the first [`Spending::sync`] has said what was spent already.
    #[must_use]
    pub fn in_ledger(self) -> Self {
        self.current().is_unknown = true;
        self
    }

    /// Calls, tokens and millionths of a dollar spent today.
    #[must_use]
    pub fn today(&self) -> (u64, u64, u64) {
        self.current().all().figures()
    }

    /// The same of one project.
    #[must_use]
    pub fn today_of(&self, project_id: ProjectId) -> (u64, u64, u64) {
        self.current().of(Some(project_id)).figures()
    }

    /// Today, UTC, in days from 1970-01-01.
    #[must_use]
    pub fn day(&self) -> i64 {
        self.current().period
    }

    /// The clock that days are counted by.
    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Counts a call that is about to be made, and holds the tokens that it may read and write.
    pub(super) fn reserve(
        &self,
        project_id: Option<ProjectId>,
        read: u32,
        written: u32,
    ) -> Result<Reservation<'_>> {
        let mut today = self.current();
        if today.is_unknown {
            let why = "what was spent today is not known yet".to_owned();
            return Err(Error::Unavailable(why));
        }
        let limits = &self.limits;
        let all = today.all();
        over(all.calls, Some(limits.calls_per_day), "calls")?;
        over(all.tokens, Some(limits.tokens_per_day), "tokens")?;
        let dollars = all.figures().2;
        over(dollars, limits.micro_dollars_per_day, "micro-dollars")?;
        if project_id.is_some() {
            let own = today.of(project_id);
            let tokens = "tokens of this project";
            over(own.tokens, limits.project_tokens_per_day, tokens)?;
            let dollars = "micro-dollars of this project";
            over(
                own.figures().2,
                limits.project_micro_dollars_per_day,
                dollars,
            )?;
        }
        let call = Spent {
            calls: 1,
            ..Spent::default()
        };
        today.fresh.add(project_id, call);
        today.held.add(project_id, limits.used(read, written));
        today.under_way += 1;
        Ok(Reservation {
            spending: self,
            project_id,
            period: today.period,
            held: (read, written),
            has_left: false,
        })
    }

    /// The count of today, held until it is looked at or changed: two calls at once must both be counted.
    fn current(&self) -> MutexGuard<'_, Today> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        // Inside of the lock, so that a caller who read the clock before midnight cannot reset a new day.
        let period = self.clock.now_ns().div_euclid(PERIOD_NS);
        if today.period != period {
            let over = today.period;
            let rest = std::mem::take(&mut today.fresh);
            if !rest.is_empty() {
                today.older.entry(over).or_default().merge(&rest);
            }
            today.stored = Tally::default();
            today.held = Tally::default();
            today.period = period;
        }
        today
    }
}

impl Reservation<'_> {
    /// The question has left: whatever becomes of it, what was read of it is likely to be charged for.
    pub(super) fn left(&mut self) {
        self.has_left = true;
    }

    /// The provider did not take it, or was not reached: nothing is charged for.
    pub(super) fn refused(&mut self) {
        self.has_left = false;
    }

    /// Counts what the call used in place of what was held.
    pub(super) fn settle(mut self, read: u32, written: u32) {
        self.replace(read, written);
    }

    fn replace(&mut self, read: u32, written: u32) {
        let held = std::mem::take(&mut self.held);
        let limits = &self.spending.limits;
        let mut today = self.spending.current();
        if today.period == self.period {
            let held = limits.used(held.0, held.1);
            today.held.remove(self.project_id, held);
        }
        let used = limits.used(read, written);
        today.fresh.add(self.project_id, used);
    }
}

impl Drop for Reservation<'_> {
    /// A call that failed or was given up. What it was to read counts where it has left: nobody tells what was used.
    fn drop(&mut self) {
        if self.held != (0, 0) {
            let read = if self.has_left { self.held.0 } else { 0 };
            self.replace(read, 0);
        }
        let mut today = self.spending.current();
        today.under_way = today.under_way.saturating_sub(1);
        drop(today);
        self.spending.changed.notify_one();
    }
}

impl Today {
    fn tallies(&self) -> [&Tally; 4] {
        [&self.stored, &self.writing, &self.fresh, &self.held]
    }

    /// Of all projects.
    fn all(&self) -> Spent {
        let all = self.tallies().map(Tally::all);
        all.into_iter().fold(Spent::default(), Spent::plus)
    }

    /// Of one project, or of what is done for none.
    fn of(&self, project_id: Option<ProjectId>) -> Spent {
        let own = self.tallies().map(|tally| tally.of(project_id));
        own.into_iter().fold(Spent::default(), Spent::plus)
    }
}

impl SpendingLimits {
    /// Tokens and what they cost.
    fn used(&self, read: u32, written: u32) -> Spent {
        let cost = u64::from(read)
            .saturating_mul(self.input_price)
            .saturating_add(u64::from(written).saturating_mul(self.output_price));
        Spent {
            calls: 0,
            tokens: u64::from(read) + u64::from(written),
            pico_dollars: cost,
        }
    }
}

fn over(spent: u64, limit: Option<u64>, unit: &'static str) -> Result<()> {
    match limit {
        Some(limit) if spent >= limit => Err(Error::BudgetSpent { spent, limit, unit }),
        _ => Ok(()),
    }
}
