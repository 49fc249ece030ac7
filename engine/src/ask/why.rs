//! The facts of a "why": what stands out against the time before, what was changed, and whom to suspect.

use std::collections::HashSet;

use domain::{LogFilter, PageRequest, ProjectId, Severity, TemplateId};
use query::Interpretation;
use store::{AnomalyFilter, AnomalyStore};

use super::facts::{Found, index_chip};
use super::scope::{Scope, samples_wanted};
use super::topic::with_merged;
use crate::{Error, Inner};

/// Anomalies that are looked at.
const ANOMALIES: usize = 50;
/// Patterns that a literal text stands for at most.
const OWN: usize = 100;

impl Inner {
    /// The facts of a "why". Blocks.
    pub(super) fn why(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
    ) -> Result<Found, Error> {
        let mut facts = self.blank(understood, question);
        let filter = AnomalyFilter::in_range(understood.range);
        let anomalies = self
            .store
            .anomalies(project_id, &filter, &PageRequest::first(ANOMALIES))?
            .items;
        let (own, is_words_only) = self.asked_about(project_id, understood)?;
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
        let scope = self.why_scope(project_id, understood)?;
        let wanted = samples_wanted(understood);
        let matched = self.matched(project_id, understood, &scope, window, wanted)?;
        facts.range = window;
        facts.matching = Some(matched.total);
        facts.errors = Some(
            matched
                .counts
                .iter()
                .filter(|row| row.count.severity.is_error())
                .map(|row| row.count.count)
                .sum(),
        );
        facts.is_cut = matched.is_cut;
        facts.evidence = found.evidence;
        facts.suspects = found.suspects;
        if is_words_only {
            facts.interpretation.push(index_chip());
        }
        Ok(Found {
            facts,
            samples: matched.records,
            is_words_only,
            understood: understood.clone(),
        })
    }

    /// The records that a "why" counts. Blocks.
    pub(super) fn why_scope(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
    ) -> Result<Scope, Error> {
        let mut scope = Scope::literal(understood);
        // A question about warnings counts those; one that names no severity asks about errors.
        if scope.filter.severities.is_empty() && scope.statuses.is_empty() {
            scope.filter.severities = vec![Severity::Error, Severity::Fatal];
        }
        self.plan(project_id, &mut scope.filter)?;
        Ok(scope)
    }

    /// The patterns that a "why" names: by its topic, and by the texts that must occur.
    fn asked_about(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
    ) -> Result<(HashSet<TemplateId>, bool), Error> {
        let mut own = HashSet::new();
        let mut is_words_only = false;
        let topic = understood.retrieval_text.trim();
        if !topic.is_empty() {
            let filter = LogFilter {
                services: understood.services.clone(),
                ..LogFilter::in_range(understood.range)
            };
            let dictionary = self.dictionaries.get(&self.store, project_id)?;
            let present = self.present(project_id, &dictionary, &filter)?;
            let relevant =
                self.relevant_patterns(project_id, topic, &understood.services, &present)?;
            own.extend(with_merged(&dictionary, &relevant.ids));
            is_words_only = relevant.is_words_only;
        }
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        for term in understood.terms.iter().filter(|term| !term.negated) {
            let holding = dictionary.texts().holding(&term.term);
            own.extend(holding.into_iter().take(OWN));
        }
        Ok((own, is_words_only))
    }
}
