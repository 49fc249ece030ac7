//! What there is: labels, their values, streams, volumes, fields.

use std::collections::{BTreeMap, BTreeSet};

use domain::{LogFilter, LogRecord, NANOS_PER_MINUTE, TemplateId, TimeRange};

use super::ast::{
    AggregateOperator, Aggregation, Grouping, LogQuery, Matcher, Metric, RangeAggregation,
};
use super::error::Error;
use super::fields;
use super::labels::{
    LEVEL, LEVEL_NAMES, Labels, SERVICE, SERVICE_NAMES, SPAN_ID, TRACE_ID, level_of, metadata_of,
    stream_of,
};
use super::metric::{Numbers, Series, Steps, numbers};
use super::pipeline::Entry;
use super::selector::{Selection, select};
use super::source::Source;

/// Records that are looked at to learn what attributes there are.
const SAMPLE: usize = 1_000;
/// Records whose mean length stands for that of all.
const LENGTH_SAMPLE: usize = 100;
/// (pattern, service, severity) triples that are looked at: as many as the store gives.
const TRIPLES: usize = 10_000;
/// Patterns that are told.
const PATTERNS: usize = 50;
/// Points of a pattern's history.
const PATTERN_BUCKETS: i64 = 500;
/// An attribute with more values than this in the sample is no label for people to choose from.
const LABEL_VALUES: usize = 50;
/// Values of a field that are told apart.
const FIELD_VALUES: usize = 1_000;

/// How much matches, as Loki's index tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexStats {
    /// Streams.
    pub streams: u64,
    /// Records.
    pub entries: u64,
    /// Bytes of their lines, estimated.
    pub bytes: u64,
}

/// How much one group of streams wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    /// What they have in common.
    pub labels: Labels,
    /// Bytes of their lines, estimated.
    pub bytes: u64,
}

/// A field of lines or of structured metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectedField {
    /// Its label.
    pub label: String,
    /// `int`, `float`, `boolean`, `duration`, `bytes` or `string`.
    pub kind: &'static str,
    /// Values in the sample.
    pub values: BTreeSet<String>,
    /// The stages that find it; none when it is metadata.
    pub parsers: BTreeSet<&'static str>,
}

fn selection_of(
    source: &mut Source<'_>,
    selector: &[Matcher],
    range: TimeRange,
) -> Result<Selection, Error> {
    let query = LogQuery {
        selector: selector.to_vec(),
        stages: Vec::new(),
    };
    select(source, &query, range)
}

fn sample(source: &mut Source<'_>, selection: &Selection) -> Result<Vec<LogRecord>, Error> {
    if selection.is_empty {
        return Ok(Vec::new());
    }
    let mut records = source.sample(&selection.filter, SAMPLE)?;
    records.retain(|record| selection.admits(record));
    Ok(records)
}

/// How many values an attribute has in the sample, when it has few: what is different on most lines is an id and not a
/// label for people to choose from.
fn few_values(records: &[LogRecord]) -> BTreeMap<String, usize> {
    let mut found: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
    for record in records {
        for (name, value) in metadata_of(record) {
            let (count, values) = found.entry(name).or_default();
            *count += 1;
            if values.len() <= LABEL_VALUES {
                values.insert(value);
            }
        }
    }
    let is_everywhere = |count: usize| count == records.len();
    found
        .into_iter()
        .map(|(name, (count, values))| (name, count, values.len()))
        .filter(|(_, count, values)| {
            let is_repeated = values * 2 <= *count || (*values == 1 && is_everywhere(*count));
            *values <= LABEL_VALUES && is_repeated
        })
        .map(|(name, _, values)| (name, values))
        .filter(|(name, _)| name != TRACE_ID && name != SPAN_ID)
        .collect()
}

/// Labels with how many values they have: those of the streams, and the attributes of the newest records that have few
/// values.
///
/// # Errors
/// Fails when the store cannot be read.
pub fn labels(
    source: &mut Source<'_>,
    selector: &[Matcher],
    range: TimeRange,
) -> Result<BTreeMap<String, usize>, Error> {
    let selection = selection_of(source, selector, range)?;
    let streams = streams_of(source, &selection)?;
    if streams.is_empty() {
        return Ok(BTreeMap::new());
    }
    let records = sample(source, &selection)?;
    let mut labels = few_values(&records);
    for name in [SERVICE, LEVEL] {
        let values: BTreeSet<&String> = streams
            .iter()
            .filter_map(|labels| labels.get(name))
            .collect();
        labels.insert(name.to_owned(), values.len());
    }
    Ok(labels)
}

/// The values of a label: all of the labels of streams, and those that the newest records have of others.
///
/// # Errors
/// Fails when the store cannot be read.
pub fn values(
    source: &mut Source<'_>,
    name: &str,
    selector: &[Matcher],
    range: TimeRange,
) -> Result<BTreeSet<String>, Error> {
    let own = if SERVICE_NAMES.contains(&name) {
        Some(SERVICE)
    } else if LEVEL_NAMES.contains(&name) {
        Some(LEVEL)
    } else {
        None
    };
    let selection = selection_of(source, selector, range)?;
    if let Some(own) = own {
        let streams = streams_of(source, &selection)?;
        return Ok(streams
            .into_iter()
            .filter_map(|mut labels| labels.remove(own))
            .collect());
    }
    let records = sample(source, &selection)?;
    let found = records
        .iter()
        .filter_map(|record| Some(Entry::new(record).label(name)?.into_owned()));
    Ok(found.filter(|value| !value.is_empty()).collect())
}

/// The streams that fulfil one of the selectors.
///
/// # Errors
/// Fails when the store cannot be read.
pub fn streams(
    source: &mut Source<'_>,
    selectors: &[Vec<Matcher>],
    range: TimeRange,
) -> Result<BTreeSet<Labels>, Error> {
    let mut found = BTreeSet::new();
    for selector in selectors {
        let selection = selection_of(source, selector, range)?;
        found.extend(streams_of(source, &selection)?);
    }
    Ok(found)
}

fn streams_of(source: &mut Source<'_>, selection: &Selection) -> Result<BTreeSet<Labels>, Error> {
    if selection.is_empty {
        return Ok(BTreeSet::new());
    }
    if selection.is_answered_by_rollups() {
        let counts = source.template_counts(&selection.filter, TRIPLES)?;
        let streams = counts
            .iter()
            .map(|row| stream_of(&row.service, row.severity));
        return Ok(streams.collect());
    }
    let records = sample(source, selection)?;
    let streams = records
        .iter()
        .map(|record| stream_of(&record.service, record.severity));
    Ok(streams.collect())
}

/// The part of a filter that counts of minutes answer: more than what it means, quickly.
fn counted(filter: &LogFilter) -> LogFilter {
    LogFilter {
        text: Vec::new(),
        attributes: Vec::new(),
        trace_id: None,
        ..filter.clone()
    }
}

/// How much there is. A condition on anything but service and level makes the answer an upper bound: clients ask while
/// people type.
///
/// # Errors
/// Fails when the store cannot be read.
pub fn stats(
    source: &mut Source<'_>,
    selector: &[Matcher],
    range: TimeRange,
) -> Result<IndexStats, Error> {
    let selection = selection_of(source, selector, range)?;
    if selection.is_empty {
        return Ok(IndexStats::default());
    }
    let filter = counted(&selection.filter);
    let entries = source.count(&filter)?;
    let counts = source.template_counts(&filter, TRIPLES)?;
    let streams: BTreeSet<_> = counts
        .iter()
        .map(|row| (&row.service, row.severity))
        .collect();
    Ok(IndexStats {
        streams: streams.len() as u64,
        entries,
        bytes: estimate(entries, mean_length(source, &filter)?),
    })
}

fn mean_length(source: &mut Source<'_>, filter: &LogFilter) -> Result<f64, Error> {
    let records = source.sample(filter, LENGTH_SAMPLE)?;
    let bytes: usize = records.iter().map(|record| record.body.len()).sum();
    Ok(bytes as f64 / records.len().max(1) as f64)
}

fn estimate(entries: u64, mean_length: f64) -> u64 {
    (entries as f64 * mean_length).round() as u64
}

/// How much the streams that have these labels in common wrote, the most first. Without targets the labels of the
/// selector. Of labels that are not those of streams the newest records tell the shares.
///
/// # Errors
/// Fails when the store cannot be read.
pub fn volume(
    source: &mut Source<'_>,
    selector: &[Matcher],
    targets: &[String],
    limit: usize,
    range: TimeRange,
) -> Result<Vec<Volume>, Error> {
    let selection = selection_of(source, selector, range)?;
    if selection.is_empty {
        return Ok(Vec::new());
    }
    let names = volume_labels(selector, targets);
    let filter = counted(&selection.filter);
    let mean_length = mean_length(source, &filter)?;
    let mut counts: BTreeMap<Labels, f64> = BTreeMap::new();
    let is_of_stream = |name: &String| name == SERVICE || name == LEVEL;
    if selection.is_answered_by_rollups() && names.iter().all(is_of_stream) {
        for row in source.template_counts(&filter, TRIPLES)? {
            let mut labels = stream_of(&row.service, row.severity);
            labels.retain(|name, _| names.contains(name));
            *counts.entry(labels).or_default() += row.count as f64;
        }
    } else {
        let total = source.count(&filter)? as f64;
        let looked_at = source.sample(&selection.filter, SAMPLE)?;
        let share = total / looked_at.len().max(1) as f64;
        for record in looked_at.iter().filter(|record| selection.admits(record)) {
            let entry = Entry::new(record);
            let labels = names
                .iter()
                .filter_map(|name| Some((name.clone(), entry.label(name)?.into_owned())));
            *counts.entry(labels.collect()).or_default() += share;
        }
    }
    let mut volumes: Vec<Volume> = counts
        .into_iter()
        .filter(|(labels, _)| !labels.is_empty())
        .map(|(labels, count)| Volume {
            labels,
            bytes: (count * mean_length).round() as u64,
        })
        .collect();
    volumes.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.labels.cmp(&b.labels)));
    volumes.truncate(limit);
    Ok(volumes)
}

/// The labels that volumes are told apart by.
#[must_use]
pub fn volume_labels(selector: &[Matcher], targets: &[String]) -> Vec<String> {
    let canonical = |name: &String| match name.as_str() {
        name if SERVICE_NAMES.contains(&name) => SERVICE.to_owned(),
        name if LEVEL_NAMES.contains(&name) => LEVEL.to_owned(),
        other => other.to_owned(),
    };
    let mut names: Vec<String> = if targets.is_empty() {
        selector
            .iter()
            .map(|matcher| canonical(&matcher.name))
            .collect()
    } else {
        targets.iter().map(canonical).collect()
    };
    if names.is_empty() {
        names.push(SERVICE.to_owned());
    }
    names.sort();
    names.dedup();
    names
}

/// How much each of these groups wrote in each step.
///
/// # Errors
/// Fails when the store cannot be read, or there is too much to look at.
pub fn volume_range(
    source: &mut Source<'_>,
    selector: &[Matcher],
    targets: &[String],
    steps: Steps,
) -> Result<Vec<Series>, Error> {
    let range = TimeRange::new(steps.start_ns.saturating_sub(steps.step_ns), steps.end_ns);
    let selection = selection_of(source, selector, range)?;
    if selection.is_empty {
        return Ok(Vec::new());
    }
    let mean_length = mean_length(source, &counted(&selection.filter))?;
    let metric = Metric::Aggregate(Aggregation {
        operator: AggregateOperator::Sum,
        grouping: Some(Grouping {
            is_without: false,
            labels: volume_labels(selector, targets),
        }),
        count: 0,
        inner: Box::new(Metric::Range(RangeAggregation::count(
            LogQuery {
                selector: selector.to_vec(),
                stages: Vec::new(),
            },
            steps.step_ns,
        ))),
    });
    let Numbers::Series(mut series) = numbers(source, &metric, steps)? else {
        return Ok(Vec::new());
    };
    for (_, value) in series
        .iter_mut()
        .flat_map(|series| series.samples.iter_mut())
    {
        *value = (*value * mean_length).round();
    }
    Ok(series)
}

/// Counts of a pattern: starts of buckets, and records in each.
pub type PatternCounts = (TemplateId, Vec<(i64, u64)>);

/// The most frequent patterns, the first one first. A condition on anything but service and level does not count.
///
/// # Errors
/// Fails when the store cannot be read.
pub fn patterns(
    source: &mut Source<'_>,
    selector: &[Matcher],
    range: TimeRange,
    step_ns: i64,
) -> Result<Vec<PatternCounts>, Error> {
    let selection = selection_of(source, selector, range)?;
    if selection.is_empty {
        return Ok(Vec::new());
    }
    let mut filter = counted(&selection.filter);
    let mut totals: BTreeMap<TemplateId, u64> = BTreeMap::new();
    for row in source.template_counts(&filter, TRIPLES)? {
        *totals.entry(row.template_id).or_default() += row.count;
    }
    let mut ids: Vec<(TemplateId, u64)> = totals.into_iter().collect();
    ids.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    ids.truncate(PATTERNS);
    let least = step_ns.max(range.duration_ns() / PATTERN_BUCKETS).max(1);
    let minutes = least.div_euclid(NANOS_PER_MINUTE) + i64::from(least % NANOS_PER_MINUTE != 0);
    let mut found = Vec::new();
    for (id, _) in ids {
        filter.template_ids = vec![id];
        let buckets = source.histogram(&filter, minutes.saturating_mul(NANOS_PER_MINUTE))?;
        let samples = buckets.into_iter().map(|bucket| {
            let count = bucket.counts.iter().map(|(_, count)| count).sum();
            (bucket.start_ns, count)
        });
        found.push((id, samples.collect()));
    }
    Ok(found)
}

/// The fields of the newest lines that a query keeps, and of their structured metadata.
///
/// # Errors
/// Fails when the store cannot be read.
pub fn detected_fields(
    source: &mut Source<'_>,
    query: &LogQuery,
    range: TimeRange,
) -> Result<Vec<DetectedField>, Error> {
    let selection = select(source, query, range)?;
    let records = sample(source, &selection)?;
    let mut found: BTreeMap<String, DetectedField> = BTreeMap::new();
    for record in &records {
        if !Entry::new(record).passes(&query.stages) {
            continue;
        }
        let metadata = metadata_of(record);
        let is_taken = |name: &str| metadata.contains_key(name) || name == LEVEL || name == SERVICE;
        let (parser, parsed) = match fields::of_json(&record.body, &is_taken) {
            Some(labels) => ("json", labels),
            None => ("logfmt", fields::of_logfmt(&record.body, &is_taken)),
        };
        for (name, value) in &metadata {
            note(&mut found, name, value, None);
        }
        for (name, value) in &parsed {
            note(&mut found, name, value, Some(parser));
        }
    }
    // The severity is a field to those who look for it by this name.
    let levels = records.iter().map(|record| level_of(record.severity));
    for level in levels {
        note(&mut found, LEVEL_NAMES[1], level, None);
    }
    Ok(found.into_values().collect())
}

fn note(
    found: &mut BTreeMap<String, DetectedField>,
    name: &str,
    value: &str,
    parser: Option<&'static str>,
) {
    let field = found
        .entry(name.to_owned())
        .or_insert_with(|| DetectedField {
            label: name.to_owned(),
            kind: kind_of(value),
            values: BTreeSet::new(),
            parsers: BTreeSet::new(),
        });
    if field.values.len() < FIELD_VALUES {
        field.values.insert(value.to_owned());
    }
    field.parsers.extend(parser);
}

/// What a value looks like.
fn kind_of(value: &str) -> &'static str {
    if value.parse::<i64>().is_ok() {
        "int"
    } else if value.parse::<f64>().is_ok() {
        "float"
    } else if value == "true" || value == "false" {
        "boolean"
    } else if super::value::parse_duration(value).is_some() {
        "duration"
    } else if super::value::parse_bytes(value).is_some() {
        "bytes"
    } else {
        "string"
    }
}
