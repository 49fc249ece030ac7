//! Calls between services, counted from the spans of a minute.
//!
//! A minute is counted as a whole and its counts replaced, so that a repetition changes nothing, a crash loses nothing, and
//! a parent that came late is found by counting again. The database joins spans with their parents where both are rows; what
//! lies in blocks is joined here ([`sealed`]).

mod sealed;

use std::collections::BTreeMap;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, SmallInt, Text};
use domain::{
    Latencies, NANOS_PER_MINUTE, ProjectId, ServiceCalls, SpanKind, SpanStatus, TimeRange,
    minute_start,
};

use super::ServiceEdge;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Backend, Error, Store};

/// Edges that are kept of one minute: the most frequent ones.
pub const MAX_EDGES_PER_MINUTE: usize = 2_000;
/// Counts (minutes times edges) that one call adds up at most.
pub const MAX_CALL_CELLS: usize = 500_000;
/// Edges that one call lists at most.
const MAX_EDGES: i64 = 20_000;
/// Groups (edges times classes of duration) that are counted of one minute at most.
const MAX_GROUPS: i64 = 200_000;
/// Rows of one insert; eight binds each.
const ROWS_PER_INSERT: usize = 500;

/// Caller (empty for none), callee, whether it goes by messages.
type Edge = (String, String, i16);

#[derive(Debug, Default, PartialEq)]
struct Counts {
    count: i64,
    errors: i64,
    latencies: Latencies,
}

pub(super) fn count(store: &Store, project_id: ProjectId, minute_ns: i64) -> Result<usize, Error> {
    let minute_ns = minute_start(minute_ns);
    match store.backend() {
        // Several processes may count one minute: the one that reads last must write last.
        Backend::Postgres => store.write(|connection| {
            lock(connection, project_id)?;
            let counted = store.read_snapshot(|c| counted(store, c, project_id, minute_ns))?;
            replace(connection, project_id, minute_ns, &counted)?;
            Ok(counted.len())
        }),
        // The one writer is not held up by the counting.
        Backend::Sqlite => {
            let (counted, kept) = store.read_snapshot(|connection| {
                let counted = counted(store, connection, project_id, minute_ns)?;
                let minute = TimeRange::new(minute_ns, minute_ns.saturating_add(1));
                Ok((counted, kept(connection, project_id, minute)?))
            })?;
            if counted != kept {
                store.write(|connection| replace(connection, project_id, minute_ns, &counted))?;
            }
            Ok(counted.len())
        }
    }
}

/// Held until the transaction ends.
fn lock(connection: &mut AnyConnection, project_id: ProjectId) -> Result<(), Error> {
    let (high, low) = project_id.0.as_u64_pair();
    let mut statement = Statement::new("SELECT pg_advisory_xact_lock(");
    statement.int((high ^ low).cast_signed()).sql(")");
    on_both!(connection, concrete => statement.execute(concrete))?;
    Ok(())
}

/// The edges that the spans of a minute show: where the service of a span is not that of its parent, and where nobody known
/// asked (a root, or a request whose sender sent no span).
fn counted(
    store: &Store,
    connection: &mut AnyConnection,
    project_id: ProjectId,
    minute_ns: i64,
) -> Result<BTreeMap<Edge, Counts>, Error> {
    let blocks = sealed::near(connection, project_id, minute_ns)?;
    if blocks.is_empty() {
        return Ok(most_frequent(of_rows(
            connection, project_id, minute_ns, true,
        )?));
    }
    // Rows without a parent among rows have theirs in blocks, or none.
    let mut edges = of_rows(connection, project_id, minute_ns, false)?;
    sealed::add(
        store, connection, project_id, minute_ns, &blocks, &mut edges,
    )?;
    Ok(most_frequent(edges))
}

/// The edges among rows; those whose parent is not known only `with_orphans`.
fn of_rows(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    minute_ns: i64,
    with_orphans: bool,
) -> Result<BTreeMap<Edge, Counts>, Error> {
    let mut statement =
        Statement::new("SELECT COALESCE(p.service, ''), c.service, CAST(CASE WHEN c.kind = ");
    statement
        .small(SpanKind::Consumer.number())
        .sql(" OR p.kind = ")
        .small(SpanKind::Producer.number())
        .sql(
            " THEN 1 ELSE 0 END AS SMALLINT) AS is_message, c.status, c.latency_class, COUNT(*) FROM spans c LEFT JOIN spans p \
             ON p.project_id = c.project_id AND p.trace_id = c.trace_id AND p.span_id = c.parent_span_id \
             WHERE c.project_id = ",
        )
        .bytes(project_id.as_bytes().as_slice())
        .sql(" AND c.start_ns >= ")
        .int(minute_ns)
        .sql(" AND c.start_ns < ")
        .int(minute_ns.saturating_add(NANOS_PER_MINUTE))
        .sql(" AND (p.service <> c.service OR (p.service IS NULL AND (c.parent_span_id IS NULL");
    if with_orphans {
        statement
            .sql(" OR c.kind = ")
            .small(SpanKind::Server.number())
            .sql(" OR c.kind = ")
            .small(SpanKind::Consumer.number());
    }
    statement
        .sql("))) GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC LIMIT ")
        .int(MAX_GROUPS);
    let rows = statement.returning::<(Text, Text, SmallInt, SmallInt, SmallInt, BigInt)>();
    let rows: Vec<(String, String, i16, i16, i16, i64)> =
        on_both!(connection, concrete => rows.load(concrete))?;
    let mut edges: BTreeMap<Edge, Counts> = BTreeMap::new();
    for (caller, callee, is_message, status, class, count) in rows {
        let counts = edges.entry((caller, callee, is_message)).or_default();
        counts.add(status, class, count);
    }
    Ok(edges)
}

impl Counts {
    /// Adds so many calls of a status and a class of duration.
    fn add(&mut self, status: i16, class: i16, count: i64) {
        self.count += count;
        if status == SpanStatus::Error.number() {
            self.errors += count;
        }
        self.latencies.add(class, count.unsigned_abs());
    }
}

fn most_frequent(edges: BTreeMap<Edge, Counts>) -> BTreeMap<Edge, Counts> {
    if edges.len() <= MAX_EDGES_PER_MINUTE {
        return edges;
    }
    tracing::warn!(
        edges = edges.len(),
        limit = MAX_EDGES_PER_MINUTE,
        "a minute has more edges between services than are kept"
    );
    let mut edges: Vec<(Edge, Counts)> = edges.into_iter().collect();
    edges.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.count));
    edges.truncate(MAX_EDGES_PER_MINUTE);
    edges.into_iter().collect()
}

/// What is kept of the minutes of a range, added up.
fn kept(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    range: TimeRange,
) -> Result<BTreeMap<Edge, Counts>, Error> {
    let mut statement = Statement::new(
        "SELECT caller, callee, is_message, count, errors, latencies FROM service_calls WHERE project_id = ",
    );
    statement
        .bytes(project_id.as_bytes().as_slice())
        .sql(" AND minute_ns >= ")
        .int(minute_start(range.start_ns))
        .sql(" AND minute_ns < ")
        .int(range.end_ns)
        .sql(" LIMIT ")
        .int(i64::try_from(MAX_CALL_CELLS + 1).unwrap_or(i64::MAX));
    let rows = statement.returning::<(Text, Text, SmallInt, BigInt, BigInt, Text)>();
    let rows: Vec<(String, String, i16, i64, i64, String)> =
        on_both!(connection, concrete => rows.load(concrete))?;
    if rows.len() > MAX_CALL_CELLS {
        return Err(Error::BadRequest {
            message: format!(
                "the range holds more than {MAX_CALL_CELLS} counts of calls: choose a shorter one"
            ),
        });
    }
    let mut edges: BTreeMap<Edge, Counts> = BTreeMap::new();
    for (caller, callee, is_message, count, errors, latencies) in rows {
        let counts = edges.entry((caller, callee, is_message)).or_default();
        counts.count = counts.count.saturating_add(count);
        counts.errors = counts.errors.saturating_add(errors);
        read_latencies(&latencies, &mut counts.latencies)?;
    }
    Ok(edges)
}

fn replace(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    minute_ns: i64,
    edges: &BTreeMap<Edge, Counts>,
) -> Result<(), Error> {
    let project = project_id.as_bytes().as_slice();
    let mut old = Statement::new("DELETE FROM service_calls WHERE project_id = ");
    old.bytes(project).sql(" AND minute_ns = ").int(minute_ns);
    on_both!(&mut *connection, concrete => old.execute(concrete))?;
    let edges: Vec<(&Edge, &Counts)> = edges.iter().collect();
    for chunk in edges.chunks(ROWS_PER_INSERT) {
        let mut statement = Statement::new(
            "INSERT INTO service_calls (project_id, minute_ns, caller, callee, is_message, count, errors, latencies) VALUES ",
        );
        for (index, ((caller, callee, is_message), counts)) in chunk.iter().enumerate() {
            statement.sql(if index == 0 { "(" } else { ",(" });
            statement.bytes(project).sql(",").int(minute_ns).sql(",");
            statement.text(caller.as_str()).sql(",");
            statement.text(callee.as_str()).sql(",");
            statement.small(*is_message).sql(",");
            statement.int(counts.count).sql(",").int(counts.errors);
            statement.sql(",").text(written(&counts.latencies)).sql(")");
        }
        on_both!(&mut *connection, concrete => statement.execute(concrete))?;
    }
    Ok(())
}

/// `class:count,class:count`.
fn written(latencies: &Latencies) -> String {
    let classes: Vec<String> = latencies
        .classes()
        .map(|(class, count)| format!("{class}:{count}"))
        .collect();
    classes.join(",")
}

fn read_latencies(text: &str, latencies: &mut Latencies) -> Result<(), Error> {
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let pair = part
            .split_once(':')
            .and_then(|(class, count)| Some((class.parse().ok()?, count.parse().ok()?)));
        let (class, count) = pair.ok_or_else(|| {
            Error::damaged("service_calls.latencies", format!("'{part}' is no count"))
        })?;
        latencies.add(class, count);
    }
    Ok(())
}

pub(super) fn read(
    store: &Store,
    project_id: ProjectId,
    range: TimeRange,
) -> Result<Vec<ServiceCalls>, Error> {
    let edges = store.read(|connection| kept(connection, project_id, range))?;
    Ok(edges
        .into_iter()
        .map(|((caller, callee, is_message), counts)| ServiceCalls {
            caller: Some(caller).filter(|caller| !caller.is_empty()),
            callee,
            is_message: is_message != 0,
            count: counts.count.unsigned_abs(),
            errors: counts.errors.unsigned_abs(),
            latencies: counts.latencies,
        })
        .collect())
}

/// The most frequent edges between known services, at most [`MAX_EDGES`].
pub(super) fn edges(
    store: &Store,
    project_id: ProjectId,
    range: TimeRange,
) -> Result<Vec<ServiceEdge>, Error> {
    let mut statement = Statement::new(
        "SELECT caller, callee, is_message, CAST(SUM(count) AS BIGINT) FROM service_calls WHERE project_id = ",
    );
    statement
        .bytes(project_id.as_bytes().as_slice())
        .sql(" AND minute_ns >= ")
        .int(minute_start(range.start_ns))
        .sql(" AND minute_ns < ")
        .int(range.end_ns)
        .sql(" AND caller <> '' GROUP BY caller, callee, is_message ORDER BY 4 DESC, caller, callee LIMIT ")
        .int(MAX_EDGES);
    let rows = statement.returning::<(Text, Text, SmallInt, BigInt)>();
    let rows: Vec<(String, String, i16, i64)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    Ok(rows
        .into_iter()
        .map(|(caller, callee, is_message, count)| ServiceEdge {
            caller,
            callee,
            is_message: is_message != 0,
            count: count.unsigned_abs(),
        })
        .collect())
}

pub(super) fn last_minute(store: &Store, project_id: ProjectId) -> Result<Option<i64>, Error> {
    let mut statement = Statement::new("SELECT minute_ns FROM service_calls WHERE project_id = ");
    statement
        .bytes(project_id.as_bytes().as_slice())
        .sql(" ORDER BY minute_ns DESC LIMIT 1");
    let rows = statement.returning::<(BigInt,)>();
    let rows: Vec<(i64,)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    Ok(rows.first().map(|(minute_ns,)| *minute_ns))
}
