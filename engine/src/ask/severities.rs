//! Errors that programs tell in words because they keep no severities, and names from code that are errors themselves.

use domain::{LogFilter, LogReader as _, ProjectId, Severity, TimeRange};
use query::Interpretation;

use crate::{Error, Inner};

/// Triples of pattern, service and severity that are looked at.
const COUNTED: usize = 10_000;

impl Inner {
    /// A question for errors without its severities, and the words that patterns must then say: where the services that are
    /// named keep none, or where the error has a name ("NodeExists errors"). Blocks.
    pub(super) fn without_severities(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
    ) -> Result<Option<(Interpretation, String)>, Error> {
        let Some((reading, words)) = understood.severities_as_words() else {
            return Ok(None);
        };
        let is_named = understood
            .terms
            .iter()
            .any(|term| !term.negated && is_from_code(&term.term));
        if is_named {
            let mut reading = reading;
            reading
                .retrieval_text
                .clone_from(&understood.retrieval_text);
            return Ok(Some((reading, String::new())));
        }
        let is_bare = understood.retrieval_text.is_empty() && !understood.services.is_empty();
        if !is_bare || !self.keep_none(project_id, &understood.services)? {
            return Ok(None);
        }
        Ok(Some((reading, words)))
    }

    /// Whether services keep no severity of any record.
    fn keep_none(&self, project_id: ProjectId, services: &[String]) -> Result<bool, Error> {
        let ever = LogFilter {
            services: services.to_vec(),
            ..LogFilter::in_range(TimeRange::ALL)
        };
        let rows = self.store.template_counts(project_id, &ever, COUNTED)?;
        Ok(rows.iter().all(|row| row.severity == Severity::Unspecified))
    }
}

/// `NodeExists`, `ECONNRESET`: letters only, as programs name their errors.
fn is_from_code(text: &str) -> bool {
    let is_name = text.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    is_name && text.chars().skip(1).any(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::is_from_code;

    #[test]
    fn names_of_errors_are_letters_in_two_sizes() {
        assert!(is_from_code("NodeExists") && is_from_code("ECONNRESET"));
        assert!(!is_from_code("10.2.3.4") && !is_from_code("disk full") && !is_from_code("Disk"));
    }
}
