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
fn stages_write_lines_and_labels_anew() {
    check(
        r#"{a="b"} | pattern `<ip> "<_>"` | regexp "(?P<x>\\d+)" | line_format "{{.ip}}\n" | decolorize"#,
        r#"{a="b"} | pattern "<ip> \"<_>\"" | regexp "(?P<x>\\d+)" | line_format "{{.ip}}\n" | decolorize"#,
    );
    check(
        r#"{a="b"} | json x="y.z[0]", y, w=`a["b c"]` | logfmt --strict a="b.c" | x=1"#,
        r#"{a="b"} | json x="y.z[0]", y, w="a[\"b c\"]" | logfmt a="b.c" | x==1"#,
    );
    check(
        r#"{a="b"} | label_format x=y,z=`{{ .y | upper }}` | drop x="1", y | keep z=~"a.*", level!="x""#,
        r#"{a="b"} | label_format x=y, z="{{ .y | upper }}" | drop x="1", y | keep z=~"a.*", level!="x""#,
    );
    check(
        r#"{a="b"} |= ip("10.0.0.0/8") != ip("::1") or "x" | addr = ip("10.0.0.1-10.0.0.9") and b != ip("::/0")"#,
        r#"{a="b"} |= ip("10.0.0.0/8") != ip("::1") or "x" | (addr=ip("10.0.0.1-10.0.0.9") and b!=ip("::/0"))"#,
    );
    // A label may be called like a stage.
    check(
        r#"{a="b"} | pattern = "x" | unwrap > 5"#,
        r#"{a="b"} | pattern="x" | unwrap>5"#,
    );
}

#[test]
fn functions_over_values_need_to_know_which() {
    check(
        r#"sum by (x) (sum_over_time({a="b"} | logfmt | unwrap ms [5m]))"#,
        r#"sum by (x) (sum_over_time({a="b"} | logfmt | unwrap ms[5m]))"#,
    );
    check(
        r#"quantile_over_time(0.95, {a="b"} | json | unwrap duration(took) | __error__="" [5m] offset 1h) by (path, x)"#,
        r#"quantile_over_time(0.95, {a="b"} | json | unwrap duration(took) | __error__=""[5m] offset 1h) by (path, x)"#,
    );
    check(
        r#"max(rate({a="b"} | unwrap bytes(size) [1m])) + min(last_over_time({a="b"} | unwrap x [1m]) without (y))"#,
        r#"(max(rate({a="b"} | unwrap bytes(size)[1m])) + min(last_over_time({a="b"} | unwrap x[1m]) without (y)))"#,
    );
    for (query, mistake) in [
        (
            r#"{a="b"} | unwrap x"#,
            "parse error : | unwrap needs a function over a window, such as sum_over_time",
        ),
        (
            r#"max_over_time({a="b"}[1m])"#,
            "col 1: | unwrap is missing for max_over_time aggregation",
        ),
        (
            r#"count_over_time({a="b"} | unwrap x [1m])"#,
            "| unwrap is not allowed for count_over_time aggregation",
        ),
        (
            r#"sum_over_time({a="b"} | unwrap x [1m]) by (y)"#,
            "grouping not allowed for sum_over_time aggregation",
        ),
        (
            r#"rate({a="b"}[1m]) by (y)"#,
            "grouping not allowed for rate aggregation",
        ),
        (
            r#"max_over_time({a="b"} | unwrap f(x) [1m])"#,
            "the conversion f of | unwrap is not supported",
        ),
        (
            r#"max_over_time({a="b"} | unwrap x | json [1m])"#,
            "a stage other than a label filter behind | unwrap is not supported",
        ),
        (
            r#"max_over_time({a="b"} | unwrap x | y=1 | unwrap z [1m])"#,
            "a stage other than a label filter behind | unwrap is not supported",
        ),
        (
            r#"quantile_over_time({a="b"} | unwrap x [1m])"#,
            "col 20: syntax error: unexpected {, expecting NUMBER",
        ),
    ] {
        let error = parse(query).unwrap_err().to_string();
        assert!(error.ends_with(mistake), "{query}: {error}");
    }
}

#[test]
fn mistakes_inside_of_stages_are_told_with_their_place() {
    for (query, mistake) in [
        (
            r#"{a="b"} | line_format "{{ .x""#,
            "col 23: {{ without }} in a template",
        ),
        (
            r#"{a="b"} | line_format x"#,
            "syntax error: unexpected IDENTIFIER, expecting STRING",
        ),
        (
            r#"{a="b"} | label_format x="{{ date .y }}""#,
            "the function date in a template is not supported",
        ),
        (
            r#"{a="b"} | label_format x=y, x=z"#,
            "multiple label name 'x' not allowed in a single format operation",
        ),
        (
            r#"{a="b"} | label_format x"#,
            "unexpected $end, expecting =",
        ),
        (
            r#"{a="b"} | json x="y[""#,
            "'y[' is no field: a.b, a[0] and a[\"b\"] are",
        ),
        (
            r#"{a="b"} | json x="a..b""#,
            "'a..b' is no field: a.b, a[0] and a[\"b\"] are",
        ),
        (
            r#"{a="b"} | json x="""#,
            "'' is no field: a.b, a[0] and a[\"b\"] are",
        ),
        (
            r#"{a="b"} | pattern "<a><b>""#,
            "found consecutive capture: a text must stand between two",
        ),
        (
            r#"{a="b"} | regexp "(a)""#,
            "at least one named capture must be supplied",
        ),
        (
            r#"{a="b"} | x = ip("10.0.0")"#,
            "'10.0.0' is no address, network or range of addresses",
        ),
        (
            r#"{a="b"} |~ ip("10.0.0.1")"#,
            "unexpected IDENTIFIER, expecting STRING",
        ),
    ] {
        let error = parse(query).unwrap_err().to_string();
        assert!(error.ends_with(mistake), "{query}: {error}");
    }
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
        (r#"{a="b"} | unpack"#, "col 11: the stage | unpack"),
        (r#"{a="b"} | distinct x"#, "the stage | distinct"),
        (
            r#"absent_over_time({a="b"}[1m])"#,
            "the function absent_over_time",
        ),
        (
            r#"label_replace(rate({a="b"}[1m]), "x", "$1", "y", "(.*)")"#,
            "the function label_replace",
        ),
        (r#"sort(rate({a="b"}[1m]))"#, "the function sort"),
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
