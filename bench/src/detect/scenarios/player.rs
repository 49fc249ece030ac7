//! One story through the detectors, the opening of an incident, and the ranking.

use std::collections::{BTreeMap, HashMap, HashSet};

use anomaly::{
    Change, Explained, LogConfig, LogDetector, MetricConfig, MetricDetector, PatternNote,
    RootCauseInput, Slice, Symptom, Topology, Vitals, explain_suspects,
};
use domain::{
    Anomaly, AnomalyKind, ChangeEvent, ChangeKind, EventId, Evidence, EvidenceKind, MetricKind,
    MetricPoint, NANOS_PER_MINUTE, ProjectId, RollupCell, Severity, Template, TemplateId,
};

use super::super::scenario::{CALM_MINUTES, Minute, Story};
use super::opens;

/// When every story begins: a minute in 2026.
const BEGIN_NS: i64 = 29_600_000 * NANOS_PER_MINUTE;
/// Minutes after the opening that the ranking waits for more: it is done anew while an incident goes on.
const SETTLE: usize = 3;
/// Minutes of a slice of calls.
const SLICE: usize = 5;
/// Slices of calls that are usual.
const USUAL: usize = 12;
/// Suspects that are shown to people.
const LIMIT: usize = 3;

/// What one story came to.
pub(super) struct Outcome {
    /// The minute in which an incident opened though nothing had happened, and by what. The ranking is asked about the
    /// one that opens afterwards.
    pub early: Option<(usize, String)>,
    /// The minute in which one opened after the onset, and by what.
    pub opened: Option<(usize, String)>,
    pub suspects: Vec<Explained>,
    /// What a summary would cite: the patterns and anomalies of its time, and the changes.
    pub evidence: Vec<Evidence>,
}

/// Feeds one story to the detectors.
pub(super) struct Player<'a> {
    story: &'a Story,
    logs: LogDetector,
    metrics: MetricDetector,
    templates: HashMap<TemplateId, Template>,
    ids: HashMap<&'a str, TemplateId>,
    anomalies: Vec<Anomaly>,
    changes: Vec<ChangeEvent>,
}

impl<'a> Player<'a> {
    pub(super) fn new(story: &'a Story) -> Self {
        let project = ProjectId::from_parts(0, [0; 10]);
        Self {
            story,
            logs: LogDetector::new(project, LogConfig::default()),
            metrics: MetricDetector::new(project, MetricConfig::default()),
            templates: HashMap::new(),
            ids: HashMap::new(),
            anomalies: Vec::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn play(mut self) -> Outcome {
        let onset = self.story.onset_minute;
        let mut early = None;
        let mut opened: Option<(usize, String)> = None;
        for (at, minute) in self.story.minutes.iter().enumerate() {
            let known = self.anomalies.len();
            self.see(at, minute);
            let mut news = self.anomalies[known..].iter();
            let is_news = |a: &&Anomaly| opens(a);
            if opened.is_none()
                && let Some(found) = news.find(is_news)
            {
                let service = found.service.as_deref().unwrap_or("everybody");
                let what = (at, format!("{service}: {}", found.reason));
                if at < onset {
                    early = early.or(Some(what));
                } else {
                    opened = Some(what);
                }
            }
            if let Some((since, _)) = &opened
                && at == since + SETTLE
            {
                let suspects = self.rank(*since, at);
                let evidence = self.evidence(*since, at);
                return Outcome {
                    early,
                    opened,
                    suspects,
                    evidence,
                };
            }
        }
        Outcome {
            early,
            opened,
            suspects: Vec::new(),
            evidence: Vec::new(),
        }
    }

    fn see(&mut self, at: usize, minute: &'a Minute) {
        let minute_ns = BEGIN_NS + at as i64 * NANOS_PER_MINUTE;
        let mut cells = Vec::new();
        for lines in &minute.lines {
            let next = TemplateId(self.ids.len() as u64 + 1);
            let id = *self.ids.entry(&lines.template).or_insert(next);
            let severity = severity(lines.severity);
            let template = self.templates.entry(id).or_insert_with(|| Template {
                id,
                project_id: ProjectId::from_parts(0, [0; 10]),
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
        for change in &minute.changes {
            self.changes.push(ChangeEvent {
                id: EventId::from_parts(0, [0; 10]),
                project_id: ProjectId::from_parts(0, [0; 10]),
                kind: match change.kind {
                    "deploy" => ChangeKind::Deploy,
                    "config_change" => ChangeKind::ConfigChange,
                    _ => ChangeKind::FeatureFlag,
                },
                service: Some(change.service.clone()),
                title: change.title.clone(),
                attributes: String::new(),
                timestamp_ns: minute_ns,
            });
        }
    }

    /// The suspects of an incident that opened at `since`, as they are at `now`.
    fn rank(&self, since: usize, now: usize) -> Vec<Explained> {
        let ns = |at: usize| BEGIN_NS + at as i64 * NANOS_PER_MINUTE;
        let from = since.saturating_sub(SLICE);
        let symptoms: Vec<Symptom> = self
            .anomalies
            .iter()
            .filter(|anomaly| anomaly.detected_at_ns >= ns(from))
            .map(|anomaly| Symptom {
                anomaly,
                texts: anomaly
                    .template_id
                    .and_then(|id| self.templates.get(&id))
                    .map(|t| vec![t.text.as_str(), t.example.as_str()])
                    .unwrap_or_default(),
                evidence: None,
            })
            .collect();
        let onset_ns = symptoms
            .iter()
            .map(|s| s.anomaly.started_at_ns)
            .min()
            .unwrap_or(ns(since));
        let usual = self.slices(from.saturating_sub(USUAL * SLICE), from);
        let during = self.slices(from, now + 1);
        let none: Vec<Slice> = Vec::new();
        let vitals = during
            .iter()
            .map(|(service, during)| Vitals {
                service,
                usual: usual.get(service).unwrap_or(&none),
                during,
                is_inferred: !self.writes(service),
                evidence: None,
            })
            .collect();
        explain_suspects(&RootCauseInput {
            onset_ns,
            symptoms,
            patterns: self.patterns(since, now),
            vitals,
            changes: self
                .changes
                .iter()
                .enumerate()
                .map(|(at, event)| Change {
                    event,
                    evidence: Some(at as u32 + 1),
                })
                .collect(),
            topology: &self.topology(),
            services: self.story.services.iter().map(String::as_str).collect(),
            affected: None,
            felt: None,
            limit: LIMIT,
        })
    }

    /// Changes first, numbered as the ranking numbers them; then bad patterns, and anomalies without one.
    fn evidence(&self, since: usize, now: usize) -> Vec<Evidence> {
        let changes = self.changes.iter().map(|change| {
            let kind = change.kind.as_str().replace('_', " ");
            let text = format!("{kind}: {}", change.title);
            Evidence {
                service: change.service.clone(),
                ..piece(EvidenceKind::Change, &text)
            }
        });
        let patterns = self.patterns(since, now).into_iter().map(|note| Evidence {
            service: Some(note.service.to_owned()),
            severity: note.severity,
            count: note.count,
            expected: Some(0.0),
            template_id: Some(note.template_id),
            ..piece(
                EvidenceKind::Template,
                note.texts.first().copied().unwrap_or_default(),
            )
        });
        let from_ns = BEGIN_NS + since.saturating_sub(SLICE) as i64 * NANOS_PER_MINUTE;
        let others = self
            .anomalies
            .iter()
            .filter(|a| a.template_id.is_none() && a.detected_at_ns >= from_ns);
        let others = others.map(|anomaly| {
            let kind = if anomaly.kind == AnomalyKind::Metric {
                EvidenceKind::Metric
            } else {
                EvidenceKind::Anomaly
            };
            Evidence {
                service: anomaly.service.clone(),
                severity: anomaly.severity,
                count: anomaly.observed.round() as u64,
                expected: Some(anomaly.expected),
                ..piece(kind, &anomaly.reason)
            }
        });
        let mut all: Vec<Evidence> = changes.chain(patterns).chain(others).collect();
        for (at, item) in all.iter_mut().enumerate() {
            item.number = at as u32 + 1;
        }
        all
    }

    fn writes(&self, service: &str) -> bool {
        let calm = &self.story.minutes[..CALM_MINUTES];
        calm.iter()
            .flat_map(|minute| &minute.lines)
            .any(|lines| lines.service == service)
    }

    fn topology(&self) -> Topology {
        let mut topology = Topology::new();
        for call in self.story.minutes.iter().flat_map(|minute| &minute.calls) {
            match &call.caller {
                Some(caller) if call.is_message => topology.add(&call.callee, caller, 0.6),
                Some(caller) => topology.add(caller, &call.callee, 1.0),
                None => {}
            }
        }
        topology
    }

    /// Bad patterns that are well above their usual.
    fn patterns(&self, since: usize, now: usize) -> Vec<PatternNote<'a>> {
        let count = |from: usize, to: usize| {
            let mut counts: HashMap<(&'a str, &'a str), (u64, &'static str, &'a str)> =
                HashMap::new();
            let lines = self.story.minutes[from..to]
                .iter()
                .flat_map(|minute| &minute.lines);
            for lines in lines.filter(|lines| severity(lines.severity) >= Severity::Warn) {
                let key = (lines.service.as_str(), lines.template.as_str());
                counts
                    .entry(key)
                    .or_insert((0, lines.severity, &lines.example))
                    .0 += lines.count;
            }
            counts
        };
        let before = count(since.saturating_sub(60), since);
        let minutes = (now + 1 - since) as f64;
        let mut notes: Vec<PatternNote> = count(since, now + 1)
            .into_iter()
            .filter_map(|((service, template), (count, word, example))| {
                let usual =
                    before.get(&(service, template)).map_or(0, |b| b.0) as f64 * minutes / 60.0;
                let is_more = count as f64 - usual > 3.0 * usual.sqrt().max(1.0);
                is_more.then(|| PatternNote {
                    template_id: self.ids.get(template).copied().unwrap_or(TemplateId(0)),
                    service,
                    severity: severity(word),
                    texts: vec![template, example],
                    count,
                    evidence: None,
                })
            })
            .collect();
        notes.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then(a.template_id.cmp(&b.template_id))
        });
        notes.truncate(8);
        notes
    }

    /// What was asked of every service, by slices.
    fn slices(&self, from: usize, to: usize) -> BTreeMap<String, Vec<Slice>> {
        let callees: HashSet<&str> = self
            .story
            .minutes
            .iter()
            .flat_map(|m| &m.calls)
            .map(|c| c.callee.as_str())
            .collect();
        let mut slices: BTreeMap<String, Vec<Slice>> = BTreeMap::new();
        for begin in (from..to).step_by(SLICE) {
            let minutes = &self.story.minutes[begin..(begin + SLICE).min(to)];
            for service in &callees {
                let calls = minutes
                    .iter()
                    .flat_map(|m| &m.calls)
                    .filter(|c| c.callee == *service);
                let (mut count, mut errors, mut seconds) = (0.0, 0.0, 0.0);
                for call in calls {
                    count += call.count as f64;
                    errors += call.errors as f64;
                    seconds += call.mean_seconds * call.count as f64;
                }
                slices
                    .entry((*service).to_owned())
                    .or_default()
                    .push(Slice {
                        at_ns: BEGIN_NS + begin as i64 * NANOS_PER_MINUTE,
                        requests: Some(count),
                        failed: (count > 0.0).then(|| errors / count),
                        seconds: (count > 0.0).then(|| seconds / count),
                    });
            }
        }
        slices
    }
}

/// Evidence that says nothing but its text yet.
fn piece(kind: EvidenceKind, text: &str) -> Evidence {
    Evidence {
        number: 0,
        kind,
        text: text.to_owned(),
        service: None,
        severity: Severity::Unspecified,
        count: 1,
        expected: None,
        template_id: None,
        record_ids: Vec::new(),
        first_at_ns: 0,
        last_at_ns: 0,
    }
}

/// Gauges, and the time and failures of requests as services publish them.
fn points(minute: &Minute, timestamp_ns: i64) -> Vec<MetricPoint> {
    let point = |service: &str, name: &str, value: f64| MetricPoint {
        project_id: ProjectId::from_parts(0, [0; 10]),
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

fn severity(word: &str) -> Severity {
    match word {
        "debug" => Severity::Debug,
        "warn" => Severity::Warn,
        "error" => Severity::Error,
        "fatal" => Severity::Fatal,
        _ => Severity::Info,
    }
}
