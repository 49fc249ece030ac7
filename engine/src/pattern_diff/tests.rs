use super::*;
use crate::testing::{Bench, NOON};

const HOUR: i64 = 60 * NANOS_PER_MINUTE;

/// An hour of three patterns, then an hour in which one is gone, one is new, one is ten times as frequent.
fn two_hours() -> Bench {
    let bench = Bench::new();
    for minute in 0..60 {
        bench.minute(minute, 1, "shop", 20);
        bench.minute(minute, 2, "shop", 5);
        bench.minute(minute, 3, "mail", 2);
    }
    for minute in 60..120 {
        bench.minute(minute, 1, "shop", 20);
        bench.minute(minute, 3, "mail", 20);
        bench.minute(minute, 100, "shop", 4);
    }
    bench.clock.advance(2 * HOUR);
    bench
}

fn range(from_hour: i64) -> TimeRange {
    TimeRange::last(NOON + (from_hour + 1) * HOUR, HOUR)
}

#[test]
fn two_windows_show_what_is_new_what_is_gone_and_what_grew() {
    let bench = two_hours();
    let filter = LogFilter::in_range(TimeRange::ALL);
    let diff = bench
        .inner
        .pattern_diff(bench.project_id, &filter, range(0), range(1), 10)
        .unwrap();
    assert_eq!((diff.total_before, diff.total_after), (1_620, 2_640));
    let mut changes: Vec<(u64, &str, u64, u64)> = diff
        .changed
        .iter()
        .map(|row| {
            let change = row.shift.change.as_str();
            (row.template.id.0, change, row.before, row.after)
        })
        .collect();
    changes.sort_unstable();
    assert_eq!(
        changes,
        [
            // As many as before, of twice as many in all.
            (1, "share_down", 1_200, 1_200),
            (2, "vanished", 300, 0),
            (3, "surged", 120, 1_200),
            (100, "new", 0, 240),
        ]
    );
    assert_eq!(diff.steady, 0);
    let new = diff.changed.iter().find(|row| row.template.id.0 == 100);
    assert_eq!(new.unwrap().errors_after, 240);
    let one = bench
        .inner
        .pattern_diff(bench.project_id, &filter, range(0), range(1), 1)
        .unwrap();
    assert_eq!((one.changed.len(), one.left_out), (1, 3));
}

#[test]
fn a_filter_by_service_leaves_the_others_out_of_totals_and_shares() {
    let bench = two_hours();
    let filter = LogFilter {
        services: vec!["mail".to_owned()],
        ..LogFilter::in_range(TimeRange::ALL)
    };
    let diff = bench
        .inner
        .pattern_diff(bench.project_id, &filter, range(0), range(1), 10)
        .unwrap();
    assert_eq!((diff.total_before, diff.total_after), (120, 1_200));
    assert_eq!(diff.changed.len(), 1);
    assert!((diff.changed[0].shift.share_after - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_merged_pattern_counts_as_what_it_became() {
    let bench = two_hours();
    bench.merge(2, 1);
    let filter = LogFilter::in_range(TimeRange::ALL);
    let diff = bench
        .inner
        .pattern_diff(bench.project_id, &filter, range(0), range(1), 10)
        .unwrap();
    assert!(
        diff.changed.iter().all(|row| row.template.id.0 != 2),
        "{:?}",
        diff.changed
    );
}

#[test]
fn a_trend_has_twelve_stretches_that_add_up_and_knows_the_time_before() {
    let bench = two_hours();
    let filter = LogFilter::in_range(range(1));
    let ids = vec![TemplateId(1), TemplateId(3), TemplateId(100)];
    let trends = bench
        .inner
        .pattern_trends(bench.project_id, &filter, &ids)
        .unwrap();
    let of = |id: u64| &trends[&TemplateId(id)];
    assert_eq!(of(1).counts, vec![100; TREND_BUCKETS]);
    assert_eq!(of(1).shift.change, WindowChange::ShareDown);
    assert_eq!(
        (of(3).before, of(3).counts.iter().sum::<u64>()),
        (120, 1_200)
    );
    assert_eq!(of(3).shift.change, WindowChange::Surged);
    assert_eq!(of(100).shift.change, WindowChange::New);
}

#[test]
fn stretches_cover_a_range_without_gaps_or_overlaps() {
    for minutes in [1, 7, 12, 60, 1_441] {
        let range = TimeRange::last(
            NOON + 17 * domain::NANOS_PER_SECOND,
            minutes * NANOS_PER_MINUTE,
        );
        let all = stretches(range);
        assert_eq!(all.len(), TREND_BUCKETS);
        assert!(
            all.windows(2)
                .all(|pair| pair[0].end_ns == pair[1].start_ns)
        );
        assert!(all[0].start_ns <= range.start_ns && all[11].end_ns >= range.end_ns);
    }
}
