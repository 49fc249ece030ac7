//! Process and thread numbers in headers, and who asked a database.

use super::super::level::{Spelling, leading_level};
use super::super::names::{digit_run, next_token};
use super::level::{letter, starts_with_letter_level};
use super::{Before, Header};

impl Header<'_, '_> {
    pub(super) fn push_process(&mut self, digits: &str) {
        let key = if self.processes == 0 { "pid" } else { "tid" };
        let key = self.draft.attributes.free_key(key);
        self.draft.attributes.push_integer(&key, digits);
        self.processes += 1;
    }

    /// A number before or after the level, when a header item follows it.
    pub(super) fn process(&mut self) -> bool {
        let digits = digit_run(self.rest);
        let may_stand = !matches!(self.before, Before::Start | Before::Component);
        if !(1..=10).contains(&digits) || self.processes >= 2 || !may_stand {
            return false;
        }
        let rest = &self.rest[digits..];
        if let Some(thread) = rest.strip_prefix('#') {
            return self.nginx_process(digits, thread);
        }
        if !rest.starts_with(' ') {
            return false;
        }
        let (_, after) = next_token(rest);
        let rest = rest.trim_start();
        let is_header = rest.starts_with("--- ")
            || leading_level(rest).is_some_and(|(_, _, spelling)| spelling == Spelling::Upper)
            || rest
                .strip_prefix('[')
                .is_some_and(|inside| leading_level(inside).is_some())
            || (rest.len() > 2
                && letter(rest.as_bytes()[0]).is_some()
                && rest.as_bytes()[1] == b' ')
            || (digit_run(rest) > 0 && self.processes == 0 && starts_with_letter_level(after));
        if !is_header {
            return false;
        }
        let process = &self.rest[..digits];
        self.push_process(process);
        self.take(digits, Before::Process)
    }

    /// `1234#1235: message`.
    pub(super) fn nginx_process(&mut self, digits: usize, thread: &str) -> bool {
        let length = digit_run(thread);
        if length == 0 || !thread[length..].starts_with(": ") {
            return false;
        }
        let (process, thread) = (&self.rest[..digits], &thread[..length]);
        self.push_process(process);
        self.push_process(thread);
        self.take(digits + length + 2, Before::Process)
    }

    /// `user@database ERROR:  message` (Postgres).
    pub(super) fn database_user(&mut self) -> bool {
        let (token, after) = next_token(self.rest);
        let is_user = self.before == Before::Process
            && self.draft.severity.is_none()
            && token.len() <= 128
            && token.contains('@')
            && leading_level(after).is_some_and(|(_, length, _)| after[length..].starts_with(": "));
        if is_user {
            self.draft.attributes.push_text_beside("user", token);
            self.take(token.len(), Before::Process);
        }
        is_user
    }

    /// `10.0.0.1(5432):user@database:[123]:LOG:  message` right after the zone (Postgres as Amazon runs it).
    pub(super) fn database_prefix(&mut self) -> bool {
        if self.before != Before::Timestamp || self.draft.severity.is_some() {
            return false;
        }
        let (token, _) = next_token(self.rest);
        let Some((peer, after)) = token
            .split_once(":[")
            .filter(|(peer, _)| peer.contains('@'))
        else {
            return false;
        };
        let digits = digit_run(after);
        let is_prefix = digits > 0
            && after[digits..]
                .strip_prefix("]:")
                .is_some_and(|level| leading_level(level).is_some());
        if is_prefix {
            let peer_text = peer.trim_start_matches(':');
            if peer_text != "@" {
                self.draft.attributes.push_text_beside("user", peer_text);
            }
            self.push_process(&after[..digits]);
            self.take(peer.len() + 2 + digits + 2, Before::Process);
        }
        is_prefix
    }
}
