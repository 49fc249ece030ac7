//! The export format of systemd's journal, as `systemd-journal-upload` and `journalctl -o export` write it.
//!
//! Source of the format: systemd.io/JOURNAL_EXPORT_FORMATS; of the fields: man systemd.journal-fields(7).

mod reader;

use domain::LogRecord;

pub use reader::JournalReader;

use crate::Context;
use crate::context::Origin;
use crate::draft::Attributes;
use crate::json::read_object;
use crate::wrapped::{Wrapped, take_field};

/// Fields that say how the entry is stored, not what it is.
const STORAGE: [&str; 4] = [
    "__CURSOR",
    "__MONOTONIC_TIMESTAMP",
    "__SEQNUM",
    "__SEQNUM_ID",
];
/// What a line of a service's output gets when nothing is said about it (`SyslogLevel=` of systemd.exec(5)): it says
/// nothing, and the line itself may say more.
const DEFAULT_PRIORITY: &str = "6";

/// One entry: its fields in order, names and values as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalEntry {
    fields: Vec<(String, Vec<u8>)>,
    /// Fields that were left out because the entry is too large with them.
    dropped: usize,
    /// Why it cannot be used.
    broken: Option<&'static str>,
}

impl JournalEntry {
    /// The text that names this entry among all entries of all machines, and for ever (`__CURSOR`).
    #[must_use]
    pub fn cursor(&self) -> Option<&[u8]> {
        self.value("__CURSOR").filter(|cursor| !cursor.is_empty())
    }

    /// What it takes in memory.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let bytes = self
            .fields
            .iter()
            .map(|(name, value)| name.len() + value.len());
        bytes.sum::<usize>() + self.fields.len() * reader::FIELD_OVERHEAD
    }

    /// The last value under a name, as everywhere.
    fn value(&self, name: &str) -> Option<&[u8]> {
        let field = self.fields.iter().rev().find(|(key, _)| key == name)?;
        Some(&field.1)
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(self.value(name)?);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The record.
    ///
    /// # Errors
    /// The reason for rejecting it.
    pub fn decode(&self, context: &Context<'_>) -> Result<LogRecord, String> {
        if let Some(reason) = self.broken {
            return Err(reason.to_owned());
        }
        let json = self.json();
        if json.is_empty() {
            return Err("entry has no fields but those of its storage".to_owned());
        }
        let mut fields = Vec::new();
        read_object(&json, context.limits, &mut fields)?;
        let payload = take_field(&mut fields, "MESSAGE");
        Wrapped {
            outer: fields,
            payload,
            service: self.text("_HOSTNAME").map(Into::into),
            ..Wrapped::default()
        }
        .record(&Origin::from(context))
    }

    /// The fields as an object, those that have names of ours under these.
    fn json(&self) -> String {
        let mut members = Attributes::with_capacity(
            self.fields
                .iter()
                .map(|(name, value)| name.len() + value.len() + 6)
                .sum::<usize>(),
        );
        if let Some(service) = self.service() {
            members.push_text("service", &service);
        }
        let is_silent = self.value("_TRANSPORT") == Some(b"stdout")
            && self.value("PRIORITY") == Some(DEFAULT_PRIORITY.as_bytes());
        for (name, value) in &self.fields {
            let name = match name.as_str() {
                name if STORAGE.contains(&name) => continue,
                "PRIORITY" if is_silent => continue,
                "__REALTIME_TIMESTAMP" => "timestamp",
                "PRIORITY" => "severity",
                "_HOSTNAME" => "host",
                "_PID" => "pid",
                name => name,
            };
            let text = String::from_utf8_lossy(value);
            match name {
                "pid" => members.push_integer(name, &text),
                _ => members.push_text(name, &text),
            }
        }
        if self.dropped > 0 {
            members.push_integer("vigil.fields_dropped", &self.dropped.to_string());
        }
        members.finish()
    }

    /// A container's name (Docker's driver runs in a unit of its own), the unit if it is a service and not somebody's
    /// session, or what the program calls itself.
    fn service(&self) -> Option<String> {
        let unit = |name: &str| {
            let unit = self.text(name)?;
            let unit = unit.strip_suffix(".service")?;
            (!unit.is_empty() && !unit.starts_with("user@")).then(|| unit.to_owned())
        };
        self.text("CONTAINER_NAME")
            .or_else(|| unit("_SYSTEMD_USER_UNIT"))
            .or_else(|| unit("_SYSTEMD_UNIT"))
            .or_else(|| self.text("SYSLOG_IDENTIFIER"))
            .or_else(|| self.text("_COMM"))
            .or_else(|| self.text("_SYSTEMD_UNIT"))
    }
}

#[cfg(test)]
mod tests;
