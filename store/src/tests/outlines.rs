//! Reads that are decided by what is remembered of blocks: the same as a plain look at every record.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::{
    LogFilter, LogReader, LogRecord, Order, PageRequest, ProjectId, RecordId, Severity, TemplateId,
    TextTerm, TimeRange,
};

use super::Fixture;
use super::fixture::{NOON, SECOND, commit, project, record};
use crate::{MatchRequest, NewestOf, Store};

/// Records of four templates and two services whose instants overlap and often are the same, in an order of arrival that
/// is none of time.
fn mixed(project_id: ProjectId) -> Vec<LogRecord> {
    (0..600_i64)
        .map(|n| {
            let at_ns = NOON + (n * 7919 % 90) * SECOND;
            let mut made = record(project_id, at_ns, &format!("order {n} answered"));
            made.template_id = TemplateId(1 + (n * 31 % 4).unsigned_abs());
            if n % 3 == 0 {
                made.service = "pay".to_owned();
            }
            if n % 5 == 0 {
                made.severity = Severity::Error;
            }
            made
        })
        .collect()
}

/// In several commits: blocks that overlap, and (where commits are large enough for blocks only now and then) a tail.
fn stored(store: &Store, project_id: ProjectId) -> Vec<LogRecord> {
    let records = mixed(project_id);
    for part in records.chunks(150) {
        commit(store, part);
    }
    records
}

fn filters() -> Vec<LogFilter> {
    let all = LogFilter::in_range(TimeRange::ALL);
    let part = LogFilter::in_range(TimeRange {
        start_ns: NOON + 11 * SECOND,
        end_ns: NOON + 61 * SECOND,
    });
    vec![
        all.clone(),
        part.clone(),
        LogFilter {
            template_ids: vec![TemplateId(2), TemplateId(4)],
            ..part.clone()
        },
        LogFilter {
            services: vec!["pay".to_owned()],
            severities: vec![Severity::Error],
            ..all.clone()
        },
        LogFilter {
            excluded_services: vec!["pay".to_owned()],
            template_ids: vec![TemplateId(3)],
            ..part.clone()
        },
        LogFilter {
            text: vec![TextTerm {
                term: "order 12".to_owned(),
                negated: false,
                template_ids: Vec::new(),
            }],
            severities: vec![Severity::Info],
            ..part
        },
        LogFilter {
            template_ids: vec![TemplateId(99)],
            ..all
        },
    ]
}

fn holds(filter: &LogFilter, record: &LogRecord) -> bool {
    filter.range.contains(record.timestamp_ns)
        && (filter.services.is_empty() || filter.services.contains(&record.service))
        && !filter.excluded_services.contains(&record.service)
        && (filter.severities.is_empty() || filter.severities.contains(&record.severity))
        && (filter.template_ids.is_empty() || filter.template_ids.contains(&record.template_id))
        && filter
            .text
            .iter()
            .all(|term| record.body.contains(&term.term))
}

/// The ids of what a filter holds, in an order.
fn expected(records: &[LogRecord], filter: &LogFilter, order: Order) -> Vec<RecordId> {
    let mut keys: Vec<(i64, RecordId)> = records
        .iter()
        .filter(|record| holds(filter, record))
        .map(|record| (record.timestamp_ns, record.id))
        .collect();
    keys.sort_unstable();
    if order == Order::NewestFirst {
        keys.reverse();
    }
    keys.into_iter().map(|(_, id)| id).collect()
}

pub(crate) fn pages_follow_each_other_without_a_gap(fixture: &Fixture) {
    let (store, project_id) = (&fixture.store, project());
    let records = stored(store, project_id);
    for filter in filters() {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            for limit in [1, 7, 64, 1_000] {
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let request = PageRequest {
                        limit,
                        after,
                        order,
                    };
                    let page = store.search(project_id, &filter, &request).expect("a page");
                    assert!(page.items.len() <= limit);
                    found.extend(page.items.iter().map(|record| record.id));
                    after = page.next;
                    // With a limit of one the first pages tell enough.
                    if after.is_none() || limit == 1 && found.len() > 40 {
                        break;
                    }
                }
                let mut expected = expected(&records, &filter, order);
                if after.is_some() {
                    expected.truncate(found.len());
                }
                assert_eq!(found, expected, "{filter:?} {order:?} by {limit}");
            }
        }
    }
}

pub(crate) fn counts_are_those_of_every_record(fixture: &Fixture) {
    let (store, project_id) = (&fixture.store, project());
    let records = stored(store, project_id);
    for filter in filters() {
        let request = MatchRequest {
            filter: &filter,
            statuses: &[],
            order: Order::NewestFirst,
            records: 5,
            bucket_ns: None,
        };
        let mut triples: BTreeMap<(TemplateId, String, i16), u64> = BTreeMap::new();
        for record in records.iter().filter(|record| holds(&filter, record)) {
            let key = (
                record.template_id,
                record.service.clone(),
                record.severity.number(),
            );
            *triples.entry(key).or_insert(0) += 1;
        }
        for _ in 0..2 {
            let found = store.matches(project_id, &request).expect("matches");
            let counted: BTreeMap<(TemplateId, String, i16), u64> = found
                .counts
                .iter()
                .map(|row| {
                    let count = &row.count;
                    let key = (
                        count.template_id,
                        count.service.clone(),
                        count.severity.number(),
                    );
                    (key, count.count)
                })
                .collect();
            assert_eq!(counted, triples, "{filter:?}");
            let ids: Vec<RecordId> = found.records.iter().map(|record| record.id).collect();
            let mut first = expected(&records, &filter, Order::NewestFirst);
            first.truncate(5);
            assert_eq!(ids, first, "{filter:?}");
        }
    }
}

pub(crate) fn a_walk_meets_every_record_once(fixture: &Fixture) {
    let (store, project_id) = (&fixture.store, project());
    let records = stored(store, project_id);
    for filter in filters() {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let mut found = Vec::new();
            let mut take = |group: Vec<LogRecord>| {
                found.extend(group);
                ControlFlow::Continue(())
            };
            store
                .walk(project_id, &filter, order, &mut take)
                .expect("a walk");
            found.sort_by_key(|record| (record.timestamp_ns, record.id));
            let ids: Vec<RecordId> = found.iter().map(|record| record.id).collect();
            assert_eq!(
                ids,
                expected(&records, &filter, Order::OldestFirst),
                "{filter:?}"
            );
            for record in &found {
                let own = records
                    .iter()
                    .find(|own| own.id == record.id)
                    .expect("a record");
                assert_eq!(record, own);
            }
        }
    }
    let mut groups = 0;
    let mut stop = |_| {
        groups += 1;
        ControlFlow::Break(())
    };
    let all = LogFilter::in_range(TimeRange::ALL);
    store
        .walk(project_id, &all, Order::NewestFirst, &mut stop)
        .expect("a walk");
    assert_eq!(groups, 1, "a walk ends when its reader has enough");
}

pub(crate) fn the_newest_of_several_patterns_are_found_at_once(fixture: &Fixture) {
    let (store, project_id) = (&fixture.store, project());
    let records = stored(store, project_id);
    let wanted = [
        NewestOf {
            template_ids: vec![TemplateId(1), TemplateId(3)],
            service: None,
            severity: None,
        },
        NewestOf {
            template_ids: vec![TemplateId(2)],
            service: Some("pay".to_owned()),
            severity: Some(Severity::Info),
        },
        NewestOf {
            template_ids: vec![TemplateId(99)],
            service: None,
            severity: None,
        },
    ];
    for filter in filters()
        .into_iter()
        .filter(|filter| filter.text.is_empty())
    {
        let found = store
            .newest_of(project_id, &filter, &wanted, 3)
            .expect("the newest");
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(&wanted) {
            let own = LogFilter {
                template_ids: wanted.template_ids.clone(),
                ..filter.clone()
            };
            let instants = |ids: &[RecordId]| -> Vec<i64> {
                let instant = |id| {
                    records
                        .iter()
                        .find(|it| it.id == id)
                        .map(|it| it.timestamp_ns)
                };
                ids.iter().filter_map(|id| instant(*id)).collect()
            };
            let is_own = |id: &RecordId| {
                let own = records
                    .iter()
                    .find(|record| record.id == *id)
                    .expect("a record");
                wanted.service.as_ref().is_none_or(|it| *it == own.service)
                    && wanted.severity.is_none_or(|it| it == own.severity)
            };
            let mut newest = expected(&records, &own, Order::NewestFirst);
            newest.retain(is_own);
            newest.truncate(3);
            assert_eq!(instants(found), instants(&newest), "{filter:?} {wanted:?}");
            assert!(found.iter().all(is_own));
        }
    }
    let by_text = filters().into_iter().find(|filter| !filter.text.is_empty());
    let refused = store.newest_of(project_id, &by_text.expect("one"), &wanted, 3);
    assert!(refused.is_err());
}
