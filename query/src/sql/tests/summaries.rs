use super::*;
use domain::{NANOS_PER_MINUTE, Severity, TimeRange};
use serde_json::json;

fn summary(
    filter: LogFilter,
    by: &[&str],
    measure: Measure,
    limit: usize,
) -> Result<SqlAnswer, SqlError> {
    let by = by
        .iter()
        .map(|name| Grouping::parse(name).unwrap())
        .collect();
    let limits = SqlLimits {
        rows: limit,
        ..SqlLimits::default()
    };
    wait(engine(true).summarise(source(&Shop::small()), filter, by, measure, limits))
}

fn all() -> LogFilter {
    LogFilter::in_range(TimeRange::ALL)
}

#[test]
fn groups_come_with_the_highest_value_first() {
    let mut filter = all();
    filter.severities = vec![Severity::Error, Severity::Fatal];
    let answer = summary(filter, &["service", "severity"], Measure::Count, 4).unwrap();
    assert_eq!(answer.columns[2].name, "value");
    assert_eq!(
        answer.rows,
        [
            [json!("cart"), json!("error"), json!(20)],
            [json!("checkout"), json!("error"), json!(20)],
            [json!("payments"), json!("error"), json!(20)],
            [json!("cart"), json!("fatal"), json!(10)],
        ]
    );
    assert!(answer.is_truncated);
}

#[test]
fn attributes_are_measured_and_what_is_no_number_is_left_out() {
    let one = |measure: Measure| {
        let answer = summary(all(), &[], measure, 10).unwrap();
        assert_eq!(answer.rows.len(), 1);
        answer.rows[0][0].clone()
    };
    let key = || "duration_ms".to_owned();
    // Every fourth record of 600 has n % 50.
    assert_eq!(one(Measure::Greatest(key())), json!(48.0));
    assert_eq!(one(Measure::Least(key())), json!(0.0));
    assert_eq!(one(Measure::Average(key())), json!(24.0));
    assert_eq!(one(Measure::Sum(key())), json!(3_600.0));
    let p95 = one(Measure::Percentile(0.95, key())).as_f64().unwrap();
    assert!((44.0..=48.0).contains(&p95), "{p95}");
    let users = Grouping::parse("user.id").unwrap();
    assert_eq!(one(Measure::CountDistinct(users)), json!(6));
}

#[test]
fn stretches_of_time_come_in_order() {
    let by = vec![Grouping::Time(5 * NANOS_PER_MINUTE), Grouping::Service];
    let answer = wait(engine(true).summarise(
        source(&Shop::small()),
        all(),
        by,
        Measure::Count,
        SqlLimits::default(),
    ))
    .unwrap();
    let starts: Vec<&str> = answer
        .rows
        .iter()
        .filter_map(|row| row[0].as_str())
        .collect();
    assert_eq!(starts[..3], ["2026-11-23T13:50:00Z"; 3]);
    assert_eq!(starts[3..], ["2026-11-23T13:55:00Z"; 3]);
    assert_eq!(answer.rows[0][2], json!(100));
}

#[test]
fn records_without_an_attribute_are_a_group_of_their_own() {
    let answer = summary(all(), &["attr.user.id"], Measure::Count, 2).unwrap();
    assert_eq!(answer.columns[0].name, "attr.user.id");
    assert_eq!(answer.rows[0], [json!(null), json!(300)]);
    assert_eq!(answer.rows[1], [json!("quo\"ted"), json!(150)]);
}
