//! Counting what matches in blocks: per template, service and severity, per stretch of time, and the first records.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use domain::{LogFilter, Order, ProjectId, RecordId, TimeRange};

use super::catalogue::Entry;
use super::decode::{Columns, Wanted};
use super::outline::Outline;
use super::page::{Found, before};
use super::select::Matcher;
use super::visit;
use crate::connection::AnyConnection;
use crate::log::budget::Budget;
use crate::log::status::StatusFilter;
use crate::{Error, Store};

/// What is counted.
pub(crate) struct CountOf<'a> {
    pub(crate) project_id: ProjectId,
    pub(crate) filter: &'a LogFilter,
    /// In the place of the filter's own.
    pub(crate) range: TimeRange,
    pub(crate) statuses: &'a [StatusFilter],
    pub(crate) order: Order,
    /// Records wanted.
    pub(crate) records: usize,
    /// Ids wanted of each triple.
    pub(crate) ids_per_triple: usize,
    pub(crate) bucket_ns: Option<i64>,
}

/// Template, service and severity.
pub(crate) type Triple = (i64, Arc<str>, i16);

/// What one triple has.
#[derive(Debug, Clone)]
pub(crate) struct OfTriple {
    pub(crate) count: u64,
    pub(crate) first_ns: i64,
    pub(crate) last_ns: i64,
    /// The first in the order asked for.
    pub(crate) ids: Vec<(i64, RecordId)>,
}

impl OfTriple {
    fn none() -> Self {
        Self {
            count: 0,
            first_ns: i64::MAX,
            last_ns: i64::MIN,
            ids: Vec::new(),
        }
    }

    fn see(&mut self, at_ns: i64) {
        self.count += 1;
        self.first_ns = self.first_ns.min(at_ns);
        self.last_ns = self.last_ns.max(at_ns);
    }

    /// Adds all but the ids.
    fn add(&mut self, more: &Self) {
        self.count += more.count;
        self.first_ns = self.first_ns.min(more.first_ns);
        self.last_ns = self.last_ns.max(more.last_ns);
    }
}

/// What was counted.
#[derive(Default)]
pub(crate) struct Counted {
    pub(crate) triples: HashMap<Triple, OfTriple>,
    pub(crate) buckets: BTreeMap<i64, u64>,
    pub(crate) total: u64,
    /// The first rows in the order asked for, and where they lie.
    pub(crate) best: Vec<Found>,
    pub(crate) entries: Vec<Entry>,
    /// The time was up: numbers are lower bounds.
    pub(crate) is_cut: bool,
}

impl CountOf<'_> {
    fn first_ids(&self, ids: &mut Vec<(i64, RecordId)>) {
        ids.sort_unstable_by(|a, b| before(self.order, *a, *b));
        ids.truncate(self.ids_per_triple);
    }

    fn first_rows(&self, rows: &mut Vec<Found>) {
        rows.sort_unstable_by(|a, b| before(self.order, a.key(), b.key()));
        rows.truncate(self.records);
    }

    fn of_block(&self, matcher: &Matcher<'_>, entry: usize, columns: &Columns) -> Counted {
        let mut counted = Counted::default();
        // By numbers first: a service's name is looked at once.
        let mut triples: HashMap<(i64, usize, i16), OfTriple> = HashMap::new();
        matcher.rows(columns, |row| {
            let found = Found {
                timestamp_ns: columns.timestamps_ns[row],
                id: columns.id(row),
                entry,
                row: columns.number(row),
            };
            let at_ns = found.timestamp_ns;
            counted.total += 1;
            self.add_to_bucket(&mut counted, at_ns);
            let key = (
                columns.template(row),
                columns.service(row),
                columns.severity(row),
            );
            let triple = triples.entry(key).or_insert_with(OfTriple::none);
            triple.see(at_ns);
            triple.ids.push(found.key());
            if triple.ids.len() >= self.ids_per_triple * 8 + 8 {
                self.first_ids(&mut triple.ids);
            }
            counted.best.push(found);
            if counted.best.len() >= self.records * 8 + 64 {
                self.first_rows(&mut counted.best);
            }
        });
        self.first_rows(&mut counted.best);
        for ((template, service, severity), mut triple) in triples {
            self.first_ids(&mut triple.ids);
            let service = columns.services.get(service).cloned().unwrap_or_default();
            counted
                .triples
                .insert((template, service, severity), triple);
        }
        counted
    }

    /// Whether outlines tell all that is wanted.
    fn is_outlined(&self, matcher: &Matcher<'_>) -> bool {
        matcher.is_by_keys() && self.records == 0 && self.ids_per_triple == 0
    }

    fn of_outline(&self, matcher: &Matcher<'_>, outline: &Outline) -> Counted {
        let mut counted = Counted::default();
        // The rows of a group follow each other; its severities are few.
        let mut triples: Vec<(Triple, OfTriple)> = Vec::new();
        let mut begin = 0;
        outline.rows(matcher, |group, row| {
            let (at_ns, severity) = (outline.timestamp_ns(row), outline.severity(row));
            counted.total += 1;
            self.add_to_bucket(&mut counted, at_ns);
            let is_same = triples.last().is_some_and(|((template, service, _), _)| {
                *template == group.template && Arc::ptr_eq(service, &group.service)
            });
            if !is_same {
                begin = triples.len();
            }
            let own = &triples[begin..];
            let known = match own.iter().position(|((_, _, of), _)| *of == severity) {
                Some(place) => begin + place,
                None => {
                    let key = (group.template, Arc::clone(&group.service), severity);
                    triples.push((key, OfTriple::none()));
                    triples.len() - 1
                }
            };
            triples[known].1.see(at_ns);
        });
        for (key, triple) in triples {
            let known = counted.triples.entry(key).or_insert_with(OfTriple::none);
            known.add(&triple);
        }
        counted
    }

    fn add_to_bucket(&self, counted: &mut Counted, at_ns: i64) {
        if let Some(width) = self.bucket_ns.filter(|width| *width > 0) {
            let start_ns = at_ns.div_euclid(width).saturating_mul(width);
            *counted.buckets.entry(start_ns).or_insert(0) += 1;
        }
    }

    fn add(&self, all: &mut Counted, more: Counted) {
        all.total += more.total;
        for (start_ns, count) in more.buckets {
            *all.buckets.entry(start_ns).or_insert(0) += count;
        }
        for (key, triple) in more.triples {
            let known = all.triples.entry(key).or_insert_with(OfTriple::none);
            known.add(&triple);
            known.ids.extend(triple.ids);
            self.first_ids(&mut known.ids);
        }
        all.best.extend(more.best);
        self.first_rows(&mut all.best);
    }
}

/// Counts until the budget is spent.
pub(crate) fn count(
    store: &Store,
    connection: &mut AnyConnection,
    what: &CountOf<'_>,
    budget: &Budget,
) -> Result<Counted, Error> {
    let matcher = Matcher::new(what.filter, what.range, what.statuses);
    let mut entries = visit::candidates(store, connection, what.project_id, what.filter, &matcher)?;
    if what.order == Order::NewestFirst {
        entries.reverse();
    }
    let mut all = Counted::default();
    let mut is_cut = budget.check().is_err();
    if is_cut {
        entries.clear();
    }
    let merge = |more| {
        what.add(&mut all, more);
        is_cut = budget.check().is_err();
        Ok(if is_cut {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    };
    if what.is_outlined(&matcher) {
        let look = |_, outline: &Outline| what.of_outline(&matcher, outline);
        visit::outlines(store, connection, &entries, look, merge)?;
    } else {
        let wanted = matcher.wanted(Wanted::ids());
        let look = |entry, columns: &Columns| what.of_block(&matcher, entry, columns);
        visit::visit(
            store,
            connection,
            &entries,
            &wanted,
            Some(&matcher),
            look,
            merge,
        )?;
    }
    all.is_cut = is_cut;
    all.entries = entries;
    Ok(all)
}
