//! The doors that read JSON.

use ingest::{
    BetterStackFormat, LogFormat, LokiFormat, OtlpFormat, SplunkDefaults, decode_better_stack,
    decode_bulk, decode_datadog, decode_events, decode_gelf, decode_logs, decode_loki,
    decode_metrics, decode_otlp_logs, decode_otlp_metrics, decode_otlp_traces,
    decode_splunk_events,
};

use crate::doors::{AT_NS, Door, Isolation, Kept, Line, Outcome, context};

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn array(elements: &[Vec<u8>]) -> Vec<u8> {
    between(b"[", elements, b",", b"]")
}

fn lines(elements: &[Vec<u8>]) -> Vec<u8> {
    between(b"", elements, b"\n", b"\n")
}

/// The elements with something before, between and behind them.
pub fn between(before: &[u8], elements: &[Vec<u8>], comma: &[u8], behind: &[u8]) -> Vec<u8> {
    [before, &elements.join(comma), behind].concat()
}

/// Members for the text, and for the key and value.
fn object(members: &str, text_key: &str, line: &Line) -> Vec<u8> {
    let (key, value) = (quoted(&line.key), quoted(&line.value));
    let body = quoted(&line.body);
    format!("{{{members},{}:{body},{key}:{value}}}", quoted(text_key)).into_bytes()
}

fn log(line: &Line) -> Vec<u8> {
    let members = r#""timestamp":"2026-11-28T08:00:00Z","level":"error","service":"shop","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","n":-1.5e3,"l":[1,{"a":null}]"#;
    object(members, "message", line)
}

/// `[{"key":KEY,"value":{"stringValue":VALUE}}]`.
fn otlp_attributes(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| {
            let (key, value) = (quoted(key), quoted(value));
            format!(r#"{{"key":{key},"value":{{"stringValue":{value}}}}}"#)
        })
        .collect();
    format!("[{}]", pairs.join(","))
}

/// A request of OTLP around elements: the names of its levels.
fn otlp(outer: &str, inner: &str, items: &str, elements: &[Vec<u8>]) -> Vec<u8> {
    let resource = otlp_attributes(&[("service.name", "shop"), ("zone", "b")]);
    let before = format!(
        r#"{{"{outer}":[{{"resource":{{"attributes":{resource}}},"{inner}":[{{"scope":{{"name":"lib"}},{items}"#
    );
    between(before.as_bytes(), elements, b",", b"]}]}]}")
}

fn otlp_log(line: &Line) -> Vec<u8> {
    let attributes = otlp_attributes(&[(&line.key, &line.value)]);
    let body = quoted(&line.body);
    format!(
        r#"{{"timeUnixNano":"{AT_NS}","severityNumber":17,"body":{{"stringValue":{body}}},"attributes":{attributes}}}"#
    )
    .into_bytes()
}

fn otlp_point(line: &Line) -> Vec<u8> {
    let attributes = otlp_attributes(&[("text", &line.body), (&line.key, &line.value)]);
    format!(r#"{{"timeUnixNano":"{AT_NS}","asDouble":1.5,"attributes":{attributes}}}"#).into_bytes()
}

fn otlp_span(line: &Line) -> Vec<u8> {
    let attributes = otlp_attributes(&[(&line.key, &line.value)]);
    let name = quoted(&line.body);
    format!(
        r#"{{"traceId":"848950cc2897bd589f4012665ebf23d2","spanId":"e2a03474006eefc0","name":{name},"startTimeUnixNano":"{AT_NS}","endTimeUnixNano":"{AT_NS}","attributes":{attributes},"events":[{{"name":"e"}}],"status":{{"code":2}}}}"#
    )
    .into_bytes()
}

/// What a `_bulk` request becomes; its items tell of each other's fate.
fn bulk(body: &[u8]) -> Result<Outcome, ingest::Error> {
    let bulk = decode_bulk(Some("default"), body, &context())?;
    let mut outcome = Outcome::default();
    for item in bulk.items {
        outcome.add(item.outcome.map(|record| bulk.records[record].clone()));
    }
    Ok(outcome)
}

/// The spans of a request, and the failures they tell of.
pub fn traces(format: OtlpFormat, body: &[u8]) -> Result<Outcome, ingest::Error> {
    let decoded = decode_otlp_traces(format, body, &context())?;
    let mut outcome = Outcome::from(decoded.spans);
    outcome.positions.clear();
    let failures = decoded.failures.into_iter().map(Kept::from);
    outcome.kept.extend(failures);
    Ok(outcome)
}

/// A request of a real client.
macro_rules! client {
    ($name:literal) => {
        &include_bytes!(concat!("../../testdata/", $name))[..]
    };
}

pub(crate) use client;

pub fn doors() -> Vec<Door> {
    let mut all = plain();
    all.extend(shippers());
    all.extend(protocols());
    all
}

fn plain() -> Vec<Door> {
    vec![
        Door::new("json", |body| {
            decode_logs(LogFormat::Json, body, &context()).map(Into::into)
        })
        .parts(Isolation::Brackets, log, array),
        Door::new("ndjson", |body| {
            decode_logs(LogFormat::Ndjson, body, &context()).map(Into::into)
        })
        .parts(Isolation::Mark(b'\n'), log, lines),
        Door::new("auto", |body| {
            decode_logs(LogFormat::Auto, body, &context()).map(Into::into)
        })
        .parts(Isolation::Nothing, log, lines),
        Door::new("metrics", |body| {
            decode_metrics(LogFormat::Json, body, &context()).map(Into::into)
        })
        .parts(
            Isolation::Brackets,
            |line| {
                let (body, key, value) = (quoted(&line.body), quoted(&line.key), quoted(&line.value));
                format!(r#"{{"name":"m","type":"counter","value":1.5,"timestamp":"2026-11-28T08:00:00Z","labels":{{"text":{body},{key}:{value}}}}}"#).into_bytes()
            },
            array,
        ),
        Door::new("events", |body| {
            decode_events(LogFormat::Json, body, &context()).map(Into::into)
        })
        .parts(
            Isolation::Brackets,
            |line| object(r#""kind":"deploy","service":"shop","version":"1.2","timestamp":1795852800"#, "title", line),
            array,
        ),
    ]
}

fn shippers() -> Vec<Door> {
    vec![
        Door::new("bulk", bulk)
            .parts(
                Isolation::Nothing,
                |line| [&b"{\"create\":{\"_index\":\"logs\",\"_id\":\"7\"}}\n"[..], &log(line)].concat(),
                lines,
            )
            .samples(&[client!("elasticsearch/python.ndjson"), client!("elasticsearch/pino.ndjson")]),
        Door::new("splunk", |body| {
            let defaults = SplunkDefaults {
                host: Some("default".to_owned()),
                ..SplunkDefaults::default()
            };
            decode_splunk_events(&defaults, body, &context()).map(Into::into)
        })
        .parts(
            Isolation::Mark(b'\n'),
            |line| {
                let (body, key, value) = (quoted(&line.body), quoted(&line.key), quoted(&line.value));
                format!(r#"{{"time":"1795852800.25","host":"web-1","source":"app","event":{body},"fields":{{{key}:{value}}}}}"#).into_bytes()
            },
            lines,
        )
        .samples(&[client!("splunk/python.json"), client!("splunk/node.json"), client!("splunk/winston.json")]),
        Door::new("datadog", |body| {
            let defaults = [("ddtags".to_owned(), "env:test".to_owned())];
            decode_datadog(&defaults, body, &context()).map(Into::into)
        })
        .parts(
            Isolation::Brackets,
            |line| object(r#""ddsource":"nginx","ddtags":"env:prod,team:shop,plain","hostname":"web-1","service":"shop","status":"error""#, "message", line),
            array,
        )
        .samples(&[client!("datadog/python.json")]),
        Door::new("better_stack", |body| {
            let format = BetterStackFormat::Text(LogFormat::Json);
            decode_better_stack(format, body, &context()).map(Into::into)
        })
        .parts(
            Isolation::Brackets,
            |line| object(r#""dt":"2026-11-28 08:00:00 UTC","level":"error","severity":4"#, "message", line),
            array,
        ),
        Door::new("gelf", |body| decode_gelf(body, &context()).map(Into::into))
            .parts(Isolation::Mark(b'\n'), gelf, lines),
    ]
}

/// A GELF message.
pub fn gelf(line: &Line) -> Vec<u8> {
    let line = Line {
        key: format!("_{}", line.key),
        ..line.clone()
    };
    object(
        r#""version":"1.1","host":"web-1","timestamp":1795852800.25,"level":3,"_user":7"#,
        "short_message",
        &line,
    )
}

fn protocols() -> Vec<Door> {
    vec![
        Door::new("loki_json", |body| {
            decode_loki(LokiFormat::Json, body, &context()).map(Into::into)
        })
        .parts(
            Isolation::Brackets,
            |line| {
                let (body, key, value) =
                    (quoted(&line.body), quoted(&line.key), quoted(&line.value));
                format!(r#"["{AT_NS}",{body},{{{key}:{value}}}]"#).into_bytes()
            },
            |elements| {
                between(
                    br#"{"streams":[{"stream":{"app":"shop","level":"error"},"values":["#,
                    elements,
                    b",",
                    b"]}]}",
                )
            },
        )
        .samples(&[
            client!("loki/pino_loki.json"),
            client!("loki/winston_loki.json"),
            client!("loki/python_logging_loki.json"),
        ]),
        Door::new("otlp_logs_json", |body| {
            decode_otlp_logs(OtlpFormat::Json, body, &context()).map(Into::into)
        })
        .parts(Isolation::Brackets, otlp_log, |elements| {
            otlp("resourceLogs", "scopeLogs", r#""logRecords":["#, elements)
        })
        .samples(&[client!("otlp/javascript_logs.json")]),
        Door::new("otlp_metrics_json", |body| {
            decode_otlp_metrics(OtlpFormat::Json, body, &context()).map(Into::into)
        })
        .parts(Isolation::Brackets, otlp_point, |elements| {
            let elements = between(
                br#"{"name":"m","gauge":{"dataPoints":["#,
                elements,
                b",",
                b"]}}",
            );
            otlp(
                "resourceMetrics",
                "scopeMetrics",
                r#""metrics":["#,
                &[elements],
            )
        })
        .samples(&[
            client!("otlp/javascript_metrics.json"),
            client!("otlp/official_metrics.json"),
        ]),
        Door::new("otlp_traces_json", |body| traces(OtlpFormat::Json, body))
            .parts(Isolation::Brackets, otlp_span, |elements| {
                otlp("resourceSpans", "scopeSpans", r#""spans":["#, elements)
            })
            .samples(&[client!("otlp/javascript_traces.json")]),
    ]
}
