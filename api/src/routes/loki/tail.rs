//! `/loki/api/v1/tail`: lines as they are committed, over a WebSocket.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use domain::{ErrorKind, NANOS_PER_MINUTE, Order, RecordId, TimeRange};
use engine::logql::{self, Expression, LogEntry, LogQuery, LogsRequest};
use engine::{Lost, Tail, TailItem};
use tokio::time::Instant;

use super::parameters::{DEFAULT_SINCE_NS, Parameters};
use super::query::{DEFAULT_LIMIT, FLAGS};
use super::{PlainProblem, wire};
use crate::auth::{Reader, is_same_origin, session_end};
use crate::problem::Problem;
use crate::state::AppState;

/// Longest `delay_for`, seconds: as Loki's.
const MAX_DELAY_S: usize = 5;
/// How long lines are gathered for one message.
const GATHER: Duration = Duration::from_millis(50);
/// Lines of one message.
const MESSAGE_LINES: usize = 1_000;
/// How often a client is asked whether it is there.
const PING: Duration = Duration::from_secs(30);
/// How long a message may take to be written.
const SLOW: Duration = Duration::from_secs(30);
/// Clients have nothing to say but goodbye.
const CLIENT_BYTES: usize = 4_096;

/// What is asked for.
struct Question {
    query: Arc<LogQuery>,
    delay: Duration,
    request: LogsRequest,
    is_categorized: bool,
}

impl Question {
    fn new(
        state: &AppState,
        headers: &HeaderMap,
        parameters: &Parameters,
    ) -> Result<Self, Problem> {
        let query = match super::query::parse(parameters.query()?)? {
            Expression::Logs(query) => Arc::new(query),
            Expression::Metric(_) => {
                return Err(Problem::bad_request("only log queries can be tailed"));
            }
        };
        let delay_s = parameters.number("delay_for", 0)?;
        if delay_s > MAX_DELAY_S {
            return Err(Problem::bad_request(format!(
                "delay_for can't be greater than {MAX_DELAY_S}"
            )));
        }
        let now_ns = state.clock.now_ns();
        let start_ns = parameters
            .instant("start")?
            .unwrap_or_else(|| now_ns.saturating_sub(DEFAULT_SINCE_NS));
        let flags = headers.get(FLAGS).and_then(|value| value.to_str().ok());
        Ok(Self {
            query,
            delay: Duration::from_secs(delay_s as u64),
            request: LogsRequest {
                range: TimeRange {
                    start_ns,
                    end_ns: now_ns.saturating_add(NANOS_PER_MINUTE),
                },
                limit: parameters.number("limit", DEFAULT_LIMIT)?,
                order: Order::NewestFirst,
                interval_ns: 0,
            },
            is_categorized: wire::is_categorized(flags),
        })
    }
}

/// Lines from the past, then lines as they come.
pub async fn tail(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    parameters: Parameters,
) -> Result<Response, PlainProblem> {
    // Browsers let every page open a WebSocket, and send the cookie of the page's neighbours with it.
    if !headers.contains_key(header::AUTHORIZATION) && !is_same_origin(&headers) {
        let text = "a tail with the page's cookie must come from Vigil's own page";
        return Err(Problem::new(ErrorKind::Forbidden, text).into());
    }
    let question = Question::new(&state, &headers, &parameters)?;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refusal) => {
            let text = format!(
                "this address takes WebSockets only: {}",
                refusal.body_text()
            );
            return Err(Problem::bad_request(text).into());
        }
    };
    // First the tail, then what is stored: nothing lies between the two.
    let tail = state
        .engine
        .tail_logql(reader.project_id, Arc::clone(&question.query))?;
    let (query, request) = (Arc::clone(&question.query), question.request);
    let mut stored = state
        .engine
        .logql(reader.project_id, move |source| {
            logql::logs(source, &query, &request)
        })
        .await?;
    stored.reverse();
    let tasks = state.engine.tasks().clone();
    let upgrade = upgrade
        .max_message_size(CLIENT_BYTES)
        .on_upgrade(move |socket| async move {
            let following = Following {
                socket,
                shown: stored.iter().map(|entry| entry.id).collect(),
                waiting: Waiting::of(stored, question.delay),
                question,
            };
            let session = session_end(state, reader.member);
            // In a task of ours, so that a stop waits for its goodbye.
            tasks
                .spawn("loki tail", following.run(tail, session))
                .await
                .ok();
        });
    Ok(upgrade.into_response())
}

/// Lines that are gathered, and held back for as long as the client wants, so that late ones find their place.
struct Waiting {
    entries: Vec<(Instant, LogEntry)>,
    lost: Lost,
    delay: Duration,
}

impl Waiting {
    /// What is stored already is not held back.
    fn of(stored: Vec<LogEntry>, delay: Duration) -> Self {
        let now = Instant::now();
        let long_ago = now.checked_sub(delay).unwrap_or(now);
        Self {
            entries: stored.into_iter().map(|entry| (long_ago, entry)).collect(),
            lost: Lost::default(),
            delay: delay.max(GATHER),
        }
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= MESSAGE_LINES
    }

    /// When the next message is due; `None` when there is nothing to say.
    fn due_at(&self) -> Option<Instant> {
        let oldest = self.entries.iter().map(|(came_at, _)| *came_at).min();
        match oldest {
            Some(came_at) => Some(came_at + self.delay),
            None => (!self.lost.is_nothing()).then(Instant::now),
        }
    }

    /// What is due, in the order of time.
    fn take(&mut self, now: Instant) -> (Vec<LogEntry>, Lost) {
        let is_full = self.is_full();
        let entries = std::mem::take(&mut self.entries).into_iter();
        let (due, rest): (Vec<_>, Vec<_>) =
            entries.partition(|(came_at, _)| is_full || *came_at + self.delay <= now);
        self.entries = rest;
        let mut due: Vec<LogEntry> = due.into_iter().map(|(_, entry)| entry).collect();
        due.sort_by_key(|entry| (entry.timestamp_ns, entry.id));
        (due, std::mem::take(&mut self.lost))
    }
}

/// Where a connection stands.
struct Following {
    socket: WebSocket,
    /// Ids of what was stored before: some may come once more as they were committed.
    shown: HashSet<RecordId>,
    waiting: Waiting,
    question: Question,
}

impl Following {
    async fn run(mut self, mut tail: Tail, session: impl Future<Output = ()> + Send) {
        let mut session = pin!(session);
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        loop {
            let due_at = self.waiting.due_at();
            let due = tokio::time::sleep_until(due_at.unwrap_or_else(|| Instant::now() + PING));
            let goes_on = tokio::select! {
                biased;
                () = &mut session => return self.close(close_code::POLICY, "the session is over").await,
                message = self.socket.recv() => matches!(message, Some(Ok(message)) if !matches!(message, Message::Close(_))),
                () = due, if due_at.is_some() => self.send_due().await,
                _ = ping.tick() => self.send(Message::Ping(Vec::new().into())).await,
                item = tail.next(), if !self.waiting.is_full() => match item {
                    Some(item) => {
                        self.take(item);
                        true
                    }
                    None if tail.is_stopping() => {
                        return self.close(close_code::AWAY, "the server is stopping").await;
                    }
                    None => return self.close(close_code::POLICY, "too little was read").await,
                },
            };
            if !goes_on {
                return;
            }
            if self.waiting.is_full() && !self.send_due().await {
                return;
            }
        }
    }

    fn take(&mut self, item: TailItem) {
        match item {
            TailItem::Record(record) => {
                if !self.shown.remove(&record.id)
                    && let Some(entry) = logql::entry(&self.question.query, &record)
                {
                    self.waiting.entries.push((Instant::now(), entry));
                }
            }
            TailItem::Lost(lost) => {
                self.waiting.lost.records += lost.records;
                self.waiting.lost.unseen += lost.unseen;
            }
        }
    }

    async fn send_due(&mut self) -> bool {
        let (entries, lost) = self.waiting.take(Instant::now());
        if entries.is_empty() && lost.is_nothing() {
            return true;
        }
        let now_ns = domain::Clock::now_ns(&domain::SystemClock);
        let message = wire::tailed(entries, lost, now_ns, self.question.is_categorized);
        self.send(Message::Text(message.to_string().into())).await
    }

    /// False when the client is gone, or takes nothing.
    async fn send(&mut self, message: Message) -> bool {
        let sent = tokio::time::timeout(SLOW, self.socket.send(message)).await;
        matches!(sent, Ok(Ok(())))
    }

    async fn close(mut self, code: u16, reason: &'static str) {
        let reason = reason.into();
        self.send(Message::Close(Some(CloseFrame { code, reason })))
            .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u128, timestamp_ns: i64) -> LogEntry {
        LogEntry {
            id: RecordId(uuid::Uuid::from_u128(number)),
            timestamp_ns,
            line: String::new(),
            stream: logql::Labels::new(),
            metadata: logql::Labels::new(),
            parsed: logql::Labels::new(),
        }
    }

    #[test]
    fn late_lines_find_their_place_within_the_delay() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut waiting = Waiting::of(vec![entry(9, 1)], 2 * second);
        assert!(
            waiting.due_at() <= Some(Instant::now()),
            "stored ones go at once"
        );
        assert_eq!(waiting.take(Instant::now()).0.len(), 1);
        assert_eq!(waiting.due_at(), None);
        waiting.entries.push((start, entry(1, 20)));
        waiting.entries.push((start + second, entry(2, 10)));
        waiting.entries.push((start + 5 * second, entry(3, 5)));
        assert_eq!(waiting.due_at(), Some(start + 2 * second));
        assert!(waiting.take(start + second).0.is_empty());
        let (due, _) = waiting.take(start + 3 * second);
        let times: Vec<i64> = due.iter().map(|entry| entry.timestamp_ns).collect();
        assert_eq!(times, [10, 20]);
        assert_eq!(waiting.due_at(), Some(start + 7 * second));
    }

    #[test]
    fn a_full_message_goes_before_its_time_and_a_loss_at_once() {
        let now = Instant::now();
        let mut waiting = Waiting::of(Vec::new(), Duration::from_secs(5));
        for number in 0..MESSAGE_LINES {
            waiting.entries.push((now, entry(number as u128, 0)));
        }
        assert!(waiting.is_full());
        assert_eq!(waiting.take(now).0.len(), MESSAGE_LINES);
        waiting.lost.records = 3;
        assert!(waiting.due_at().is_some());
        assert_eq!(waiting.take(now).1.records, 3);
        assert_eq!(waiting.due_at(), None);
    }
}
