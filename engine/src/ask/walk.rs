//! Reading records one by one, within limits, where counts and conditions of the store do not tell.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use domain::{
    LogFilter, LogRecord, Order, ProjectId, RecordId, Severity, TemplateCount, TemplateId,
};
use query::NumberCondition;
use store::{MatchCount, MatchRequest, Matches, StatusFilter};

use super::numbers;
use super::words::holds_value;
use crate::{Error, Inner};

/// Records that are read for one question at most.
const MOST_READ: usize = 1_000_000;
/// Nobody waits longer: what was read until then is what is known.
const PATIENCE: Duration = Duration::from_secs(5);
/// Records whose ids are kept for each pattern.
const IDS_PER_PATTERN: usize = 3;

impl Inner {
    /// Shows the records of a filter, at most about [`MOST_READ`] of them: those of the newest (or oldest) blocks first,
    /// else in no order; true when there are more. Blocks.
    pub(super) fn walk(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        order: Order,
        mut visit: impl FnMut(LogRecord),
    ) -> Result<bool, Error> {
        let started = Instant::now();
        let (mut read, mut is_cut, mut stopped) = (0, false, Ok(()));
        self.store.walk(project_id, filter, order, &mut |records| {
            stopped = super::stop::check();
            // What holds nothing takes time as well.
            is_cut = started.elapsed() >= PATIENCE || !records.is_empty() && read >= MOST_READ;
            if stopped.is_err() || is_cut {
                return ControlFlow::Break(());
            }
            read += records.len();
            records.into_iter().for_each(&mut visit);
            ControlFlow::Continue(())
        })?;
        stopped?;
        Ok(is_cut)
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
        Ok(tally.finish(request, is_cut))
    }
}

/// Instant and id: what orders records.
type RecordKey = (i64, RecordId);

#[derive(Default)]
struct Tally {
    counts: HashMap<(TemplateId, String, Severity), (MatchCount, Vec<RecordKey>)>,
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
        let (found, ids) = self.counts.entry(key).or_insert_with(|| {
            let count = TemplateCount {
                template_id: record.template_id,
                service: record.service.clone(),
                severity: record.severity,
                count: 0,
                first_minute_ns: record.timestamp_ns,
                last_minute_ns: record.timestamp_ns,
            };
            let records = Vec::new();
            (MatchCount { count, records }, Vec::new())
        });
        let count = &mut found.count;
        count.count += 1;
        count.first_minute_ns = count.first_minute_ns.min(record.timestamp_ns);
        count.last_minute_ns = count.last_minute_ns.max(record.timestamp_ns);
        ids.push((record.timestamp_ns, record.id));
        if ids.len() >= 16 * IDS_PER_PATTERN {
            keep_first(ids, request.order, IDS_PER_PATTERN, |id| *id);
        }
        if request.records > 0 {
            self.records.push(record);
        }
        if self.records.len() >= 4 * request.records + 64 {
            keep_first(&mut self.records, request.order, request.records, key_of);
        }
    }

    fn finish(mut self, request: &MatchRequest<'_>, is_cut: bool) -> Matches {
        keep_first(&mut self.records, request.order, request.records, key_of);
        let counts = self.counts.into_values().map(|(mut found, mut ids)| {
            keep_first(&mut ids, request.order, IDS_PER_PATTERN, |id| *id);
            found.records = ids.into_iter().map(|(_, id)| id).collect();
            found
        });
        let mut counts: Vec<MatchCount> = counts.collect();
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

fn key_of(record: &LogRecord) -> RecordKey {
    (record.timestamp_ns, record.id)
}

/// Keeps the first `limit` in an order of time.
fn keep_first<T>(items: &mut Vec<T>, order: Order, limit: usize, key: impl Fn(&T) -> RecordKey) {
    match order {
        Order::NewestFirst => items.sort_unstable_by_key(|item| std::cmp::Reverse(key(item))),
        Order::OldestFirst => items.sort_unstable_by_key(key),
    }
    items.truncate(limit);
}
