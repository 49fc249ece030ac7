use domain::{
    AttributeFilter, AttributeOp, LogFilter, LogReader, LogRecord, Order, PageRequest, ProjectId,
    Severity, TemplateId, TextTerm, TimeRange,
};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, commit, project, record};
use crate::{MatchRequest, Matches, StatusFilter, Store};

/// Five minutes with a record each 20 ms, some of them errors of another template and service.
fn many(project_id: ProjectId) -> Vec<LogRecord> {
    (0..15_000)
        .map(|n: i64| {
            let at_ns = NOON + n * SECOND / 50;
            let mut made = record(project_id, at_ns, &format!("order {n} answered 200"));
            if n % 10 == 3 {
                made.severity = Severity::Error;
                made.template_id = TemplateId(2);
                made.service = "pay".to_owned();
                made.body = format!("order {n} refused: 503");
                made.attributes = format!("{{\"region\":\"eu\",\"order\":{n}}}");
            }
            made
        })
        .collect()
}

fn request(filter: &LogFilter) -> MatchRequest<'_> {
    MatchRequest {
        filter,
        statuses: &[],
        order: Order::NewestFirst,
        records: 4,
        bucket_ns: None,
    }
}

fn term(text: &str) -> TextTerm {
    TextTerm {
        term: text.to_owned(),
        negated: false,
        template_ids: Vec::new(),
    }
}

/// What comes back agrees with the reads that do one thing each.
#[track_caller]
fn check(store: &Store, project_id: ProjectId, filter: &LogFilter) -> Matches {
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let asked = MatchRequest {
            order,
            bucket_ns: Some(MINUTE),
            ..request(filter)
        };
        let found = store.matches(project_id, &asked).expect("matches");
        assert_eq!(found.total, store.count(project_id, filter).expect("count"));
        let page = PageRequest {
            limit: 4,
            after: None,
            order,
        };
        let page = store.search(project_id, filter, &page).expect("search");
        assert_eq!(found.records, page.items);
        let histogram = store
            .histogram(project_id, filter, MINUTE)
            .expect("histogram");
        let buckets: Vec<(i64, u64)> = histogram
            .into_iter()
            .map(|bucket| {
                let count = bucket.counts.iter().map(|(_, count)| count).sum();
                (bucket.start_ns, count)
            })
            .collect();
        assert_eq!(found.buckets, buckets);
        let sum: u64 = found.counts.iter().map(|row| row.count.count).sum();
        assert_eq!(sum, found.total);
        assert!(!found.is_cut);
    }
    store
        .matches(project_id, &request(filter))
        .expect("matches")
}

pub(crate) fn everything_that_matches_is_counted_in_one_pass(fixture: &Fixture) {
    let (store, project_id) = (&fixture.store, project());
    commit(store, &many(project_id));
    let range = TimeRange::new(NOON + 7 * SECOND, NOON + 4 * MINUTE + 3 * SECOND);
    let filter = |change: &dyn Fn(&mut LogFilter)| {
        let mut filter = LogFilter::in_range(range);
        change(&mut filter);
        filter
    };
    // By rollups, exact at both ends.
    let all = check(store, project_id, &filter(&|_| {}));
    assert_eq!(all.total, 11_800);
    assert_eq!(all.counts.len(), 2);
    assert_eq!(all.counts[0].count.count, 10_620);
    check(
        store,
        project_id,
        &filter(&|filter| filter.severities = vec![Severity::Error]),
    );
    // By rows: crowded slices, single records, attributes, nothing.
    let crowded = check(
        store,
        project_id,
        &filter(&|filter| filter.text = vec![term("answered")]),
    );
    assert_eq!(crowded.total, 10_620);
    assert_eq!(crowded.counts[0].records.len(), 3);
    assert_eq!(crowded.counts[0].records[0], crowded.records[0].id);
    let single = check(
        store,
        project_id,
        &filter(&|filter| filter.text = vec![term("order 4713 ")]),
    );
    assert_eq!(single.total, 1);
    assert_eq!(
        single.counts[0].count.first_minute_ns,
        single.records[0].timestamp_ns
    );
    let attributes = check(
        store,
        project_id,
        &filter(&|filter| {
            filter.attributes = vec![AttributeFilter {
                key: "region".to_owned(),
                op: AttributeOp::Equal,
                value: "eu".to_owned(),
            }];
        }),
    );
    assert_eq!(attributes.total, 1_180);
    let nothing = check(
        store,
        project_id,
        &filter(&|filter| filter.text = vec![term("absent")]),
    );
    assert_eq!((nothing.total, nothing.records.len()), (0, 0));
}

pub(crate) fn status_codes_are_found_in_attributes_and_texts(fixture: &Fixture) {
    let (store, project_id) = (&fixture.store, project());
    let bodies = [
        ("GET /cart answered 500 in 12 ms", ""),
        ("GET /cart answered 200 in 500 ms", ""),
        ("failed", "{\"http.status_code\":503}"),
        ("failed with 500", "{\"status\":404}"),
        ("order 512 placed", ""),
        ("(502)", ""),
    ];
    let records: Vec<LogRecord> = bodies
        .iter()
        .zip(0..)
        .map(|((body, attributes), n)| {
            let mut made = record(project_id, NOON + n * SECOND, body);
            made.attributes = (*attributes).to_owned();
            made
        })
        .collect();
    commit(store, &records);
    let bodies = |statuses: &[StatusFilter]| -> Vec<String> {
        let filter = LogFilter::in_range(TimeRange::ALL);
        let asked = MatchRequest {
            statuses,
            records: 10,
            order: Order::OldestFirst,
            ..request(&filter)
        };
        let found = store.matches(project_id, &asked).expect("matches");
        assert_eq!(usize::try_from(found.total), Ok(found.records.len()));
        found
            .records
            .into_iter()
            .map(|record| record.body)
            .collect()
    };
    assert_eq!(
        bodies(&[StatusFilter::Exact(500)]),
        ["GET /cart answered 500 in 12 ms"]
    );
    assert_eq!(
        bodies(&[StatusFilter::Class(5)]),
        ["GET /cart answered 500 in 12 ms", "failed", "(502)"]
    );
    assert_eq!(
        bodies(&[StatusFilter::Exact(404), StatusFilter::Exact(502)]),
        ["failed with 500", "(502)"]
    );
}

pub(crate) fn a_spent_budget_gives_lower_bounds(fixture: &Fixture) {
    let project_id = project();
    commit(&fixture.store, &[record(project_id, NOON, "one")]);
    let mut config = fixture.config.clone();
    config.read_timeout = std::time::Duration::ZERO;
    let store = Store::open(&config).expect("the store opens");
    let mut filter = LogFilter::in_range(TimeRange::ALL);
    filter.text = vec![term("one")];
    let found = store
        .matches(project_id, &request(&filter))
        .expect("matches");
    assert!(found.is_cut);
    assert_eq!(found.total, 0);
}
