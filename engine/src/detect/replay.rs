//! Knowing after a start what was usual before, and what goes on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use anomaly::{AnomalyKey, Observation};
use domain::{Anomaly, AnomalyId, NANOS_PER_MINUTE, ProjectId};
use store::{AnomalyStore, LogStore};

use super::records::Minute;
use super::{Held, News, REPLAY_NS, Watch};
use crate::{Error, Inner};

/// An anomaly that goes on is told after a start when it was noticed at most so long ago: it began while
/// nobody watched, or just before a crash. What is older is only recorded.
const YOUNG_NS: i64 = 30 * NANOS_PER_MINUTE;
/// While Vigil itself was away nothing could arrive: that no service writes must go on for so long after a start
/// before it is told.
const LISTEN_NS: i64 = 5 * NANOS_PER_MINUTE;
/// How far back records are read to know how sessions go and what values are usual: enough for a verdict...
const RECORDS_NS: i64 = 60 * NANOS_PER_MINUTE;
/// ...unless that takes too long: then it is learnt from what comes.
const RECORDS_LIMIT: Duration = Duration::from_secs(10);
/// Anomalies that are read at once.
const PAGE: usize = 1_000;

impl Inner {
    /// Detectors that know the last day. What they find in it and what goes on gets the id that the machine
    /// knows it by, so that its end is told; what the machine holds for going on and they do not is over.
    pub(super) fn replay(&self, project_id: ProjectId, last_ns: i64) -> Result<Watch, Error> {
        let start_ns = last_ns - REPLAY_NS;
        let first_ns = self
            .store
            .bounds(project_id)?
            .map_or(last_ns, |bounds| domain::minute_start(bounds.start_ns))
            .max(start_ns);
        let mut watch = Watch::new(project_id, first_ns - NANOS_PER_MINUTE);
        let mut ongoing = BTreeMap::new();
        let began = Instant::now();
        if first_ns <= last_ns {
            let dictionary = self.dictionaries.get(&self.store, project_id)?;
            self.each_minute(project_id, first_ns, last_ns, |minute_ns, cells| {
                for seen in watch.see(minute_ns, cells, dictionary.as_ref()) {
                    follow(&mut ongoing, seen);
                }
                let is_recent = minute_ns > last_ns - RECORDS_NS;
                if is_recent && began.elapsed() < RECORDS_LIMIT {
                    let minute = Minute {
                        project_id,
                        start_ns: minute_ns,
                        cells,
                    };
                    for seen in watch.records.see(&self.store, &minute, dictionary.as_ref()) {
                        follow(&mut ongoing, seen);
                    }
                }
                Ok(())
            })?;
        }
        self.replay_samples(project_id, &mut watch, &mut ongoing)?;
        let active = self.alerts.active_anomalies(project_id)?;
        let known = self.by_key(project_id, &active)?;
        let mut forgotten: BTreeSet<AnomalyId> = active.into_iter().collect();
        for (key, mut anomaly) in ongoing {
            if let Some(id) = known.get(&key) {
                forgotten.remove(id);
                watch.open.insert(key, *id);
                continue;
            }
            let age_ns = self.clock.now_ns().saturating_sub(anomaly.detected_at_ns);
            if crate::facts::is_silence(&anomaly) && anomaly.service.is_none() {
                watch.held = Some(Held {
                    anomaly: Box::new(anomaly),
                    until_ns: last_ns + LISTEN_NS,
                });
            } else if age_ns <= YOUNG_NS {
                watch.waiting.push_back(News::Found(Box::new(anomaly)));
            } else {
                self.record(project_id, std::slice::from_mut(&mut anomaly))?;
                watch.open.insert(key, anomaly.id);
            }
        }
        watch
            .waiting
            .extend(forgotten.into_iter().map(News::Forgotten));
        tracing::debug!(
            project.id = %project_id, open = watch.open.len(), news = watch.waiting.len(),
            "detectors know the last day"
        );
        Ok(watch)
    }

    /// Recorded anomalies by their key, the latest of several.
    fn by_key(
        &self,
        project_id: ProjectId,
        ids: &[AnomalyId],
    ) -> Result<HashMap<AnomalyKey, AnomalyId>, Error> {
        let mut known = HashMap::with_capacity(ids.len());
        for some in ids.chunks(PAGE) {
            for anomaly in self.store.anomalies_by_ids(project_id, some)? {
                known.insert(AnomalyKey::of(&anomaly), anomaly.id);
            }
        }
        Ok(known)
    }
}

fn follow(ongoing: &mut BTreeMap<AnomalyKey, Anomaly>, seen: Observation) {
    for anomaly in seen.anomalies {
        ongoing.insert(AnomalyKey::of(&anomaly), anomaly);
    }
    for end in seen.ended {
        ongoing.remove(&end.key);
    }
}
