mod ends;

use domain::{Anomaly, AnomalyKind, NANOS_PER_MINUTE, ProjectId, RollupCell, Severity, TemplateId};

use super::*;
use crate::EndReason;

/// A detector and a clock: each step is one minute.
struct Bench {
    detector: LogDetector,
    minute: i64,
    texts: HashMap<TemplateId, domain::Template>,
}

/// One cell of the next minute.
type Line<'a> = (u64, &'a str, Severity, u64);

impl Bench {
    fn new() -> Self {
        Self {
            detector: LogDetector::new(project(), LogConfig::default()),
            minute: 27_000_000,
            texts: HashMap::new(),
        }
    }

    fn step(&mut self, lines: &[Line]) -> Observation {
        self.minute += 1;
        let minute_ns = self.minute * NANOS_PER_MINUTE;
        let cells: Vec<RollupCell> = lines
            .iter()
            .map(|(template, service, severity, count)| RollupCell {
                minute_ns,
                template_id: TemplateId(*template),
                service: (*service).to_owned(),
                severity: *severity,
                count: *count,
            })
            .collect();
        self.detector.observe_minute(minute_ns, &cells, &self.texts)
    }

    /// Repeats minutes and collects what came.
    fn run(&mut self, minutes: i64, lines: impl Fn(i64) -> Vec<Line<'static>>) -> Vec<Anomaly> {
        (0..minutes)
            .flat_map(|m| self.step(&lines(m)).anomalies)
            .collect()
    }
}

fn project() -> ProjectId {
    ProjectId::from_parts(1, [7; 10])
}

const GOOD: u64 = 1;
const REFUSED: u64 = 2;

/// A quiet shop: info traffic, and an error now and then.
fn quiet(m: i64) -> Vec<Line<'static>> {
    let wobble = (m * 7 % 11) as u64;
    let mut lines = vec![
        (GOOD, "checkout", Severity::Info, 60 + wobble),
        (10, "cart", Severity::Info, 40 + wobble),
    ];
    if m % 3 == 0 {
        lines.push((REFUSED, "checkout", Severity::Error, 1));
    }
    lines
}

fn with(m: i64, more: &[Line<'static>]) -> Vec<Line<'static>> {
    let mut lines = quiet(m);
    lines.retain(|l| !more.iter().any(|x| x.0 == l.0));
    lines.extend_from_slice(more);
    lines
}

#[test]
fn a_tenfold_error_surge_is_seen_within_three_minutes_of_a_quarter_hour_old_project() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.run(15, |m| with(
            m,
            &[(REFUSED, "checkout", Severity::Error, 1)]
        )),
        []
    );
    let found = bench.run(3, |m| {
        with(m, &[(REFUSED, "checkout", Severity::Error, 10)])
    });
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].kind, AnomalyKind::Surge);
    assert_eq!(found[0].template_id, Some(TemplateId(REFUSED)));
    assert!(
        found[0].score >= 0.5 && found[0].score < 0.9,
        "{}",
        found[0].score
    );
}

#[test]
fn one_surge_is_one_anomaly_with_a_start_and_an_end() {
    let mut bench = Bench::new();
    assert_eq!(bench.run(180, quiet), []);
    let surge_began = bench.minute + 1;
    let found = bench.run(20, |m| {
        with(m, &[(REFUSED, "checkout", Severity::Error, 412)])
    });
    assert_eq!(found.len(), 1, "{found:#?}");
    let surge = &found[0];
    assert_eq!(surge.started_at_ns, surge_began * NANOS_PER_MINUTE);
    assert_eq!(surge.observed, 412.0);
    assert!(surge.score > 0.95);
    insta::assert_snapshot!(
        surge.reason,
        @"412 records/min of '0000000000000002' in checkout, usually 0-4"
    );
    let open = bench.detector.open();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].key, AnomalyKey::of(surge));
    assert_eq!(open[0].peak, 412.0);
    let ended: Vec<_> = (0..10).flat_map(|m| bench.step(&quiet(m)).ended).collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].key, AnomalyKey::of(surge));
    assert_eq!(ended[0].reason, EndReason::BackToNormal);
    assert_eq!(
        ended[0].ended_at_ns - ended[0].started_at_ns,
        20 * NANOS_PER_MINUTE
    );
    assert!(bench.detector.open().is_empty());
}

#[test]
fn two_errors_where_none_were_do_not_page() {
    let mut bench = Bench::new();
    bench.run(120, |m| {
        with(m, &[(3, "cart", Severity::Error, u64::from(m == 5))])
    });
    let found = bench.run(5, |m| {
        with(m, &[(3, "cart", Severity::Error, 2 * u64::from(m == 0))])
    });
    assert_eq!(found, []);
}

#[test]
fn a_steady_stream_that_collapses_is_a_drop_and_a_bursty_one_is_not() {
    let mut bench = Bench::new();
    let bursty = |m: i64| (4, "cart", Severity::Info, if m % 10 < 5 { 300 } else { 0 });
    assert_eq!(bench.run(200, |m| with(m, &[bursty(m)])), []);
    let found = bench.run(20, |m| {
        with(m, &[(GOOD, "checkout", Severity::Info, 0), bursty(m + 5)])
    });
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].kind, AnomalyKind::Drop);
    assert_eq!(found[0].service.as_deref(), Some("checkout"));
}

#[test]
fn a_silent_service_is_one_anomaly_of_the_service() {
    let mut bench = Bench::new();
    let both = |_| {
        vec![
            (GOOD, "checkout", Severity::Info, 60),
            (6, "checkout", Severity::Info, 30),
            (10, "cart", Severity::Info, 40),
        ]
    };
    assert_eq!(bench.run(120, both), []);
    let found = bench.run(90, |_| vec![(10, "cart", Severity::Info, 40)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].kind, found[0].template_id),
        (AnomalyKind::Drop, None)
    );
    insta::assert_snapshot!(
        found[0].reason,
        @"checkout has been silent for 3 min, usually 90-149 records/min; other services still write"
    );
    assert_eq!(
        bench.detector.open().len(),
        1,
        "a dead service stays open after an hour"
    );
    let ended: Vec<_> = (0..6).flat_map(|m| bench.step(&both(m)).ended).collect();
    assert_eq!(ended.len(), 1);
}

#[test]
fn silence_of_everything_is_said_to_be_an_ingest_outage_and_no_service_is_judged() {
    let mut bench = Bench::new();
    bench.run(120, quiet);
    let mut found = Vec::new();
    for m in 0..60 {
        let observation = bench.step(&[]);
        assert_eq!(
            observation.silent_since_ns,
            Some((bench.minute - m) * NANOS_PER_MINUTE)
        );
        found.extend(observation.anomalies);
    }
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].kind, &found[0].service),
        (AnomalyKind::Drop, &None)
    );
    assert!(found[0].reason.contains("ingestion may have stopped"));
    let back = bench.step(&quiet(0));
    assert_eq!(back.ended.len(), 1);
    assert_eq!(bench.run(60, quiet), []);
}

#[test]
fn minutes_that_nobody_fed_are_not_drops() {
    let mut bench = Bench::new();
    bench.run(120, quiet);
    bench.minute += 600;
    assert_eq!(bench.run(60, quiet), []);
}

#[test]
fn a_late_or_repeated_minute_changes_nothing() {
    let mut bench = Bench::new();
    bench.run(60, quiet);
    bench.minute -= 10;
    let late = bench.step(&[(GOOD, "checkout", Severity::Info, 100_000)]);
    assert_eq!(
        late,
        Observation {
            unwatched: 100_000,
            ..Observation::default()
        }
    );
}

#[test]
fn a_new_error_pattern_alarms_once_and_new_info_patterns_come_together_and_softly() {
    let mut bench = Bench::new();
    bench.run(120, quiet);
    let found = bench.run(10, |m| {
        with(
            m,
            &[
                (100, "cart", Severity::Error, 20),
                (101, "cart", Severity::Info, 4),
                (102, "cart", Severity::Info, 4),
            ],
        )
    });
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0].template_id, Some(TemplateId(100)));
    assert_eq!(found[0].kind, AnomalyKind::NewTemplate);
    assert!(found[0].score >= 0.5);
    assert_eq!(found[1].template_id, None);
    assert!(found[1].score < 0.5);
    assert!(
        found[1].reason.starts_with("2 new patterns in cart"),
        "{}",
        found[1].reason
    );
}

#[test]
fn a_deploy_that_breaks_a_quarter_hour_old_project_is_worth_an_incident_at_once() {
    let mut bench = Bench::new();
    assert_eq!(bench.run(15, quiet), []);
    let found = bench.run(4, |m| {
        with(
            m,
            &[
                (100, "cart", Severity::Error, 12),
                (REFUSED, "checkout", Severity::Error, 25),
            ],
        )
    });
    let kinds: Vec<_> = found.iter().map(|a| (a.kind, a.score >= 0.5)).collect();
    assert_eq!(
        kinds,
        [(AnomalyKind::Surge, true), (AnomalyKind::NewTemplate, true)],
        "{found:#?}"
    );
}

#[test]
fn patterns_of_the_first_minutes_and_of_a_new_service_are_not_news() {
    let mut bench = Bench::new();
    let found = bench.run(40, |m| {
        let fresh = if m < 20 { 1_000 + m as u64 } else { 1_000 };
        with(m, &[(fresh, "cart", Severity::Error, 2)])
    });
    assert_eq!(found, []);
    let found = bench.run(20, |m| {
        with(
            m,
            &[
                (2_000, "mail", Severity::Info, 9),
                (2_001 + (m as u64).min(5), "mail", Severity::Error, 2),
            ],
        )
    });
    assert_eq!(found, []);
}

#[test]
fn a_template_the_store_has_known_for_long_is_not_new_after_a_restart() {
    let mut bench = Bench::new();
    bench.texts.insert(TemplateId(100), template(100, 0));
    bench.texts.insert(
        TemplateId(101),
        template(101, (bench.minute + 121) * NANOS_PER_MINUTE),
    );
    bench.run(120, quiet);
    let found = bench.run(10, |m| {
        with(
            m,
            &[
                (100, "cart", Severity::Error, 2),
                (101, "cart", Severity::Error, 2),
            ],
        )
    });
    let new: Vec<_> = found
        .iter()
        .filter(|a| a.kind == AnomalyKind::NewTemplate)
        .collect();
    assert_eq!(new.len(), 1, "{found:#?}");
    assert_eq!(new[0].template_id, Some(TemplateId(101)));
}

#[test]
fn a_heartbeat_that_stops_has_vanished() {
    let mut bench = Bench::new();
    let beat = |m: i64| with(m, &[(50, "cart", Severity::Info, u64::from(m % 5 == 0))]);
    assert_eq!(bench.run(1_600, beat), []);
    let found = bench.run(180, quiet);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].kind, AnomalyKind::VanishedTemplate);
    assert!(found[0].score < 0.5);
    assert!(
        found[0].reason.contains("usually every 5 min"),
        "{}",
        found[0].reason
    );
}

#[test]
fn errors_spread_over_many_patterns_show_as_a_level_change() {
    let mut bench = Bench::new();
    let scattered = |m: i64, each: u64| -> Vec<Line<'static>> {
        (0..12)
            .map(|i| {
                (
                    200 + i,
                    "checkout",
                    Severity::Error,
                    each * u64::from((m + i as i64) % 3 == 0),
                )
            })
            .collect()
    };
    assert_eq!(
        bench.run(240, |m| with(
            m,
            &scattered(m / 4 * 4, u64::from(m % 4 == 0))
        )),
        []
    );
    let found = bench.run(15, |m| with(m, &scattered(m, 5)));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].kind, AnomalyKind::LevelChange);
    assert_eq!(found[0].unit, "share of errors");
}

#[test]
fn more_traffic_is_one_volume_anomaly_not_one_per_pattern() {
    let mut bench = Bench::new();
    let traffic = |m: i64, factor: u64| -> Vec<Line<'static>> {
        (0..10)
            .map(|i| {
                (
                    300 + i,
                    "web",
                    Severity::Info,
                    factor * (20 + (m as u64 * 3 + i) % 7),
                )
            })
            .collect()
    };
    bench.run(240, |m| traffic(m, 1));
    let found = bench.run(30, |m| traffic(m, 5));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].template_id, None);
    assert!(found[0].score <= 0.6);
}

#[test]
fn the_number_of_series_stays_within_the_limit() {
    let config = LogConfig {
        max_series: 100,
        max_services: 3,
        ..LogConfig::default()
    };
    let mut bench = Bench::new();
    bench.detector = LogDetector::new(project(), config);
    for m in 0..50_u64 {
        let lines: Vec<Line> = (0..20)
            .map(|i| (m * 20 + i, "web", Severity::Info, 1))
            .collect();
        bench.step(&lines);
        assert!(bench.detector.series_count() <= 100);
    }
    let services = ["a", "b", "c", "d"];
    let lines: Vec<Line> = services
        .iter()
        .map(|s| (1, *s, Severity::Info, 5))
        .collect();
    assert_eq!(bench.step(&lines).unwatched, 10);
}

#[test]
fn a_surge_in_progress_is_found_again_after_replaying_the_last_hours() {
    let mut bench = Bench::new();
    bench.run(120, quiet);
    bench.run(10, |m| {
        with(m, &[(REFUSED, "checkout", Severity::Error, 300)])
    });
    let open = bench.detector.open();
    let mut again = Bench::new();
    again.run(120, quiet);
    again.run(10, |m| {
        with(m, &[(REFUSED, "checkout", Severity::Error, 300)])
    });
    assert_eq!(again.detector.open(), open);
    assert_eq!(again.step(&quiet(1)).anomalies, []);
}

fn template(id: u64, first_seen_ns: i64) -> domain::Template {
    domain::Template {
        id: TemplateId(id),
        project_id: project(),
        text: format!("pattern {id}"),
        example: String::new(),
        first_seen_ns,
        last_seen_ns: first_seen_ns,
        count: 1,
        services: Vec::new(),
        severity: Severity::Error,
        merged_into: None,
        sequence: 1,
    }
}
