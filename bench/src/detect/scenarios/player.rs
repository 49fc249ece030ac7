//! One story through the detectors, the opening of an incident, and the ranking.

use std::collections::HashMap;

use anomaly::{
    Change, Explained, PatternNote, RootCauseInput, Slice, Symptom, Vitals, explain_suspects,
};
use domain::{Anomaly, AnomalyKind, Evidence, EvidenceKind, Severity, TemplateId};

use super::super::scenario::{CALM_MINUTES, Story};
use super::opens;
use super::stage::{SLICE, Stage, USUAL, ns, severity};

/// Minutes after the opening that the ranking waits for more: it is done anew while an incident goes on.
const SETTLE: usize = 3;
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

/// Plays one story to its incident.
pub(super) struct Player<'a> {
    stage: Stage<'a>,
}

impl<'a> Player<'a> {
    pub(super) fn new(story: &'a Story) -> Self {
        Self {
            stage: Stage::new(story),
        }
    }

    pub(super) fn play(mut self) -> Outcome {
        let onset = self.stage.story.onset_minute;
        let mut early = None;
        let mut opened: Option<(usize, String)> = None;
        for at in 0..self.stage.story.minutes.len() {
            let known = self.stage.anomalies.len();
            self.stage.see(at);
            let mut news = self.stage.anomalies[known..].iter();
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

    /// The suspects of an incident that opened at `since`, as they are at `now`.
    fn rank(&self, since: usize, now: usize) -> Vec<Explained> {
        let stage = &self.stage;
        let from = since.saturating_sub(SLICE);
        let symptoms: Vec<Symptom> = stage
            .anomalies
            .iter()
            .filter(|anomaly| anomaly.detected_at_ns >= ns(from))
            .map(|anomaly| Symptom {
                anomaly,
                texts: stage.texts_of(anomaly),
                evidence: None,
            })
            .collect();
        let onset_ns = symptoms
            .iter()
            .map(|s| s.anomaly.started_at_ns)
            .min()
            .unwrap_or(ns(since));
        let usual = stage.slices(from.saturating_sub(USUAL * SLICE), from);
        let during = stage.slices(from, now + 1);
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
            changes: stage
                .changes
                .iter()
                .enumerate()
                .map(|(at, event)| Change {
                    event,
                    evidence: Some(at as u32 + 1),
                })
                .collect(),
            topology: &stage.topology(stage.story.minutes.len()),
            services: stage.story.services.iter().map(String::as_str).collect(),
            affected: None,
            felt: None,
            limit: LIMIT,
        })
    }

    /// Changes first, numbered as the ranking numbers them; then bad patterns, and anomalies without one.
    fn evidence(&self, since: usize, now: usize) -> Vec<Evidence> {
        let changes = self.stage.changes.iter().map(|change| {
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
        let from_ns = ns(since.saturating_sub(SLICE));
        let others = self
            .stage
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
        let calm = &self.stage.story.minutes[..CALM_MINUTES];
        calm.iter()
            .flat_map(|minute| &minute.lines)
            .any(|lines| lines.service == service)
    }

    /// Bad patterns that are well above their usual.
    fn patterns(&self, since: usize, now: usize) -> Vec<PatternNote<'a>> {
        let count = |from: usize, to: usize| {
            let mut counts: HashMap<(&'a str, &'a str), (u64, &'static str, &'a str)> =
                HashMap::new();
            let lines = self.stage.story.minutes[from..to]
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
                    template_id: self
                        .stage
                        .ids
                        .get(template)
                        .copied()
                        .unwrap_or(TemplateId(0)),
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
