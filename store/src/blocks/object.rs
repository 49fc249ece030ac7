//! The members of an attributes object as raw JSON text, and the object out of them again.

/// Calls `member` with the raw key (without quotes) and the raw value of each member. False when the text is not a
/// compact object that [`write`] would give back byte for byte; some members were reported until then.
///
/// Only the outline is looked at: strings, and brackets that match in number. Whether the values are good JSON is
/// not asked, because they are kept as they are.
pub(crate) fn members<'t>(text: &'t str, mut member: impl FnMut(&'t str, &'t str) -> bool) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 2 || bytes[0] != b'{' || bytes[bytes.len() - 1] != b'}' {
        return false;
    }
    let end = bytes.len() - 1;
    let mut at = 1;
    while at < end {
        let Some(key_end) = string_end(bytes, at) else {
            return false;
        };
        if bytes.get(key_end) != Some(&b':') {
            return false;
        }
        let start = key_end + 1;
        let Some(value_end) = value_end(bytes, start, end) else {
            return false;
        };
        if value_end == start || !member(&text[at + 1..key_end - 1], &text[start..value_end]) {
            return false;
        }
        if value_end == end {
            return true;
        }
        // A comma promises another member.
        at = value_end + 1;
        if at == end {
            return false;
        }
    }
    // `{}` has no members and would come back as no attributes.
    false
}

/// The position behind the string that begins at `at` with a quote.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The position behind the value that begins at `at`: a comma of the outer object, or its `end`.
fn value_end(bytes: &[u8], mut at: usize, end: usize) -> Option<usize> {
    let mut depth = 0_usize;
    while at < end {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at)?;
                if at > end {
                    return None;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => return Some(at),
            // Blanks between tokens and control characters are none of a compact object's.
            0..=0x20 => return None,
            _ => {}
        }
        at += 1;
    }
    (depth == 0).then_some(end)
}

/// Appends a member to an object under construction; the caller opens and closes it.
pub(crate) fn push_member(out: &mut String, is_first: bool, key: &str, value: &str) {
    out.push_str(if is_first { "\"" } else { ",\"" });
    out.push_str(key);
    out.push_str("\":");
    out.push_str(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{members, push_member};

    fn rebuilt(text: &str) -> Option<String> {
        let mut out = String::from("{");
        let mut is_first = true;
        members(text, |key, value| {
            push_member(&mut out, is_first, key, value);
            is_first = false;
            true
        })
        .then(|| out + "}")
    }

    #[test]
    fn compact_objects_come_back_and_others_are_refused() {
        for good in [
            r#"{"a":1}"#,
            r#"{"a":"x\"}","b":[1,{"c":"],"}],"":null}"#,
            r#"{"a":{"b":{}},"é":"\ud800"}"#,
            r#"{"a":1,"a":2}"#,
        ] {
            assert_eq!(rebuilt(good).as_deref(), Some(good));
        }
        for bad in [
            "",
            "{}",
            "null",
            "[1]",
            r#"{"a": 1}"#,
            r#"{"a":1,}"#,
            r#"{"a":"x}"#,
            r#"{"a":}"#,
            r#"{"a":1]}"#,
        ] {
            assert_eq!(rebuilt(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_apart_comes_back(text in "[{}\\[\\]\":,a1 \\\\]{0,16}") {
            if let Some(again) = rebuilt(&text) {
                prop_assert_eq!(again, text);
            }
        }
    }
}
