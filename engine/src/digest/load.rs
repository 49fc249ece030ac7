//! What the alerts of a time were for those on call: where they came from, how many nobody needed, and when they came.

use std::collections::BTreeMap;

use domain::{Incident, ProjectId, TimelineKind};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use store::IncidentStore as _;

use super::NAMED;
use crate::{Error, Inner};

/// Incidents whose messages are counted, the newest ones.
const READ: usize = 200;
/// Hours of the night, in the zone of the reader: from 22:00 to 07:00.
const EVENING: i8 = 22;
const MORNING: i8 = 7;

/// What opened incidents: a policy, or anomalies of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertSource {
    /// The policy, or `anomalies of checkout`.
    pub name: String,
    /// Incidents that it opened.
    pub incidents: u64,
    /// Those that somebody took.
    pub taken: u64,
    /// Those that ended without anybody taking them: what is noise, if anything is.
    pub unneeded: u64,
    /// Messages about them that arrived.
    pub messages: u64,
}

/// What a time was for those on call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OnCallLoad {
    /// Messages that arrived.
    pub messages: u64,
    /// Messages that did not.
    pub failed: u64,
    /// How often an incident was passed on because nobody took it in time.
    pub escalations: u64,
    /// Incidents that were opened between 22:00 and 07:00.
    pub at_night: u64,
    /// Incidents that were opened on a Saturday or Sunday.
    pub at_weekend: u64,
    /// Incidents that ended without anybody taking them.
    pub unneeded: u64,
    /// Who took how many incidents, most first.
    pub taken_by: Vec<(String, u64)>,
    /// Of more incidents than are read the messages of the newest are counted only.
    pub is_cut: bool,
}

impl Inner {
    /// Of incidents, the newest first. Blocks.
    pub(super) fn on_call(
        &self,
        project_id: ProjectId,
        opened: &[Incident],
        zone: &TimeZone,
    ) -> Result<(Vec<AlertSource>, OnCallLoad), Error> {
        let mut sources: BTreeMap<String, AlertSource> = BTreeMap::new();
        let mut takers: BTreeMap<&str, u64> = BTreeMap::new();
        let mut load = OnCallLoad {
            is_cut: opened.len() > READ,
            ..OnCallLoad::default()
        };
        for (at, incident) in opened.iter().enumerate() {
            let name = source_of(incident);
            let source = sources.entry(name.clone()).or_insert_with(|| AlertSource {
                name,
                ..AlertSource::default()
            });
            let is_taken = incident.acknowledged_at_ns.is_some();
            source.incidents += 1;
            source.taken += u64::from(is_taken);
            let is_unneeded = u64::from(ended_alone(incident));
            source.unneeded += is_unneeded;
            load.unneeded += is_unneeded;
            if let Some(by) = incident.acknowledged_by.as_deref() {
                *takers.entry(by).or_default() += 1;
            }
            if !was_past(incident) {
                let (is_night, is_weekend) = hours(incident.opened_at_ns, zone);
                load.at_night += u64::from(is_night);
                load.at_weekend += u64::from(is_weekend);
            }
            if at >= READ {
                continue;
            }
            for line in self.store.timeline(project_id, incident.id)? {
                match line.kind {
                    TimelineKind::Notified => {
                        load.messages += 1;
                        source.messages += 1;
                    }
                    TimelineKind::NotifyFailed => load.failed += 1,
                    TimelineKind::Escalated => load.escalations += 1,
                    _ => {}
                }
            }
        }
        load.taken_by = takers
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect();
        load.taken_by
            .sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut sources: Vec<AlertSource> = sources.into_values().collect();
        sources.sort_by(|a, b| {
            let key = |source: &AlertSource| (source.incidents, source.unneeded, source.messages);
            key(b).cmp(&key(a)).then_with(|| a.name.cmp(&b.name))
        });
        sources.truncate(NAMED);
        Ok((sources, load))
    }
}

fn source_of(incident: &Incident) -> String {
    let policy = incident.policy.as_deref();
    match policy.filter(|name| *name != alerting::DEFAULT_POLICY) {
        Some(name) => format!("policy {name}"),
        None => match incident.services.first() {
            Some(service) => format!("anomalies of {service}"),
            None => "anomalies of no service".to_owned(),
        },
    }
}

/// Nobody took it and nobody ended it: it went as it had come.
fn ended_alone(incident: &Incident) -> bool {
    incident.resolved_at_ns.is_some()
        && incident.acknowledged_at_ns.is_none()
        && incident.resolved_by.is_none()
}

/// It had ended before it was looked for: nobody was called for it.
fn was_past(incident: &Incident) -> bool {
    let end_ns = incident.resolved_at_ns;
    end_ns.is_some_and(|end_ns| end_ns < incident.opened_at_ns)
}

/// Whether an instant lies in the night, and on a weekend.
fn hours(at_ns: i64, zone: &TimeZone) -> (bool, bool) {
    let Ok(at) = Timestamp::from_nanosecond(i128::from(at_ns)) else {
        return (false, false);
    };
    let local = at.to_zoned(zone.clone());
    let is_night = local.hour() >= EVENING || local.hour() < MORNING;
    let is_weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
    (is_night, is_weekend)
}
