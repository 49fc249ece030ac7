//! Questions about deploys themselves: "when was checkout deployed?", "how many deploys today?"

use std::collections::HashSet;

use domain::{ChangeKind, LogFilter, LogReader as _, PageRequest, ProjectId, TemplateId, TextTerm};
use inference::EvidenceBook;
use query::{Intent, Interpretation};
use store::EventStore as _;

use super::facts::Found;
use super::happenings::{TRIED, is_tellable};
use super::scope::Scope;
use super::words::holds_value;
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// Deploys that are looked at.
const MOST: usize = 1_000;
/// Deploys that are cited.
const CITED: usize = 10;
/// Words of a topic that say nothing beside a deploy.
const BESIDE: [&str; 8] = [
    "version", "new", "latest", "rolled", "out", "put", "live", "shipped",
];

/// Whether a question is about deploys and nothing else.
fn is_about_deploys(understood: &Interpretation) -> bool {
    let words: Vec<String> = understood
        .retrieval_text
        .split_whitespace()
        .map(str::to_lowercase)
        .collect();
    let is_plain = matches!(
        understood.intent,
        Intent::First | Intent::Last | Intent::Find | Intent::Count
    ) && understood.group_by.is_none()
        && understood.measure.is_none()
        && understood.severities.is_empty()
        && understood.numbers.is_empty()
        && understood.status_codes.is_empty()
        && understood.attributes.is_empty()
        && understood.trace_id.is_none()
        && understood.terms.is_empty();
    is_plain
        && words.iter().any(|word| query::is_deploy_word(word))
        && words
            .iter()
            .all(|word| query::is_deploy_word(word) || BESIDE.contains(&word.as_str()))
}

impl Inner {
    /// The answer out of change events; `None` when the question is about something else or no event tells. Blocks.
    pub(super) fn deploys(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
    ) -> Result<Option<Found>, Error> {
        if !is_about_deploys(understood) {
            return Ok(None);
        }
        let mut events = self.store.events(project_id, understood.range, MOST)?;
        let is_cut = events.len() >= MOST;
        events.retain(|event| {
            let is_theirs = understood.services.is_empty()
                || event
                    .service
                    .as_ref()
                    .is_some_and(|service| understood.services.contains(service));
            let is_excluded = event
                .service
                .as_ref()
                .is_some_and(|service| understood.excluded_services.contains(service));
            event.kind == ChangeKind::Deploy && is_theirs && !is_excluded
        });
        if events.is_empty() {
            return Ok(None);
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.timestamp_ns));
        let mut facts = self.blank(understood, question);
        facts.matching = Some(events.len() as u64);
        facts.is_cut = is_cut;
        let mut book = EvidenceBook::new();
        if understood.intent == Intent::First {
            events.reverse();
        }
        for event in events.iter().take(CITED) {
            book.change(event);
        }
        facts.evidence = book.into_items();
        Ok(Some(Found {
            selected: None,
            facts,
            samples: Vec::new(),
            is_words_only: false,
            understood: understood.clone(),
            retrieval: std::time::Duration::ZERO,
        }))
    }

    /// Where no event tells of deploys and no record says the word: the records of starts with a version. Blocks.
    pub(super) fn mean_deploys(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &mut Scope,
        dictionary: &Dictionary,
    ) -> Result<(), Error> {
        if !scope.is_empty() || !is_about_deploys(understood) {
            return Ok(());
        }
        let present: HashSet<_> = self
            .present(project_id, dictionary, &understood.filter())?
            .into_keys()
            .collect();
        let patterns = self.deploy_patterns(project_id)?;
        let is_present = |id: &TemplateId| present.contains(id);
        let own: Vec<TemplateId> = patterns.said.iter().copied().filter(is_present).collect();
        if !own.is_empty() {
            scope.mean(own, dictionary);
            return self.plan(project_id, &mut scope.filter);
        }
        if let [service] = understood.services.as_slice()
            && self.is_told_by_others(project_id, understood, service, &patterns.said)?
        {
            // Who deploys it tells of it: "deployed checkout 3.7.0".
            scope.filter.services.clear();
            scope.filter.text.push(term(service));
            scope.values.push(service.clone());
            scope.mean(patterns.said, dictionary);
            return self.plan(project_id, &mut scope.filter);
        }
        let starts: Vec<TemplateId> = patterns.starts.into_iter().filter(is_present).collect();
        if !starts.is_empty() {
            scope.mean(starts, dictionary);
            self.plan(project_id, &mut scope.filter)?;
        }
        Ok(())
    }

    /// Whether records of other services that tell of deploys name a service.
    fn is_told_by_others(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        service: &str,
        said: &[TemplateId],
    ) -> Result<bool, Error> {
        if said.is_empty() || !is_tellable(service) {
            return Ok(false);
        }
        let mut filter = LogFilter {
            template_ids: said.to_vec(),
            text: vec![term(service)],
            ..LogFilter::in_range(understood.range)
        };
        self.plan(project_id, &mut filter)?;
        let page = self
            .store
            .search(project_id, &filter, &PageRequest::first(TRIED))?;
        let mut records = page.items.iter();
        Ok(records.any(|record| holds_value(&record.body, service)))
    }
}

fn term(text: &str) -> TextTerm {
    TextTerm {
        term: text.to_owned(),
        negated: false,
        template_ids: Vec::new(),
    }
}
