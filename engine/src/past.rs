//! Looking for anomalies in records of the past: imported files, or a time when Vigil was not there.

use anomaly::{AnomalyKey, LogConfig, LogDetector, MixConfig, MixDetector};
use domain::{
    Anomaly, AnomalyId, Incident, IncidentId, IncidentSeverity, IncidentState, NANOS_PER_MINUTE,
    ProjectId, Severity, TimelineEntry, TimelineKind,
};
use store::{AnomalyStore, Expected, IncidentStore, IncidentWrite, LogStore};

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// Minutes that one call looks at.
const MAX_MINUTES: i64 = 366 * 24 * 60;
/// Anomalies that are further apart are two incidents.
const APART_NS: i64 = 30 * NANOS_PER_MINUTE;
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

impl Engine {
    /// Runs fresh detectors over stored counts and opens incidents, resolved and without messages, for
    /// what they find. Looking twice at the same time finds the same and opens nothing new.
    ///
    /// # Errors
    /// Fails on a range beyond a year of minutes and when the store fails.
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
                if let Err(error) = inner.summarise(project_id, id).await {
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
        let minutes = (last_ns - first_ns) / NANOS_PER_MINUTE + 1;
        if minutes > MAX_MINUTES {
            return Err(Error::BadRequest(format!(
                "the range has {minutes} minutes, limit is {MAX_MINUTES}; give from and to"
            )));
        }
        let anomalies = self.observe_past(project_id, first_ns, last_ns)?;
        let mut incidents = Vec::new();
        let mut fresh = Vec::new();
        for group in groups(&anomalies) {
            let (incident, is_new) = self.open_past(project_id, &group)?;
            if is_new {
                fresh.push(incident.id);
            }
            incidents.push(incident);
        }
        let findings = PastFindings {
            minutes: usize::try_from(minutes).unwrap_or(0),
            anomalies,
            incidents,
        };
        Ok((findings, fresh))
    }

    fn observe_past(
        &self,
        project_id: ProjectId,
        first_ns: i64,
        last_ns: i64,
    ) -> Result<Vec<Anomaly>, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut log = LogDetector::new(project_id, LogConfig::default());
        let mut mix = MixDetector::new(project_id, MixConfig::default());
        let mut anomalies = Vec::new();
        self.each_minute(project_id, first_ns, last_ns, |minute_ns, cells| {
            anomalies.extend(
                log.observe_minute(minute_ns, cells, dictionary.as_ref())
                    .anomalies,
            );
            anomalies.extend(
                mix.observe_minute(minute_ns, cells, dictionary.as_ref())
                    .anomalies,
            );
            Ok(())
        })?;
        for anomaly in &mut anomalies {
            anomaly.project_id = project_id;
            anomaly.id = AnomalyId(uuid::Uuid::now_v7());
        }
        let recorded = self.store.record_anomalies(project_id, &anomalies)?;
        for (anomaly, recorded) in anomalies.iter_mut().zip(recorded) {
            anomaly.id = recorded.id;
        }
        Ok(anomalies)
    }

    fn open_past(
        &self,
        project_id: ProjectId,
        group: &[&Anomaly],
    ) -> Result<(Incident, bool), Error> {
        let strongest = group
            .iter()
            .max_by(|a, b| weight(a).total_cmp(&weight(b)))
            .ok_or_else(|| Error::Internal("a group without anomalies".into()))?;
        let started_at_ns = group.iter().map(|a| a.started_at_ns).min().unwrap_or(0);
        let ended_at_ns = group.iter().map(|a| a.detected_at_ns).max().unwrap_or(0);
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
        let severity = if group.iter().any(|a| a.severity >= Severity::Error) {
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
            resolved_at_ns: Some(ended_at_ns + NANOS_PER_MINUTE),
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
fn groups(anomalies: &[Anomaly]) -> Vec<Vec<&Anomaly>> {
    let mut sorted: Vec<&Anomaly> = anomalies.iter().collect();
    sorted.sort_by_key(|anomaly| anomaly.started_at_ns);
    let mut groups: Vec<Vec<&Anomaly>> = Vec::new();
    for anomaly in sorted {
        match groups.last_mut() {
            Some(group)
                if group.last().is_some_and(|last| {
                    anomaly.started_at_ns - last.detected_at_ns <= APART_NS
                }) =>
            {
                group.push(anomaly);
            }
            _ => groups.push(vec![anomaly]),
        }
    }
    groups.retain(|group| {
        group
            .iter()
            .any(|anomaly| anomaly.score >= LEAST_SCORE && crate::facts::is_bad(anomaly))
    });
    let strength = |group: &[&Anomaly]| group.iter().map(|anomaly| weight(anomaly)).sum::<f64>();
    groups.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    groups.truncate(MAX_INCIDENTS);
    groups.sort_by_key(|group| group[0].started_at_ns);
    groups
}
