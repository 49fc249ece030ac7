use super::*;
use crate::{Limits, LogFormat};

/// Each element as `ok key=raw,...` or `no reason`.
fn walk(format: LogFormat, text: &str) -> Vec<String> {
    let mut seen = Vec::new();
    for_each_element(format, text, &Limits::default(), |index, element| {
        assert_eq!(index, seen.len(), "indexes count every element once");
        seen.push(match element {
            Element::Fields(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|field| format!("{}={}", field.key, field.value.raw))
                    .collect();
                format!("ok {}", fields.join(","))
            }
            Element::Rejected(reason) => format!("no {reason}"),
        });
    })
    .expect("below the record limit");
    seen
}

fn rewritten(raw: &str) -> String {
    let value = Scanner::new(raw).value(32).expect("valid JSON");
    let mut output = String::new();
    write_value(&value, &mut output);
    output
}

#[test]
fn objects_arrays_and_sequences_give_their_elements() {
    assert_eq!(
        walk(LogFormat::Json, r#"{"a":1,"b":"x"}"#),
        [r#"ok a=1,b="x""#]
    );
    assert_eq!(
        walk(LogFormat::Json, r#" [ {"a":1} , {"b":[1, 2]} ] "#),
        ["ok a=1", "ok b=[1, 2]"]
    );
    assert_eq!(
        walk(LogFormat::Json, "{\"a\":1}\n{\"a\":2}"),
        ["ok a=1", "ok a=2"]
    );
    assert_eq!(
        walk(LogFormat::Ndjson, "{\"a\":1}\r\n\n{\"a\":2}\n"),
        ["ok a=1", "ok a=2"]
    );
    assert!(walk(LogFormat::Json, "[]").is_empty());
    assert!(walk(LogFormat::Json, "").is_empty());
}

#[test]
fn a_broken_element_of_an_array_does_not_harm_its_neighbours() {
    let seen = walk(
        LogFormat::Json,
        r#"[{"a":1},{"a":tru},{"a":"]"},7,"x",{"a":4}]"#,
    );
    insta::assert_debug_snapshot!(seen, @r#"
    [
        "ok a=1",
        "no invalid JSON at byte 14: expected true, false or null",
        "ok a=\"]\"",
        "no record is a number, not an object",
        "no record is a string, not an object",
        "ok a=4",
    ]
    "#);
}

#[test]
fn an_array_that_breaks_off_keeps_what_came_before() {
    let seen = walk(LogFormat::Json, r#"[{"a":1},{"a":2},{"a":"#);
    assert_eq!(seen[..2], ["ok a=1", "ok a=2"]);
    assert!(seen[2].ends_with("the rest was not read"), "{}", seen[2]);
    let seen = walk(LogFormat::Json, r#"[{"a":1},{"a":2}"#);
    assert_eq!(
        seen[2],
        "no the array ends without ']', records may be missing"
    );
    let seen = walk(LogFormat::Json, r#"[{"a":1} {"a":2}]"#);
    assert_eq!(seen, ["ok a=1", "ok a=2"], "a comma is missing");
    let seen = walk(LogFormat::Json, r#"[{"a":1} "x", {"a":2},{"a":3}]"#);
    assert_eq!(seen[2..], ["ok a=2", "ok a=3"]);
    assert!(seen[1].contains("expected ',' or ']'"), "{}", seen[1]);
}

#[test]
fn a_torn_line_in_an_array_of_lines_costs_only_itself() {
    for torn in [
        r#"{"a":2,"#,
        r#"{"a":"cut"#,
        r#"{"a":[{"b":"#,
        r#"["a":2}"#,
        "{",
        "x",
        "",
    ] {
        let text = format!("[\n{{\"a\":1}},\n{torn}\n{{\"a\":3}},\n{{\"a\":4}}\n]");
        let seen = walk(LogFormat::Json, &text);
        let read = |wanted: &str| seen.iter().any(|one| one == wanted);
        assert!(
            read("ok a=1") && read("ok a=3") && read("ok a=4"),
            "{torn}: {seen:?}"
        );
        assert!(
            torn.is_empty() || seen.iter().any(|one| one.starts_with("no ")),
            "{torn}"
        );
    }
}

#[test]
fn a_torn_line_of_objects_sent_as_json_costs_only_itself() {
    for torn in [
        r#"{"a":2,"message":"cut off he"#,
        r#"{"a":2"#,
        r#"{"a":"#,
        r#"{"a":2,"#,
        r#"{"a":[{"b":2},"#,
        r#"{"a":2}}"#,
        r#"{"a":2},"#,
        "garbage",
    ] {
        let text = format!("{{\"a\":1}}\n{torn}\n{{\"a\":3}}\n{{\"a\":4}}\n");
        let seen = walk(LogFormat::Json, &text);
        let read = |wanted: &str| seen.iter().any(|one| one == wanted);
        assert!(
            read("ok a=1") && read("ok a=3") && read("ok a=4"),
            "{torn}: {seen:?}"
        );
        let first = walk(LogFormat::Json, &format!("{torn}\n{{\"a\":3}}"));
        assert!(first.contains(&"ok a=3".to_owned()), "{torn}: {first:?}");
        assert!(seen.iter().any(|one| one.starts_with("no ")), "{torn}");
    }
    // A broken object that closes is stepped over where it closes.
    assert_eq!(
        walk(LogFormat::Json, "{\"a\":tru} {\"a\":2}\n{\"a\":3}")[1..],
        ["ok a=2", "ok a=3"]
    );
    let pretty = "{\n  \"a\": [\n    {\"b\": 1}\n  ]\n}\n{\n  \"a\": 2\n}\n";
    assert_eq!(walk(LogFormat::Json, pretty)[1], "ok a=2");
}

#[test]
fn nesting_of_twenty_thousand_levels_is_one_rejection() {
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let text = format!(r#"[{{"a":1}},{{"a":{deep}}},{deep},{{"a":2}}]"#);
    let seen = walk(LogFormat::Json, &text);
    assert_eq!(seen.len(), 4);
    assert_eq!(
        seen[1],
        "no record is nested 20001 levels deep, limit is 32"
    );
    assert_eq!(seen[3], "ok a=2");
    let objects = format!("{}1{}", r#"{"a":"#.repeat(20_000), "}".repeat(20_000));
    assert_eq!(walk(LogFormat::Ndjson, &objects).len(), 1);
    // Never closed: nothing after it can be found.
    let open = format!("[{{\"a\":1}},{}", "[".repeat(100_000));
    assert_eq!(walk(LogFormat::Json, &open).len(), 2);
}

#[test]
fn depth_is_counted_exactly() {
    let of = |levels: usize| {
        let inner = levels - 1;
        format!(r#"{{"a":{}1{}}}"#, "[".repeat(inner), "]".repeat(inner))
    };
    assert!(walk(LogFormat::Json, &of(32))[0].starts_with("ok"));
    assert_eq!(
        walk(LogFormat::Json, &of(33))[0],
        "no record is nested 33 levels deep, limit is 32"
    );
}

#[test]
fn too_many_records_refuse_the_request() {
    let limits = Limits {
        records: 2,
        ..Limits::default()
    };
    let result = for_each_element(LogFormat::Ndjson, "{}\n{}\n{}", &limits, |_, _| {});
    assert_eq!(
        result.unwrap_err().to_string(),
        "request holds more than 2 records, which is the limit"
    );
}

#[test]
fn values_are_written_compactly_and_storably() {
    let check = |input: &str, expected: &str| assert_eq!(rewritten(input), expected, "{input}");
    check(r#"{ "a" : [ 1 , 2 ] }"#, r#"{"a":[1,2]}"#);
    check(r#""a\u0000b""#, "\"a\u{fffd}b\"");
    check(r#""\ud800""#, "\"\u{fffd}\"");
    check(r#""\ud83d\ude00""#, "\"\u{1f600}\"");
    check(r#"{"\ud800":"\udc00x"}"#, "{\"\u{fffd}\":\"\u{fffd}x\"}");
    check("\"tab\there\"", r#""tab\there""#);
    check("1e400", r#""1e400""#);
    check("{\"n\":1e100000}", r#"{"n":"1e100000"}"#);
    check(
        "[-1e-100000,1e300,0e99,12345678901234567890]",
        r#"["-1e-100000",1e300,0e99,12345678901234567890]"#,
    );
    check(
        &format!("[1{}]", "0".repeat(80)),
        &format!("[\"1{}\"]", "0".repeat(80)),
    );
    check(r#""quote \" slash \/ \\""#, r#""quote \" slash \/ \\""#);
}

#[test]
fn what_is_written_is_read_back_by_another_reader() {
    for input in [
        "\"a\u{1}b\u{0}c\"",
        r#"{"a":{"b":["\u0000\n",1e999,"\ud800\ud800",{ }, [ ]]}}"#,
        r#"["\u00e9","\u2028","\\u0000"]"#,
    ] {
        let output = rewritten(input);
        serde_json::from_str::<serde_json::Value>(&output)
            .unwrap_or_else(|error| panic!("{output}: {error}"));
        assert!(
            !output.contains("\\u0000") || output.contains("\\\\u0000"),
            "{output}"
        );
    }
}

#[test]
fn decoded_strings_hold_what_was_escaped() {
    assert_eq!(
        decode_string(r#""\b\f\n\r\t\/\\\"""#),
        "\u{8}\u{c}\n\r\t/\\\""
    );
    assert_eq!(
        decode_string(r#""\u00e9\uD83D\uDE00\uD83Dx""#),
        "é\u{1f600}\u{fffd}x"
    );
}

/// Files that RFC 8259 refuses and this reader forgives, because real senders produce them.
const FORGIVEN: [&str; 7] = [
    "n_string_unescaped_ctrl_char.json",
    "n_string_unescaped_newline.json",
    "n_string_unescaped_tab.json",
    "n_array_extra_comma.json",
    "n_array_number_and_comma.json",
    "n_single_space.json",
    "n_structure_no_data.json",
];

#[test]
fn the_json_test_suite_is_accepted_and_refused_as_it_says() {
    let folder = std::env::var_os("VIGIL_SHARED_DATA").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        std::path::PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(folder.join("jsontestsuite/test_parsing")) else {
        return;
    };
    let mut wrong = Vec::new();
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        // The case as a field of a record, so that every kind of value is tried.
        let body = format!("[{{\"before\":1}},{{\"case\":{text}}},{{\"after\":1}}]");
        let seen = walk(LogFormat::Json, &body);
        let is_read =
            seen.iter().filter(|one| one.starts_with("ok")).count() == 3 && seen.len() == 3;
        let alone = Scanner::new(text.trim()).value(63);
        let is_whole = alone.is_ok_and(|value| value.raw.len() == text.trim().len());
        match name.as_bytes()[0] {
            b'y' if !is_whole || !is_read => wrong.push(name),
            b'n' if is_whole && !FORGIVEN.contains(&name.as_str()) => {
                // Invalid UTF-8 is replaced, not refused.
                if std::str::from_utf8(&bytes).is_ok() {
                    wrong.push(name);
                }
            }
            _ => {
                assert!(!seen.is_empty(), "{name}");
                assert_eq!(
                    seen[0], "ok before=1",
                    "{name} harmed the element before it"
                );
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn broken_objects_before_a_long_rest_are_read_in_one_pass() {
    // Looking for the next line anew behind each of them would read the rest ten thousand times.
    let text = format!("{}{}", "{x}".repeat(10_000), "\n ".repeat(4_000_000));
    let started = std::time::Instant::now();
    let seen = walk(LogFormat::Json, &text);
    assert_eq!(seen.len(), 10_000);
    let elapsed = started.elapsed();
    assert!(elapsed < std::time::Duration::from_secs(20), "{elapsed:?}");
}
