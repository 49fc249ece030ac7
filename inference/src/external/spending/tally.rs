//! Sums of what was spent, by project.

use std::collections::HashMap;

use domain::ProjectId;

/// What was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// Calls that were made.
    pub calls: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Millionths of a millionth of a dollar, so that cheap calls are not rounded away.
    pub pico_dollars: u64,
}

impl Spent {
    /// Calls, tokens and millionths of a dollar.
    pub(super) fn figures(self) -> (u64, u64, u64) {
        (self.calls, self.tokens, self.pico_dollars / 1_000_000)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            tokens: self.tokens.saturating_add(other.tokens),
            pico_dollars: self.pico_dollars.saturating_add(other.pico_dollars),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(other.calls),
            tokens: self.tokens.saturating_sub(other.tokens),
            pico_dollars: self.pico_dollars.saturating_sub(other.pico_dollars),
        }
    }
}

/// What was spent for each project; for none under `None`.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    all: Spent,
    /// Projects that asked today: as many as there are.
    projects: HashMap<Option<ProjectId>, Spent>,
}

impl Tally {
    pub(super) fn all(&self) -> Spent {
        self.all
    }

    pub(super) fn of(&self, project_id: Option<ProjectId>) -> Spent {
        self.projects.get(&project_id).copied().unwrap_or_default()
    }

    pub(super) fn add(&mut self, project_id: Option<ProjectId>, spent: Spent) {
        self.all = self.all.plus(spent);
        let own = self.projects.entry(project_id).or_default();
        *own = own.plus(spent);
    }

    pub(super) fn remove(&mut self, project_id: Option<ProjectId>, spent: Spent) {
        self.all = self.all.minus(spent);
        let own = self.projects.entry(project_id).or_default();
        *own = own.minus(spent);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (project_id, spent) in &other.projects {
            self.add(*project_id, *spent);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all == Spent::default()
    }

    /// Each project's, without those that spent nothing.
    pub(super) fn rows(&self) -> Vec<(Option<ProjectId>, Spent)> {
        let rows = self.projects.iter().map(|(id, spent)| (*id, *spent));
        rows.filter(|(_, spent)| *spent != Spent::default())
            .collect()
    }

    pub(super) fn of_rows(rows: Vec<(Option<ProjectId>, Spent)>) -> Self {
        let mut tally = Self::default();
        for (project_id, spent) in rows {
            tally.add(project_id, spent);
        }
        tally
    }
}
