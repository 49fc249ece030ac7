//! What a question is about as filters, and everything that matches them.

use std::collections::HashMap;
use std::net::IpAddr;

use anomaly::TemplateInfo as _;
use domain::{
    LogFilter, LogReader, Order, ProjectId, RecordId, Severity, TemplateId, TextTerm, TimeRange,
};
use query::{GroupBy, Intent, Interpretation, NumberCondition, StatusCode, TimeUnit};
use store::{MatchCount, MatchRequest, Matches, StatusFilter};

use super::outcome::{is_of_failure, is_wrong};
use super::subject::is_generic_beside;
use super::thin::is_told;
use super::topic::{Literal, with_merged, without_contradictions};
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Sample records that go with an answer when nobody says how many.
const SAMPLES: usize = 6;
/// Sample records that go with an answer at most.
const MOST_SAMPLES: usize = 50;
/// Triples that tell which patterns occur in the range; a pattern beyond them is not taken to be meant.
const PRESENT: usize = 10_000;
/// Stretches of time that are counted apart at most; beyond, they become longer.
const MOST_BUCKETS: i64 = 2_000;

/// What a question is about.
pub(super) struct Scope {
    /// What it says literally, and the patterns that its topic means.
    pub(super) filter: LogFilter,
    /// Any of these status codes.
    pub(super) statuses: Vec<StatusFilter>,
    /// The patterns that its topic says or means, most relevant first; `None` when it selects no patterns.
    pub(super) meant: Option<Vec<TemplateId>>,
    /// The patterns that are near to its topic, best first, whether it means them or not.
    pub(super) near: Vec<TemplateId>,
    /// Its words select the patterns, not its meaning.
    pub(super) is_literal: bool,
    /// Values that records must hold as words of their own; they are texts of the filter too.
    pub(super) values: Vec<String>,
    /// Numbers that records must have.
    pub(super) numbers: Vec<NumberCondition>,
    /// Only these values of what is grouped by count; empty means all.
    pub(super) among: Vec<String>,
    /// Words that were said like values and occur in none of the records.
    pub(super) left_out: Vec<String>,
    /// It has a topic that selects nothing.
    pub(super) is_topic_unused: bool,
    /// The semantic index did not answer.
    pub(super) is_words_only: bool,
}

/// A pattern as one service writes it at one severity. Patterns that were merged away count with those that
/// took their place.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) template_id: TemplateId,
    /// The ids that its records carry.
    pub(super) ids: Vec<TemplateId>,
    /// `None` when several write it.
    pub(super) service: Option<String>,
    pub(super) severity: Severity,
    pub(super) count: u64,
    pub(super) first_at_ns: i64,
    pub(super) last_at_ns: i64,
    pub(super) records: Vec<RecordId>,
    /// Records in the other time of a comparison, scaled to the length of the main one.
    pub(super) other: Option<f64>,
}

impl Scope {
    /// Whether a topic was looked for and no pattern is about it.
    pub(super) fn is_empty(&self) -> bool {
        self.meant.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether counts per minute answer it.
    pub(super) fn is_answered_by_rollups(&self) -> bool {
        self.filter.is_answered_by_rollups() && self.statuses.is_empty() && self.numbers.is_empty()
    }

    /// Whether records must be read one by one.
    pub(super) fn needs_reading(&self) -> bool {
        !self.values.is_empty() || !self.numbers.is_empty()
    }

    /// What a question says literally.
    pub(super) fn literal(understood: &Interpretation) -> Self {
        // A part of an address is another address, and a part of a word no name.
        let values = understood
            .terms
            .iter()
            .filter(|term| {
                let is_named = understood.named.contains(&term.term);
                !term.negated && (is_named || term.term.parse::<IpAddr>().is_ok())
            })
            .map(|term| term.term.clone())
            .collect();
        Self {
            filter: understood.filter(),
            statuses: statuses(understood),
            meant: None,
            near: Vec::new(),
            is_literal: false,
            values,
            numbers: understood.numbers.clone(),
            among: understood.among.clone(),
            left_out: Vec::new(),
            is_topic_unused: false,
            is_words_only: false,
        }
    }

    /// Adds what the words of the topic select.
    fn select(
        &mut self,
        literal: Literal,
        dictionary: &Dictionary,
        present: &HashMap<TemplateId, u64>,
    ) {
        self.is_literal = true;
        if !literal.ids.is_empty() {
            self.mean(
                literal
                    .ids
                    .into_iter()
                    .filter(|id| present.contains_key(id))
                    .collect(),
                dictionary,
            );
        }
        for value in literal.values {
            self.filter.text.push(TextTerm {
                term: value.clone(),
                negated: false,
                template_ids: Vec::new(),
            });
            self.values.push(value);
        }
        self.left_out = literal.left_out;
    }

    /// Only these patterns count.
    pub(super) fn mean(&mut self, ids: Vec<TemplateId>, dictionary: &Dictionary) {
        self.filter.template_ids = with_merged(dictionary, &ids);
        self.meant = Some(ids);
    }
}

impl Inner {
    /// The filter of a question: what it says literally, and the patterns that its topic says or, where its
    /// words do not decide, means. Blocks.
    pub(super) fn scope(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
    ) -> Result<Scope, Error> {
        let mut scope = Scope::literal(understood);
        if !understood.retrieval_text.is_empty() {
            self.select_topic(project_id, understood, &mut scope)?;
        }
        self.plan(project_id, &mut scope.filter)?;
        Ok(scope)
    }

    fn select_topic(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &mut Scope,
    ) -> Result<(), Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let present = self.present(project_id, &dictionary, &scope.filter)?;
        let literal =
            self.literal_among(project_id, &dictionary, understood, &scope.filter, &present)?;
        if understood.is_by_meaning() {
            // What is counted by tells about the meaning too: "which hosts could not be reached".
            let text = match &understood.group_by {
                Some(GroupBy::Field(field)) => {
                    format!("{} {}", field.as_str(), understood.retrieval_text)
                }
                _ => understood.retrieval_text.clone(),
            };
            let relevant =
                self.relevant_patterns(project_id, &text, &understood.services, &present)?;
            scope.is_words_only = relevant.is_words_only;
            scope.near.clone_from(&relevant.ids);
            if literal.is_none() {
                let mut ids =
                    without_contradictions(&dictionary, understood, &present, relevant.ids);
                // What is only near is no evidence.
                let topic = &understood.retrieval_text;
                if !relevant.is_sure && !is_told(&dictionary, topic, &ids, &relevant.cosines) {
                    ids.clear();
                }
                scope.mean(ids, &dictionary);
            }
        } else if literal.is_none() {
            let is_loose = understood.terms.iter().all(|term| term.negated)
                && understood.trace_id.is_none()
                && !is_generic_beside(&understood.retrieval_text, &understood.status_codes);
            if is_loose {
                // "pauses of the garbage collector over 1 s": what is exact beside it is no answer without it.
                let ids = self.meant_beside(project_id, understood, &present, &dictionary)?;
                scope.mean(ids, &dictionary);
            } else {
                scope.is_topic_unused = true;
            }
        }
        if let Some(literal) = literal {
            scope.select(literal, &dictionary, &present);
        }
        let is_told = |ids: &Vec<TemplateId>| ids.is_empty() || is_wrong(&dictionary, ids);
        let is_of_records = understood.severities.is_empty() && understood.status_codes.is_empty();
        if is_of_records
            && !scope.values.iter().any(|value| is_of_failure(value))
            && is_of_failure(&understood.retrieval_text)
            && !scope.meant.as_ref().is_none_or(is_told)
        {
            scope.mean(Vec::new(), &dictionary);
        }
        Ok(())
    }

    /// The patterns that a topic means which stands beside a status, a number or an attribute. Blocks.
    fn meant_beside(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        present: &HashMap<TemplateId, u64>,
        dictionary: &Dictionary,
    ) -> Result<Vec<TemplateId>, Error> {
        let topic = &understood.retrieval_text;
        let relevant = self.relevant_patterns(project_id, topic, &understood.services, present)?;
        let ids = without_contradictions(dictionary, understood, present, relevant.ids);
        let is_evidence = relevant.is_sure || is_told(dictionary, topic, &ids, &relevant.cosines);
        Ok(if is_evidence { ids } else { Vec::new() })
    }

    /// The records of each pattern where a filter looks, as far as counts tell. Blocks.
    pub(super) fn present(
        &self,
        project_id: ProjectId,
        dictionary: &Dictionary,
        filter: &LogFilter,
    ) -> Result<HashMap<TemplateId, u64>, Error> {
        let mut present = HashMap::new();
        for row in self.store.template_counts(project_id, filter, PRESENT)? {
            *present
                .entry(dictionary.resolve(row.template_id))
                .or_insert(0) += row.count;
        }
        Ok(present)
    }

    /// Everything in a range that the scope matches, in one pass. Blocks.
    pub(super) fn matched(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &Scope,
        range: TimeRange,
        samples: usize,
    ) -> Result<Matches, Error> {
        super::stop::check()?;
        let filter = LogFilter {
            range,
            ..scope.filter.clone()
        };
        let request = MatchRequest {
            filter: &filter,
            statuses: &scope.statuses,
            order: if understood.intent == Intent::First {
                Order::OldestFirst
            } else {
                Order::NewestFirst
            },
            records: samples,
            bucket_ns: time_unit(understood).map(TimeUnit::nanos),
        };
        if scope.needs_reading() {
            self.matches_one_by_one(project_id, &request, &scope.values, &scope.numbers)
        } else {
            Ok(self.store.matches(project_id, &request)?)
        }
    }
}

/// The status codes that a question names.
pub(super) fn statuses(understood: &Interpretation) -> Vec<StatusFilter> {
    understood
        .status_codes
        .iter()
        .map(|status| match status {
            StatusCode::Exact(code) => StatusFilter::Exact(*code),
            StatusCode::Class(class) => StatusFilter::Class(*class),
        })
        .collect()
}

/// How many sample records a question wants.
pub(super) fn samples_wanted(understood: &Interpretation) -> usize {
    understood.limit.unwrap_or(SAMPLES).clamp(1, MOST_SAMPLES)
}

/// The stretches of time that are counted apart: those that were asked for, or longer ones.
pub(super) fn time_unit(understood: &Interpretation) -> Option<TimeUnit> {
    let Some(GroupBy::Time(asked)) = &understood.group_by else {
        return None;
    };
    let length = understood.range.duration_ns();
    [TimeUnit::Minute, TimeUnit::Hour, TimeUnit::Day]
        .into_iter()
        .find(|unit| unit.nanos() >= asked.nanos() && length / unit.nanos() <= MOST_BUCKETS)
        .or(Some(TimeUnit::Day))
}

/// What matched, per pattern that is not merged away; most frequent first.
pub(super) fn rows(dictionary: &Dictionary, counts: Vec<MatchCount>) -> Vec<Row> {
    let mut places: HashMap<(TemplateId, String, Severity), usize> = HashMap::new();
    let mut rows: Vec<Row> = Vec::new();
    for MatchCount { count, records } in counts {
        let row = Row {
            template_id: dictionary.resolve(count.template_id),
            ids: vec![count.template_id],
            service: Some(count.service.clone()),
            severity: count.severity,
            count: count.count,
            first_at_ns: count.first_minute_ns,
            last_at_ns: count.last_minute_ns,
            records,
            other: None,
        };
        let key = (row.template_id, count.service, row.severity);
        match places.get(&key) {
            Some(place) => rows[*place].add(row),
            None => {
                places.insert(key, rows.len());
                rows.push(row);
            }
        }
    }
    sort(&mut rows);
    rows
}

/// One row per pattern, whoever writes it; most frequent first.
pub(super) fn by_pattern(rows: &[Row]) -> Vec<Row> {
    let mut places: HashMap<TemplateId, usize> = HashMap::new();
    let mut patterns: Vec<Row> = Vec::new();
    for row in rows {
        match places.get(&row.template_id) {
            Some(place) => patterns[*place].add(row.clone()),
            None => {
                places.insert(row.template_id, patterns.len());
                patterns.push(row.clone());
            }
        }
    }
    sort(&mut patterns);
    patterns
}

fn sort(rows: &mut [Row]) {
    rows.sort_by(|a, b| {
        b.count
            .cmp(&a.count)
            .then(a.template_id.cmp(&b.template_id))
    });
}

impl Row {
    fn add(&mut self, other: Row) {
        for id in other.ids {
            if !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
        if self.service != other.service {
            self.service = None;
        }
        self.severity = self.severity.max(other.severity);
        self.count += other.count;
        self.first_at_ns = self.first_at_ns.min(other.first_at_ns);
        self.last_at_ns = self.last_at_ns.max(other.last_at_ns);
        self.records.extend(other.records);
        self.other = match (self.other, other.other) {
            (Some(a), Some(b)) => Some(a + b),
            (one, None) | (None, one) => one,
        };
    }
}
