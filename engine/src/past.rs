//! Looking for anomalies in records of the past: imported files, or a time when Vigil was not there.

use std::collections::HashMap;

use anomaly::{AnomalyKey, LogConfig, LogDetector, MixConfig, MixDetector};
use domain::{
    Anomaly, AnomalyId, Incident, IncidentId, IncidentSeverity, IncidentState, LogFilter,
    LogReader, NANOS_PER_MINUTE, ProjectId, Severity, TimeRange, TimelineEntry, TimelineKind,
};
use store::{AnomalyStore, Expected, IncidentStore, IncidentWrite, LogStore};

use crate::incidents::Wording;
use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// Minutes that one call looks at.
const MAX_MINUTES: i64 = 366 * 24 * 60;
/// A day; records that have at least one whole day (UTC) without any between them are looked at apart.
const DAY_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;
/// Anomalies that are further apart are two incidents.
const APART_NS: i64 = 30 * NANOS_PER_MINUTE;
/// Anomalies of one incident begin within this time, however closely they follow each other.
const LONGEST_NS: i64 = 6 * 60 * NANOS_PER_MINUTE;
/// Least score of an anomaly that opens an incident.
const LEAST_SCORE: f64 = 0.5;
/// Incidents that one call opens; the strongest are taken.
const MAX_INCIDENTS: usize = 20;

/// What a look at the past found.
#[derive(Debug, Clone, Default)]
pub struct PastFindings {
    /// Minutes that were looked at.
    pub minutes: usize,
    /// Anomalies, in order of time.
    pub anomalies: Vec<Anomaly>,
    /// Incidents that were opened for them, resolved at once: nobody is paged for the past.
    pub incidents: Vec<Incident>,
}

/// An anomaly of the past, which is over or lasted until the end of what was looked at.
#[derive(Debug, Clone)]
struct Past {
    anomaly: Anomaly,
    ended_at_ns: i64,
    /// Part of an incident that was opened while it lasted.
    is_known: bool,
}

impl Past {
    /// How long it speaks for an incident: what is only unusual does as long as it is news.
    fn until_ns(&self) -> i64 {
        if crate::facts::is_bad(&self.anomaly) {
            self.ended_at_ns
        } else {
            self.anomaly.detected_at_ns
        }
    }
}

impl Engine {
    /// Runs fresh detectors over stored counts and opens incidents, resolved and without messages, for
    /// what they find. Looking twice at the same time finds the same and opens nothing new; what is part of an
    /// incident already is left to it.
    ///
    /// # Errors
    /// Fails on more than a year of minutes with records and when the store fails.
    pub async fn detect_past(
        &self,
        project_id: ProjectId,
        from_ns: Option<i64>,
        to_ns: Option<i64>,
    ) -> Result<PastFindings, Error> {
        let inner = self.inner();
        let (findings, fresh) =
            blocking(move || inner.detect_past(project_id, from_ns, to_ns)).await?;
        for id in fresh {
            // The model may take its time; the answer does not wait for it.
            let inner = self.inner();
            self.inner_ref().tasks.spawn("summarise_past", async move {
                if let Err(error) = inner.summarise(project_id, id, Wording::LastTry).await {
                    tracing::warn!(%error, "a summary of the past could not be written");
                }
            });
        }
        Ok(findings)
    }
}

impl Inner {
    fn detect_past(
        &self,
        project_id: ProjectId,
        from_ns: Option<i64>,
        to_ns: Option<i64>,
    ) -> Result<(PastFindings, Vec<IncidentId>), Error> {
        let Some(bounds) = self.store.bounds(project_id)? else {
            return Ok((PastFindings::default(), Vec::new()));
        };
        let first_ns =
            domain::minute_start(from_ns.unwrap_or(bounds.start_ns).max(bounds.start_ns));
        let last_ns = domain::minute_start(to_ns.unwrap_or(bounds.end_ns).min(bounds.end_ns));
        let range = TimeRange::new(first_ns, last_ns.saturating_add(NANOS_PER_MINUTE));
        let stretches = self.stretches(project_id, range)?;
        let minutes: i64 = stretches
            .iter()
            .map(|stretch| stretch.duration_ns() / NANOS_PER_MINUTE)
            .sum();
        if minutes > MAX_MINUTES {
            return Err(Error::BadRequest(format!(
                "the range has {minutes} minutes with records, limit is {MAX_MINUTES}; give from and to"
            )));
        }
        let mut found = Vec::new();
        for stretch in stretches {
            let last_ns = stretch.end_ns - NANOS_PER_MINUTE;
            found.extend(self.observe_past(project_id, stretch.start_ns, last_ns)?);
        }
        let mut incidents = Vec::new();
        let mut fresh = Vec::new();
        for group in groups(&found) {
            let (incident, is_new) = self.open_past(project_id, &group)?;
            if is_new {
                fresh.push(incident.id);
            }
            incidents.push(incident);
        }
        let findings = PastFindings {
            minutes: usize::try_from(minutes).unwrap_or(0),
            anomalies: found.into_iter().map(|past| past.anomaly).collect(),
            incidents,
        };
        Ok((findings, fresh))
    }

    /// The parts of a range that hold records, from the first to the last minute of each: what lies years apart
    /// (files of several systems) has nothing to do with each other, and the years between are no silence.
    fn stretches(&self, project_id: ProjectId, range: TimeRange) -> Result<Vec<TimeRange>, Error> {
        let starts = |range: TimeRange, width_ns: i64| -> Result<Vec<i64>, Error> {
            let filter = LogFilter::in_range(range);
            let buckets = self.store.histogram(project_id, &filter, width_ns)?;
            Ok(buckets.iter().map(|bucket| bucket.start_ns).collect())
        };
        let mut stretches: Vec<TimeRange> = Vec::new();
        for day_ns in starts(range, DAY_NS)? {
            let day = TimeRange::new(
                day_ns.max(range.start_ns),
                day_ns.saturating_add(DAY_NS).min(range.end_ns),
            );
            match stretches.last_mut() {
                Some(last) if day.start_ns <= last.end_ns => last.end_ns = day.end_ns,
                _ => stretches.push(day),
            }
        }
        for stretch in &mut stretches {
            let head = TimeRange::new(
                stretch.start_ns,
                stretch.end_ns.min(stretch.start_ns + DAY_NS),
            );
            let tail = TimeRange::new(
                stretch.start_ns.max(stretch.end_ns - DAY_NS),
                stretch.end_ns,
            );
            let first = starts(head, NANOS_PER_MINUTE)?.first().copied();
            let last = starts(tail, NANOS_PER_MINUTE)?.last().copied();
            *stretch = TimeRange::new(
                first.unwrap_or(stretch.start_ns).max(range.start_ns),
                last.map_or(stretch.end_ns, |at_ns| at_ns + NANOS_PER_MINUTE),
            );
        }
        Ok(stretches)
    }

    fn observe_past(
        &self,
        project_id: ProjectId,
        first_ns: i64,
        last_ns: i64,
    ) -> Result<Vec<Past>, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut log = LogDetector::new(project_id, LogConfig::default());
        let mut mix = MixDetector::new(project_id, MixConfig::default());
        let mut anomalies: Vec<Anomaly> = Vec::new();
        let mut ends: Vec<Option<i64>> = Vec::new();
        let mut open: HashMap<AnomalyKey, usize> = HashMap::new();
        self.each_minute(project_id, first_ns, last_ns, |minute_ns, cells| {
            for seen in [
                log.observe_minute(minute_ns, cells, dictionary.as_ref()),
                mix.observe_minute(minute_ns, cells, dictionary.as_ref()),
            ] {
                for anomaly in seen.anomalies {
                    open.insert(AnomalyKey::of(&anomaly), anomalies.len());
                    anomalies.push(anomaly);
                    ends.push(None);
                }
                for end in seen.ended {
                    if let Some(index) = open.remove(&end.key) {
                        ends[index] = Some(end.ended_at_ns);
                    }
                }
            }
            Ok(())
        })?;
        for anomaly in &mut anomalies {
            anomaly.project_id = project_id;
            anomaly.id = AnomalyId(uuid::Uuid::now_v7());
        }
        let recorded = self.store.record_anomalies(project_id, &anomalies)?;
        Ok(anomalies
            .into_iter()
            .zip(ends)
            .zip(recorded)
            .map(|((anomaly, end), recorded)| Past {
                ended_at_ns: end
                    .unwrap_or(last_ns + NANOS_PER_MINUTE)
                    .max(anomaly.detected_at_ns),
                is_known: recorded.incident_id.is_some(),
                anomaly: Anomaly {
                    id: recorded.id,
                    ..anomaly
                },
            })
            .collect())
    }

    fn open_past(&self, project_id: ProjectId, group: &[&Past]) -> Result<(Incident, bool), Error> {
        let ended_at_ns = group.iter().map(|past| past.until_ns()).max().unwrap_or(0);
        let group: Vec<&Anomaly> = group.iter().map(|past| &past.anomaly).collect();
        let strongest = group
            .iter()
            .max_by(|a, b| weight(a).total_cmp(&weight(b)))
            .ok_or_else(|| Error::Internal("a group without anomalies".into()))?;
        let started_at_ns = group.iter().map(|a| a.started_at_ns).min().unwrap_or(0);
        let dedup_key = format!("past:{:?}:{started_at_ns}", AnomalyKey::of(strongest));
        // Derived from what was found, so that a second look meets the incident of the first.
        let digest =
            |salt: u8| patterns::template_id(&format!("{salt}:{project_id}:{dedup_key}")).0;
        let mut tail = [0; 10];
        tail[..8].copy_from_slice(&digest(1).to_be_bytes());
        tail[8..].copy_from_slice(&digest(2).to_be_bytes()[..2]);
        let id = IncidentId::from_parts(started_at_ns, tail);
        if let Some(known) = self.store.incident(project_id, id)? {
            return Ok((known.incident, false));
        }
        let now_ns = self.clock.now_ns();
        let mut services: Vec<String> = group.iter().filter_map(|a| a.service.clone()).collect();
        services.sort();
        services.dedup();
        let mut template_ids: Vec<_> = group.iter().filter_map(|a| a.template_id).collect();
        template_ids.sort();
        template_ids.dedup();
        let severity = if group
            .iter()
            .any(|a| a.severity >= Severity::Error || crate::facts::is_silence(a))
        {
            IncidentSeverity::Error
        } else {
            IncidentSeverity::Warning
        };
        let incident = Incident {
            id,
            project_id,
            number: 0,
            state: IncidentState::Resolved,
            severity,
            title: strongest.reason.clone(),
            dedup_key,
            policy: None,
            services,
            anomaly_ids: group.iter().map(|a| a.id).collect(),
            template_ids,
            started_at_ns,
            opened_at_ns: now_ns,
            updated_at_ns: now_ns,
            acknowledged_at_ns: None,
            acknowledged_by: None,
            resolved_at_ns: Some(ended_at_ns),
            resolved_by: Some("found in the past".into()),
            summary: None,
        };
        let mut lines: Vec<TimelineEntry> = group
            .iter()
            .map(|anomaly| TimelineEntry {
                at_ns: anomaly.detected_at_ns,
                kind: TimelineKind::Anomaly,
                text: anomaly.reason.clone(),
                actor: None,
            })
            .collect();
        lines.truncate(50);
        let written = self.store.write_incident(
            &IncidentWrite {
                incident: incident.clone(),
                expected: Expected::Absent,
            },
            &lines,
        )?;
        let mut incident = incident;
        incident.number = written.number;
        Ok((incident, true))
    }
}

fn weight(anomaly: &Anomaly) -> f64 {
    anomaly.score
        + if crate::facts::is_bad(anomaly) {
            1.0
        } else {
            0.0
        }
}

/// Anomalies close in time are one incident; the strongest groups are kept, in order of time.
fn groups(found: &[Past]) -> Vec<Vec<&Past>> {
    let mut sorted: Vec<&Past> = found.iter().collect();
    sorted.sort_by_key(|past| past.anomaly.started_at_ns);
    let mut groups: Vec<Vec<&Past>> = Vec::new();
    let mut until_ns = i64::MIN;
    for past in sorted {
        let started_at_ns = past.anomaly.started_at_ns;
        match groups.last_mut() {
            Some(group)
                if started_at_ns.saturating_sub(until_ns) <= APART_NS
                    && started_at_ns - group[0].anomaly.started_at_ns <= LONGEST_NS =>
            {
                until_ns = until_ns.max(past.until_ns());
                group.push(past);
            }
            _ => {
                until_ns = past.until_ns();
                groups.push(vec![past]);
            }
        }
    }
    let is_worth = |group: &Vec<&Past>| {
        group
            .iter()
            .any(|past| past.anomaly.score >= LEAST_SCORE && crate::facts::is_bad(&past.anomaly))
    };
    groups.retain(is_worth);
    let strength = |group: &[&Past]| group.iter().map(|past| weight(&past.anomaly)).sum::<f64>();
    groups.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    groups.truncate(MAX_INCIDENTS);
    // What is part of an incident already is left to it; it has taken its place among the strongest, so that a second
    // look does not bring up the weaker ones.
    for group in &mut groups {
        group.retain(|past| !past.is_known);
    }
    groups.retain(is_worth);
    groups.sort_by_key(|group| group[0].anomaly.started_at_ns);
    groups
}

#[cfg(test)]
mod tests;
