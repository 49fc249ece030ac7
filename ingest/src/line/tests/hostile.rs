//! Lines that were made to do harm, and lines made at random.

use proptest::prelude::*;

use super::*;

#[test]
fn structured_data_cannot_blow_a_line_up() {
    let line = |id: &str, parameters: usize| {
        format!(
            "<165>1 2026-11-23T13:00:00Z web1 app 12 - [{id}{}] text",
            " k=\"v\"".repeat(parameters)
        )
    };
    for hostile in [
        line(&"i".repeat(20_000), 100),
        line(&"i".repeat(65), 1),
        line("id", 2_000),
        line("id", 1).replace("k=", &format!("{}=", "k".repeat(65))),
    ] {
        let record = &decode(&hostile)[0];
        assert!(record.body.starts_with('['), "it stays in the message");
        assert!(record.attributes.len() < 200, "{}", record.attributes);
    }
    let elements = "[a@1 k=\"v\"]".repeat(5_000);
    let record = &decode(&format!(
        "<165>1 2026-11-23T13:00:00Z web1 app 12 - {elements} text"
    ))[0];
    assert_eq!(record.attributes.matches("a@1.k").count(), 100);
    assert_eq!(record.body.matches("a@1").count(), 4_900);
}

#[test]
fn attributes_larger_than_a_record_are_replaced_by_their_size() {
    // Every control character is escaped to six.
    let value = "\u{1}".repeat(300_000);
    let record = &decode(&format!("level=info msg=m k=\"{value}\""))[0];
    assert_eq!(record.body, "m");
    assert_eq!(
        record.attributes,
        r#"{"vigil.attributes_dropped_bytes":1800008}"#
    );
}

#[test]
fn the_last_epoch_of_all_is_read_without_overflow() {
    check(
        "- 9223372036 2262.04.11 node1 2262-04-11-23.47.16.999999 node1 RAS KERNEL INFO end",
        r#"arrival | info | end | {"host":"node1","component":"KERNEL","vigil.original_timestamp":"9223372036"}"#,
    );
}

#[test]
fn no_name_comes_twice_among_attributes() {
    check(
        "2026-11-23 13:00:00 INFO [a] [b] [c] - m",
        r#"2026-11-23T13:00:00Z | info | m | {"context":"a","context.2":"b","thread":"c"}"#,
    );
    check(
        "2026-11-23 13:00:00 INFO [req-1] [req-2] m",
        r#"2026-11-23T13:00:00Z | info | m | {"request":"req-1","request.2":"req-2"}"#,
    );
    check(
        "2026-11-23T13:00:00Z 0 [Warning] [MY-010055] [Server] [MY-010056] m",
        r#"2026-11-23T13:00:00Z | warn | m | {"pid":0,"code":"MY-010055","component":"Server","code.2":"MY-010056"}"#,
    );
    check(
        "2026-11-23 13:00:00 [12] 14#15: m",
        r#"2026-11-23T13:00:00Z | unspecified | m | {"pid":12,"tid":14,"tid.2":15}"#,
    );
    check(
        "[2026-11-23T13:00:00Z web] 4 I Tag: m",
        r#"2026-11-23T13:00:00Z | info | m | {"component":"web","pid":4,"component.2":"Tag"}"#,
    );
    check(
        "<165>1 2026-11-23T13:00:00Z web1 app 12 - [o ip=\"1\" ip=\"2\"][o ip=\"3\" ip.2=\"4\"] m",
        r#"2026-11-23T13:00:00Z | info | m | {"host":"web1","component":"app","pid":12,"o.ip":"1","o.ip.2":"2","o.ip.3":"3","o.ip.2.2":"4","facility":20}"#,
    );
    check(
        "<13>Nov 23 13:00:00 web1 app: {\"message\":\"m\",\"syslog\":{\"a\":1}}",
        r#"2026-11-23T13:00:00Z | info | m | {"syslog":{"a":1},"syslog.2":{"host":"web1","component":"app","facility":1}}"#,
    );
    check(
        "time=1 level=info msg=m vigil.original_timestamp=x",
        r#"arrival | info | m | {"vigil.original_timestamp":"x","vigil.original_timestamp.2":"1"}"#,
    );
}

#[test]
fn a_message_of_syslog_that_is_all_header_keeps_what_the_header_says() {
    let line = "<163>1 2026-11-23T13:00:00Z web1 app 12 ID [o ip=\"1\"]";
    check(
        line,
        &format!(
            r#"2026-11-23T13:00:00Z | error | {line} | {{"host":"web1","component":"app","pid":12,"message_id":"ID","o.ip":"1","facility":20}}"#
        ),
    );
}

proptest! {
    #[test]
    fn any_bytes_become_records_without_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..12)) {
        let limits = Limits::default();
        let context = Context { project_id: ProjectId::from_parts(0, [7; 10]), received_at_ns: NOW_NS, default_service: None, limits: &limits };
        let mut decoder = LineDecoder::new(&context);
        for line in &lines {
            decoder.push_line(line);
        }
        while decoder.finish().is_some() {}
    }

    #[test]
    fn nearly_headers_become_records_without_panic(
        parts in proptest::collection::vec(prop_oneof![
            Just("["), Just("]"), Just(" "), Just("|"), Just("-"), Just(":"), Just("2026-11-23 13:00:00"), Just("INFO"), Just("<34>"), Just("1 "),
            Just("Nov 23 13:00:00"), Just("é"), Just("\""), Just("="), Just("a.b.C"), Just("1234"), Just("\t"), Just("{"), Just("I/x( 1): "), Just("error"),
            Just("1117838570"), Just("9223372036"), Just("2005-06-03-15.42.50.999999"), Just("2005.06.03"), Just("stdout F "), Just("E"), Just(", ["), Just("req-")
        ], 0..16)
    ) {
        let line = parts.concat();
        let records = decode(&line);
        prop_assert_eq!(records.len(), usize::from(!line.trim_ascii().is_empty()));
        for record in &records {
            prop_assert!(!record.body.trim().is_empty(), "{:?}", line);
        }
    }
}
