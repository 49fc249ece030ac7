//! The logger's name in headers.

use super::super::level::leading_level;
use super::super::names::{is_class_path, is_component, is_identifier, next_token};
use super::{Before, Header};

impl Header<'_, '_> {
    /// The logger's name: `dfs.DataNode:`, `c.x.Y -`, `CBS    ` in a column.
    pub(super) fn component(&mut self) -> bool {
        if self.has_component || self.before == Before::Start {
            return false;
        }
        let (token, after) = next_token(self.rest);
        let spaces = self.rest.len() - token.len() - after.len();
        // Proxifier marks programs: `chrome.exe *64 - message`.
        let (after, mark) = match after.strip_prefix("*64 ") {
            Some(rest) => (rest, 4),
            None => (after, 0),
        };
        if let Some(name) = token.strip_suffix(':') {
            let is_placed = self.draft.severity.is_some();
            if is_placed && !after.is_empty() && is_component(name) {
                self.set_component(name);
                return self.take(token.len(), Before::Component);
            }
            return false;
        }
        if !is_identifier(token) {
            return false;
        }
        let is_separated = ["- ", ": ", "| ", "-- "]
            .iter()
            .any(|mark| after.starts_with(mark));
        let behind = after.trim_start_matches(['-', ':', '|']).trim_start();
        let is_named = is_component(token)
            || (self.has_thread && token.as_bytes()[0].is_ascii_uppercase())
            || (self.draft.severity.is_none() && leading_level(behind).is_some());
        let is_column = self.is_padded
            && self.before == Before::Level
            && (spaces >= 4 || self.rest[token.len()..].starts_with('\t'));
        // OpenStack: `nova.compute.manager [req-... - - -] message`.
        let has_request = is_component(token)
            && self.draft.severity.is_some()
            && (after.starts_with("[req-") || after.starts_with("[-]"));
        let is_path = self.draft.severity.is_some() && is_class_path(token);
        let has_message = after.len() > spaces;
        if has_message && ((is_separated && is_named) || is_column || has_request || is_path) {
            self.set_component(token);
            let length = token.len() + if mark > 0 { spaces + mark } else { 0 };
            return self.take(length, Before::Component);
        }
        false
    }
}
