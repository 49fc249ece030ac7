//! A filter over records in memory: it holds for those that a search would find, were they stored.

use std::borrow::Cow;
use std::collections::HashSet;

use domain::{LogFilter, LogRecord, TextTerm};
use memchr::memmem;

use super::batch::{clean, storable, stored_trace_id};
use super::{attributes, filter as conditions};
use crate::Error;

/// A filter made ready to look at single records.
#[derive(Debug)]
pub struct RecordMatcher {
    filter: LogFilter,
    trace_id: Option<String>,
    terms: Vec<Term>,
}

#[derive(Debug)]
struct Term {
    /// Lower case.
    finder: memmem::Finder<'static>,
    is_negated: bool,
    /// Records of these hold the term.
    templates: HashSet<u64>,
}

impl Term {
    fn new(term: &TextTerm) -> Self {
        let lower = clean(&term.term).to_ascii_lowercase();
        Self {
            finder: memmem::Finder::new(lower.as_bytes()).into_owned(),
            is_negated: term.negated,
            templates: term.template_ids.iter().map(|id| id.0).collect(),
        }
    }
}

impl RecordMatcher {
    /// A matcher for the records that a search with this filter finds.
    ///
    /// # Errors
    /// Fails on the filters that a search refuses.
    pub fn new(filter: LogFilter) -> Result<Self, Error> {
        conditions::check(&filter)?;
        Ok(Self {
            trace_id: filter.trace_id.as_deref().map(stored_trace_id),
            terms: filter.text.iter().map(Term::new).collect(),
            filter,
        })
    }

    /// Whether the record matches, in the form in which it is stored: NUL as U+FFFD, an overlong service cut.
    #[must_use]
    pub fn holds(&self, record: &LogRecord) -> bool {
        let filter = &self.filter;
        let record = storable(record);
        let range = filter.range;
        // As in SQL: the end of all time is inside.
        let is_in_range = record.timestamp_ns >= range.start_ns
            && (record.timestamp_ns < range.end_ns || range.end_ns == i64::MAX);
        is_in_range
            && (filter.services.is_empty() || filter.services.contains(&record.service))
            && !filter.excluded_services.contains(&record.service)
            && (filter.severities.is_empty() || filter.severities.contains(&record.severity))
            && (filter.template_ids.is_empty() || filter.template_ids.contains(&record.template_id))
            && (self.trace_id.is_none() || self.trace_id == record.trace_id)
            && attributes::all_match(&filter.attributes, &record.attributes)
            && self.texts_hold(&record)
    }

    fn texts_hold(&self, record: &LogRecord) -> bool {
        let mut lower: Option<String> = None;
        self.terms.iter().all(|term| {
            let is_there = term.templates.contains(&record.template_id.0) || {
                let body = lower.get_or_insert_with(|| record.body.to_ascii_lowercase());
                term.finder.find(body.as_bytes()).is_some()
            };
            is_there != term.is_negated
        })
    }
}

/// The record as it is read back.
#[must_use]
pub fn as_stored(record: LogRecord) -> LogRecord {
    let changed = match storable(&record) {
        Cow::Borrowed(_) => None,
        Cow::Owned(changed) => Some(changed),
    };
    changed.unwrap_or(record)
}
