//! Which rows of a block match a filter.

use std::collections::HashSet;

use domain::{LogFilter, TextTerm, TimeRange};
use memchr::memmem;

use super::catalogue::Entry;
use super::decode::{Columns, Wanted};
use super::encode::Header;
use super::outline::Group;
use crate::log::attributes::meets;
use crate::log::batch::{clean, stored_trace_id};
use crate::log::status::{self, StatusFilter};

/// A filter made ready to look at rows.
pub(crate) struct Matcher<'f> {
    filter: &'f LogFilter,
    range: TimeRange,
    statuses: &'f [StatusFilter],
    severities: Vec<i16>,
    templates: HashSet<i64>,
    terms: Vec<Term>,
    trace: Option<(String, Option<Vec<u8>>)>,
}

struct Term {
    /// Lower case; NUL is stored as U+FFFD, so it is looked for as that.
    finder: memmem::Finder<'static>,
    is_negated: bool,
    /// Records of these hold the term.
    templates: HashSet<i64>,
}

/// What a template says about all of its rows.
#[derive(Default)]
struct OfTemplate {
    template: i64,
    is_wanted: bool,
    /// Whether its constant text holds each of the terms.
    holds: Vec<bool>,
}

impl Term {
    fn new(term: &TextTerm) -> Self {
        let lower = clean(&term.term).to_ascii_lowercase();
        Self {
            finder: memmem::Finder::new(lower.as_bytes()).into_owned(),
            is_negated: term.negated,
            templates: term.template_ids.iter().map(|id| id.to_i64()).collect(),
        }
    }
}

impl<'f> Matcher<'f> {
    /// `range` replaces that of the filter.
    pub(crate) fn new(
        filter: &'f LogFilter,
        range: TimeRange,
        statuses: &'f [StatusFilter],
    ) -> Self {
        Self {
            filter,
            range,
            statuses,
            severities: filter.severities.iter().map(|s| s.number()).collect(),
            templates: filter.template_ids.iter().map(|id| id.to_i64()).collect(),
            terms: filter.text.iter().map(Term::new).collect(),
            trace: filter.trace_id.as_deref().map(|trace_id| {
                let text = stored_trace_id(trace_id);
                let bytes = hex::decode(&text)
                    .ok()
                    .filter(|bytes| hex::encode(bytes) == text);
                (text, bytes)
            }),
        }
    }

    /// The range that is looked at.
    pub(crate) fn range(&self) -> TimeRange {
        self.range
    }

    /// The columns that the conditions need, beside those that the caller needs.
    pub(crate) fn wanted(&self, mut wanted: Wanted) -> Wanted {
        wanted.bodies |= !self.terms.is_empty() || !self.statuses.is_empty();
        wanted.traces |= self.trace.is_some();
        wanted.attributes |= !self.statuses.is_empty();
        let keys = self.filter.attributes.iter().map(|a| a.key.clone());
        wanted.keys.extend(keys);
        wanted
    }

    /// False when the catalogue says that no row matches.
    pub(crate) fn may_match(&self, entry: &Entry) -> bool {
        let header = &entry.header;
        let services = &self.filter.services;
        let excluded = &self.filter.excluded_services;
        let has = |service: &String| header.services.binary_search(service).is_ok();
        header.max_ns >= self.range.start_ns
            && (header.min_ns < self.range.end_ns || self.range.end_ns == i64::MAX)
            && (services.is_empty() || services.iter().any(has))
            && (excluded.is_empty() || header.services.iter().any(|s| !excluded.contains(s)))
            && (self.severities.is_empty()
                || header
                    .severities
                    .iter()
                    .any(|(severity, _)| self.severities.contains(severity)))
            && (self.templates.is_empty()
                || header
                    .templates
                    .iter()
                    .any(|id| self.templates.contains(id)))
    }

    /// Whether service, template, severity and time decide everything.
    pub(crate) fn is_by_keys(&self) -> bool {
        self.terms.is_empty()
            && self.trace.is_none()
            && self.statuses.is_empty()
            && self.filter.attributes.is_empty()
    }

    /// Whether these may leave out rows of a block.
    pub(crate) fn narrows(&self, header: &Header) -> bool {
        !self.templates.is_empty()
            || !self.severities.is_empty()
            || !self.filter.services.is_empty()
            || !self.filter.excluded_services.is_empty()
            || header.min_ns < self.range.start_ns
            || !self.has_time(header.max_ns)
    }

    /// Whether rows of this service and template may match.
    pub(crate) fn is_of(&self, group: &Group) -> bool {
        (self.templates.is_empty() || self.templates.contains(&group.template))
            && self.has_service(&group.service)
    }

    pub(crate) fn has_time(&self, at_ns: i64) -> bool {
        at_ns >= self.range.start_ns && (at_ns < self.range.end_ns || self.range.end_ns == i64::MAX)
    }

    pub(crate) fn has_severity(&self, severity: i16) -> bool {
        self.severities.is_empty() || self.severities.contains(&severity)
    }

    fn has_service(&self, service: &str) -> bool {
        let is = |name: &String| name.as_str() == service;
        (self.filter.services.is_empty() || self.filter.services.iter().any(is))
            && !self.filter.excluded_services.iter().any(is)
    }

    /// Calls `found` with each matching row.
    pub(crate) fn rows(&self, columns: &Columns, mut found: impl FnMut(usize)) {
        let filter = self.filter;
        let services: Vec<bool> = columns
            .services
            .iter()
            .map(|service| self.has_service(service))
            .collect();
        let mut body = String::new();
        // Rows of one template follow each other: what it decides is asked once.
        let mut known = OfTemplate::default();
        for row in 0..columns.len {
            let template = columns.template(row);
            if row == 0 || known.template != template {
                self.look_at(template, &mut known);
            }
            if self.has_time(columns.timestamps_ns[row])
                && services.get(columns.service(row)).copied().unwrap_or(false)
                && self.has_severity(columns.severity(row))
                && known.is_wanted
                && self.is_of_trace(columns, row)
                && filter
                    .attributes
                    .iter()
                    .all(|a| meets(a, columns.attribute(row, &a.key).as_deref()))
                && self.texts_match(&known, columns, row, &mut body)
                && self.status_matches(columns, row)
            {
                found(row);
            }
        }
    }

    fn is_of_trace(&self, columns: &Columns, row: usize) -> bool {
        self.trace
            .as_ref()
            .is_none_or(|(text, bytes)| columns.is_of_trace(row, text, bytes.as_deref()))
    }

    fn look_at(&self, template: i64, known: &mut OfTemplate) {
        known.template = template;
        known.is_wanted = self.templates.is_empty() || self.templates.contains(&template);
        known.holds.clear();
        let holds = self.terms.iter().map(|t| t.templates.contains(&template));
        known.holds.extend(holds);
    }

    fn texts_match(
        &self,
        known: &OfTemplate,
        columns: &Columns,
        row: usize,
        body: &mut String,
    ) -> bool {
        body.clear();
        self.terms.iter().zip(&known.holds).all(|(term, holds)| {
            let is_there = *holds || {
                if body.is_empty() {
                    columns.push_body(row, body);
                    body.make_ascii_lowercase();
                }
                term.finder.find(body.as_bytes()).is_some()
            };
            is_there != term.is_negated
        })
    }

    fn status_matches(&self, columns: &Columns, row: usize) -> bool {
        self.statuses.is_empty()
            || status::any_matches(self.statuses, &columns.body(row), &columns.attributes(row))
    }
}
