//! Reads within limits, through the one trait that the store implements.

use domain::{
    HistogramBucket, LogFilter, LogReader, LogRecord, NANOS_PER_MINUTE, Page, PageRequest,
    ProjectId,
};

use crate::error::Error;
use crate::plan::{TemplateDictionary, plan};
use crate::time::DAY_NS;

/// The limits of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Records on a page; more are refused.
    pub max_page: usize,
    /// Longest range, nanoseconds, of a filter that needs rows; longer ones are refused.
    pub max_scan_ns: i64,
    /// Buckets of a histogram; narrower buckets are widened until they fit.
    pub max_buckets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_page: 1_000,
            max_scan_ns: 92 * DAY_NS,
            max_buckets: 1_500,
        }
    }
}

/// One page of the records that match, after planning.
///
/// # Errors
/// Fails when a limit is exceeded or the store cannot be read.
pub fn search(
    reader: &dyn LogReader,
    project_id: ProjectId,
    filter: &LogFilter,
    page: &PageRequest,
    templates: &TemplateDictionary,
    limits: &Limits,
) -> Result<Page<LogRecord>, Error> {
    let wide = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    if page.limit == 0 || page.limit > limits.max_page {
        return Err(Error::Limit {
            what: "page limit (at least 1)",
            value: wide(page.limit),
            limit: wide(limits.max_page),
        });
    }
    let filter = planned(filter, templates, limits)?;
    Ok(reader.search(project_id, &filter, page)?)
}

/// How many records match, after planning.
///
/// # Errors
/// Fails when a limit is exceeded or the store cannot be read.
pub fn count(
    reader: &dyn LogReader,
    project_id: ProjectId,
    filter: &LogFilter,
    templates: &TemplateDictionary,
    limits: &Limits,
) -> Result<u64, Error> {
    Ok(reader.count(project_id, &planned(filter, templates, limits)?)?)
}

/// Counts in buckets of at least `bucket_ns`: a whole number of minutes, and few enough for the limit.
/// Returns the width used, nanoseconds.
///
/// # Errors
/// Fails when a limit is exceeded or the store cannot be read.
pub fn histogram(
    reader: &dyn LogReader,
    project_id: ProjectId,
    filter: &LogFilter,
    bucket_ns: i64,
    templates: &TemplateDictionary,
    limits: &Limits,
) -> Result<(i64, Vec<HistogramBucket>), Error> {
    let filter = planned(filter, templates, limits)?;
    let most = i64::try_from(limits.max_buckets.max(1)).unwrap_or(i64::MAX);
    let least = bucket_ns.max(filter.range.duration_ns() / most).max(1);
    let minutes = least.div_euclid(NANOS_PER_MINUTE) + i64::from(least % NANOS_PER_MINUTE != 0);
    let width = minutes.saturating_mul(NANOS_PER_MINUTE);
    Ok((width, reader.histogram(project_id, &filter, width)?))
}

fn planned(
    filter: &LogFilter,
    templates: &TemplateDictionary,
    limits: &Limits,
) -> Result<LogFilter, Error> {
    let length = filter.range.duration_ns();
    if !filter.is_answered_by_rollups() && length > limits.max_scan_ns {
        let days = |length: i64| u64::try_from(length / DAY_NS).unwrap_or(0);
        return Err(Error::Limit {
            what: "range of a search in text or attributes, in days,",
            value: days(length),
            limit: days(limits.max_scan_ns),
        });
    }
    let mut filter = filter.clone();
    plan(&mut filter, templates);
    Ok(filter)
}
