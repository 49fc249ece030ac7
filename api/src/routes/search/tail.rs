//! `GET /api/v1/logs/tail`: records as they are committed, as a stream of events.
//!
//! `record` has a record in the form of the search. `dropped` tells that records are missing at this place: `records`
//! that came faster than they were taken, `unseen` that nobody compared with the filter. `end` is the last: its
//! `reason` is `session_over`, `stopping` or `too_slow`. Comments keep the connection alive.
//!
//! `limit` is how many stored records come first, the newest ones in the order of time (0 when it is left out, at most
//! 1,000), `from` how far back they may lie. Live records are followed by their arrival, whatever their own time says.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::{LogFilter, LogRecord, PageRequest, RecordId, TimeRange};
use engine::{Lost, Tail, TailItem};
use futures_util::{Stream, stream};
use serde::Serialize;

use super::filter::{DEFAULT_RANGE_NS, filter_in, instant};
use super::{FilterQuery, RecordItem};
use crate::auth::{Member, session_end};
use crate::extract::Query;
use crate::problem::Problem;
use crate::state::AppState;

/// Tells proxies to pass each event on at once.
const NO_BUFFERING: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// Follows the records that match as they are committed.
#[utoipa::path(get, path = "/api/v1/logs/tail", tag = "search", params(FilterQuery),
    responses((status = 200, description = "events without end: record, dropped, end; limit is how many stored records come first, and to, cursor, order and bucket_seconds are refused", body = String, content_type = "text/event-stream")))]
pub async fn follow(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<FilterQuery>,
) -> Result<Response, Problem> {
    check(&query)?;
    let filter = stored_filter(&state, &member, &query).await?;
    // Live records are followed by their arrival, whatever their own time says.
    let live = LogFilter {
        range: TimeRange::ALL,
        ..filter.clone()
    };
    // First the tail, then what is stored: nothing lies between the two.
    let tail = state.engine.tail(member.project_id, live).await?;
    let stored = match query.limit.unwrap_or(0) {
        0 => Vec::new(),
        limit => stored(&state, &member, filter, limit).await?,
    };
    let following = Following {
        shown: stored.iter().map(|record| record.id).collect(),
        stored: stored.into(),
        tail,
        session: Box::pin(session_end(state, member)),
    };
    let events = Sse::new(following.events()).keep_alive(KeepAlive::default());
    Ok(([NO_BUFFERING], events).into_response())
}

/// Refuses what only a search has.
fn check(query: &FilterQuery) -> Result<(), Problem> {
    let given = [
        ("to", query.to.is_some()),
        ("cursor", query.cursor.is_some()),
        ("order", query.order.is_some()),
        ("bucket_seconds", query.bucket_seconds.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((name, _)) => Err(Problem::bad_request(format!(
            "a tail follows what comes and has no '{name}'"
        ))),
    }
}

/// The filter of what is stored: without an end, and without a beginning when nobody named one.
async fn stored_filter(
    state: &Arc<AppState>,
    member: &Member,
    query: &FilterQuery,
) -> Result<LogFilter, Problem> {
    let now_ns = state.clock.now_ns();
    let from_ns = match query.from.as_deref() {
        None => i64::MIN,
        Some(text) => instant("from", text, now_ns)?,
    };
    let range = TimeRange {
        start_ns: from_ns,
        end_ns: i64::MAX,
    };
    let mut filter = filter_in(state, member, query, range).await?;
    // An end that the search box names lies before now; its own end is now.
    if filter.range.end_ns < now_ns {
        return Err(Problem::bad_request(
            "a tail follows what comes: leave 'until' out of the filter",
        ));
    }
    filter.range.end_ns = i64::MAX;
    Ok(filter)
}

/// The newest records that are stored already, the oldest first.
async fn stored(
    state: &Arc<AppState>,
    member: &Member,
    mut filter: LogFilter,
    limit: usize,
) -> Result<Vec<LogRecord>, Problem> {
    if filter.range.start_ns == i64::MIN {
        filter.range.start_ns = state.clock.now_ns().saturating_sub(DEFAULT_RANGE_NS);
    }
    let page = PageRequest::first(limit);
    let mut found = state.engine.search(member.project_id, filter, page).await?;
    found.items.reverse();
    Ok(found.items)
}

/// Where a stream stands.
struct Following {
    /// What was stored before, not sent yet.
    stored: VecDeque<LogRecord>,
    /// Its ids: some may come once more as they were committed.
    shown: HashSet<RecordId>,
    tail: Tail,
    session: Pin<Box<dyn Future<Output = ()> + Send>>,
}

#[derive(Serialize)]
struct Dropped {
    records: u64,
    unseen: u64,
}

#[derive(Serialize)]
struct End {
    reason: &'static str,
}

impl Following {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(Some(self), |following| async move {
            let mut following = following?;
            match following.next().await {
                Ok(event) => Some((Ok(event), Some(following))),
                Err(reason) => Some((Ok(event("end", &End { reason })), None)),
            }
        })
    }

    /// The next event, or why there is none.
    async fn next(&mut self) -> Result<Event, &'static str> {
        if let Some(record) = self.stored.pop_front() {
            return Ok(shown(record));
        }
        loop {
            let item = tokio::select! {
                // A session that is over shows nothing more, however much waits.
                biased;
                () = &mut self.session => return Err("session_over"),
                item = self.tail.next() => item,
            };
            match item {
                Some(TailItem::Record(record)) if self.shown.remove(&record.id) => {}
                Some(TailItem::Record(record)) => return Ok(shown(Arc::unwrap_or_clone(record))),
                Some(TailItem::Lost(Lost { records, unseen })) => {
                    return Ok(event("dropped", &Dropped { records, unseen }));
                }
                None if self.tail.is_stopping() => return Err("stopping"),
                None => return Err("too_slow"),
            }
        }
    }
}

fn shown(record: LogRecord) -> Event {
    let id = record.id.to_string();
    event("record", &RecordItem::from(record)).id(id)
}

fn event(name: &str, data: &impl Serialize) -> Event {
    match serde_json::to_string(data) {
        Ok(data) => Event::default().event(name).data(data),
        // Our own types: they can be written.
        Err(error) => Event::default().event("error").data(error.to_string()),
    }
}
