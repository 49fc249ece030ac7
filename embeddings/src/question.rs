//! From a question to the templates that it is about: the one way that the server and the bench go.

use domain::{Severity, TemplateId};

use crate::vocabulary::{self, Ideas};
use crate::{IndexHit, IndexQuery, Result, VectorIndex};

mod meaning;

pub use meaning::Meaning;

/// What the score of a template loses (1 is the best of a search) that says the opposite of the question. It stays
/// where something else speaks for it: a question may say both, or be misread by the vocabulary.
const OPPOSITE: f32 = 0.05;
/// The same when its severity says the opposite too.
const OPPOSITE_AND_SEVERITY: f32 = 0.25;

/// What a template says, for comparing it with a question.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its words: `patterns::readable`.
    pub readable: String,
    /// The worst severity seen with it.
    pub severity: Severity,
}

/// The templates that a question is about, best first.
///
/// With `meaning` the question is looked for by meaning too: as asked, widened by what programs print for its ideas,
/// and put into their words; `query.vector` and `query.ideas` are made here. `said` tells of a template that was
/// found what it says, `None` when that is not known: what says the opposite of the question ("accepted" where
/// "rejected" was asked) goes down in the order, and [`IndexHit::topic`] stays only where the template has the ideas
/// that tell what is asked. Blocks.
///
/// # Errors
/// When the encoder fails, or the index cannot be read.
pub fn retrieve(
    index: &dyn VectorIndex,
    mut query: IndexQuery,
    meaning: Option<&Meaning<'_>>,
    said: &dyn Fn(TemplateId) -> Option<Said>,
) -> Result<Vec<IndexHit>> {
    if let Some(meaning) = meaning {
        let asked = meaning.of(&query.text)?;
        query.vector = asked.vector;
        query.ideas = asked.ideas;
    }
    let mut hits = index.search(&query)?;
    let question = vocabulary::of_question(&query.text);
    for hit in &mut hits {
        if let Some(said) = said(hit.template_id) {
            let template = vocabulary::of_log_text(&vocabulary::opened(&said.readable));
            hit.score -= opposition(&question, &template, said.severity);
            hit.topic = hit
                .topic
                .filter(|_| is_about(hit.similarity, &question, &template));
        }
    }
    hits.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.template_id.cmp(&b.template_id))
    });
    Ok(hits)
}

/// Whether a template is about a question by ideas that tell something: half of them, or, where no vector says
/// that it is near, all of at least two.
fn is_about(similarity: Option<f32>, question: &Ideas, template: &Ideas) -> bool {
    let cover = vocabulary::cover(question, template);
    if similarity.is_some() {
        cover.shared > 0 && cover.share >= 0.5
    } else {
        cover.shared >= 2 && cover.shared == cover.asked
    }
}

/// What the score of a template loses: 0 when it may be meant, more when it says the opposite.
fn opposition(question: &Ideas, template: &Ideas, severity: Severity) -> f32 {
    if !vocabulary::contradict(question, template) {
        return 0.0;
    }
    // Who asks for what went wrong does not mean lines that are no warning, and the other way round.
    let asks_for_trouble = question
        .keys()
        .any(|idea| TROUBLE.contains(&vocabulary::name(*idea)));
    let is_severity_against = match severity {
        Severity::Unspecified => false,
        severity => asks_for_trouble != (severity >= Severity::Warn),
    };
    if is_severity_against {
        OPPOSITE_AND_SEVERITY
    } else {
        OPPOSITE
    }
}

/// Ideas of something that went wrong.
const TROUBLE: [&str; 6] = [
    "failure",
    "authentication-failure",
    "task-failed",
    "crash",
    "corruption",
    "permission-denied",
];

#[cfg(test)]
mod tests;
