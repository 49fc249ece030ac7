//! Sessions that go on.

use std::collections::HashMap;

use domain::{RecordId, Severity, TemplateId};

use super::{SessionConfig, SessionEvent};

/// A record of a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    at_ns: i64,
    template_id: TemplateId,
    record_id: RecordId,
}

/// A session that goes on, or that is over.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) key: Box<str>,
    /// The service of its first record.
    pub(super) service: Box<str>,
    pub(super) severity: Severity,
    entries: Vec<Entry>,
    first_ns: i64,
    last_ns: i64,
}

impl Session {
    /// Its templates in the order of time.
    pub(super) fn templates(&self) -> Vec<TemplateId> {
        self.entries.iter().map(|entry| entry.template_id).collect()
    }

    /// The records that show something: the first of each of these templates, then the first and the last.
    pub(super) fn evidence(&self, templates: &[TemplateId], limit: usize) -> Vec<RecordId> {
        let first_of = |id: &TemplateId| self.entries.iter().find(|e| e.template_id == *id);
        let ends = [self.entries.first(), self.entries.last()];
        let mut ids = Vec::new();
        for entry in templates.iter().map(first_of).chain(ends).flatten() {
            if ids.len() < limit && !ids.contains(&entry.record_id) {
                ids.push(entry.record_id);
            }
        }
        ids
    }

    pub(super) fn started_at_ns(&self) -> i64 {
        self.first_ns
    }
}

/// The sessions of a project that go on, up to a limit.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenSessions {
    by_key: HashMap<Box<str>, Session>,
    entries: usize,
    /// Records that belong to no session that could be followed.
    unwatched: u64,
}

impl OpenSessions {
    pub(super) fn add(&mut self, event: &SessionEvent<'_>, config: &SessionConfig) {
        let key = cut(event.key, config.max_key_bytes);
        if key.is_empty() {
            return;
        }
        if self.entries >= config.max_open_records {
            self.unwatched += 1;
            return;
        }
        if !self.by_key.contains_key(key) {
            if self.by_key.len() >= config.max_open_sessions {
                self.unwatched += 1;
                return;
            }
            let session = Session {
                key: key.into(),
                service: event.service.into(),
                severity: event.severity,
                entries: Vec::new(),
                first_ns: event.at_ns,
                last_ns: event.at_ns,
            };
            self.by_key.insert(key.into(), session);
        }
        let Some(session) = self.by_key.get_mut(key) else {
            return;
        };
        session.severity = session.severity.max(event.severity);
        if event.at_ns < session.first_ns {
            session.first_ns = event.at_ns;
            session.service = event.service.into();
        }
        session.last_ns = session.last_ns.max(event.at_ns);
        if session.entries.len() >= config.max_records {
            self.unwatched += 1;
            return;
        }
        self.entries += 1;
        session.entries.push(Entry {
            at_ns: event.at_ns,
            template_id: event.template_id,
            record_id: event.record_id,
        });
    }

    /// The sessions that are over at an instant, in the order of their beginnings.
    pub(super) fn take_ended(&mut self, now_ns: i64, config: &SessionConfig) -> Vec<Session> {
        let is_over = |session: &Session| {
            now_ns.saturating_sub(session.last_ns) >= config.idle_ns
                || now_ns.saturating_sub(session.first_ns) >= config.longest_ns
        };
        let mut ended: Vec<Session> = self
            .by_key
            .extract_if(|_, session| is_over(session))
            .map(|(_, session)| session)
            .collect();
        for session in &mut ended {
            self.entries -= session.entries.len();
            // Batches of several senders overlap; ties stay as they came.
            session.entries.sort_by_key(|entry| entry.at_ns);
        }
        ended.sort_by(|a, b| a.first_ns.cmp(&b.first_ns).then_with(|| a.key.cmp(&b.key)));
        ended
    }

    pub(super) fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.by_key.retain(|key, _| is_kept(key));
        self.entries = self
            .by_key
            .values()
            .map(|session| session.entries.len())
            .sum();
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn take_unwatched(&mut self) -> u64 {
        std::mem::take(&mut self.unwatched)
    }
}

fn cut(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
