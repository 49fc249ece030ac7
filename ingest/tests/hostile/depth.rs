//! A hundred thousand levels, of everything that can nest.

use crate::damage::check_between;
use crate::doors::{Door, Isolation, Line, doors, limits};
use crate::encode::{field, key_value, pack_array, pack_map, pack_text, varint};
use crate::oracle::check;

const LEVELS: usize = 100_000;

fn nested(open: &str, core: &str, close: &str) -> String {
    [&open.repeat(LEVELS), core, &close.repeat(LEVELS)].concat()
}

/// An `AnyValue` that holds itself in itself through these fields, the inner ones first.
fn nested_value(fields: &[u32], levels: usize) -> Vec<u8> {
    let core = field(1, "x");
    let mut length = core.len();
    let mut heads: Vec<Vec<u8>> = Vec::new();
    for _ in 0..levels {
        for number in fields {
            let head = [varint(u64::from(*number) << 3 | 2), varint(length as u64)].concat();
            length += head.len();
            heads.push(head);
        }
    }
    heads.reverse();
    heads.push(core);
    heads.concat()
}

/// A record whose value is this JSON instead of a text.
fn element_with(door: &Door, value: &str) -> Option<Vec<u8>> {
    let element = (door.parts?.element)(&Line::new("b", "k", "HOLE"));
    let text = String::from_utf8(element).ok()?;
    text.contains("\"HOLE\"")
        .then(|| text.replace("\"HOLE\"", value).into_bytes())
}

#[test]
fn nesting_of_json_is_told_with_its_limit_or_kept_as_text() {
    let values = [
        nested("[", "", "]"),
        nested("{\"a\":", "1", "}"),
        nested("[{\"a\":", "1", "}]"),
        nested("{\"arrayValue\":{\"values\":[", "", "]}}"),
        nested(
            "{\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":",
            "{}",
            "}]}}",
        ),
    ];
    for door in doors().iter().filter(|door| door.is_exact) {
        let Some(parts) = door.parts else {
            continue;
        };
        for value in &values {
            let Some(element) = element_with(door, value) else {
                continue;
            };
            if parts.isolation != Isolation::Alone {
                check_between(door, &element);
            }
            let outcome = check(door, &(parts.frame)(&[element])).unwrap();
            let reasons: Vec<&str> = outcome.rejected.iter().map(|item| &*item.reason).collect();
            let limits = [
                "limit is 32",
                "deeper than 32 levels",
                "deeper than 63 levels",
                "limit is 1048576",
                "limit is 1024",
                "is not a text",
            ];
            let is_told = |reason: &&str| {
                limits.iter().any(|limit| reason.contains(limit))
                    || reason.contains("cannot be read")
            };
            assert!(reasons.iter().all(is_told), "{}: {reasons:?}", door.name);
        }
    }
}

#[test]
fn bodies_that_only_nest_are_survived() {
    let brackets = [
        "[".repeat(LEVELS),
        "{\"a\":".repeat(LEVELS),
        nested("[", "", "]"),
        nested("{\"a\":", "1", "}"),
        nested("{\"streams\":[", "", "]}"),
        nested("{\"resourceLogs\":[", "", "]}"),
    ];
    let binary = [
        vec![0x91; LEVELS],
        vec![0x81; LEVELS],
        [vec![0x91; LEVELS], vec![0xc0]].concat(),
        [&b"\x81\xa1a".repeat(LEVELS)[..], &[0xc0]].concat(),
        // A group of protobuf, begun and begun.
        vec![0x0b; LEVELS],
        nested_value(&[1], LEVELS),
        nested_value(&[2, 1], LEVELS),
    ];
    let texts = brackets.map(String::into_bytes);
    for door in doors() {
        for body in texts.iter().chain(&binary) {
            check(&door, body).ok();
        }
    }
}

#[test]
fn nesting_of_protobuf_is_told_with_its_limit_and_costs_no_neighbour() {
    for door in doors().iter().filter(|door| door.name.starts_with("otlp")) {
        let Some(parts) = door
            .parts
            .filter(|parts| parts.isolation == Isolation::Length)
        else {
            continue;
        };
        // Where a log record, a point and a span have their attributes.
        let number = match door.name {
            "otlp_logs" => 6,
            "otlp_metrics" => 7,
            _ => 9,
        };
        for fields in [&[1, 5][..], &[2, 1, 6]] {
            let with = |levels: usize| {
                let value = nested_value(fields, levels);
                let attribute = [field(1, "deep"), field(2, value)].concat();
                let element = (parts.element)(&Line::new("b", "k", "v"));
                [element, field(number, attribute)].concat()
            };
            check_between(door, &with(LEVELS / 2));
            let read = |levels| check(door, &(parts.frame)(&[with(levels)])).unwrap();
            let told = read(LEVELS / 2).rejected.swap_remove(0).reason;
            assert!(
                told.contains("deeper than 32 levels"),
                "{}: {told}",
                door.name
            );
            // The attributes are the first level.
            let most = limits().depth - 1;
            let is_object = fields.len() == 3;
            assert_eq!(read(most).rejected_count, 0, "{} {is_object}", door.name);
            assert_eq!(
                read(most + 1).rejected_count,
                1,
                "{} {is_object}",
                door.name
            );
        }
    }
}

#[test]
fn nesting_of_message_pack_is_told_with_its_limit_and_costs_no_neighbour() {
    for door in doors() {
        let (Some(parts), true) = (
            door.parts,
            matches!(door.name, "better_stack_msgpack" | "fluent"),
        ) else {
            continue;
        };
        let values = [
            [vec![0x91; LEVELS], vec![0xc0]].concat(),
            [&b"\x81\xa1a".repeat(LEVELS)[..], &[0xc0]].concat(),
            // Maps as keys of maps.
            [vec![0x81; LEVELS], vec![0xc0; LEVELS + 1]].concat(),
        ];
        for value in values {
            let record = pack_map(&[("message", pack_text("m")), ("deep", value)]);
            let element = match door.name {
                "fluent" => pack_array(&[vec![1], record]),
                _ => record,
            };
            check_between(&door, &element);
            let outcome = check(&door, &(parts.frame)(&[element])).unwrap();
            let told = &outcome.rejected[0].reason;
            assert!(
                told.contains("32 levels") || told.contains("a key is"),
                "{}: {told}",
                door.name
            );
        }
    }
}

#[test]
fn fields_that_nobody_knows_cost_nothing() {
    for door in doors() {
        let Some(parts) = door
            .parts
            .filter(|parts| parts.isolation == Isolation::Length)
        else {
            continue;
        };
        let element = (parts.element)(&Line::new("b", "k", "v"));
        let plain = check(&door, &(parts.frame)(std::slice::from_ref(&element))).unwrap();
        let unknown = field(60_000, nested_value(&[1], LEVELS / 2));
        let more = [element.clone(), unknown.clone()].concat();
        let body = [(parts.frame)(&[more]), unknown].concat();
        assert_eq!(check(&door, &body).unwrap(), plain, "{}", door.name);
        // Groups were given up long ago; one costs its record.
        let group = [&element[..], &[0x0b; 1_000]].concat();
        check_between(&door, &group);
        // The same key again: the last one counts.
        if door.name == "otlp_logs" {
            let again = [element, field(6, key_value("k", "last"))].concat();
            let outcome = check(&door, &(parts.frame)(&[again])).unwrap();
            assert_eq!(outcome.kept[0].attribute("k").as_deref(), Some("last"));
        }
    }
}
