use super::{Door, Row, Verdict};

fn row(body: &str) -> Row {
    Row {
        timestamp_ns: 1_795_506_261_126_000_042,
        severity: "warn",
        service: "shop".into(),
        host: "node-1".into(),
        body: body.to_owned(),
        trace_id: Some("0123456789abcdef0123456789abcdef".to_owned()),
        attributes: vec![("region".into(), "eu".to_owned())],
    }
}

fn text(door: Door) -> String {
    String::from_utf8(door.encode(&[row("cart \"7\" took 812 ms")])).unwrap()
}

#[test]
fn each_protocol_in_json_has_its_clients_shape() {
    let own = r#"{"timestamp":"2026-11-24T07:44:21.126000042Z","level":"warn","service":"shop","host":"node-1","trace_id":"0123456789abcdef0123456789abcdef","message":"cart \"7\" took 812 ms","region":"eu"}"#;
    assert_eq!(text(Door::Ndjson), format!("{own}\n"));
    assert_eq!(text(Door::JsonArray), format!("[{own}]"));
    let document = own.replace("\"timestamp\"", "\"@timestamp\"");
    assert_eq!(
        text(Door::Elasticsearch),
        format!("{{\"create\":{{\"_index\":\"logs\"}}}}\n{document}\n")
    );
    assert_eq!(
        text(Door::LokiJson),
        r#"{"streams":[{"stream":{"service_name":"shop","host":"node-1","level":"warn"},"values":[["1795506261126000042","cart \"7\" took 812 ms",{"trace_id":"0123456789abcdef0123456789abcdef","region":"eu"}]]}]}"#
    );
    assert!(
        text(Door::OtlpJson)
            .contains(r#""timeUnixNano":"1795506261126000042","severityNumber":13"#)
    );
    assert!(text(Door::Splunk).starts_with(r#"{"time":"1795506261.126000042","host":"node-1""#));
}

#[test]
fn the_protobuf_of_otlp_is_what_the_schema_says() {
    let mut plain = row("hi");
    plain.attributes.clear();
    plain.trace_id = Some("00ff".to_owned());
    let body = Door::OtlpProtobuf.encode(&[plain]);
    // resource_logs(1) of the rest, which is shorter than 128 bytes.
    assert_eq!((body[0], usize::from(body[1])), (10, body.len() - 2));
    let record = [
        &[9][..], // time_unix_nano(1), fixed64
        &1_795_506_261_126_000_042_i64.to_le_bytes(),
        &[16, 13],                        // severity_number(2)
        &[26, 4, b'W', b'A', b'R', b'N'], // severity_text(3)
        &[42, 4, 10, 2, b'h', b'i'],      // body(5): string_value(1)
        &[74, 2, 0, 0xff],                // trace_id(9)
    ]
    .concat();
    assert!(body.ends_with(&record), "{body:?}");
}

#[test]
fn the_protobuf_of_remote_write_is_what_the_schema_says() {
    let body = super::remote_write(&[("__name__", "up"), ("job", "a")], &[(1_000, 1.5)]);
    let plain = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
    let expected = [
        &[10, 40][..],    // timeseries(1)
        &[10, 14, 10, 8], // labels(1): name(1)
        b"__name__",
        &[18, 2, b'u', b'p'], // value(2)
        &[10, 8, 10, 3, b'j', b'o', b'b', 18, 1, b'a'],
        &[18, 12, 9], // samples(2): value(1), fixed64
        &1.5_f64.to_le_bytes(),
        &[16, 0xe8, 7], // timestamp(2)
    ]
    .concat();
    assert_eq!(plain, expected);
}

#[test]
fn rows_of_one_origin_share_a_stream() {
    let mut other = row("b");
    other.host = "node-2".into();
    let rows = [row("a"), other, row("c")];
    let body = String::from_utf8(Door::LokiJson.encode(&rows)).unwrap();
    assert_eq!(body.matches("\"stream\"").count(), 2, "{body}");
    let plain = Door::LokiProtobuf.encode_plain(&rows);
    let labels: &[u8] = b"{service_name=\"shop\", host=\"node-1\", level=\"warn\"}";
    let found = plain
        .windows(labels.len())
        .filter(|window| *window == labels)
        .count();
    assert_eq!(found, 1);
}

#[track_caller]
fn check(door: Door, status: u16, body: &[u8], expected: Verdict) {
    assert_eq!(door.verdict(status, body, 3), expected, "{}", door.name());
}

fn refused(reason: &str) -> Verdict {
    Verdict::Partly {
        refused: 1,
        reason: reason.to_owned(),
    }
}

#[test]
fn only_a_full_success_is_taken() {
    check(
        Door::Ndjson,
        200,
        br#"{"accepted":3,"rejected":[],"rejected_count":0}"#,
        Verdict::Taken,
    );
    check(Door::LokiProtobuf, 204, b"", Verdict::Taken);
    check(Door::OtlpProtobuf, 200, b"", Verdict::Taken);
    check(Door::OtlpJson, 200, b"{}", Verdict::Taken);
    check(
        Door::Splunk,
        200,
        br#"{"text":"Success","code":0}"#,
        Verdict::Taken,
    );
    let item = r#"{"create":{"status":201}}"#;
    let bulk = format!(r#"{{"errors":false,"items":[{item},{item},{item}]}}"#);
    check(Door::Elasticsearch, 200, bulk.as_bytes(), Verdict::Taken);
    let short = format!(r#"{{"errors":false,"items":[{item},{item}]}}"#);
    assert!(matches!(
        Door::Elasticsearch.verdict(200, short.as_bytes(), 3),
        Verdict::Refused { .. }
    ));
    assert!(matches!(
        Door::Ndjson.verdict(200, br#"{"accepted":2,"rejected_count":0}"#, 3),
        Verdict::Refused { .. }
    ));
}

#[test]
fn refused_records_are_told_with_their_reason() {
    check(
        Door::JsonArray,
        200,
        br#"{"accepted":2,"rejected":[{"index":1,"reason":"why"}],"rejected_count":1}"#,
        refused("why"),
    );
    check(
        Door::LokiJson,
        400,
        b"1 of 3 entries were refused, the others are stored: why\n",
        refused("why"),
    );
    check(
        Door::OtlpJson,
        200,
        br#"{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"why"}}"#,
        refused("why"),
    );
    check(
        Door::OtlpProtobuf,
        200,
        &[10, 7, 8, 1, 18, 3, b'w', b'h', b'y'],
        refused("why"),
    );
    check(
        Door::Splunk,
        400,
        br#"{"text":"Invalid data format","code":6,"invalid-event-number":1,"reason":"why"}"#,
        refused("why"),
    );
}

#[test]
fn a_busy_server_promises_nothing() {
    for door in Door::ALL {
        check(door, 429, b"", Verdict::TryAgain(429));
        check(door, 503, b"{}", Verdict::TryAgain(503));
        assert!(matches!(
            door.verdict(500, b"", 3),
            Verdict::Refused { status: 500, .. }
        ));
    }
}

#[test]
fn every_door_is_found_by_its_name() {
    for door in Door::ALL {
        assert_eq!(Door::by_name(door.name()), Some(door));
    }
    assert_eq!(Door::by_name("gopher"), None);
}
