//! Square brackets in headers: timestamps, levels, threads, processes, modules.

use super::super::level::{Spelling, leading_level, level_word};
use super::super::names::{bracketed, digit_run, is_class_path, is_component, next_token};
use super::super::stamp::{is_bare_number, is_near, leading_stamp};
use super::{Before, Header};
use crate::time::leading_timestamp;

impl<'a> Header<'a, '_> {
    /// Takes a bracket off, when it is one of the header.
    pub(super) fn bracket(&mut self, is_adjacent: bool) -> bool {
        let Some((inside, after)) = bracketed(self.rest) else {
            return self.erlang_process();
        };
        let length = inside.len() + 2;
        let content = inside.trim();
        if self.stamp_in_bracket(content) {
            return self.take(length, Before::Timestamp);
        }
        if self.level_in_bracket(content) {
            // `[ERROR]: message`
            let mark = usize::from(after.starts_with(": "));
            return self.take(length + mark, Before::Bracket);
        }
        if self.before != Before::Start && self.process_in_bracket(content) {
            return self.take(length, Before::Process);
        }
        if content.starts_with("req-") || (content == "-" && self.before == Before::Component) {
            if content != "-" {
                self.draft.attributes.push_text_beside("request", content);
            }
            return self.take(length, Before::Bracket);
        }
        let is_module = is_adjacent && self.before == Before::Bracket && !after.is_empty();
        if is_module && !self.has_component {
            self.set_component(content);
            return self.take(length, Before::Bracket);
        }
        if self.is_mysql_code(content) {
            self.draft.attributes.push_text_beside("code", content);
            let subsystem = bracketed(after.trim_start())
                .filter(|(name, _)| !self.has_component && name.len() <= 32);
            if let Some((name, rest)) = subsystem {
                self.set_component(name);
                let whole = self.rest.len() - rest.len();
                return self.take(whole, Before::Bracket);
            }
            return self.take(length, Before::Bracket);
        }
        if !self.has_thread && !content.is_empty() && self.is_header_next(after, 0) {
            // Spring Boot names the application and then the thread.
            let is_last = bracketed(after.trim_start())
                .is_none_or(|(next, _)| level_word(next.trim()).is_some());
            let key = if is_last { "thread" } else { "context" };
            self.draft.attributes.push_text_beside(key, content);
            self.has_thread = is_last;
            if let Some(class) = class_behind_thread(content).filter(|_| !self.has_component) {
                self.set_component(class);
            }
            return self.take(length, Before::Bracket);
        }
        false
    }

    /// `[2026-11-23T14:00:00Z INFO  crate::mod]`, `[2026-11-23 14:00:00,123: INFO/Worker-1]`, `[14:00:00 INF]`,
    /// `[2026-11-23T14:00:00.123 #1234]`: a timestamp, perhaps with more.
    fn stamp_in_bracket(&mut self, content: &'a str) -> bool {
        if self.draft.timestamp_ns.is_some() {
            return false;
        }
        let Some((instant, length)) = self.instant_in_bracket(content) else {
            return self.uptime(content);
        };
        self.draft.timestamp_ns = Some(instant);
        self.draft.timestamp_text = Some((&content[..length]).into());
        let mut rest = content[length..].trim_start_matches([':', ',', ' ']);
        while !rest.is_empty() {
            let (token, after) = next_token(rest);
            rest = after;
            if self.level_in_bracket(token) {
                continue;
            }
            let number = token.trim_start_matches('#');
            if !number.is_empty() && digit_run(number) == number.len() && self.processes < 2 {
                self.push_process(number);
            } else if !self.has_component {
                self.set_component(token);
            }
        }
        true
    }

    /// The timestamp that the inside of a bracket begins with. A number alone is one where a line begins (Nagios:
    /// `[1795442400] SERVICE ALERT: ...`), elsewhere only near arrival.
    fn instant_in_bracket(&self, content: &str) -> Option<(i64, usize)> {
        let received_at_ns = self.origin.received_at_ns;
        if !is_bare_number(content) {
            return leading_stamp(content, received_at_ns);
        }
        leading_timestamp(content, received_at_ns).filter(|(instant, _)| {
            self.before == Before::Start || is_near(*instant, received_at_ns)
        })
    }

    /// `[12345.678901]`: seconds since the kernel booted. The arrival time stands in for the instant.
    fn uptime(&mut self, content: &str) -> bool {
        let is_uptime = self.before == Before::Start
            && content.split_once('.').is_some_and(|(seconds, micros)| {
                !seconds.is_empty()
                    && digit_run(seconds) == seconds.len()
                    && micros.len() == 6
                    && digit_run(micros) == 6
            });
        if is_uptime {
            self.draft.attributes.push_text("uptime", content);
            self.draft.timestamp_ns = Some(self.origin.received_at_ns);
        }
        is_uptime
    }

    /// `ERROR`, `core:error` (Apache 2.4), `INFO/Worker-1` (Celery).
    fn level_in_bracket(&mut self, content: &str) -> bool {
        if self.draft.severity.is_some() {
            return false;
        }
        let found = level_word(content)
            .map(|severity| (severity, None))
            .or_else(|| {
                let (module, word) = content.split_once(':')?;
                Some((level_word(word)?, Some(module)))
            });
        let found = found.or_else(|| {
            let (word, process) = content.split_once('/')?;
            Some((level_word(word)?, Some(process)))
        });
        let Some((severity, module)) = found else {
            return false;
        };
        self.draft.severity = Some(severity);
        if let Some(module) = module.filter(|name| !name.is_empty() && !self.has_component) {
            self.set_component(module);
        }
        true
    }

    /// `1234`, `1234-1`, `#1234`, `pid 1234:tid 5678`, `1234:5678`.
    fn process_in_bracket(&mut self, content: &str) -> bool {
        if self.processes > 0 {
            return false;
        }
        let (first, second) = match content.split_once(":tid ") {
            Some((first, second)) => (first, Some(second)),
            None => match content.split_once([':', '-']) {
                Some((first, second)) => (first, Some(second)),
                None => (content, None),
            },
        };
        let first = first
            .strip_prefix("pid ")
            .or_else(|| first.strip_prefix('#'))
            .unwrap_or(first);
        let is_number =
            |text: &str| (1..=20).contains(&text.len()) && digit_run(text) == text.len();
        if !is_number(first) || !second.is_none_or(is_number) {
            return false;
        }
        self.push_process(first);
        if let Some(second) = second.filter(|_| content.contains("tid")) {
            self.push_process(second);
        }
        true
    }

    fn is_mysql_code(&self, content: &str) -> bool {
        content
            .strip_prefix("MY-")
            .is_some_and(|code| code.len() == 6 && digit_run(code) == 6)
    }

    /// `<0.230.0>` of Erlang.
    fn erlang_process(&mut self) -> bool {
        let Some((inside, _)) = self
            .rest
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'))
        else {
            return false;
        };
        let is_process = inside.split('.').count() == 3
            && inside
                .split('.')
                .all(|part| !part.is_empty() && digit_run(part) == part.len());
        if !is_process || self.before == Before::Start || self.processes > 0 {
            return false;
        }
        self.draft.attributes.push_text("pid", inside);
        self.processes += 1;
        self.take(inside.len() + 2, Before::Process)
    }

    /// Whether a bracket is followed by more of the header, and so belongs to it.
    fn is_header_next(&self, after: &str, depth: usize) -> bool {
        // `[GroupCoordinator 0]: message` belongs to the message.
        if !after.starts_with(' ') || (self.before == Before::Start && depth == 0) {
            return self.before == Before::Start && self.is_level_next(after);
        }
        let after = after.trim_start();
        if ["- ", "-- ", "--- ", ": ", "| "]
            .iter()
            .any(|mark| after.starts_with(mark))
        {
            return true;
        }
        if self.is_level_next(after) {
            return true;
        }
        if let Some((_, behind)) = bracketed(after) {
            return depth < 2 && self.is_header_next(behind, depth + 1);
        }
        let (token, behind) = next_token(after);
        if let Some(name) = token.strip_suffix(':') {
            return self.draft.severity.is_some() && is_component(name);
        }
        is_class_path(token)
            || (is_component(token) && ["- ", ": "].iter().any(|mark| behind.starts_with(mark)))
    }

    fn is_level_next(&self, after: &str) -> bool {
        let after = after.trim_start();
        if self.draft.severity.is_some() {
            return false;
        }
        if let Some(inside) = after.strip_prefix('[') {
            return leading_level(inside.trim_start()).is_some();
        }
        leading_level(after).is_some_and(|(_, length, spelling)| {
            spelling == Spelling::Upper
                && matches!(
                    after.as_bytes().get(length),
                    None | Some(b' ' | b':' | b'|' | b'\t')
                )
        })
    }
}

/// The class of `thread:Class@123`, as log4j's `[%t:%C{1}@%L]` writes it.
fn class_behind_thread(content: &str) -> Option<&str> {
    let (before, line) = content.rsplit_once('@')?;
    let (_, class) = before.rsplit_once(':')?;
    let is_class = class.starts_with(|c: char| c.is_ascii_uppercase())
        && class
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '$' | '_' | '.'));
    (is_class && !line.is_empty() && digit_run(line) == line.len()).then_some(class)
}
