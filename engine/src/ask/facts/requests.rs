//! Where a status code is asked for: the patterns that tell of requests.

use std::collections::HashSet;

use domain::{LogReader, ProjectId, TemplateId};
use store::Matches;

use super::citation::MOST_CITED;
use crate::ask::scope::Scope;
use crate::{Error, Inner};

impl Inner {
    /// Any number of a text may look like a status code. Where patterns that tell of requests match, only these
    /// count; true when that leaves others out. Blocks.
    pub(super) fn keep_answers_of_requests(
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
