//! Reading what is stored: search, histogram, patterns, context.

use domain::{
    Cursor, HistogramBucket, LogFilter, LogReader, LogRecord, Page, PageRequest, ProjectId,
    RecordContext, RecordId, ServiceCount, Template, TemplateCount, TemplateId, TimeRange,
};
use store::{LogStore, MatchRequest};

use crate::tasks::blocking;
use crate::{Engine, Error};

/// Most records of one page.
pub const PAGE_LIMIT: usize = 1_000;
/// Most neighbours of a record on each side.
pub const CONTEXT_LIMIT: usize = 200;
/// Most buckets of one histogram.
pub const HISTOGRAM_BUCKETS: i64 = 2_000;

/// A pattern with what it did in a range.
#[derive(Debug, Clone)]
pub struct PatternRow {
    /// The pattern.
    pub template: Template,
    /// Records in the range.
    pub count: u64,
    /// Records of severity error or fatal in the range.
    pub errors: u64,
}

impl Engine {
    /// One page of records.
    ///
    /// # Errors
    /// Fails on a limit beyond [`PAGE_LIMIT`] and when the store cannot be read in time.
    pub async fn search(
        &self,
        project_id: ProjectId,
        mut filter: LogFilter,
        page: PageRequest,
    ) -> Result<Page<LogRecord>, Error> {
        if page.limit == 0 || page.limit > PAGE_LIMIT {
            return Err(Error::BadRequest(format!(
                "limit is {}, it must lie between 1 and {PAGE_LIMIT}",
                page.limit
            )));
        }
        let inner = self.inner();
        blocking(move || {
            inner.plan(project_id, &mut filter)?;
            Ok::<_, Error>(inner.store.search(project_id, &filter, &page)?)
        })
        .await
    }

    /// The filter that a text of the search box means; a time that it names wins over `range`.
    ///
    /// # Errors
    /// [`Error::BadRequest`] with the position of what is not understood.
    pub async fn parse_filter(
        &self,
        project_id: ProjectId,
        text: &str,
        range: TimeRange,
    ) -> Result<LogFilter, Error> {
        let inner = self.inner();
        let text = text.to_owned();
        blocking(move || inner.parse_filter(project_id, &text, range)).await
    }

    /// How many records match.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn count(&self, project_id: ProjectId, mut filter: LogFilter) -> Result<u64, Error> {
        let inner = self.inner();
        blocking(move || {
            inner.plan(project_id, &mut filter)?;
            Ok::<_, Error>(inner.store.count(project_id, &filter)?)
        })
        .await
    }

    /// Counts per severity over time; the bucket grows until at most [`HISTOGRAM_BUCKETS`] are needed.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn histogram(
        &self,
        project_id: ProjectId,
        mut filter: LogFilter,
        bucket_ns: i64,
    ) -> Result<(i64, Vec<HistogramBucket>), Error> {
        let inner = self.inner();
        let bucket_ns = bucket_width(filter.range, bucket_ns);
        blocking(move || {
            inner.plan(project_id, &mut filter)?;
            let buckets = inner.store.histogram(project_id, &filter, bucket_ns)?;
            Ok::<_, Error>((bucket_ns, buckets))
        })
        .await
    }

    /// A record and its neighbours.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is [`Error::NotFound`].
    pub async fn context(
        &self,
        project_id: ProjectId,
        id: RecordId,
        before: usize,
        after: usize,
    ) -> Result<RecordContext, Error> {
        let inner = self.inner();
        let (before, after) = (before.min(CONTEXT_LIMIT), after.min(CONTEXT_LIMIT));
        blocking(move || {
            inner
                .store
                .context(project_id, id, before, after)?
                .ok_or_else(|| Error::NotFound(format!("record {id}")))
        })
        .await
    }

    /// The most frequent patterns of a range, by every condition of the filter.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn patterns(
        &self,
        project_id: ProjectId,
        mut filter: LogFilter,
        limit: usize,
    ) -> Result<Vec<PatternRow>, Error> {
        let inner = self.inner();
        let limit = limit.clamp(1, PAGE_LIMIT);
        blocking(move || {
            inner.plan(project_id, &mut filter)?;
            let request = MatchRequest {
                filter: &filter,
                statuses: &[],
                order: domain::Order::NewestFirst,
                records: 0,
                bucket_ns: None,
            };
            let matched = inner.store.matches(project_id, &request)?;
            let counts: Vec<TemplateCount> =
                matched.counts.into_iter().map(|row| row.count).collect();
            inner.pattern_rows(project_id, &counts, limit)
        })
        .await
    }

    /// One pattern.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is [`Error::NotFound`].
    pub async fn pattern(&self, project_id: ProjectId, id: TemplateId) -> Result<Template, Error> {
        let inner = self.inner();
        blocking(move || {
            inner
                .store
                .template(project_id, id)?
                .ok_or_else(|| Error::NotFound(format!("pattern {id}")))
        })
        .await
    }

    /// What each service wrote in a range.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn services(
        &self,
        project_id: ProjectId,
        range: TimeRange,
    ) -> Result<Vec<ServiceCount>, Error> {
        let inner = self.inner();
        blocking(move || Ok::<_, Error>(inner.store.services(project_id, range)?)).await
    }
}

impl crate::Inner {
    /// Resolves text terms against the constant text of templates, so that most records match without a
    /// look at their bodies. Blocks.
    pub(crate) fn plan(&self, project_id: ProjectId, filter: &mut LogFilter) -> Result<(), Error> {
        if filter.text.is_empty() {
            return Ok(());
        }
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        query::plan(filter, dictionary.texts());
        Ok(())
    }

    /// The filter that a text of the search box means; a time that it names wins over `range`. Blocks.
    pub(crate) fn parse_filter(
        &self,
        project_id: ProjectId,
        text: &str,
        range: TimeRange,
    ) -> Result<LogFilter, Error> {
        let mut context = self.question_context(project_id)?;
        context.default_range = Some(range);
        query::parse_filter(text, &context).map_err(|error| Error::BadRequest(error.to_string()))
    }

    pub(crate) fn pattern_rows(
        &self,
        project_id: ProjectId,
        counts: &[TemplateCount],
        limit: usize,
    ) -> Result<Vec<PatternRow>, Error> {
        let mut totals: Vec<(TemplateId, u64, u64)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for row in counts {
            let place = *places.entry(row.template_id).or_insert_with(|| {
                totals.push((row.template_id, 0, 0));
                totals.len() - 1
            });
            totals[place].1 += row.count;
            if row.severity.is_error() {
                totals[place].2 += row.count;
            }
        }
        totals.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        totals.truncate(limit);
        let ids: Vec<TemplateId> = totals.iter().map(|total| total.0).collect();
        let templates = self.store.templates_by_ids(project_id, &ids)?;
        let mut by_id: std::collections::HashMap<TemplateId, Template> = templates
            .into_iter()
            .map(|template| (template.id, template))
            .collect();
        Ok(totals
            .into_iter()
            .filter_map(|(id, count, errors)| {
                by_id.remove(&id).map(|template| PatternRow {
                    template,
                    count,
                    errors,
                })
            })
            .collect())
    }
}

/// The width of a histogram's buckets: whole minutes, at least `asked_ns`, and wide enough that at most
/// [`HISTOGRAM_BUCKETS`] cover the range wherever it begins.
fn bucket_width(range: TimeRange, asked_ns: i64) -> i64 {
    // Aligned to the epoch, one bucket more than fit into the range may touch it.
    let fitting = HISTOGRAM_BUCKETS - 1;
    let needed = range.duration_ns() / fitting + i64::from(range.duration_ns() % fitting != 0);
    let least = asked_ns.max(needed).max(1);
    let minutes =
        least / domain::NANOS_PER_MINUTE + i64::from(least % domain::NANOS_PER_MINUTE != 0);
    minutes.saturating_mul(domain::NANOS_PER_MINUTE)
}

/// A cursor out of the text that a page gave out.
///
/// # Errors
/// Fails when the text is not one of ours.
pub fn parse_cursor(text: &str) -> Result<Cursor, Error> {
    text.parse()
        .map_err(|error: domain::CursorError| Error::BadRequest(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_buckets_are_never_more_than_the_limit() {
        const MINUTE: i64 = domain::NANOS_PER_MINUTE;
        for minutes in [1, 1_999, 2_000, 2_001, 3_999, 4_321, 43_200] {
            for asked in [1, MINUTE, 90 * domain::NANOS_PER_SECOND] {
                let start_ns = 1_795_442_417_000_000_000;
                let range = TimeRange::new(start_ns, start_ns + minutes * MINUTE);
                let width = bucket_width(range, asked);
                assert!(width >= asked && width % MINUTE == 0, "{minutes}: {width}");
                let first = range.start_ns.div_euclid(width);
                let last = (range.end_ns - 1).div_euclid(width);
                assert!(last - first < HISTOGRAM_BUCKETS, "{minutes}: {width}");
            }
        }
        let minute = TimeRange::new(0, MINUTE);
        assert_eq!(
            bucket_width(minute, 90 * domain::NANOS_PER_SECOND),
            2 * MINUTE
        );
        bucket_width(TimeRange::ALL, 1);
    }
}
