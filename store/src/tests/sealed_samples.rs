//! Samples on their way from row to block: every read gives what it gave before.

use domain::{MetricPoint, SeriesId, TimeRange};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, project};
use super::kinds::{HOUR, add, rows, samples};
use super::metrics::point;
use crate::{Error, MetricStore, Store};

pub(crate) fn samples_that_have_rested_become_blocks(fixture: &Fixture) {
    let store = &fixture.store;
    let (mine, other) = (project(), project());
    let points: Vec<_> = (0..90)
        .flat_map(|n| ["api", "shop"].map(|service| point(mine, "m", service, n * 60, n as f64)))
        .collect();
    add(store, &points);
    add(store, &[point(other, "m", "api", 0, 7.0)]);
    let before = samples(store, mine, "m");
    assert_eq!(before.len(), 2);
    assert_eq!(store.seal(NOON + 50 * MINUTE, false).expect("not yet"), 0);
    // Until an hour ago: half an hour of two series, and the other project.
    let sealed = store.seal(NOON + HOUR + 29 * MINUTE, false);
    assert_eq!(sealed.expect("sealed"), 61);
    assert_eq!(
        (rows(store, "metric_samples"), rows(store, "blocks")),
        (120, 2)
    );
    assert_eq!(samples(store, mine, "m"), before);
    assert_eq!(samples(store, other, "m"), [[(NOON, 7.0)]]);
    assert_eq!(samples(store, project(), "m").len(), 0);
    // Not before another hour has passed.
    let again = store.seal(NOON + 2 * HOUR + 28 * MINUTE, false);
    assert_eq!(again.expect("not yet"), 0);
    let again = store.seal(NOON + 2 * HOUR + 29 * MINUTE, false);
    assert_eq!(again.expect("sealed"), 120);
    assert_eq!(samples(store, mine, "m"), before);
    let range = TimeRange::new(NOON + 29 * MINUTE, NOON + 31 * MINUTE);
    let part = store.metric_query(mine, "m", &[], range).expect("read");
    let expected = [(NOON + 29 * MINUTE, 29.0), (NOON + 30 * MINUTE, 30.0)];
    assert_eq!(part[0].samples, expected);
}

pub(crate) fn a_later_sample_counts_wherever_it_lies(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let minute = |n: i64, value: f64| point(mine, "m", "api", n * 60, value);
    // Each minute is written again by the next round; every round is a block.
    for round in 0..10 {
        let value = round as f64;
        add(store, &[minute(round, value), minute(round + 1, value)]);
        store.seal(NOON, true).expect("sealed");
    }
    add(store, &[minute(4, 99.5)]);
    let expected: Vec<(i64, f64)> = (0..=10)
        .map(|n| {
            let value = if n == 4 { 99.5 } else { (n as f64).min(9.0) };
            (NOON + n * MINUTE, value)
        })
        .collect();
    let check = |what: &str| {
        let found = samples(store, mine, "m");
        assert_eq!(found, std::slice::from_ref(&expected), "{what}");
        let series = store.metric_query(mine, "m", &[], TimeRange::ALL);
        let series = series.expect("read")[0].id;
        for (n, sample) in expected.iter().enumerate() {
            let end_ns = NOON + n as i64 * MINUTE + 1;
            let before = store.samples_before(mine, &[series], end_ns).expect("read");
            assert_eq!(before[&series], *sample, "{what}");
        }
        let before = store.samples_before(mine, &[series], NOON).expect("read");
        assert!(before.is_empty());
        let latest = store.latest(mine, "m", &[]).expect("read");
        assert_eq!((latest.len(), latest[0].value), (1, 9.0), "{what}");
    };
    assert_eq!(
        (rows(store, "metric_samples"), rows(store, "blocks")),
        (1, 10)
    );
    check("a row over blocks");
    store.seal(NOON, true).expect("sealed");
    check("blocks");
    assert_eq!(store.compact(mine, NOON).expect("compacted"), 11);
    assert_eq!((rows(store, "blocks"), rows(store, "block_data")), (1, 1));
    check("one block");
    add(store, &[minute(10, 10.5)]);
    let latest = store.latest(mine, "m", &[]).expect("read");
    assert_eq!(latest[0].value, 10.5);
}

pub(crate) fn a_sample_that_changes_while_it_is_sealed_is_not_lost(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let points = |value: f64| -> Vec<MetricPoint> {
        (0..200)
            .map(|n| point(mine, "m", "api", n, value))
            .collect()
    };
    add(store, &points(0.0));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 1..=10 {
                add(store, &points(f64::from(round)));
            }
        });
        let sealer = scope.spawn(|| {
            for _ in 0..10 {
                match store.seal(NOON, true) {
                    Ok(_) | Err(Error::Contention { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
        writer.join().expect("it writes");
        sealer.join().expect("it seals");
    });
    let found = samples(store, mine, "m");
    assert_eq!(found[0].len(), 200);
    assert!(
        found[0].iter().all(|(_, value)| *value == 10.0),
        "{found:?}"
    );
}

/// The same steps for a project whose rows are sealed now and then and for one whose are not.
pub(crate) fn reads_of_samples_do_not_tell_where_they_lie(fixture: &Fixture) {
    let store = &fixture.store;
    let (as_rows, mixed) = (project(), project());
    let mut number = 1_u64;
    let mut next = |below: u64| {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) % below
    };
    let services = ["a", "b", "c", "d"];
    let mut written: Vec<MetricPoint> = Vec::new();
    for step in 0..60 {
        let points: Vec<MetricPoint> = (0..=next(12))
            .map(|_| {
                let value = [
                    next(50) as f64,
                    next(1_000) as f64 / 100.0,
                    f64::from_bits(next(1 << 30) << 30),
                ];
                let service = services[next(4) as usize];
                point(
                    mixed,
                    ["m", "n"][next(2) as usize],
                    service,
                    next(40) as i64,
                    value[next(3) as usize],
                )
            })
            .collect();
        add(store, &points);
        written.extend(points);
        match step % 7 {
            2 | 4 => drop(store.seal(NOON, true).expect("sealed")),
            6 => drop(store.compact(mixed, NOON).expect("compacted")),
            _ => {}
        }
    }
    for points in &mut written {
        points.project_id = as_rows;
    }
    for point in written {
        add(store, &[point]);
    }
    assert!(rows(store, "blocks") > 0);
    let check = |store: &Store| {
        for name in ["m", "n"] {
            for (from, until) in [(0, 40), (7, 9), (10, 30), (39, 40), (40, 50)] {
                let range = TimeRange::new(NOON + from * SECOND, NOON + until * SECOND);
                let read = |project_id| {
                    store
                        .metric_query(project_id, name, &[], range)
                        .expect("read")
                };
                assert_eq!(read(mixed), read(as_rows), "{name} {from} {until}");
                let ids: Vec<SeriesId> = read(as_rows).iter().map(|series| series.id).collect();
                let before = |project_id| {
                    store
                        .samples_before(project_id, &ids, range.start_ns)
                        .expect("read")
                };
                assert_eq!(before(mixed), before(as_rows), "{name} {from}");
            }
            let latest = |project_id| -> Vec<MetricPoint> {
                let mut points = store.latest(project_id, name, &[]).expect("read");
                points.iter_mut().for_each(|point| point.project_id = mixed);
                points
            };
            assert_eq!(latest(mixed), latest(as_rows));
        }
    };
    check(store);
    let moved = store.tier(mixed, i64::MAX, NOON).expect("moved");
    assert!(moved.blocks > 0 && rows(store, "block_data") == 0);
    check(&Store::open(&fixture.config).expect("opens"));
}
