//! One story up to its incident, as facts: the same detectors, the same choice of patterns and services and the same
//! ranking as in the server, over counts in memory instead of stored records.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anomaly::{
    Change, LogConfig, LogDetector, MetricConfig, MetricDetector, PatternNote, RootCauseInput,
    Slice, Symptom, Topology, Vitals, rank_suspects,
};
use domain::{
    Anomaly, AnomalyKind, ChangeEvent, ChangeKind, EventId, IncidentSeverity, IncidentState,
    MetricKind, MetricPoint, NANOS_PER_MINUTE, ProjectId, RollupCell, ServiceCount, Severity,
    Suspect, Template, TemplateCount, TemplateId, TimeRange, TimelineEntry, TimelineKind,
};
use inference::{EvidenceBook, SummaryFacts};
use testkit::scenario::{Minute, Story};

/// When every story begins: a minute in 2026.
pub(super) const BEGIN_NS: i64 = 29_600_000 * NANOS_PER_MINUTE;
/// Scores from which an anomaly of errors, of warnings, of a metric opens an incident.
const OPENS: [f64; 3] = [0.5, 0.8, 0.9];
/// Minutes after the opening in which the summary is written.
const SETTLE: usize = 3;
/// Patterns, other anomalies and changes cited at most, and suspects named: as in the server.
const PATTERNS: usize = 8;
const ANOMALIES: usize = 4;
const CHANGES: usize = 4;
const SUSPECTS: usize = 3;
/// Minutes before the first symptom in which a change is of interest.
const CHANGE_MINUTES: i64 = 60;
/// Minutes of a slice of calls, and slices that are usual.
const SLICE: usize = 5;
const USUAL: usize = 12;

/// The facts of the incident of a story; `None` when none opened at or after its onset.
pub(crate) fn facts(story: &Story) -> Option<SummaryFacts> {
    let mut player = Player::new(story);
    let mut opened: Option<(usize, usize)> = None;
    for at in 0..story.minutes.len() {
        let known = player.anomalies.len();
        player.see(at);
        if opened.is_none() && at >= story.onset_minute {
            let news = player.anomalies[known..].iter().any(opens);
            opened = news.then_some((at, known));
        }
        if let Some((since, first)) = opened
            && at == since + SETTLE
        {
            return Some(player.facts(first, at));
        }
    }
    None
}

struct Player<'a> {
    story: &'a Story,
    logs: LogDetector,
    metrics: MetricDetector,
    templates: HashMap<TemplateId, Template>,
    ids: HashMap<&'a str, TemplateId>,
    /// The counts of each minute.
    cells: Vec<Vec<RollupCell>>,
    anomalies: Vec<Anomaly>,
    changes: Vec<ChangeEvent>,
}

fn project() -> ProjectId {
    ProjectId::from_parts(0, [0; 10])
}

fn ns(at: usize) -> i64 {
    BEGIN_NS + at as i64 * NANOS_PER_MINUTE
}

impl<'a> Player<'a> {
    fn new(story: &'a Story) -> Self {
        Self {
            story,
            logs: LogDetector::new(project(), LogConfig::default()),
            metrics: MetricDetector::new(project(), MetricConfig::default()),
            templates: HashMap::new(),
            ids: HashMap::new(),
            cells: Vec::new(),
            anomalies: Vec::new(),
            changes: Vec::new(),
        }
    }

    fn see(&mut self, at: usize) {
        let minute = &self.story.minutes[at];
        let minute_ns = ns(at);
        let mut cells = Vec::new();
        for lines in &minute.lines {
            let next = TemplateId(self.ids.len() as u64 + 1);
            let id = *self.ids.entry(&lines.template).or_insert(next);
            let severity = Severity::from_word(lines.severity).unwrap_or(Severity::Info);
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
        self.cells.push(cells);
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
    }

    /// The facts of the incident whose first anomaly is the one at `first`, in minute `at`.
    fn facts(&self, first: usize, at: usize) -> SummaryFacts {
        let mut anomalies: Vec<Anomaly> = self.anomalies[first..]
            .iter()
            .filter(|anomaly| is_bad(anomaly))
            .cloned()
            .collect();
        anomalies.sort_by_key(|anomaly| anomaly.started_at_ns);
        let started_at_ns = anomalies.first().map_or(ns(at), |a| a.started_at_ns);
        let now_ns = ns(at + 1);
        let window = inference::incident_window(started_at_ns, None, now_ns);
        let usual = inference::usual_window(window);
        let own: HashSet<TemplateId> = anomalies.iter().filter_map(|a| a.template_id).collect();
        let named: Vec<String> = anomalies
            .iter()
            .filter_map(|a| a.service.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let patterns = inference::telling_patterns(
            window,
            self.template_counts(window),
            &self.template_counts(usual),
            &own,
            PATTERNS,
        );
        let changes = self.near_changes(window);
        let mut book = EvidenceBook::new();
        let numbered: Vec<u32> = patterns
            .iter()
            .map(|p| {
                let template = &self.templates[&p.count.template_id];
                book.pattern(template, &p.count, Some(p.expected), Vec::new())
            })
            .collect();
        let changed: Vec<u32> = changes.iter().map(|change| book.change(change)).collect();
        let told: HashSet<TemplateId> = patterns.iter().map(|p| p.count.template_id).collect();
        let others: Vec<(u32, &Anomaly)> = anomalies
            .iter()
            .filter(|a| a.template_id.is_none_or(|id| !told.contains(&id)))
            .take(ANOMALIES)
            .map(|anomaly| (book.anomaly(anomaly), anomaly))
            .collect();
        let number_of = |anomaly: &Anomaly| {
            let pattern = patterns.iter().position(|p| {
                Some(p.count.template_id) == anomaly.template_id
                    && Some(&p.count.service) == anomaly.service.as_ref()
            });
            let other = others.iter().find(|(_, known)| *known == anomaly);
            pattern.map(|at| numbered[at]).or(other.map(|(n, _)| *n))
        };
        let notes = patterns
            .iter()
            .zip(&numbered)
            .map(|(p, number)| {
                let template = &self.templates[&p.count.template_id];
                PatternNote {
                    template_id: template.id,
                    service: &p.count.service,
                    severity: p.count.severity,
                    texts: vec![template.text.as_str(), template.example.as_str()],
                    count: p.count.count,
                    evidence: Some(*number),
                }
            })
            .collect();
        let symptoms = anomalies
            .iter()
            .map(|anomaly| Symptom {
                anomaly,
                texts: anomaly
                    .template_id
                    .and_then(|id| self.templates.get(&id))
                    .map(|t| vec![t.text.as_str(), t.example.as_str()])
                    .unwrap_or_default(),
                evidence: number_of(anomaly),
            })
            .collect();
        let noted = changes.iter().zip(&changed);
        let suspects = self.suspects(
            window,
            at,
            symptoms,
            notes,
            noted
                .map(|(event, number)| Change {
                    event,
                    evidence: Some(*number),
                })
                .collect(),
        );
        let title = anomalies
            .first()
            .and_then(|a| a.service.clone())
            .map_or_else(
                || "Something is wrong".to_owned(),
                |s| format!("{s} is unusual"),
            );
        SummaryFacts {
            title,
            severity: IncidentSeverity::Error,
            state: IncidentState::Open,
            started_at_ns,
            resolved_at_ns: None,
            now_ns,
            window,
            services: inference::affected_services(
                window,
                self.service_counts(window),
                &self.service_counts(usual),
                &named,
            ),
            policy: None,
            evidence: book.into_items(),
            timeline: changes.iter().map(changed_line).collect(),
            anomalies,
            suspects,
            similar: Vec::new(),
        }
    }

    fn near_changes(&self, window: TimeRange) -> Vec<ChangeEvent> {
        let from = window.start_ns - CHANGE_MINUTES * NANOS_PER_MINUTE;
        let near = |change: &&ChangeEvent| (from..window.end_ns).contains(&change.timestamp_ns);
        let mut changes: Vec<ChangeEvent> = self.changes.iter().filter(near).cloned().collect();
        changes.reverse();
        changes.truncate(CHANGES);
        changes.reverse();
        changes
    }

    fn suspects(
        &self,
        window: TimeRange,
        now: usize,
        symptoms: Vec<Symptom<'_>>,
        patterns: Vec<PatternNote<'_>>,
        changes: Vec<Change<'_>>,
    ) -> Vec<Suspect> {
        let start = usize::try_from((window.start_ns - BEGIN_NS) / NANOS_PER_MINUTE).unwrap_or(0);
        let from = start.saturating_sub(SLICE);
        let usual = self.slices(from.saturating_sub(USUAL * SLICE), from);
        let during = self.slices(from, now + 1);
        let none: Vec<Slice> = Vec::new();
        let vitals = during
            .iter()
            .map(|(service, during)| Vitals {
                service,
                usual: usual.get(service).unwrap_or(&none),
                during,
                is_inferred: false,
                evidence: None,
            })
            .collect();
        rank_suspects(&RootCauseInput {
            onset_ns: window.start_ns,
            symptoms,
            patterns,
            vitals,
            changes,
            topology: &self.topology(now),
            services: self.story.services.iter().map(String::as_str).collect(),
            affected: None,
            felt: None,
            limit: SUSPECTS,
        })
    }

    fn topology(&self, now: usize) -> Topology {
        let mut topology = Topology::new();
        let calls = self.story.minutes[..=now].iter().flat_map(|m| &m.calls);
        for call in calls {
            match &call.caller {
                Some(caller) if call.is_message => topology.add(&call.callee, caller, 0.6),
                Some(caller) => topology.add(caller, &call.callee, 1.0),
                None => {}
            }
        }
        topology
    }

    fn in_range(&self, range: TimeRange) -> impl Iterator<Item = &RollupCell> {
        let cells = self.cells.iter().flatten();
        cells.filter(move |cell| range.contains(cell.minute_ns))
    }

    fn template_counts(&self, range: TimeRange) -> Vec<TemplateCount> {
        let mut counts: BTreeMap<(u64, &str, i32), TemplateCount> = BTreeMap::new();
        for cell in self.in_range(range) {
            let key = (
                cell.template_id.0,
                cell.service.as_str(),
                cell.severity as i32,
            );
            let count = counts.entry(key).or_insert_with(|| TemplateCount {
                template_id: cell.template_id,
                service: cell.service.clone(),
                severity: cell.severity,
                count: 0,
                first_minute_ns: cell.minute_ns,
                last_minute_ns: cell.minute_ns,
            });
            count.count += cell.count;
            count.last_minute_ns = cell.minute_ns;
        }
        counts.into_values().collect()
    }

    fn service_counts(&self, range: TimeRange) -> Vec<ServiceCount> {
        let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for cell in self.in_range(range) {
            let count = counts.entry(&cell.service).or_default();
            count.0 += cell.count;
            count.1 += if cell.severity.is_error() {
                cell.count
            } else {
                0
            };
        }
        counts
            .into_iter()
            .map(|(service, (count, errors))| ServiceCount {
                service: service.to_owned(),
                count,
                errors,
            })
            .collect()
    }

    /// What was asked of every service, by slices.
    fn slices(&self, from: usize, to: usize) -> BTreeMap<String, Vec<Slice>> {
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

fn changed_line(change: &ChangeEvent) -> TimelineEntry {
    TimelineEntry {
        at_ns: change.timestamp_ns,
        kind: TimelineKind::Change,
        text: format!(
            "{}: {}",
            change.kind.as_str().replace('_', " "),
            change.title
        ),
        actor: None,
    }
}

fn is_silence(anomaly: &Anomaly) -> bool {
    anomaly.kind == AnomalyKind::Drop && anomaly.template_id.is_none()
}

/// Whether it speaks of something bad rather than of something unusual.
fn is_bad(anomaly: &Anomaly) -> bool {
    anomaly.severity >= Severity::Warn
        || is_silence(anomaly)
        || matches!(anomaly.kind, AnomalyKind::LevelChange | AnomalyKind::Metric)
}

/// Whether an incident opens for it, as the server ships.
fn opens(anomaly: &Anomaly) -> bool {
    let least = match anomaly.kind {
        AnomalyKind::Metric => OPENS[2],
        _ if anomaly.severity >= Severity::Error || is_silence(anomaly) => OPENS[0],
        _ if anomaly.severity >= Severity::Warn => OPENS[1],
        _ => return false,
    };
    anomaly.score >= least
}
