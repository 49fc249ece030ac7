//! Which anomalies belong to one incident.

#[cfg(test)]
mod tests;

use domain::{Anomaly, IncidentId, NANOS_PER_MINUTE, TemplateId, format_duration};

use crate::topology::Topology;

/// What is asked about an open incident.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentSketch {
    /// Which one.
    pub id: IncidentId,
    /// When its first symptom began, unix nanoseconds UTC.
    pub started_at_ns: i64,
    /// When its latest symptom was seen, unix nanoseconds UTC.
    pub last_symptom_at_ns: i64,
    /// Its services.
    pub services: Vec<String>,
    /// Its templates.
    pub template_ids: Vec<TemplateId>,
    /// Trace ids of its records, as many as are at hand.
    pub trace_ids: Vec<String>,
}

/// Settings and knowledge around a decision.
pub struct CorrelateContext<'a> {
    /// Who calls whom.
    pub topology: &'a Topology,
    /// Cosine similarity of two templates, 0 when unknown.
    pub similarity: &'a dyn Fn(TemplateId, TemplateId) -> f64,
    /// Trace ids of the anomaly's records, as many as are at hand.
    pub trace_ids: &'a [String],
    /// How far apart in time two symptoms of one incident may be, in minutes.
    pub window_minutes: i64,
    /// The score from which an anomaly opens an incident of its own.
    pub open_score: f64,
}

impl<'a> CorrelateContext<'a> {
    /// 30 minutes, score 0.5, no traces and no similarities.
    #[must_use]
    pub fn new(topology: &'a Topology) -> Self {
        Self {
            topology,
            similarity: &|_, _| 0.0,
            trace_ids: &[],
            window_minutes: 30,
            open_score: 0.5,
        }
    }
}

/// Where an anomaly goes.
#[derive(Debug, Clone, PartialEq)]
pub enum JoinDecision {
    /// Into an open incident.
    Join {
        /// Which one.
        incident_id: IncidentId,
        /// 0 to 1.
        strength: f64,
        /// Why, in a few words.
        reason: String,
    },
    /// Into an incident of its own.
    Open {
        /// Why, in a few words.
        reason: String,
    },
    /// Nowhere yet: too weak for an incident and near no open one. It stays on record.
    Hold {
        /// Why, in a few words.
        reason: String,
    },
}

/// Strength from which an anomaly joins.
const JOIN_STRENGTH: f64 = 0.4;
/// Symptoms that begin within this many minutes of the incident began together.
const TOGETHER_MINUTES: f64 = 2.0;

/// Decides whether an anomaly belongs to one of the open incidents, opens one, or neither. The
/// strongest tie counts; of equal ones the incident that started last.
#[must_use]
pub fn correlate(
    open: &[IncidentSketch],
    anomaly: &Anomaly,
    context: &CorrelateContext,
) -> JoinDecision {
    let best = open
        .iter()
        .filter_map(|incident| {
            let (tie, why) = tie(incident, anomaly, context)?;
            let (near, when) = nearness(incident, anomaly, context.window_minutes)?;
            Some((tie * near, format!("{why}, {when}"), incident))
        })
        .max_by(|a, b| {
            a.0.total_cmp(&b.0)
                .then(a.2.started_at_ns.cmp(&b.2.started_at_ns))
        });
    match best {
        Some((strength, reason, incident)) if strength >= JOIN_STRENGTH => JoinDecision::Join {
            incident_id: incident.id,
            strength,
            reason,
        },
        _ if anomaly.score >= context.open_score => JoinDecision::Open {
            reason: "no open incident is near it".to_owned(),
        },
        _ => JoinDecision::Hold {
            reason: format!(
                "score {:.2} is below {:.2} and no open incident is near it",
                anomaly.score, context.open_score
            ),
        },
    }
}

/// Two open incidents that an anomaly shows to be one.
#[derive(Debug, Clone, PartialEq)]
pub struct Bridge {
    /// The one that began later and ends.
    pub from: IncidentId,
    /// The one that goes on.
    pub into: IncidentId,
    /// Why, in a few words.
    pub reason: String,
}

/// Strength with which an anomaly must tie both.
const BRIDGE_STRENGTH: f64 = 0.6;
/// Incidents that began further apart than this are two, however close what follows is.
const BRIDGE_MINUTES: i64 = 15;

/// Whether an anomaly that joins one incident ties another one to it: both must be close to it (a trace, a pattern, the
/// service or one that it calls), and they must have begun together.
#[must_use]
pub fn bridge(
    open: &[IncidentSketch],
    anomaly: &Anomaly,
    joined: IncidentId,
    context: &CorrelateContext,
) -> Option<Bridge> {
    let strength = |incident: &IncidentSketch| {
        let (tie, why) = tie(incident, anomaly, context)?;
        let (near, _) = nearness(incident, anomaly, context.window_minutes)?;
        (tie * near >= BRIDGE_STRENGTH).then_some((tie * near, why))
    };
    // Without a service it touches everybody and ties nobody.
    anomaly.service.as_ref()?;
    let own = open.iter().find(|incident| incident.id == joined)?;
    strength(own)?;
    let together = |other: &IncidentSketch| {
        let apart = own.started_at_ns.saturating_sub(other.started_at_ns);
        apart.unsigned_abs() <= BRIDGE_MINUTES.unsigned_abs() * NANOS_PER_MINUTE.unsigned_abs()
    };
    let (other, why) = open
        .iter()
        .filter(|other| other.id != joined && !other.services.is_empty() && together(other))
        .filter_map(|other| Some((other, strength(other)?)))
        .max_by(|a, b| a.1.0.total_cmp(&b.1.0).then(a.0.id.cmp(&b.0.id)))
        .map(|(other, (_, why))| (other, why))?;
    let is_first = (own.started_at_ns, own.id) <= (other.started_at_ns, other.id);
    let (into, from) = if is_first {
        (own.id, other.id)
    } else {
        (other.id, own.id)
    };
    Some(Bridge {
        from,
        into,
        reason: format!(
            "{} ties both: {why}",
            anomaly.service.as_deref().unwrap_or("a symptom")
        ),
    })
}

/// How near in time, 0.5 to 1, and in words; `None` when too far apart.
fn nearness(incident: &IncidentSketch, anomaly: &Anomaly, window: i64) -> Option<(f64, String)> {
    let before = incident.started_at_ns.saturating_sub(anomaly.started_at_ns);
    let after = anomaly
        .started_at_ns
        .saturating_sub(incident.last_symptom_at_ns);
    let gap = before.max(after).max(0);
    let window = window.max(1).saturating_mul(NANOS_PER_MINUTE);
    if gap > window {
        return None;
    }
    let words = if gap == 0 {
        "while it lasted".to_owned()
    } else if gap == before {
        format!("{} before it", format_duration(gap))
    } else {
        format!("{} after its last symptom", format_duration(gap))
    };
    Some((1.0 - 0.5 * gap as f64 / window as f64, words))
}

/// What ties an anomaly to an incident, 0 to 1, and in words.
fn tie(
    incident: &IncidentSketch,
    anomaly: &Anomaly,
    context: &CorrelateContext,
) -> Option<(f64, String)> {
    let shares_trace = context
        .trace_ids
        .iter()
        .any(|t| incident.trace_ids.contains(t));
    if shares_trace {
        return Some((1.0, "a trace runs through both".to_owned()));
    }
    if let Some(id) = anomaly.template_id
        && incident.template_ids.contains(&id)
    {
        return Some((1.0, "the same pattern".to_owned()));
    }
    let Some(service) = &anomaly.service else {
        // A silent project touches everybody.
        return Some((0.8, "it concerns every service".to_owned()));
    };
    if incident.services.is_empty() {
        return Some((0.8, "the incident concerns every service".to_owned()));
    }
    if incident.services.contains(service) {
        return Some((0.9, format!("the same service {service}")));
    }
    let next = incident
        .services
        .iter()
        .find(|s| context.topology.are_neighbours(s, service));
    if let Some(next) = next {
        return Some((0.75, format!("{service} and {next} call each other")));
    }
    let alike = anomaly.template_id.is_some_and(|id| {
        incident
            .template_ids
            .iter()
            .any(|other| (context.similarity)(id, *other) >= 0.8)
    });
    if alike {
        return Some((0.65, "a pattern that means nearly the same".to_owned()));
    }
    let common = incident
        .services
        .iter()
        .find(|s| context.topology.share_a_neighbour(s, service));
    if let Some(common) = common {
        return Some((0.5, format!("{service} and {common} share a neighbour")));
    }
    let apart = (anomaly.started_at_ns.saturating_sub(incident.started_at_ns)).unsigned_abs();
    let together = apart as f64 <= TOGETHER_MINUTES * NANOS_PER_MINUTE as f64;
    (together && anomaly.score >= context.open_score)
        .then(|| (0.45, "it began at the same time".to_owned()))
}
