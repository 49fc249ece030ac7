use super::*;

fn series(kind: MetricKind, service: &str, values: &[f64]) -> MetricSeries {
    MetricSeries {
        id: domain::SeriesId(0),
        name: "m".into(),
        kind,
        labels: BTreeMap::from([("service".to_owned(), service.to_owned())]),
        samples: values
            .iter()
            .enumerate()
            .map(|(index, value)| (index as i64, *value))
            .collect(),
    }
}

#[test]
fn a_counter_that_was_restarted_counts_what_it_grew_since() {
    assert_eq!(
        aggregate(
            Aggregation::Increase,
            &[(0, 90.0), (1, 100.0), (2, 5.0), (3, 9.0)]
        ),
        Some(19.0)
    );
    assert_eq!(aggregate(Aggregation::Increase, &[(0, 7.0)]), Some(0.0));
    assert_eq!(aggregate(Aggregation::Max, &[]), None);
}

#[test]
fn series_are_summed_without_group_by_and_apart_with_it() {
    let all = [
        series(MetricKind::Counter, "a", &[0.0, 10.0]),
        series(MetricKind::Counter, "b", &[0.0, 5.0]),
    ];
    let together = metric_readings(&all, &[], |_| Aggregation::Increase);
    assert_eq!(together.len(), 1);
    assert_eq!(together[0].value, Some(15.0));
    assert_eq!(together[0].services, ["a", "b"]);
    let apart = metric_readings(&all, &["service".into()], |_| Aggregation::Increase);
    assert_eq!(apart.len(), 2);
    assert_eq!(apart[1].value, Some(5.0));
    assert_eq!(apart[1].labels["service"], "b");
}
