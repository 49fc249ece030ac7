//! Rules of a project's own: what its pattern finds is replaced by its text, for good.
//!
//! The pattern itself is compiled elsewhere (`inference::scrub_rule` takes a regular expression); here a rule is anything
//! that gives places in a text. The replacement is taken as it stands: nothing of what was found can come back in it.

use std::fmt;
use std::ops::Range;

/// Most rules of a scrubber.
pub const MAX_RULES: usize = 64;
/// Longest name of a rule and longest replacement, bytes.
const MAX_TEXT_BYTES: usize = 64;
/// Most places that are taken from one rule in one text; the rest of the text is taken whole then.
const MAX_PLACES: usize = 100_000;

type Finder = Box<dyn Fn(&str) -> Vec<Range<usize>> + Send + Sync>;

/// A rule of a project's own.
pub struct Rule {
    name: String,
    replacement: String,
    finder: Finder,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("name", &self.name)
            .field("replacement", &self.replacement)
            .finish_non_exhaustive()
    }
}

/// Why rules are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError(String);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RuleError {}

impl Rule {
    /// `finder` gives places in bytes; those that are empty or no places of the text are left out. Without a replacement
    /// the name stands for it: `<EMPLOYEE>`.
    #[must_use]
    pub fn new(
        name: &str,
        replacement: Option<&str>,
        finder: impl Fn(&str) -> Vec<Range<usize>> + Send + Sync + 'static,
    ) -> Self {
        let replacement = replacement.map_or_else(
            || {
                let word: String = name
                    .chars()
                    .map(|c| {
                        if c.is_ascii_alphanumeric() {
                            c.to_ascii_uppercase()
                        } else {
                            '_'
                        }
                    })
                    .collect();
                format!("<{word}>")
            },
            str::to_owned,
        );
        Self {
            name: name.to_owned(),
            replacement,
            finder: Box::new(finder),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands in place of what it finds.
    #[must_use]
    pub fn replacement(&self) -> &str {
        &self.replacement
    }

    pub(crate) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut places = (self.finder)(text);
        places.retain(|place| {
            place.start < place.end
                && place.end <= text.len()
                && text.is_char_boundary(place.start)
                && text.is_char_boundary(place.end)
        });
        if places.len() > MAX_PLACES {
            // Rather too much than too little.
            let from = places[MAX_PLACES].start;
            places.truncate(MAX_PLACES);
            places.push(from..text.len());
        }
        places
    }
}

/// Whether rules are within their limits.
pub(crate) fn check(rules: &[Rule]) -> Result<(), RuleError> {
    if rules.len() > MAX_RULES {
        return Err(RuleError(format!(
            "{} rules, limit is {MAX_RULES}",
            rules.len()
        )));
    }
    for rule in rules {
        for (what, text) in [("name", &rule.name), ("replacement", &rule.replacement)] {
            if text.len() > MAX_TEXT_BYTES || text.chars().any(char::is_control) {
                return Err(RuleError(format!(
                    "the {what} of rule '{}' has {} bytes or control characters, limit is {MAX_TEXT_BYTES}",
                    rule.name,
                    text.len()
                )));
            }
        }
        if rule.name.is_empty() {
            return Err(RuleError("a rule has no name".to_owned()));
        }
    }
    Ok(())
}
