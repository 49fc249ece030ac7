//! The computed facts of an answer.

mod blank;
mod citation;
mod requests;

use std::collections::{HashMap, HashSet};

use domain::{LogFilter, LogReader, LogRecord, ProjectId, TemplateId, TimeRange};
use inference::{AnswerFacts, Chip, Comparison, EvidenceBook};
use query::{ChipKind, GroupBy, Intent, Interpretation};
use store::Matches;

use self::citation::{CITED_RECORDS, cite_records, ranked};
use super::scope::{self, Row, Scope};
use super::values::Values;
use super::{group, scope::samples_wanted};
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Everything computed for an answer.
pub(super) struct Found {
    pub(super) facts: AnswerFacts,
    /// Sample records.
    pub(super) samples: Vec<LogRecord>,
    /// The semantic index did not answer: only words were compared.
    pub(super) is_words_only: bool,
    /// The question as it was answered: about a wider range, or without words that select nothing.
    pub(super) understood: Interpretation,
    /// What it counted; `None` where nothing was selected.
    pub(super) selected: Option<Selected>,
    /// How long it took to find the patterns that it is about.
    pub(super) retrieval: std::time::Duration,
}

/// What an answer counted.
#[derive(Debug, Clone)]
pub(super) struct Selected {
    pub(super) filter: LogFilter,
    /// The patterns that its topic says or means.
    pub(super) meant: Option<Vec<TemplateId>>,
}

/// The chip of an outage of the semantic index: its label and its value.
pub(super) const INDEX_CHIP: (&str, &str) = ("index", "unavailable: words only");

impl Inner {
    /// What a question finds as it stands. Blocks.
    pub(super) fn attempt(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
    ) -> Result<Found, Error> {
        if let Some(found) = self.unanswerable(understood, question) {
            return Ok(found);
        }
        if let Some(text) = &understood.explained {
            return self.explained(project_id, understood, text, question);
        }
        if understood.intent == Intent::Why {
            return self.why(project_id, understood, question);
        }
        if let Some(found) = self.deploys(project_id, understood, question)? {
            return Ok(found);
        }
        let started = std::time::Instant::now();
        let mut scope = self.scope(project_id, understood)?;
        if scope.is_empty() {
            let dictionary = self.dictionaries.get(&self.store, project_id)?;
            self.mean_deploys(project_id, understood, &mut scope, &dictionary)?;
        }
        let retrieval = started.elapsed();
        let understood = if scope.is_topic_unused {
            // Where something literal decides, the topic changes nothing, and that is said.
            &understood.without_topic()
        } else {
            understood
        };
        let mut facts = self.blank(understood, question);
        facts.left_out.clone_from(&scope.left_out);
        if scope.is_words_only {
            facts.interpretation.push(index_chip());
        }
        let mut found = Found {
            facts,
            samples: Vec::new(),
            is_words_only: scope.is_words_only,
            understood: understood.clone(),
            selected: None,
            retrieval,
        };
        if scope.is_empty() {
            found.facts.matching = Some(0);
            return Ok(found);
        }
        self.count_matching(project_id, understood, scope, &mut found)?;
        Ok(found)
    }

    /// Counts what a question selects. Blocks.
    fn count_matching(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        mut scope: Scope,
        found: &mut Found,
    ) -> Result<(), Error> {
        found.facts.more.query = Some(query_of(&scope, understood));
        let wanted = samples_wanted(understood);
        let mut matched = self.matched(project_id, understood, &scope, understood.range, wanted)?;
        if self.keep_answers_of_requests(project_id, &mut scope, &matched)? {
            found.facts.more.query = Some(query_of(&scope, understood));
            matched = self.matched(project_id, understood, &scope, understood.range, wanted)?;
        }
        self.measure(
            project_id,
            understood,
            &scope,
            &mut matched,
            &mut found.facts,
        )?;
        self.measure_other(project_id, understood, &scope, &mut found.facts)?;
        if let Some(missing) = missing_number(understood, &found.facts) {
            found.facts.matching = Some(0);
            found.facts.more.missing = vec![missing];
            return Ok(());
        }
        if understood.intent == Intent::Trend && matched.total > 0 {
            found.facts.more.trend = Some(self.trend(project_id, understood, &scope)?);
        }
        self.fill(project_id, understood, &scope, matched, found)?;
        found.selected = Some(Selected {
            filter: scope.filter,
            meant: scope.meant,
        });
        Ok(())
    }

    /// Fills in the facts of what matched.
    fn fill(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &Scope,
        matched: Matches,
        found: &mut Found,
    ) -> Result<(), Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut rows = scope::rows(&dictionary, matched.counts);
        found.samples = matched.records;
        let facts = &mut found.facts;
        facts.matching = Some(matched.total);
        facts.errors = Some(errors(&rows));
        facts.is_cut |= matched.is_cut;
        let others = match understood.compare_with {
            Some(range) => {
                let other = self.matched(project_id, understood, scope, range, 0)?;
                let others = scope::rows(&dictionary, other.counts);
                facts.is_cut |= other.is_cut;
                facts.comparison = Some(compared(understood, range, other.total));
                facts.new_patterns = Some(beside(&mut rows, &others, understood.range, range));
                others
            }
            None => Vec::new(),
        };
        let mut book = EvidenceBook::new();
        let is_edge = is_edge(understood);
        // Where patterns alone do not tell (a text inside values, the first or last occurrence), records do;
        // the record that answers comes first.
        // "the last 5 errors": these, and not what they have in common.
        let shows_records = understood.intent == Intent::Find
            && understood.group_by.is_none()
            && understood.limit.is_some();
        facts.more.shows_records = shows_records;
        if is_edge || shows_records {
            let cited = understood.limit.filter(|_| shows_records);
            cite_records(&found.samples, cited.unwrap_or(CITED_RECORDS), &mut book);
        }
        let ranked = ranked(understood, scope, &rows);
        let cited = self.cite(project_id, scope, &dictionary, &ranked, &mut book)?;
        if !is_edge && !shows_records && !scope.is_answered_by_rollups() {
            cite_records(&found.samples, CITED_RECORDS, &mut book);
        }
        facts.evidence = book.into_items();
        let services = if understood.intent == Intent::ListServices {
            Some(self.store.services(project_id, understood.range)?)
        } else {
            None
        };
        let values = self.asked_values(project_id, understood, scope, &dictionary)?;
        if let Some(values) = values.as_ref().filter(|_| !scope.among.is_empty()) {
            facts.matching = Some(values.read);
        }
        group::fill(
            facts,
            &group::Counted {
                understood,
                dictionary: &dictionary,
                rows: &rows,
                others: &others,
                buckets: &matched.buckets,
                services: services.as_deref(),
                values: values.as_ref(),
                cited: &cited,
            },
        );
        Ok(())
    }

    /// The values that are asked for, when some are.
    fn asked_values(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &Scope,
        dictionary: &Dictionary,
    ) -> Result<Option<Values>, Error> {
        let Some(GroupBy::Field(field)) = &understood.group_by else {
            return Ok(None);
        };
        self.values(project_id, scope, dictionary, understood.range, field)
            .map(Some)
    }
}

/// What the other time of a comparison counts.
fn compared(understood: &Interpretation, range: TimeRange, count: u64) -> Comparison {
    Comparison {
        label: label_of(understood, ChipKind::ComparedWith)
            .unwrap_or_else(|| "the time before".into()),
        range,
        count,
    }
}

/// Whether a single record answers: the first, the last, the greatest or the least.
fn is_edge(understood: &Interpretation) -> bool {
    matches!(understood.intent, Intent::First | Intent::Last)
        || understood.group_by.is_none()
            && matches!(
                understood.measure,
                Some(query::Measure::Greatest(_) | query::Measure::Least(_))
            )
}

/// That no record names the number that was asked for.
fn missing_number(understood: &Interpretation, facts: &AnswerFacts) -> Option<String> {
    let quantity = understood.measure.as_ref()?.quantity()?;
    let is_measured = facts.more.figure.is_some() || facts.is_cut;
    let is_of_word = matches!(
        quantity,
        query::Quantity::Named(_) | query::Quantity::SizeOf(_)
    );
    (!is_measured && is_of_word).then(|| format!("no matching record names a {}", quantity.name()))
}

/// The search that shows what was counted, as far as the search box can say it.
pub(super) fn query_of(scope: &Scope, understood: &Interpretation) -> String {
    let mut filter = scope.filter.clone();
    filter.range = understood.range;
    query::filter_text(&filter)
}

fn errors(rows: &[Row]) -> u64 {
    rows.iter()
        .filter(|row| row.severity.is_error())
        .map(|row| row.count)
        .sum()
}

/// Puts the counts of the other time beside each row, scaled to the same length. Gives how many patterns did
/// not occur then.
fn beside(rows: &mut [Row], others: &[Row], range: TimeRange, other_range: TimeRange) -> usize {
    let scale = range.duration_ns() as f64 / other_range.duration_ns().max(1) as f64;
    let key = |row: &Row| (row.template_id, row.service.clone(), row.severity);
    let counts: HashMap<_, u64> = others.iter().map(|row| (key(row), row.count)).collect();
    for row in rows.iter_mut() {
        let count = counts.get(&key(row)).copied().unwrap_or(0);
        row.other = Some(count as f64 * scale);
    }
    let known: HashSet<TemplateId> = others.iter().map(|row| row.template_id).collect();
    rows.iter()
        .map(|row| row.template_id)
        .filter(|id| !known.contains(id))
        .collect::<HashSet<_>>()
        .len()
}

pub(super) fn index_chip() -> Chip {
    Chip {
        label: INDEX_CHIP.0.into(),
        value: INDEX_CHIP.1.into(),
    }
}

fn label_of(understood: &Interpretation, kind: ChipKind) -> Option<String> {
    understood
        .chips
        .iter()
        .find(|chip| chip.kind == kind)
        .map(|chip| chip.label.clone())
}
