use domain::ProjectId;
use proptest::prelude::*;

use super::*;
use crate::Limits;

/// 2026-11-24T08:00:00Z, a moment after the bodies were captured.
const NOW_NS: i64 = 1_795_507_200_000_000_000;

fn try_decode(format: LokiFormat, body: &[u8]) -> Result<Decoded<LogRecord>, Error> {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &limits,
    };
    decode_loki(format, body, &context)
}

fn json(body: &str) -> Decoded<LogRecord> {
    try_decode(LokiFormat::Json, body.as_bytes()).unwrap()
}

fn one(labels: &str, entry: &str) -> LogRecord {
    let decoded = json(&format!(
        r#"{{"streams":[{{"values":[{entry}],"stream":{labels}}}]}}"#
    ));
    assert_eq!(decoded.rejected, [], "{labels} {entry}");
    decoded.accepted.into_iter().next().unwrap()
}

#[test]
fn what_python_logging_loki_sends_arrives() {
    let decoded = try_decode(
        LokiFormat::Json,
        include_bytes!("../../testdata/loki/python_logging_loki.json"),
    )
    .unwrap();
    let record = &decoded.accepted[0];
    assert_eq!(record.body, r#"invoice 17 "refused""#);
    assert_eq!(record.service, "billing");
    assert_eq!(record.severity, Severity::Error);
    assert_eq!(record.timestamp_ns, 1_795_506_257_821_410_048);
    assert_eq!(
        record.attributes,
        r#"{"app":"billing","logger":"billing","job":"nightly"}"#
    );
}

#[test]
fn what_loki_logger_handler_sends_arrives_with_its_metadata() {
    let limits = Limits::default();
    let body = include_bytes!("../../testdata/loki/loki_logger_handler.json.gz");
    let plain = crate::decompress(crate::Encoding::Gzip, body, &limits).unwrap();
    let decoded = try_decode(LokiFormat::Json, &plain).unwrap();
    assert_eq!(decoded.rejected, []);
    let record = &decoded.accepted[0];
    assert!(record.body.contains("mail bounced"), "{}", record.body);
    assert_eq!(record.service, "mail");
    assert_eq!(record.severity, Severity::Warn);
    assert_eq!(
        record.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
}

#[test]
fn what_winston_loki_sends_is_the_same_from_json_and_protobuf() {
    let from_json = try_decode(
        LokiFormat::Json,
        include_bytes!("../../testdata/loki/winston_loki.json"),
    )
    .unwrap();
    let snappy = include_bytes!("../../testdata/loki/winston_loki.snappy");
    let from_protobuf = try_decode(LokiFormat::SnappyProtobuf, snappy).unwrap();
    for (decoded, word) in [(from_json, "json"), (from_protobuf, "proto")] {
        assert_eq!(decoded.rejected, []);
        let [refused, fine] = decoded.accepted.as_slice() else {
            panic!("{decoded:?}");
        };
        assert!(
            refused.body.contains(&format!("card refused {word}")),
            "{}",
            refused.body
        );
        assert_eq!(
            (refused.severity, fine.severity),
            (Severity::Error, Severity::Info)
        );
        assert_eq!(
            (refused.service.as_str(), fine.service.as_str()),
            ("shop", "shop")
        );
        assert!(refused.timestamp_ns > NOW_NS - 3_600_000_000_000 && refused.timestamp_ns < NOW_NS);
        assert!(
            refused.attributes.contains(r#""app":"shop""#),
            "{}",
            refused.attributes
        );
    }
}

#[test]
fn what_pino_loki_sends_arrives() {
    let decoded = try_decode(
        LokiFormat::Json,
        include_bytes!("../../testdata/loki/pino_loki.json"),
    )
    .unwrap();
    let record = &decoded.accepted[0];
    assert!(record.body.contains("slow answer"), "{}", record.body);
    assert_eq!(record.service, "pinoapp");
    assert_eq!(record.severity, Severity::Warn);
}

#[test]
fn the_level_is_that_of_the_entry_else_of_the_stream_else_of_the_line() {
    let severity = |labels: &str, entry: &str| one(labels, entry).severity;
    assert_eq!(
        severity(
            r#"{"level":"info"}"#,
            r#"["0","ERROR x",{"detected_level":"warn"}]"#
        ),
        Severity::Warn
    );
    assert_eq!(
        severity(r#"{"severity":"crit"}"#, r#"["0","x"]"#),
        Severity::Fatal
    );
    assert_eq!(
        severity(
            r#"{"detected_level":"unknown"}"#,
            r#"["0","level=error msg=\"it broke\""]"#
        ),
        Severity::Error
    );
    assert_eq!(
        severity("{}", r#"["0","{\"level\":\"warn\",\"msg\":\"slow\"}"]"#),
        Severity::Warn
    );
    assert_eq!(
        severity("{}", r#"["0","2026-11-24 07:59:00 ERROR it broke"]"#),
        Severity::Error
    );
    assert_eq!(
        severity("{}", r#"["0","all is well"]"#),
        Severity::Unspecified
    );
}

#[test]
fn the_service_is_the_best_label_and_labels_beside_metadata_keep_both() {
    let service = |labels: &str| one(labels, r#"["0","x"]"#).service;
    assert_eq!(
        service(r#"{"job":"j","app":"a","service_name":"s","container":"c"}"#),
        "s"
    );
    assert_eq!(service(r#"{"container":"c","job":"j"}"#), "j");
    assert_eq!(service(r#"{"pod":"p"}"#), "unknown");
    let record = one(
        r#"{"service":"s","zone":"a"}"#,
        r#"["1795507000000000001","x\n",{"zone":"b","span_id":"00F067AA0BA902B7"}]"#,
    );
    assert_eq!(record.attributes, r#"{"zone":"b","label.zone":"a"}"#);
    assert_eq!(record.span_id.as_deref(), Some("00f067aa0ba902b7"));
    assert_eq!(
        (record.body.as_str(), record.timestamp_ns),
        ("x", 1_795_507_000_000_000_001)
    );
}

#[test]
fn one_broken_entry_costs_no_neighbour() {
    let decoded = json(
        r#"{"streams":[{"stream":{"app":"a"},"values":[["0","one"],["0"],["soon","x"],["0",7],["0",""],7,["0","two \ud800"]]},
            {"stream":[],"values":[["0","three"]]},{"stream":{"app":"a","x":{"y":1}},"values":[["0","four"]]}]}"#,
    );
    let bodies: Vec<&str> = decoded
        .accepted
        .iter()
        .map(|record| record.body.as_str())
        .collect();
    assert_eq!(bodies, ["one", "two \u{fffd}", "three", "four"]);
    assert_eq!(decoded.rejected_count, 5);
    assert_eq!(decoded.positions.of(1), 6);
}

#[test]
fn labels_as_text_have_every_escape_of_go() {
    let read = |text: &str| {
        parse_labels(text, 100).map(|pairs| {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            pairs.join(";")
        })
    };
    assert_eq!(read("{}").unwrap(), "");
    assert_eq!(
        read(r#" {app="shop" , level = "info",}"#).unwrap(),
        "app=shop;level=info"
    );
    assert_eq!(
        read(r#"{a="x\"y\\z\n\x41\u00e9\101", b=`raw\n`, "c.d"='q'}"#).unwrap(),
        "a=x\"y\\z\nAéA;b=raw\\n;c.d=q"
    );
    assert_eq!(read(r#"{a="1",a="2"}"#).unwrap(), "a=2");
    for broken in [
        "",
        "app",
        "{app}",
        r#"{app="x}"#,
        r#"{app="x" b="y"}"#,
        r#"{app="\q"}"#,
        r#"{app="x"} more"#,
        r#"{a="\x4"}"#,
    ] {
        assert!(read(broken).is_err(), "{broken}");
    }
}

#[test]
fn a_stream_whose_labels_cannot_be_read_is_refused_alone() {
    // streams { labels: "nonsense", entries { line: "x" } } streams { labels: "{}", entries { line: "y" } }
    let plain = b"\x0a\x0f\x0a\x08nonsense\x12\x03\x12\x01x\x0a\x09\x0a\x02{}\x12\x03\x12\x01y";
    let body = snap::raw::Encoder::new().compress_vec(plain).unwrap();
    let decoded = try_decode(LokiFormat::SnappyProtobuf, &body).unwrap();
    assert_eq!(decoded.accepted.len(), 1);
    assert_eq!(decoded.accepted[0].body, "y");
    assert!(decoded.rejected[0].reason.contains("labels 'nonsense'"));
}

#[test]
fn what_is_no_request_and_what_is_too_large_is_refused_as_a_whole() {
    assert!(matches!(
        try_decode(LokiFormat::Json, b"[]"),
        Err(Error::Malformed { .. })
    ));
    assert!(matches!(
        try_decode(LokiFormat::Json, br#"{"streams":[{"values":[["#),
        Err(Error::Malformed { .. })
    ));
    assert!(matches!(
        try_decode(LokiFormat::SnappyProtobuf, b"\xff\xff"),
        Err(Error::BadCompression { .. })
    ));
    // A header that promises four gigabytes.
    let bomb = b"\xff\xff\xff\xff\x0f\x00";
    assert!(matches!(
        try_decode(LokiFormat::SnappyProtobuf, bomb),
        Err(Error::DecompressedTooLarge { .. })
    ));
    for (format, body) in [
        (LokiFormat::Json, &b"{}"[..]),
        (LokiFormat::Json, b""),
        (LokiFormat::SnappyProtobuf, b""),
    ] {
        assert_eq!(try_decode(format, body).unwrap(), Decoded::new());
    }
}

proptest! {
    #[test]
    fn no_body_panics(flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), is_json in any::<bool>(), labels in "\\{[a-z=\"\\\\x0-9`', }]{0,40}") {
        parse_labels(&labels, 100).ok();
        let snappy = include_bytes!("../../testdata/loki/winston_loki.snappy");
        let (format, body) = if is_json {
            (LokiFormat::Json, include_bytes!("../../testdata/loki/winston_loki.json").to_vec())
        } else {
            (LokiFormat::SnappyProtobuf, snap::raw::Decoder::new().decompress_vec(snappy).unwrap())
        };
        let mut body = body;
        for (at, byte) in flips {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if is_json {
            try_decode(format, &body).ok();
        } else {
            try_decode(format, &body).ok();
            try_decode(format, &snap::raw::Encoder::new().compress_vec(&body).unwrap()).ok();
        }
    }
}

#[test]
fn what_is_more_than_a_request_may_hold_is_not_collected() {
    let limits = Limits {
        records: 3,
        attributes: 4,
        ..Limits::default()
    };
    let context = Context {
        limits: &limits,
        project_id: domain::ProjectId(uuid::Uuid::nil()),
        received_at_ns: 1_795_520_000_000_000_000,
        default_service: None,
    };
    let protobuf = |plain: &[u8]| {
        let body = snap::raw::Encoder::new().compress_vec(plain).unwrap();
        decode_loki(LokiFormat::SnappyProtobuf, &body, &context)
    };
    // Streams without entries, and entries of one stream.
    let many = |decoded: Result<Decoded<LogRecord>, Error>| {
        assert_eq!(decoded, Err(Error::TooManyRecords { limit: 3 }));
    };
    assert_eq!(protobuf(&b"\x0a\x00".repeat(3)), Ok(Decoded::new()));
    many(protobuf(&b"\x0a\x00".repeat(4)));
    many(protobuf(b"\x0a\x08\x12\x00\x12\x00\x12\x00\x12\x00"));
    // Five names: of the labels, as text and as an object, and of the metadata.
    let entry = br#"[["1795519000000000000","x"]]"#;
    let five = r#"{"a":"1","b":"1","c":"1","d":"1","e":"1"}"#;
    let json = |labels: &str, values: &[u8]| {
        let values = String::from_utf8_lossy(values);
        let body = format!(r#"{{"streams":[{{"stream":{labels},"values":{values}}}]}}"#);
        decode_loki(LokiFormat::Json, body.as_bytes(), &context).unwrap()
    };
    let reason = "labels or metadata have 5 names, limit is 4";
    assert_eq!(json(five, entry).rejected[0].reason, reason);
    let entry = format!(r#"[["1795519000000000000","x",{five}]]"#);
    assert_eq!(json("{}", entry.as_bytes()).rejected[0].reason, reason);
    assert_eq!(
        parse_labels(r#"{a="",b="",c="",d="",e=""}"#, 4),
        Err(reason.to_owned())
    );
    let pairs = b"abcde".map(|name| [0x1a, 3, 0x0a, 1, name]).concat();
    let entry = [&[0x12, 25][..], &pairs].concat();
    let decoded = protobuf(&[&[0x0a, 27][..], &entry].concat()).unwrap();
    assert_eq!(decoded.rejected[0].reason, reason);
}

#[test]
fn a_stream_that_breaks_costs_only_what_stands_behind_its_break() {
    let decoded = json(
        r#"{"streams":[{"stream":{"app":"a"},"values":[["0","one"]]},7,{"values":[["0","two"]] "x"},{"values":[["0","three"]]}]}"#,
    );
    let bodies: Vec<&str> = decoded
        .accepted
        .iter()
        .map(|record| &*record.body)
        .collect();
    assert_eq!(bodies, ["one", "two", "three"]);
    let indexes: Vec<usize> = decoded.rejected.iter().map(|item| item.index).collect();
    assert_eq!(indexes, [1, 3]);
    assert!(
        decoded.rejected[0]
            .reason
            .starts_with("stream cannot be read")
    );
    // streams { entries { line: "x" } and a torn field } streams { entries { line: "y" } }
    let plain = b"\x0a\x08\x12\x03\x12\x01x\x12\x70a\x0a\x05\x12\x03\x12\x01y";
    let body = snap::raw::Encoder::new().compress_vec(plain).unwrap();
    let decoded = try_decode(LokiFormat::SnappyProtobuf, &body).unwrap();
    assert_eq!((decoded.accepted.len(), decoded.rejected_count), (2, 1));
}

#[test]
fn no_name_comes_twice_among_attributes() {
    let record = one(
        r#"{"zone":"a","label.zone":"b","other":"c"}"#,
        r#"["0","x",{"zone":"1","label.label.zone":"2"}]"#,
    );
    assert_eq!(
        record.attributes,
        r#"{"zone":"1","label.label.zone":"2","label.label.label.zone":"a","label.zone":"b","other":"c"}"#
    );
    // Forty names of metadata, then the first of them again.
    let pair = |name: u8, value: &[u8]| [&[0x1a, 6, 0x0a, 1, name, 0x12, 1][..], value].concat();
    let mut pairs: Vec<u8> = (b'A'..=b'h').flat_map(|name| pair(name, b"1")).collect();
    pairs.extend(pair(b'A', b"2"));
    let entry = [&[0x12, 1, b'x'][..], &pairs].concat();
    let length = |bytes: &[u8]| {
        let length = bytes.len();
        [(length & 0x7f | 0x80) as u8, (length >> 7) as u8]
    };
    let entry = [&[0x12][..], &length(&entry), &entry].concat();
    let stream = [&[0x0a][..], &length(&entry), &entry].concat();
    let body = snap::raw::Encoder::new().compress_vec(&stream).unwrap();
    let decoded = try_decode(LokiFormat::SnappyProtobuf, &body).unwrap();
    let attributes = &decoded.accepted[0].attributes;
    assert_eq!(attributes.matches("\"A\":").count(), 1, "{attributes}");
    assert!(attributes.contains("\"A\":\"2\""), "{attributes}");
}
