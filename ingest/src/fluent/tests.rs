use std::io::Write as _;

use domain::{ProjectId, Severity};
use proptest::prelude::*;
use rmp::encode;

use super::*;
use crate::Limits;

fn context(limits: &Limits) -> Context<'_> {
    Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 1_795_520_000_000_000_000,
        default_service: None,
        limits,
    }
}

fn records(message: &[u8]) -> FluentRecords {
    match decode_fluent(message, &context(&Limits::default())).unwrap() {
        FluentMessage::Records(records) => records,
        other => panic!("{other:?}"),
    }
}

fn attributes(record: &LogRecord) -> serde_json::Value {
    serde_json::from_str(&record.attributes).unwrap()
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::write_str(&mut bytes, text).unwrap();
    bytes
}

fn bin(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::write_bin(&mut bytes, data).unwrap();
    bytes
}

fn number(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::write_uint(&mut bytes, value).unwrap();
    bytes
}

fn array(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::write_array_len(&mut bytes, u32::try_from(elements.len()).unwrap()).unwrap();
    bytes.extend(elements.concat());
    bytes
}

fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::write_map_len(&mut bytes, u32::try_from(pairs.len()).unwrap()).unwrap();
    for (key, value) in pairs {
        bytes.extend(text(key));
        bytes.extend(value);
    }
    bytes
}

/// 2026-11-24 08:00:00.25 as `EventTime`.
fn event_time() -> Vec<u8> {
    let mut bytes = vec![0xd7, 0];
    bytes.extend(1_795_507_200_u32.to_be_bytes());
    bytes.extend(250_000_000_u32.to_be_bytes());
    bytes
}

fn record(message: &str) -> Vec<u8> {
    map(&[("message", text(message)), ("level", text("warn"))])
}

#[test]
fn every_mode_carries_tag_time_and_record() {
    let pair = array(&[event_time(), record("m")]);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(&pair).unwrap();
    packer.write_all(&pair).unwrap();
    let gzip = packer.finish().unwrap();
    let compressed = map(&[("compressed", text("gzip")), ("chunk", text("c1"))]);
    let cases = [
        (array(&[text("app.web"), event_time(), record("m")]), 1),
        (
            array(&[text("app.web"), array(&[pair.clone(), pair.clone()])]),
            2,
        ),
        (
            array(&[text("app.web"), bin(&[&pair[..], &pair].concat())]),
            2,
        ),
        (array(&[text("app.web"), bin(&gzip), compressed]), 2),
    ];
    for (message, count) in cases {
        let records = records(&message);
        assert_eq!(records.decoded.accepted.len(), count);
        assert_eq!(records.decoded.rejected_count, 0);
        for record in &records.decoded.accepted {
            assert_eq!(record.timestamp_ns, 1_795_507_200_250_000_000);
            assert_eq!(record.body, "m");
            assert_eq!(record.severity, Severity::Warn);
            assert_eq!(record.service, "app.web");
            assert_eq!(attributes(record)["tag"], "app.web");
        }
    }
}

#[test]
fn a_chunk_is_answered_as_it_was_named() {
    let option = map(&[
        ("size", number(1)),
        ("chunk", text("p8n9gmxTQVC8/nh2wlKKeQ==")),
    ]);
    let entries = array(&[array(&[number(1_795_507_200), record("m")])]);
    let records = records(&array(&[text("t"), entries, option]));
    let chunk = records.chunk.unwrap();
    let mut expected = vec![0x81];
    expected.extend(text("ack"));
    expected.extend(text("p8n9gmxTQVC8/nh2wlKKeQ=="));
    assert_eq!(fluent_ack(&chunk), expected);
}

#[test]
fn a_record_that_is_none_costs_only_itself() {
    let pairs: Vec<Vec<u8>> = (0..1_000)
        .map(|index| match index {
            500 => array(&[event_time(), text("not a map")]),
            _ => array(&[event_time(), record("m")]),
        })
        .collect();
    let forward = records(&array(&[text("t"), array(&pairs)]));
    assert_eq!(
        (
            forward.decoded.accepted.len(),
            forward.decoded.rejected_count
        ),
        (999, 1)
    );
    assert_eq!(forward.decoded.rejected[0].index, 500);
    let packed = records(&array(&[text("t"), bin(&pairs.concat())]));
    assert_eq!(packed.decoded, forward.decoded);
    // A chunk that cannot be unpacked will be no better when it is sent again.
    let option = map(&[("compressed", text("gzip")), ("chunk", text("c"))]);
    let broken = records(&array(&[text("t"), bin(b"nonsense"), option]));
    assert_eq!(broken.decoded.rejected_count, 1);
    assert!(broken.chunk.is_some());
}

#[test]
fn lines_inside_are_read_and_the_service_is_what_names_one_before_the_tag() {
    let line = r#"{"level":"error","msg":"inner","order":7}"#;
    let record = map(&[
        ("log", text(&format!("{line}\n"))),
        ("container_name", text("/cart")),
    ]);
    let found = records(&array(&[text("docker.1"), number(1_795_507_200), record]));
    let found = &found.decoded.accepted[0];
    assert_eq!(found.body, "inner");
    assert_eq!(found.severity, Severity::Error);
    assert_eq!(found.service, "cart");
    assert_eq!(attributes(found)["order"], 7);
    let own = map(&[
        ("message", text("m")),
        ("service", text("shop")),
        ("timestamp", text("2026-11-24T09:00:00Z")),
    ]);
    let found = records(&array(&[text("t"), event_time(), own]));
    let found = &found.decoded.accepted[0];
    assert_eq!(found.service, "shop");
    assert_eq!(found.timestamp_ns, 1_795_510_800_000_000_000);
}

#[test]
fn fluent_bits_metadata_metrics_and_zero_times_do_no_harm() {
    let time = array(&[event_time(), map(&[])]);
    let entries = array(&[
        array(&[time, record("m")]),
        array(&[number(0), record("m")]),
    ]);
    let found = records(&array(&[text("t"), entries])).decoded.accepted;
    assert_eq!(found[0].timestamp_ns, 1_795_507_200_250_000_000);
    assert_eq!(found[1].timestamp_ns, 1_795_520_000_000_000_000);
    let signal = map(&[("fluent_signal", number(1))]);
    let metrics = records(&array(&[text("t"), bin(&[1, 2, 3]), signal]));
    assert!(metrics.decoded.rejected[0].reason.contains("fluent_signal"));
}

/// The bodies of every part.
fn parts(message: &[u8], limits: &Limits) -> Vec<Vec<String>> {
    let FluentMessage::Records(first) = decode_fluent(message, &context(limits)).unwrap() else {
        panic!("no records");
    };
    let bodies = |decoded: Decoded<LogRecord>| {
        let bodies = decoded.accepted.into_iter().map(|record| record.body);
        bodies.collect::<Vec<_>>()
    };
    let mut parts = vec![bodies(first.decoded)];
    let mut rest = first.rest;
    while let Some(more) = rest.take() {
        let (decoded, behind) = more.next_part(&context(limits));
        parts.push(bodies(decoded));
        rest = behind;
    }
    parts
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(plain).unwrap();
    packer.finish().unwrap()
}

#[test]
fn a_chunk_of_any_size_is_read_part_by_part() {
    let pairs: Vec<Vec<u8>> = (0..1_000)
        .map(|number| array(&[event_time(), record(&format!("record {number}"))]))
        .collect();
    let plain = pairs.concat();
    let wanted: Vec<String> = (0..1_000)
        .map(|number| format!("record {number}"))
        .collect();
    let option = map(&[("compressed", text("gzip"))]);
    let messages = [
        array(&[text("t"), bin(&plain)]),
        array(&[text("t"), array(&pairs)]),
        array(&[text("t"), bin(&gzip(&plain)), option]),
    ];
    for message in messages {
        let few_records = Limits {
            records: 300,
            ..Limits::default()
        };
        let lengths = |parts: &[Vec<String>]| parts.iter().map(Vec::len).collect::<Vec<_>>();
        let found = parts(&message, &few_records);
        assert_eq!(lengths(&found), [300, 300, 300, 100]);
        assert_eq!(found.concat(), wanted);
        // Parts end behind an entry and are read on from there.
        let few_bytes = Limits {
            body_bytes: plain.len() / 4,
            ..Limits::default()
        };
        assert_eq!(parts(&message, &few_bytes).concat(), wanted);
        assert_eq!(lengths(&parts(&message, &Limits::default())), [1_000]);
    }
}

#[test]
fn a_chunk_that_unpacks_without_end_is_left_and_what_was_read_of_it_counts() {
    let pair = array(&[event_time(), record("m")]);
    let limits = Limits {
        body_bytes: 100_000,
        ..Limits::default()
    };
    let option = || map(&[("compressed", text("gzip"))]);
    let endless = gzip(&pair.repeat(5_000_000 / pair.len()));
    let message = array(&[text("t"), bin(&endless), option()]);
    let read = parts(&message, &limits).concat().len() * pair.len();
    let most = 100_000 * usize::try_from(unpacking::UNPACKED_TIMES).unwrap();
    assert!((most..most * 2).contains(&read), "{read} bytes were read");
    // Nothing but refusals: it is not read on.
    let nothing = gzip(&vec![0xc0; 5_000_000]);
    let message = array(&[text("t"), bin(&nothing), option()]);
    assert_eq!(parts(&message, &limits), vec![Vec::<String>::new()]);
}

#[test]
fn the_handshake_is_read_and_written() {
    let ping = array(&[
        text("PING"),
        text("web-1"),
        bin(b"salt"),
        text("digest"),
        text(""),
        text(""),
    ]);
    let read = FluentPing::read(&ping).unwrap().unwrap();
    assert_eq!(
        (&read.host[..], &read.salt[..], &read.digest[..]),
        (&b"web-1"[..], &b"salt"[..], &b"digest"[..])
    );
    assert_eq!(FluentPing::read(&[0xc0]).unwrap(), None);
    let hello = map(&[
        ("nonce", bin(b"n")),
        ("auth", text("")),
        ("keepalive", vec![0xc3]),
    ]);
    assert_eq!(fluent_hello(b"n"), array(&[text("HELO"), hello]));
    assert_eq!(
        fluent_pong(Some("no"), "h", "d"),
        array(&[text("PONG"), vec![0xc2], text("no"), text("h"), text("d")])
    );
}

fn split(stream: &[u8], step: usize, limit_bytes: usize) -> Result<Vec<Vec<u8>>, Error> {
    let mut frames = FluentFrames::new(limit_bytes);
    let mut found = Vec::new();
    for chunk in stream.chunks(step) {
        frames.extend(chunk);
        while let Some(message) = frames.next_message()? {
            found.push(message.to_vec());
        }
    }
    assert!(!frames.is_torn());
    Ok(found)
}

#[test]
fn messages_are_cut_out_of_the_stream_wherever_the_pieces_end() {
    let first = array(&[text("t"), event_time(), record("a message of some length")]);
    let second = array(&[text("t"), bin(&[7; 300]), map(&[("chunk", text("c"))])]);
    let stream = [&first[..], &[0xc0], &second].concat();
    for step in 1..stream.len() {
        let found = split(&stream, step, 1_000).unwrap();
        assert_eq!(found, [first.clone(), vec![0xc0], second.clone()]);
    }
    let error = split(&stream, 64, 100).unwrap_err();
    assert!(
        matches!(
            error,
            Error::BodyTooLarge {
                limit_bytes: 100,
                ..
            }
        ),
        "{error}"
    );
    assert!(split(&[0xc1], 1, 100).is_err());
}

#[test]
fn the_messages_of_the_clients_for_python_and_node_are_read() {
    let all = |stream: &[u8]| -> Vec<FluentRecords> {
        let messages = split(stream, 50, 10_000).unwrap();
        messages.iter().map(|message| records(message)).collect()
    };
    let python = all(include_bytes!("../../testdata/fluent/python.msgpack"));
    let first = &python[0].decoded.accepted[0];
    assert_eq!(first.body, "order 42 placed");
    assert_eq!(first.service, "app.follow");
    assert_eq!(attributes(first)["user"]["id"], 7);
    let second = &python[1].decoded.accepted[0];
    assert_eq!(second.body, "payment failed");
    assert_eq!(second.service, "pay");
    assert_eq!(second.timestamp_ns, 1_795_507_200_000_000_000);
    let node = all(include_bytes!("../../testdata/fluent/node.msgpack"));
    let counts: Vec<usize> = node
        .iter()
        .map(|records| records.decoded.accepted.len())
        .collect();
    assert_eq!(counts, [1, 1, 2, 2]);
    for records in &node {
        assert!(records.chunk.is_some());
        for record in &records.decoded.accepted {
            assert_eq!(record.service, "node.web");
            assert_eq!(record.severity, Severity::Warn);
            assert!(record.timestamp_ns > 1_795_507_200_249_000_000);
        }
    }
    let org = all(include_bytes!("../../testdata/fluent/fluent_org.msgpack"));
    assert_eq!(org[0].decoded.accepted.len(), 2);
    assert_eq!(org[1].decoded.accepted[0].body, "@fluent-org forward");
    assert!(org[1].chunk.is_some());
}

#[test]
fn a_length_that_is_only_claimed_takes_no_memory() {
    let mut frames = FluentFrames::new(1_000);
    // An array of 2^32-1 elements, a text of as many bytes.
    frames.extend(&[
        0xdd, 0xff, 0xff, 0xff, 0xff, 0xdb, 0xff, 0xff, 0xff, 0xff, b'x',
    ]);
    assert_eq!(frames.next_message().unwrap(), None);
    assert!(frames.held_bytes() < 1_000);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(at in 0..200_usize, byte: u8, noise: Vec<u8>) {
        let pair = array(&[event_time(), record("m")]);
        let mut message = array(&[text("t"), array(&[pair.clone(), pair]), map(&[("chunk", text("c"))])]);
        let at = at % message.len();
        message[at] = byte;
        let limits = Limits::default();
        for bytes in [&message, &noise] {
            decode_fluent(bytes, &context(&limits)).ok();
            let mut frames = FluentFrames::new(64);
            frames.extend(bytes);
            while let Ok(Some(_)) = frames.next_message() {}
        }
    }
}

#[test]
fn what_breaks_behind_good_entries_is_not_laid_upon_the_last_of_them() {
    let pair = array(&[event_time(), record("m")]);
    let torn = [&pair[..], &pair, &pair[..9]].concat();
    let decoded = records(&array(&[text("t"), bin(&torn)])).decoded;
    assert_eq!(decoded.accepted.len(), 2);
    assert_eq!(decoded.rejected_count, 1);
    assert_eq!(decoded.rejected[0].index, 2);
    assert!(decoded.rejected[0].reason.contains("the rest was not read"));
}

#[test]
fn a_tag_without_end_is_cut_because_every_record_bears_it() {
    let tag = "t".repeat(100_000);
    let decoded = records(&array(&[text(&tag), event_time(), record("m")])).decoded;
    let kept = attributes(&decoded.accepted[0]);
    assert_eq!(kept["tag"].as_str().map(str::len), Some(512));
    assert_eq!(decoded.accepted[0].service.len(), 256);
}
