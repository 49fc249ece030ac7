use std::io::Write as _;
use std::net::SocketAddr;

use domain::{NANOS_PER_SECOND, ProjectId, Severity};
use proptest::prelude::*;

use super::*;

const NOW_NS: i64 = 1_795_520_000 * NANOS_PER_SECOND;

fn context(limits: &Limits) -> Context<'_> {
    Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits,
    }
}

fn decode(body: &[u8]) -> Decoded<LogRecord> {
    decode_gelf(body, &context(&Limits::default())).unwrap()
}

fn one(body: &str) -> LogRecord {
    decode_gelf_message(body.as_bytes(), &context(&Limits::default())).unwrap()
}

fn attributes(record: &LogRecord) -> serde_json::Value {
    serde_json::from_str(&record.attributes).unwrap()
}

#[test]
fn the_fields_of_the_protocol_and_additional_ones_find_their_places() {
    let record = one(
        r#"{"version":"1.1","host":"web-1","short_message":"disk full","timestamp":1795507200.25,"level":3,
            "_user_id":42,"_service":"shop","_trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","_message":"other",
            "_timestamp":"no","_level":"x"}"#,
    );
    assert_eq!(record.body, "disk full");
    assert_eq!(record.severity, Severity::Error);
    assert_eq!(record.service, "shop");
    assert_eq!(record.timestamp_ns, 1_795_507_200_250_000_000);
    assert_eq!(
        record.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    let kept = attributes(&record);
    assert_eq!(kept["user_id"], 42);
    assert_eq!(kept["host"], "web-1");
    assert_eq!(kept["_message"], "other");
    assert_eq!(kept["_timestamp"], "no");
    assert!(kept.get("version").is_none(), "{kept}");
}

#[test]
fn a_long_message_that_goes_on_where_the_short_one_ends_is_the_message() {
    let traced =
        one(r#"{"short_message":"boom","full_message":"boom\n  at main.rs:1","host":"h"}"#);
    assert_eq!(traced.body, "boom\n  at main.rs:1");
    assert!(attributes(&traced).get("full_message").is_none());
    let other = one(r#"{"short_message":"boom","full_message":"details","host":"h"}"#);
    assert_eq!(other.body, "boom");
    assert_eq!(attributes(&other)["full_message"], "details");
    assert_eq!(
        one(r#"{"short_message":"","full_message":"only"}"#).body,
        "only"
    );
}

#[test]
fn the_service_is_the_container_or_the_host_when_no_field_names_one() {
    let docker = one(r#"{"short_message":"m","host":"node","_container_name":"cart"}"#);
    assert_eq!(docker.service, "cart");
    assert_eq!(
        one(r#"{"short_message":"m","host":"node"}"#).service,
        "node"
    );
    assert_eq!(one(r#"{"short_message":"m"}"#).service, "unknown");
}

#[test]
fn a_bad_message_among_many_costs_only_itself() {
    let mut body = String::new();
    for index in 0..1_000 {
        let line = if index == 500 {
            r#"{"short_message": broken"#.to_owned()
        } else {
            format!(r#"{{"host":"h","short_message":"message {index}"}}"#)
        };
        body += &(line + "\n");
    }
    let decoded = decode(body.as_bytes());
    assert_eq!((decoded.accepted.len(), decoded.rejected_count), (999, 1));
}

#[test]
fn packed_messages_are_told_by_their_first_bytes_and_bombs_are_refused() {
    let plain = br#"{"short_message":"packed","host":"h"}"#;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(plain).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(plain).unwrap();
    let limits = Limits::default();
    for packed in [zlib.finish().unwrap(), gzip.finish().unwrap()] {
        let record = decode_gelf_message(&packed, &context(&limits)).unwrap();
        assert_eq!(record.body, "packed");
        assert_eq!(decode(&packed).accepted.len(), 1);
    }
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 2 * limits.record_bytes])
        .unwrap();
    let reason = decode_gelf_message(&bomb.finish().unwrap(), &context(&limits)).unwrap_err();
    assert!(reason.contains("1048576"), "{reason}");
}

#[test]
fn the_messages_of_the_clients_for_python_are_read() {
    const PYGELF: [&[u8]; 4] = [
        include_bytes!("../../testdata/gelf/pygelf_udp_0.bin"),
        include_bytes!("../../testdata/gelf/pygelf_udp_1.bin"),
        include_bytes!("../../testdata/gelf/pygelf_udp_2.bin"),
        include_bytes!("../../testdata/gelf/pygelf_udp_3.bin"),
    ];
    const GRAYPY: [&[u8]; 2] = [
        include_bytes!("../../testdata/gelf/graypy_udp_chunk_0.bin"),
        include_bytes!("../../testdata/gelf/graypy_udp_chunk_1.bin"),
    ];
    let mut chunks = GelfChunks::new(1024 * 1024);
    let mut found = Vec::new();
    let limits = Limits::default();
    for datagram in PYGELF.iter().chain(&GRAYPY) {
        if let Some(message) = chunks.push(NOW_NS, sender(1), datagram) {
            found.push(decode_gelf_message(&message, &context(&limits)).unwrap());
        }
    }
    assert_eq!(found.len(), 4);
    assert_eq!(found[0].body, "pygelf-udp disk sda1 is full");
    assert_eq!(found[0].severity, Severity::Warn);
    assert_eq!(found[0].service, "shop");
    assert_eq!(found[1].severity, Severity::Error);
    let trace = attributes(&found[1])["full_message"].to_string();
    assert!(trace.contains("ZeroDivisionError"), "{trace}");
    assert!(found[2].body.starts_with("pygelf-udp long "));
    assert!(found[3].body.starts_with("graypy-udp-plain long "));
    let stream = include_bytes!("../../testdata/gelf/graypy_tcp.bin");
    let messages = split(stream, 100, 1024 * 1024);
    assert_eq!(messages.len(), 3);
    assert_eq!(one(&messages[0]).body, "graypy-tcp disk sda1 is full");
}

fn split(stream: &[u8], step: usize, limit_bytes: usize) -> Vec<String> {
    let mut frames = GelfFrames::new(limit_bytes);
    let mut found = Vec::new();
    let mut take = |message: &[u8]| found.push(String::from_utf8_lossy(message).into_owned());
    for chunk in stream.chunks(step) {
        frames.push(chunk, &mut take);
    }
    frames.finish(&mut take);
    found
}

#[test]
fn messages_end_with_nul_or_with_a_line_wherever_the_pieces_end() {
    for step in 1..24 {
        assert_eq!(
            split(b"{\"a\":\n1}\0\0{\"b\":\"\n\"}\0{\"c\"", step, 100),
            ["{\"a\":\n1}", "{\"b\":\"\n\"}", "{\"c\""]
        );
        // Lines; one that is broken does not take the next with it, one over several lines is whole.
        assert_eq!(
            split(
                b"{\"a\":{}}\n{\"b\": \"x\n{\"c\":{\n  }\n}\r\n{\"d\":1}\n",
                step,
                100
            ),
            ["{\"a\":{}}", "{\"b\": \"x", "{\"c\":{\n  }\n}", "{\"d\":1}"]
        );
        // Both.
        assert_eq!(
            split(b"{\"a\":1}\n\0{\"b\":\n1}\n\0", step, 100),
            ["{\"a\":1}", "{\"b\":\n1}"]
        );
        // What is too long is cut, its neighbours are whole.
        assert_eq!(split(b"{\"abcdef\":1}\0{}\0", step, 6), ["{\"abcd", "{}"]);
    }
}

fn sender(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn chunk(id: u8, number: u8, count: u8, data: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0x1e, 0x0f];
    datagram.extend([id; 8]);
    datagram.extend([number, count]);
    datagram.extend(data);
    datagram
}

fn push(chunks: &mut GelfChunks, at_ns: i64, port: u16, datagram: &[u8]) -> Option<String> {
    let message = chunks.push(at_ns, sender(port), datagram)?;
    Some(String::from_utf8(message.into_owned()).unwrap())
}

#[test]
fn chunks_are_put_together_in_any_order_and_senders_are_kept_apart() {
    let mut chunks = GelfChunks::new(100);
    assert_eq!(push(&mut chunks, 0, 1, b"{}").as_deref(), Some("{}"));
    assert_eq!(push(&mut chunks, 0, 1, &chunk(7, 2, 3, b"c")), None);
    assert_eq!(push(&mut chunks, 0, 2, &chunk(7, 0, 3, b"x")), None);
    assert_eq!(push(&mut chunks, 0, 1, &chunk(7, 0, 3, b"a")), None);
    assert_eq!(push(&mut chunks, 0, 1, &chunk(7, 0, 3, b"again")), None);
    assert_eq!(
        push(&mut chunks, 1, 1, &chunk(7, 1, 3, b"b")).as_deref(),
        Some("abc")
    );
    assert_eq!(chunks.take_given_up(), 0);
    for bad in [
        chunk(1, 3, 3, b""),
        chunk(1, 0, 0, b""),
        chunk(1, 0, 129, b""),
        vec![0x1e, 0x0f, 1],
    ] {
        assert_eq!(push(&mut chunks, 1, 1, &bad), None);
    }
    assert_eq!(chunks.take_given_up(), 4);
}

#[test]
fn late_long_and_too_many_messages_are_given_up() {
    let mut chunks = GelfChunks::new(10);
    push(&mut chunks, 0, 1, &chunk(1, 0, 2, b"a"));
    assert_eq!(
        push(&mut chunks, 6 * NANOS_PER_SECOND, 1, &chunk(1, 1, 2, b"b")),
        None
    );
    assert_eq!(chunks.take_given_up(), 1, "after five seconds");
    push(
        &mut chunks,
        6 * NANOS_PER_SECOND,
        1,
        &chunk(2, 0, 2, b"elevenbytes"),
    );
    assert_eq!(chunks.take_given_up(), 1, "longer than the limit");
    for port in 0..3_000 {
        push(
            &mut chunks,
            7 * NANOS_PER_SECOND,
            port,
            &chunk(3, 0, 2, b"a"),
        );
    }
    let given_up = chunks.take_given_up();
    assert!((1_976..=1_978).contains(&given_up), "{given_up}");
    // The newest are still there.
    let last = push(
        &mut chunks,
        7 * NANOS_PER_SECOND,
        2_999,
        &chunk(3, 1, 2, b"b"),
    );
    assert_eq!(last.as_deref(), Some("ab"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(noise: Vec<u8>, step in 1_usize..9) {
        let limits = Limits::default();
        decode_gelf_message(&noise, &context(&limits)).ok();
        decode_gelf(&noise, &context(&limits)).ok();
        for message in split(&noise, step, 16) {
            prop_assert!(message.len() <= 3 * 16);
        }
        let mut chunks = GelfChunks::new(64);
        let mut datagram = vec![0x1e, 0x0f];
        datagram.extend(&noise);
        for _ in 0..3 {
            chunks.push(0, sender(1), &datagram);
        }
    }
}
