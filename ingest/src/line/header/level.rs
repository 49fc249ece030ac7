//! Levels in headers: words, and the letters of Ruby and Android.

use domain::Severity;

use super::super::level::{Spelling, leading_level};
use super::super::names::{digit_run, is_identifier, next_token};
use super::{Before, Header};

impl Header<'_, '_> {
    pub(super) fn level(&mut self) -> bool {
        let Some((severity, length, spelling)) = leading_level(self.rest) else {
            return self.draft.severity.is_none() && self.level_letter();
        };
        let after = &self.rest[length..];
        if let Some(known) = self.draft.severity {
            // Ruby says it twice: `W, [...]  WARN -- : message`.
            let is_again = known == severity && after.starts_with(" -- ");
            return is_again && self.take(length, Before::Level);
        }
        if !self.believes(spelling, after) {
            return false;
        }
        self.draft.severity = Some(severity);
        let mark = usize::from(after.starts_with([':', ',']));
        self.take(length + mark, Before::Level);
        // Python's `INFO:root:message`.
        if mark == 1
            && self.rest.starts_with(|c: char| c.is_ascii_alphabetic())
            && let Some(end) = self.rest.find(':')
            && is_identifier(&self.rest[..end])
        {
            let name = &self.rest[..end];
            self.set_component(name);
            self.take(end + 1, Before::Component);
        }
        true
    }

    /// Capital levels are believed at a word's end; others only with the marks of loggers around them.
    pub(super) fn believes(&self, spelling: Spelling, after: &str) -> bool {
        let next = after.as_bytes().first();
        let has_end = matches!(next, None | Some(b' ' | b':' | b',' | b'|' | b'\t' | b'/'));
        let is_column =
            after.starts_with('\t') || after.starts_with("  ") || after.starts_with(" |");
        let has_stamp = self.draft.timestamp_ns.is_some();
        match spelling {
            Spelling::Upper => has_end,
            Spelling::Lower => {
                (has_stamp && after.starts_with(": "))
                    || (self.before == Before::Separator && (is_column || after.starts_with(" - ")))
                    || (has_stamp && is_column)
                    || (has_stamp && next == Some(&b','))
            }
            Spelling::Title => {
                has_stamp && (is_column || next == Some(&b',') || after.starts_with(" - "))
            }
        }
    }

    /// `I, [2026-11-23T14:00:00.123 #1234]  INFO -- : message` (Ruby) and `D/Tag( 1702): message` (logcat, brief).
    pub(super) fn level_letter(&mut self) -> bool {
        let bytes = self.rest.as_bytes();
        let Some(severity) = letter(bytes[0]) else {
            return false;
        };
        if self.rest[1..].starts_with(", [") && self.before == Before::Start {
            self.draft.severity = Some(severity);
            return self.take(2, Before::Start);
        }
        if self.before == Before::Timestamp && bytes.get(1) == Some(&b' ') {
            // MongoDB before 4.4: `I NETWORK  [listener] message`.
            let (word, after) = next_token(&self.rest[2..]);
            let is_component =
                word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
            if is_component && after.starts_with('[') {
                self.draft.severity = Some(severity);
                self.set_component(word);
                return self.take(2 + word.len(), Before::Component);
            }
        }
        let may_be_brief = matches!(self.before, Before::Start | Before::Timestamp);
        if may_be_brief
            && bytes.get(1) == Some(&b'/')
            && let Some((tag, after)) = self.rest[2..].split_once('(')
            && tag.len() <= 64
            && let Some((process, _)) = after.split_once("): ")
            && digit_run(process.trim()) == process.trim().len()
        {
            self.draft.severity = Some(severity);
            self.set_component(tag.trim());
            self.push_process(process.trim());
            let length = 2 + tag.len() + 1 + process.len() + 3;
            return self.take(length, Before::Component);
        }
        false
    }

    /// `D WindowManager: message` after the two numbers of logcat's threadtime format.
    pub(super) fn logcat(&mut self) -> bool {
        if self.before != Before::Process || self.draft.severity.is_some() {
            return false;
        }
        let bytes = self.rest.as_bytes();
        let Some(severity) = letter(bytes[0]).filter(|_| bytes.get(1) == Some(&b' ')) else {
            return false;
        };
        self.draft.severity = Some(severity);
        if let Some((tag, _)) = self.rest[2..]
            .split_once(": ")
            .filter(|(tag, _)| tag.len() <= 64)
        {
            self.set_component(tag.trim());
            let length = 2 + tag.len() + 2;
            return self.take(length, Before::Component);
        }
        self.take(2, Before::Level)
    }
}

/// The severity of a one-letter level.
pub(super) fn letter(byte: u8) -> Option<Severity> {
    Some(match byte {
        b'V' => Severity::Trace,
        b'D' => Severity::Debug,
        b'I' => Severity::Info,
        b'W' => Severity::Warn,
        b'E' => Severity::Error,
        b'F' | b'A' => Severity::Fatal,
        _ => return None,
    })
}

/// Whether a one-letter level and a space begin the text.
pub(super) fn starts_with_letter_level(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 2 && letter(bytes[0]).is_some() && bytes[1] == b' '
}
