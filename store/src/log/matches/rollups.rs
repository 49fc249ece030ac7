//! Counting by rollups; rows only give the parts of minutes at both ends.

use domain::{LogFilter, NANOS_PER_MINUTE, PageRequest, TimeRange};

use super::{MAX_TRIPLES, Pass};
use crate::Error;
use crate::log::statistics::minute_of;
use crate::log::{overview, search, tally};

/// Rows of a minute at the end of the range up to which it is counted row by row; a fuller one counts whole.
const EDGE_ROWS: u64 = 100_000;

impl Pass<'_> {
    pub(super) fn by_rollups(&mut self) -> Result<(), Error> {
        let range = self.request.filter.range;
        let first = minute_of(range.start_ns);
        let last = minute_of(range.end_ns);
        let mut whole = range;
        let mut edges = Vec::new();
        if first != range.start_ns && range.start_ns != i64::MIN {
            whole.start_ns = first.saturating_add(NANOS_PER_MINUTE);
            edges.push((first, range.start_ns, whole.start_ns.min(range.end_ns)));
        }
        if last != range.end_ns
            && range.end_ns != i64::MAX
            && edges.first().is_none_or(|edge| edge.0 != last)
        {
            whole.end_ns = last;
            edges.push((last, last.max(range.start_ns), range.end_ns));
        }
        for (minute_ns, start_ns, end_ns) in edges {
            self.edge(minute_ns, TimeRange { start_ns, end_ns })?;
        }
        // What the edges gave is shown by the search below, in the order of everything.
        self.keys.clear();
        if whole.start_ns < whole.end_ns {
            self.cells(whole)?;
        }
        if let Some(width) = self.request.bucket_ns {
            for bucket in tally::histogram(self.store, self.project_id, self.request.filter, width)?
            {
                let count = bucket.counts.iter().map(|(_, count)| count).sum();
                self.buckets.insert(bucket.start_ns, count);
            }
        }
        if self.total > 0 && self.request.records > 0 {
            let page = PageRequest {
                limit: self.request.records.min(search::MAX_PAGE),
                after: None,
                order: self.request.order,
            };
            self.records =
                search::search(self.store, self.project_id, self.request.filter, &page)?.items;
        }
        self.cited.clear();
        Ok(())
    }

    /// The part of a minute at an end of the range.
    fn edge(&mut self, minute_ns: i64, edge: TimeRange) -> Result<(), Error> {
        let minute = LogFilter {
            range: TimeRange {
                start_ns: minute_ns,
                end_ns: minute_ns.saturating_add(NANOS_PER_MINUTE),
            },
            ..self.request.filter.clone()
        };
        match tally::count(self.store, self.project_id, &minute)? {
            0 => Ok(()),
            1..=EDGE_ROWS => {
                let store = self.store;
                store.read_snapshot(|connection| {
                    self.stretch(connection, edge)?;
                    self.blocks(connection, edge, false).map(drop)
                })
            }
            _ => self.cells(minute.range),
        }
    }

    /// The cells of whole minutes.
    fn cells(&mut self, range: TimeRange) -> Result<(), Error> {
        let filter = LogFilter {
            range,
            ..self.request.filter.clone()
        };
        let rows = overview::template_counts(self.store, self.project_id, &filter, MAX_TRIPLES)?;
        if rows.len() < MAX_TRIPLES {
            self.total += rows.iter().map(|row| row.count).sum::<u64>();
        } else {
            self.is_cut = true;
            self.total += tally::count(self.store, self.project_id, &filter)?;
        }
        for row in rows {
            self.add_count(row);
        }
        Ok(())
    }
}
