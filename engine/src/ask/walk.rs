//! Reading records one by one, within limits, where counts and conditions of the store do not tell.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use domain::{
    LogFilter, LogReader, LogRecord, Order, PageRequest, ProjectId, Severity, TemplateCount,
    TemplateId,
};
use query::NumberCondition;
use store::{MatchCount, MatchRequest, Matches, StatusFilter};

use super::numbers;
use super::words::holds_value;
use crate::{Error, Inner};

/// Records that are read for one question at most.
const MOST_READ: usize = 1_000_000;
/// Records that are read at once.
const PAGE: usize = 1_000;
/// Nobody waits longer: what was read until then is what is known.
const PATIENCE: Duration = Duration::from_secs(5);
/// Records whose ids are kept for each pattern.
const IDS_PER_PATTERN: usize = 3;

impl Inner {
    /// Shows the records of a filter in an order, at most [`MOST_READ`] of them; true when there are more.
    /// Blocks.
    pub(super) fn walk(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        order: Order,
        mut visit: impl FnMut(LogRecord),
    ) -> Result<bool, Error> {
        let started = Instant::now();
        let mut read = 0;
        let mut after = None;
        loop {
            super::stop::check()?;
            let request = PageRequest {
                limit: PAGE,
                after,
                order,
            };
            let page = self.store.search(project_id, filter, &request)?;
            read += page.items.len();
            page.items.into_iter().for_each(&mut visit);
            after = page.next;
            if after.is_none() {
                return Ok(false);
            }
            if read >= MOST_READ || started.elapsed() >= PATIENCE {
                return Ok(true);
            }
        }
    }

    /// What `store::matches` gives, of the records that hold each value as a word and have these numbers. Blocks.
    pub(super) fn matches_one_by_one(
        &self,
        project_id: ProjectId,
        request: &MatchRequest<'_>,
        values: &[String],
        numbers: &[NumberCondition],
    ) -> Result<Matches, Error> {
        let mut tally = Tally::default();
        let is_cut = self.walk(project_id, request.filter, request.order, |record| {
            let is_match = values.iter().all(|value| holds_value(&record.body, value))
                && numbers::hold(numbers, &record)
                && StatusFilter::any_matches(request.statuses, &record.body, &record.attributes);
            if is_match {
                tally.add(record, request);
            }
        })?;
        Ok(tally.finish(is_cut))
    }
}

#[derive(Default)]
struct Tally {
    counts: HashMap<(TemplateId, String, Severity), MatchCount>,
    buckets: BTreeMap<i64, u64>,
    records: Vec<LogRecord>,
    total: u64,
}

impl Tally {
    fn add(&mut self, record: LogRecord, request: &MatchRequest<'_>) {
        self.total += 1;
        if let Some(width) = request.bucket_ns.filter(|width| *width > 0) {
            let start_ns = record.timestamp_ns.div_euclid(width).saturating_mul(width);
            *self.buckets.entry(start_ns).or_insert(0) += 1;
        }
        let key = (record.template_id, record.service.clone(), record.severity);
        let found = self.counts.entry(key).or_insert_with(|| MatchCount {
            count: TemplateCount {
                template_id: record.template_id,
                service: record.service.clone(),
                severity: record.severity,
                count: 0,
                first_minute_ns: record.timestamp_ns,
                last_minute_ns: record.timestamp_ns,
            },
            records: Vec::new(),
        });
        let count = &mut found.count;
        count.count += 1;
        count.first_minute_ns = count.first_minute_ns.min(record.timestamp_ns);
        count.last_minute_ns = count.last_minute_ns.max(record.timestamp_ns);
        if found.records.len() < IDS_PER_PATTERN {
            found.records.push(record.id);
        }
        if self.records.len() < request.records {
            self.records.push(record);
        }
    }

    fn finish(self, is_cut: bool) -> Matches {
        let mut counts: Vec<MatchCount> = self.counts.into_values().collect();
        counts.sort_by(|a, b| {
            b.count
                .count
                .cmp(&a.count.count)
                .then_with(|| a.count.template_id.cmp(&b.count.template_id))
                .then_with(|| a.count.service.cmp(&b.count.service))
        });
        Matches {
            counts,
            total: self.total,
            buckets: self.buckets.into_iter().collect(),
            records: self.records,
            is_cut,
        }
    }
}
