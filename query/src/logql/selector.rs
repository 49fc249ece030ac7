//! From the conditions of a query to a filter that the store understands, and what is left to look at afterwards.

use domain::{AttributeFilter, AttributeOp, LogFilter, LogRecord, Severity, TextTerm, TimeRange};
use serde_json::Value;

use super::ast::{LabelFilter, LogQuery, Matcher, Needle, Stage, TextTest};
use super::error::Error;
use super::labels::{LEVEL_NAMES, SERVICE_ALIASES, SERVICE_NAMES, SPAN_ID, TRACE_ID, label_name};
use super::pipeline::{Entry, level_matches};
use super::source::Source;

/// Services that a filter may name: the store's limit.
const MAX_SERVICES: usize = 256;
/// As many services as the store lists: there may be more.
const LISTED_SERVICES: usize = 1_000;
/// Longest text that the store looks for, bytes.
const MAX_TERM_BYTES: usize = 4_096;
/// Records that are looked at to learn how a label with a `_` is really written.
const SPELLING_SAMPLE: usize = 200;
/// Which records a query is about.
#[derive(Debug)]
pub(super) struct Selection {
    /// What the store can decide. It never leaves out a record that the query wants.
    pub filter: LogFilter,
    /// Conditions that are left.
    matchers: Vec<Matcher>,
    /// Nothing can fulfil all conditions.
    pub is_empty: bool,
}

impl Selection {
    /// Whether the record fulfils what the store did not decide.
    pub(super) fn admits(&self, record: &LogRecord) -> bool {
        if self.matchers.is_empty() {
            return true;
        }
        let entry = Entry::new(record);
        self.matchers.iter().all(|matcher| entry.matches(matcher))
    }

    /// Whether the filter says it all.
    pub(super) fn is_exact(&self) -> bool {
        self.matchers.is_empty()
    }

    /// Whether counts per minute, service and severity are enough.
    pub(super) fn is_answered_by_rollups(&self) -> bool {
        self.is_exact() && self.filter.is_answered_by_rollups()
    }

    fn restrict_services(&mut self, allowed: Vec<String>) {
        let services = &mut self.filter.services;
        if services.is_empty() {
            *services = allowed;
        } else {
            services.retain(|service| allowed.contains(service));
        }
        self.is_empty |= services.is_empty();
    }

    fn restrict_severities(&mut self, is_allowed: impl Fn(Severity) -> bool) {
        let severities = &mut self.filter.severities;
        if severities.is_empty() {
            *severities = Severity::ALL.to_vec();
        }
        severities.retain(|severity| is_allowed(*severity));
        self.is_empty |= severities.is_empty();
        if severities.len() == Severity::ALL.len() {
            severities.clear();
        }
    }

    fn require(&mut self, key: &str, op: AttributeOp, value: &str) {
        self.filter.attributes.push(AttributeFilter {
            key: key.to_owned(),
            op,
            value: value.to_owned(),
        });
    }
}

/// The records that a query is about, in a range.
pub(super) fn select(
    source: &mut Source<'_>,
    query: &LogQuery,
    range: TimeRange,
) -> Result<Selection, Error> {
    let mut selection = Selection {
        filter: LogFilter::in_range(range),
        matchers: Vec::new(),
        is_empty: range.start_ns >= range.end_ns,
    };
    for stage in &query.stages {
        match stage {
            // What comes after these is about another line than the stored one.
            Stage::LineFormat(_) | Stage::Decolorize => break,
            Stage::Line(filter) => {
                if let [Needle::Text(text)] = filter.alternatives.as_slice() {
                    selection.line(text, filter.is_negated);
                }
            }
            _ => {}
        }
    }
    let mut services = None;
    let mut later = Vec::new();
    for (matcher, is_of_selector) in conditions(query) {
        let name = matcher.name.as_str();
        let is_alias = SERVICE_ALIASES.contains(&name);
        if LEVEL_NAMES.contains(&name) {
            selection.restrict_severities(|severity| level_matches(&matcher.test, severity));
        } else if is_alias || SERVICE_NAMES.contains(&name) {
            let is_needed = is_alias || !is_literal(&matcher.test);
            if services.is_none() && is_needed {
                let found = source.services(range)?;
                services = Some(found.into_iter().map(|row| row.service).collect::<Vec<_>>());
            }
            if !selection.service(matcher, services.as_deref().unwrap_or_default()) {
                later.push((matcher, is_of_selector));
            }
        } else {
            later.push((matcher, is_of_selector));
        }
    }
    // Services and severities first: they make the sample narrower.
    for (matcher, is_of_selector) in later {
        if !selection.is_empty {
            attribute(source, &mut selection, matcher, is_of_selector)?;
        }
    }
    Ok(selection)
}

/// The conditions of the selector, and those of the first stages: what they ask of labels could as well stand in it.
/// With each whether it is the selector's.
fn conditions(query: &LogQuery) -> Vec<(&Matcher, bool)> {
    let selector = query.selector.iter();
    let mut conditions: Vec<(&Matcher, bool)> = selector.map(|matcher| (matcher, true)).collect();
    for stage in &query.stages {
        match stage {
            Stage::Label(filter) => {
                conjunction(filter, &mut |matcher| conditions.push((matcher, false)));
            }
            Stage::Line(_) | Stage::LineFormat(_) | Stage::Decolorize => {}
            Stage::Drop(_) if is_of_no_label(stage) => {}
            _ => break,
        }
    }
    conditions
}

/// Whether the stage takes away only what says that another one failed.
fn is_of_no_label(stage: &Stage) -> bool {
    matches!(stage, Stage::Drop(choices) if choices.iter().all(|choice| choice.name.starts_with("__error")))
}

fn is_literal(test: &TextTest) -> bool {
    matches!(test, TextTest::Equal(_) | TextTest::NotEqual(_))
}

/// Whether the filter of the query's selection and nothing else decides about lines, when only the labels of its stream
/// are asked for.
pub(super) fn is_decided_by_selector(query: &LogQuery) -> bool {
    let mut is_parsed = false;
    query.stages.iter().all(|stage| match stage {
        Stage::Line(_) | Stage::Keep(_) | Stage::LabelFormat(_) | Stage::Unwrap(_) => false,
        Stage::Json(_) | Stage::Logfmt(_) | Stage::Extract(_) => {
            is_parsed = true;
            true
        }
        Stage::LineFormat(_) | Stage::Decolorize => true,
        Stage::Drop(_) => is_of_no_label(stage),
        Stage::Label(filter) => !is_parsed && is_of_stream(filter),
    })
}

fn is_of_stream(filter: &LabelFilter) -> bool {
    match filter {
        LabelFilter::And(left, right) => is_of_stream(left) && is_of_stream(right),
        LabelFilter::Text(matcher) => {
            let name = matcher.name.as_str();
            LEVEL_NAMES.contains(&name) || SERVICE_NAMES.contains(&name)
        }
        LabelFilter::Or(..) | LabelFilter::Number(_) | LabelFilter::Address(..) => false,
    }
}

/// Conditions that must hold whatever else does.
fn conjunction<'q>(filter: &'q LabelFilter, found: &mut dyn FnMut(&'q Matcher)) {
    match filter {
        LabelFilter::And(left, right) => {
            conjunction(left, found);
            conjunction(right, found);
        }
        LabelFilter::Text(matcher) => found(matcher),
        LabelFilter::Or(..) | LabelFilter::Number(_) | LabelFilter::Address(..) => {}
    }
}

impl Selection {
    /// The store folds the case of letters and the language does not: what it finds is looked at once more.
    fn line(&mut self, text: &str, is_negated: bool) {
        let is_usable = !text.is_empty() && text.len() <= MAX_TERM_BYTES && !text.contains('\0');
        let has_letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if is_usable && !(is_negated && has_letters) {
            self.filter.text.push(TextTerm {
                term: text.to_owned(),
                negated: is_negated,
                template_ids: Vec::new(),
            });
        }
    }

    /// A condition on the service; false when it is one on an attribute.
    fn service(&mut self, matcher: &Matcher, services: &[String]) -> bool {
        let is_alias = SERVICE_ALIASES.contains(&matcher.name.as_str());
        let wanted = |service: &String| matcher.test.holds(service) != matcher.test.is_negative();
        let named: Vec<String> = services
            .iter()
            .filter(|name| wanted(name))
            .cloned()
            .collect();
        if is_alias && named.is_empty() {
            return false;
        }
        match &matcher.test {
            TextTest::Equal(value) => self.restrict_services(vec![value.clone()]),
            TextTest::NotEqual(value) if value.is_empty() => {}
            TextTest::NotEqual(value) => self.filter.excluded_services.push(value.clone()),
            test => {
                let is_listed = services.len() < LISTED_SERVICES;
                let is_short = named.len() <= MAX_SERVICES;
                if is_listed && named.len() == services.len() && !test.is_negative() {
                    // All of them: no condition.
                } else if !is_listed || !is_short {
                    self.matchers.push(matcher.clone());
                } else if test.is_negative() {
                    self.filter.excluded_services.extend(named);
                } else {
                    self.restrict_services(named);
                }
            }
        }
        true
    }
}

/// A condition on what is no column, except for the trace.
fn attribute(
    source: &mut Source<'_>,
    selection: &mut Selection,
    matcher: &Matcher,
    is_of_selector: bool,
) -> Result<(), Error> {
    let is_one_trace = matcher.name == TRACE_ID && selection.filter.trace_id.is_none();
    if let TextTest::Equal(value) = &matcher.test
        && is_one_trace
        && !value.is_empty()
    {
        selection.filter.trace_id = Some(value.clone());
        return Ok(());
    }
    // Stages see what they are about themselves.
    let keep = |selection: &mut Selection| {
        if is_of_selector {
            selection.matchers.push(matcher.clone());
        }
    };
    let is_column = matches!(matcher.name.as_str(), TRACE_ID | SPAN_ID);
    let key = if is_column {
        None
    } else {
        spelling(source, &selection.filter, &matcher.name)?
    };
    let Some(key) = key else {
        keep(selection);
        return Ok(());
    };
    match &matcher.test {
        TextTest::Equal(value) if !value.is_empty() => {
            selection.require(&key, AttributeOp::Equal, value);
        }
        TextTest::NotEqual(value) if !value.is_empty() => {
            selection.require(&key, AttributeOp::NotEqual, value);
        }
        TextTest::Regex(pattern) if !pattern.is_match("") => {
            selection.require(&key, AttributeOp::Exists, "");
            keep(selection);
        }
        _ => keep(selection),
    }
    Ok(())
}

/// The attribute that a label stands for. Labels have a `_` where attributes have dots and levels, so what the newest
/// records have decides; `None` when they do not tell.
fn spelling(
    source: &mut Source<'_>,
    filter: &LogFilter,
    name: &str,
) -> Result<Option<String>, Error> {
    if !name.contains('_') {
        return Ok(Some(name.to_owned()));
    }
    let mut found: Option<String> = None;
    for record in source.sample(filter, SPELLING_SAMPLE)? {
        let Ok(Value::Object(fields)) = serde_json::from_str(&record.attributes) else {
            continue;
        };
        for (key, value) in fields {
            let own = label_name(&key);
            let is_inside = value.is_object() && name.starts_with(&own);
            if is_inside || (own == name && found.as_ref().is_some_and(|known| *known != key)) {
                return Ok(None);
            }
            if own == name {
                found = Some(key);
            }
        }
    }
    Ok(found)
}
