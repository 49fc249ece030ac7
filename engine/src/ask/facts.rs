//! The computed facts of an answer.

use std::collections::{HashMap, HashSet};

use domain::{
    Evidence, EvidenceKind, LogFilter, LogReader, LogRecord, ProjectId, RecordId, TemplateId,
    TimeRange,
};
use inference::{AnswerFacts, AnswerIntent, Chip, Comparison, EvidenceBook};
use query::{ChipKind, GroupBy, Intent, Interpretation};
use store::{Matches, NewestOf};

use super::scope::{self, Row, Scope};
use super::values::Values;
use super::{group, scope::samples_wanted};
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Patterns that are cited.
const CITED: usize = 10;
/// Patterns that are cited when they are what was asked for: more are never given to a model.
const MOST_CITED: usize = 24;
/// Records that are cited.
const CITED_RECORDS: usize = 3;
/// Cited patterns that show records.
const WITH_RECORDS: usize = 3;
/// Records of a cited pattern.
const RECORDS_PER_PATTERN: usize = 2;

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
        if let Some(missing) = missing_number(understood, &found.facts) {
            found.facts.matching = Some(0);
            found.facts.more.missing = vec![missing];
            return Ok(found);
        }
        if understood.intent == Intent::Trend && matched.total > 0 {
            found.facts.more.trend = Some(self.trend(project_id, understood, &scope)?);
        }
        self.fill(project_id, understood, &scope, matched, &mut found)?;
        found.selected = Some(Selected {
            filter: scope.filter,
            meant: scope.meant,
        });
        Ok(found)
    }

    /// What cannot be answered whatever the records say: there is no such service, or the time has not come.
    fn unanswerable(&self, understood: &Interpretation, question: &str) -> Option<Found> {
        let mut missing = Vec::new();
        if understood.is_future {
            missing.push("it asks about a time that has not come".to_owned());
        } else if understood.services.is_empty() {
            let unknown = understood.unknown_services.iter();
            missing.extend(unknown.map(|name| format!("no service is called “{name}”")));
        }
        if missing.is_empty() {
            return None;
        }
        let mut facts = self.blank(understood, question);
        facts.matching = Some(0);
        facts.more.missing = missing;
        Some(Found {
            facts,
            samples: Vec::new(),
            is_words_only: false,
            understood: understood.clone(),
            selected: None,
            retrieval: std::time::Duration::ZERO,
        })
    }

    /// Any number of a text may look like a status code. Where patterns that tell of requests match, only these
    /// count; true when that leaves others out. Blocks.
    fn keep_answers_of_requests(
        &self,
        project_id: ProjectId,
        scope: &mut Scope,
        matched: &Matches,
    ) -> Result<bool, Error> {
        if scope.statuses.is_empty() || !scope.filter.template_ids.is_empty() {
            return Ok(false);
        }
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut ids: Vec<TemplateId> = matched
            .counts
            .iter()
            .map(|row| row.count.template_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let all = ids.len();
        let mut keeping = HashSet::new();
        for row in matched.counts.iter().take(MOST_CITED) {
            let Some(id) = row.records.first() else {
                continue;
            };
            // Who keeps a status in an attribute means it.
            let record = self.store.record(project_id, *id)?;
            let is_kept = record.is_some_and(|record| {
                let attributes = record.attributes.to_lowercase();
                attributes.contains("status") || attributes.contains("\"code\"")
            });
            if is_kept {
                keeping.insert(row.count.template_id);
            }
        }
        ids.retain(|id| {
            keeping.contains(id)
                || dictionary
                    .get(*id)
                    .is_some_and(|template| tells_of_requests(&template.text))
        });
        let is_other = !ids.is_empty() && ids.len() < all;
        if is_other {
            scope.filter.template_ids = ids;
        }
        Ok(is_other)
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
        let mut others = Vec::new();
        if let Some(range) = understood.compare_with {
            let other = self.matched(project_id, understood, scope, range, 0)?;
            facts.is_cut |= other.is_cut;
            facts.comparison = Some(Comparison {
                label: label_of(understood, ChipKind::ComparedWith)
                    .unwrap_or_else(|| "the time before".into()),
                range,
                count: other.total,
            });
            others = scope::rows(&dictionary, other.counts);
            facts.new_patterns = Some(beside(&mut rows, &others, understood.range, range));
        }
        let mut book = EvidenceBook::new();
        let is_edge = matches!(understood.intent, Intent::First | Intent::Last)
            || understood.group_by.is_none()
                && matches!(
                    understood.measure,
                    Some(query::Measure::Greatest(_) | query::Measure::Least(_))
                );
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

    pub(super) fn blank(&self, understood: &Interpretation, question: &str) -> AnswerFacts {
        AnswerFacts {
            question: question.to_owned(),
            intent: match understood.intent {
                Intent::Find | Intent::Summary => AnswerIntent::Find,
                Intent::Count => AnswerIntent::Count,
                Intent::Rate => AnswerIntent::Rate,
                Intent::Measure => AnswerIntent::Measure,
                Intent::Trend => AnswerIntent::Trend,
                Intent::Explain => AnswerIntent::Explain,
                Intent::First => AnswerIntent::First,
                Intent::Last => AnswerIntent::Last,
                Intent::Top | Intent::ListServices => AnswerIntent::Top,
                Intent::Compare => AnswerIntent::Compare,
                Intent::Why => AnswerIntent::Why,
            },
            interpretation: chips(understood),
            range: understood.range,
            is_range_default: understood.range_is_default,
            widened_from: understood.widened_from,
            nearest_at_ns: None,
            left_out: Vec::new(),
            now_ns: self.clock.now_ns(),
            matching: None,
            errors: None,
            grouped_by: None,
            groups: Vec::new(),
            groups_left: 0,
            values: None,
            comparison: None,
            new_patterns: None,
            evidence: Vec::new(),
            suspects: Vec::new(),
            is_cut: false,
            more: inference::AnswerMore {
                offset_seconds: understood.offset_seconds,
                unread: unread(understood),
                ..inference::AnswerMore::default()
            },
        }
    }

    /// Cites patterns; gives the number of each.
    fn cite(
        &self,
        project_id: ProjectId,
        scope: &Scope,
        dictionary: &Dictionary,
        rows: &[Row],
        book: &mut EvidenceBook,
    ) -> Result<HashMap<TemplateId, u32>, Error> {
        // Finding the records of a pattern opens blocks; the first ones are told, the others are a link away.
        let first = &rows[..rows.len().min(WITH_RECORDS)];
        let mut records = self.records_of(project_id, scope, first)?.into_iter();
        let mut cited = HashMap::new();
        for row in rows {
            let record_ids = records.next().unwrap_or_default();
            let Some(template) = dictionary.get(row.template_id) else {
                continue;
            };
            let number = book.push(Evidence {
                number: 0,
                kind: EvidenceKind::Template,
                text: template.text.clone(),
                service: row.service.clone(),
                severity: row.severity,
                count: row.count,
                expected: row.other,
                template_id: Some(template.id),
                record_ids,
                first_at_ns: row.first_at_ns,
                last_at_ns: row.last_at_ns,
            });
            cited.entry(row.template_id).or_insert(number);
        }
        Ok(cited)
    }

    /// Some records of each row: those that were seen while counting, or the newest ones.
    fn records_of(
        &self,
        project_id: ProjectId,
        scope: &Scope,
        rows: &[Row],
    ) -> Result<Vec<Vec<RecordId>>, Error> {
        if !scope.is_answered_by_rollups() {
            let seen = |row: &Row| -> Vec<RecordId> {
                row.records
                    .iter()
                    .copied()
                    .take(RECORDS_PER_PATTERN)
                    .collect()
            };
            return Ok(rows.iter().map(seen).collect());
        }
        let wanted: Vec<NewestOf> = rows
            .iter()
            .map(|row| NewestOf {
                template_ids: row.ids.clone(),
                service: row.service.clone(),
                severity: row.service.is_some().then_some(row.severity),
            })
            .collect();
        Ok(self
            .store
            .newest_of(project_id, &scope.filter, &wanted, RECORDS_PER_PATTERN)?)
    }
}

/// Words that look like a time or a number and were not understood. Names of services that nobody has, and times to
/// come, are told otherwise.
fn unread(understood: &Interpretation) -> Vec<String> {
    if understood.is_future {
        return Vec::new();
    }
    let is_told = |word: &&String| {
        let is_topic = understood
            .chips
            .iter()
            .any(|chip| chip.kind == ChipKind::Topic && chip.label.contains(word.as_str()));
        !understood.unknown_services.contains(word)
            && !is_topic
            && (word.starts_with(|c: char| c.is_ascii_digit())
                || query::is_deploy_word(&word.to_lowercase()))
    };
    let mut words: Vec<String> = understood
        .not_understood
        .iter()
        .filter(is_told)
        .cloned()
        .collect();
    words.dedup();
    words
}

/// That no record names the number that was asked for.
fn missing_number(understood: &Interpretation, facts: &AnswerFacts) -> Option<String> {
    let quantity = understood.measure.as_ref()?.quantity()?;
    let is_measured = facts.more.figure.is_some() || facts.is_cut;
    (!is_measured && matches!(quantity, query::Quantity::Named(_)))
        .then(|| format!("no matching record names a {}", quantity.name()))
}

/// Whether a pattern tells of a request or its answer.
fn tells_of_requests(text: &str) -> bool {
    const WORDS: [&str; 16] = [
        "get",
        "post",
        "put",
        "delete",
        "head",
        "patch",
        "options",
        "http",
        "https",
        "status",
        "request",
        "response",
        "answered",
        "returned",
        "responded",
        "upstream",
    ];
    text.contains("<path>")
        || text.contains("<url>")
        || text
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| WORDS.contains(&word.to_lowercase().as_str()))
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

fn cite_records(samples: &[LogRecord], limit: usize, book: &mut EvidenceBook) {
    for record in samples.iter().take(limit.min(MOST_CITED)) {
        book.record(record);
    }
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

/// The rows that are cited: what was asked for first.
fn ranked(understood: &Interpretation, scope: &Scope, rows: &[Row]) -> Vec<Row> {
    let is_by_pattern = understood.group_by == Some(GroupBy::Template);
    let mut ranked = if is_by_pattern {
        scope::by_pattern(rows)
    } else {
        rows.to_vec()
    };
    if is_by_pattern {
        ranked.truncate(understood.limit.unwrap_or(group::GROUPS).min(MOST_CITED));
        return ranked;
    }
    if understood.compare_with.is_some() {
        ranked.sort_by(|a, b| difference(b).total_cmp(&difference(a)));
    } else if scope.is_literal {
        // All of them say what was asked for. What is near to the whole question says it best, and then the most frequent.
        if understood.intent == Intent::Find {
            let place = |row: &Row| scope.near.iter().position(|id| *id == row.template_id);
            ranked.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
        }
    } else if let Some(meant) = &scope.meant {
        let rank: HashMap<TemplateId, usize> = meant
            .iter()
            .enumerate()
            .map(|(index, id)| (*id, index))
            .collect();
        ranked.sort_by_key(|row| rank.get(&row.template_id).copied().unwrap_or(usize::MAX));
    } else {
        ranked.sort_by_key(|row| (!row.severity.is_error(), std::cmp::Reverse(row.count)));
    }
    ranked.truncate(CITED);
    ranked
}

/// How much a row tells about a difference: what is new first, errors among it, then what changed beyond chance
/// (in standard deviations of a Poisson count).
fn difference(row: &Row) -> f64 {
    let before = row.other.unwrap_or(0.0);
    let change = (row.count as f64 - before).abs() / (before + 1.0).sqrt();
    let newness = if before <= 0.0 { 1e12 } else { 0.0 };
    let badness = if row.severity.is_error() { 1e10 } else { 0.0 };
    newness + if newness > 0.0 { badness } else { 0.0 } + change
}

pub(super) fn index_chip() -> Chip {
    Chip {
        label: INDEX_CHIP.0.into(),
        value: INDEX_CHIP.1.into(),
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
