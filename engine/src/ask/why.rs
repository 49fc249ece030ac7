//! The facts of a "why": what stands out against the time before, what was changed, and whom to suspect.

use std::collections::HashSet;

use anomaly::TemplateInfo as _;
use domain::{Evidence, EvidenceKind, LogFilter, PageRequest, ProjectId, Severity, TemplateId};
use query::Interpretation;
use store::{AnomalyFilter, AnomalyStore};

use super::facts::{Found, index_chip};
use super::scope::{self, Row, Scope, samples_wanted};
use super::thin::{is_general, is_told};
use super::topic::with_merged;
use crate::dictionaries::Dictionary;
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
        let started = std::time::Instant::now();
        let (own, is_words_only) = self.asked_about(project_id, understood)?;
        let retrieval = started.elapsed();
        if own.is_empty() && !is_general(&understood.retrieval_text) {
            let topic = understood.retrieval_text.trim();
            facts.matching = Some(0);
            facts
                .more
                .missing
                .push(format!("nothing in them is about “{topic}”"));
            return Ok(Found {
                selected: None,
                retrieval,
                facts,
                samples: Vec::new(),
                is_words_only,
                understood: understood.clone(),
            });
        }
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
        let mut scope = self.why_scope(project_id, understood)?;
        if !own.is_empty() && !is_general(&understood.retrieval_text) {
            // What is asked about may be no error: "why do mails bounce?"
            scope.filter.template_ids = own.iter().copied().collect();
            scope.filter.severities.clone_from(&understood.severities);
        }
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
        facts.more.query = Some(super::facts::query_of(
            &scope,
            &Interpretation {
                range: window,
                ..understood.clone()
            },
        ));
        facts.evidence = found.evidence;
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let rows = scope::rows(&dictionary, matched.counts);
        put_first(&mut facts.evidence, understood, rows, &own, &dictionary);
        facts.suspects = found.suspects;
        if is_words_only {
            facts.interpretation.push(index_chip());
        }
        Ok(Found {
            selected: None,
            retrieval,
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
            let mut relevant =
                self.relevant_patterns(project_id, topic, &understood.services, &present)?;
            let is_evidence =
                relevant.is_sure || is_told(&dictionary, topic, &relevant.ids, &relevant.cosines);
            if !is_evidence {
                relevant.ids.clear();
            }
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

/// Matching patterns that are told whether they are unusual or not.
const TOLD: usize = 2;

/// Tells what was asked about first: the worst of what matched, then the rest of the services that were named.
fn put_first(
    evidence: &mut Vec<Evidence>,
    understood: &Interpretation,
    mut rows: Vec<Row>,
    own: &HashSet<TemplateId>,
    dictionary: &Dictionary,
) {
    if understood.services.is_empty() && own.is_empty() {
        return;
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.severity, row.count)));
    let mut next = evidence.iter().map(|item| item.number).max().unwrap_or(0);
    for row in rows.iter().take(TOLD) {
        let is_told = evidence
            .iter()
            .any(|item| item.template_id == Some(row.template_id));
        let Some(template) = dictionary.get(row.template_id).filter(|_| !is_told) else {
            continue;
        };
        next += 1;
        evidence.push(Evidence {
            number: next,
            kind: EvidenceKind::Template,
            text: template.text.clone(),
            service: row.service.clone(),
            severity: row.severity,
            count: row.count,
            expected: None,
            template_id: Some(template.id),
            record_ids: row.records.clone(),
            first_at_ns: row.first_at_ns,
            last_at_ns: row.last_at_ns,
        });
    }
    let is_theirs = |item: &Evidence| {
        item.service
            .as_ref()
            .is_some_and(|service| understood.services.contains(service))
    };
    let is_own = |item: &Evidence| {
        item.template_id
            .is_some_and(|id| own.contains(&id) || own.contains(&dictionary.resolve(id)))
    };
    evidence.sort_by_key(|item| {
        let is_worst = is_theirs(item) && item.severity.is_error();
        std::cmp::Reverse((is_own(item), is_worst, is_theirs(item)))
    });
}
