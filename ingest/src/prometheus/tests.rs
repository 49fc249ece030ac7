mod writer;

use domain::{MetricKind, ProjectId};

use super::*;
use crate::Limits;
use writer::{Message as Pb, label_v1, sample, stale};

const SHOP: &[u8] = include_bytes!("../../testdata/prometheus/server_shop.snappy");
const NATIVE: &[u8] = include_bytes!("../../testdata/prometheus/server_native.snappy");
const STALE: &[u8] = include_bytes!("../../testdata/prometheus/server_stale.snappy");
const NATIVE_STALE: &[u8] = include_bytes!("../../testdata/prometheus/server_native_stale.snappy");
const VMAGENT: &[u8] = include_bytes!("../../testdata/prometheus/vmagent_shop.snappy");
const OFFICIAL: &[u8] = include_bytes!("../../testdata/prometheus/official_v2.snappy");

/// A minute after the captures.
const NOW_MS: i64 = 1_795_853_150_000;
const NOW_NS: i64 = NOW_MS * 1_000_000;

fn decode_with(
    version: RemoteWriteVersion,
    is_snappy: bool,
    body: &[u8],
    limits: &Limits,
) -> Result<RemoteWrite, Error> {
    let context = Context {
        project_id: ProjectId(uuid::Uuid::nil()),
        received_at_ns: NOW_NS,
        default_service: None,
        limits,
    };
    let format = RemoteWriteFormat { version, is_snappy };
    decode_remote_write(format, body, &context)
}

fn one(body: &[u8]) -> RemoteWrite {
    decode_with(RemoteWriteVersion::One, true, body, &Limits::default()).unwrap()
}

fn two(body: &[u8]) -> RemoteWrite {
    decode_with(RemoteWriteVersion::Two, true, body, &Limits::default()).unwrap()
}

fn plain(version: RemoteWriteVersion, message: Pb) -> RemoteWrite {
    decode_with(version, false, &message.0, &Limits::default()).unwrap()
}

fn point<'a>(write: &'a RemoteWrite, name: &str, label: (&str, &str)) -> &'a MetricPoint {
    let found = write.decoded.accepted.iter().find(|point| {
        point.name == name
            && (label.0.is_empty()
                || point
                    .labels
                    .get(label.0)
                    .is_some_and(|text| text == label.1))
    });
    found.unwrap_or_else(|| panic!("no {name} with {label:?} in {write:?}"))
}

fn reasons(write: &RemoteWrite) -> Vec<&str> {
    let rejected = write.decoded.rejected.iter();
    rejected.map(|item| item.reason.as_str()).collect()
}

fn tally(sent: usize, rejected: usize) -> Tally {
    Tally { sent, rejected }
}

#[test]
fn what_prometheus_sends_becomes_samples_with_kinds_by_name() {
    let write = one(SHOP);
    assert_eq!(write.samples, tally(41, 0));
    assert_eq!((write.exemplars, write.infinite), (1, 1));
    assert_eq!(write.decoded.accepted.len(), 39, "without NaN and infinity");
    let names = write.decoded.accepted.iter().map(|point| &point.name);
    assert!(
        names
            .clone()
            .all(|name| name != "shop_nan" && name != "shop_inf")
    );
    let card = point(&write, "shop_orders_total", ("method", "card"));
    assert_eq!((card.value, card.kind), (8.0, MetricKind::Counter));
    assert_eq!(card.timestamp_ns, 1_795_852_971_948_000_000);
    assert_eq!(card.labels["job"], "shop");
    assert_eq!(card.labels["service"], "shop");
    assert_eq!(card.labels["cluster"], "test");
    assert!(!card.labels.contains_key("__name__"));
    let odd = ("method", "cash \"€\"\n");
    assert_eq!(point(&write, "shop_orders_total", odd).value, 2.0);
    let bucket = point(&write, "shop_latency_seconds_bucket", ("le", "+Inf"));
    assert_eq!((bucket.value, bucket.kind), (3.0, MetricKind::Counter));
    let depth = point(&write, "shop_queue_depth", ("queue", "a\\b"));
    assert_eq!((depth.value, depth.kind), (3.5, MetricKind::Gauge));
    assert_eq!(point(&write, "up", ("", "")).value, 1.0);
}

#[test]
fn what_vmagent_sends_is_the_same() {
    let write = one(VMAGENT);
    assert_eq!((write.samples.rejected, write.infinite), (0, 1));
    let card = point(&write, "shop_orders_total", ("method", "card"));
    assert_eq!((card.value, card.kind), (8.0, MetricKind::Counter));
    assert_eq!(card.labels["service"], "shop");
}

#[test]
fn a_stale_marker_is_no_value_and_no_mistake() {
    let write = one(STALE);
    let names: Vec<&str> = write
        .decoded
        .accepted
        .iter()
        .map(|point| point.name.as_str())
        .collect();
    assert!(write.samples.sent > names.len());
    assert_eq!(write.samples.rejected, 0);
    assert!(
        names.contains(&"up") && !names.contains(&"shop_orders_total"),
        "{names:?}"
    );
    let write = one(NATIVE_STALE);
    assert_eq!(write.histograms, tally(1, 0));
    let mut names = write.decoded.accepted.iter().map(|point| &point.name);
    assert!(names.all(|name| !name.starts_with("shop_native")));
}

#[test]
fn a_native_histogram_is_counted_and_its_quantiles_are_estimated() {
    let write = one(NATIVE);
    assert_eq!(
        (write.samples, write.histograms),
        (tally(5, 0), tally(1, 0))
    );
    let count = point(&write, "shop_native_seconds_count", ("path", "/pay"));
    assert_eq!((count.value, count.kind), (106.0, MetricKind::Counter));
    assert_eq!(
        point(&write, "shop_native_seconds_sum", ("", "")).value,
        1602.8
    );
    // Prometheus itself says 5.08 for the median of these 106 observations; a bucket is 9 % wide.
    let median = point(&write, "shop_native_seconds", ("quantile", "0.5"));
    assert_eq!(median.kind, MetricKind::Gauge);
    assert!((4.8..5.3).contains(&median.value), "{}", median.value);
    assert!(write.is_histogram(5) && !write.is_histogram(4));
    assert!(write.decoded.positions.of(5) == 5 && write.decoded.positions.of(9) == 5);
}

#[test]
fn version_two_says_types_and_every_kind_of_histogram() {
    let write = two(OFFICIAL);
    assert_eq!(reasons(&write), [""; 0]);
    assert_eq!(
        (write.samples, write.histograms),
        (tally(4, 0), tally(3, 0))
    );
    assert_eq!(write.exemplars, 1);
    let orders: Vec<(f64, MetricKind)> = write
        .decoded
        .accepted
        .iter()
        .filter(|point| point.name == "orders")
        .map(|point| (point.value, point.kind))
        .collect();
    let counter = MetricKind::Counter;
    assert_eq!(orders, [(41.0, counter), (42.0, counter)]);
    assert_eq!(
        point(&write, "jobs_count", ("", "")).kind,
        MetricKind::Gauge
    );
    let of = |name: &str, label| point(&write, name, label).value;
    assert_eq!(of("latency_seconds_count", ("path", "/pay")), 11.0);
    assert_eq!(of("latency_seconds", ("quantile", "0.5")), 0.5_f64.exp2());
    assert_eq!(of("latency_seconds", ("quantile", "0.99")), 2.5_f64.exp2());
    for (bound, below) in [("0.1", 1.0), ("0.5", 1.0), ("1", 5.0), ("+Inf", 7.0)] {
        assert_eq!(of("custom_seconds_bucket", ("le", bound)), below, "{bound}");
    }
    let depth = point(&write, "depth_count", ("", ""));
    assert_eq!((depth.value, depth.kind), (4.5, MetricKind::Gauge));
    assert_eq!(of("depth_sum", ("", "")), -3.0);
    assert_eq!(of("depth", ("quantile", "0.5")), -(0.5_f64.exp2()));
    assert_eq!(of("depth", ("quantile", "0.99")), 0.0);
}

#[test]
fn metadata_beside_the_series_says_what_they_are() {
    let metadata = |family: &str, number| Pb::new().text(2, family).number(1, number);
    let series = |name: &str| {
        Pb::new()
            .message(1, label_v1("__name__", name))
            .message(2, sample(1.0, NOW_MS))
    };
    let request = Pb::new()
        .message(1, series("jobs_count"))
        .message(1, series("orders_total"))
        .message(1, series("orders_created"))
        .message(1, series("free"))
        .message(3, metadata("jobs_count", 2))
        .message(3, metadata("orders", 1))
        .message(3, metadata("free", 1));
    let write = plain(RemoteWriteVersion::One, request);
    let kinds = write.decoded.accepted.iter().map(|point| point.kind);
    let (counter, gauge) = (MetricKind::Counter, MetricKind::Gauge);
    assert_eq!(kinds.collect::<Vec<_>>(), [gauge, counter, gauge, counter]);
}

#[test]
fn the_service_is_the_first_label_that_names_one() {
    let service = |labels: &[(&str, &str)]| {
        let mut series = Pb::new().message(1, label_v1("__name__", "load"));
        for (name, value) in labels {
            series = series.message(1, label_v1(name, value));
        }
        let request = Pb::new().message(1, series.message(2, sample(1.0, NOW_MS)));
        let write = plain(RemoteWriteVersion::One, request);
        write.decoded.accepted[0].labels.get("service").cloned()
    };
    let job = ("job", "node");
    assert_eq!(service(&[job]).as_deref(), Some("node"));
    assert_eq!(service(&[job, ("service.name", "c")]).as_deref(), Some("c"));
    assert_eq!(
        service(&[("service_name", "b"), job, ("service.name", "c")]).as_deref(),
        Some("b")
    );
    assert_eq!(
        service(&[job, ("service", "a"), ("service_name", "b")]).as_deref(),
        Some("a")
    );
    assert_eq!(
        service(&[("service", ""), job]).as_deref(),
        Some("node"),
        "an empty label is none"
    );
    assert_eq!(service(&[]), None);
}

#[test]
fn a_bad_series_costs_its_own_samples_only() {
    let series = |labels: &[(&str, &str)]| {
        let mut series = Pb::new();
        for (name, value) in labels {
            series = series.message(1, label_v1(name, value));
        }
        series
            .message(2, sample(1.0, NOW_MS))
            .message(2, sample(2.0, NOW_MS - 1))
    };
    let long = "x".repeat(1_025);
    let many: Vec<String> = (0..65).map(|at| format!("label_{at}")).collect();
    let mut crowd = vec![("__name__", "crowded")];
    crowd.extend(many.iter().map(|name| (name.as_str(), "1")));
    let request = Pb::new()
        .message(1, series(&[("__name__", "good")]))
        .message(1, series(&[("job", "nameless")]))
        .message(1, series(&[("__name__", "twice"), ("a", "1"), ("a", "2")]))
        .message(1, series(&[("__name__", "long"), ("a", &long)]))
        .message(1, series(&crowd))
        .bytes(1, b"\x0a\x7f")
        .message(1, series(&[("__name__", "also_good")]));
    let write = plain(RemoteWriteVersion::One, request);
    assert_eq!(write.samples, tally(13, 9));
    let names = write.decoded.accepted.iter().map(|point| &point.name);
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["good", "good", "also_good", "also_good"]
    );
    insta::assert_snapshot!(reasons(&write).join("\n"), @r"
    series has no name
    series has no name
    label 'a' comes twice
    label 'a' comes twice
    label 'a' is 1025 bytes, limit is 1024
    label 'a' is 1025 bytes, limit is 1024
    series has 65 labels, limit is 64
    series has 65 labels, limit is 64
    the message ends inside a field at byte 2
    ");
}

#[test]
fn a_bad_sample_costs_itself_only() {
    let series = Pb::new()
        .message(1, label_v1("__name__", "load"))
        .message(2, sample(1.0, NOW_MS))
        .message(2, sample(f64::NEG_INFINITY, NOW_MS))
        .message(2, sample(2.0, 0))
        .message(2, sample(3.0, i64::MAX))
        .bytes(2, b"\x09abc")
        .message(2, sample(stale(), NOW_MS))
        .message(2, sample(4.0, NOW_MS - 1));
    let write = plain(RemoteWriteVersion::One, Pb::new().message(1, series));
    assert_eq!((write.samples, write.infinite), (tally(7, 3), 1));
    let values = write.decoded.accepted.iter().map(|point| point.value);
    assert_eq!(values.collect::<Vec<_>>(), [1.0, 4.0]);
    assert_eq!(write.decoded.positions.of(1), 6);
    insta::assert_snapshot!(reasons(&write).join("\n"), @r"
    timestamp '0' ms is not between 1990 and a day after arrival
    timestamp '9223372036854775807' ms is not between 1990 and a day after arrival
    the message ends inside a field at byte 1
    ");
}

#[test]
fn broken_references_and_histograms_cost_themselves_only() {
    let series = |references: &[u64]| {
        Pb::new()
            .packed(1, references)
            .message(2, sample(1.0, NOW_MS))
    };
    let histogram = |spanned: u64, schema: u64| {
        let span = Pb::new().number(2, spanned);
        let histogram = Pb::new()
            .number(1, 3)
            .number(4, schema)
            .message(11, span)
            .packed(12, &[2, 2])
            .number(15, NOW_MS.cast_unsigned());
        Pb::new().packed(1, &[1, 2]).message(3, histogram)
    };
    let request = Pb::new()
        .text(4, "")
        .text(4, "__name__")
        .text(4, "load")
        .message(5, series(&[1, 2]))
        .message(5, series(&[1, 3]))
        .message(5, series(&[1, 2, 1]))
        .message(5, histogram(9, 0))
        .message(5, histogram(2, 40))
        .message(5, histogram(u64::MAX, 0))
        .message(5, histogram(2, 0));
    let write = plain(RemoteWriteVersion::Two, request);
    assert_eq!(
        (write.samples, write.histograms),
        (tally(3, 2), tally(4, 3))
    );
    insta::assert_snapshot!(reasons(&write).join("\n"), @r"
    symbol 3 is not among the 3 of the request
    series has 3 references to symbols, they must be pairs
    histogram has 2 buckets, its spans have 9
    histogram has the schema 20, it must be -53 or between -4 and 8
    histogram has 2 buckets, its spans have 18446744073709551615
    ");
}

#[test]
fn a_request_is_bounded_before_it_takes_memory() {
    let limits = Limits {
        body_bytes: 1_000,
        records: 3,
        ..Limits::default()
    };
    let refused = |is_snappy, body: &[u8]| {
        let read = decode_with(RemoteWriteVersion::One, is_snappy, body, &limits);
        read.unwrap_err().to_string()
    };
    // Five bytes that claim four gigabytes.
    let claim = refused(true, b"\xff\xff\xff\xff\x0f");
    assert!(
        claim.contains("more than 1000 bytes after snappy"),
        "{claim}"
    );
    assert_eq!(
        refused(false, &[0; 1_001]),
        "body is 1001 bytes, limit is 1000"
    );
    assert!(refused(true, b"no snappy").contains("not valid snappy"));
    assert!(refused(false, b"\x0a\x20abc").contains("the message ends inside a field"));
    let mut series = Pb::new().message(1, label_v1("__name__", "load"));
    for at in 0..4 {
        series = series.message(2, sample(1.0, NOW_MS + at));
    }
    let many = Pb::new().message(1, series);
    assert_eq!(
        refused(false, &many.0),
        "request holds more than 3 records, which is the limit"
    );
}

#[test]
fn labels_that_are_repeated_over_many_samples_are_bounded() {
    let value = "x".repeat(1_000);
    let mut series = Pb::new().message(1, label_v1("__name__", "load"));
    for at in 0..60 {
        series = series.message(1, label_v1(&format!("label_{at}"), &value));
    }
    for at in 0..3_000 {
        series = series.message(2, sample(1.0, NOW_MS - at));
    }
    let request = Pb::new().message(1, series);
    let read = decode_with(
        RemoteWriteVersion::One,
        false,
        &request.0,
        &Limits::default(),
    );
    assert!(matches!(read, Err(Error::GrowsTooLarge { .. })));
}

proptest::proptest! {
    #[test]
    fn no_body_makes_it_panic(body: Vec<u8>) {
        for version in [RemoteWriteVersion::One, RemoteWriteVersion::Two] {
            let _ = decode_with(version, false, &body, &Limits::default());
        }
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0_usize..2_000, byte: u8) {
        for (version, body) in [(RemoteWriteVersion::One, NATIVE), (RemoteWriteVersion::Two, OFFICIAL)] {
            let mut plain = crate::compression::unsnap(body, &Limits::default()).unwrap();
            let at = at % plain.len();
            plain[at] = byte;
            let _ = decode_with(version, false, &plain, &Limits::default());
        }
    }
}
