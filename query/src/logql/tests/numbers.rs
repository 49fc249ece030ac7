use domain::Severity;

use super::memory::{MINUTE, Memory, SECOND, START};
use crate::logql::{Budget, Error, Expression, Numbers, Source, Steps, numbers, parse};

/// Ten minutes: service `a` writes one info line each ten seconds and one error each minute, `b` one line a minute.
fn shop() -> Memory {
    let mut memory = Memory::default();
    for minute in 0..10 {
        for part in 0..6 {
            memory.add(
                minute * 60 + part * 10 + 5,
                "a",
                Severity::Info,
                "12345",
                r#"{"host":"h1"}"#,
            );
        }
        memory.add(
            minute * 60 + 30,
            "a",
            Severity::Error,
            "failed",
            r#"{"host":"h2"}"#,
        );
        memory.add(minute * 60 + 31, "b", Severity::Info, "123", "");
    }
    memory
}

fn answer(source: &mut Source<'_>, text: &str, steps: Steps) -> Result<Numbers, Error> {
    match parse(text)? {
        Expression::Metric(metric) => numbers(source, &metric, steps),
        Expression::Logs(_) => panic!("{text} asks for lines"),
    }
}

/// Each series as `{labels} values`, the values in the order of the instants.
fn shown(numbers: Numbers) -> Vec<String> {
    match numbers {
        Numbers::Scalar(number) => vec![number.to_string()],
        Numbers::Series(series) => series
            .into_iter()
            .map(|series| {
                let labels: Vec<String> = series
                    .labels
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                let values: Vec<String> = series
                    .samples
                    .iter()
                    .map(|(_, value)| value.to_string())
                    .collect();
                format!("{{{}}} {}", labels.join(","), values.join(" "))
            })
            .collect(),
    }
}

fn minutes() -> Steps {
    Steps {
        start_ns: START + 2 * MINUTE,
        end_ns: START + 4 * MINUTE,
        step_ns: MINUTE,
    }
}

/// What a query answers at three minutes, and by what it was answered.
fn check(query: &str, by: &str, expected: &[&str]) {
    let memory = shop();
    let numbers = answer(&mut memory.source(), query, minutes()).unwrap();
    assert_eq!(shown(numbers), expected, "{query}");
    let (searches, histograms) = (memory.count_of("search"), memory.count_of("histogram"));
    match by {
        "minutes" => assert!(
            searches == 0 && histograms > 0,
            "{query}: {searches} {histograms}"
        ),
        _ => assert!(
            searches > 0 && histograms == 0,
            "{query}: {searches} {histograms}"
        ),
    }
}

#[test]
fn counts_of_services_and_levels_are_answered_without_reading_a_line() {
    check(
        r#"count_over_time({service_name=~".+"}[1m])"#,
        "minutes",
        &[
            "{level=error,service_name=a} 1 1 1",
            "{level=info,service_name=a} 6 6 6",
            "{level=info,service_name=b} 1 1 1",
        ],
    );
    check(
        r#"sum by (level, detected_level) (count_over_time({app="a"} | json | drop __error__ [2m]))"#,
        "minutes",
        &[
            "{detected_level=error,level=error} 2 2 2",
            "{detected_level=info,level=info} 12 12 12",
        ],
    );
    check(
        r#"sum(rate({service_name="a", level="error"}[1m]))"#,
        "minutes",
        &["{} 0.016666666666666666 0.016666666666666666 0.016666666666666666"],
    );
    check(
        r#"sum without (level) (count_over_time({level=~".+"}[1m] offset 1m))"#,
        "minutes",
        &["{service_name=a} 7 7 7", "{service_name=b} 1 1 1"],
    );
}

#[test]
fn what_only_lines_tell_is_read_from_lines() {
    check(
        r#"sum(count_over_time({service_name="a"} |= "failed" [2m]))"#,
        "lines",
        &["{} 2 2 2"],
    );
    check(
        r#"sum by (host) (count_over_time({service_name=~".+"}[1m]))"#,
        "lines",
        &["{} 1 1 1", "{host=h1} 6 6 6", "{host=h2} 1 1 1"],
    );
    check(
        r#"sum by (service_name) (bytes_over_time({service_name=~".+"}[1m]))"#,
        "lines",
        &["{service_name=a} 36 36 36", "{service_name=b} 3 3 3"],
    );
    check(
        r#"sum(bytes_rate({service_name="b"}[1m]))"#,
        "lines",
        &["{} 0.05 0.05 0.05"],
    );
    check(
        r#"sum(count_over_time({service_name="a"}[10s]))"#,
        "lines",
        &["{} 1 1 1"],
    );
}

#[test]
fn both_ways_give_the_same_counts() {
    let memory = shop();
    for (window, step) in [(1, 1), (5, 1), (1, 3), (7, 2)] {
        let steps = Steps {
            start_ns: START - MINUTE,
            end_ns: START + 14 * MINUTE,
            step_ns: step * MINUTE,
        };
        let ask = |query: String| shown(answer(&mut memory.source(), &query, steps).unwrap());
        let minutes = ask(format!(
            r#"sum by (level) (count_over_time({{service_name="a"}}[{window}m]))"#
        ));
        // An empty text is in every line.
        let lines = ask(format!(
            r#"sum by (level) (count_over_time({{service_name="a"}} |= "" [{window}m]))"#
        ));
        assert_eq!(minutes, lines, "{window} {step}");
    }
}

#[test]
fn one_instant_is_counted_to_the_nanosecond() {
    let memory = shop();
    let at = |second: i64| {
        let steps = Steps::at(START + second * SECOND);
        shown(
            answer(
                &mut memory.source(),
                r#"sum(count_over_time({service_name="a"}[30s]))"#,
                steps,
            )
            .unwrap(),
        )
    };
    // The window is without its beginning and with its end: 35, 45, 55 and not the error at 30.
    assert_eq!(at(60), ["{} 3"]);
    assert_eq!(at(59), ["{} 4"]);
    assert!(at(5_000).is_empty());
}

#[test]
fn series_are_made_fewer() {
    check(
        r#"avg(count_over_time({service_name=~".+"}[1m]))"#,
        "minutes",
        &["{} 2.6666666666666665 2.6666666666666665 2.6666666666666665"],
    );
    check(
        r#"max by (service_name) (count_over_time({service_name=~".+"}[1m]))"#,
        "minutes",
        &["{service_name=a} 6 6 6", "{service_name=b} 1 1 1"],
    );
    check(
        r#"min(count_over_time({service_name=~".+"}[1m]))"#,
        "minutes",
        &["{} 1 1 1"],
    );
    check(
        r#"count(count_over_time({service_name=~".+"}[1m])) by (level)"#,
        "minutes",
        &["{level=error} 1 1 1", "{level=info} 2 2 2"],
    );
    check(
        r#"topk(1, count_over_time({service_name=~".+"}[1m]))"#,
        "minutes",
        &["{level=info,service_name=a} 6 6 6"],
    );
    check(
        r#"bottomk by (service_name) (1, count_over_time({service_name=~".+"}[1m]))"#,
        "minutes",
        &[
            "{level=error,service_name=a} 1 1 1",
            "{level=info,service_name=b} 1 1 1",
        ],
    );
}

#[test]
fn numbers_are_calculated_compared_and_joined() {
    check(
        r#"sum(count_over_time({service_name="a"}[1m])) * 2 - 4"#,
        "minutes",
        &["{} 10 10 10"],
    );
    check(
        r#"100 * sum(count_over_time({level="error"}[1m])) / sum(count_over_time({level=~".+"}[1m]))"#,
        "minutes",
        &["{} 12.5 12.5 12.5"],
    );
    check(
        r#"count_over_time({service_name=~".+"}[1m]) > 1"#,
        "minutes",
        &["{level=info,service_name=a} 6 6 6"],
    );
    check(
        r#"count_over_time({service_name="b"}[1m]) >= bool 2"#,
        "minutes",
        &["{level=info,service_name=b} 0 0 0"],
    );
    check(
        r#"sum(count_over_time({service_name="none"}[1m])) or sum(count_over_time({service_name="b"}[1m]))"#,
        "minutes",
        &["{} 1 1 1"],
    );
    check(
        r#"count_over_time({service_name=~".+"}[1m]) unless count_over_time({service_name="a"}[1m])"#,
        "minutes",
        &["{level=info,service_name=b} 1 1 1"],
    );
    check(
        r#"count_over_time({service_name=~".+"}[1m]) and count_over_time({service_name="b"}[1m])"#,
        "minutes",
        &["{level=info,service_name=b} 1 1 1"],
    );
}

#[test]
fn constants_need_no_records() {
    let memory = shop();
    let at = |query: &str| shown(answer(&mut memory.source(), query, Steps::at(START)).unwrap());
    // What Grafana asks to see whether a data source works.
    assert_eq!(at("vector(1)+vector(1)"), ["{} 2"]);
    assert_eq!(at("2 ^ 3 % 5"), ["3"]);
    assert_eq!(at("1 > 2"), ["0"]);
    let error = answer(&mut memory.source(), "1 and 2", Steps::at(START)).unwrap_err();
    assert!(
        error.to_string().contains("logical/set binary operation"),
        "{error}"
    );
}

#[test]
fn steps_series_and_lines_are_bounded() {
    let memory = shop();
    let query = r#"count_over_time({service_name=~".+"}[1m])"#;
    let fail = |steps: Steps, budget: Budget| {
        answer(&mut memory.with_budget(budget), query, steps)
            .unwrap_err()
            .to_string()
    };
    let none = Steps {
        step_ns: 0,
        ..minutes()
    };
    assert!(fail(none, Budget::default()).starts_with("zero or negative query resolution step"));
    let many = Steps {
        step_ns: 1,
        ..minutes()
    };
    assert!(
        fail(many, Budget::default()).starts_with("exceeded maximum resolution of 11,000 points")
    );
    let narrow = Budget {
        series: 2,
        ..Budget::default()
    };
    assert!(
        fail(minutes(), narrow).starts_with("maximum of series (2) reached for a single query")
    );
}

#[test]
fn more_lines_than_the_budget_are_counted_by_minutes_instead() {
    let memory = shop();
    let steps = Steps {
        start_ns: START + 150 * SECOND,
        end_ns: START + 180 * SECOND,
        step_ns: 10 * SECOND,
    };
    let few = Budget {
        records: 8,
        ..Budget::default()
    };
    let query = r#"sum(count_over_time({service_name="a"}[1m]))"#;
    let numbers = answer(&mut memory.with_budget(few), query, steps).unwrap();
    assert_eq!(shown(numbers), ["{} 7 7 7 7"]);
    assert_eq!(memory.count_of("search"), 0);
}
