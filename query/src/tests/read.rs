use std::sync::Mutex;

use domain::{
    HistogramBucket, LogFilter, LogReader, LogRecord, Page, PageRequest, ProjectId, ReadError,
    RecordContext, RecordId, ServiceCount, TemplateCount, TemplateId, TextTerm, TimeRange,
};
use uuid::Uuid;

use crate::{Limits, TemplateDictionary, count, histogram, search};

/// A reader that remembers what it was asked.
#[derive(Default)]
struct Recorder(Mutex<Vec<(LogFilter, i64)>>);

impl Recorder {
    fn note(&self, filter: &LogFilter, detail: i64) {
        self.0.lock().unwrap().push((filter.clone(), detail));
    }
}

impl LogReader for Recorder {
    fn search(
        &self,
        _: ProjectId,
        filter: &LogFilter,
        _: &PageRequest,
    ) -> Result<Page<LogRecord>, ReadError> {
        self.note(filter, 0);
        Ok(Page {
            items: Vec::new(),
            next: None,
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
        self.note(filter, 0);
        Ok(7)
    }

    fn histogram(
        &self,
        _: ProjectId,
        filter: &LogFilter,
        bucket_ns: i64,
    ) -> Result<Vec<HistogramBucket>, ReadError> {
        self.note(filter, bucket_ns);
        Ok(Vec::new())
    }

    fn template_counts(
        &self,
        _: ProjectId,
        _: &LogFilter,
        _: usize,
    ) -> Result<Vec<TemplateCount>, ReadError> {
        Ok(Vec::new())
    }

    fn services(&self, _: ProjectId, _: TimeRange) -> Result<Vec<ServiceCount>, ReadError> {
        Ok(Vec::new())
    }
}

const PROJECT: ProjectId = ProjectId(Uuid::nil());
const DAY_NS: i64 = 86_400_000_000_000;

fn with_text(length_ns: i64) -> LogFilter {
    let mut filter = LogFilter::in_range(TimeRange::new(0, length_ns));
    filter.text.push(TextTerm {
        term: "refused".to_owned(),
        negated: false,
        template_ids: Vec::new(),
    });
    filter
}

#[test]
fn a_search_is_planned_before_it_is_read() {
    let reader = Recorder::default();
    let templates = TemplateDictionary::new([(TemplateId(5), "connection refused by <ip>")]);
    search(
        &reader,
        PROJECT,
        &with_text(DAY_NS),
        &PageRequest::first(10),
        &templates,
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(
        reader.0.lock().unwrap()[0].0.text[0].template_ids,
        [TemplateId(5)]
    );
}

#[test]
fn pages_and_scans_beyond_the_limits_are_refused_without_a_read() {
    let reader = Recorder::default();
    let (templates, limits) = (TemplateDictionary::default(), Limits::default());
    for limit in [0, 1_001] {
        let error = search(
            &reader,
            PROJECT,
            &with_text(DAY_NS),
            &PageRequest::first(limit),
            &templates,
            &limits,
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("page limit (at least 1) is {limit}, limit is 1000")
        );
    }
    let error = count(
        &reader,
        PROJECT,
        &with_text(100 * DAY_NS),
        &templates,
        &limits,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "range of a search in text or attributes, in days, is 100, limit is 92"
    );
    assert!(reader.0.lock().unwrap().is_empty());
    let all = LogFilter::in_range(TimeRange::new(0, 1_000 * DAY_NS));
    assert_eq!(
        count(&reader, PROJECT, &all, &templates, &limits).unwrap(),
        7
    );
}

#[test]
fn histograms_have_whole_minutes_and_no_more_buckets_than_allowed() {
    let reader = Recorder::default();
    let width = |filter: &LogFilter, bucket_ns: i64| {
        let (width, _) = histogram(
            &reader,
            PROJECT,
            filter,
            bucket_ns,
            &TemplateDictionary::default(),
            &Limits::default(),
        )
        .unwrap();
        width
    };
    assert_eq!(width(&with_text(DAY_NS), 1), 60_000_000_000);
    assert_eq!(width(&with_text(DAY_NS), 90_000_000_000), 120_000_000_000);
    let month = width(&with_text(30 * DAY_NS), 60_000_000_000);
    assert!(30 * DAY_NS / month <= 1_500, "{month}");
    assert!(width(&LogFilter::in_range(TimeRange::ALL), 0) > 0);
}
