//! Rules of a project's own for the scrubber, out of regular expressions.

use redact::Rule;
use regex::RegexBuilder;

/// Longest pattern, bytes.
const MAX_PATTERN_BYTES: usize = 512;
/// Most memory of one compiled pattern, bytes. The engine takes time in proportion to the text, whatever the pattern.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// A rule out of a regular expression: everything that it matches, or what its first group does, is replaced by the
/// replacement as it stands (by `<NAME>` without one).
///
/// # Errors
/// Says in one line what is wrong with the pattern.
pub fn scrub_rule(name: &str, pattern: &str, replacement: Option<&str>) -> Result<Rule, String> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(format!(
            "scrub rule '{name}': the pattern has {} bytes, limit is {MAX_PATTERN_BYTES}",
            pattern.len()
        ));
    }
    let compiled = RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            format!(
                "scrub rule '{name}': {}",
                text.lines().last().unwrap_or_default()
            )
        })?;
    if compiled.is_match("") {
        return Err(format!(
            "scrub rule '{name}': the pattern matches an empty text"
        ));
    }
    let has_group = compiled.captures_len() > 1;
    Ok(Rule::new(name, replacement, move |text| {
        if has_group {
            let groups = compiled.captures_iter(text);
            return groups
                .filter_map(|groups| groups.get(1).or_else(|| groups.get(0)))
                .map(|found| found.range())
                .collect();
        }
        compiled
            .find_iter(text)
            .map(|found| found.range())
            .collect()
    }))
}

#[cfg(test)]
mod tests {
    use redact::Scrubber;

    use super::*;

    #[test]
    fn a_pattern_is_replaced_by_its_text_or_its_name() {
        let rules = vec![
            scrub_rule("employee", r"\bE-\d{4}\b", None).unwrap(),
            scrub_rule("ticket", r"ticket (\w+)", Some("[ticket]")).unwrap(),
        ];
        let scrubber = Scrubber::new().with_rules(rules).unwrap();
        assert_eq!(
            scrubber.scrub("E-1234 opened ticket HX77").get(),
            "<EMPLOYEE> opened ticket [ticket]"
        );
    }

    #[test]
    fn patterns_that_cannot_be_used_are_refused_with_their_reason() {
        for (pattern, reason) in [
            ("a*", "empty text"),
            ("(", "unclosed"),
            ("\\w{1000}{1000}", "size limit"),
        ] {
            let error = scrub_rule("x", pattern, None).unwrap_err();
            assert!(error.contains(reason) && error.contains("'x'"), "{error}");
        }
        assert!(
            scrub_rule("x", &"a".repeat(513), None)
                .unwrap_err()
                .contains("limit is 512")
        );
    }

    #[test]
    fn a_pattern_that_makes_others_backtrack_costs_no_more_than_its_text() {
        let rule = scrub_rule("slow", "(a+)+$", None).unwrap();
        let scrubber = Scrubber::new().with_rules(vec![rule]).unwrap();
        assert!(
            scrubber
                .scrub(&format!("{}b", "a".repeat(100_000)))
                .get()
                .ends_with('b')
        );
    }
}
