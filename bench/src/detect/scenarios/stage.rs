//! A story as the server would see it, minute by minute: its patterns, and what the detectors find unusual.

use std::collections::{BTreeMap, HashMap};

use anomaly::{LogConfig, LogDetector, MetricConfig, MetricDetector, Slice, Topology};
use domain::{
    Anomaly, ChangeEvent, ChangeKind, EventId, MetricKind, MetricPoint, NANOS_PER_MINUTE,
    ProjectId, RollupCell, Severity, Template, TemplateId,
};

use super::super::scenario::{Minute, Story};

/// When every story begins: a minute in 2026.
pub const BEGIN_NS: i64 = 29_600_000 * NANOS_PER_MINUTE;
/// Minutes of a slice of calls.
pub const SLICE: usize = 5;
/// Slices of calls that are usual.
pub const USUAL: usize = 12;

/// The beginning of a minute, unix nanoseconds UTC.
pub fn ns(at: usize) -> i64 {
    BEGIN_NS + at as i64 * NANOS_PER_MINUTE
}

fn project() -> ProjectId {
    ProjectId::from_parts(0, [0; 10])
}

/// What a word of a story means; `info` otherwise.
pub fn severity(word: &str) -> Severity {
    Severity::from_word(word).unwrap_or(Severity::Info)
}

/// Feeds one story to the detectors, and keeps what was seen.
pub struct Stage<'a> {
    pub story: &'a Story,
    logs: LogDetector,
    metrics: MetricDetector,
    pub templates: HashMap<TemplateId, Template>,
    pub ids: HashMap<&'a str, TemplateId>,
    pub anomalies: Vec<Anomaly>,
    pub changes: Vec<ChangeEvent>,
}

impl<'a> Stage<'a> {
    pub fn new(story: &'a Story) -> Self {
        Self {
            story,
            logs: LogDetector::new(project(), LogConfig::default()),
            metrics: MetricDetector::new(project(), MetricConfig::default()),
            templates: HashMap::new(),
            ids: HashMap::new(),
            anomalies: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// The next minute; the counts of its patterns.
    pub fn see(&mut self, at: usize) -> Vec<RollupCell> {
        let minute = &self.story.minutes[at];
        let minute_ns = ns(at);
        let mut cells = Vec::new();
        for lines in &minute.lines {
            let next = TemplateId(self.ids.len() as u64 + 1);
            let id = *self.ids.entry(&lines.template).or_insert(next);
            let severity = severity(lines.severity);
            let template = self.templates.entry(id).or_insert_with(|| Template {
                id,
                project_id: project(),
                text: lines.template.clone(),
                example: lines.example.clone(),
                first_seen_ns: minute_ns,
                last_seen_ns: minute_ns,
                count: 0,
                services: Vec::new(),
                severity,
                merged_into: None,
                sequence: 0,
            });
            template.count += lines.count;
            cells.push(RollupCell {
                minute_ns,
                template_id: id,
                service: lines.service.clone(),
                severity,
                count: lines.count,
            });
        }
        let seen = self.logs.observe_minute(minute_ns, &cells, &self.templates);
        self.anomalies.extend(seen.anomalies);
        for point in points(minute, minute_ns) {
            self.anomalies.extend(self.metrics.observe(&point));
        }
        self.changes
            .extend(minute.changes.iter().map(|change| ChangeEvent {
                id: EventId::from_parts(0, [0; 10]),
                project_id: project(),
                kind: ChangeKind::from_word(change.kind),
                service: Some(change.service.clone()),
                title: change.title.clone(),
                attributes: String::new(),
                timestamp_ns: minute_ns,
            }));
        cells
    }

    /// The pattern of an anomaly and a line of it, where it has one.
    pub fn texts_of(&self, anomaly: &Anomaly) -> Vec<&str> {
        let template = anomaly.template_id.and_then(|id| self.templates.get(&id));
        template
            .map(|template| vec![template.text.as_str(), template.example.as_str()])
            .unwrap_or_default()
    }

    /// Who calls whom before minute `end`.
    pub fn topology(&self, end: usize) -> Topology {
        let mut topology = Topology::new();
        for call in self.story.minutes[..end].iter().flat_map(|m| &m.calls) {
            match &call.caller {
                Some(caller) if call.is_message => topology.add(&call.callee, caller, 0.6),
                Some(caller) => topology.add(caller, &call.callee, 1.0),
                None => {}
            }
        }
        topology
    }

    /// What was asked of every service, by slices.
    pub fn slices(&self, from: usize, to: usize) -> BTreeMap<String, Vec<Slice>> {
        let all = self.story.minutes.iter().flat_map(|m| &m.calls);
        // Who was not asked in a slice was asked nothing.
        let callees: BTreeMap<&str, (f64, f64, f64)> = all
            .map(|call| (call.callee.as_str(), (0.0, 0.0, 0.0)))
            .collect();
        let mut slices: BTreeMap<String, Vec<Slice>> = BTreeMap::new();
        for begin in (from..to).step_by(SLICE) {
            let minutes = &self.story.minutes[begin..(begin + SLICE).min(to)];
            let mut sums: BTreeMap<&str, (f64, f64, f64)> = callees.clone();
            for call in minutes.iter().flat_map(|m| &m.calls) {
                let sum = sums.entry(&call.callee).or_default();
                sum.0 += call.count as f64;
                sum.1 += call.errors as f64;
                sum.2 += call.mean_seconds * call.count as f64;
            }
            for (service, (count, errors, seconds)) in sums {
                slices.entry(service.to_owned()).or_default().push(Slice {
                    at_ns: ns(begin),
                    requests: Some(count),
                    failed: (count > 0.0).then(|| errors / count),
                    seconds: (count > 0.0).then(|| seconds / count),
                });
            }
        }
        slices
    }
}

/// Gauges, and the time of requests as services publish it.
fn points(minute: &Minute, timestamp_ns: i64) -> Vec<MetricPoint> {
    let point = |service: &str, name: &str, value: f64| MetricPoint {
        project_id: project(),
        name: name.to_owned(),
        kind: MetricKind::Gauge,
        labels: BTreeMap::from([("service".to_owned(), service.to_owned())]),
        value,
        timestamp_ns,
    };
    let mut points: Vec<MetricPoint> = minute
        .gauges
        .iter()
        .map(|gauge| point(&gauge.service, gauge.name, gauge.value))
        .collect();
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for call in &minute.calls {
        let sum = sums.entry(&call.callee).or_default();
        sum.0 += call.count as f64;
        sum.1 += call.mean_seconds * call.count as f64;
    }
    points.extend(
        sums.iter()
            .map(|(service, sum)| point(service, "request_seconds", sum.1 / sum.0)),
    );
    points
}
