//! Texts, numbers and names that go wrong elsewhere, as body, key and value of a record between two good ones.

use crate::damage::{check_between, neighbours};
use crate::doors::{Door, Isolation, Kept, Line, doors};
use crate::oracle::check;

/// What text becomes: NUL and what is no text are made visible.
pub fn visible(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\0",
        "a\0b",
        "\u{feff}bom",
        "mid\u{feff}dle",
        "\u{202e}right to left\u{202c}",
        "\u{200b}zero\u{200d}width\u{2060}",
        "\u{e0001}\u{e0041}tags",
        "👩‍👩‍👧‍👦 🇩🇪 ☠️",
        "Z̷̢a͜l̵g҉o",
        "\u{7f}\u{80}\u{9f} \u{1b}[31mred\u{1b}[0m",
        "\r\nSet-Cookie: x",
        "one\ntwo\rthree\u{2028}four\u{2029}five",
        "\u{10ffff}\u{ffff}\u{fffe}",
        "\\u0000 \\ud800 \\x00 \\",
        "\"quoted\" 'single' `back`",
        "</script><script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "{{7*7}} ${jndi:ldap://x} %s %n <!channel>",
        "NaN",
        "Infinity",
        "-0",
        "1e400",
        "18446744073709551616",
        "null",
        "true",
        "0000000000000000",
        "{",
        "[",
        "{\"",
        "}]}",
        "label=\"x\" } 1",
        "'; DROP TABLE logs; --",
        "../../etc/passwd",
        "-",
        ":",
        "<34>",
        "a=b c=\"d",
    ]
    .map(str::to_owned)
    .into();
    texts.push((1..0x20).map(|code| char::from(code as u8)).collect());
    texts.push("x".repeat(900));
    texts.push("é".repeat(400));
    texts.push("\u{301}".repeat(300));
    texts
}

/// A text in quotes that is an object is read as one, as senders mean it.
fn is_object(text: &str) -> bool {
    let value: Result<serde_json::Value, _> = serde_json::from_str(text.trim());
    value.is_ok_and(|value| value.is_object())
}

/// Sends a line alone and sees to it that it arrives as it was sent, but for white space around it.
pub fn check_exact(door: &Door, line: &Line) {
    let Some(body) = door.request(std::slice::from_ref(line)) else {
        return;
    };
    let name = door.name;
    let outcome = check(door, &body).unwrap_or_else(|error| panic!("{name}: {error} for {line:?}"));
    if !door.is_exact {
        return;
    }
    let Some(kept) = outcome.kept.first() else {
        let reasons = &outcome.rejected;
        // A label must have a name.
        let is_blank = line.body.trim().is_empty() || line.key.is_empty();
        let is_told = reasons.iter().any(|item| item.reason.contains("limit is"));
        assert!(
            is_blank || is_told,
            "{name}: {line:?} is not there: {reasons:?}"
        );
        return;
    };
    let expected = visible(&line.body);
    // RFC 5424 has the mark of byte order say that a message is UTF-8; it is no part of it.
    let is_syslog = name.starts_with("syslog");
    let expected = match expected.strip_prefix('\u{feff}') {
        Some(rest) if is_syslog => rest,
        _ => &expected,
    };
    // A terminal's colours are taken off lines.
    let is_coloured = is_syslog && format!("{line:?}").contains("\\u{1b}");
    if !expected.trim().is_empty() && !is_object(expected) && !is_coloured {
        assert_eq!(
            kept.text().trim(),
            expected.trim(),
            "{name}: the text of {line:?}"
        );
    }
    if let Some(key) = (door.attribute)(line) {
        let key = visible(&key);
        // GELF keeps the mark of additional fields where the name is one of its own.
        let found = kept
            .attribute(&key)
            .or_else(|| kept.attribute(&format!("_{key}")));
        let is_dropped = matches!(kept, Kept::Point(_)) && line.value.is_empty();
        if !is_dropped && !is_coloured {
            assert_eq!(
                found.as_deref(),
                Some(&*visible(&line.value)),
                "{name}: {line:?}: {kept:?}"
            );
        }
    }
}

#[test]
fn odd_texts_arrive_as_they_were_sent() {
    for door in doors() {
        for text in texts() {
            check_exact(&door, &Line::new(&text, "k", "v"));
            check_exact(&door, &Line::new("b", "k", &text));
            check_exact(&door, &Line::new("b", &text, "v"));
        }
    }
}

#[test]
fn odd_texts_cost_no_neighbour() {
    for door in doors().iter().filter(|door| door.is_exact) {
        let Some(parts) = door
            .parts
            .filter(|parts| parts.isolation != Isolation::Alone)
        else {
            continue;
        };
        for text in texts() {
            for line in [Line::new(&text, "k", "v"), Line::new("b", &text, &text)] {
                check_between(door, &(parts.element)(&line));
            }
        }
    }
}

/// Elements that are JSON, or nearly, with a word of the reason for their rejection; none when they are accepted.
fn json_elements() -> Vec<(String, Option<&'static str>)> {
    let members = |count: usize| {
        let members: Vec<String> = (0..count).map(|at| format!("\"k{at}\":{at}")).collect();
        format!("{{\"message\":\"m\",{}}}", members.join(","))
    };
    let with = |value: &str| format!("{{\"message\":\"m\",\"v\":{value}}}");
    vec![
        (with("1e400"), None),
        (with("-1e400"), None),
        (with("1e-400"), None),
        (with("-0"), None),
        (with("-0.0e-0"), None),
        (with("9223372036854775807"), None),
        (with("-9223372036854775808"), None),
        (with("18446744073709551616"), None),
        (with(&"9".repeat(5_000)), None),
        (with("\"\\ud800\""), None),
        (with("\"\\udc00\\ud800\""), None),
        (with("\"\\u0000\""), None),
        (with("{\"a\":1,\"a\":2}"), None),
        (
            "{\"message\":\"m\",\"a\":1,\"a\":2,\"\\u0061\":3}".to_owned(),
            None,
        ),
        ("{\"message\":\"m\",\"\":\"\"}".to_owned(), None),
        (
            "{\"message\":\"m\",\"timestamp\":\"294277-01-01T00:00:00Z\"}".to_owned(),
            None,
        ),
        (
            "{\"message\":\"m\",\"timestamp\":1e18,\"vigil.original_timestamp\":\"x\"}".to_owned(),
            None,
        ),
        (
            "{\"message\":\"m\",\"timestamp\":-9223372036854775808}".to_owned(),
            None,
        ),
        (
            "{\"message\":\"m\",\"trace_id\":{},\"traceId\":\"".to_owned()
                + &"x".repeat(200)
                + "\"}",
            None,
        ),
        (members(1_000), None),
        (members(10_000), Some("limit is 1000")),
        (
            with(&format!("\"{}\"", "x".repeat(1024 * 1024))),
            Some("limit is 1048576"),
        ),
        (with("NaN"), Some("invalid JSON")),
        (with("Infinity"), Some("invalid JSON")),
        (with("+1"), Some("invalid JSON")),
        (with("01"), Some("invalid JSON")),
        (with("'x'"), Some("invalid JSON")),
        (with("\"\\x41\""), Some("invalid JSON")),
        ("{}".to_owned(), Some("no message")),
        ("null".to_owned(), Some("not an object")),
        ("[]".to_owned(), Some("not an object")),
        ("1e400".to_owned(), Some("not an object")),
    ]
}

#[test]
fn odd_json_is_kept_or_told_of_and_costs_no_neighbour() {
    for door in doors()
        .iter()
        .filter(|door| matches!(door.name, "json" | "ndjson"))
    {
        let Some((parts, (elements, _))) = door.parts.zip(neighbours(door)) else {
            continue;
        };
        for (element, reason) in json_elements() {
            check_between(door, element.as_bytes());
            let body = (parts.frame)(&[elements[0].clone(), element.clone().into_bytes()]);
            let outcome = check(door, &body).unwrap();
            let shown: String = element.chars().take(80).collect();
            let told = outcome.rejected.first().map(|item| item.reason.as_str());
            match reason {
                None => assert_eq!((told, outcome.kept.len()), (None, 2), "{shown}"),
                Some(word) => assert!(
                    told.is_some_and(|told| told.contains(word)),
                    "{shown}: {told:?}"
                ),
            }
        }
    }
}

#[test]
fn separators_that_are_too_many_or_missing_cost_no_record() {
    let door = doors()
        .into_iter()
        .find(|door| door.name == "json")
        .unwrap();
    for (body, kept, rejected) in [
        (r#"[{"m":1},,{"m":2}]"#, 2, 1),
        (r#"[,{"m":1},,,{"m":2},]"#, 2, 3),
        (r#"[{"m":1} {"m":2}{"m":3}]"#, 3, 0),
        (r#"[{"m":1}},{"m":2}]"#, 2, 1),
        (r#"[{"m":1};{"m":2},{"m":3}]"#, 2, 1),
        (r#"[{"m":1},x y z,{"m":2}]"#, 2, 1),
        ("\u{feff}[{\"m\":1},{\"m\":2}]", 2, 0),
        ("{\"m\":1}\u{feff}\n{\"m\":2}", 2, 1),
    ] {
        let outcome = check(&door, body.as_bytes()).unwrap();
        let counts = (outcome.kept.len(), outcome.rejected_count);
        assert_eq!(counts, (kept, rejected), "{body}: {:?}", outcome.rejected);
    }
}

#[test]
fn a_mark_of_byte_order_before_a_body_is_no_part_of_it() {
    for door in doors() {
        let is_text = door.name.contains("json")
            || matches!(
                door.name,
                "auto"
                    | "metrics"
                    | "events"
                    | "bulk"
                    | "splunk"
                    | "datadog"
                    | "better_stack"
                    | "gelf"
                    | "gelf_message"
            );
        if !is_text || door.name.contains("msgpack") {
            continue;
        }
        let sample = door.all_samples().swap_remove(0);
        let marked = [&b"\xef\xbb\xbf"[..], &sample].concat();
        assert_eq!(
            check(&door, &marked),
            check(&door, &sample),
            "{}",
            door.name
        );
    }
}

#[test]
fn bytes_that_are_no_text_become_visible() {
    for door in doors() {
        let Some(body) = door.request(&[Line::new("x~~~~y", "k", "v")]) else {
            continue;
        };
        let at = body.windows(4).position(|four| four == b"~~~~").unwrap();
        for bytes in [
            *b"\xff\xfe\xfd\xfc",
            *b"\xc0\x80\xc0\x80",
            *b"\xed\xa0\x80\xed",
            *b"\xf4\x90\x80\x80",
        ] {
            let mut body = body.clone();
            body[at..at + 4].copy_from_slice(&bytes);
            let outcome = check(&door, &body).unwrap();
            let expected = format!("x{}y", String::from_utf8_lossy(&bytes));
            let text = outcome.kept[0].text();
            assert!(text.contains(&expected), "{}: {text}", door.name);
        }
    }
}
