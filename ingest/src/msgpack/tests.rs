use super::*;

fn read(bytes: &[u8]) -> Vec<Result<String, String>> {
    let limits = Limits {
        depth: 4,
        record_bytes: 64,
        ..Limits::default()
    };
    Items::new(bytes, &limits)
        .map(|item| match item {
            Item::Object(json) => Ok(json),
            Item::Rejected(reason) => Err(reason),
        })
        .collect()
}

/// `{"a": value}`.
fn map_of(value: &[u8]) -> Vec<u8> {
    [&[0x81, 0xa1, b'a'], value].concat()
}

#[test]
fn every_kind_of_value_becomes_json() {
    let cases: [(&[u8], &str); 15] = [
        (&[0xc0], "null"),
        (&[0xc3], "true"),
        (&[0x7f], "127"),
        (&[0xe0], "-32"),
        (&[0xcd, 1, 0], "256"),
        (
            &[0xcf, 255, 255, 255, 255, 255, 255, 255, 255],
            "18446744073709551615",
        ),
        (&[0xd0, 0x80], "-128"),
        (&[0xca, 0x3e, 0x80, 0, 0], "0.25"),
        (&[0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], "\"inf\""),
        (&[0xd9, 2, b'"', b'\n'], r#""\"\n""#),
        (&[0xc4, 2, 0xff, b'x'], "\"\u{fffd}x\""),
        (&[0x92, 0x01, 0x80], "[1,{}]"),
        (
            &[0xd6, 0xff, 0x6b, 0x03, 0x1b, 0x5f],
            "1795365727.000000000",
        ),
        (
            &[0xd7, 0xff, 0x77, 0x35, 0x94, 0x00, 0x6b, 0x03, 0x1b, 0x5f],
            "1795365727.500000000",
        ),
        (&[0xd4, 5, 0xab], "\"ab\""),
    ];
    for (value, json) in cases {
        assert_eq!(read(&map_of(value)), [Ok(format!("{{\"a\":{json}}}"))]);
    }
    // A key that is no text.
    assert_eq!(read(&[0x81, 0x07, 0x01]), [Ok(r#"{"7":1}"#.to_owned())]);
}

#[test]
fn what_is_no_map_too_deep_or_too_large_harms_no_neighbour() {
    let good = map_of(&[1]);
    let deep = map_of(&[0x91, 0x91, 0x91, 0x91, 0x01]);
    let large = map_of(&[&[0xd9, 80][..], &[b'x'; 80]].concat());
    let body = [&[0x95][..], &good, &[0x2a], &deep, &large, &good].concat();
    let read = read(&body);
    assert_eq!(read[0], read[4]);
    assert_eq!(read[0], Ok(r#"{"a":1}"#.to_owned()));
    assert_eq!(read[1], Err("record is a number, not a map".to_owned()));
    assert!(read[2].as_ref().unwrap_err().contains("4 levels"));
    assert_eq!(read[3], Err("record is 85 bytes, limit is 64".to_owned()));
}

#[test]
fn lengths_that_lie_end_the_reading_and_cost_no_memory() {
    for bomb in [
        &[0xdd, 255, 255, 255, 255][..],
        &[0xdf, 255, 255, 255, 255],
        &[0x81, 0xdb, 255, 255, 255, 255],
        &[0xc1],
    ] {
        let read = read(bomb);
        assert_eq!(read.len(), 1, "{bomb:?}");
        assert!(
            read[0]
                .as_ref()
                .unwrap_err()
                .contains("the rest was not read")
        );
    }
    // Nesting that would overflow a stack that recurses.
    let deep = [vec![0x91; 100_000], vec![0x01]].concat();
    assert!(read(&deep)[0].is_err());
}

#[test]
fn keys_that_are_maps_of_keys_that_are_maps_cost_no_memory() {
    // Each level would double the escapes of the one inside: thirty of them are gigabytes.
    let bomb = [vec![0x81; 30], vec![0xa1, b'a', 0x01], vec![0x01; 29]].concat();
    let limits = Limits::default();
    let mut items = Items::new(&bomb, &limits);
    let Some(Item::Rejected(reason)) = items.next() else {
        panic!("a key is no container");
    };
    assert_eq!(reason, "a key is a map, not a text or a number");
    let array = Items::new(&[0x81, 0x90, 0x01], &limits).next();
    assert!(matches!(array, Some(Item::Rejected(_))));
}
