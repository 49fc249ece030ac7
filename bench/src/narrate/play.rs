//! One story up to its incident, as facts: the same detectors, the same choice of patterns and services and the same
//! ranking as in the server, over counts in memory instead of stored records.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anomaly::{Change, PatternNote, RootCauseInput, Slice, Symptom, Vitals, rank_suspects};
use domain::{
    Anomaly, AnomalyKind, ChangeEvent, IncidentSeverity, IncidentState, NANOS_PER_MINUTE,
    RollupCell, ServiceCount, Severity, Suspect, TemplateCount, TemplateId, TimeRange,
    TimelineEntry, TimelineKind,
};
use inference::{EvidenceBook, SummaryFacts};
use testkit::scenario::Story;

pub(super) use crate::detect::scenarios::stage::BEGIN_NS;
use crate::detect::scenarios::stage::{SLICE, Stage, USUAL, ns};
use crate::detect::scenarios::{is_silence, opens};

/// Minutes after the opening in which the summary is written.
const SETTLE: usize = 3;
/// Patterns, other anomalies and changes cited at most, and suspects named: as in the server.
const PATTERNS: usize = 8;
const ANOMALIES: usize = 4;
const CHANGES: usize = 4;
const SUSPECTS: usize = 3;
/// Minutes before the first symptom in which a change is of interest.
const CHANGE_MINUTES: i64 = 60;
/// The facts of the incident of a story; `None` when none opened at or after its onset.
pub(crate) fn facts(story: &Story) -> Option<SummaryFacts> {
    let mut player = Player::new(story);
    let mut opened: Option<(usize, usize)> = None;
    for at in 0..story.minutes.len() {
        let known = player.stage.anomalies.len();
        player.see(at);
        if opened.is_none() && at >= story.onset_minute {
            let news = player.stage.anomalies[known..].iter().any(opens);
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
    stage: Stage<'a>,
    /// The counts of each minute.
    cells: Vec<Vec<RollupCell>>,
}

impl<'a> Player<'a> {
    fn new(story: &'a Story) -> Self {
        Self {
            stage: Stage::new(story),
            cells: Vec::new(),
        }
    }

    fn see(&mut self, at: usize) {
        let cells = self.stage.see(at);
        self.cells.push(cells);
    }

    /// The facts of the incident whose first anomaly is the one at `first`, in minute `at`.
    fn facts(&self, first: usize, at: usize) -> SummaryFacts {
        let mut anomalies: Vec<Anomaly> = self.stage.anomalies[first..]
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
                let template = &self.stage.templates[&p.count.template_id];
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
                let template = &self.stage.templates[&p.count.template_id];
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
                texts: self.stage.texts_of(anomaly),
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
        let all = self.stage.changes.iter();
        let mut changes: Vec<ChangeEvent> = all.filter(near).cloned().collect();
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
        let usual = self.stage.slices(from.saturating_sub(USUAL * SLICE), from);
        let during = self.stage.slices(from, now + 1);
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
            topology: &self.stage.topology(now + 1),
            services: self
                .stage
                .story
                .services
                .iter()
                .map(String::as_str)
                .collect(),
            affected: None,
            felt: None,
            limit: SUSPECTS,
        })
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

/// Whether it speaks of something bad rather than of something unusual.
fn is_bad(anomaly: &Anomaly) -> bool {
    anomaly.severity >= Severity::Warn
        || is_silence(anomaly)
        || matches!(anomaly.kind, AnomalyKind::LevelChange | AnomalyKind::Metric)
}
