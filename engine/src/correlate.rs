//! Open incidents as correlation looks at them.

use anomaly::IncidentSketch;

use crate::alerts::Current;

/// One sketch for each.
pub(crate) fn sketches(incidents: &[Current]) -> Vec<IncidentSketch> {
    incidents
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
        .collect()
}
