use crate::logql::{parse, parse_selector};

/// The query as it is understood, or what is wrong with it.
fn check(query: &str, expected: &str) {
    let shown = match parse(query) {
        Ok(expression) => expression.to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(shown, expected, "{query}");
    if let Ok(expression) = parse(query) {
        let again = parse(&expression.to_string()).unwrap();
        assert_eq!(again.to_string(), expected, "written down again: {query}");
    }
}

#[test]
fn selectors_have_four_conditions() {
    check(
        r#"{app="x", env=~"a|b",x!="y",z!~`r.*`}"#,
        r#"{app="x", env=~"a|b", x!="y", z!~"r.*"}"#,
    );
    check("{a=`b`,}", r#"{a="b"}"#);
    check("{ a = \"b\" } # a comment\n", r#"{a="b"}"#);
    check(r#"{a="b\"c\\d\u00e9\x41\n"}"#, r#"{a="b\"c\\déA\n"}"#);
}

#[test]
fn line_filters_may_be_chained_and_have_alternatives() {
    check(
        r#"{a="b"} |= "x" != `y` |~ "z+" !~ "w" |= "one" or `two` |> "a <_>" !> "<_>" or `x`"#,
        r#"{a="b"} |= "x" != "y" |~ "z+" !~ "w" |= "one" or "two" |> "a <_>" !> "<_>" or "x""#,
    );
}

#[test]
fn stages_take_lines_apart_and_filter_by_what_they_find() {
    check(
        r#"{a="b"} | json | logfmt --strict --keep-empty | level="error" | drop __error__, x | keep y"#,
        r#"{a="b"} | json | logfmt | level="error" | drop __error__, x | keep y"#,
    );
    check(
        r#"{a="b"} | status >= 500 and duration > 1h30m or (size<5KiB, x!~"y") | n = -1.5"#,
        r#"{a="b"} | ((status>=500 and duration>1h30m) or (size<5120B and x!~"y")) | n==-1.5"#,
    );
    check(
        r#"{a="b"} | a="1" b=="2" c==3"#,
        r#"{a="b"} | ((a="1" and b="2") and c==3)"#,
    );
}

#[test]
fn metric_queries_nest_and_bind_as_in_prometheus() {
    check(
        r#"sum by (level, detected_level) (count_over_time({a="b"} | drop __error__ [1m]))"#,
        r#"sum by (level, detected_level) (count_over_time({a="b"} | drop __error__[1m]))"#,
    );
    check(
        r#"sum(rate({a="b"}[5m] |= "x" offset 1h)) without (host)"#,
        r#"sum without (host) (rate({a="b"} |= "x"[5m] offset 1h))"#,
    );
    check(
        r#"topk(3, sum by(x)(bytes_rate({a="b"}[1m]))) > bool 2"#,
        r#"(topk(3, sum by (x) (bytes_rate({a="b"}[1m]))) > bool 2)"#,
    );
    check("vector(1)+vector(1)", "(vector(1) + vector(1))");
    check("1 + 2 * 3 ^ 2 ^ -1 - 4", "((1 + (2 * (3 ^ (2 ^ -1)))) - 4)");
    check(
        r#"bytes_over_time(({a="b"} |= "x")[1d]) or vector(0)"#,
        r#"(bytes_over_time({a="b"} |= "x"[1d]) or vector(0))"#,
    );
    check(
        r#"avg(count_over_time({a="b"}[1m])) / max(rate({a="b"}[90s])) >= 1"#,
        r#"((avg(count_over_time({a="b"}[1m])) / max(rate({a="b"}[1m30s]))) >= 1)"#,
    );
}

#[test]
fn mistakes_are_told_with_their_place_as_loki_tells_them() {
    check(
        "",
        "parse error at line 1, col 1: syntax error: unexpected $end",
    );
    check(
        "{app}",
        "parse error at line 1, col 5: syntax error: unexpected }, expecting = or =~ or !~ or !=",
    );
    check(
        "{app=x}",
        "parse error at line 1, col 6: syntax error: unexpected IDENTIFIER, expecting STRING",
    );
    check(
        "{app=\"x\"",
        "parse error at line 1, col 9: syntax error: unexpected $end, expecting } or ,",
    );
    check(
        "{app=\"x",
        "parse error at line 1, col 6: literal not terminated",
    );
    check(
        "{app=\"x\"}\n |= x",
        "parse error at line 2, col 5: syntax error: unexpected IDENTIFIER, expecting STRING",
    );
    check(
        "{app=~\"(\"}",
        "parse error at line 1, col 7: error parsing regexp: error: unclosed group",
    );
    check(
        "rate({a=\"b\"})",
        "parse error at line 1, col 13: syntax error: unexpected ), expecting [",
    );
    check(
        "sum(count_over_time({a=\"b\"}[5]))",
        "parse error at line 1, col 29: syntax error: unexpected NUMBER, expecting DURATION",
    );
    check(
        "nonsense",
        "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER",
    );
    check(
        "{a=\"b\"} extra",
        "parse error at line 1, col 9: syntax error: unexpected IDENTIFIER",
    );
    check(
        "{a=\"b\"} | status >= \"x\"",
        "parse error at line 1, col 21: syntax error: unexpected STRING, expecting NUMBER or DURATION or BYTES",
    );
}

#[test]
fn a_selector_that_means_everything_is_refused() {
    for query in ["{}", r#"{a=~".*"}"#, r#"{a!="b"}"#, r#"rate({a=""}[1m])"#] {
        let error = parse(query).unwrap_err().to_string();
        assert!(
            error.starts_with(
                "parse error : queries require at least one regexp or equality matcher"
            ),
            "{query}: {error}"
        );
    }
    assert!(parse(r#"{a=~".+"}"#).is_ok());
    assert!(parse_selector("{}").unwrap().is_empty());
    assert!(parse_selector("").unwrap().is_empty());
    assert_eq!(parse_selector(r#"{a="b"} |= "x""#).unwrap().len(), 1);
}

#[test]
fn what_is_not_there_is_refused_by_its_name() {
    for (query, what) in [
        (
            r#"{a="b"} | line_format "x""#,
            "col 11: the stage | line_format",
        ),
        (r#"{a="b"} | label_format x=y"#, "the stage | label_format"),
        (r#"{a="b"} | unwrap x"#, "the stage | unwrap"),
        (r#"{a="b"} | pattern "<x>""#, "the stage | pattern"),
        (
            r#"{a="b"} | json x="y""#,
            "choosing fields with | json (leave the fields out, all are taken)",
        ),
        (r#"{a="b"} |= ip("10.0.0.1")"#, "the line filter ip(..)"),
        (
            r#"{a="b"} | addr = ip("10.0.0.1")"#,
            "the label filter ip(..)",
        ),
        (
            r#"quantile_over_time(0.9, {a="b"} [1m])"#,
            "the function quantile_over_time",
        ),
        (
            r#"sum_over_time({a="b"} | unwrap x [1m])"#,
            "the function sum_over_time",
        ),
        (r#"rate({a="b"}[1m]) / on(x) rate({a="b"}[1m])"#, "on"),
        (r#"rate({a="b"}[1m:1s])"#, "a subquery"),
    ] {
        let error = parse(query).unwrap_err().to_string();
        assert!(
            error.ends_with(&format!("{what} is not supported")),
            "{query}: {error}"
        );
    }
}
