use domain::Severity;

use super::memory::{MINUTE, Memory, START};
use crate::logql::{Budget, Error, Expression, Numbers, Source, Steps, numbers, parse};

/// Three minutes, a line each ten seconds: `ms` grows from 1 to 18, hosts take turns; one line has no number.
fn shop() -> Memory {
    let mut memory = Memory::default();
    for line in 0..18 {
        let host = format!(r#"{{"host":"h{}"}}"#, line % 2);
        let body = format!(
            "ms={} took={}ms size=1KiB path=/p{}",
            line + 1,
            line + 1,
            line % 3
        );
        memory.add(line * 10 + 5, "a", Severity::Info, &body, &host);
    }
    memory.add(130, "a", Severity::Info, "ms=none", r#"{"host":"h0"}"#);
    memory
}

fn answer(source: &mut Source<'_>, text: &str, steps: Steps) -> Result<Numbers, Error> {
    match parse(text)? {
        Expression::Metric(metric) => numbers(source, &metric, steps),
        Expression::Logs(_) => panic!("{text} asks for lines"),
    }
}

/// Each series as `{labels} values` at the ends of the three minutes.
#[track_caller]
fn check(query: &str, expected: &[&str]) {
    let steps = Steps {
        start_ns: START + MINUTE,
        end_ns: START + 3 * MINUTE,
        step_ns: MINUTE,
    };
    let memory = shop();
    let Numbers::Series(series) = answer(&mut memory.source(), query, steps).unwrap() else {
        panic!("{query} is a number");
    };
    let shown: Vec<String> = series
        .into_iter()
        .map(|series| {
            let labels = series
                .labels
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            let labels: Vec<String> = labels.collect();
            let values = series
                .samples
                .iter()
                .map(|(_, value)| format!("{value:.4}"));
            let values: Vec<String> = values
                .map(|value| value.trim_end_matches('0').trim_end_matches('.').to_owned())
                .collect();
            format!("{{{}}} {}", labels.join(","), values.join(" "))
        })
        .collect();
    assert_eq!(shown, expected, "{query}");
}

/// A function over the numbers of one group.
fn of(function: &str) -> String {
    format!(r#"{function}{{service_name="a"}} | logfmt | unwrap ms [1m]) by (service_name)"#)
}

#[test]
fn numbers_of_labels_are_calculated_with_over_the_window() {
    check(&of("avg_over_time("), &["{service_name=a} 3.5 9.5 15.5"]);
    check(&of("min_over_time("), &["{service_name=a} 1 7 13"]);
    check(&of("max_over_time("), &["{service_name=a} 6 12 18"]);
    check(&of("first_over_time("), &["{service_name=a} 1 7 13"]);
    check(&of("last_over_time("), &["{service_name=a} 6 12 18"]);
    check(
        &of("stdvar_over_time("),
        &["{service_name=a} 2.9167 2.9167 2.9167"],
    );
    check(
        &of("stddev_over_time("),
        &["{service_name=a} 1.7078 1.7078 1.7078"],
    );
    check(
        &of("quantile_over_time(0.5, "),
        &["{service_name=a} 3.5 9.5 15.5"],
    );
    check(
        &of("quantile_over_time(0.9, "),
        &["{service_name=a} 5.5 11.5 17.5"],
    );
    check(&of("quantile_over_time(1, "), &["{service_name=a} 6 12 18"]);
    check(
        &of("quantile_over_time(-1, "),
        &["{service_name=a} -inf -inf -inf"],
    );
    check(
        r#"sum(sum_over_time({service_name="a"} | logfmt | unwrap ms [1m]))"#,
        &["{} 21 57 93"],
    );
    check(
        r#"sum(rate({service_name="a"} | logfmt | unwrap ms [1m]))"#,
        &["{} 0.35 0.95 1.55"],
    );
    check(
        r#"sum(sum_over_time({service_name="a"} | logfmt | unwrap ms [2m] offset 1m))"#,
        &["{} 21 78"],
    );
}

#[test]
fn durations_and_sizes_are_numbers_too() {
    check(
        r#"sum(sum_over_time({service_name="a"} | logfmt | unwrap duration(took) [1m]))"#,
        &["{} 0.021 0.057 0.093"],
    );
    check(
        r#"max(max_over_time({service_name="a"} | logfmt | unwrap bytes(size) [1m]))"#,
        &["{} 1024 1024 1024"],
    );
    check(
        r#"max(max_over_time({service_name="a"} | logfmt | unwrap nothing [1m]))"#,
        &[],
    );
    check(
        r#"max(max_over_time({service_name="a"} | logfmt | unwrap ms | ms > 15 | __error__="" [1m]))"#,
        &["{} 18"],
    );
}

#[test]
fn series_are_told_apart_by_what_is_asked_for() {
    // Metadata tells series apart only where it is named, the label with the number never does.
    check(
        r#"max_over_time({service_name="a"} | pattern "ms=<ms> <_> path=/<path>" | unwrap ms [1m])"#,
        &[
            "{level=info,path=p0,service_name=a} 4 10 16",
            "{level=info,path=p1,service_name=a} 5 11 17",
            "{level=info,path=p2,service_name=a} 6 12 18",
        ],
    );
    check(
        r#"max by (host) (max_over_time({service_name="a"} | logfmt | unwrap ms [1m]))"#,
        &["{host=h0} 5 11 17", "{host=h1} 6 12 18"],
    );
    check(
        r#"min_over_time({service_name="a"} | logfmt | unwrap ms [1m]) by (host)"#,
        &["{host=h0} 1 7 13", "{host=h1} 2 8 14"],
    );
    check(
        r#"max by (host) (count_over_time({service_name="a"}[1m]))"#,
        &["{host=h0} 3 3 4", "{host=h1} 3 3 3"],
    );
    check(
        r#"sum by (path) (sum_over_time({service_name="a"} | logfmt | unwrap ms [1m])) > 30"#,
        &["{path=/p1} 31", "{path=/p2} 33"],
    );
}

#[test]
fn lines_that_were_written_anew_are_counted_by_what_they_are_then() {
    check(
        r#"sum(bytes_over_time({service_name="a"} | line_format "1234" [1m]))"#,
        &["{} 24 24 28"],
    );
    check(
        r#"sum by (kind) (count_over_time({service_name="a"} | label_format kind=`{{ if eq .host "h0" }}even{{ else }}odd{{ end }}` [1m]))"#,
        &["{kind=even} 3 3 4", "{kind=odd} 3 3 3"],
    );
}

#[test]
fn values_and_series_are_bounded() {
    let memory = shop();
    let narrow = Budget {
        series: 2,
        ..Budget::default()
    };
    let query =
        r#"max_over_time({service_name="a"} | pattern "ms=<ms> took=<took> <_>" | unwrap ms [5m])"#;
    let error = answer(
        &mut memory.with_budget(narrow),
        query,
        Steps::at(START + 5 * MINUTE),
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("maximum of series (2) reached"),
        "{error}"
    );
}
