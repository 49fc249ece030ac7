use std::collections::BTreeMap;

use domain::{MetricKind, MetricPoint, ProjectId, TimeRange};

use super::Fixture;
use super::fixture::{NOON, SECOND, project, seal_in_blocks};
use crate::{LabelMatcher, MetricReceipt, MetricStore};

/// Stored as rows, or as blocks in the suites of blocks.
fn append(fixture: &Fixture, project_id: ProjectId, points: &[MetricPoint]) -> MetricReceipt {
    let receipt = fixture.store.append_metrics(project_id, points);
    seal_in_blocks(&fixture.store);
    receipt.expect("stored")
}

pub(super) fn point(
    project_id: ProjectId,
    name: &str,
    service: &str,
    at: i64,
    value: f64,
) -> MetricPoint {
    MetricPoint {
        project_id,
        name: name.to_owned(),
        kind: MetricKind::Counter,
        labels: BTreeMap::from([("service".to_owned(), service.to_owned())]),
        value,
        timestamp_ns: NOON + at * SECOND,
    }
}

pub(crate) fn samples_are_read_back_by_series_and_range(fixture: &Fixture) {
    let project_id = project();
    let points: Vec<_> = (0..700)
        .flat_map(|n| {
            let at = i64::from(n);
            [
                point(project_id, "http_errors", "api", at, f64::from(n)),
                point(project_id, "http_errors", "shop", at, f64::from(-n)),
                point(project_id, "other", "shop", at, 0.5),
            ]
        })
        .collect();
    let receipt = append(fixture, project_id, &points);
    assert_eq!(receipt.stored, 2_100);
    let range = TimeRange::new(NOON + 10 * SECOND, NOON + 13 * SECOND);
    let query = |matchers: &[LabelMatcher]| {
        fixture
            .store
            .metric_query(project_id, "http_errors", matchers, range)
            .expect("read")
    };
    let series = query(&[LabelMatcher::equal("service", "shop")]);
    assert_eq!(series.len(), 1);
    assert_eq!(series[0].labels["service"], "shop");
    assert_eq!(series[0].kind, MetricKind::Counter);
    let values: Vec<f64> = series[0].samples.iter().map(|(_, value)| *value).collect();
    assert_eq!(values, [-10.0, -11.0, -12.0]);
    assert_eq!(query(&[]).len(), 2);
    let mut not_shop = LabelMatcher::equal("service", "shop");
    not_shop.negated = true;
    assert_eq!(query(&[not_shop])[0].labels["service"], "api");
    assert!(query(&[LabelMatcher::equal("region", "eu")]).is_empty());
    assert_eq!(query(&[LabelMatcher::equal("region", "")]).len(), 2);
    let elsewhere = fixture
        .store
        .metric_query(project(), "http_errors", &[], range);
    assert!(elsewhere.expect("read").is_empty());
}

pub(crate) fn a_repeated_sample_replaces_the_first(fixture: &Fixture) {
    let project_id = project();
    let twice = [
        point(project_id, "m", "api", 0, 1.0),
        point(project_id, "m", "api", 0, 2.0),
    ];
    let receipt = append(fixture, project_id, &twice);
    assert_eq!(receipt.stored, 1);
    let third = [point(project_id, "m", "api", 0, 3.5)];
    append(fixture, project_id, &third);
    let series = fixture
        .store
        .metric_query(project_id, "m", &[], TimeRange::ALL);
    assert_eq!(series.expect("read")[0].samples, [(NOON, 3.5)]);
}

pub(crate) fn bad_points_are_reported_and_their_neighbours_stored(fixture: &Fixture) {
    let project_id = project();
    let mut large = point(project_id, "large", "api", 0, 1.0);
    large.labels.insert("x".to_owned(), "y".repeat(20_000));
    let points = [
        point(project_id, "good", "api", 0, 1.0),
        point(project_id, "nan", "api", 0, f64::NAN),
        point(project_id, "infinite", "api", 0, f64::INFINITY),
        point(project_id, "", "api", 0, 1.0),
        point(project_id, &"n".repeat(513), "api", 0, 1.0),
        large,
        point(project(), "stray", "api", 0, 1.0),
        point(project_id, "nul\0", "a\0b", 0, f64::MAX),
        point(
            project_id,
            "tiny",
            "api",
            i64::MIN / SECOND / 2,
            f64::MIN_POSITIVE / 4.0,
        ),
    ];
    let receipt = append(fixture, project_id, &points);
    assert_eq!(receipt.stored, 3);
    let rejected: Vec<usize> = receipt.rejected.iter().map(|r| r.index).collect();
    assert_eq!(rejected, [1, 2, 3, 4, 5, 6]);
    let latest = fixture
        .store
        .latest(project_id, "nul\u{fffd}", &[])
        .expect("read");
    assert_eq!(latest[0].value, f64::MAX);
    assert_eq!(latest[0].labels["service"], "a\u{fffd}b");
    let tiny = fixture.store.latest(project_id, "tiny", &[]).expect("read");
    assert_eq!(tiny[0].value, f64::MIN_POSITIVE / 4.0);
}

pub(crate) fn latest_is_the_newest_sample_of_each_series(fixture: &Fixture) {
    let project_id = project();
    let points = [
        point(project_id, "m", "api", 5, 5.0),
        point(project_id, "m", "api", 3, 3.0),
        point(project_id, "m", "shop", 1, 1.0),
        point(project_id, "n", "shop", 9, 9.0),
    ];
    append(fixture, project_id, &points);
    let latest = fixture.store.latest(project_id, "m", &[]).expect("read");
    let values: Vec<f64> = latest.iter().map(|point| point.value).collect();
    assert_eq!(values, [5.0, 1.0]);
    let shop = [LabelMatcher::equal("service", "shop")];
    let latest = fixture.store.latest(project_id, "m", &shop).expect("read");
    assert_eq!(latest.len(), 1);
    assert_eq!(latest[0].timestamp_ns, NOON + SECOND);
}

pub(crate) fn the_last_sample_before_an_instant_is_found_per_series(fixture: &Fixture) {
    let project_id = project();
    let points = [
        point(project_id, "m", "api", 1, 1.0),
        point(project_id, "m", "api", 3, 3.0),
        point(project_id, "m", "api", 5, 5.0),
        point(project_id, "m", "shop", 5, 7.0),
        point(project_id, "other", "api", 2, 2.0),
    ];
    append(fixture, project_id, &points);
    let series = fixture
        .store
        .metric_query(project_id, "m", &[], TimeRange::ALL)
        .expect("read");
    let ids: Vec<_> = series.iter().map(|series| series.id).collect();
    let before = fixture
        .store
        .samples_before(project_id, &ids, NOON + 5 * SECOND)
        .expect("read");
    assert_eq!(before.len(), 1, "shop has none before");
    assert_eq!(before[&series[0].id], (NOON + 3 * SECOND, 3.0));
    let elsewhere = fixture.store.samples_before(project(), &ids, i64::MAX);
    assert!(elsewhere.expect("read").is_empty());
}

pub(crate) fn names_are_listed_with_their_kinds(fixture: &Fixture) {
    let project_id = project();
    let mut gauge = point(project_id, "b", "api", 0, 1.0);
    gauge.kind = MetricKind::Gauge;
    let points = [
        gauge,
        point(project_id, "a", "api", 0, 1.0),
        point(project_id, "a", "shop", 0, 1.0),
    ];
    append(fixture, project_id, &points);
    let names = fixture.store.metric_names(project_id).expect("read");
    let expected = [("a", MetricKind::Counter), ("b", MetricKind::Gauge)];
    assert_eq!(names, expected.map(|(name, kind)| (name.to_owned(), kind)));
}
