//! A filter over records in memory agrees with a search for their stored copies.

use std::collections::BTreeSet;

use domain::{
    AttributeFilter, AttributeOp, LogFilter, LogReader, LogRecord, PageRequest, RecordId, Severity,
    TemplateId, TextTerm, TimeRange,
};

use super::fixture::{NOON, SECOND, commit, project, record};
use super::{Fixture, poison};
use crate::{MAX_PAGE, RecordMatcher};

/// Filters that some of the records fulfil, and some nearly.
fn filters(records: &[LogRecord]) -> Vec<LogFilter> {
    let all = || LogFilter::in_range(TimeRange::ALL);
    let mut filters = vec![all()];
    let mut add = |change: &dyn Fn(&mut LogFilter)| {
        let mut filter = all();
        change(&mut filter);
        filters.push(filter);
    };
    for one in records {
        // What no sender can ask for: a service name with a NUL or an overlong one.
        if one.service.len() < 100 && !one.service.contains('\0') {
            add(&|f| f.services = vec![one.service.clone()]);
            add(&|f| f.excluded_services = vec![one.service.clone()]);
        }
        add(&|f| f.trace_id.clone_from(&one.trace_id));
        add(&|f| f.range = TimeRange::new(one.timestamp_ns, NOON));
        let start: String = one.body.chars().take(40).collect();
        for (term, negated) in [(start.to_uppercase(), false), (start, true)] {
            add(&|f| {
                f.text = vec![TextTerm {
                    term: term.clone(),
                    negated,
                    template_ids: Vec::new(),
                }];
            });
        }
    }
    for key in ["a", "n", "deep", "status", "a\0b", ""] {
        for value in ["1", "2", "x\0y", "1e400", "x"] {
            for op in [
                AttributeOp::Equal,
                AttributeOp::NotEqual,
                AttributeOp::Exists,
            ] {
                add(&|f| {
                    f.attributes = vec![AttributeFilter {
                        key: key.to_owned(),
                        op,
                        value: value.to_owned(),
                    }];
                });
            }
        }
    }
    add(&|f| f.severities = vec![Severity::Info, Severity::Error]);
    add(&|f| f.severities = vec![Severity::Fatal]);
    add(&|f| f.template_ids = vec![TemplateId(1)]);
    // Resolved by the planner: records of the template hold it whatever their bodies say.
    add(&|f| {
        f.text = vec![TextTerm {
            term: "nowhere".to_owned(),
            negated: false,
            template_ids: vec![TemplateId(1)],
        }];
    });
    filters
}

pub(crate) fn a_record_in_memory_matches_as_its_stored_copy_does(fixture: &Fixture) {
    let project_id = project();
    let shapes = poison::shapes(project_id).into_iter();
    let mut records: Vec<LogRecord> = shapes.map(|(_, record)| record).collect();
    for (second, body) in [(1, "100% of A_B"), (2, "Größe 漢字"), (3, "")] {
        let mut made = record(project_id, NOON + second * SECOND, body);
        made.service = format!("service-{second}");
        made.severity = Severity::Error;
        made.template_id = TemplateId(2);
        made.attributes = format!("{{\"status\":{second},\"a\":\"x\"}}");
        records.push(made);
    }
    commit(&fixture.store, &records);
    for filter in filters(&records) {
        let page = PageRequest::first(MAX_PAGE);
        let found = fixture.store.search(project_id, &filter, &page);
        let found: BTreeSet<RecordId> = found
            .expect("the search works")
            .items
            .into_iter()
            .map(|record| record.id)
            .collect();
        let matcher = RecordMatcher::new(filter.clone()).expect("a filter within the limits");
        let held: BTreeSet<RecordId> = records
            .iter()
            .filter(|record| matcher.holds(record))
            .map(|record| record.id)
            .collect();
        assert_eq!(held, found, "{filter:?}");
    }
}

pub(crate) fn what_a_search_refuses_no_matcher_is_made_of(_fixture: &Fixture) {
    let mut filter = LogFilter::in_range(TimeRange::ALL);
    filter.services = vec!["a".to_owned(); 257];
    let error = RecordMatcher::new(filter).expect_err("too many services");
    assert_eq!(
        error.to_string(),
        "filter has 257 services, limit is 256",
        "the search's own words"
    );
}
