//! The records of a page that lie in blocks.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use domain::{Cursor, LogFilter, LogRecord, Order, ProjectId, RecordId, TimeRange};

use super::catalogue::Entry;
use super::decode::Wanted;
use super::first::First;
use super::select::Matcher;
use super::visit;
use crate::connection::AnyConnection;
use crate::log::budget::Budget;
use crate::log::search::MAX_PAGE_BYTES;
use crate::{Error, Store};

/// What a page asks of the blocks.
pub(crate) struct PageOf<'a> {
    pub(crate) project_id: ProjectId,
    pub(crate) filter: &'a LogFilter,
    /// The part of the filter's range that the cursor leaves.
    pub(crate) range: TimeRange,
    pub(crate) order: Order,
    pub(crate) after: Option<Cursor>,
    pub(crate) limit: usize,
}

/// A matching row: its sort key, and where it lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) timestamp_ns: i64,
    pub(crate) id: RecordId,
    /// The number of its block among the entries of the read.
    pub(crate) entry: usize,
    pub(crate) row: usize,
}

impl Found {
    pub(crate) fn key(&self) -> (i64, RecordId) {
        (self.timestamp_ns, self.id)
    }
}

/// The order of two records on a page.
pub(crate) fn before(order: Order, a: (i64, RecordId), b: (i64, RecordId)) -> Ordering {
    match order {
        Order::NewestFirst => b.cmp(&a),
        Order::OldestFirst => a.cmp(&b),
    }
}

/// The first records of a page out of blocks, in its order, given what the tail has for it already (sorted); and whether
/// the page was cut because of its bytes.
pub(crate) fn merge(
    store: &Store,
    connection: &mut AnyConnection,
    page: &PageOf<'_>,
    budget: &Budget,
    tail: Vec<LogRecord>,
) -> Result<(Vec<LogRecord>, bool), Error> {
    let matcher = Matcher::new(page.filter, page.range, &[]);
    let mut entries = visit::candidates(store, connection, page.project_id, page.filter, &matcher)?;
    if entries.is_empty() {
        return Ok((tail, false));
    }
    match page.order {
        Order::NewestFirst => entries.reverse(),
        Order::OldestFirst => entries.sort_by_key(|entry| entry.header.min_ns),
    }
    let before = |a, b| before(page.order, a, b);
    let best = First {
        store,
        page,
        matcher: &matcher,
        entries: &entries,
        budget,
        tail_ns: tail.iter().map(|record| record.timestamp_ns).collect(),
    }
    .find(connection)?;
    let mut records = tail;
    let (loaded, count) = load(store, connection, page.project_id, &entries, &best)?;
    let is_cut = count < best.len();
    if let Some(first_left_out) = best.get(count) {
        // The next page begins behind the last record of this one: nothing may stand beyond the cut.
        records.retain(|r| before((r.timestamp_ns, r.id), first_left_out.key()).is_lt());
    }
    records.extend(loaded);
    records.sort_unstable_by(|a, b| before((a.timestamp_ns, a.id), (b.timestamp_ns, b.id)));
    let is_cut = is_cut && records.len() < page.limit;
    records.truncate(page.limit);
    Ok((records, is_cut))
}

/// The records of the rows that were found, in no order, until they have [`MAX_PAGE_BYTES`] of text; and how many of the
/// rows, from the first, that is. At least one is loaded.
pub(crate) fn load(
    store: &Store,
    connection: &mut AnyConnection,
    project_id: ProjectId,
    entries: &[Entry],
    best: &[Found],
) -> Result<(Vec<LogRecord>, usize), Error> {
    // Entries in the order of their first row: what comes first fills the page.
    let mut order: Vec<usize> = Vec::new();
    let mut by_entry: HashMap<usize, Vec<usize>> = HashMap::new();
    for (place, found) in best.iter().enumerate() {
        let places = by_entry.entry(found.entry).or_default();
        if places.is_empty() {
            order.push(found.entry);
        }
        places.push(place);
    }
    let size = |record: &LogRecord| record.body.len() + record.attributes.len();
    let mut records: BTreeMap<usize, LogRecord> = BTreeMap::new();
    let (mut bytes, mut until) = (0, best.len());
    for entry in order {
        let mut places = by_entry.remove(&entry).unwrap_or_default();
        places.retain(|place| *place < until);
        if places.is_empty() {
            continue;
        }
        let mut rows: Vec<usize> = places.iter().map(|place| best[*place].row).collect();
        rows.sort_unstable();
        let wanted = Wanted::all();
        let Some(columns) = visit::read(store, connection, &entries[entry], &wanted, rows)? else {
            continue;
        };
        for place in places {
            if place >= until {
                break;
            }
            let Some(row) = columns.place_of(best[place].row) else {
                continue;
            };
            let record = columns.record(row, project_id);
            bytes += size(&record);
            records.insert(place, record);
            // What stands last goes again as long as the page is full without it.
            while let Some(last) = records.last_entry() {
                let without = bytes - size(last.get());
                if without < MAX_PAGE_BYTES {
                    break;
                }
                bytes = without;
                until = *last.key();
                last.remove();
            }
        }
    }
    Ok((records.into_values().collect(), until))
}

/// The record of an id among these blocks.
pub(crate) fn by_id(
    store: &Store,
    connection: &mut AnyConnection,
    project_id: ProjectId,
    id: RecordId,
    entries: &[Entry],
) -> Result<Option<LogRecord>, Error> {
    let wanted = Wanted::ids();
    let mut place = None;
    visit::visit(
        store,
        connection,
        entries,
        &wanted,
        None,
        |entry, columns| {
            let row = (0..columns.len).find(|row| columns.id(*row) == id);
            row.map(|row| (entry, row))
        },
        |found| {
            place = place.or(found);
            Ok(match place {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            })
        },
    )?;
    let Some((entry, row)) = place else {
        return Ok(None);
    };
    let (entry, wanted) = (&entries[entry], Wanted::all());
    let columns = visit::read(store, connection, entry, &wanted, vec![row])?;
    Ok(columns.map(|columns| columns.record(0, project_id)))
}
