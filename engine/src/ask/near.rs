//! What is near to a question as a whole, shown with what was counted for it: the same patterns in the same order as
//! [`crate::Engine::patterns_about`] gives. It decides nothing about an answer.

use std::collections::{HashMap, HashSet};

use anomaly::TemplateInfo as _;
use domain::{Evidence, EvidenceKind, LogFilter, ProjectId, TemplateId};
use query::{ChipKind, Intent, Interpretation};
use store::NewestOf;

use super::facts::Found;
use super::scope::{self, Scope};
use super::topic::with_merged;
use crate::{Error, Inner};

/// Patterns that are shown with an answer, those that were counted included.
const SHOWN: usize = 10;
/// Patterns that show records.
const WITH_RECORDS: usize = 3;
/// Records of a pattern that is shown.
const RECORDS: usize = 2;

impl Inner {
    /// Shows what is near to the whole question: behind what was counted, and where records were only looked for
    /// among it, the nearest first. Blocks.
    pub(super) fn show_near(
        &self,
        project_id: ProjectId,
        question: &str,
        found: &mut Found,
    ) -> Result<(), Error> {
        found.facts.more.related.clear();
        if !is_wanted(&found.understood) {
            return Ok(());
        }
        let near = self.near_patterns(project_id, question, &found.understood)?;
        if near.is_empty() {
            return Ok(());
        }
        let counted = self.counted_among(project_id, found, &near)?;
        if is_free_to_order(found) {
            self.order_by_nearness(project_id, found, &near, &counted)
        } else {
            self.append_near(project_id, found, &near, &counted)
        }
    }

    /// The patterns near to a question that occur in its range and its services, best first. Severities do not
    /// select: who asks for failures means also what was written without a severity.
    fn near_patterns(
        &self,
        project_id: ProjectId,
        question: &str,
        understood: &Interpretation,
    ) -> Result<Vec<TemplateId>, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let filter = LogFilter {
            services: understood.services.clone(),
            excluded_services: understood.excluded_services.clone(),
            ..LogFilter::in_range(understood.range)
        };
        let present = self.present(project_id, &dictionary, &filter)?;
        let text = looked_for(question, understood);
        let mut chosen = HashSet::new();
        Ok(self
            .ranked(project_id, &dictionary, &text, &understood.services)
            .into_iter()
            .map(|(id, _, _)| dictionary.resolve(id))
            .filter(|id| present.contains_key(id) && chosen.insert(*id))
            .take(SHOWN)
            .collect())
    }

    /// Those of the near patterns whose records were counted, cited or not.
    fn counted_among(
        &self,
        project_id: ProjectId,
        found: &Found,
        near: &[TemplateId],
    ) -> Result<HashSet<TemplateId>, Error> {
        let mut counted: HashSet<TemplateId> = cited(&found.facts.evidence).collect();
        let is_all_cited = near.iter().all(|id| counted.contains(id));
        let understood = &found.understood;
        if found.facts.matching.unwrap_or(0) == 0
            || is_all_cited
            || understood.intent == Intent::Why
        {
            return Ok(counted);
        }
        // More may have been counted than was cited.
        let Some(selected) = &found.selected else {
            return Ok(counted);
        };
        match &selected.meant {
            Some(meant) => counted.extend(meant),
            None => {
                let dictionary = self.dictionaries.get(&self.store, project_id)?;
                let present = self.present(project_id, &dictionary, &selected.filter)?;
                counted.extend(near.iter().filter(|id| present.contains_key(id)));
            }
        }
        Ok(counted)
    }

    /// The nearest first, whether counted or not; what was counted and is not near goes last, as far as there is
    /// room, but the most frequent of it stays.
    fn order_by_nearness(
        &self,
        project_id: ProjectId,
        found: &mut Found,
        near: &[TemplateId],
        counted: &HashSet<TemplateId>,
    ) -> Result<(), Error> {
        let mut own = std::mem::take(&mut found.facts.evidence);
        let most = own.iter().map(|item| item.count).max().unwrap_or(0);
        let held: HashSet<TemplateId> = cited(&own).collect();
        let missing: Vec<TemplateId> = near
            .iter()
            .copied()
            .filter(|id| !held.contains(id))
            .collect();
        let (uncited, related): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|id| counted.contains(id));
        let understood = &found.understood;
        let kept = understood.severities.as_slice();
        own.extend(self.near_evidence(
            project_id,
            understood,
            &uncited,
            EvidenceKind::Template,
            kept,
        )?);
        own.extend(self.near_evidence(
            project_id,
            understood,
            &related,
            EvidenceKind::Related,
            &[],
        )?);
        let place = |item: &Evidence| {
            let id = item.template_id?;
            near.iter().position(|other| *other == id)
        };
        own.sort_by_key(|item| place(item).unwrap_or(usize::MAX));
        let is_most = |item: &Evidence| item.kind == EvidenceKind::Template && item.count == most;
        if let Some(last) = own.iter().position(is_most).filter(|it| *it >= SHOWN) {
            own.swap(SHOWN - 1, last);
        }
        own.truncate(SHOWN);
        for (item, number) in own.iter_mut().zip(1..) {
            item.number = number;
        }
        let is_related = |item: &Evidence| item.kind == EvidenceKind::Related;
        let (related, own) = own.into_iter().partition(is_related);
        found.facts.evidence = own;
        found.facts.more.related = related;
        Ok(())
    }

    /// Behind what was counted and cited: what else of it is near, and then what was not counted.
    fn append_near(
        &self,
        project_id: ProjectId,
        found: &mut Found,
        near: &[TemplateId],
        counted: &HashSet<TemplateId>,
    ) -> Result<(), Error> {
        let evidence = &mut found.facts.evidence;
        let held: HashSet<TemplateId> = cited(evidence).collect();
        let missing = near.iter().copied().filter(|id| !held.contains(id));
        let missing: Vec<TemplateId> = missing.take(SHOWN.saturating_sub(evidence.len())).collect();
        // What was counted and not cited is shown as such, as far as the severities asked for leave records of it.
        let uncited: Vec<TemplateId> = missing
            .iter()
            .copied()
            .filter(|id| counted.contains(id))
            .collect();
        let understood = &found.understood;
        let kept = understood.severities.as_slice();
        let mut uncited = self.near_evidence(
            project_id,
            understood,
            &uncited,
            EvidenceKind::Template,
            kept,
        )?;
        let told: HashSet<TemplateId> = cited(&uncited).collect();
        let related: Vec<TemplateId> = missing
            .into_iter()
            .filter(|id| !told.contains(id))
            .collect();
        let mut related =
            self.near_evidence(project_id, understood, &related, EvidenceKind::Related, &[])?;
        let last = evidence.iter().map(|item| item.number).max().unwrap_or(0);
        for (item, number) in uncited.iter_mut().chain(&mut related).zip(last + 1..) {
            item.number = number;
        }
        evidence.extend(uncited);
        found.facts.more.related = related;
        Ok(())
    }

    /// Patterns as evidence with their counts in the range of a question, in the order given.
    fn near_evidence(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        ids: &[TemplateId],
        kind: EvidenceKind,
        severities: &[domain::Severity],
    ) -> Result<Vec<Evidence>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let plain = Interpretation {
            group_by: None,
            ..understood.clone()
        };
        let mut beside = Scope::literal(&plain);
        beside.filter.severities = severities.to_vec();
        beside.mean(ids.to_vec(), &dictionary);
        let matched = self.matched(project_id, &plain, &beside, understood.range, 0)?;
        let rows = scope::by_pattern(&scope::rows(&dictionary, matched.counts));
        let by_id: HashMap<TemplateId, scope::Row> =
            rows.into_iter().map(|row| (row.template_id, row)).collect();
        let rows: Vec<&scope::Row> = ids.iter().filter_map(|id| by_id.get(id)).collect();
        // As with what is cited: the first ones show records.
        let wanted: Vec<NewestOf> = rows
            .iter()
            .take(WITH_RECORDS)
            .map(|row| NewestOf {
                template_ids: with_merged(&dictionary, &[row.template_id]),
                service: None,
                severity: None,
            })
            .collect();
        let mut records = match beside.is_answered_by_rollups() {
            true => self
                .store
                .newest_of(project_id, &beside.filter, &wanted, RECORDS)?,
            false => Vec::new(),
        }
        .into_iter();
        let item = |row: &scope::Row| Evidence {
            number: 0,
            kind,
            text: dictionary
                .get(row.template_id)
                .map(|template| template.text.clone())
                .unwrap_or_default(),
            service: row.service.clone(),
            severity: row.severity,
            count: row.count,
            expected: row.other,
            template_id: Some(row.template_id),
            record_ids: records
                .next()
                .unwrap_or_else(|| row.records.iter().copied().take(RECORDS).collect()),
            first_at_ns: row.first_at_ns,
            last_at_ns: row.last_at_ns,
        };
        Ok(rows.into_iter().map(item).collect())
    }
}

/// The patterns among evidence.
fn cited(evidence: &[Evidence]) -> impl Iterator<Item = TemplateId> + '_ {
    evidence.iter().filter_map(|item| item.template_id)
}

/// Whether a question is about something that patterns tell, at a time that has come.
fn is_wanted(understood: &Interpretation) -> bool {
    understood.is_by_meaning()
        && !understood.is_future
        && understood.explained.is_none()
        && understood.intent != Intent::ListServices
}

/// Whether nothing but its place tells a piece of evidence apart: no group and no suspect names it by its number, and
/// all of it are patterns.
fn is_free_to_order(found: &Found) -> bool {
    let facts = &found.facts;
    found.understood.intent == Intent::Find
        && facts.groups.is_empty()
        && facts.suspects.is_empty()
        && facts.comparison.is_none()
        && facts
            .evidence
            .iter()
            .all(|item| item.kind == EvidenceKind::Template)
}

/// What is looked for: the question without what says when and how many, as it was put. A question that goes on from
/// one before says too little by itself.
fn looked_for(question: &str, understood: &Interpretation) -> String {
    let topic = understood.retrieval_text.as_str();
    let foreign: Vec<&str> = topic
        .split_whitespace()
        .filter(|word| !question.contains(word))
        .collect();
    let is_of_another =
        !foreign.is_empty() && 2 * foreign.len() >= topic.split_whitespace().count();
    if is_of_another {
        return topic.to_owned();
    }
    let said = understood
        .chips
        .iter()
        .filter(|chip| {
            matches!(
                chip.kind,
                ChipKind::Time | ChipKind::ComparedWith | ChipKind::Limit
            )
        })
        .flat_map(|chip| chip.words.split_whitespace());
    let mut left: Vec<&str> = question.split_whitespace().collect();
    for word in said {
        let is_it = |it: &&str| it.trim_matches(|c: char| !c.is_alphanumeric()) == word;
        if let Some(place) = left.iter().position(is_it) {
            left.remove(place);
        }
    }
    if left.is_empty() {
        return topic.to_owned();
    }
    // A few words that were read as others are looked for both ways.
    left.extend(foreign);
    left.join(" ")
}

#[cfg(test)]
mod tests;
