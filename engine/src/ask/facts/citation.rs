//! Which patterns and records an answer cites.

use std::collections::HashMap;

use domain::{Evidence, EvidenceKind, LogRecord, ProjectId, RecordId, TemplateId};
use inference::EvidenceBook;
use query::{GroupBy, Intent, Interpretation};
use store::NewestOf;

use crate::ask::group;
use crate::ask::scope::{self, Row, Scope};
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Patterns that are cited.
const CITED: usize = 10;
/// Patterns that are cited when they are what was asked for: more are never given to a model.
pub(super) const MOST_CITED: usize = 24;
/// Records that are cited.
pub(super) const CITED_RECORDS: usize = 3;
/// Cited patterns that show records.
const WITH_RECORDS: usize = 3;
/// Records of a cited pattern.
const RECORDS_PER_PATTERN: usize = 2;

impl Inner {
    /// Cites patterns; gives the number of each.
    pub(super) fn cite(
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

pub(super) fn cite_records(samples: &[LogRecord], limit: usize, book: &mut EvidenceBook) {
    for record in samples.iter().take(limit.min(MOST_CITED)) {
        book.record(record);
    }
}

/// The rows that are cited: what was asked for first.
pub(super) fn ranked(understood: &Interpretation, scope: &Scope, rows: &[Row]) -> Vec<Row> {
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
