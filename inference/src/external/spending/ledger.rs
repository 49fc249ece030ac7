//! Spending that outlives the process, and that several processes share.

use std::sync::PoisonError;

use domain::ProjectId;

use super::tally::{Spent, Tally};
use super::{Spending, Today};

/// Where the spending of one provider is kept, a row for each project and day (UTC, counted from 1970-01-01). The errors are
/// one line. All calls block.
pub trait SpendingLedger: Send + Sync {
    /// Adds to the rows of a day, all or none.
    fn add(&self, day: i64, spent: &[(Option<ProjectId>, Spent)]) -> Result<(), String>;
    /// The rows of a day, whoever spent it.
    fn read(&self, day: i64) -> Result<Vec<(Option<ProjectId>, Spent)>, String>;
}

impl Spending {
    /// Adds to the ledger what it does not know, and reads what all processes spent today. Blocks.
    ///
    /// # Errors
    /// Those of the ledger. What could not be added is added with the next one; calls go on by what is known.
    pub fn sync(&self, ledger: &dyn SpendingLedger) -> Result<(), String> {
        let _alone = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, waiting) = self.take();
        for (at, (of, tally)) in waiting.iter().enumerate() {
            if let Err(error) = ledger.add(*of, &tally.rows()) {
                self.give_back(&waiting[at..]);
                return Err(error);
            }
        }
        let read = ledger.read(day);
        let mut today = self.current();
        let written = std::mem::take(&mut today.writing);
        if today.period == day {
            match &read {
                Ok(rows) => today.stored = Tally::of_rows(rows.clone()),
                // Ours are in the ledger, but not in what is known of it.
                Err(_) => today.stored.merge(&written),
            }
        }
        if read.is_ok() {
            today.is_unknown = false;
        }
        read.map(|_| ())
    }

    /// Waits until there is something for the ledger.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Whether no call is under way and the ledger knows everything.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let today = self.current();
        today.under_way == 0
            && today.fresh.is_empty()
            && today.writing.is_empty()
            && today.older.is_empty()
    }

    /// Today, and what the ledger has to be told, by day.
    fn take(&self) -> (i64, Vec<(i64, Tally)>) {
        let mut today = self.current();
        let mut waiting: Vec<(i64, Tally)> = std::mem::take(&mut today.older).into_iter().collect();
        let fresh = std::mem::take(&mut today.fresh);
        if !fresh.is_empty() {
            today.writing = fresh.clone();
            waiting.push((today.period, fresh));
        }
        (today.period, waiting)
    }

    fn give_back(&self, waiting: &[(i64, Tally)]) {
        let mut guard = self.current();
        let today: &mut Today = &mut guard;
        today.writing = Tally::default();
        for (day, tally) in waiting {
            if *day == today.period {
                today.fresh.merge(tally);
            } else {
                today.older.entry(*day).or_default().merge(tally);
            }
        }
    }
}
