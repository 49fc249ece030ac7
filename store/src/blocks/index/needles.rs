//! What a filter needs to find in a block's index.

use domain::{AttributeFilter, AttributeOp, LogFilter};
use memchr::memmem;

use super::{
    BlockIndex, LONG_RUN, MAX_VALUE_BYTES, OPAQUE_ATTRIBUTES, VOCABULARY_FULL, attribute_hash,
    minimizers, runs, trace_hash, words,
};
use crate::log::batch::{clean, stored_trace_id};

/// Prepared once a read.
#[derive(Default)]
pub(crate) struct Needles {
    trace: Option<u64>,
    attributes: Vec<u64>,
    terms: Vec<Term>,
}

/// A text that must be there.
struct Term {
    /// Sorted: in records of these templates it is there.
    templates: Vec<i64>,
    keys: Vec<u64>,
    words: Vec<memmem::Finder<'static>>,
}

impl Needles {
    pub(crate) fn of(filter: &LogFilter) -> Self {
        let terms = filter.text.iter().filter(|term| !term.negated).map(|term| {
            let mut templates: Vec<i64> = term.template_ids.iter().map(|id| id.to_i64()).collect();
            templates.sort_unstable();
            Term::new(&clean(&term.term), templates)
        });
        Self {
            trace: filter
                .trace_id
                .as_deref()
                .map(|trace_id| trace_hash(&stored_trace_id(trace_id))),
            attributes: filter.attributes.iter().filter_map(attribute).collect(),
            terms: terms.filter(Term::is_useful).collect(),
        }
    }

    /// Whether any look at an index can spare a block.
    pub(crate) fn is_empty(&self) -> bool {
        self.trace.is_none() && self.attributes.is_empty() && self.terms.is_empty()
    }

    /// False when no record of the block can match.
    pub(crate) fn may_match(&self, index: &BlockIndex, templates: &[i64]) -> bool {
        let has = |key: &u64| index.has(*key);
        self.trace.iter().all(has)
            && (index.flags & OPAQUE_ATTRIBUTES != 0 || self.attributes.iter().all(has))
            && self.terms.iter().all(|term| {
                term.keys.iter().all(has)
                    && (index.flags & VOCABULARY_FULL != 0
                        || term
                            .words
                            .iter()
                            .all(|word| word.find(&index.vocabulary).is_some()))
                    || templates
                        .iter()
                        .any(|id| term.templates.binary_search(id).is_ok())
            })
    }
}

impl Term {
    fn new(term: &str, templates: Vec<i64>) -> Self {
        let (mut keys, mut found) = (Vec::new(), Vec::new());
        let lower = term.to_ascii_lowercase();
        runs(lower.as_bytes(), |run| {
            if run.len() >= LONG_RUN {
                minimizers(run, |key| keys.push(key));
            }
            words(run, |word| {
                found.push(memmem::Finder::new(word).into_owned())
            });
        });
        Self {
            templates,
            keys,
            words: found,
        }
    }

    fn is_useful(&self) -> bool {
        !(self.keys.is_empty() && self.words.is_empty())
    }
}

/// A JSON string may be spelt in several ways; what is in the filter is its content.
fn attribute(filter: &AttributeFilter) -> Option<u64> {
    let may_ask = filter.op == AttributeOp::Equal
        && filter.value.len() + 2 <= MAX_VALUE_BYTES / 6
        && !filter.key.contains(['\\', '"'])
        && !filter.key.chars().any(char::is_control);
    may_ask.then(|| attribute_hash(&filter.key, &filter.value))
}
