//! Lengths that are lies, bodies that grow, and small things in great numbers: memory stays within bounds.

use ingest::Error;

use crate::damage::check_between;
use crate::doors::{Door, Isolation, Line, doors, limits};
use crate::encode::{
    claimed, field, key_value, number, pack_array, pack_bytes, pack_claimed, pack_map, pack_text,
    snappy, varint,
};
use crate::memory::peak_bytes;
use crate::oracle::check;
use crate::packed::{deflate, gzip, zlib, zstd};
use crate::protobuf::{gauge, otlp, stream};

const MIB: usize = 1024 * 1024;
/// Of the endless bodies; a fifth of what a request may have.
const BODY: usize = 4 * MIB;
/// What a body of that size may take at most: 128 MiB of what its records repeat, and as many records as it may hold.
const MOST: usize = 192 * MIB;

fn door(name: &str) -> Door {
    doors()
        .into_iter()
        .find(|door| door.name == name)
        .unwrap_or_else(|| panic!("no door is called {name}"))
}

#[test]
fn lengths_that_are_lies_are_refused_and_take_no_memory() {
    let lengths = [
        u64::MAX,
        1 << 63,
        1 << 40,
        1 << 32,
        (1 << 32) - 1,
        1 << 31,
        1 << 20,
        300,
    ];
    let mut bodies: Vec<Vec<u8>> = lengths
        .iter()
        .flat_map(|length| {
            let inner = claimed(2, *length, b"abc");
            [
                claimed(1, *length, b"abc"),
                field(1, &inner),
                field(1, field(2, &inner)),
                field(5, &inner),
            ]
        })
        .collect();
    let array = pack_claimed(0xdd, usize::MAX, b"\x81\xa1a\x01");
    for marker in [0xdb, 0xc6, 0xc9, 0xdd, 0xdf] {
        let lie = pack_claimed(marker, usize::MAX, b"abc");
        bodies.push(pack_array(&[pack_text("tag"), lie.clone()]));
        bodies.push(pack_array(&[pack_text("tag"), pack_bytes(&lie)]));
        bodies.push(pack_map(&[("message", lie.clone())]));
        bodies.push([&array[..], &lie].concat());
        bodies.push(lie);
    }
    bodies.push(b"99999999 <34>short".to_vec());
    bodies.push(b"1000000000000 <34>short".to_vec());
    bodies.push(
        [
            b"MESSAGE\n".to_vec(),
            (1_u64 << 30).to_le_bytes().to_vec(),
            b"abc".to_vec(),
        ]
        .concat(),
    );
    bodies.push(
        [
            b"MESSAGE\n".to_vec(),
            u64::MAX.to_le_bytes().to_vec(),
            b"abc\n\n".to_vec(),
        ]
        .concat(),
    );
    for door in doors() {
        for body in &bodies {
            let (_, peak) = peak_bytes(|| check(&door, body).ok());
            assert!(peak < 2 * MIB, "{}: {peak} bytes for {body:?}", door.name);
        }
    }
}

#[test]
fn a_length_inside_a_record_that_is_a_lie_costs_no_neighbour() {
    for door in doors() {
        let Some(parts) = door
            .parts
            .filter(|parts| parts.isolation == Isolation::Length)
        else {
            continue;
        };
        let element = (parts.element)(&Line::new("b", "k", "v"));
        for length in [u64::MAX, 1 << 32, 1 << 20, 4] {
            for number in 1..12 {
                let lie = [&element[..], &claimed(number, length, b"abc")].concat();
                check_between(&door, &lie);
            }
        }
        check_between(&door, &[&element[..], &[0xff; 12]].concat());
        check_between(&door, &[&element[..], &varint(7), &[0x80]].concat());
    }
}

#[test]
fn what_claims_to_be_large_when_unpacked_is_refused_before_it_takes_memory() {
    let snappy_of = |length: u64| [varint(length), vec![0]].concat();
    let zstd_of = |window: u8| [&b"\x28\xb5\x2f\xfd\x00"[..], &[window], b"\x01\x00\x00"].concat();
    // A frame that says its size: eight bytes, two to the power of 60.
    let sized = [
        &b"\x28\xb5\x2f\xfd\xe0"[..],
        &(1_u64 << 60).to_le_bytes(),
        b"\x01\x00\x00",
    ]
    .concat();
    let all: Vec<(&str, Vec<u8>)> = vec![
        ("loki_snappy", snappy_of(u64::from(u32::MAX))),
        ("loki_snappy", snappy_of(1 << 40)),
        ("loki_snappy", snappy_of(limits().body_bytes as u64)),
        (
            "remote_write_snappy",
            snappy_of(limits().body_bytes as u64 + 1),
        ),
        ("remote_write_snappy", snappy_of(limits().body_bytes as u64)),
        ("zstd", zstd_of(0xf8)),
        ("zstd", sized),
        (
            "gzip",
            [&b"\x1f\x8b\x08\x04\0\0\0\0\0\0\xff\xff"[..], &[0; 100]].concat(),
        ),
    ];
    for (name, body) in all {
        let (read, peak) = peak_bytes(|| check(&door(name), &body));
        assert!(read.is_err(), "{name}: {read:?}");
        assert!(peak < MIB, "{name}: {peak} bytes");
    }
}

#[test]
fn bombs_are_refused_at_the_limit() {
    let zeros = vec![0_u8; 128 * MIB];
    let packed = gzip(&zeros);
    let bombs: Vec<(&str, Vec<u8>)> = vec![
        ("gzip", packed.clone()),
        // Several small members grow together.
        ("gzip", gzip(&zeros[..MIB]).repeat(128)),
        ("zstd", zstd(&zeros)),
        ("zstd", zstd(&zeros[..MIB]).repeat(128)),
        ("deflate", zlib(&zeros)),
        ("deflate", deflate(&zeros)),
        ("gelf", packed.clone()),
        ("gelf", zlib(&zeros)),
        ("gelf", zstd(&zeros)),
        ("loki_snappy", snappy(&zeros[..21 * MIB])),
        ("remote_write_snappy", snappy(&zeros[..21 * MIB])),
    ];
    for (name, bomb) in bombs {
        let (read, peak) = peak_bytes(|| check(&door(name), &bomb));
        let error = read.expect_err(name);
        assert_eq!(error.kind(), domain::ErrorKind::TooLarge, "{name}: {error}");
        assert!(
            error.to_string().contains(&limits().body_bytes.to_string()),
            "{name}: {error}"
        );
        // Twice the limit, and the unpacker's own.
        assert!(peak < 2 * limits().body_bytes + MIB, "{name}: {peak} bytes");
    }
    // A message has the size of a record, in a datagram, in a stream and in a forwarded chunk.
    for bomb in [packed.clone(), zlib(&zeros), zstd(&zeros)] {
        let (outcome, peak) = peak_bytes(|| check(&door("gelf_message"), &bomb).unwrap());
        assert!(
            outcome.rejected[0].reason.contains("1048576"),
            "{:?}",
            outcome.rejected
        );
        assert!(peak < 4 * MIB, "{peak} bytes");
    }
    let options = pack_map(&[("compressed", pack_text("gzip")), ("chunk", pack_text("c"))]);
    let forwarded = pack_array(&[pack_text("t"), pack_bytes(&packed), options]);
    let (outcome, peak) = peak_bytes(|| check(&door("fluent"), &forwarded).unwrap());
    // It is read part by part, and no further than a first part of which nothing can be used.
    assert!(outcome.kept.is_empty());
    assert_eq!(outcome.rejected_count, limits().records);
    assert!(peak < 2 * limits().body_bytes + MIB, "{peak} bytes");
    // Once packed twice, it is unpacked once.
    assert_eq!(
        check(&door("gzip"), &gzip(&packed)),
        Ok(crate::doors::Outcome::default())
    );
}

/// As many of these as fill a body.
fn many(part: &[u8]) -> Vec<u8> {
    part.repeat(BODY / part.len())
}

fn around(before: &str, part: &str, behind: &str) -> Vec<u8> {
    [before.as_bytes(), &many(part.as_bytes()), behind.as_bytes()].concat()
}

/// Bodies of the smallest parts of every kind: those of protobuf take two bytes on the wire.
fn endless_protobuf() -> Vec<(&'static str, Vec<u8>)> {
    let in_scope = |items: Vec<u8>| otlp(&items);
    let item = |inside: Vec<u8>| otlp(&field(2, inside));
    let small = |part: &[u8]| part.repeat(1_000_000 / part.len());
    let attribute = |value: Vec<u8>| [field(1, "k"), field(2, value)].concat();
    let mut all = vec![
        ("otlp_logs", many(b"\x0a\x00")),
        ("otlp_logs", field(1, many(b"\x12\x00"))),
        ("otlp_logs", in_scope(many(b"\x12\x00"))),
        (
            "otlp_logs",
            field(
                1,
                [field(1, many(b"\x0a\x00")), field(2, field(2, ""))].concat(),
            ),
        ),
        (
            "otlp_logs",
            field(
                1,
                field(2, [field(1, many(b"\x1a\x00")), field(2, "")].concat()),
            ),
        ),
        ("otlp_logs", item(small(b"\x32\x00"))),
        ("otlp_logs", item(field(5, field(5, small(b"\x0a\x00"))))),
        ("otlp_logs", item(field(5, field(6, small(b"\x0a\x00"))))),
        (
            "otlp_logs",
            item(field(6, attribute(field(6, small(b"\x0a\x00"))))),
        ),
        ("otlp_metrics", in_scope(many(b"\x12\x00"))),
        ("otlp_metrics", gauge(&vec![Vec::new(); BODY / 2])),
        ("otlp_metrics", gauge(&[small(b"\x3a\x00")])),
        ("otlp_traces", in_scope(many(b"\x12\x00"))),
        ("otlp_traces", many(&item(small(b"\x5a\x00")))),
        ("otlp_traces", many(&item(small(b"\x5a\x02\x08\x00")))),
        ("otlp_traces", many(&item(small(b"\x6a\x02\x0a\x00")))),
        ("otlp_traces", item(field(11, small(b"\x12\x00")))),
        ("otlp_traces", item(field(11, small(b"\x1a\x00")))),
        ("loki", many(b"\x0a\x00")),
        ("loki", stream(&vec![Vec::new(); BODY / 2])),
        ("loki", stream(&[small(b"\x1a\x00")])),
        ("loki", field(1, field(1, around("{", "a=\"\",", "}")))),
        ("remote_write", many(b"\x0a\x00")),
        ("remote_write", many(b"\x1a\x00")),
        ("remote_write", field(1, many(b"\x0a\x00"))),
        ("remote_write", field(1, many(b"\x12\x00"))),
        ("remote_write", field(1, many(b"\x22\x00"))),
        ("remote_write", field(1, field(4, many(b"\x42\x00")))),
        ("remote_write_v2", many(b"\x22\x00")),
        ("remote_write_v2", many(b"\x2a\x00")),
        ("remote_write_v2", field(5, field(1, many(b"\x01")))),
    ];
    // A megabyte that two hundred thousand items share.
    let resource = field(1, field(1, key_value("k", &"x".repeat(1_000_000))));
    let scope = field(2, b"\x12\x04\x2a\x02\x0a\x00".repeat(50_000));
    all.push(("otlp_logs", field(1, [resource, scope].concat())));
    all
}

fn endless_text() -> Vec<(&'static str, Vec<u8>)> {
    let pair = pack_array(&[vec![1], pack_map(&[("m", vec![1])])]);
    vec![
        ("json", many(b"{}")),
        ("json", around("[", "{},", "]")),
        ("json", around("[", "{\"m\":1},", "]")),
        ("json", around("[", ",", "]")),
        ("json", around("[", "[],", "]")),
        ("json", many(b"[")),
        ("json", many(b"]")),
        ("json", many(b"[]")),
        ("json", around("{", "\"\":\"\",", "\"\":1}")),
        ("json", many(b"{\"a\":\n")),
        ("json", many(b"{\"a\":\"")),
        ("json", many(b"{\",\":[\",\n")),
        ("json", many(b"{\"m\":1}x\n")),
        ("ndjson", many(b"\n")),
        ("ndjson", many(b"{\n")),
        ("ndjson", many(b"{\"m\":1}\n")),
        ("ndjson", many(b"\"\n")),
        ("metrics", around("[", "{\"name\":\"m\",\"value\":1},", "]")),
        ("events", around("[", "{\"kind\":\"k\"},", "]")),
        ("bulk", many(b"{\"create\":{}}\n{\"m\":1}\n")),
        ("bulk", many(b"{\"create\":{}}\n")),
        ("bulk", many(b"x\n")),
        ("splunk", many(b"{\"event\":\"x\"}")),
        ("splunk", many(b"{\"event\":1")),
        ("datadog", around("[", "{\"message\":\"x\"},", "]")),
        (
            "datadog",
            around("[{\"message\":\"x\",\"ddtags\":\"", "a:1,b:2,", "\"}]"),
        ),
        ("gelf", many(b"{\"short_message\":\"x\"}\n")),
        ("loki_json", around("{\"streams\":[", "{},", "{}]}")),
        (
            "loki_json",
            around("{\"streams\":[{\"values\":[", "[],", "[]]}]}"),
        ),
        (
            "loki_json",
            around(
                "{\"streams\":[{\"stream\":{",
                "\"a\":1,",
                "\"a\":1},\"values\":[]}]}",
            ),
        ),
        (
            "otlp_logs_json",
            around("{\"resourceLogs\":[", "{},", "{}]}"),
        ),
        (
            "otlp_logs_json",
            around(
                "{\"resourceLogs\":[{\"resource\":{\"attributes\":[",
                "{},",
                "{}]}}]}",
            ),
        ),
        (
            "otlp_logs_json",
            around(
                "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[",
                "1,",
                "1]}]}]}",
            ),
        ),
        ("better_stack_msgpack", many(b"\x80")),
        (
            "better_stack_msgpack",
            pack_claimed(0xdd, BODY, &many(b"\xc0")),
        ),
        ("better_stack_msgpack", many(b"\x90")),
        ("better_stack_msgpack", many(b"\x81\xa1m\x01")),
        (
            "fluent",
            pack_array(&[pack_text("t"), pack_bytes(&many(b"\x92\x00\x80"))]),
        ),
        (
            "fluent",
            pack_array(&[pack_text("t"), pack_claimed(0xdd, BODY, &many(b"\xc0"))]),
        ),
        // A tag of a megabyte, which every record would bear.
        (
            "fluent",
            pack_array(&[
                pack_text(&"t".repeat(MIB - 100)),
                pack_bytes(&pair.repeat(90_000)),
            ]),
        ),
        ("fluent_stream", many(b"\xc0")),
        ("text", many(b"a\n")),
        ("text", many(b"a")),
        ("text", around("2026-11-28 08:00:00 ERROR x\n", " at\n", "")),
        ("text", many(b"2026-11-28T08:00:00.123456789Z stdout P x\n")),
        ("text", many(b"[")),
        ("followed", many(b"a")),
        ("followed", many(b"\n")),
        ("splunk_raw", many(b"a\n")),
        ("syslog_stream", many(b"1 x")),
        ("syslog_stream", many(b"<")),
        ("syslog", around("<34>1 - h a p m [s ", "a=\"\" ", "] m")),
        ("journal", many(b"A=\n")),
        ("journal", many(b"A=\n\n")),
        ("journal", many(b"a\n")),
        ("gelf_stream", many(b"{}\0")),
        ("gelf_stream", many(b"{\n")),
        ("gelf_datagrams", many(b"\x0c\x1e\x0f12345678\x00\x80")),
        ("gzip", many(&gzip(b""))),
        ("zstd", many(&zstd(b""))),
        ("exposition", many(b"a 1\n")),
        ("exposition", many(b"# TYPE a counter\n")),
        ("exposition", around("a{", "a=\"1\",", "} 1")),
    ]
}

#[test]
fn small_things_in_great_numbers_take_bounded_memory() {
    for (name, body) in endless_protobuf().into_iter().chain(endless_text()) {
        let door = door(name);
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let (read, peak) = peak_bytes(|| match check(&door, &body) {
            Ok(outcome) => Ok(outcome.kept.len()),
            Err(error) => Err(error),
        });
        assert!(
            peak < MOST,
            "{name}: {} MiB for {} bytes of {shown:?}: {read:?}",
            peak / MIB,
            body.len()
        );
        if let Err(error) = read {
            let is_told = matches!(
                error,
                Error::TooManyRecords { .. }
                    | Error::GrowsTooLarge { .. }
                    | Error::BadCompression { .. }
                    | Error::Malformed { .. }
            );
            assert!(is_told, "{name}: {error}");
        }
    }
}

#[test]
fn numbers_at_the_edges_become_no_panic() {
    let edges = [
        0,
        1,
        u64::MAX,
        1 << 63,
        (1 << 63) - 1,
        1 << 31,
        1 << 32,
        u64::from(u32::MAX),
    ];
    let floats = [
        f64::NAN,
        f64::INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        -0.0,
        5e-324,
    ];
    for door in doors() {
        let Some(parts) = door
            .parts
            .filter(|parts| parts.isolation == Isolation::Length)
        else {
            continue;
        };
        let element = (parts.element)(&Line::new("b", "k", "v"));
        for at in 1..18 {
            for edge in edges.into_iter().chain(floats.map(f64::to_bits)) {
                for more in [number(at, edge), crate::encode::fixed64(at, edge)] {
                    check_between(&door, &[&element[..], &more].concat());
                }
            }
        }
    }
}
