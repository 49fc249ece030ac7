//! Which open incident an anomaly belongs to.

use anomaly::{CorrelateContext, IncidentSketch, JoinDecision, Topology};
use domain::{Anomaly, IncidentId};

use crate::alerts::Current;

/// The incident that the anomaly joins, if any; opening one is the alerting machine's decision.
pub(crate) fn join(
    incidents: &[Current],
    anomaly: &Anomaly,
    topology: &Topology,
) -> Option<IncidentId> {
    let sketches: Vec<IncidentSketch> = incidents
        .iter()
        .map(
            |Current {
                 incident,
                 last_symptom_at_ns,
             }| IncidentSketch {
                id: incident.id,
                started_at_ns: incident.started_at_ns,
                last_symptom_at_ns: *last_symptom_at_ns,
                services: incident.services.clone(),
                template_ids: incident.template_ids.clone(),
                trace_ids: Vec::new(),
            },
        )
        .collect();
    match anomaly::correlate(&sketches, anomaly, &CorrelateContext::new(topology)) {
        JoinDecision::Join { incident_id, .. } => Some(incident_id),
        _ => None,
    }
}
