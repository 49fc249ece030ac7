//! Records in memory, read as the store reads them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;

use domain::{
    AttributeOp, Cursor, HistogramBucket, LogFilter, LogReader, LogRecord, Order, Page,
    PageRequest, ProjectId, ReadError, RecordContext, RecordId, ServiceCount, Severity,
    TemplateCount, TemplateId, TimeRange,
};
use uuid::Uuid;

use crate::TemplateDictionary;
use crate::logql::{Budget, Source};

pub const SECOND: i64 = domain::NANOS_PER_SECOND;
pub const MINUTE: i64 = domain::NANOS_PER_MINUTE;
/// A whole hour in November 2026.
pub const START: i64 = 1_795_442_400 * SECOND;
pub const PROJECT: ProjectId = ProjectId(Uuid::nil());

#[derive(Default)]
pub struct Memory {
    records: Vec<LogRecord>,
    pub templates: TemplateDictionary,
    /// What was asked: `search`, `histogram`, ...
    asked: Mutex<Vec<&'static str>>,
}

impl Memory {
    /// Adds a record so many seconds after [`START`].
    pub fn add(
        &mut self,
        second: i64,
        service: &str,
        severity: Severity,
        body: &str,
        attributes: &str,
    ) {
        let number = self.records.len() as u128 + 1;
        self.records.push(LogRecord {
            id: RecordId(Uuid::from_u128(number)),
            project_id: PROJECT,
            timestamp_ns: START + second * SECOND,
            observed_at_ns: START,
            severity,
            service: service.to_owned(),
            body: body.to_owned(),
            attributes: attributes.to_owned(),
            trace_id: None,
            span_id: None,
            template_id: TemplateId(1),
        });
    }

    pub fn set_trace(&mut self, trace_id: &str) {
        self.records.last_mut().unwrap().trace_id = Some(trace_id.to_owned());
    }

    /// All of them.
    pub fn records(&self) -> &[LogRecord] {
        &self.records
    }

    pub fn source(&self) -> Source<'_> {
        Source::new(self, PROJECT, &self.templates, Budget::default())
    }

    pub fn with_budget(&self, budget: Budget) -> Source<'_> {
        Source::new(self, PROJECT, &self.templates, budget)
    }

    /// How often something was asked.
    pub fn count_of(&self, what: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|name| **name == what).count()
    }

    fn matching(&self, filter: &LogFilter) -> Vec<&LogRecord> {
        let records = self.records.iter();
        records.filter(|record| is_match(filter, record)).collect()
    }

    fn note(&self, what: &'static str) {
        self.asked.lock().unwrap().push(what);
    }
}

fn is_match(filter: &LogFilter, record: &LogRecord) -> bool {
    let attributes: serde_json::Value =
        serde_json::from_str(&record.attributes).unwrap_or_default();
    let body = record.body.to_ascii_lowercase();
    filter.range.contains(record.timestamp_ns)
        && (filter.services.is_empty() || filter.services.contains(&record.service))
        && !filter.excluded_services.contains(&record.service)
        && (filter.severities.is_empty() || filter.severities.contains(&record.severity))
        && filter
            .trace_id
            .as_ref()
            .is_none_or(|id| record.trace_id.as_ref() == Some(id))
        && filter
            .text
            .iter()
            .all(|term| body.contains(&term.term.to_ascii_lowercase()) != term.negated)
        && filter.attributes.iter().all(|condition| {
            let value = attributes.get(&condition.key).map(|value| match value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            match condition.op {
                AttributeOp::Exists => value.is_some(),
                AttributeOp::Equal => value.as_ref() == Some(&condition.value),
                AttributeOp::NotEqual => value.as_ref() != Some(&condition.value),
            }
        })
}

impl LogReader for Memory {
    fn search(
        &self,
        _: ProjectId,
        filter: &LogFilter,
        page: &PageRequest,
    ) -> Result<Page<LogRecord>, ReadError> {
        self.note("search");
        let mut found = self.matching(filter);
        found.sort_by_key(|record| (record.timestamp_ns, record.id));
        if page.order == Order::NewestFirst {
            found.reverse();
        }
        if let Some(after) = page.after {
            let place = found.iter().position(|record| record.id == after.id);
            found.drain(..=place.unwrap());
        }
        let next = Cell::new(None);
        if found.len() > page.limit {
            found.truncate(page.limit);
            next.set(found.last().map(|record| Cursor {
                timestamp_ns: record.timestamp_ns,
                id: record.id,
            }));
        }
        Ok(Page {
            items: found.into_iter().cloned().collect(),
            next: next.get(),
        })
    }

    fn record(&self, _: ProjectId, _: RecordId) -> Result<Option<LogRecord>, ReadError> {
        Ok(None)
    }

    fn context(
        &self,
        _: ProjectId,
        _: RecordId,
        _: usize,
        _: usize,
    ) -> Result<Option<RecordContext>, ReadError> {
        Ok(None)
    }

    fn count(&self, _: ProjectId, filter: &LogFilter) -> Result<u64, ReadError> {
        self.note("count");
        Ok(self.matching(filter).len() as u64)
    }

    fn histogram(
        &self,
        _: ProjectId,
        filter: &LogFilter,
        bucket_ns: i64,
    ) -> Result<Vec<HistogramBucket>, ReadError> {
        self.note("histogram");
        let mut buckets: BTreeMap<i64, BTreeMap<Severity, u64>> = BTreeMap::new();
        for record in self.matching(filter) {
            let start_ns = record.timestamp_ns.div_euclid(bucket_ns) * bucket_ns;
            *buckets
                .entry(start_ns)
                .or_default()
                .entry(record.severity)
                .or_default() += 1;
        }
        let buckets = buckets.into_iter();
        Ok(buckets
            .map(|(start_ns, counts)| HistogramBucket {
                start_ns,
                counts: counts.into_iter().collect(),
            })
            .collect())
    }

    fn template_counts(
        &self,
        _: ProjectId,
        filter: &LogFilter,
        _: usize,
    ) -> Result<Vec<TemplateCount>, ReadError> {
        self.note("template_counts");
        let mut counts: BTreeMap<(String, Severity), u64> = BTreeMap::new();
        for record in self.matching(filter) {
            *counts
                .entry((record.service.clone(), record.severity))
                .or_default() += 1;
        }
        let counts = counts.into_iter();
        Ok(counts
            .map(|((service, severity), count)| TemplateCount {
                template_id: TemplateId(1),
                service,
                severity,
                count,
                first_minute_ns: START,
                last_minute_ns: START,
            })
            .collect())
    }

    fn services(&self, _: ProjectId, range: TimeRange) -> Result<Vec<ServiceCount>, ReadError> {
        self.note("services");
        let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for record in self.matching(&LogFilter::in_range(range)) {
            let count = counts.entry(record.service.clone()).or_default();
            count.0 += 1;
            count.1 += u64::from(record.severity.is_error());
        }
        let counts = counts.into_iter();
        Ok(counts
            .map(|(service, (count, errors))| ServiceCount {
                service,
                count,
                errors,
            })
            .collect())
    }
}
