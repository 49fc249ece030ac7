//! The answer to `_bulk`: one entry for each item. Written piece by piece, for an entry costs as much as a small record
//! otherwise.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use ingest::{BulkAction, BulkItem};

/// Bytes of an entry without names.
const ENTRY_BYTES: usize = 128;

/// What of the answer a client wants to have (`filter_path`): shippers ask for what they look at, a tenth of it all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    took: bool,
    errors: bool,
    names: bool,
    result: bool,
    status: bool,
    error: bool,
}

impl Wanted {
    const ALL: Self = Self {
        took: true,
        errors: true,
        names: true,
        result: true,
        status: true,
        error: true,
    };

    /// Reads the part of the address behind the question mark. What is not understood gets everything.
    pub(super) fn of_query(query: &str) -> Self {
        let mut paths = query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("filter_path="))
            .peekable();
        if paths.peek().is_none() {
            return Self::ALL;
        }
        let mut wanted = Self {
            took: false,
            errors: false,
            names: false,
            result: false,
            status: false,
            error: false,
        };
        for paths in paths {
            let paths = paths.replace("%2C", ",").replace("%2A", "*");
            for path in paths.split(',') {
                match path {
                    "took" => wanted.took = true,
                    "errors" => wanted.errors = true,
                    "items.*.status" => wanted.status = true,
                    "items.*.result" => wanted.result = true,
                    path if path.starts_with("items.*.error") => wanted.error = true,
                    "items.*._index" | "items.*._id" => wanted.names = true,
                    _ => return Self::ALL,
                }
            }
        }
        wanted
    }
}

/// The answer as JSON. `refused` says which records were not stored, and why; an item without an id gets one of
/// `request_id` and its place, for nobody asks for a document by its id here: within an answer they differ.
pub(super) fn answer(
    items: &[BulkItem],
    refused: &HashMap<usize, String>,
    wanted: Wanted,
    request_id: &str,
    took_ms: u128,
) -> String {
    let mut index = Name::default();
    let mut errors = false;
    let mut entries = String::with_capacity(items.len() * ENTRY_BYTES);
    for (at, item) in items.iter().enumerate() {
        let reason = match &item.outcome {
            Ok(record) => refused.get(record),
            Err(reason) => Some(reason),
        };
        errors |= reason.is_some();
        let is_seen = wanted.names || wanted.status;
        let is_seen = is_seen || (wanted.result && reason.is_none());
        if !(is_seen || (wanted.error && reason.is_some())) {
            continue;
        }
        let action = match item.action {
            BulkAction::Create => "create",
            BulkAction::Index => "index",
            BulkAction::Update => "update",
            BulkAction::Delete => "delete",
        };
        // Every member ends with a comma; that of the last is taken back.
        entries.extend(["{\"", action, "\":{"]);
        if wanted.names {
            entries.extend(["\"_index\":", index.json(&item.index), ",\"_id\":"]);
            match &item.id {
                Some(id) => entries.push_str(&quoted(id)),
                None => {
                    entries.extend(["\"", request_id, "-"]);
                    // Writing to a string never fails.
                    let _ = write!(entries, "{at}\"");
                }
            }
            entries.push(',');
        }
        push_outcome(&mut entries, item, reason, wanted);
        entries.pop();
        entries.push_str("}},");
    }
    entries.pop();
    let mut members = Vec::with_capacity(3);
    if wanted.took {
        members.push(format!("\"took\":{took_ms}"));
    }
    if wanted.errors {
        members.push(format!("\"errors\":{errors}"));
    }
    if wanted == Wanted::ALL || !entries.is_empty() {
        members.push(format!("\"items\":[{entries}]"));
    }
    format!("{{{}}}", members.join(","))
}

/// What became of an item, each member with a comma behind it.
fn push_outcome(entries: &mut String, item: &BulkItem, reason: Option<&String>, wanted: Wanted) {
    match reason {
        None => {
            if wanted.result {
                entries.push_str("\"_version\":1,\"result\":\"created\",");
            }
            if wanted.status {
                entries.push_str("\"status\":201,");
            }
        }
        Some(reason) => {
            if wanted.status {
                entries.push_str("\"status\":400,");
            }
            if wanted.error {
                let kind = match item.action {
                    BulkAction::Create | BulkAction::Index => "document_parsing_exception",
                    BulkAction::Update | BulkAction::Delete => "illegal_argument_exception",
                };
                entries.extend(["\"error\":{\"type\":\"", kind, "\",\"reason\":"]);
                entries.extend([&quoted(reason), "},"]);
            }
        }
    }
}

/// A name as JSON, kept for the next item: most have the same.
#[derive(Default)]
struct Name {
    name: Option<Arc<str>>,
    json: String,
}

impl Name {
    fn json(&mut self, name: &Arc<str>) -> &str {
        let known = self.name.as_ref();
        if !known.is_some_and(|known| Arc::ptr_eq(known, name) || known == name) {
            self.json = quoted(name);
            self.name = Some(Arc::clone(name));
        }
        &self.json
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
