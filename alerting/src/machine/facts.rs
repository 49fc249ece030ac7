//! The name and value pairs of a message: what is known without any model.

use domain::{IncidentId, NotificationKind, format_duration};

use super::turn::Turn;

/// Alerts and anomalies named in one message.
const MAX_REASONS: usize = 3;
const MAX_FACTS: usize = 12;
const MAX_SERVICES: usize = 5;

pub(crate) fn of(turn: &Turn<'_>, id: IncidentId, kind: NotificationKind) -> Vec<(String, String)> {
    let Some(tracked) = turn.state.incidents.get(&id) else {
        return Vec::new();
    };
    let incident = &tracked.incident;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    match kind {
        NotificationKind::Acknowledged => {
            fact(
                "Acknowledged by",
                incident.acknowledged_by.clone().unwrap_or_default(),
            );
        }
        NotificationKind::Resolved => {
            let by = incident
                .resolved_by
                .as_deref()
                .unwrap_or("itself, all conditions are clear");
            fact("Resolved by", by.to_owned());
            let end = incident.resolved_at_ns.unwrap_or(turn.now);
            fact(
                "Duration",
                format_duration(end.saturating_sub(incident.started_at_ns)),
            );
        }
        _ => {}
    }
    if !incident.services.is_empty() {
        let more = incident.services.len().saturating_sub(MAX_SERVICES);
        let mut text = incident
            .services
            .iter()
            .take(MAX_SERVICES)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        if more > 0 {
            text.push_str(&format!(" and {more} more"));
        }
        fact("Services", text);
    }
    let alerts = turn
        .state
        .alerts
        .values()
        .filter(|alert| alert.incident_id == Some(id));
    for alert in alerts.take(MAX_REASONS) {
        if let Some(policy) = turn.machine.policies.get(&alert.policy_id) {
            fact(&policy.name, turn.reason(policy, alert).0);
        }
    }
    let anomalies = turn
        .state
        .anomalies
        .values()
        .filter(|anomaly| anomaly.incident_id == Some(id));
    let mut anomalies: Vec<_> = anomalies.collect();
    anomalies.sort_by(|a, b| b.score.total_cmp(&a.score));
    for anomaly in anomalies.into_iter().take(MAX_REASONS) {
        fact("Anomaly", anomaly.reason.clone());
    }
    for (name, value) in tracked.runs.iter().flat_map(|run| &run.facts) {
        fact(name, value.clone());
    }
    facts.retain(|(_, value)| !value.is_empty());
    facts.truncate(MAX_FACTS);
    facts
}
