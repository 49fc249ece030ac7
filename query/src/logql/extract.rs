//! Lines taken apart: `| pattern` and `| regexp`.

use regex::{Regex, RegexBuilder};

/// Memory that one compiled expression may take, bytes.
const REGEX_BYTES: usize = 1024 * 1024;

/// How a line is taken apart.
#[derive(Debug, Clone)]
pub struct Extraction {
    text: String,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    /// Texts with gaps between them, the first before the first gap.
    Pattern { start: String, gaps: Vec<Gap> },
    /// The named groups of an expression.
    Regex(Regex),
}

/// A gap of a pattern and the text that ends it; an empty text is the end of the line.
#[derive(Debug, Clone)]
struct Gap {
    /// None for `<_>`.
    name: Option<String>,
    until: String,
}

impl Extraction {
    /// `<ip> - <_> "<method> <path>"`: each gap reaches to the text that follows it.
    ///
    /// Source: grafana.com/docs/loki/latest/query/log_queries, "Pattern".
    pub(super) fn pattern(text: &str) -> Result<Self, String> {
        let mut start = String::new();
        let mut gaps: Vec<Gap> = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some((name, after)) = gap(rest) {
                if gaps.last().is_some_and(|gap| gap.until.is_empty()) {
                    return Err("found consecutive capture: a text must stand between two".into());
                }
                let name = (name != "_").then(|| name.to_owned());
                gaps.push(Gap {
                    name,
                    until: String::new(),
                });
                rest = after;
                continue;
            }
            let literal = gaps.last_mut().map_or(&mut start, |gap| &mut gap.until);
            literal.push(first);
            rest = &rest[first.len_utf8()..];
        }
        let names: Vec<&String> = gaps.iter().filter_map(|gap| gap.name.as_ref()).collect();
        if names.is_empty() {
            return Err("at least one capture is required".to_owned());
        }
        check_unique(names.iter().map(|name| name.as_str()))?;
        Ok(Self {
            text: text.to_owned(),
            way: Way::Pattern { start, gaps },
        })
    }

    /// The named groups of a regular expression.
    pub(super) fn regex(text: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(text)
            .size_limit(REGEX_BYTES)
            .build()
            .map_err(|error| {
                let shown = error.to_string();
                let reason = shown.lines().last().unwrap_or_default();
                format!("error parsing regexp: {}", reason.trim())
            })?;
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        if names.is_empty() {
            return Err("at least one named capture must be supplied".to_owned());
        }
        check_unique(names.into_iter())?;
        Ok(Self {
            text: text.to_owned(),
            way: Way::Regex(regex),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name of its stage.
    #[must_use]
    pub fn stage(&self) -> &'static str {
        match self.way {
            Way::Pattern { .. } => "pattern",
            Way::Regex(_) => "regexp",
        }
    }

    /// Names and values of what it finds in a line, in the order in which it stands there.
    pub(super) fn find<'t>(&'t self, line: &'t str) -> Vec<(&'t str, &'t str)> {
        match &self.way {
            Way::Regex(regex) => of_regex(regex, line),
            Way::Pattern { start, gaps } => of_pattern(start, gaps, line),
        }
    }
}

fn check_unique<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("duplicate extracted label name '{name}'"));
        }
    }
    Ok(())
}

/// `<name>` at the beginning: the name, and what follows.
fn gap(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('<')?.split_once('>')?;
    let mut characters = name.chars();
    let is_name = characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_');
    is_name.then_some((name, after))
}

fn of_regex<'t>(regex: &'t Regex, line: &'t str) -> Vec<(&'t str, &'t str)> {
    let Some(found) = regex.captures(line) else {
        return Vec::new();
    };
    regex
        .capture_names()
        .flatten()
        .filter_map(|name| Some((name, found.name(name)?.as_str())))
        .collect()
}

/// A line that begins otherwise holds nothing. Where the text after a gap is missing, the gap is the rest of the line
/// and the last one.
fn of_pattern<'t>(start: &str, gaps: &'t [Gap], line: &'t str) -> Vec<(&'t str, &'t str)> {
    let mut found = Vec::new();
    let Some(mut rest) = line.strip_prefix(start) else {
        return found;
    };
    for gap in gaps {
        let at = if gap.until.is_empty() {
            None
        } else {
            rest.find(gap.until.as_str())
        };
        let value = &rest[..at.unwrap_or(rest.len())];
        if let Some(name) = &gap.name {
            found.push((name.as_str(), value));
        }
        match at {
            Some(at) => rest = &rest[at + gap.until.len()..],
            None => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(extraction: Result<Extraction, String>, line: &str, expected: &str) {
        let shown = match extraction {
            Ok(extraction) => {
                let found = extraction.find(line).into_iter();
                let pairs: Vec<String> = found
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                pairs.join("|")
            }
            Err(error) => error,
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_pattern_names_what_stands_between_its_texts() {
        let access = r#"<ip> - <_> [<_>] "<method> <path> <_>" <status> <size>"#;
        let line = r#"10.0.0.7 - ada [23/Nov/2026] "GET /cart?id=1 HTTP/1.1" 503 17"#;
        check(
            Extraction::pattern(access),
            line,
            "ip=10.0.0.7|method=GET|path=/cart?id=1|status=503|size=17",
        );
        check(
            Extraction::pattern("level=<level> <_>"),
            "level=warn x",
            "level=warn",
        );
        check(Extraction::pattern("level=<level> <_>"), "x level=warn", "");
        check(Extraction::pattern("<a>: <b>"), "no colon", "a=no colon");
        check(Extraction::pattern("<a>é<b>"), "1é2é3", "a=1|b=2é3");
        check(Extraction::pattern("<a b> <c>"), "<a b> 5", "c=5");
        check(Extraction::pattern("<a>"), "", "a=");
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_refused() {
        let consecutive = "found consecutive capture: a text must stand between two";
        check(Extraction::pattern("<a><b>"), "", consecutive);
        check(
            Extraction::pattern("x"),
            "",
            "at least one capture is required",
        );
        check(
            Extraction::pattern("<_> x"),
            "",
            "at least one capture is required",
        );
        check(
            Extraction::pattern("<a> <a>"),
            "",
            "duplicate extracted label name 'a'",
        );
    }

    #[test]
    fn an_expression_names_its_groups() {
        let expression = r"(?P<method>\w+) (?P<path>\S+)( (?P<rest>x))?";
        check(
            Extraction::regex(expression),
            "-- GET /cart",
            "method=GET|path=/cart",
        );
        check(Extraction::regex(expression), "--", "");
        let none = "at least one named capture must be supplied";
        check(Extraction::regex("(a)"), "a", none);
        check(
            Extraction::regex("("),
            "",
            "error parsing regexp: error: unclosed group",
        );
    }
}
