//! Counting the calls between services, and the map of them.
//!
//! The parent of a call is a span of another service, which sends it at another time: mostly later, since it ends later.
//! So nothing is decided when a span comes. A minute is counted from the stored spans when spans of it have settled, and
//! counted anew, as a whole, when more come; what was counted before is replaced. A start counts the last minutes again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Latencies, NANOS_PER_MINUTE, ProjectId, ServiceCalls, TimeRange, minute_start};
use store::TraceStore as _;
use tokio_util::sync::CancellationToken;

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// How long a minute waits for more spans before it is counted.
const SETTLE: Duration = Duration::from_secs(10);
/// How often the loop looks.
const TICK: Duration = Duration::from_secs(2);
/// The loop rests so many times as long as it has worked: counting may take a twentieth of one core.
const REST: u32 = 20;
/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(300);
/// How far before the last counted minute a start begins.
const AGAIN_NS: i64 = 15 * NANOS_PER_MINUTE;
/// How far back a start looks at most.
const BACK_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;
/// How far back a start looks when nothing was counted yet.
const FIRST_NS: i64 = 60 * NANOS_PER_MINUTE;
/// Waiting minutes that are counted before a map is drawn.
const COUNTED_AT_ONCE: usize = 10;

/// Who calls whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceMap {
    /// Every service that called or was called, by name.
    pub nodes: Vec<ServiceNode>,
    /// The calls between two of them, by caller and callee.
    pub edges: Vec<ServiceCalls>,
}

/// A service and what was asked of it, by whomever.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceNode {
    /// Its name.
    pub service: String,
    /// How often it was asked.
    pub count: u64,
    /// How often nobody known asked: the roots of traces.
    pub entries: u64,
    /// How often it failed.
    pub errors: u64,
    /// How long it took.
    pub latencies: Latencies,
}

/// Counts what has settled, until the stop.
pub(crate) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let worker = Arc::clone(&inner);
    if let Err(error) = blocking(move || worker.mark_recent_minutes()).await {
        tracing::warn!(%error, "the calls of the last minutes are not counted again");
    }
    let mut rest = TICK;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
        let started = Instant::now();
        let (worker, token) = (Arc::clone(&inner), stop.clone());
        if let Err(error) = blocking(move || worker.count_settled(SETTLE, &token)).await {
            tracing::warn!(%error, "calls between services could not be counted; they will be");
        }
        rest = (started.elapsed() * REST).clamp(TICK, LONGEST_REST);
    }
}

impl Inner {
    /// Marks what may not have been counted when the last process ended. Blocks.
    pub(crate) fn mark_recent_minutes(&self) -> Result<(), Error> {
        let now_ns = self.clock.now_ns();
        for project_id in self.project_ids()? {
            let counted = self.store.last_counted_minute(project_id)?;
            let from_ns = counted.map_or(now_ns - FIRST_NS, |last_ns| {
                last_ns.saturating_sub(AGAIN_NS).max(now_ns - BACK_NS)
            });
            let mut minutes = Vec::new();
            let mut minute_ns = minute_start(from_ns);
            while minute_ns <= now_ns {
                minutes.push(minute_ns);
                minute_ns += NANOS_PER_MINUTE;
            }
            self.minutes.add(project_id, &minutes, Instant::now());
        }
        Ok(())
    }

    /// Counts the minutes that have waited. What fails waits again. Blocks.
    pub(crate) fn count_settled(
        &self,
        settle: Duration,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let minutes = self.minutes.take_settled(settle, Instant::now());
        for (at, (project_id, minute_ns)) in minutes.iter().enumerate() {
            let counted = self.store.count_calls(*project_id, *minute_ns);
            if counted.is_err() || stop.is_cancelled() {
                for (project_id, minute_ns) in &minutes[at..] {
                    self.minutes.add(*project_id, &[*minute_ns], Instant::now());
                }
                counted?;
                return Ok(());
            }
        }
        Ok(())
    }

    /// The map of a range, with what came until now. Blocks.
    pub(crate) fn service_map(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<ServiceMap, Error> {
        for minute_ns in self.minutes.take_newest(project_id, COUNTED_AT_ONCE) {
            if let Err(error) = self.store.count_calls(project_id, minute_ns) {
                self.minutes.add(project_id, &[minute_ns], Instant::now());
                return Err(error.into());
            }
        }
        Ok(map_of(self.store.service_calls(project_id, range)?))
    }
}

fn map_of(calls: Vec<ServiceCalls>) -> ServiceMap {
    let mut nodes: BTreeMap<String, ServiceNode> = BTreeMap::new();
    let mut edges = Vec::new();
    for call in calls {
        if let Some(caller) = &call.caller
            && !nodes.contains_key(caller)
        {
            nodes.insert(caller.clone(), ServiceNode::default());
        }
        let node = nodes.entry(call.callee.clone()).or_default();
        node.count += call.count;
        node.errors += call.errors;
        node.latencies.merge(&call.latencies);
        if call.caller.is_some() {
            edges.push(call);
        } else {
            node.entries += call.count;
        }
    }
    let nodes = nodes
        .into_iter()
        .map(|(service, node)| ServiceNode { service, ..node })
        .collect();
    ServiceMap { nodes, edges }
}

impl Engine {
    /// Who called whom in a range, to the minute.
    ///
    /// # Errors
    /// Fails when the range holds too many counts and when the store cannot be read in time.
    pub async fn service_map(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<ServiceMap, Error> {
        let inner = self.inner();
        blocking(move || inner.service_map(project_id, range)).await
    }
}
