//! The door of the crate.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::detect::{Detector, Finding, merged};
use crate::rule::{Rule, RuleError, check};
use crate::view::View;
use crate::{Found, Kind, Pseudonyms, Scrubbed, strict};

/// Texts up to this size are decoded as a whole; of longer ones only the lines that need it are.
const WHOLE_VIEW_BYTES: usize = 4 * 1024;

/// Finds secrets and personal data in text and puts pseudonyms in their place. Built once, shared by all threads.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Scrubber {
    detector: Arc<Detector>,
    rules: Arc<[Rule]>,
    is_strict: bool,
}

impl Default for Scrubber {
    fn default() -> Self {
        Self::new()
    }
}

impl Scrubber {
    /// A scrubber with the built-in rules, which all scrubbers of a process share.
    #[must_use]
    pub fn new() -> Self {
        static DETECTOR: OnceLock<Arc<Detector>> = OnceLock::new();
        let detector = DETECTOR.get_or_init(|| Arc::new(Detector::new()));
        Self {
            detector: Arc::clone(detector),
            rules: Arc::default(),
            is_strict: false,
        }
    }

    /// The same with rules of a project's own; they win over the built-in ones where they meet.
    ///
    /// # Errors
    /// Refuses more than [`crate::MAX_RULES`] rules and replacements that are too long.
    pub fn with_rules(mut self, rules: Vec<Rule>) -> Result<Self, RuleError> {
        check(&rules)?;
        self.rules = rules.into();
        Ok(self)
    }

    /// Strict mode: besides what the rules find, every word that is not plainly part of a template becomes a slot:
    /// whatever holds digits or marks, stands in quotes or behind a `=`, and words with capitals that logs do not use.
    #[must_use]
    pub fn strict(mut self, is_strict: bool) -> Self {
        self.is_strict = is_strict;
        self
    }

    /// What would be taken out of a text, in order and without overlaps.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Found> {
        let mut found = self.detector.find(text);
        // Encoded values are looked for in a decoded copy whose places are mapped back.
        if text.len() <= WHOLE_VIEW_BYTES {
            self.find_encoded(text, 0, &mut found);
        } else {
            let mut at = 0;
            for line in text.split_inclusive('\n') {
                self.find_encoded(line, at, &mut found);
                at += line.len();
            }
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let kind = Kind::Custom(u16::try_from(index).unwrap_or(u16::MAX));
            found.extend(rule.find(text).into_iter().map(|place| Finding {
                start: place.start,
                end: place.end,
                kind,
            }));
        }
        let found = merged(found);
        if self.is_strict {
            return strict::filled(self.detector.lexicon(), text, found);
        }
        found
    }

    fn find_encoded(&self, text: &str, offset: usize, found: &mut Vec<Finding>) {
        if !has_open_mark(text, offset, found) {
            return;
        }
        let mut view = View::decoded(text);
        // What was encoded twice is decoded twice.
        for _ in 0..2 {
            let Some(decoded) = view else {
                return;
            };
            for finding in self.detector.find(decoded.text()) {
                let finding = decoded.to_original(finding);
                found.push(Finding {
                    start: finding.start + offset,
                    end: finding.end + offset,
                    kind: finding.kind,
                });
            }
            view = decoded.again();
        }
    }

    /// The text that a rule of the project's own puts in place of what it finds.
    pub(crate) fn replacement(&self, kind: Kind) -> Option<&str> {
        let Kind::Custom(index) = kind else {
            return None;
        };
        self.rules.get(usize::from(index)).map(Rule::replacement)
    }

    /// Scrubs one text as a request of its own.
    #[must_use]
    pub fn scrub(&self, text: &str) -> Scrubbed<String> {
        let mut request = self.request(rand::random());
        let value = request.replace(text);
        Scrubbed::new(value, request.pseudonyms)
    }

    /// Scrubs the texts of one request: an equal value gets an equal pseudonym in all of them.
    #[must_use]
    pub fn scrub_all(&self, texts: &[&str]) -> Scrubbed<Vec<String>> {
        let mut request = self.request(rand::random());
        let values = texts.iter().map(|text| request.replace(text)).collect();
        Scrubbed::new(values, request.pseudonyms)
    }

    /// Begins a request of several texts. `nonce` must be unpredictable: it is what keeps pseudonyms that an attacker
    /// wrote into a log from being expanded.
    #[must_use]
    pub fn request(&self, nonce: u64) -> Request<'_> {
        Request {
            scrubber: self,
            pseudonyms: Pseudonyms::new(nonce),
        }
    }
}

/// Whether a character that may be part of an escape, or may be folded, stands outside of what is found already; a private
/// key with written line ends needs no second look.
fn has_open_mark(text: &str, offset: usize, found: &[Finding]) -> bool {
    // With many findings the look would cost more than it saves.
    const MANY: usize = 32;
    let bytes = text.as_bytes();
    let is_plain = memchr::memchr3(b'%', b'\\', b'&', bytes).is_none()
        && memchr::memchr(b'+', bytes).is_none()
        && text.is_ascii();
    if is_plain {
        return false;
    }
    if found.is_empty() || found.len() > MANY {
        return true;
    }
    text.bytes().enumerate().any(|(at, byte)| {
        let may_change = !byte.is_ascii() || matches!(byte, b'%' | b'\\' | b'&' | b'+');
        let at = at + offset;
        may_change
            && !found
                .iter()
                .any(|finding| finding.start <= at && at < finding.end)
    })
}

/// Texts that share their pseudonyms, one at a time.
pub struct Request<'s> {
    scrubber: &'s Scrubber,
    pseudonyms: Pseudonyms,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("pseudonyms", &self.pseudonyms)
            .finish_non_exhaustive()
    }
}

impl Request<'_> {
    /// Scrubs a text. The result carries the pseudonyms given so far in this request.
    pub fn scrub(&mut self, text: &str) -> Scrubbed<String> {
        let value = self.replace(text);
        Scrubbed::new(value, self.pseudonyms.clone())
    }

    /// Ends the request: what restores the answer to it.
    #[must_use]
    pub fn finish(self) -> Pseudonyms {
        self.pseudonyms
    }

    /// The text with pseudonyms in it; what they stand for is in the request.
    pub fn replace(&mut self, text: &str) -> String {
        let mut output = String::with_capacity(text.len());
        let mut at = 0;
        for finding in self.scrubber.find(text) {
            output.push_str(&text[at..finding.start]);
            match self.scrubber.replacement(finding.kind) {
                Some(replacement) => {
                    self.pseudonyms.count(finding.kind);
                    output.push_str(replacement);
                }
                None => {
                    let value = &text[finding.start..finding.end];
                    output.push_str(self.pseudonyms.token_for(finding.kind, value));
                }
            }
            at = finding.end;
        }
        output.push_str(&text[at..]);
        output
    }
}

#[cfg(test)]
mod tests;
