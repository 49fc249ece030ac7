//! Watching counts and metrics, and turning what is unusual into incidents.

use std::collections::HashMap;
use std::sync::Arc;

use alerting::Input;
use anomaly::{
    AnomalyKey, LogConfig, LogDetector, MetricConfig, MetricDetector, MixConfig, MixDetector,
    Observation,
};
use domain::{
    Anomaly, AnomalyId, Incident, MetricPoint, NANOS_PER_MINUTE, ProjectId, RollupCell, TimeRange,
};
use store::{AnomalyStore, LogStore};
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

/// What the detection loop remembers of a project.
struct Watch {
    log: LogDetector,
    mix: MixDetector,
    metrics: MetricDetector,
    /// Start of the last minute that was observed.
    observed_ns: i64,
    open: HashMap<AnomalyKey, AnomalyId>,
}

impl Watch {
    fn new(project_id: ProjectId, observed_ns: i64) -> Self {
        Self {
            log: LogDetector::new(project_id, LogConfig::default()),
            mix: MixDetector::new(project_id, MixConfig::default()),
            metrics: MetricDetector::new(project_id, MetricConfig::default()),
            observed_ns,
            open: HashMap::new(),
        }
    }
}

/// Metric samples on their way to the detectors.
pub(crate) type MetricQueue = std::sync::Mutex<Vec<MetricPoint>>;

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
            for project_id in worker.project_ids()? {
                if let Err(error) = worker.observe(project_id, &mut watches) {
                    tracing::warn!(project.id = %project_id, %error, "detection is behind");
                    metrics::counter!("vigil_engine_detection_failures_total").increment(1);
                }
            }
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

impl Inner {
    fn observe(
        &self,
        project_id: ProjectId,
        watches: &mut HashMap<ProjectId, Watch>,
    ) -> Result<(), Error> {
        let now_ns = self.clock.now_ns();
        // A minute is complete when its last records had time to arrive.
        let last_ns = domain::minute_start(now_ns.saturating_sub(self.config.detect_grace_ns))
            - NANOS_PER_MINUTE;
        let points = self.take_metrics(project_id);
        let is_stale = watches
            .get(&project_id)
            .is_some_and(|watch| last_ns - watch.observed_ns > CATCH_UP_NS);
        if is_stale {
            watches.remove(&project_id);
        }
        if !watches.contains_key(&project_id) {
            let watch = self.replay(project_id, last_ns)?;
            watches.insert(project_id, watch);
        }
        let Some(watch) = watches.get_mut(&project_id) else {
            return Ok(());
        };
        let mut found = Observation::default();
        for point in points {
            found.anomalies.extend(watch.metrics.observe(&point));
        }
        found.ended.extend(watch.metrics.take_ended());
        if last_ns > watch.observed_ns {
            let dictionary = self.dictionaries.get(&self.store, project_id)?;
            let from_ns = watch.observed_ns + NANOS_PER_MINUTE;
            self.each_minute(project_id, from_ns, last_ns, |minute_ns, cells| {
                let log = watch
                    .log
                    .observe_minute(minute_ns, cells, dictionary.as_ref());
                let mix = watch
                    .mix
                    .observe_minute(minute_ns, cells, dictionary.as_ref());
                for observed in [log, mix] {
                    found.anomalies.extend(observed.anomalies);
                    found.ended.extend(observed.ended);
                }
                watch.observed_ns = minute_ns;
                Ok(())
            })?;
        }
        let Observation {
            anomalies, ended, ..
        } = found;
        let mut inputs = self.announce(project_id, anomalies, &mut watch.open)?;
        for end in ended {
            if let Some(anomaly_id) = watch.open.remove(&end.key) {
                inputs.push(Input::AnomalyEnded { anomaly_id });
            }
        }
        if !inputs.is_empty() {
            self.alerts.feed(project_id, &inputs)?;
        }
        Ok(())
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

    /// Detectors that know the last day. What they find in it was announced before the restart; only the
    /// keys of what goes on are kept, so that its end is told.
    fn replay(&self, project_id: ProjectId, last_ns: i64) -> Result<Watch, Error> {
        let start_ns = last_ns - REPLAY_NS;
        let first_ns = self
            .store
            .bounds(project_id)?
            .map_or(last_ns, |bounds| domain::minute_start(bounds.start_ns))
            .max(start_ns);
        let mut watch = Watch::new(project_id, first_ns - NANOS_PER_MINUTE);
        if first_ns > last_ns {
            return Ok(watch);
        }
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut ongoing: Vec<Anomaly> = Vec::new();
        self.each_minute(project_id, first_ns, last_ns, |minute_ns, cells| {
            let log = watch
                .log
                .observe_minute(minute_ns, cells, dictionary.as_ref());
            let mix = watch
                .mix
                .observe_minute(minute_ns, cells, dictionary.as_ref());
            for observed in [log, mix] {
                ongoing.extend(observed.anomalies);
                for end in observed.ended {
                    ongoing.retain(|anomaly| AnomalyKey::of(anomaly) != end.key);
                }
            }
            watch.observed_ns = minute_ns;
            Ok(())
        })?;
        self.record(project_id, ongoing, &mut watch.open)?;
        tracing::debug!(project.id = %project_id, open = watch.open.len(), "detectors know the last day");
        Ok(watch)
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

    /// Records anomalies and gives them their ids.
    fn record(
        &self,
        project_id: ProjectId,
        mut anomalies: Vec<Anomaly>,
        open: &mut HashMap<AnomalyKey, AnomalyId>,
    ) -> Result<Vec<Anomaly>, Error> {
        for anomaly in &mut anomalies {
            anomaly.project_id = project_id;
            let random = uuid::Uuid::new_v4();
            let mut tail = [0; 10];
            tail.copy_from_slice(&random.as_bytes()[6..]);
            anomaly.id = AnomalyId::from_parts(anomaly.detected_at_ns, tail);
        }
        let recorded = self.store.record_anomalies(project_id, &anomalies)?;
        let mut fresh = Vec::new();
        for (mut anomaly, recorded) in anomalies.into_iter().zip(recorded) {
            anomaly.id = recorded.id;
            open.insert(AnomalyKey::of(&anomaly), recorded.id);
            metrics::counter!("vigil_engine_anomalies_total", "kind" => anomaly.kind.as_str())
                .increment(u64::from(recorded.is_new));
            fresh.push(anomaly);
        }
        Ok(fresh)
    }

    /// Records anomalies and says to which open incident each belongs.
    fn announce(
        &self,
        project_id: ProjectId,
        anomalies: Vec<Anomaly>,
        open: &mut HashMap<AnomalyKey, AnomalyId>,
    ) -> Result<Vec<Input>, Error> {
        if anomalies.is_empty() {
            return Ok(Vec::new());
        }
        let anomalies = self.record(project_id, anomalies, open)?;
        let mut inputs = Vec::new();
        for anomaly in anomalies {
            tracing::info!(
                project.id = %project_id, anomaly.kind = anomaly.kind.as_str(), score = anomaly.score,
                service.name = anomaly.service, "anomaly: {}", anomaly.reason
            );
            let incidents = self.alerts.open_incidents(project_id)?;
            let join = self.join(project_id, &incidents, &anomaly)?;
            let input = Input::AnomalyOpened {
                anomaly: Box::new(anomaly),
                join,
            };
            // One after the other: the next anomaly may belong to the incident that this one opens.
            self.alerts.feed(project_id, &[input])?;
            inputs.clear();
        }
        Ok(inputs)
    }

    fn join(
        &self,
        project_id: ProjectId,
        incidents: &[Incident],
        anomaly: &Anomaly,
    ) -> Result<Option<domain::IncidentId>, Error> {
        if incidents.is_empty() {
            return Ok(None);
        }
        let topology = self.topology(project_id)?;
        Ok(crate::correlate::join(incidents, anomaly, &topology))
    }
}
