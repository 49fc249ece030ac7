//! "What does this line mean?": the explanation of a line or pattern as an answer.

use domain::{
    Evidence, EvidenceKind, LogFilter, LogReader as _, PageRequest, ProjectId, TextTerm, TimeRange,
};
use inference::EvidenceBook;
use query::Interpretation;

use super::facts::Found;
use crate::explain::Subject;
use crate::{Error, Inner};

impl Inner {
    /// Explains the line of a question. Blocks.
    pub(super) fn explained(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        text: &str,
        question: &str,
    ) -> Result<Found, Error> {
        let mut facts = self.blank(understood, question);
        let mut samples = Vec::new();
        let mut explanation = match text.parse() {
            Ok(id) if text.len() == 16 => self.explain(project_id, Subject::Pattern(id))?,
            _ => self.explain(project_id, Subject::Line(text.to_owned()))?,
        };
        if explanation.pattern.is_none() {
            // A part of a line is found in the newest record that has it.
            let mut filter = LogFilter::in_range(TimeRange::ALL);
            filter.text.push(TextTerm {
                term: text.to_owned(),
                negated: false,
                template_ids: Vec::new(),
            });
            self.plan(project_id, &mut filter)?;
            let page = self
                .store
                .search(project_id, &filter, &PageRequest::first(1))?;
            if let Some(record) = page.items.into_iter().next() {
                explanation = self.explain(project_id, Subject::Record(record.id))?;
                samples.push(record);
            }
        }
        if let Some(pattern) = &explanation.pattern {
            let mut book = EvidenceBook::new();
            book.push(Evidence {
                number: 0,
                kind: EvidenceKind::Template,
                text: pattern.text.clone(),
                service: pattern.services.first().cloned(),
                severity: pattern.severity,
                count: pattern.count,
                expected: None,
                template_id: Some(pattern.id),
                record_ids: samples.iter().map(|record| record.id).collect(),
                first_at_ns: pattern.first_seen_ns,
                last_at_ns: pattern.last_seen_ns,
            });
            facts.evidence = book.into_items();
        }
        if explanation.pattern.is_some() || explanation.meaning.is_some() {
            if let Some(pattern) = &explanation.pattern {
                let who = match pattern.services.as_slice() {
                    [] => String::new(),
                    services => format!("{} writes this: ", services.join(", ")),
                };
                facts.more.explained.push(format!(
                    "{who}“{}”.",
                    pattern.text.chars().take(200).collect::<String>()
                ));
            }
            facts.more.explained.extend(explanation.sentences);
        } else {
            facts
                .more
                .missing
                .push("no record looks like this line".to_owned());
        }
        Ok(Found {
            selected: None,
            facts,
            samples,
            is_words_only: false,
            understood: understood.clone(),
            retrieval: std::time::Duration::ZERO,
        })
    }
}
