//! The door of the crate.

use crate::detect::Detector;
use crate::view::View;
use crate::{Pseudonyms, Scrubbed};

/// Finds secrets and personal data in text and puts pseudonyms in their place. Built once, shared by all threads.
#[derive(Debug)]
pub struct Scrubber {
    detector: Detector,
}

impl Default for Scrubber {
    fn default() -> Self {
        Self::new()
    }
}

impl Scrubber {
    /// A scrubber with the built-in rules.
    #[must_use]
    pub fn new() -> Self {
        Self {
            detector: Detector::new(),
        }
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
            detector: &self.detector,
            pseudonyms: Pseudonyms::new(nonce),
        }
    }
}

/// Texts that share their pseudonyms, one at a time.
#[derive(Debug)]
pub struct Request<'s> {
    detector: &'s Detector,
    pseudonyms: Pseudonyms,
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

    fn replace(&mut self, text: &str) -> String {
        let mut found = self.detector.find(text);
        // Encoded values are looked for in a decoded copy whose places are mapped back.
        if let Some(view) = View::decoded(text) {
            for finding in self.detector.find(view.text()) {
                found.push(view.to_original(finding));
            }
        }
        let mut output = String::with_capacity(text.len());
        let mut at = 0;
        for finding in crate::detect::merged(found) {
            output.push_str(&text[at..finding.start]);
            output.push_str(
                &self
                    .pseudonyms
                    .token_for(finding.kind, &text[finding.start..finding.end]),
            );
            at = finding.end;
        }
        output.push_str(&text[at..]);
        output
    }
}

#[cfg(test)]
mod tests;
