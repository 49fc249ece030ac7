//! The spans of blocks that match a search.

use std::collections::HashSet;
use std::ops::ControlFlow;

use domain::TraceId;

use super::super::row::span_id_of;
use super::super::sealed::{self, Keys, Rows, What};
use super::super::{SpanCursor, SpanFilter};
use super::Walk;
use crate::Error;
use crate::blocks::decode::OpenBlock;
use crate::blocks::kinds::{self, Block};
use crate::log::batch::clean;

/// False when no span of the block can match.
pub(super) fn may_match(block: &Block, filter: &SpanFilter) -> bool {
    filter.service.as_ref().is_none_or(|service| {
        let service = clean(service);
        block.stored.names.iter().any(|name| *name == service)
    })
}

/// The spans of a block that match, newest first.
fn matches(block: &OpenBlock, filter: &SpanFilter) -> Result<Vec<SpanCursor>, Error> {
    let keys = Keys::read(block)?;
    let needs_rows = filter.service.is_some()
        || filter.name.is_some()
        || filter.min_duration_ns.is_some()
        || filter.status.is_some();
    let rows = match needs_rows {
        true => {
            let what = if filter.name.is_some() {
                What::Named
            } else {
                What::Shape
            };
            Some(Rows::read(block, &keys, None, what)?)
        }
        false => None,
    };
    let service = filter.service.as_deref().map(clean);
    let name = filter.name.as_deref().map(clean);
    let is_match = |rows: &Rows, at: usize| {
        service
            .as_ref()
            .is_none_or(|service| rows.service(at) == service)
            && name.as_ref().is_none_or(|name| rows.name(at) == name)
            && filter
                .min_duration_ns
                .is_none_or(|least_ns| rows.duration_ns(at) >= least_ns)
            && filter.status.is_none_or(|status| rows.status(at) == status)
    };
    let mut found = Vec::new();
    for row in 0..keys.len() {
        let start_ns = keys.starts_ns[row];
        if start_ns < filter.range.start_ns
            || start_ns >= filter.range.end_ns
            || rows.as_ref().is_some_and(|rows| !is_match(rows, row))
        {
            continue;
        }
        found.push(SpanCursor {
            start_ns,
            trace_id: keys.trace(row)?,
            span_id: span_id_of(keys.span_ids.value(row))?,
        });
    }
    found.sort_unstable_by_key(|span| std::cmp::Reverse(span.key()));
    Ok(found)
}

impl Walk<'_> {
    /// Reads the matches of the blocks that overlap a slice.
    pub(super) fn look_into_blocks(&mut self, start_ns: i64, end_ns: i64) -> Result<(), Error> {
        let (known, filter) = (&mut self.matches, self.filter);
        let blocks: Vec<&Block> = self
            .blocks
            .iter()
            .filter(|block| block.stored.min_ns < end_ns && block.stored.max_ns >= start_ns)
            .filter(|block| !known.contains_key(&block.stored.id))
            .collect();
        kinds::each(
            self.store,
            self.connection,
            blocks,
            &self.budget,
            |block, open| {
                known.insert(block.stored.id, matches(open, filter)?);
                Ok(ControlFlow::Continue(()))
            },
        )
    }

    /// Forgets the matches of blocks that begin at an instant or later: the walk is past them.
    pub(super) fn forget_from(&mut self, end_ns: i64) {
        for block in &self.blocks {
            if block.stored.min_ns >= end_ns {
                self.matches.remove(&block.stored.id);
            }
        }
    }

    /// Those of some traces that have a match in a block at a place or newer.
    pub(super) fn shown_in_blocks(
        &mut self,
        traces: &[TraceId],
        place: SpanCursor,
    ) -> Result<HashSet<TraceId>, Error> {
        let (known, filter) = (&self.matches, self.filter);
        let newer: Vec<Block> = self
            .blocks
            .iter()
            .filter(|block| block.stored.max_ns >= place.start_ns)
            .cloned()
            .collect();
        let ids = traces.iter().copied();
        let newer = sealed::with_traces(self.store, self.connection, &newer, ids)?;
        let wanted: HashSet<TraceId> = traces.iter().copied().collect();
        let mut shown = HashSet::new();
        let add = |spans: &[SpanCursor], shown: &mut HashSet<TraceId>| {
            let newer = spans.iter().take_while(|span| span.key() >= place.key());
            shown.extend(
                newer
                    .map(|span| span.trace_id)
                    .filter(|id| wanted.contains(id)),
            );
        };
        kinds::each(
            self.store,
            self.connection,
            &newer,
            &self.budget,
            |block, open| {
                match known.get(&block.stored.id) {
                    Some(spans) => add(spans, &mut shown),
                    None => add(&matches(open, filter)?, &mut shown),
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(shown)
    }
}
