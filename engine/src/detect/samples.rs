//! Knowing after a start how metrics went: their samples are read again, in the order of time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anomaly::AnomalyKey;
use domain::{Anomaly, MetricPoint, ProjectId, TimeRange};
use store::MetricStore;

use super::{CHUNK_NS, REPLAY_NS, Watch};
use crate::{Error, Inner};

/// Samples that are read again at most: the newest hours that have no more.
const MOST_SAMPLES: usize = 1_500_000;
/// How long it may take; what is not read again then is learnt from what comes.
const LIMIT: Duration = Duration::from_secs(20);

impl Inner {
    /// Shows the samples of the last day to the detector of metrics. What it finds and what goes on at the end is put to
    /// `ongoing`, as for logs. Metrics that cannot be read are left out.
    pub(super) fn replay_samples(
        &self,
        project_id: ProjectId,
        watch: &mut Watch,
        ongoing: &mut BTreeMap<AnomalyKey, Anomaly>,
    ) -> Result<(), Error> {
        let now_ns = self.clock.now_ns();
        let began = Instant::now();
        let names = self.store.metric_names(project_id)?;
        let hours = self.hours_to_read(project_id, &names, now_ns);
        for hour in (0..hours).rev() {
            if began.elapsed() > LIMIT {
                tracing::warn!(
                    project.id = %project_id, hours = hour + 1,
                    "samples of the newest hours are not read again, that takes too long"
                );
                break;
            }
            let end_ns = now_ns.saturating_sub(hour * CHUNK_NS).saturating_add(1);
            let range = TimeRange {
                start_ns: end_ns.saturating_sub(CHUNK_NS),
                end_ns,
            };
            for point in self.read_samples(project_id, &names, range) {
                if let Some(anomaly) = watch.metrics.observe(&point) {
                    ongoing.insert(AnomalyKey::of(&anomaly), anomaly);
                }
                for end in watch.metrics.take_ended() {
                    ongoing.remove(&end.key);
                }
            }
        }
        Ok(())
    }

    /// How many of the last hours hold few enough samples, judged by the newest.
    fn hours_to_read(
        &self,
        project_id: ProjectId,
        names: &[(String, domain::MetricKind)],
        now_ns: i64,
    ) -> i64 {
        if names.is_empty() {
            return 0;
        }
        let newest = TimeRange {
            start_ns: now_ns.saturating_sub(CHUNK_NS),
            end_ns: now_ns.saturating_add(1),
        };
        let an_hour = self.read_samples(project_id, names, newest).len().max(1);
        let hours = i64::try_from(MOST_SAMPLES / an_hour).unwrap_or(i64::MAX);
        hours.clamp(1, REPLAY_NS / CHUNK_NS)
    }

    /// The samples of a range in the order of time, those of one instant by metric and labels.
    fn read_samples(
        &self,
        project_id: ProjectId,
        names: &[(String, domain::MetricKind)],
        range: TimeRange,
    ) -> Vec<MetricPoint> {
        let mut points = Vec::new();
        for (name, _) in names {
            let found = self.store.metric_query(project_id, name, &[], range);
            let series = found.unwrap_or_else(|error| {
                tracing::warn!(project.id = %project_id, metric = name, %error, "a metric is not read again");
                Vec::new()
            });
            for one in series {
                points.extend(one.samples.iter().map(|(timestamp_ns, value)| MetricPoint {
                    project_id,
                    name: one.name.clone(),
                    kind: one.kind,
                    labels: one.labels.clone(),
                    value: *value,
                    timestamp_ns: *timestamp_ns,
                }));
            }
        }
        points.sort_by(|a, b| {
            let place = |p: &MetricPoint| p.timestamp_ns;
            place(a)
                .cmp(&place(b))
                .then_with(|| a.name.cmp(&b.name))
                .then_with(|| a.labels.cmp(&b.labels))
        });
        points
    }
}
