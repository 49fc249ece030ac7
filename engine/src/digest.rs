//! What a project went through in a week: numbers first, beside those of the week before.

mod load;
mod text;

use domain::{
    AnomalyKind, ChangeEvent, Incident, IncidentState, LogFilter, LogReader as _, NANOS_PER_MINUTE,
    PageRequest, ProjectId, Severity, TimeRange,
};
use jiff::tz::TimeZone;
use store::{
    AnomalyFilter, AnomalyStore as _, EventStore as _, IncidentFilter, IncidentStore as _,
};

pub use self::load::{AlertSource, OnCallLoad};
use crate::pattern_diff::PatternShift;
use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// A day.
const DAY_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;
/// Longest time of one digest.
pub const DIGEST_DAYS: u32 = 92;
/// Incidents that are read.
const INCIDENTS: usize = 1_000;
/// Incidents, patterns, services and changes that are named.
const NAMED: usize = 10;
/// Anomalies that are counted; beyond it the number is a least one.
const ANOMALIES: usize = 1_000;
/// Changes that are counted.
const CHANGES: usize = 1_000;

/// A number beside that of the time before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pair {
    /// In the time of the digest.
    pub now: u64,
    /// In as much time before.
    pub before: u64,
}

/// What a service wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLine {
    /// The service.
    pub service: String,
    /// Records.
    pub records: Pair,
    /// Those of severity error or fatal.
    pub errors: Pair,
}

/// What a project went through.
#[derive(Debug, Clone)]
pub struct Digest {
    /// The time it is about.
    pub range: TimeRange,
    /// Records.
    pub records: Pair,
    /// Records of severity error or fatal.
    pub errors: Pair,
    /// Incidents that were opened.
    pub incidents: Pair,
    /// Those of them that go on at the end.
    pub still_open: u64,
    /// Incidents that go on at the end, whenever they were opened.
    pub open_now: u64,
    /// Those of the opened ones that somebody took.
    pub taken: u64,
    /// Median time until somebody took one, nanoseconds.
    pub time_to_acknowledge_ns: Option<i64>,
    /// Median time until one ended, nanoseconds.
    pub time_to_resolve_ns: Option<i64>,
    /// The gravest and longest incidents, at most ten.
    pub worst: Vec<Incident>,
    /// What opened incidents, most first, at most ten.
    pub sources: Vec<AlertSource>,
    /// What it was for those on call.
    pub load: OnCallLoad,
    /// The services whose errors changed most, at most ten.
    pub services: Vec<ServiceLine>,
    /// Warning and error patterns that are new, vanished or changed, at most ten of them.
    pub patterns: Vec<PatternShift>,
    /// Anomalies by kind, most first.
    pub anomalies: Vec<(AnomalyKind, u64)>,
    /// How many deploys and other changes.
    pub changes: u64,
    /// The newest changes, at most ten.
    pub newest_changes: Vec<ChangeEvent>,
    /// The whole as Markdown, written by rules.
    pub markdown: String,
}

impl Engine {
    /// What a project went through in the last days, with the times of a reader's zone (an IANA name), of the house's zone
    /// when the reader says none.
    ///
    /// # Errors
    /// Fails on 0 days and more than [`DIGEST_DAYS`], on an unknown zone, and when the store cannot be read in time.
    pub async fn digest(
        &self,
        project_id: ProjectId,
        days: u32,
        time_zone: Option<&str>,
    ) -> Result<Digest, Error> {
        if days == 0 || days > DIGEST_DAYS {
            return Err(Error::BadRequest(format!(
                "days is {days}, it must lie between 1 and {DIGEST_DAYS}"
            )));
        }
        let inner = self.inner();
        let zone = inner.reader_zone(time_zone)?;
        blocking(move || inner.digest(project_id, days, &zone)).await
    }
}

impl Inner {
    /// As [`Engine::digest`]. Blocks.
    pub(crate) fn digest(
        &self,
        project_id: ProjectId,
        days: u32,
        zone: &TimeZone,
    ) -> Result<Digest, Error> {
        let length_ns = i64::from(days) * DAY_NS;
        let range = TimeRange::last(self.clock.now_ns(), length_ns);
        let earlier = TimeRange::last(range.start_ns, length_ns);
        let services = self.service_lines(project_id, earlier, range)?;
        let total = |of: fn(&ServiceLine) -> Pair| {
            services
                .iter()
                .map(of)
                .fold(Pair::default(), |sum, pair| Pair {
                    now: sum.now + pair.now,
                    before: sum.before + pair.before,
                })
        };
        let (records, errors) = (total(|line| line.records), total(|line| line.errors));
        let filter = LogFilter {
            severities: vec![Severity::Warn, Severity::Error, Severity::Fatal],
            ..LogFilter::in_range(range)
        };
        let diff = self.pattern_diff(project_id, &filter, earlier, range, NAMED)?;
        let all = self.opened_since(project_id, earlier.start_ns)?;
        let opened: Vec<Incident> = all
            .iter()
            .filter(|incident| range.contains(incident.opened_at_ns))
            .cloned()
            .collect();
        let before = all.len() - opened.len();
        let (sources, load) = self.on_call(project_id, &opened, zone)?;
        let mut changes = self.store.events(project_id, range, CHANGES)?;
        let change_count = changes.len() as u64;
        changes.truncate(NAMED);
        let mut digest = Digest {
            range,
            records,
            errors,
            incidents: Pair {
                now: opened.len() as u64,
                before: before as u64,
            },
            still_open: opened
                .iter()
                .filter(|incident| incident.resolved_at_ns.is_none())
                .count() as u64,
            open_now: self.open_now(project_id)?,
            taken: opened
                .iter()
                .filter(|incident| incident.acknowledged_at_ns.is_some())
                .count() as u64,
            time_to_acknowledge_ns: median(&opened, |incident| incident.acknowledged_at_ns),
            time_to_resolve_ns: median(&opened, |incident| incident.resolved_at_ns),
            worst: worst(opened, range.end_ns),
            sources,
            load,
            services: loudest(services),
            patterns: diff.changed,
            anomalies: self.anomaly_kinds(project_id, range)?,
            changes: change_count,
            newest_changes: changes,
            markdown: String::new(),
        };
        digest.markdown = text::written(&digest, &self.config.public_url, zone);
        Ok(digest)
    }

    fn service_lines(
        &self,
        project_id: ProjectId,
        earlier: TimeRange,
        later: TimeRange,
    ) -> Result<Vec<ServiceLine>, Error> {
        let mut lines: std::collections::BTreeMap<String, ServiceLine> =
            std::collections::BTreeMap::new();
        for (range, is_now) in [(earlier, false), (later, true)] {
            for row in self.store.services(project_id, range)? {
                let line = lines
                    .entry(row.service.clone())
                    .or_insert_with(|| ServiceLine {
                        service: row.service,
                        records: Pair::default(),
                        errors: Pair::default(),
                    });
                if is_now {
                    (line.records.now, line.errors.now) = (row.count, row.errors);
                } else {
                    (line.records.before, line.errors.before) = (row.count, row.errors);
                }
            }
        }
        Ok(lines.into_values().collect())
    }

    fn opened_since(&self, project_id: ProjectId, since_ns: i64) -> Result<Vec<Incident>, Error> {
        let page = PageRequest::first(INCIDENTS);
        let page = self
            .store
            .incidents(project_id, &IncidentFilter::default(), &page)?;
        let incidents = page.items.into_iter().map(|stored| stored.incident);
        Ok(incidents
            .filter(|incident| incident.opened_at_ns >= since_ns)
            .collect())
    }

    fn open_now(&self, project_id: ProjectId) -> Result<u64, Error> {
        let counts = self.store.incident_counts(project_id)?;
        let open = counts.iter().filter(|(state, _)| {
            matches!(state, IncidentState::Open | IncidentState::Acknowledged)
        });
        Ok(open.map(|(_, count)| count).sum())
    }

    fn anomaly_kinds(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<Vec<(AnomalyKind, u64)>, Error> {
        let page = self.store.anomalies(
            project_id,
            &AnomalyFilter::in_range(range),
            &PageRequest::first(ANOMALIES),
        )?;
        let mut kinds: Vec<(AnomalyKind, u64)> = Vec::new();
        for anomaly in page.items {
            match kinds.iter_mut().find(|(kind, _)| *kind == anomaly.kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((anomaly.kind, 1)),
            }
        }
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.as_str().cmp(b.0.as_str())));
        Ok(kinds)
    }
}

/// The middle of the times from the opening to an instant.
fn median(incidents: &[Incident], until: fn(&Incident) -> Option<i64>) -> Option<i64> {
    let mut times: Vec<i64> = incidents
        .iter()
        // What was found in the past had ended before it was opened.
        .filter_map(|incident| Some(until(incident)? - incident.opened_at_ns))
        .filter(|time_ns| *time_ns >= 0)
        .collect();
    times.sort_unstable();
    let middle = times.len() / 2;
    let upper = times.get(middle).copied()?;
    if times.len().is_multiple_of(2) {
        // Two of them are in the middle.
        let lower = times.get(middle - 1).copied()?;
        return Some(lower + (upper - lower) / 2);
    }
    Some(upper)
}

fn worst(mut incidents: Vec<Incident>, now_ns: i64) -> Vec<Incident> {
    incidents.sort_by_key(|incident| {
        let end_ns = incident.resolved_at_ns.unwrap_or(now_ns);
        (
            std::cmp::Reverse(incident.severity),
            std::cmp::Reverse(end_ns.saturating_sub(incident.started_at_ns)),
            incident.number,
        )
    });
    incidents.truncate(NAMED);
    incidents
}

fn loudest(mut services: Vec<ServiceLine>) -> Vec<ServiceLine> {
    services.retain(|line| {
        line.errors != Pair::default() || line.records.now == 0 || line.records.before == 0
    });
    services.sort_by_key(|line| {
        (
            std::cmp::Reverse(line.errors.now.abs_diff(line.errors.before)),
            std::cmp::Reverse(line.errors.now),
            line.service.clone(),
        )
    });
    services.truncate(NAMED);
    services
}

#[cfg(test)]
mod tests;
