//! What external models may cost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Clock, ProjectId};

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

/// Counts what was spent today. Kept in memory: a restart begins a new count.
pub struct Spending {
    limits: SpendingLimits,
    clock: Arc<dyn Clock>,
    today: Mutex<Today>,
}

#[derive(Debug, Default)]
struct Today {
    period: i64,
    all: Spent,
    /// Projects that asked today: as many as there are.
    projects: HashMap<ProjectId, Spent>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    calls: u64,
    tokens: u64,
    /// Millionths of a millionth of a dollar, so that cheap calls are not rounded away.
    pico_dollars: u64,
}

/// Tokens that a call under way may use: they count as spent until it has ended, so that calls at the same time cannot
/// pass a limit together.
pub(super) struct Reservation<'a> {
    spending: &'a Spending,
    project_id: Option<ProjectId>,
    period: i64,
    held: (u32, u32),
}

impl Spending {
    /// Nothing spent yet.
    #[must_use]
    pub fn new(limits: SpendingLimits, clock: Arc<dyn Clock>) -> Self {
        Self {
            limits,
            clock,
            today: Mutex::default(),
        }
    }

    /// Calls, tokens and millionths of a dollar spent today.
    #[must_use]
    pub fn today(&self) -> (u64, u64, u64) {
        self.current().all.figures()
    }

    /// The same of one project.
    #[must_use]
    pub fn today_of(&self, project_id: ProjectId) -> (u64, u64, u64) {
        let today = self.current();
        today
            .projects
            .get(&project_id)
            .copied()
            .unwrap_or_default()
            .figures()
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
        let limits = &self.limits;
        over(today.all.calls, Some(limits.calls_per_day), "calls")?;
        over(today.all.tokens, Some(limits.tokens_per_day), "tokens")?;
        let dollars = today.all.figures().2;
        over(dollars, limits.micro_dollars_per_day, "micro-dollars")?;
        if let Some(id) = project_id {
            let own = today.projects.get(&id).copied().unwrap_or_default();
            let tokens = "tokens of this project";
            over(own.tokens, limits.project_tokens_per_day, tokens)?;
            let dollars = "micro-dollars of this project";
            over(
                own.figures().2,
                limits.project_micro_dollars_per_day,
                dollars,
            )?;
        }
        for spent in today.both(project_id) {
            spent.calls += 1;
            spent.add(limits, read, written);
        }
        Ok(Reservation {
            spending: self,
            project_id,
            period: today.period,
            held: (read, written),
        })
    }

    /// The count of today, held until it is looked at or changed: two calls at once must both be counted.
    fn current(&self) -> MutexGuard<'_, Today> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        // Inside of the lock, so that a caller who read the clock before midnight cannot reset a new day.
        let period = self.clock.now_ns().div_euclid(PERIOD_NS);
        if today.period != period {
            *today = Today {
                period,
                ..Today::default()
            };
        }
        today
    }
}

impl Reservation<'_> {
    /// Counts what the call used in place of what was held.
    pub(super) fn settle(mut self, read: u32, written: u32) {
        self.replace(read, written);
    }

    fn replace(&mut self, read: u32, written: u32) {
        let held = std::mem::take(&mut self.held);
        let mut today = self.spending.current();
        let limits = &self.spending.limits;
        let is_same_day = today.period == self.period;
        for spent in today.both(self.project_id) {
            if is_same_day {
                spent.remove(limits, held.0, held.1);
            }
            spent.add(limits, read, written);
        }
    }
}

impl Drop for Reservation<'_> {
    /// A call that failed or was left: its tokens were not used, as far as we know.
    fn drop(&mut self) {
        if self.held != (0, 0) {
            self.replace(0, 0);
        }
    }
}

impl Today {
    /// The count of all, and that of a project.
    fn both(&mut self, project_id: Option<ProjectId>) -> impl Iterator<Item = &mut Spent> {
        let own = match project_id {
            Some(id) => Some(self.projects.entry(id).or_default()),
            None => None,
        };
        std::iter::once(&mut self.all).chain(own)
    }
}

impl Spent {
    fn figures(self) -> (u64, u64, u64) {
        (self.calls, self.tokens, self.pico_dollars / 1_000_000)
    }

    fn add(&mut self, limits: &SpendingLimits, read: u32, written: u32) {
        self.tokens += u64::from(read) + u64::from(written);
        self.pico_dollars = self
            .pico_dollars
            .saturating_add(cost(limits, read, written));
    }

    fn remove(&mut self, limits: &SpendingLimits, read: u32, written: u32) {
        self.tokens = self
            .tokens
            .saturating_sub(u64::from(read) + u64::from(written));
        self.pico_dollars = self
            .pico_dollars
            .saturating_sub(cost(limits, read, written));
    }
}

fn cost(limits: &SpendingLimits, read: u32, written: u32) -> u64 {
    u64::from(read)
        .saturating_mul(limits.input_price)
        .saturating_add(u64::from(written).saturating_mul(limits.output_price))
}

fn over(spent: u64, limit: Option<u64>, unit: &'static str) -> Result<()> {
    match limit {
        Some(limit) if spent >= limit => Err(Error::BudgetSpent { spent, limit, unit }),
        _ => Ok(()),
    }
}
