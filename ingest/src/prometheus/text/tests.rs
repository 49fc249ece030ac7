use domain::ProjectId;

use super::*;
use crate::Limits;

const PYTHON: &[u8] = include_bytes!("../../../testdata/prometheus/python.txt");
const PYTHON_OPEN_METRICS: &[u8] = include_bytes!("../../../testdata/prometheus/python.om");
const SERVER: &[u8] = include_bytes!("../../../testdata/prometheus/server.txt.gz");
/// A minute after the captures.
const NOW_NS: i64 = 1_795_853_150_000_000_000;

fn read_with(format: ExpositionFormat, body: &[u8], target: &TargetLabels) -> Exposition {
    let context = Context {
        project_id: ProjectId(uuid::Uuid::nil()),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &Limits::default(),
    };
    decode_exposition(format, body, target, &context).unwrap()
}

fn read(text: &str) -> Exposition {
    read_with(
        ExpositionFormat::Prometheus,
        text.as_bytes(),
        &TargetLabels::default(),
    )
}

fn target(labels: &[(&str, &str)], honor_labels: bool) -> TargetLabels {
    let labels = labels.iter();
    TargetLabels {
        labels: labels
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        honor_labels,
    }
}

fn reasons(exposition: &Exposition) -> Vec<&str> {
    let rejected = exposition.decoded.rejected.iter();
    rejected.map(|item| item.reason.as_str()).collect()
}

/// `name{labels} value kind`, one a line.
fn shown(exposition: &Exposition) -> String {
    let points = exposition.decoded.accepted.iter();
    let lines = points.map(|point| {
        let labels = point.labels.iter();
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        format!(
            "{}{{{}}} {} {}",
            point.name,
            labels.join(","),
            point.value,
            point.kind.as_str()
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn both_texts_of_one_program_say_the_same() {
    let target = target(&[("job", "shop"), ("instance", "shop:9100")], false);
    let text = read_with(ExpositionFormat::Prometheus, PYTHON, &target);
    let open = read_with(ExpositionFormat::OpenMetrics, PYTHON_OPEN_METRICS, &target);
    let expected = "value 'inf' is not a finite number";
    assert_eq!(
        (reasons(&text), reasons(&open)),
        (vec![expected], vec![expected])
    );
    // NaN is read and has no value.
    assert_eq!(text.samples, text.decoded.accepted.len() + 1);
    let of_shop = |exposition: &Exposition| {
        let shown = shown(exposition);
        let mut lines: Vec<String> = shown
            .lines()
            .filter(|line| line.starts_with("shop_") && !line.contains("_created"))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(of_shop(&text), of_shop(&open));
    let shown = shown(&open);
    for line in [
        "shop_orders_total{instance=shop:9100,job=shop,method=card,service=shop} 29 counter",
        "shop_queue_depth{instance=shop:9100,job=shop,queue=a\\b,service=shop} 3.5 gauge",
        "shop_latency_seconds_bucket{instance=shop:9100,job=shop,le=0.5,service=shop} 12 counter",
        "shop_payload_bytes_sum{instance=shop:9100,job=shop,service=shop} 10 counter",
        "shop_build_info{instance=shop:9100,job=shop,service=shop,version=1.2} 1 gauge",
    ] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
}

#[test]
fn the_whole_page_of_a_prometheus_server_is_read() {
    let page = crate::decompress(crate::Encoding::Gzip, SERVER, &Limits::default()).unwrap();
    let read = read_with(
        ExpositionFormat::Prometheus,
        &page,
        &TargetLabels::default(),
    );
    assert_eq!(reasons(&read), [""; 0]);
    let text = String::from_utf8(page.into_owned()).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(read.samples, lines.count());
    let nothing = text.lines().filter(|line| line.ends_with(" NaN")).count();
    assert_eq!(read.decoded.accepted.len(), read.samples - nothing);
}

#[test]
fn escapes_spaces_and_odd_names_are_read() {
    let text = concat!(
        "plain 1\n",
        "  spaced {  a = \"1\" , b=\"2\" ,}   2.5e-1  \n",
        "empty{} +5\r\n",
        "escaped{a=\"back\\\\slash \\\"quote\\\" new\\nline \\d {}#,\"} -0.5\n",
        "{\"a name.with dots\",\"label.é\"=\"ü\"} 3\n",
        "tabs\t{a=\"\"}\t4\n",
        "\n# a comment\n#TYPE\n# HELP plain Text \\n of help.\n",
        "last 6",
    );
    insta::assert_snapshot!(shown(&read(text)), @r#"
    plain{} 1 gauge
    spaced{a=1,b=2} 0.25 gauge
    empty{} 5 gauge
    escaped{a=back\slash "quote" new
    line \d {}#,} -0.5 gauge
    a name.with dots{label.é=ü} 3 gauge
    tabs{} 4 gauge
    last{} 6 gauge
    "#);
}

#[test]
fn types_decide_what_values_mean() {
    let text = "\
# TYPE free counter
free 1
# TYPE jobs_count gauge
jobs_count 2
# TYPE h histogram
h_bucket{le=\"+Inf\"} 3
h_sum 4
h_count 3
# TYPE s summary
s{quantile=\"0.5\"} 5
s{quantile=\"0.9\"} NaN
s_sum 6
s_count 7
# TYPE g gaugehistogram
g_bucket{le=\"1\"} 8
g_gcount 8
# TYPE \"odd name\" counter
{\"odd name\"} 9
untold_total 10
untold 11
";
    let read = read(text);
    let kinds: Vec<(&str, &str)> = read
        .decoded
        .accepted
        .iter()
        .map(|point| (point.name.as_str(), point.kind.as_str()))
        .collect();
    let expected = [
        ("free", "counter"),
        ("jobs_count", "gauge"),
        ("h_bucket", "counter"),
        ("h_sum", "counter"),
        ("h_count", "counter"),
        ("s", "gauge"),
        ("s_sum", "counter"),
        ("s_count", "counter"),
        ("g_bucket", "gauge"),
        ("g_gcount", "gauge"),
        ("odd name", "counter"),
        ("untold_total", "counter"),
        ("untold", "gauge"),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(read.samples, kinds.len() + 1);
}

#[test]
fn bad_lines_are_refused_with_a_reason_and_the_rest_is_kept() {
    let text = "\
good 1
1st 2
name
name{a=\"1\" 3
name{a=1} 4
name{a=\"1\"b=\"2\"} 5
name{=\"1\"} 6
name{a=\"1\",a=\"2\"} 7
name seven
name 8 soon
name 9 1795853150000 10
name 11 1
name{a=\"1\\
{a=\"1\"} 12
also_good 13
";
    let read = read(text);
    assert_eq!(shown(&read), "good{} 1 gauge\nalso_good{} 13 gauge");
    assert_eq!(read.samples, 2);
    insta::assert_snapshot!(reasons(&read).join("\n"), @r#"
    line '1st 2' cannot be read: expected a metric name at byte 0
    line 'name' cannot be read: expected a value at byte 4
    line 'name{a="1" 3' cannot be read: expected ',' or '}' at byte 11
    line 'name{a=1} 4' cannot be read: expected a quoted value at byte 7
    line 'name{a="1"b="2"} 5' cannot be read: expected ',' or '}' at byte 10
    line 'name{="1"} 6' cannot be read: expected a label name at byte 5
    label 'a' comes twice
    value 'seven' is not a number
    timestamp 'soon' cannot be read
    '10' follows the timestamp, expected the end
    timestamp '1' ms is not between 1990 and a day after arrival
    line 'name{a="1\' cannot be read: expected a quoted value at byte 7
    line '{a="1"} 12' cannot be read: expected a metric name at byte 7
    "#);
}

#[test]
fn timestamps_are_milliseconds_here_and_seconds_there() {
    let at = |format, line: &str| {
        let text = format!("{line}\n# EOF\n");
        let read = read_with(format, text.as_bytes(), &TargetLabels::default());
        assert_eq!(reasons(&read), [""; 0], "{line}");
        read.decoded.accepted[0].timestamp_ns
    };
    let (text, open) = (ExpositionFormat::Prometheus, ExpositionFormat::OpenMetrics);
    assert_eq!(at(text, "a 1"), NOW_NS);
    assert_eq!(at(text, "a 1 1795853081948"), 1_795_853_081_948_000_000);
    assert_eq!(at(open, "a 1 1795853081.948"), 1_795_853_081_948_000_000);
    assert_eq!(at(open, "a 1 1795853081"), 1_795_853_081_000_000_000);
    assert_eq!(at(open, "a 1 1.795853081e9"), 1_795_853_081_000_000_000);
    let exemplar = "a_total 1 1795853081.5 # {trace_id=\"x y\"} 0.2 1795852966.2170231";
    assert_eq!(at(open, exemplar), 1_795_853_081_500_000_000);
    assert_eq!(at(open, "a_total 1 # {} 1"), NOW_NS);
    assert_eq!(nanos_of_seconds("-1.5"), Some(-1_500_000_000));
}

#[test]
fn open_metrics_ends_with_its_mark() {
    let read = |text: &str| {
        let format = ExpositionFormat::OpenMetrics;
        read_with(format, text.as_bytes(), &TargetLabels::default())
    };
    assert_eq!(reasons(&read("a 1\n# EOF\n")), [""; 0]);
    let torn = read("a 1\nb 2\n");
    assert_eq!(torn.samples, 2);
    assert_eq!(reasons(&torn), ["text ends without '# EOF'"]);
    assert_eq!(
        reasons(&read("a 1\n# EOF\nb 2")),
        ["line 'b 2' comes after '# EOF'"]
    );
    let kind = |value| ExpositionFormat::from_content_type(Some(value));
    let open = kind("application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_eq!(open, ExpositionFormat::OpenMetrics);
    assert_eq!(
        kind("text/plain; version=0.0.4"),
        ExpositionFormat::Prometheus
    );
    assert_eq!(
        ExpositionFormat::from_content_type(None),
        ExpositionFormat::Prometheus
    );
}

#[test]
fn labels_of_the_target_win_unless_those_of_the_sample_are_honored() {
    let text = "load{job=\"inner\",zone=\"b\"} 1\n";
    let labels = [("job", "outer"), ("instance", "i:1")];
    let shown = |honor| {
        let read = read_with(
            ExpositionFormat::Prometheus,
            text.as_bytes(),
            &target(&labels, honor),
        );
        shown(&read)
    };
    assert_eq!(
        shown(false),
        "load{exported_job=inner,instance=i:1,job=outer,service=outer,zone=b} 1 gauge"
    );
    assert_eq!(
        shown(true),
        "load{instance=i:1,job=inner,service=inner,zone=b} 1 gauge"
    );
}

#[test]
fn text_that_is_not_utf8_or_holds_nul_is_read_all_the_same() {
    let body = b"good 1\nodd{a=\"\xff\0\"} 2\n\xff\xfe 3\n";
    let read = read_with(ExpositionFormat::Prometheus, body, &TargetLabels::default());
    assert_eq!(
        shown(&read),
        "good{} 1 gauge\nodd{a=\u{fffd}\u{fffd}} 2 gauge"
    );
    assert_eq!(read.decoded.rejected_count, 1);
}

#[test]
fn a_text_is_bounded() {
    let limits = Limits {
        body_bytes: 100,
        records: 2,
        ..Limits::default()
    };
    let context = Context {
        project_id: ProjectId(uuid::Uuid::nil()),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &limits,
    };
    let refused = |body: &str| {
        let target = TargetLabels::default();
        let read = decode_exposition(
            ExpositionFormat::Prometheus,
            body.as_bytes(),
            &target,
            &context,
        );
        read.unwrap_err().to_string()
    };
    assert_eq!(
        refused("a 1\nb 2\nc 3\n"),
        "request holds more than 2 records, which is the limit"
    );
    assert_eq!(refused(&"# ".repeat(51)), "body is 102 bytes, limit is 100");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a-z{}\"=,\\\\ \n#0-9.é]{0,200}") {
        read(&text);
    }
}
