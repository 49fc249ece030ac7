//! A record on its way through the stages of a query.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;

use domain::{LogRecord, Severity};

use super::ast::{
    Conversion, FieldChoice, LabelChange, LabelChoice, LabelFilter, LabelSource, Matcher,
    NumberFilter, Quantity, Stage, TextTest, Unwrap,
};
use super::extract::Extraction;
use super::fields;
use super::labels::{
    LEVEL, LEVEL_NAMES, Labels, SERVICE, SERVICE_ALIASES, SERVICE_NAMES, level_of, metadata_of,
    severity_of_level,
};
use super::template::Fields;
use super::value::{parse_bytes, parse_duration};

/// The label that says what a stage could not do.
const ERROR: &str = "__error__";
/// What it says when a line is no JSON.
const JSON_ERROR: &str = "JSONParserErr";
/// What it says when a label is no number.
const NUMBER_ERROR: &str = "SampleExtractionErr";

/// A record with its labels.
pub(super) struct Entry<'r> {
    record: &'r LogRecord,
    /// As stages have written it.
    line: Cow<'r, str>,
    /// The number that was taken out of a label.
    pub(super) value: Option<f64>,
    metadata: OnceCell<Labels>,
    parsed: Labels,
    dropped: BTreeSet<String>,
    kept: Option<BTreeSet<String>>,
}

impl<'r> Entry<'r> {
    pub(super) fn new(record: &'r LogRecord) -> Self {
        Self {
            record,
            line: Cow::Borrowed(&record.body),
            value: None,
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
            Stage::Line(filter) => return filter.keeps(&self.line),
            Stage::Label(filter) => return self.fulfils(filter),
            Stage::Json(choices) => self.parse_json(choices),
            Stage::Logfmt(choices) => self.parse_logfmt(choices),
            Stage::Extract(extraction) => self.extract(extraction),
            Stage::Drop(choices) => {
                let gone = choices.iter().filter(|choice| self.is_chosen(choice));
                let gone: Vec<String> = gone.map(|choice| choice.name.clone()).collect();
                self.dropped.extend(gone);
            }
            Stage::Keep(choices) => {
                let kept = choices
                    .iter()
                    .filter(|choice| self.is_visible(&choice.name) && self.is_chosen(choice));
                self.kept = Some(kept.map(|choice| choice.name.clone()).collect());
            }
            Stage::LineFormat(template) => self.line = Cow::Owned(template.fill(&*self)),
            Stage::LabelFormat(changes) => self.change(changes),
            Stage::Decolorize => {
                if self.line.contains('\x1b') {
                    self.line = Cow::Owned(without_colours(&self.line));
                }
            }
            Stage::Unwrap(unwrap) => self.unwrap(unwrap),
        }
        true
    }

    fn is_chosen(&self, choice: &LabelChoice) -> bool {
        choice.test.as_ref().is_none_or(|test| {
            let value = self.label(&choice.name);
            value.is_some_and(|value| test.holds(&value))
        })
    }

    fn extract(&mut self, extraction: &Extraction) {
        let mut labels = Labels::new();
        let taken = self.metadata();
        for (name, value) in extraction.find(&self.line) {
            fields::add_extracted(&mut labels, name, value, &|name| is_taken(taken, name));
        }
        self.add_parsed(labels);
    }

    /// One after the other: each sees what those before it did.
    fn change(&mut self, changes: &[LabelChange]) {
        for change in changes {
            let value = match &change.source {
                LabelSource::Template(template) => template.fill(&*self),
                LabelSource::Label(label) => {
                    // Another label that is not there changes nothing.
                    let Some(value) = self.label(label).map(Cow::into_owned) else {
                        continue;
                    };
                    self.take_away(label);
                    value
                }
            };
            if value.is_empty() {
                self.take_away(&change.name);
            } else {
                self.add_parsed(Labels::from([(change.name.clone(), value)]));
            }
        }
    }

    fn take_away(&mut self, name: &str) {
        self.parsed.remove(name);
        self.dropped.insert(name.to_owned());
    }

    fn unwrap(&mut self, unwrap: &Unwrap) {
        let text = self.label(&unwrap.label).unwrap_or_default().into_owned();
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.value = match unwrap.conversion {
            Conversion::Number => text.parse().ok(),
            Conversion::Duration => {
                parse_duration(text).map(|duration_ns| duration_ns as f64 / 1e9)
            }
            Conversion::Bytes => parse_bytes(text).or_else(|| text.parse().ok()),
        }
        .filter(|value: &f64| value.is_finite());
        if self.value.is_none() {
            let error = (ERROR.to_owned(), NUMBER_ERROR.to_owned());
            self.add_parsed(Labels::from([error]));
        }
    }

    fn parse_json(&mut self, choices: &[FieldChoice]) {
        let taken = self.metadata();
        let is_taken = |name: &str| is_taken(taken, name);
        let found = if choices.is_empty() {
            fields::of_json(&self.line, &is_taken)
        } else {
            fields::chosen_of_json(&self.line, choices, &is_taken)
                .or_else(|| fields::chosen_of_json(&self.record.attributes, choices, &is_taken))
        };
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

    fn parse_logfmt(&mut self, choices: &[FieldChoice]) {
        let taken = self.metadata();
        let is_taken = |name: &str| is_taken(taken, name);
        let labels = if choices.is_empty() {
            fields::of_logfmt(&self.line, &is_taken)
        } else {
            fields::chosen_of_logfmt(&self.line, choices, &is_taken)
        };
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

    /// The length of the line as it is now, bytes.
    pub(super) fn line_bytes(&self) -> usize {
        self.line.len()
    }

    pub(super) fn into_line(self) -> String {
        self.line.into_owned()
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
            LabelFilter::Address(name, addresses, is_negated) => self
                .label(name)
                .is_some_and(|value| addresses.holds(&value) != *is_negated),
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
            // One that a stage has set stands among what stages found.
            .filter(|(name, _)| self.is_visible(name) && !self.parsed.contains_key(*name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The metadata that is left.
    pub(super) fn visible_metadata(&self) -> Labels {
        let mut labels = self.visible(self.metadata());
        labels.retain(|name, _| !self.parsed.contains_key(name));
        labels
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

impl Fields for Entry<'_> {
    fn label(&self, name: &str) -> Option<Cow<'_, str>> {
        Entry::label(self, name)
    }

    fn line(&self) -> &str {
        &self.line
    }

    fn timestamp_ns(&self) -> i64 {
        self.record.timestamp_ns
    }
}

/// Without the escape sequences that set colours (ECMA-48, "SGR").
fn without_colours(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("\x1b[") {
        let parameters = &rest[at + 2..];
        let end = parameters
            .find(|character: char| !character.is_ascii_digit() && character != ';')
            .filter(|end| parameters[*end..].starts_with('m'));
        match end {
            Some(end) => {
                kept.push_str(&rest[..at]);
                rest = &parameters[end + 1..];
            }
            None => {
                kept.push_str(&rest[..at + 2]);
                rest = parameters;
            }
        }
    }
    kept.push_str(rest);
    kept
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
