//! Which spans of a batch are stored already: as rows, or in blocks.

use std::collections::HashSet;
use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary};
use domain::{ProjectId, TimeRange, TraceId};

use super::Row;
use crate::blocks::kinds;
use crate::blocks::stored::BlockKind;
use crate::connection::{AnyConnection, on_both};
use crate::log::budget::Budget;
use crate::spans::row::{signed, span_id_of, trace_id_of};
use crate::spans::sealed::{self, Keys};
use crate::statement::Statement;
use crate::{Error, Store};

/// Keys that one statement looks up.
const KEYS_PER_STATEMENT: usize = 500;

/// Takes out what lies in blocks that cover its beginning, and gives the number of the block that was sealed last. While that
/// number stays as it is, what was not found is not there: see [`check_sequence`].
pub(super) fn drop_sealed(
    store: &Store,
    project_id: ProjectId,
    rows: &mut Vec<Row<'_>>,
) -> Result<i64, Error> {
    let starts = || rows.iter().map(|row| row.span.start_ns);
    let range = TimeRange {
        start_ns: starts().min().unwrap_or(0),
        end_ns: starts().max().unwrap_or(0).saturating_add(1),
    };
    // Mostly spans are new, and nothing of their time is sealed.
    let (sequence, is_covered) = store.read(|connection| {
        let sequence = kinds::last_sequence(connection, BlockKind::Spans, project_id)?;
        if sequence == 0 {
            return Ok((0, false));
        }
        let blocks = kinds::in_range(connection, BlockKind::Spans, project_id, range)?;
        Ok((sequence, !blocks.is_empty()))
    })?;
    if !is_covered {
        return Ok(sequence);
    }
    let traces: HashSet<TraceId> = rows.iter().map(|row| row.span.trace_id).collect();
    let mut stored: HashSet<(TraceId, i64)> = HashSet::new();
    let budget = Budget::start(store.config().read_timeout);
    let sequence = store.read_snapshot(|connection| {
        let sequence = kinds::last_sequence(connection, BlockKind::Spans, project_id)?;
        let blocks = kinds::in_range(connection, BlockKind::Spans, project_id, range)?;
        let blocks = sealed::with_traces(store, connection, &blocks, traces.iter().copied())?;
        kinds::each(store, connection, &blocks, &budget, |_, block| {
            let keys = Keys::read(block)?;
            for row in keys.of_traces(&traces) {
                stored.insert((keys.trace(row)?, keys.span_ids.value(row)));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(sequence)
    })?;
    rows.retain(|row| !stored.contains(&(row.span.trace_id, row.span_id)));
    Ok(sequence)
}

/// Fails with [`Error::Contention`] when a block was sealed since: a repeated span may have left the rows, where its key would
/// have been in the way. Called after the rows are written, inside their transaction: whoever takes rows out of the table
/// holds their keys until the new number is there.
pub(super) fn check_sequence(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    sequence: i64,
) -> Result<(), Error> {
    let now = kinds::last_sequence(connection, BlockKind::Spans, project_id)?;
    if now == sequence {
        return Ok(());
    }
    Err(Error::Contention {
        message: format!("block {now} of spans was sealed meanwhile"),
    })
}

/// Takes out what is a row already.
pub(super) fn drop_stored(
    store: &Store,
    project_id: ProjectId,
    rows: &mut Vec<Row<'_>>,
) -> Result<(), Error> {
    let mut stored: HashSet<([u8; 16], i64)> = HashSet::new();
    for chunk in rows.chunks(KEYS_PER_STATEMENT) {
        let mut statement =
            Statement::new("SELECT trace_id, span_id FROM spans WHERE project_id = ");
        statement.bytes(project_id.as_bytes().as_slice());
        statement.sql(" AND (trace_id, span_id) IN (");
        for (index, row) in chunk.iter().enumerate() {
            statement.sql(if index == 0 { "VALUES (" } else { ",(" });
            statement.bytes(row.trace_id.as_slice()).sql(",");
            statement.int(row.span_id).sql(")");
        }
        statement.sql(")");
        let found = statement.returning::<(Binary, BigInt)>();
        let found: Vec<(Vec<u8>, i64)> =
            store.read(|connection| Ok(on_both!(connection, concrete => found.load(concrete))?))?;
        for (trace_id, span_id) in found {
            let trace_id = trace_id_of(&trace_id)?.bits().to_be_bytes();
            stored.insert((trace_id, signed(span_id_of(span_id)?)));
        }
    }
    rows.retain(|row| !stored.contains(&(row.trace_id, row.span_id)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_sequence;
    use crate::tests::fixture::{Fixture, NOON, project};
    use crate::tests::spans::span;
    use crate::{Backend, Error, TraceStore};

    #[test]
    fn a_block_that_was_sealed_since_is_noticed() {
        let fixture = Fixture::new(Backend::Sqlite);
        let (store, mine) = (&fixture.store, project());
        let check = |sequence| store.write(|c| check_sequence(c, mine, sequence));
        store
            .append_spans(mine, &[span(mine, 1, 1)])
            .expect("stored");
        check(0).expect("nothing is sealed");
        store.seal(NOON, true).expect("sealed");
        assert!(matches!(check(0), Err(Error::Contention { .. })));
        check(1).expect("the last one is known");
        // Neither deletion nor a new block brings a number back.
        store
            .delete_spans_before(mine, i64::MAX, NOON)
            .expect("deleted");
        check(1).expect("nothing new is sealed");
        store
            .append_spans(mine, &[span(mine, 1, 1)])
            .expect("stored");
        store.seal(NOON, true).expect("sealed");
        assert!(matches!(check(1), Err(Error::Contention { .. })));
    }
}
