use proptest::prelude::*;

use super::*;

const NAMES: Names = &[(1, "someName"), (2, "values")];

fn read(message: Message<'_>) -> Result<Vec<(u32, String)>, Malformed> {
    let mut found = Vec::new();
    message.fields(NAMES, &mut |number, item| {
        found.push((number, format!("{item:?}")));
        Ok(())
    })?;
    Ok(found)
}

#[test]
fn fields_come_by_number_from_both_encodings_and_unknown_ones_are_stepped_over() {
    // 1: "ab", 9: 300, 2: fixed64 1, 7: fixed32 2
    let bytes = b"\x0a\x02ab\x48\xac\x02\x11\x01\0\0\0\0\0\0\0\x3d\x02\0\0\0";
    let found = read(Message::Protobuf(bytes)).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], (1, "Bytes([97, 98])".to_owned()));
    assert_eq!(found[1], (2, "Fixed64(1)".to_owned()));
    let json = r#"{"some_name":"ab","new":{"x":[1,{"y":"}"}]},"values":[1,null,{"a":[]}],"someName":null}"#;
    let found = read(Message::Json(json)).unwrap();
    let expected = [
        (1, "Json(\"\\\"ab\\\"\")"),
        (2, "Json(\"1\")"),
        (2, "Json(\"{\\\"a\\\":[]}\")"),
    ];
    assert_eq!(
        found,
        expected.map(|(number, text)| (number, text.to_owned()))
    );
}

#[test]
fn what_is_cut_off_is_told_with_its_place() {
    for (bytes, told) in [
        (&b"\x0a\x05ab"[..], "inside a field at byte 2"),
        (&b"\x08"[..], "inside a field at byte 1"),
        (&b"\x09\x01"[..], "inside a field at byte 1"),
        (&b"\x0b"[..], "unknown wire type 3 at byte 0"),
        (&b"\x02\x00"[..], "invalid field number at byte 0"),
        (
            &b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"[..],
            "longer than ten bytes",
        ),
    ] {
        let reason = read(Message::Protobuf(bytes)).unwrap_err();
        assert!(reason.contains(told), "{reason}");
    }
    for json in [
        "",
        "[]",
        "{",
        "{} {}",
        r#"{"values":1}x"#,
        r#"{"a"}"#,
        r#"{"a":1"#,
        r#"{"a":1 "b":2}"#,
        r#"{"values":[1"#,
    ] {
        assert!(read(Message::Json(json)).is_err(), "{json}");
    }
}

#[test]
fn numbers_are_read_in_every_spelling_of_the_json_mapping() {
    assert_eq!(
        Item::Json("\"18446744073709551615\"").u64().unwrap(),
        u64::MAX
    );
    assert_eq!(Item::Json("-7").i64().unwrap(), -7);
    assert_eq!(Item::Json("1e3").u64().unwrap(), 1_000);
    assert!(Item::Json("1.5").u64().is_err());
    assert_eq!(
        Item::Json("\"-Infinity\"").f64().unwrap(),
        f64::NEG_INFINITY
    );
    assert!(Item::Json("\"NaN\"").f64().unwrap().is_nan());
    assert_eq!(Item::Varint(3).zigzag().unwrap(), -2);
    assert_eq!(
        Item::Json("\"B\"").choice(&[("A", 1), ("B", 2)]).unwrap(),
        2
    );
    assert_eq!(Item::Json("\"new\"").choice(&[("A", 1)]).unwrap(), 0);
    assert_eq!(Item::Varint(9).choice(&[]).unwrap(), 9);
}

#[test]
fn text_that_is_not_utf8_and_nul_become_visible() {
    assert_eq!(
        Item::Bytes(b"a\xff\0b").text().unwrap(),
        "a\u{fffd}\u{fffd}b"
    );
    assert_eq!(Item::Bytes(b"\x01\xab").hex().unwrap(), "01ab");
}

proptest! {
    #[test]
    fn no_bytes_and_no_text_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\":,a1ne \\\\]{0,60}") {
        read(Message::Protobuf(&bytes)).ok();
        read(Message::Json(&text)).ok();
        Message::elements(&text, &mut |_| Ok(())).ok();
    }
}
