//! The computed facts of an answer.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{
    LogFilter, LogReader, LogRecord, Order, PageRequest, ProjectId, Severity, Template,
    TemplateCount, TemplateId, TextTerm,
};
use inference::{AnswerFacts, AnswerIntent, Chip, Comparison, EvidenceBook, GroupCount};
use query::{ChipKind, GroupBy, Intent, Interpretation, StatusCode};
use store::{AnomalyFilter, AnomalyStore, LogStore};

use crate::{Error, Inner};

/// Patterns that are cited.
const CITED: usize = 8;
/// Sample records that go with an answer.
const SAMPLES: usize = 6;
/// Groups that are shown when nobody says how many.
const GROUPS: usize = 10;
/// Triples that are looked at.
const COUNTED: usize = 5_000;
/// Anomalies that a "why" looks at.
const ANOMALIES: usize = 50;

/// What a question is about, as filters.
struct Scope {
    /// The filter that counts.
    filter: LogFilter,
    /// Whether `filter` came about by searching for patterns.
    is_by_meaning: bool,
}

impl Inner {
    /// Everything computed for an answer, and sample records. Blocks.
    pub(super) fn answer_facts(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
    ) -> Result<(AnswerFacts, Vec<LogRecord>), Error> {
        if understood.intent == Intent::Why {
            return self.why(project_id, understood, question);
        }
        let scope = self.scope(project_id, understood)?;
        let mut facts = self.blank(understood, question);
        let is_empty_search = scope.is_by_meaning && scope.filter.template_ids.is_empty();
        if is_empty_search {
            facts.matching = Some(0);
            return Ok((facts, Vec::new()));
        }
        let counts = self.counts(project_id, &scope.filter)?;
        facts.matching = Some(self.store.count(project_id, &scope.filter)?);
        if scope.filter.is_answered_by_rollups() {
            let errors = counts
                .iter()
                .filter(|row| row.severity.is_error())
                .map(|row| row.count)
                .sum();
            facts.errors = Some(errors);
        }
        if let Some(other) = understood.compare_with {
            let filter = LogFilter {
                range: other,
                ..scope.filter.clone()
            };
            facts.comparison = Some(Comparison {
                label: label_of(understood, ChipKind::ComparedWith)
                    .unwrap_or_else(|| "the time before".into()),
                range: other,
                count: self.store.count(project_id, &filter)?,
            });
        }
        let samples = self.answer_samples(project_id, understood, &scope.filter)?;
        let mut book = EvidenceBook::new();
        let cited = self.cite_patterns(project_id, &scope, &counts, &mut book)?;
        // Where patterns alone do not tell (a text inside values, the first or last occurrence), records do.
        let wants_records = !scope.filter.is_answered_by_rollups()
            || matches!(understood.intent, Intent::First | Intent::Last);
        if wants_records {
            for record in samples.iter().take(3) {
                book.record(record);
            }
        }
        self.group(understood, &counts, &cited, &mut facts);
        facts.is_cut = counts.len() >= COUNTED;
        facts.evidence = book.into_items();
        if matches!(understood.intent, Intent::First | Intent::Last)
            && let Some(record) = samples.first()
        {
            // The record that answers comes first.
            let position = facts
                .evidence
                .iter()
                .position(|item| item.record_ids.first() == Some(&record.id) && item.count == 1);
            if let Some(position) = position {
                let item = facts.evidence.remove(position);
                facts.evidence.insert(0, item);
                renumber(&mut facts);
            }
        }
        Ok((facts, samples))
    }

    fn blank(&self, understood: &Interpretation, question: &str) -> AnswerFacts {
        AnswerFacts {
            question: question.to_owned(),
            intent: match understood.intent {
                Intent::Find | Intent::Summary => AnswerIntent::Find,
                Intent::Count => AnswerIntent::Count,
                Intent::First => AnswerIntent::First,
                Intent::Last => AnswerIntent::Last,
                Intent::Top | Intent::ListServices => AnswerIntent::Top,
                Intent::Compare => AnswerIntent::Compare,
                Intent::Why => AnswerIntent::Why,
            },
            interpretation: chips(understood),
            range: understood.range,
            now_ns: self.clock.now_ns(),
            matching: None,
            errors: None,
            grouped_by: None,
            groups: Vec::new(),
            comparison: None,
            evidence: Vec::new(),
            suspects: Vec::new(),
            is_cut: false,
        }
    }

    /// The filter of a question: what it says literally, and the patterns that its topic means.
    fn scope(&self, project_id: ProjectId, understood: &Interpretation) -> Result<Scope, Error> {
        let mut filter = understood.filter();
        for status in &understood.status_codes {
            filter.text.push(status_term(status));
        }
        let topic = understood.retrieval_text.trim();
        let is_by_meaning = filter.text.is_empty() && !topic.is_empty();
        if is_by_meaning {
            filter.template_ids = self.relevant_patterns(project_id, topic, &filter.services)?;
        }
        self.plan(project_id, &mut filter)?;
        Ok(Scope {
            filter,
            is_by_meaning,
        })
    }

    /// Counts per pattern; of the records themselves when rollups cannot answer.
    fn counts(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
    ) -> Result<Vec<TemplateCount>, Error> {
        if filter.is_answered_by_rollups() {
            return Ok(self.store.template_counts(project_id, filter, COUNTED)?);
        }
        let page = self
            .store
            .search(project_id, filter, &PageRequest::first(crate::PAGE_LIMIT))?;
        let mut rows: HashMap<(TemplateId, String, Severity), TemplateCount> = HashMap::new();
        for record in page.items {
            let minute_ns = domain::minute_start(record.timestamp_ns);
            let key = (record.template_id, record.service.clone(), record.severity);
            let row = rows.entry(key).or_insert_with(|| TemplateCount {
                template_id: record.template_id,
                service: record.service,
                severity: record.severity,
                count: 0,
                first_minute_ns: minute_ns,
                last_minute_ns: minute_ns,
            });
            row.count += 1;
            row.first_minute_ns = row.first_minute_ns.min(minute_ns);
            row.last_minute_ns = row.last_minute_ns.max(minute_ns);
        }
        let mut rows: Vec<TemplateCount> = rows.into_values().collect();
        rows.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then(a.template_id.cmp(&b.template_id))
        });
        Ok(rows)
    }

    fn answer_samples(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        filter: &LogFilter,
    ) -> Result<Vec<LogRecord>, Error> {
        let order = if understood.intent == Intent::First {
            Order::OldestFirst
        } else {
            Order::NewestFirst
        };
        let page = PageRequest {
            limit: understood.limit.unwrap_or(SAMPLES).clamp(1, 50),
            after: None,
            order,
        };
        Ok(self.store.search(project_id, filter, &page)?.items)
    }

    /// Cites the patterns, the most relevant first when they were searched by meaning, else the worst and
    /// most frequent.
    fn cite_patterns(
        &self,
        project_id: ProjectId,
        scope: &Scope,
        counts: &[TemplateCount],
        book: &mut EvidenceBook,
    ) -> Result<HashMap<TemplateId, u32>, Error> {
        let mut rows: Vec<&TemplateCount> = counts.iter().collect();
        if scope.is_by_meaning {
            let rank: HashMap<TemplateId, usize> = scope
                .filter
                .template_ids
                .iter()
                .enumerate()
                .map(|(index, id)| (*id, index))
                .collect();
            rows.sort_by_key(|row| rank.get(&row.template_id).copied().unwrap_or(usize::MAX));
        } else {
            rows.sort_by(|a, b| {
                b.severity
                    .is_error()
                    .cmp(&a.severity.is_error())
                    .then(b.count.cmp(&a.count))
            });
        }
        rows.truncate(CITED);
        let ids: Vec<TemplateId> = rows.iter().map(|row| row.template_id).collect();
        let templates: HashMap<TemplateId, Template> = self
            .store
            .templates_by_ids(project_id, &ids)?
            .into_iter()
            .map(|template| (template.id, template))
            .collect();
        let mut cited = HashMap::new();
        for row in rows {
            let Some(template) = templates.get(&row.template_id) else {
                continue;
            };
            let samples = self.samples(
                project_id,
                row.template_id,
                &row.service,
                scope.filter.range,
            )?;
            let number = book.pattern(template, row, None, samples);
            cited.entry(row.template_id).or_insert(number);
        }
        Ok(cited)
    }

    /// Groups for "top", "by service" and "which services".
    fn group(
        &self,
        understood: &Interpretation,
        counts: &[TemplateCount],
        cited: &HashMap<TemplateId, u32>,
        facts: &mut AnswerFacts,
    ) {
        let wanted = match (understood.group_by, understood.intent) {
            (Some(group), _) => group,
            (None, Intent::Top) => GroupBy::Template,
            (None, Intent::ListServices) => GroupBy::Service,
            (None, _) => return,
        };
        let mut groups: BTreeMap<String, GroupCount> = BTreeMap::new();
        for row in counts {
            let (key, evidence) = match wanted {
                GroupBy::Service => (row.service.clone(), None),
                GroupBy::Severity => (row.severity.as_str().to_owned(), None),
                GroupBy::Template => {
                    let Some(number) = cited.get(&row.template_id) else {
                        continue;
                    };
                    (format!("pattern {}", row.template_id), Some(*number))
                }
                GroupBy::Time(_) => (domain::format_timestamp_short(row.first_minute_ns), None),
            };
            let group = groups.entry(key.clone()).or_insert(GroupCount {
                key,
                count: 0,
                evidence,
            });
            group.count += row.count;
        }
        let mut groups: Vec<GroupCount> = groups.into_values().collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then(a.key.cmp(&b.key)));
        groups.truncate(understood.limit.unwrap_or(GROUPS));
        facts.grouped_by = Some(
            match wanted {
                GroupBy::Service => "service",
                GroupBy::Severity => "severity",
                GroupBy::Template => "pattern",
                GroupBy::Time(_) => "time",
            }
            .into(),
        );
        facts.groups = groups;
    }

    /// A "why": what stands out against the time before, what was changed, and whom to suspect.
    fn why(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
    ) -> Result<(AnswerFacts, Vec<LogRecord>), Error> {
        let mut facts = self.blank(understood, question);
        let filter = AnomalyFilter::in_range(understood.range);
        let anomalies = self
            .store
            .anomalies(project_id, &filter, &PageRequest::first(ANOMALIES))?
            .items;
        let topic = understood.retrieval_text.trim();
        let own: HashSet<TemplateId> = if topic.is_empty() {
            HashSet::new()
        } else {
            self.relevant_patterns(project_id, topic, &understood.services)?
                .into_iter()
                .collect()
        };
        // An incident that is under way says best when it began; else the first anomaly does.
        let onset_ns = self
            .alerts
            .open_incidents(project_id)?
            .into_iter()
            .filter(|incident| {
                understood.services.is_empty()
                    || incident
                        .services
                        .iter()
                        .any(|service| understood.services.contains(service))
            })
            .map(|incident| incident.started_at_ns)
            .chain(
                anomalies
                    .iter()
                    .filter(|anomaly| crate::facts::is_bad(anomaly))
                    .map(|anomaly| anomaly.started_at_ns),
            )
            .filter(|at_ns| understood.range.contains(*at_ns))
            .min();
        let mut window = understood.range;
        if let Some(onset_ns) = onset_ns {
            window.start_ns = domain::minute_start(onset_ns).max(window.start_ns);
        }
        let found = self.investigate(project_id, window, &own, &[], &anomalies)?;
        let filter = LogFilter {
            range: window,
            severities: vec![Severity::Error, Severity::Fatal],
            ..understood.filter()
        };
        let errors = self.store.count(project_id, &filter)?;
        facts.range = window;
        facts.matching = Some(errors);
        facts.errors = Some(errors);
        facts.evidence = found.evidence;
        facts.suspects = found.suspects;
        let samples = self
            .store
            .search(project_id, &filter, &PageRequest::first(SAMPLES))?
            .items;
        Ok((facts, samples))
    }
}

fn chips(understood: &Interpretation) -> Vec<Chip> {
    understood
        .chips
        .iter()
        .map(|chip| Chip {
            label: super::chip_label(chip.kind).into(),
            value: chip.label.clone(),
        })
        .collect()
}

fn label_of(understood: &Interpretation, kind: ChipKind) -> Option<String> {
    understood
        .chips
        .iter()
        .find(|chip| chip.kind == kind)
        .map(|chip| chip.label.clone())
}

fn status_term(status: &StatusCode) -> TextTerm {
    let term = match status {
        StatusCode::Exact(code) => format!(" {code} "),
        StatusCode::Class(class) => format!(" {class}"),
    };
    TextTerm {
        term,
        negated: false,
        template_ids: Vec::new(),
    }
}

fn renumber(facts: &mut AnswerFacts) {
    let mut numbers = HashMap::new();
    for (index, item) in facts.evidence.iter_mut().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        numbers.insert(item.number, number);
        item.number = number;
    }
    for group in &mut facts.groups {
        group.evidence = group.evidence.and_then(|old| numbers.get(&old).copied());
    }
}
