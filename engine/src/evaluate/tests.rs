use alerting::Aggregation;
use domain::{IncidentSeverity, IncidentState, MetricKind};
use store::MetricSeries;

use super::metric::aggregate;
use super::*;
use crate::testing::{Bench, NOON};

const MINUTE: i64 = NANOS_PER_MINUTE;

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
            None,
            &[(0, 90.0), (1, 100.0), (2, 5.0), (3, 9.0)]
        ),
        Some(19.0)
    );
    assert_eq!(
        aggregate(Aggregation::Increase, None, &[(0, 7.0)]),
        Some(0.0)
    );
    assert_eq!(aggregate(Aggregation::Max, None, &[]), None);
}

#[test]
fn series_are_summed_without_group_by_and_apart_with_it() {
    let all = [
        series(MetricKind::Counter, "a", &[0.0, 10.0]),
        series(MetricKind::Counter, "b", &[0.0, 5.0]),
    ];
    let together = metric_readings(&all, &[], |_| Aggregation::Increase, |_| None);
    assert_eq!(together.len(), 1);
    assert_eq!(together[0].value, Some(15.0));
    assert_eq!(together[0].services, ["a", "b"]);
    let apart = metric_readings(
        &all,
        &["service".into()],
        |_| Aggregation::Increase,
        |_| None,
    );
    assert_eq!(apart.len(), 2);
    assert_eq!(apart[1].value, Some(5.0));
    assert_eq!(apart[1].labels["service"], "b");
}

#[test]
fn a_counter_grows_from_its_last_total_before_the_window_and_from_zero_when_it_is_new() {
    let window = TimeRange::new(100 * MINUTE, 105 * MINUTE);
    let of = |kind, before: Option<(i64, f64)>, values: &[f64]| {
        let mut one = series(kind, "a", values);
        for (index, sample) in one.samples.iter_mut().enumerate() {
            sample.0 = (100 + index as i64) * MINUTE;
        }
        let base = |one: &MetricSeries| base(one, before.as_ref(), window);
        metric_readings(&[one], &[], |_| Aggregation::Increase, base)[0].value
    };
    let counter = MetricKind::Counter;
    assert_eq!(
        of(counter, Some((99 * MINUTE, 10.0)), &[50.0, 60.0]),
        Some(50.0)
    );
    assert_eq!(of(counter, None, &[150.0]), Some(150.0));
    assert_eq!(
        of(counter, Some((99 * MINUTE, 90.0)), &[5.0]),
        Some(5.0),
        "a restart"
    );
    assert_eq!(
        of(counter, Some((10 * MINUTE, 1.0)), &[1e6, 1e6 + 2.0]),
        Some(2.0),
        "a long silence"
    );
    assert_eq!(
        of(MetricKind::Gauge, None, &[150.0, 151.0]),
        Some(1.0),
        "a gauge"
    );
}

fn incident(bench: &Bench, service: &str, last_symptom_at_ns: i64) -> Current {
    Current {
        incident: domain::Incident {
            services: vec![service.to_owned()],
            ..bench.incident(IncidentSeverity::Error, IncidentState::Open)
        },
        last_symptom_at_ns,
    }
}

#[test]
fn an_alert_joins_only_an_incident_of_its_service_with_a_recent_symptom() {
    let bench = Bench::new();
    let services = ["checkout".to_owned()];
    let recent = incident(&bench, "checkout", NOON - 29 * MINUTE);
    let old = incident(&bench, "checkout", NOON - 31 * MINUTE);
    let other = incident(&bench, "cart", NOON);
    assert_eq!(
        related(&[old.clone(), other.clone()], &services, NOON),
        None
    );
    assert_eq!(
        related(&[old, other, recent.clone()], &services, NOON),
        Some(recent.incident.id)
    );
}

#[test]
fn a_grouped_count_of_a_text_goes_beyond_one_page_of_records() {
    let bench = Bench::new();
    let template = bench.template(1, "payment <*> declined", NOON);
    bench.append(
        vec![template],
        (0..2_500)
            .map(|n| {
                bench.record(
                    1,
                    "payments",
                    Severity::Error,
                    NOON - n,
                    "payment 7 declined",
                )
            })
            .collect(),
    );
    let filter = LogFilter {
        text: vec![domain::TextTerm {
            term: "payment 7".into(),
            negated: false,
            template_ids: Vec::new(),
        }],
        ..LogFilter::in_range(TimeRange::new(NOON - MINUTE, NOON + MINUTE))
    };
    let readings = bench
        .inner
        .count_readings(bench.project_id, filter, &["service".into()])
        .unwrap();
    assert_eq!(readings.len(), 1);
    assert_eq!(readings[0].value, Some(2_500.0));
    assert_eq!(readings[0].started_at_ns, Some(NOON - 2_499));
    assert_eq!(readings[0].labels["service"], "payments");
}

#[test]
fn a_more_general_pattern_of_old_ones_is_not_new() {
    let bench = Bench::new();
    let day_ago = NOON - 24 * 60 * MINUTE;
    bench.append(
        vec![bench.template(1, "user 1 left", day_ago)],
        vec![bench.record(1, "web", Severity::Error, day_ago, "user 1 left")],
    );
    let read = || {
        let condition = alerting::NewTemplate {
            query: None,
            services: Vec::new(),
            min_severity: Some(Severity::Error),
            min_count: 1,
            window_ns: 10 * MINUTE,
            group_by: Vec::new(),
        };
        let range = TimeRange::new(NOON - 10 * MINUTE, NOON + MINUTE);
        let readings = bench
            .inner
            .new_template_readings(bench.project_id, &condition, range)
            .unwrap();
        readings[0].value
    };
    bench.append(
        vec![bench.template(2, "user <*> left", NOON)],
        vec![bench.record(2, "web", Severity::Error, NOON, "user 2 left")],
    );
    assert_eq!(
        read(),
        Some(1.0),
        "as long as nothing says what it stands for"
    );
    bench.merge(1, 2);
    assert_eq!(read(), Some(0.0));
}
