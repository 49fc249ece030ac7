//! Where records come from, and how much of them one query may read.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use domain::{
    LogFilter, LogReader, LogRecord, Order, PageRequest, ProjectId, ServiceCount, TimeRange,
};

use super::error::Error;
use crate::plan::{TemplateDictionary, plan};

/// Records of a page.
const PAGE: usize = 1_000;

/// How much one query may take.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Records read. A million take some ten seconds of a core.
    pub records: usize,
    /// From the first read to the last.
    pub time: Duration,
    /// Series of an answer, as Loki's `max_query_series`.
    pub series: usize,
    /// Entries that may be asked for, as Loki's `max_entries_limit_per_query`.
    pub entries: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            records: 1_000_000,
            time: Duration::from_secs(20),
            series: 500,
            entries: 5_000,
        }
    }
}

/// The records of one project for one query.
pub struct Source<'a> {
    reader: &'a dyn LogReader,
    project_id: ProjectId,
    templates: &'a TemplateDictionary,
    /// What is allowed.
    pub(super) budget: Budget,
    started: Instant,
    read_records: usize,
    read_bytes: usize,
}

/// How much a query read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Records.
    pub records: usize,
    /// Bytes of their lines.
    pub bytes: usize,
    /// How long it took.
    pub time: Duration,
}

impl<'a> Source<'a> {
    /// A source whose time begins now.
    #[must_use]
    pub fn new(
        reader: &'a dyn LogReader,
        project_id: ProjectId,
        templates: &'a TemplateDictionary,
        budget: Budget,
    ) -> Self {
        Self {
            reader,
            project_id,
            templates,
            budget,
            started: Instant::now(),
            read_records: 0,
            read_bytes: 0,
        }
    }

    /// What was read until now.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage {
            records: self.read_records,
            bytes: self.read_bytes,
            time: self.started.elapsed(),
        }
    }

    /// Fails when the time is over.
    pub(super) fn check_time(&self) -> Result<(), Error> {
        if self.started.elapsed() < self.budget.time {
            return Ok(());
        }
        Err(Error::Limit(format!(
            "the query took longer than {} s; {ADVICE}",
            self.budget.time.as_secs()
        )))
    }

    /// Shows the records that match one after the other, until `visit` has enough. `page` is how many are likely
    /// to be needed.
    pub(super) fn scan(
        &mut self,
        filter: &LogFilter,
        order: Order,
        page: usize,
        visit: &mut dyn FnMut(&LogRecord) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut filter = filter.clone();
        plan(&mut filter, self.templates);
        let mut request = PageRequest {
            limit: page.clamp(1, PAGE),
            after: None,
            order,
        };
        loop {
            self.check_time()?;
            let page = self.reader.search(self.project_id, &filter, &request)?;
            for record in &page.items {
                self.read_records += 1;
                self.read_bytes += record.body.len();
                if visit(record).is_break() {
                    return Ok(());
                }
            }
            if page.next.is_none() {
                return Ok(());
            }
            if self.read_records >= self.budget.records {
                return Err(Error::Limit(format!(
                    "the query would read too many log lines (limit: {}); {ADVICE}",
                    self.budget.records
                )));
            }
            request.after = page.next;
            request.limit = PAGE;
        }
    }

    /// The newest records that match, at most a page of them.
    pub(super) fn sample(
        &mut self,
        filter: &LogFilter,
        count: usize,
    ) -> Result<Vec<LogRecord>, Error> {
        self.check_time()?;
        let mut filter = filter.clone();
        plan(&mut filter, self.templates);
        let request = PageRequest::first(count.clamp(1, PAGE));
        let page = self.reader.search(self.project_id, &filter, &request)?;
        self.read_records += page.items.len();
        Ok(page.items)
    }

    /// What each service wrote, most first.
    pub(super) fn services(&self, range: TimeRange) -> Result<Vec<ServiceCount>, Error> {
        self.check_time()?;
        Ok(self.reader.services(self.project_id, range)?)
    }

    /// Counts per bucket and severity.
    pub(super) fn histogram(
        &self,
        filter: &LogFilter,
        bucket_ns: i64,
    ) -> Result<Vec<domain::HistogramBucket>, Error> {
        self.check_time()?;
        Ok(self.reader.histogram(self.project_id, filter, bucket_ns)?)
    }

    /// How many match.
    pub(super) fn count(&self, filter: &LogFilter) -> Result<u64, Error> {
        self.check_time()?;
        Ok(self.reader.count(self.project_id, filter)?)
    }

    /// The most frequent patterns with their services and severities.
    pub(super) fn template_counts(
        &self,
        filter: &LogFilter,
        limit: usize,
    ) -> Result<Vec<domain::TemplateCount>, Error> {
        self.check_time()?;
        Ok(self
            .reader
            .template_counts(self.project_id, filter, limit)?)
    }
}

/// What Loki says as well.
const ADVICE: &str =
    "consider adding more specific stream selectors or reduce the time range of the query";
