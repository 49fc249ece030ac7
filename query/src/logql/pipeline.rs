//! A record on its way through the stages of a query.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;

use domain::{LogRecord, Severity};

use super::ast::{LabelFilter, Matcher, NumberFilter, Quantity, Stage, TextTest};
use super::fields;
use super::labels::{
    LEVEL, LEVEL_NAMES, Labels, SERVICE, SERVICE_ALIASES, SERVICE_NAMES, level_of, metadata_of,
    severity_of_level,
};
use super::value::{parse_bytes, parse_duration};

/// The label that says what a stage could not do.
const ERROR: &str = "__error__";
/// What it says when a line is no JSON.
const JSON_ERROR: &str = "JSONParserErr";

/// A record with its labels.
pub(super) struct Entry<'r> {
    record: &'r LogRecord,
    metadata: OnceCell<Labels>,
    parsed: Labels,
    dropped: BTreeSet<String>,
    kept: Option<BTreeSet<String>>,
}

impl<'r> Entry<'r> {
    pub(super) fn new(record: &'r LogRecord) -> Self {
        Self {
            record,
            metadata: OnceCell::new(),
            parsed: Labels::new(),
            dropped: BTreeSet::new(),
            kept: None,
        }
    }

    /// Whether the record passes every stage.
    pub(super) fn passes(&mut self, stages: &[Stage]) -> bool {
        stages.iter().all(|stage| self.pass(stage))
    }

    fn pass(&mut self, stage: &Stage) -> bool {
        match stage {
            Stage::Line(filter) => return filter.keeps(&self.record.body),
            Stage::Label(filter) => return self.fulfils(filter),
            Stage::Json => self.parse_json(),
            Stage::Logfmt => self.parse_logfmt(),
            Stage::Drop(names) => self.dropped.extend(names.iter().cloned()),
            Stage::Keep(names) => {
                let names = names.iter().filter(|name| self.is_visible(name)).cloned();
                self.kept = Some(names.collect());
            }
        }
        true
    }

    fn parse_json(&mut self) {
        let taken = self.metadata();
        let found = fields::of_json(&self.record.body, &|name| is_taken(taken, name));
        match found {
            Some(labels) => self.add_parsed(labels),
            // Most doors take a JSON line apart on the way in: then its fields are labels already.
            None if self.record.attributes.is_empty() => {
                let error = (ERROR.to_owned(), JSON_ERROR.to_owned());
                self.add_parsed(Labels::from([error]));
            }
            None => {}
        }
    }

    fn parse_logfmt(&mut self) {
        let taken = self.metadata();
        let labels = fields::of_logfmt(&self.record.body, &|name| is_taken(taken, name));
        self.add_parsed(labels);
    }

    fn add_parsed(&mut self, labels: Labels) {
        for (name, value) in labels {
            self.dropped.remove(&name);
            if let Some(kept) = &mut self.kept {
                kept.insert(name.clone());
            }
            self.parsed.insert(name, value);
        }
    }

    pub(super) fn metadata(&self) -> &Labels {
        self.metadata.get_or_init(|| metadata_of(self.record))
    }

    fn is_visible(&self, name: &str) -> bool {
        !self.dropped.contains(name) && self.kept.as_ref().is_none_or(|kept| kept.contains(name))
    }

    /// The value of a label, also under its other names; `None` when the record has none.
    pub(super) fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        if !self.is_visible(name) {
            return None;
        }
        if let Some(value) = self.parsed.get(name) {
            return Some(Cow::Borrowed(value));
        }
        if SERVICE_NAMES.contains(&name) {
            return Some(Cow::Borrowed(&self.record.service));
        }
        if name == LEVEL {
            return Some(Cow::Borrowed(level_of(self.record.severity)));
        }
        if let Some(value) = self.metadata().get(name) {
            return Some(Cow::Borrowed(value));
        }
        if LEVEL_NAMES.contains(&name) {
            return Some(Cow::Borrowed(level_of(self.record.severity)));
        }
        SERVICE_ALIASES
            .contains(&name)
            .then_some(Cow::Borrowed(self.record.service.as_str()))
    }

    fn fulfils(&self, filter: &LabelFilter) -> bool {
        match filter {
            LabelFilter::And(left, right) => self.fulfils(left) && self.fulfils(right),
            LabelFilter::Or(left, right) => self.fulfils(left) || self.fulfils(right),
            LabelFilter::Text(matcher) => self.matches(matcher),
            LabelFilter::Number(filter) => self
                .label(&filter.name)
                .is_some_and(|value| is_number_fulfilled(filter, &value)),
        }
    }

    /// Whether the label is as the matcher wants it. A level may be called by every word that means it.
    pub(super) fn matches(&self, matcher: &Matcher) -> bool {
        let value = self.label(&matcher.name).unwrap_or_default();
        let is_level =
            LEVEL_NAMES.contains(&matcher.name.as_str()) && value == level_of(self.record.severity);
        if is_level {
            return level_matches(&matcher.test, self.record.severity);
        }
        matcher.test.holds(&value)
    }

    /// The labels of its stream that are left.
    pub(super) fn stream(&self) -> Labels {
        let service = (SERVICE, self.record.service.as_str());
        let level = (LEVEL, level_of(self.record.severity));
        [level, service]
            .into_iter()
            .filter(|(name, _)| self.is_visible(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The metadata that is left.
    pub(super) fn visible_metadata(&self) -> Labels {
        self.visible(self.metadata())
    }

    /// What stages found that is left.
    pub(super) fn visible_parsed(&self) -> Labels {
        self.visible(&self.parsed)
    }

    fn visible(&self, labels: &Labels) -> Labels {
        labels
            .iter()
            .filter(|(name, _)| self.is_visible(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn is_taken(metadata: &Labels, name: &str) -> bool {
    name == SERVICE || name == LEVEL || metadata.contains_key(name)
}

/// Whether a severity is as a test wants its level.
pub(super) fn level_matches(test: &TextTest, severity: Severity) -> bool {
    let is_it = |value: &str| severity_of_level(value) == Some(severity);
    let words = words_of(severity);
    match test {
        TextTest::Equal(value) => is_it(value),
        TextTest::NotEqual(value) => !is_it(value),
        TextTest::Regex(pattern) => words.iter().any(|word| pattern.is_match(word)),
        TextTest::NotRegex(pattern) => !words.iter().any(|word| pattern.is_match(word)),
    }
}

/// The words by which people look for a severity.
fn words_of(severity: Severity) -> &'static [&'static str] {
    match severity {
        Severity::Unspecified => &["unknown"],
        Severity::Trace => &["trace", "TRACE", "Trace"],
        Severity::Debug => &["debug", "DEBUG", "Debug"],
        Severity::Info => &["info", "INFO", "Info", "information"],
        Severity::Warn => &["warn", "WARN", "warning", "WARNING", "Warning"],
        Severity::Error => &["error", "ERROR", "Error", "err"],
        Severity::Fatal => &["fatal", "FATAL", "Fatal", "critical", "CRITICAL"],
    }
}

fn is_number_fulfilled(filter: &NumberFilter, value: &str) -> bool {
    let sides = match filter.quantity {
        Quantity::Number(number) => value.trim().parse().ok().map(|value: f64| (value, number)),
        Quantity::Duration(duration_ns) => {
            parse_duration(value).map(|value| (value as f64, duration_ns as f64))
        }
        Quantity::Bytes(bytes) => parse_bytes(value)
            .or_else(|| value.trim().parse().ok())
            .map(|value| (value, bytes)),
    };
    sides.is_some_and(|(left, right)| filter.comparison.holds(left, right))
}
