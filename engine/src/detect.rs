//! Watching counts and metrics, and turning what is unusual into incidents, at least once.

mod records;
mod replay;
mod samples;
mod tell;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use anomaly::{
    AnomalyKey, Ended, LogConfig, LogDetector, MetricConfig, MetricDetector, MixConfig,
    MixDetector, Observation, TemplateInfo,
};
use domain::{Anomaly, AnomalyId, MetricPoint, NANOS_PER_MINUTE, ProjectId, RollupCell, TimeRange};
use store::LogStore;
use tokio_util::sync::CancellationToken;

use crate::tasks::blocking;
use crate::{Error, Inner};

/// How far back a start reads to know what is usual.
const REPLAY_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;
/// Minutes that are read at once.
const CHUNK_NS: i64 = 60 * NANOS_PER_MINUTE;
/// Longest gap that is caught up with minute by minute; beyond it the detectors start anew.
const CATCH_UP_NS: i64 = REPLAY_NS;
/// Metric samples that wait for the loop; beyond it the oldest series' samples are left out.
const METRIC_QUEUE: usize = 200_000;

/// Something that a detector said and that the alerting machine has to hear.
#[derive(Debug, Clone)]
enum News {
    Found(Box<Anomaly>),
    Over(AnomalyKey),
    /// An anomaly of an earlier start that no detector knows any more.
    Forgotten(AnomalyId),
}

/// What the detection loop remembers of a project.
struct Watch {
    log: LogDetector,
    mix: MixDetector,
    records: records::RecordWatch,
    metrics: MetricDetector,
    /// Start of the last minute that was observed.
    observed_ns: i64,
    open: HashMap<AnomalyKey, AnomalyId>,
    /// What was observed and is not told yet. Nothing more is observed while something waits, so it holds what
    /// one round brings at most: a day's minutes, and the metric queue.
    waiting: VecDeque<News>,
    /// A silence of the whole project that began while nobody could listen.
    held: Option<Held>,
}

/// An anomaly that is told only when it lasts.
struct Held {
    anomaly: Box<Anomaly>,
    /// The minute that it must last until.
    until_ns: i64,
}

impl Watch {
    fn new(project_id: ProjectId, observed_ns: i64) -> Self {
        Self {
            log: LogDetector::new(project_id, LogConfig::default()),
            mix: MixDetector::new(project_id, MixConfig::default()),
            records: records::RecordWatch::new(project_id),
            metrics: MetricDetector::new(project_id, MetricConfig::default()),
            observed_ns,
            open: HashMap::new(),
            waiting: VecDeque::new(),
            held: None,
        }
    }

    /// Shows a minute to the detectors of logs.
    fn see(
        &mut self,
        minute_ns: i64,
        cells: &[RollupCell],
        info: &dyn TemplateInfo,
    ) -> [Observation; 2] {
        self.observed_ns = minute_ns;
        [
            self.log.observe_minute(minute_ns, cells, info),
            self.mix.observe_minute(minute_ns, cells, info),
        ]
    }

    /// Lets the findings of a minute wait.
    fn queue(&mut self, seen: Observation) {
        let found = seen.anomalies.into_iter().map(Box::new).map(News::Found);
        self.waiting.extend(found);
        self.queue_ends(seen.ended);
    }

    fn queue_ends(&mut self, ended: Vec<Ended>) {
        for end in ended {
            self.held
                .take_if(|held| AnomalyKey::of(&held.anomaly) == end.key);
            self.waiting.push_back(News::Over(end.key));
        }
    }

    /// Lets what was held and lasted wait to be told.
    fn queue_held(&mut self) {
        let observed_ns = self.observed_ns;
        let held = self.held.take_if(|held| observed_ns >= held.until_ns);
        self.waiting
            .extend(held.map(|held| News::Found(held.anomaly)));
    }

    fn see_metrics(&mut self, points: &[MetricPoint], now_ns: i64) {
        for point in points {
            let found = self.metrics.observe(point);
            self.waiting
                .extend(found.map(|anomaly| News::Found(Box::new(anomaly))));
            let ended = self.metrics.take_ended();
            self.queue_ends(ended);
        }
        self.metrics.end_silent(now_ns);
        let ended = self.metrics.take_ended();
        self.queue_ends(ended);
    }
}

/// Metric samples on their way to the detectors.
pub(crate) type MetricQueue = std::sync::Mutex<Vec<MetricPoint>>;

/// Projects whose detectors are to learn the stored past again.
pub(crate) type Relearn = std::sync::Mutex<std::collections::BTreeSet<ProjectId>>;

impl crate::Engine {
    /// Makes the detectors of a project learn the last day anew, out of what is stored: after the past was sent later than it
    /// happened. What goes on keeps its name; nothing that is over is told.
    pub fn relearn(&self, project_id: ProjectId) {
        if let Ok(mut waiting) = self.inner_ref().relearn.lock() {
            waiting.insert(project_id);
        }
    }
}

/// Queues samples for the detectors; over the limit they are only stored.
pub(crate) fn queue_metrics(queue: &MetricQueue, points: &[MetricPoint]) {
    if let Ok(mut waiting) = queue.lock() {
        let room = METRIC_QUEUE.saturating_sub(waiting.len());
        waiting.extend(points.iter().take(room).cloned());
        if points.len() > room {
            metrics::counter!("vigil_engine_metric_points_unwatched_total")
                .increment((points.len() - room) as u64);
        }
    }
}

/// Observes every complete minute until the stop.
pub(crate) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let mut watches: HashMap<ProjectId, Watch> = HashMap::new();
    loop {
        let worker = Arc::clone(&inner);
        let round = blocking(move || {
            let mut watches = watches;
            let before_ns = thread_cpu_ns();
            worker.observe_all(&mut watches);
            let used_ns = thread_cpu_ns().saturating_sub(before_ns);
            metrics::counter!("vigil_engine_detection_cpu_us_total").increment(used_ns / 1_000);
            Ok::<_, Error>(watches)
        })
        .await;
        watches = round.unwrap_or_else(|error| {
            tracing::warn!(%error, "detection starts anew");
            HashMap::new()
        });
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(inner.config.tick) => {}
        }
    }
}

/// Processor time of this thread so far, nanoseconds; 0 where the kernel does not say.
fn thread_cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next();
    first.and_then(|word| word.parse().ok()).unwrap_or(0)
}

impl Inner {
    fn observe_all(&self, watches: &mut HashMap<ProjectId, Watch>) {
        let projects = match self.project_ids() {
            Ok(projects) => projects,
            Err(error) => {
                tracing::warn!(%error, "detection is behind");
                return;
            }
        };
        for project_id in projects {
            if let Err(error) = self.observe(project_id, watches) {
                tracing::warn!(project.id = %project_id, %error, "detection is behind");
                metrics::counter!("vigil_engine_detection_failures_total").increment(1);
            }
        }
    }

    fn observe(
        &self,
        project_id: ProjectId,
        watches: &mut HashMap<ProjectId, Watch>,
    ) -> Result<(), Error> {
        // What failed the last time comes first; until it is told, minutes and samples wait where they are.
        if let Some(watch) = watches.get_mut(&project_id) {
            self.tell(project_id, watch)?;
        }
        let now_ns = self.clock.now_ns();
        // A minute is complete when its last records had time to arrive.
        let last_ns = domain::minute_start(now_ns.saturating_sub(self.config.detect_grace_ns))
            - NANOS_PER_MINUTE;
        let is_stale = watches
            .get(&project_id)
            .is_some_and(|watch| last_ns - watch.observed_ns > CATCH_UP_NS);
        let is_asked = self.relearn.lock();
        let is_asked = is_asked.is_ok_and(|mut waiting| waiting.remove(&project_id));
        if is_stale || is_asked {
            watches.remove(&project_id);
        }
        let watch = match watches.entry(project_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(self.replay(project_id, last_ns)?),
        };
        watch.see_metrics(&self.take_metrics(project_id), now_ns);
        let observed = self.observe_minutes(project_id, last_ns, watch);
        watch.queue_held();
        // What was observed is told even when the next minute could not be read.
        self.tell(project_id, watch)?;
        observed
    }

    fn observe_minutes(
        &self,
        project_id: ProjectId,
        last_ns: i64,
        watch: &mut Watch,
    ) -> Result<(), Error> {
        if last_ns <= watch.observed_ns {
            return Ok(());
        }
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let from_ns = watch.observed_ns + NANOS_PER_MINUTE;
        self.each_minute(project_id, from_ns, last_ns, |minute_ns, cells| {
            for seen in watch.see(minute_ns, cells, dictionary.as_ref()) {
                watch.queue(seen);
            }
            let minute = records::Minute {
                project_id,
                start_ns: minute_ns,
                cells,
            };
            for seen in watch.records.see(&self.store, &minute, dictionary.as_ref()) {
                watch.queue(seen);
            }
            Ok(())
        })
    }

    fn take_metrics(&self, project_id: ProjectId) -> Vec<MetricPoint> {
        let Ok(mut waiting) = self.metric_queue.lock() else {
            return Vec::new();
        };
        let (mine, others) = std::mem::take(&mut *waiting)
            .into_iter()
            .partition(|point| point.project_id == project_id);
        *waiting = others;
        mine
    }

    /// Calls `each` for every minute from `from_ns` to `last_ns`, empty ones too.
    pub(crate) fn each_minute(
        &self,
        project_id: ProjectId,
        from_ns: i64,
        last_ns: i64,
        mut each: impl FnMut(i64, &[RollupCell]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut chunk_ns = from_ns;
        while chunk_ns <= last_ns {
            let end_ns = (chunk_ns + CHUNK_NS).min(last_ns + NANOS_PER_MINUTE);
            let cells = self.store.rollups(
                project_id,
                TimeRange {
                    start_ns: chunk_ns,
                    end_ns,
                },
            )?;
            let mut rest = cells.as_slice();
            let mut minute_ns = chunk_ns;
            while minute_ns < end_ns {
                let count = rest.partition_point(|cell| cell.minute_ns <= minute_ns);
                let (own, after) = rest.split_at(count);
                each(minute_ns, own)?;
                rest = after;
                minute_ns += NANOS_PER_MINUTE;
            }
            chunk_ns = end_ns;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
