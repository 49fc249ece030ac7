//! The session detector: does a trace, request, job or block go the way such things go?

mod calibration;
mod key;
mod merging;
mod model;
mod open;
mod order;
mod service;
mod shape;
mod verdict;
mod words;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use domain::{NANOS_PER_MINUTE, NANOS_PER_SECOND, ProjectId, RecordId, Severity, TemplateId};

pub use key::session_key;
pub use model::{SessionModel, SessionModelConfig};
pub use verdict::{Part as SessionPart, SessionVerdict};

use crate::log::TemplateInfo;
use crate::observation::{Observation, OpenAnomaly};
use open::OpenSessions;
use service::Service;

/// Limits of [`SessionDetector`].
#[derive(Debug, Clone, PartialEq)]
pub struct SessionConfig {
    /// Limits of what is known of one service's sessions: up to 1 MiB each.
    pub model: SessionModelConfig,
    /// Services that are watched; sessions that begin in others are not.
    pub max_services: usize,
    /// Sessions that go on; records of further ones are not watched.
    pub max_open_sessions: usize,
    /// Their records, 40 bytes each.
    pub max_open_records: usize,
    /// Records of one session; later ones are not watched.
    pub max_records: usize,
    /// Bytes of a session's id; the rest is not looked at.
    pub max_key_bytes: usize,
    /// A session is over when no record came for so long...
    pub idle_ns: i64,
    /// ...or when it lasts so long.
    pub longest_ns: i64,
    /// Minutes whose sessions are looked at together.
    pub window_minutes: usize,
    /// Unusual sessions in a window that make an anomaly, at the least.
    pub min_unusual: u32,
    /// The chance of so many, as `-log10`, that makes an anomaly: 6 is one false alarm in a service and two years of
    /// minutes, if sessions are independent.
    pub min_surprise: f64,
    /// Calm minutes after which an anomaly is over.
    pub calm_minutes: u32,
    /// What lasts so long is normal now.
    pub adopt_minutes: i64,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            model: SessionModelConfig::default(),
            max_services: 50,
            max_open_sessions: 20_000,
            max_open_records: 400_000,
            max_records: 512,
            max_key_bytes: 96,
            idle_ns: 60 * NANOS_PER_SECOND,
            longest_ns: 15 * NANOS_PER_MINUTE,
            window_minutes: 5,
            min_unusual: 3,
            min_surprise: 6.0,
            calm_minutes: 5,
            adopt_minutes: 180,
        }
    }
}

/// A record as a part of a session.
#[derive(Debug, Clone, Copy)]
pub struct SessionEvent<'record> {
    /// The id of the session, see [`session_key`].
    pub key: &'record str,
    /// The service that wrote it. A session belongs to the service of its first record.
    pub service: &'record str,
    /// Its pattern.
    pub template_id: TemplateId,
    /// How bad it is.
    pub severity: Severity,
    /// When it was written, unix nanoseconds UTC.
    pub at_ns: i64,
    /// Its id, for the evidence.
    pub record_id: RecordId,
}

/// Watches the sessions of one project. What is usual is learnt service by service; a session that is unusual
/// ([`SessionModel`]) is counted, and more of them in five minutes than chance and the service's own past explain are
/// an anomaly. One session alone makes an anomaly only when it is unlike anything, and then with a score below 0.5.
///
/// Feed it records with [`SessionDetector::observe`] as they come and end every minute with
/// [`SessionDetector::end_minute`]; data time is the only time it knows. The same records in the same minutes give
/// the same anomalies.
#[derive(Debug, Clone)]
pub struct SessionDetector {
    project_id: ProjectId,
    config: SessionConfig,
    open: OpenSessions,
    services: BTreeMap<Box<str>, Service>,
    last_minute: Option<i64>,
    /// Records were missed since the last minute ended.
    has_gap: bool,
    /// Sessions that were first seen before this may have begun in a gap.
    whole_from_ns: i64,
}

impl SessionDetector {
    /// A detector that knows nothing yet.
    #[must_use]
    pub fn new(project_id: ProjectId, config: SessionConfig) -> Self {
        Self {
            project_id,
            config,
            open: OpenSessions::default(),
            services: BTreeMap::new(),
            last_minute: None,
            has_gap: true,
            whole_from_ns: i64::MIN,
        }
    }

    /// Takes a record.
    pub fn observe(&mut self, event: &SessionEvent<'_>) {
        self.open.add(event, &self.config);
    }

    /// Forgets the sessions that go on, but those whose ids are kept: for when records were missed, or when only a
    /// part of all sessions is shown from now on. Sessions that are first seen just afterwards may lack their beginning:
    /// they are neither judged nor learnt.
    pub fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.has_gap = true;
        self.open.keep(is_kept);
    }

    /// Says that all records up to the end of a minute were observed: judges the sessions that are over then, and
    /// learns from those that are not unusual. Minutes that are not after the last one are ignored.
    pub fn end_minute(&mut self, minute_ns: i64, info: &dyn TemplateInfo) -> Observation {
        let minute = minute_ns.div_euclid(NANOS_PER_MINUTE);
        let mut seen = Observation::default();
        if self.last_minute.is_some_and(|last| minute <= last) {
            return seen;
        }
        let now_ns = (minute + 1).saturating_mul(NANOS_PER_MINUTE);
        let is_next = self.last_minute.is_some_and(|last| minute == last + 1);
        if std::mem::take(&mut self.has_gap) || !is_next {
            // What went on in the gap writes again before it would be over.
            self.whole_from_ns = now_ns.saturating_add(self.config.idle_ns);
        }
        self.last_minute = Some(minute);
        for service in self.services.values_mut() {
            service.begin(minute, info, &self.config);
        }
        for session in self.open.take_ended(now_ns, &self.config) {
            let is_known = self.services.contains_key(&session.service);
            let is_whole = session.started_at_ns() >= self.whole_from_ns;
            if !is_whole || !is_known && self.services.len() >= self.config.max_services {
                seen.unwatched += session.templates().len() as u64;
                continue;
            }
            let service = self
                .services
                .entry(session.service.clone())
                .or_insert_with(|| Service::new(minute, &self.config));
            service.take(session, info);
        }
        seen.unwatched += self.open.take_unwatched();
        for (name, service) in &mut self.services {
            let found = service.judge(self.project_id, minute, name, info, &self.config);
            seen.anomalies.extend(found.anomaly);
            seen.ended.extend(found.ended);
        }
        seen.anomalies.sort_by(|a, b| b.score.total_cmp(&a.score));
        seen
    }

    /// The anomalies that go on, in order of service.
    #[must_use]
    pub fn open(&self) -> Vec<OpenAnomaly> {
        self.services
            .iter()
            .filter_map(|(name, service)| service.open_anomaly(name))
            .collect()
    }

    /// Sessions that go on now; at most [`SessionConfig::max_open_sessions`].
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        self.open.len()
    }
}
