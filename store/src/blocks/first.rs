//! The first rows of a page that lie in blocks: by their outlines where keys and times decide, else by their columns.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::{Order, RecordId};

use super::catalogue::Entry;
use super::decode::{Columns, Wanted};
use super::outline::{Outline, cut, is_ahead};
use super::page::{Found, PageOf, before};
use super::select::Matcher;
use super::visit;
use crate::connection::AnyConnection;
use crate::log::budget::Budget;
use crate::{Error, Store};

/// A page that looks for its rows.
pub(super) struct First<'a> {
    pub(super) store: &'a Store,
    pub(super) page: &'a PageOf<'a>,
    pub(super) matcher: &'a Matcher<'a>,
    /// The blocks that may hold some, in the order of the page.
    pub(super) entries: &'a [Entry],
    pub(super) budget: &'a Budget,
    /// Instants of what the tail has for the page.
    pub(super) tail_ns: Vec<i64>,
}

/// A row by its instant: its block among the entries, and its number there.
type Candidate = (i64, (usize, usize));

impl First<'_> {
    /// The first rows, in the order of the page.
    pub(super) fn find(&self, connection: &mut AnyConnection) -> Result<Vec<Found>, Error> {
        if self.matcher.is_by_keys()
            && let Some(candidates) = self.candidates(connection)?
            && let Some(found) = self.with_ids(connection, &candidates)?
        {
            return Ok(found);
        }
        self.by_columns(connection)
    }

    /// What may be among the first rows, as far as instants tell; `None` where too many share one.
    fn candidates(&self, connection: &mut AnyConnection) -> Result<Option<Vec<Candidate>>, Error> {
        let (order, limit) = (self.page.order, self.page.limit);
        let after_ns = self.page.after.map(|after| after.timestamp_ns);
        let mut best: Vec<Candidate> = Vec::new();
        let (mut next, mut is_crowded) = (0, false);
        let look =
            |entry, outline: &Outline| (entry, outline.first(self.matcher, order, after_ns, limit));
        visit::outlines(
            self.store,
            connection,
            self.entries,
            look,
            |(entry, found)| {
                next = next.max(entry + 1);
                let Some(found) = found else {
                    is_crowded = true;
                    return Ok(ControlFlow::Break(()));
                };
                best.extend(found.into_iter().map(|(at_ns, row)| (at_ns, (entry, row))));
                cut(&mut best, order, after_ns, limit);
                self.budget.check()?;
                let sure = best
                    .iter()
                    .map(|(at_ns, _)| *at_ns)
                    .filter(|at_ns| after_ns != Some(*at_ns));
                Ok(self.go_on(sure, next))
            },
        )?;
        Ok((!is_crowded).then_some(best))
    }

    /// Reads the ids of candidates: they decide among rows of one instant. `None` when a block cannot be had any more: other
    /// rows then take the place of its own.
    fn with_ids(
        &self,
        connection: &mut AnyConnection,
        candidates: &[Candidate],
    ) -> Result<Option<Vec<Found>>, Error> {
        let mut by_entry: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (_, (entry, row)) in candidates {
            by_entry.entry(*entry).or_default().push(*row);
        }
        let wanted = Wanted::ids();
        let mut best = Vec::new();
        for (entry, mut rows) in by_entry {
            rows.sort_unstable();
            let entry_of = &self.entries[entry];
            let Some(columns) = visit::read(self.store, connection, entry_of, &wanted, rows)?
            else {
                return Ok(None);
            };
            best.extend((0..columns.len).map(|row| found(&columns, entry, row)));
        }
        best.retain(|found| self.is_after_cursor(found.key()));
        self.keep_first(&mut best);
        Ok(Some(best))
    }

    fn by_columns(&self, connection: &mut AnyConnection) -> Result<Vec<Found>, Error> {
        let wanted = self.matcher.wanted(Wanted::ids());
        let mut best: Vec<Found> = Vec::new();
        let mut next = 0;
        let look = |entry, columns: &Columns| {
            let mut rows = Vec::new();
            self.matcher.rows(columns, |row| {
                let found = found(columns, entry, row);
                if self.is_after_cursor(found.key()) {
                    rows.push(found);
                }
            });
            self.keep_first(&mut rows);
            (entry, rows)
        };
        visit::visit(
            self.store,
            connection,
            self.entries,
            &wanted,
            Some(self.matcher),
            look,
            |(entry, found)| {
                next = next.max(entry + 1);
                if !found.is_empty() {
                    best.extend(found);
                    self.keep_first(&mut best);
                }
                self.budget.check()?;
                Ok(self.go_on(best.iter().map(|found| found.timestamp_ns), next))
            },
        )?;
        Ok(best)
    }

    fn is_after_cursor(&self, key: (i64, RecordId)) -> bool {
        self.page.after.is_none_or(|after| {
            before(self.page.order, (after.timestamp_ns, after.id), key).is_lt()
        })
    }

    fn keep_first(&self, rows: &mut Vec<Found>) {
        rows.sort_unstable_by(|a, b| before(self.page.order, a.key(), b.key()));
        rows.truncate(self.page.limit);
    }

    /// Breaks when nothing in the entries from `next` on can come before the last record of a full page.
    fn go_on(&self, found_ns: impl Iterator<Item = i64>, next: usize) -> ControlFlow<()> {
        let Some(next) = self.entries.get(next) else {
            return ControlFlow::Continue(());
        };
        let edge_ns = match self.page.order {
            Order::NewestFirst => next.header.max_ns,
            Order::OldestFirst => next.header.min_ns,
        };
        let tail_ns = self.tail_ns.iter().copied();
        let sure = found_ns
            .chain(tail_ns)
            .filter(|at_ns| is_ahead(self.page.order, *at_ns, edge_ns));
        if sure.count() >= self.page.limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

fn found(columns: &Columns, entry: usize, row: usize) -> Found {
    Found {
        timestamp_ns: columns.timestamps_ns[row],
        id: columns.id(row),
        entry,
        row: columns.number(row),
    }
}
