//! Random records and filters: what the store answers is what a plain loop over the records answers.

use std::collections::BTreeMap;

use domain::{
    AttributeFilter, AttributeOp, LogFilter, LogReader, LogRecord, Order, PageRequest, ProjectId,
    Severity, TemplateId, TextTerm, TimeRange,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Fixture;
use super::fixture::{MINUTE, NOON, commit, project, record};
use crate::{RecordMatcher, Store};

const SERVICES: [&str; 3] = ["api", "db", "shop"];
const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warn, Severity::Error];
const WORDS: [&str; 4] = ["timeout", "Retry", "100%", "ok"];

#[derive(Debug, Clone)]
struct Drawn {
    at: i64,
    service: usize,
    severity: usize,
    word: usize,
    status: u8,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    // Few instants, so that many records share one; some far away.
    let at = prop_oneof![
        4 => (0_i64..8).prop_map(|n| n * MINUTE / 4),
        1 => -20_i64 * MINUTE..20 * MINUTE,
        1 => (0_i64..5).prop_map(|n| n * 90 * 24 * 60 * MINUTE),
    ];
    (at, 0..3_usize, 0..3_usize, 0..4_usize, 0..3_u8).prop_map(
        |(at, service, severity, word, status)| Drawn {
            at,
            service,
            severity,
            word,
            status,
        },
    )
}

fn filters() -> impl Strategy<Value = LogFilter> {
    let range = prop_oneof![
        Just(TimeRange::ALL),
        (-25_i64 * MINUTE..25 * MINUTE, -25_i64 * MINUTE..25 * MINUTE)
            .prop_map(|(a, b)| TimeRange::new(NOON + a, NOON + b)),
    ];
    let services = prop::collection::vec(prop::sample::select(&SERVICES[..]), 0..2);
    let excluded = prop::collection::vec(prop::sample::select(&SERVICES[..]), 0..2);
    let severities = prop::collection::vec(prop::sample::select(&SEVERITIES[..]), 0..2);
    let templates = prop::collection::vec((0_u64..4).prop_map(TemplateId), 0..3);
    let text = prop::collection::vec((0..4_usize, any::<bool>()), 0..2);
    let attribute = prop::option::weighted(0.3, (0..3_u8, 0..3_u8));
    (
        range, services, excluded, severities, templates, text, attribute,
    )
        .prop_map(
            |(range, services, excluded, severities, template_ids, text, attribute)| LogFilter {
                range,
                services: services.into_iter().map(str::to_owned).collect(),
                excluded_services: excluded.into_iter().map(str::to_owned).collect(),
                severities,
                template_ids,
                text: text
                    .into_iter()
                    .map(|(word, negated)| TextTerm {
                        term: WORDS[word].to_ascii_uppercase(),
                        negated,
                        template_ids: Vec::new(),
                    })
                    .collect(),
                attributes: attribute
                    .into_iter()
                    .map(|(status, op)| AttributeFilter {
                        key: "status".to_owned(),
                        op: [
                            AttributeOp::Equal,
                            AttributeOp::NotEqual,
                            AttributeOp::Exists,
                        ][usize::from(op)],
                        value: status.to_string(),
                    })
                    .collect(),
                trace_id: None,
            },
        )
}

fn made(project_id: ProjectId, drawn: &Drawn) -> LogRecord {
    let attributes = match drawn.status {
        0 => String::new(),
        status => format!("{{\"status\":{status}}}"),
    };
    LogRecord {
        service: SERVICES[drawn.service].to_owned(),
        severity: SEVERITIES[drawn.severity],
        template_id: TemplateId(drawn.word as u64),
        attributes,
        ..record(
            project_id,
            NOON + drawn.at,
            &format!("call {} done", WORDS[drawn.word]),
        )
    }
}

fn holds(filter: &LogFilter, one: &LogRecord) -> bool {
    let body = one.body.to_ascii_lowercase();
    filter.range.contains(one.timestamp_ns)
        && (filter.services.is_empty() || filter.services.contains(&one.service))
        && !filter.excluded_services.contains(&one.service)
        && (filter.severities.is_empty() || filter.severities.contains(&one.severity))
        && (filter.template_ids.is_empty() || filter.template_ids.contains(&one.template_id))
        && filter
            .text
            .iter()
            .all(|term| body.contains(&term.term.to_ascii_lowercase()) != term.negated)
        && filter.attributes.iter().all(|condition| {
            let equal = one.attributes == format!("{{\"status\":{}}}", condition.value);
            match condition.op {
                AttributeOp::Equal => equal,
                AttributeOp::NotEqual => !equal,
                AttributeOp::Exists => !one.attributes.is_empty(),
            }
        })
}

fn paged(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    limit: usize,
    order: Order,
) -> Vec<LogRecord> {
    let mut page = PageRequest {
        limit,
        after: None,
        order,
    };
    let mut found = Vec::new();
    loop {
        let got = store
            .search(project_id, filter, &page)
            .expect("the page is read");
        assert!(got.items.len() <= limit);
        assert!(got.next.is_none() || got.items.len() == limit);
        found.extend(got.items);
        match got.next {
            Some(next) => page.after = Some(next),
            None => return found,
        }
    }
}

pub(crate) fn reading_agrees_with_a_plain_model(fixture: &Fixture) {
    let mut runner = TestRunner::new(Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (
        prop::collection::vec(drawn(), 1..60),
        prop::collection::vec((filters(), 1..9_usize, any::<bool>()), 4),
    );
    let result = runner.run(&strategy, |(drawn, questions)| {
        let project_id = project();
        let mut records: Vec<_> = drawn.iter().map(|one| made(project_id, one)).collect();
        commit(&fixture.store, &records);
        records.sort_by_key(|one| (one.timestamp_ns, one.id));
        for (filter, limit, is_oldest_first) in questions {
            let mut expected: Vec<_> = records
                .iter()
                .filter(|one| holds(&filter, one))
                .cloned()
                .collect();
            let matcher = RecordMatcher::new(filter.clone()).expect("a small filter");
            for one in &records {
                prop_assert_eq!(matcher.holds(one), holds(&filter, one));
            }
            let mut histogram: BTreeMap<(i64, Severity), u64> = BTreeMap::new();
            for one in &expected {
                let bucket = one.timestamp_ns.div_euclid(3 * MINUTE) * 3 * MINUTE;
                *histogram.entry((bucket, one.severity)).or_insert(0) += 1;
            }
            let order = if is_oldest_first {
                Order::OldestFirst
            } else {
                expected.reverse();
                Order::NewestFirst
            };
            let found = paged(&fixture.store, project_id, &filter, limit, order);
            prop_assert_eq!(&found, &expected);
            let count = fixture.store.count(project_id, &filter).expect("count");
            prop_assert_eq!(count, expected.len() as u64);
            let buckets = fixture.store.histogram(project_id, &filter, 3 * MINUTE);
            let buckets: BTreeMap<(i64, Severity), u64> = buckets
                .expect("histogram")
                .into_iter()
                .flat_map(|bucket| {
                    let start_ns = bucket.start_ns;
                    bucket
                        .counts
                        .into_iter()
                        .map(move |(s, n)| ((start_ns, s), n))
                })
                .collect();
            prop_assert_eq!(buckets, histogram);
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
