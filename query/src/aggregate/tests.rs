use domain::{NANOS_PER_MINUTE, Severity, TextTerm};

use super::*;

const HOUR_NS: i64 = 60 * NANOS_PER_MINUTE;

fn question(operation: Operation, by: &[&str]) -> Question {
    Question {
        filter: LogFilter::in_range(TimeRange::new(0, 24 * HOUR_NS)),
        operation,
        by: by
            .iter()
            .map(|name| Grouping::parse(name).unwrap())
            .collect(),
        measure: None,
        bucket_ns: None,
        limit: None,
    }
}

#[test]
fn counts_of_kept_fields_come_from_rollups_and_everything_else_from_a_scan() {
    let source = |question: Question| question.plan().unwrap().source;
    let mut errors = question(Operation::Top, &["service"]);
    errors.filter.severities = vec![Severity::Error];
    assert_eq!(source(errors.clone()), Source::Rollups);
    assert_eq!(source(question(Operation::Count, &[])), Source::Rollups);
    assert_eq!(source(question(Operation::Records, &[])), Source::Search);
    assert_eq!(
        source(question(Operation::Histogram, &["severity"])),
        Source::Rollups
    );
    assert_eq!(
        source(question(Operation::Histogram, &["service"])),
        Source::Scan
    );
    assert_eq!(
        source(question(Operation::Facets, &["level", "user"])),
        Source::Scan
    );
    let mut measured = errors.clone();
    measured.measure = Some(Measure::Average("duration_ms".into()));
    assert_eq!(source(measured), Source::Scan);
    errors.filter.text.push(TextTerm {
        term: "refused".into(),
        negated: false,
        template_ids: Vec::new(),
    });
    assert_eq!(source(errors), Source::Scan);
}

#[test]
fn parts_that_do_not_go_together_are_refused() {
    let refused = |question: Question| question.plan().unwrap_err().to_string();
    assert_eq!(
        refused(question(Operation::Count, &["service"])),
        "'count' takes no fields in 'by'"
    );
    assert!(refused(question(Operation::Top, &[])).contains("needs at least one field"));
    assert_eq!(
        refused(question(Operation::Top, &["service", "service.name"])),
        "'service' stands twice in 'by'"
    );
    let mut wrong = question(Operation::Top, &["service"]);
    wrong.bucket_ns = Some(HOUR_NS);
    assert!(refused(wrong).contains("takes no bucket"));
    let mut wrong = question(Operation::Records, &[]);
    wrong.limit = Some(1_001);
    assert_eq!(refused(wrong), "limit is 1001, limit is 1000");
    let many = ["a", "b", "c", "d", "e", "f", "g"];
    assert_eq!(
        refused(question(Operation::Aggregate, &many)),
        "number of fields in 'by' is 7, limit is 6"
    );
}

#[test]
fn stretches_are_whole_and_never_more_than_the_limit() {
    let width = |hours: i64, asked: Option<i64>, by: &[&str]| {
        let mut question = question(Operation::Histogram, by);
        question.filter.range = TimeRange::new(0, hours * HOUR_NS);
        question.bucket_ns = asked;
        let plan = question.plan().unwrap();
        assert_eq!(plan.by[0], Grouping::Time(plan.bucket_ns.unwrap()));
        plan.bucket_ns.unwrap()
    };
    assert_eq!(width(24, None, &[]), 12 * NANOS_PER_MINUTE);
    assert_eq!(width(1, Some(1), &["severity"]), NANOS_PER_MINUTE);
    assert_eq!(width(1, Some(1_500_000_000), &["service"]), 2_000_000_000);
    let year = 365 * 24;
    assert!(year * HOUR_NS / width(year, Some(1), &["service"]) <= MAX_BUCKETS);
}
