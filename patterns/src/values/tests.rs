use domain::TemplateId;

use super::{ValueConfig, ValueSketch, ValueStatistics, is_sampled, number_of};

const ACCESS: TemplateId = TemplateId(7);
const TEXT: &str = "GET <path> status=<num> in <num> ms";

fn line(status: u32, took: u32) -> String {
    format!("GET /api/carts/17 status={status} in {took} ms")
}

#[test]
fn values_are_numbers_in_one_unit_or_none() {
    let cases = [
        ("42", Some(42.0)),
        ("-1.5", Some(-1.5)),
        ("1,234", Some(1_234.0)),
        ("250ms", Some(250.0)),
        ("1.5s", Some(1_500.0)),
        ("2KB", Some(2_048.0)),
        ("97%", Some(97.0)),
        ("12abc", None),
        ("deadbeef", None),
        ("10.0.0.1", None),
        ("-", None),
        ("", None),
    ];
    for (value, expected) in cases {
        assert_eq!(number_of(value), expected, "{value}");
    }
    assert_eq!(number_of(&"9".repeat(100)), None);
}

#[test]
fn the_number_of_different_values_is_estimated() {
    for distinct in [1_u32, 3, 20, 200, 5_000] {
        let mut sketch = ValueSketch::default();
        for n in 0..20_000 {
            sketch.add(&format!("value-{}", n % distinct), 0);
        }
        let error = (sketch.distinct() - f64::from(distinct)).abs() / f64::from(distinct);
        assert!(error < 0.3, "{distinct}: {}", sketch.distinct());
    }
}

#[test]
fn the_most_frequent_values_are_found_among_many_rare_ones() {
    let mut sketch = ValueSketch::default();
    for n in 0_u32..10_000 {
        match n % 10 {
            0..5 => sketch.add("200", 1),
            5 | 6 => sketch.add("404", 2),
            _ => sketch.add(&format!("rare-{n}"), 3),
        }
    }
    let top = sketch.top();
    assert_eq!(&*top[0].value, "200");
    assert_eq!((&*top[1].value, top[1].tag), ("404", 2));
    for (value, true_count) in top.iter().zip([5_000, 2_000]) {
        assert!(
            value.count >= true_count && value.count - value.excess <= true_count,
            "{value:?}"
        );
    }
    assert!(top.len() <= 16);
}

#[test]
fn quantiles_are_within_a_twentieth() {
    let mut sketch = ValueSketch::default();
    for n in 1..=1_000 {
        sketch.add(&n.to_string(), n);
    }
    for (q, expected) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
        let found = sketch.quantile(q).expect("there are numbers");
        assert!((found / expected - 1.0).abs() < 0.06, "{q}: {found}");
    }
    assert_eq!(sketch.largest(), Some((1_000.0, 1_000)));
    assert_eq!(ValueSketch::default().quantile(0.5), None);
}

#[test]
fn two_halves_merged_say_what_the_whole_says() {
    let (mut left, mut right, mut whole) = Default::default();
    let add = |sketch: &mut ValueSketch, n: u32| sketch.add(&(n % 12).to_string(), u128::from(n));
    for n in 0..1_000 {
        add(if n % 3 == 0 { &mut left } else { &mut right }, n);
        add(&mut whole, n);
    }
    left.merge(&right);
    assert_eq!(left.count(), whole.count());
    assert_eq!(left.distinct(), whole.distinct());
    assert_eq!(left.quantile(0.9), whole.quantile(0.9));
    let counts = |sketch: &ValueSketch| -> Vec<(String, u32)> {
        let top = sketch.top();
        top.iter().map(|t| (t.value.to_string(), t.count)).collect()
    };
    assert_eq!(counts(&left), counts(&whole));
}

#[test]
fn a_minute_gives_the_values_of_each_slot_and_the_past_keeps_them() {
    let mut statistics = ValueStatistics::new(ValueConfig::default());
    for n in 0..100 {
        let status = if n % 4 == 0 { 503 } else { 200 };
        assert!(statistics.add(ACCESS, TEXT, "web", &line(status, 10 + n), u128::from(n)));
    }
    assert!(!statistics.add(ACCESS, TEXT, "web", "another message", 0));
    let minute = statistics.end_minute();
    assert_eq!(minute.len(), 3);
    let status = &minute[1];
    assert_eq!(
        (status.key.as_str(), status.kind, status.slot),
        ("status", "num", 1)
    );
    assert_eq!(status.values.count(), 100);
    let top = status.values.top();
    assert_eq!((&*top[0].value, top[0].count), ("200", 75));
    assert_eq!((&*top[1].value, top[1].tag), ("503", 96));
    let median = minute[2].values.quantile(0.5).expect("there are numbers");
    assert!((median - 60.0).abs() < 5.0, "{median}");
    assert!(
        statistics.end_minute().is_empty(),
        "an empty minute has no values"
    );
    assert_eq!(statistics.of(ACCESS, "web")[1].count(), 100);
    assert!(statistics.of(ACCESS, "other").is_empty());
}

#[test]
fn templates_and_values_are_bounded() {
    let config = ValueConfig {
        max_templates: 20,
        half_life_samples: 100,
        ..ValueConfig::default()
    };
    let mut statistics = ValueStatistics::new(config);
    for n in 0_u64..500 {
        let body = format!("took {n} ms for {}", "x".repeat(300));
        statistics.add(TemplateId(n), "took <num> ms for <*>", "web", &body, 0);
        if n % 50 == 0 {
            statistics.end_minute();
        }
    }
    assert!(statistics.len() <= 20);
    for n in 0_u32..1_000 {
        statistics.add(ACCESS, TEXT, "web", &line(n, n), 0);
        statistics.end_minute();
    }
    let past = statistics.of(ACCESS, "web");
    assert!(past[1].count() <= 101, "{}", past[1].count());
    assert!(past[1].top().len() <= 16);
}

#[test]
fn rare_templates_are_looked_at_in_full_and_busy_ones_evenly_in_part() {
    // Ids of records: a time in front, and a number that counts up behind.
    let id = |n: u64| (0x0190_a8f2_7c1e_7b4a_u128 << 64) | u128::from(0x9d5e_0123_4567_0000 + n);
    let taken = |records: u64| -> Vec<u64> {
        (0..records)
            .filter(|n| is_sampled(id(*n), records, 64))
            .collect()
    };
    assert_eq!(taken(10).len(), 10);
    assert_eq!(taken(100).len(), 100);
    for records in [1_000, 10_000, 1_000_000] {
        let chosen = taken(records);
        assert!(
            (35..110).contains(&chosen.len()),
            "{} of {records}",
            chosen.len()
        );
        let early = chosen.iter().filter(|n| **n < records / 2).count();
        assert!((chosen.len() / 4..=chosen.len() * 3 / 4).contains(&early));
    }
}
