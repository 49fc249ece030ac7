//! The calls of a minute for which spans of blocks are needed: as children, as parents, or both.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, SmallInt, Text};
use domain::{Latencies, NANOS_PER_MINUTE, ProjectId, SpanKind, TimeRange, TraceId};

use super::super::row::{self, trace_id_of};
use super::super::sealed::{self, Keys, Rows, What};
use super::{Counts, Edge};
use crate::blocks::kinds::{self, Block};
use crate::blocks::stored::BlockKind;
use crate::connection::{AnyConnection, on_both};
use crate::log::budget::Budget;
use crate::statement::Statement;
use crate::{Error, Store};

/// A parent in a block is found when it began up to this long before or after the minute of its child. An hour.
const AROUND_NS: i64 = 60 * NANOS_PER_MINUTE;
/// Keys that one statement looks up.
const KEYS_PER_STATEMENT: usize = 500;

/// A trace and a span of it.
type Key = (TraceId, i64);

/// A span that says who caused it.
struct Child {
    parent: Key,
    service: String,
    kind: i16,
    status: i16,
    class: i16,
}

/// Where a parent worked, and what it was.
type Parents = HashMap<Key, (String, i16)>;

/// The blocks with spans that the count of a minute may need.
pub(super) fn near(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    minute_ns: i64,
) -> Result<Vec<Block>, Error> {
    let around = TimeRange {
        start_ns: minute_ns.saturating_sub(AROUND_NS),
        end_ns: minute_ns.saturating_add(NANOS_PER_MINUTE + AROUND_NS),
    };
    kinds::in_range(connection, BlockKind::Spans, project_id, around)
}

/// Adds the edges of which rows alone do not tell.
pub(super) fn add(
    store: &Store,
    connection: &mut AnyConnection,
    project_id: ProjectId,
    minute_ns: i64,
    blocks: &[Block],
    edges: &mut BTreeMap<Edge, Counts>,
) -> Result<(), Error> {
    let budget = Budget::start(store.config().read_timeout);
    let mut children = orphans(connection, project_id, minute_ns)?;
    let end_ns = minute_ns.saturating_add(NANOS_PER_MINUTE);
    let of_minute = blocks
        .iter()
        .filter(|block| block.stored.min_ns < end_ns && block.stored.max_ns >= minute_ns);
    let mut of_blocks = Vec::new();
    kinds::each(store, connection, of_minute, &budget, |_, block| {
        let keys = Keys::read(block)?;
        let rows: Vec<usize> = (0..keys.len())
            .filter(|row| (minute_ns..end_ns).contains(&keys.starts_ns[*row]))
            .collect();
        if !rows.is_empty() {
            let rows = Rows::read(block, &keys, Some(&rows), What::Shape)?;
            let (found, roots) = children_of(&keys, &rows)?;
            of_blocks.extend(found);
            for (edge, status, class) in roots {
                edges.entry(edge).or_default().add(status, class, 1);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let mut parents = Parents::new();
    look_up(connection, project_id, &of_blocks, &mut parents)?;
    children.extend(of_blocks);
    let mut missing: HashSet<Key> = children.iter().map(|child| child.parent).collect();
    missing.retain(|key| !parents.contains_key(key));
    let traces: HashSet<TraceId> = missing.iter().map(|(trace_id, _)| *trace_id).collect();
    let with_parents = sealed::with_traces(store, connection, blocks, traces.iter().copied())?;
    kinds::each(store, connection, &with_parents, &budget, |_, block| {
        let keys = Keys::read(block)?;
        let mut rows = Vec::new();
        for row in keys.of_traces(&traces) {
            if missing.contains(&(keys.trace(row)?, keys.span_ids.value(row))) {
                rows.push(row);
            }
        }
        if !rows.is_empty() {
            let rows = Rows::read(block, &keys, Some(&rows), What::Shape)?;
            for at in 0..rows.len() {
                let row = rows.row(at);
                let parent = (rows.service(at).to_owned(), rows.kind(at).number());
                parents.insert((keys.trace(row)?, keys.span_ids.value(row)), parent);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    for child in children {
        if let Some(edge) = edge_of(&child, parents.get(&child.parent)) {
            let counts = edges.entry(edge).or_default();
            counts.add(child.status, child.class, 1);
        }
    }
    Ok(())
}

/// As the database decides it: where the service changes, and where a request comes from nobody known.
fn edge_of(child: &Child, parent: Option<&(String, i16)>) -> Option<Edge> {
    let is_consumed = child.kind == SpanKind::Consumer.number();
    match parent {
        Some((service, _)) if *service == child.service => None,
        Some((service, kind)) => {
            let is_message = is_consumed || *kind == SpanKind::Producer.number();
            Some((
                service.clone(),
                child.service.clone(),
                i16::from(is_message),
            ))
        }
        None if is_consumed || child.kind == SpanKind::Server.number() => {
            Some((String::new(), child.service.clone(), i16::from(is_consumed)))
        }
        None => None,
    }
}

/// The rows of a minute whose parent is no row.
fn orphans(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    minute_ns: i64,
) -> Result<Vec<Child>, Error> {
    let mut statement = Statement::new(
        "SELECT c.trace_id, c.parent_span_id, c.service, c.kind, c.status, c.latency_class FROM spans c \
         WHERE c.project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" AND c.start_ns >= ").int(minute_ns);
    statement
        .sql(" AND c.start_ns < ")
        .int(minute_ns.saturating_add(NANOS_PER_MINUTE));
    statement.sql(
        " AND c.parent_span_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM spans p WHERE p.project_id = c.project_id \
         AND p.trace_id = c.trace_id AND p.span_id = c.parent_span_id)",
    );
    let rows = statement.returning::<(Binary, BigInt, Text, SmallInt, SmallInt, SmallInt)>();
    let rows: Vec<(Vec<u8>, i64, String, i16, i16, i16)> =
        on_both!(connection, concrete => rows.load(concrete))?;
    rows.into_iter()
        .map(|(trace_id, parent, service, kind, status, class)| {
            Ok(Child {
                parent: (trace_id_of(&trace_id)?, parent),
                service,
                kind,
                status,
                class,
            })
        })
        .collect()
}

/// An edge from nobody, with status and class of duration.
type Root = (Edge, i16, i16);

/// The spans of a block that name a parent, and the others.
fn children_of(keys: &Keys, rows: &Rows) -> Result<(Vec<Child>, Vec<Root>), Error> {
    let (mut children, mut roots) = (Vec::new(), Vec::new());
    for at in 0..rows.len() {
        let service = rows.service(at).to_owned();
        let (kind, status) = (rows.kind(at), rows.status(at).number());
        let class = Latencies::class_of(rows.duration_ns(at));
        match rows.parent(keys, at)? {
            Some(parent) => children.push(Child {
                parent: (keys.trace(rows.row(at))?, parent),
                service,
                kind: kind.number(),
                status,
                class,
            }),
            None => {
                let is_message = i16::from(kind == SpanKind::Consumer);
                roots.push(((String::new(), service, is_message), status, class));
            }
        }
    }
    Ok((children, roots))
}

/// Finds parents among rows.
fn look_up(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    children: &[Child],
    parents: &mut Parents,
) -> Result<(), Error> {
    let keys: HashSet<Key> = children.iter().map(|child| child.parent).collect();
    let keys: Vec<Key> = keys.into_iter().collect();
    for chunk in keys.chunks(KEYS_PER_STATEMENT) {
        let mut statement = Statement::new("SELECT s.trace_id, s.span_id, s.service, s.kind FROM ");
        row::values(&mut statement, chunk);
        statement.sql(" CROSS JOIN spans s WHERE ");
        row::is_of_values(&mut statement, project_id);
        let rows = statement.returning::<(Binary, BigInt, Text, SmallInt)>();
        let rows: Vec<(Vec<u8>, i64, String, i16)> =
            on_both!(&mut *connection, concrete => rows.load(concrete))?;
        for (trace_id, span_id, service, kind) in rows {
            parents.insert((trace_id_of(&trace_id)?, span_id), (service, kind));
        }
    }
    Ok(())
}
