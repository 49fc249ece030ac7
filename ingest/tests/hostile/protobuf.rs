//! The doors that read protobuf.

use ingest::{
    LokiFormat, OtlpFormat, RemoteWriteFormat, RemoteWriteVersion, decode_loki, decode_otlp_logs,
    decode_otlp_metrics, decode_remote_write,
};

use crate::doors::{AT_NS, Door, Isolation, Line, Outcome, context};
use crate::encode::{field, fixed64, key_value, number, snappy};
use crate::json::{client, traces};

/// A request of OTLP around items: a resource, a scope, and what may stand beside them.
pub fn otlp(items: &[u8]) -> Vec<u8> {
    let resource = [
        field(1, key_value("service.name", "shop")),
        field(1, key_value("zone", "b")),
    ];
    let scope = [field(1, field(1, "lib")), items.to_vec()].concat();
    field(1, [field(1, resource.concat()), field(2, scope)].concat())
}

/// The items of a scope, each with its length.
fn items(elements: &[Vec<u8>]) -> Vec<u8> {
    otlp(&repeated(2, elements))
}

fn repeated(number: u32, elements: &[Vec<u8>]) -> Vec<u8> {
    elements
        .iter()
        .flat_map(|element| field(number, element))
        .collect()
}

/// A metric `m` with these gauge points.
pub fn gauge(points: &[Vec<u8>]) -> Vec<u8> {
    let metric = [field(1, "m"), field(5, repeated(1, points))].concat();
    otlp(&field(2, metric))
}

/// A stream of Loki's with these entries.
pub fn stream(entries: &[Vec<u8>]) -> Vec<u8> {
    let labels = field(1, r#"{app="shop", level="error"}"#);
    field(1, [labels, repeated(2, entries)].concat())
}

fn log(line: &Line) -> Vec<u8> {
    [
        fixed64(1, AT_NS),
        number(2, 17),
        field(5, field(1, &line.body)),
        field(6, key_value(&line.key, &line.value)),
        field(9, [7; 16]),
    ]
    .concat()
}

fn point(line: &Line) -> Vec<u8> {
    [
        fixed64(3, AT_NS),
        fixed64(4, 1.5_f64.to_bits()),
        field(7, key_value("text", &line.body)),
        field(7, key_value(&line.key, &line.value)),
    ]
    .concat()
}

fn span(line: &Line) -> Vec<u8> {
    [
        field(1, [1; 16]),
        field(2, [2; 8]),
        field(5, &line.body),
        fixed64(7, AT_NS),
        fixed64(8, AT_NS + 1),
        field(9, key_value(&line.key, &line.value)),
        field(11, field(2, "e")),
        field(15, number(3, 2)),
    ]
    .concat()
}

fn entry(line: &Line) -> Vec<u8> {
    [
        field(1, number(1, AT_NS / 1_000_000_000)),
        field(2, &line.body),
        field(3, [field(1, &line.key), field(2, &line.value)].concat()),
    ]
    .concat()
}

fn series(line: &Line) -> Vec<u8> {
    let label = |key: &str, value: &str| field(1, [field(1, key), field(2, value)].concat());
    let sample = [fixed64(1, 1.5_f64.to_bits()), number(2, AT_NS / 1_000_000)];
    [
        label("__name__", "m"),
        label("text", &line.body),
        label(&line.key, &line.value),
        field(2, sample.concat()),
    ]
    .concat()
}

/// A series of version 2 of remote write with a table of its own texts; requests hold one.
pub fn table_and_series(line: &Line) -> Vec<u8> {
    let texts = [
        "",
        "__name__",
        "m",
        "text",
        &line.body,
        &line.key,
        &line.value,
    ];
    let symbols: Vec<u8> = texts.iter().flat_map(|text| field(4, text)).collect();
    let sample = [fixed64(1, 1.5_f64.to_bits()), number(2, AT_NS / 1_000_000)];
    let series = [field(1, [1, 2, 3, 4, 5, 6]), field(2, sample.concat())].concat();
    [symbols, field(5, series)].concat()
}

fn remote_write(
    version: RemoteWriteVersion,
    is_snappy: bool,
    body: &[u8],
) -> Result<Outcome, ingest::Error> {
    let format = RemoteWriteFormat { version, is_snappy };
    decode_remote_write(format, body, &context()).map(|write| write.decoded.into())
}

fn unsnapped(body: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new()
        .decompress_vec(body)
        .unwrap_or_default()
}

pub fn doors() -> Vec<Door> {
    let mut all = open_telemetry();
    all.extend(others());
    all
}

fn open_telemetry() -> Vec<Door> {
    vec![
        Door::new("otlp_logs", |body| {
            decode_otlp_logs(OtlpFormat::Protobuf, body, &context()).map(Into::into)
        })
        .parts(Isolation::Length, log, items)
        .samples(&[client!("otlp/python_logs.pb")]),
        Door::new("otlp_metrics", |body| {
            decode_otlp_metrics(OtlpFormat::Protobuf, body, &context()).map(Into::into)
        })
        .parts(Isolation::Length, point, gauge)
        .samples(&[
            client!("otlp/official_metrics.pb"),
            client!("otlp/python_metrics.pb"),
        ]),
        Door::new("otlp_traces", |body| traces(OtlpFormat::Protobuf, body))
            .parts(Isolation::Length, span, items)
            .samples(&[
                client!("otlp/python_traces.pb"),
                client!("otlp/python_trace_of_payments.pb"),
            ]),
    ]
}

fn others() -> Vec<Door> {
    vec![
        Door::new("loki", |body| {
            decode_loki(LokiFormat::SnappyProtobuf, &snappy(body), &context()).map(Into::into)
        })
        .parts(Isolation::Length, entry, stream)
        .samples(&[&unsnapped(client!("loki/winston_loki.snappy"))]),
        Door::new("loki_snappy", |body| {
            decode_loki(LokiFormat::SnappyProtobuf, body, &context()).map(Into::into)
        })
        .samples(&[client!("loki/winston_loki.snappy")]),
        Door::new("remote_write", |body| {
            remote_write(RemoteWriteVersion::One, false, body)
        })
        .parts(Isolation::Length, series, |elements| repeated(1, elements))
        .samples(&[
            &unsnapped(client!("prometheus/server_native.snappy")),
            &unsnapped(client!("prometheus/vmagent_shop.snappy")),
        ]),
        Door::new("remote_write_v2", |body| {
            remote_write(RemoteWriteVersion::Two, false, body)
        })
        .parts(Isolation::Alone, table_and_series, |elements| {
            elements.concat()
        })
        .samples(&[&unsnapped(client!("prometheus/official_v2.snappy"))]),
        Door::new("remote_write_snappy", |body| {
            remote_write(RemoteWriteVersion::One, true, body)
        })
        .samples(&[client!("prometheus/server_stale.snappy")]),
    ]
}
